"""The old path of :mod:`watchkeeper.monitoring.stack`."""

from watchkeeper.monitoring.stack import TapStack, TapStackArgs
from watchkeeper.moved import warn

__all__ = ["TapStack", "TapStackArgs"]

warn(__name__, "watchkeeper.monitoring.stack")
