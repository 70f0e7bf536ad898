"""``python -m watchkeeper.embedded``: serve the embedded AWS."""

from __future__ import annotations

import sys

from watchkeeper.embedded.process import main

sys.exit(main())
