"""The fixtures of this room; what they give is in functions_world.py, which the tests import by name."""

from __future__ import annotations

from tests.monitoring.functions.support import config_service, ministack, run, world

__all__ = ["config_service", "ministack", "run", "world"]
