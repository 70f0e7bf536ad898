"""Addresses and ranges of them as AWS Config's advanced queries compare them.

A range (``10.0.0.0/16``) is searched by its addresses: ``=`` and BETWEEN find every range that holds what is asked for,
``<`` and ``>`` every range that reaches below or above it.
https://docs.aws.amazon.com/config/latest/developerguide/querying-AWS-resources.html#query-cidr-notation
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

Range = tuple[int, int, int]
"""The version of the protocol, the first and the last address."""

_COMPARED: Mapping[str, Callable[[Range, Range], bool]] = {
    "=": lambda value, wanted: value[1] <= wanted[1] and wanted[2] <= value[2],
    "!=": lambda value, wanted: not (value[1] <= wanted[1] and wanted[2] <= value[2]),
    ">": lambda value, wanted: value[2] > wanted[2],
    ">=": lambda value, wanted: value[2] >= wanted[2],
    "<": lambda value, wanted: value[1] < wanted[1],
    "<=": lambda value, wanted: value[1] <= wanted[1],
}


def compared(operator: str, value: Any, wanted: Any) -> bool | None:
    """The comparison where both are addresses or ranges; None where one is something else. IPv4 and IPv6 differ."""
    left, right = range_of(value), range_of(wanted)
    if left is None or right is None:
        return None
    if left[0] != right[0]:
        return operator == "!="
    return _COMPARED[operator](left, right)


def held_in(value: Any, low: Any, high: Any) -> bool | None:
    """Whether a range has an address between two; None where one of the three is no address."""
    held, first, last = range_of(value), range_of(low), range_of(high)
    if held is None or first is None or last is None:
        return None
    return held[0] == first[0] == last[0] and held[1] <= last[2] and first[1] <= held[2]


def range_of(value: Any) -> Range | None:
    """The range that a text writes, a single address being one of its own; None for anything else."""
    return _parsed(value) if isinstance(value, str) and (":" in value or "." in value) else None


@lru_cache(maxsize=4096)
def _parsed(text: str) -> Range | None:
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None
    return network.version, int(network.network_address), int(network.broadcast_address)
