"""What the engine asks of a provider. The engine knows nothing of AWS, a provider nothing of gRPC or state files."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

Inputs = Mapping[str, Any]
"""Property values in Pulumi's spelling: JSON values, :class:`watchkeeper.pulumi.graph.Asset` and
:class:`watchkeeper.pulumi.graph.Archive`; never UNKNOWN, except in what ``preview_outputs`` gives back, and never
Secret (the engine unwraps and remembers them)."""


class Change(StrEnum):
    """What it takes to get from the old inputs to the new ones."""

    NONE = "same"
    UPDATE = "update"
    REPLACE = "replace"


@dataclass(frozen=True, slots=True)
class Diff:
    """The kind of change and the top-level properties that call for it."""

    change: Change
    properties: tuple[str, ...] = ()
    delete_before_replace: bool = False
    """True where the old and the new can't exist side by side (a fixed name)."""


@dataclass(frozen=True, slots=True)
class State:
    """A resource that exists: its physical id and its outputs, all properties included that a program may read."""

    id: str
    outputs: Mapping[str, Any]


class ProviderError(Exception):
    """The cloud refused. Carries what a person needs: the API call, AWS's error code, AWS's message."""

    def __init__(self, message: str, *, operation: str = "", code: str = "") -> None:
        super().__init__(message)
        self.operation = operation
        self.code = code


class UncertainError(ProviderError):
    """No answer came: whether it was carried out is not known. It stays announced, and the next run looks into it."""


class Provider(Protocol):
    """One cloud. Methods may be called from several threads at once, for different resources."""

    @property
    def types(self) -> Collection[str]:
        """Types that it can do, e.g. ``aws:s3/bucket:Bucket``; the engine refuses others before anything is made."""

    @property
    def region(self) -> str:
        """The region it works in, answered to programs that ask."""

    def check(self, resource_type: str, name: str, inputs: Inputs) -> list[str]:
        """Problems of the inputs, one sentence each; UNKNOWN may stand in them. Empty: fine."""

    def diff(self, resource_type: str, old: State, old_inputs: Inputs, new_inputs: Inputs) -> Diff:
        """Compare; UNKNOWN may stand in the new inputs."""

    def preview_outputs(self, resource_type: str, name: str, inputs: Inputs) -> Mapping[str, Any]:
        """Outputs known before the resource exists: the inputs, and UNKNOWN for what AWS computes."""

    def create(self, resource_type: str, name: str, inputs: Inputs) -> State:
        """Make it. Raises ProviderError; what was made before the failure is removed again first.

        Raises UncertainError where no answer came, so that something may be there.
        """

    def read(self, resource_type: str, id_: str, inputs: Inputs) -> State | None:
        """What exists under this id now, or None: for ``.get``, refresh, and recovery after an interruption."""

    def update(self, resource_type: str, old: State, old_inputs: Inputs, new_inputs: Inputs) -> State:
        """Change it in place. Raises ProviderError."""

    def delete(self, resource_type: str, state: State, inputs: Inputs) -> None:
        """Remove it; one that is gone already is no error. Raises ProviderError."""

    def invoke(self, token: str, arguments: Inputs) -> Mapping[str, Any]:
        """A look-up, e.g. ``aws:index/getCallerIdentity:getCallerIdentity``. Raises ProviderError if unsupported."""
