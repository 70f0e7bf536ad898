"""The Pulumi program: :class:`TapStack` and what it is made from."""

from watchkeeper.stack.tap_stack import TapStack, TapStackArgs

__all__ = ["TapStack", "TapStackArgs"]
