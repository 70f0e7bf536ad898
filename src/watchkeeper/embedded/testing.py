"""The old path of :mod:`watchkeeper.local.testing`."""

from watchkeeper.local.testing import aws, aws_server
from watchkeeper.moved import warn

__all__ = ["aws", "aws_server"]

warn(__name__, "watchkeeper.local.testing")
