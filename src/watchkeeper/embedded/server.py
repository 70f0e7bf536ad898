"""The old path of :mod:`watchkeeper.local.server`."""

from watchkeeper.local.server import EmbeddedError, Running, find, running, start, stop
from watchkeeper.moved import warn

__all__ = ["EmbeddedError", "Running", "find", "running", "start", "stop"]

warn(__name__, "watchkeeper.local.server")
