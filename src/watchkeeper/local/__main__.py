"""``python -m watchkeeper.local``: serve the embedded AWS."""

from __future__ import annotations

import sys

from watchkeeper.local.process import main

sys.exit(main())
