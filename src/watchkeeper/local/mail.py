"""What topics sent by mail: no mail leaves the machine, it is kept here to be looked at."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import asdict, dataclass
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True)
class Mail:
    """One message to one address."""

    topic: str
    address: str
    subject: str
    message: str
    at: str
    """ISO 8601, UTC."""


class Mailbox:
    """The last thousand. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._mail: deque[Mail] = deque(maxlen=1000)

    def deliver(self, topic: str, address: str, subject: str, message: str) -> None:
        """Keep one."""
        with self._lock:
            self._mail.append(
                Mail(topic, address, subject, message, datetime.now(UTC).isoformat(timespec="milliseconds"))
            )

    def all(self) -> list[dict[str, str]]:
        """Oldest first."""
        with self._lock:
            return [asdict(mail) for mail in self._mail]

    def clear(self) -> None:
        """Forget all."""
        with self._lock:
            self._mail.clear()
