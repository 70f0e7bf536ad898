"""Reads resources through the AWS API into configuration items: used by the embedded recorder and by ``scan``.

``read`` gives everything of some types with the fewest calls, ``read_some`` some by key, ``read_one`` one by resource
id; ``READERS`` says which types there are. A call that is refused becomes a :class:`Gap`, never a silent absence."""

from __future__ import annotations

from watchkeeper.inventory.core import ClientFactory, Gap, Reader
from watchkeeper.inventory.reading import UnknownTypeError, read, read_one, read_some, reader_of
from watchkeeper.inventory.registry import READERS

__all__ = [
    "READERS",
    "ClientFactory",
    "Gap",
    "Reader",
    "UnknownTypeError",
    "read",
    "read_one",
    "read_some",
    "reader_of",
]
