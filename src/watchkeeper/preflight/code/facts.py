"""What the code readers find. Lines are 1-based; a file is named as it is in the function's package."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class EnvironmentRead:
    """One place where the code reads an environment variable."""

    name: str
    required: bool
    """Whether its absence is an error there (``os.environ["X"]``), not handled by a default or a test."""
    file: str
    line: int
    default: bool = False
    """Whether a default is given in its place."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call of an AWS API."""

    service: str
    """botocore's service name, e.g. ``config``."""
    operation: str
    """The operation's name, e.g. ``PutEvaluations``; a method's own name where no operation has it."""
    file: str
    line: int
    exists: bool = True
    """False when the service's client has no such method."""


@dataclass(frozen=True, slots=True)
class Published:
    """A metric that the code publishes; None for what is not written out."""

    namespace: str | None
    name: str | None
    dimensions: frozenset[str] | None


@dataclass
class Facts:
    """Everything that was read of one function's code."""

    environment: list[EnvironmentRead] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    metrics: list[Published] = field(default_factory=list)
    texts: set[str] = field(default_factory=set)
    """Every text that is written out in the code."""
    dynamic_environment: bool = False
    """Whether a variable is read whose name is not written out."""
    dynamic_calls: bool = False
    """Whether an AWS client is made or called by a name that is not written out."""
    emits_metrics: bool = False
    """Whether it publishes metrics in any way."""
    unread: list[str] = field(default_factory=list)
    """What could not be read, one sentence each."""
    files: int = 0
    handler_found: bool = True
    """Whether the handler is in the package; always true where that was not looked for."""

    def merge(self, other: Facts) -> None:
        """Add what another file holds."""
        self.environment += other.environment
        self.calls += other.calls
        self.metrics += other.metrics
        self.texts |= other.texts
        self.dynamic_environment = self.dynamic_environment or other.dynamic_environment
        self.dynamic_calls = self.dynamic_calls or other.dynamic_calls
        self.emits_metrics = self.emits_metrics or other.emits_metrics
        self.unread += other.unread
        self.files += other.files
        self.handler_found = self.handler_found and other.handler_found
