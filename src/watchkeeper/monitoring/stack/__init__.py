"""The Pulumi program: :class:`TapStack` and what it is made from."""

from watchkeeper.monitoring.stack.tap_stack import TapStack, TapStackArgs

__all__ = ["TapStack", "TapStackArgs"]
