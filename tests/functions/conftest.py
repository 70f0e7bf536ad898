"""The fixtures of this room; what they give is in functions_world.py, which the tests import by name."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from functions_world import config_service, ministack, run, world

__all__ = ["config_service", "ministack", "run", "world"]
