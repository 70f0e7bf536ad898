"""What AWS would lose without a word, counted here so that ``watchkeeper local status`` can say it."""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

UNINVOKED, UNPUBLISHED, UNDELIVERED = "uninvoked", "unpublished", "undelivered"


@dataclass(frozen=True, slots=True)
class Loss:
    """One thing that didn't arrive: a function not invoked, a message not published, a file or message not
    delivered."""

    kind: str
    source: str
    """The rule, the topic or the service that tried."""
    target: str
    reason: str
    account: str
    region: str
    at: str
    """ISO 8601, UTC."""


class Losses:
    """Thread-safe; counts all, remembers the last thousand."""

    def __init__(self, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()
        self._last: deque[Loss] = deque(maxlen=1000)

    def add(self, kind: str, source: str, target: str, reason: str, account: str, region: str) -> None:
        """Remember one."""
        at = self._clock().isoformat(timespec="milliseconds")
        with self._lock:
            self._counts[kind] += 1
            self._last.append(Loss(kind, source, target, reason, account, region, at))

    def counts(self) -> dict[str, int]:
        """Kind -> how many since the start or the last reset; all three kinds are there."""
        with self._lock:
            return {kind: self._counts[kind] for kind in (UNINVOKED, UNPUBLISHED, UNDELIVERED)}

    def last(self) -> list[Loss]:
        """The last thousand, oldest first."""
        with self._lock:
            return list(self._last)

    def clear(self) -> None:
        """Forget all."""
        with self._lock:
            self._counts.clear()
            self._last.clear()
