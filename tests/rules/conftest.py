"""Lets the tests of this room import ``support.py`` as ``rules_support``."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

_spec = importlib.util.spec_from_file_location("rules_support", Path(__file__).parent / "support.py")
assert _spec and _spec.loader
sys.modules["rules_support"] = _module = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_module)
