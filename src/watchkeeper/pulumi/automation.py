"""Deployments to AWS: the Pulumi CLI, driven by Pulumi's Automation API, which finds it or installs it.

State, secrets and the backend are the user's own Pulumi set-up; nothing of it passes through our engine.
See https://www.pulumi.com/docs/iac/automation-api/.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from subprocess import CalledProcessError
from typing import Any

from pulumi import automation
from pulumi.automation.errors import (
    CommandError,
    ConcurrentUpdateError,
    InvalidVersionError,
    StackNotFoundError,
)


class DeploymentError(Exception):
    """It could not be deployed: what was wrong, and in ``hint`` what to do about it."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the Pulumi CLI did; a failure is a DeploymentError."""

    counts: Mapping[str, int]
    """Steps taken, or planned, by operation."""
    outputs: Mapping[str, Any]
    """The stack's outputs, secrets left out."""
    seconds: float

    @property
    def document(self) -> dict[str, Any]:
        """As JSON: ``schemas/deployment.schema.json``."""
        return {
            "ok": True,
            "counts": dict(self.counts),
            "errors": [],
            "skipped": [],
            "outputs": dict(self.outputs),
            "seconds": round(self.seconds, 3),
        }

    @property
    def preview_document(self) -> dict[str, Any]:
        """A preview as JSON: ``schemas/preview.schema.json``."""
        return {"counts": dict(self.counts)}


Output = Callable[[str], Any]
"""Gets each piece of text that the CLI prints."""

UNUSABLE = (OSError, CalledProcessError, InvalidVersionError)
"""What a CLI that is missing, doesn't run or is too old ends with, and an installation without a network."""
INSTALL_HINT = "Install the Pulumi CLI (https://www.pulumi.com/docs/install/) and see that it is on your PATH."


def preview(directory: Path, env: str, on_output: Output) -> Outcome:
    """Count the steps that `up` would take, by operation; makes an empty stack if need be. Raises DeploymentError."""
    started = time.monotonic()
    with _explained(env):
        result = _stack(directory, env).preview(on_output=on_output)
    return Outcome(_counts(result.change_summary), {}, time.monotonic() - started)


def up(directory: Path, env: str, on_output: Output) -> Outcome:
    """Deploy. Raises DeploymentError."""
    started = time.monotonic()
    with _explained(env):
        result = _stack(directory, env).up(on_output=on_output)
    seconds = time.monotonic() - started
    return Outcome(_counts(result.summary.resource_changes), _plain(result.outputs), seconds)


def destroy(directory: Path, env: str, on_output: Output) -> Outcome:
    """Destroy everything in the stack; the stack itself stays, empty. Raises DeploymentError."""
    started = time.monotonic()
    with _explained(env):
        result = _existing_stack(directory, env).destroy(on_output=on_output)
    return Outcome(_counts(result.summary.resource_changes), {}, time.monotonic() - started)


def outputs(directory: Path, env: str) -> Mapping[str, Any]:
    """The outputs of the last deployment, secrets left out. Raises DeploymentError."""
    with _explained(env):
        return _plain(_existing_stack(directory, env).outputs())


def _counts(changes: automation.OpMap | None) -> dict[str, int]:
    # Declared as an enumeration, but the Automation API passes on the CLI's JSON: the operations are plain text.
    return {str(getattr(operation, "value", operation)): count for operation, count in (changes or {}).items()}


def _plain(values: Mapping[str, automation.OutputValue]) -> dict[str, Any]:
    return {name: output.value for name, output in values.items() if not output.secret}


def _stack(directory: Path, env: str) -> automation.Stack:
    return automation.create_or_select_stack(stack_name=env, work_dir=str(directory), opts=_options())


def _existing_stack(directory: Path, env: str) -> automation.Stack:
    return automation.select_stack(stack_name=env, work_dir=str(directory), opts=_options())


def _options() -> automation.LocalWorkspaceOptions:
    return automation.LocalWorkspaceOptions(pulumi_command=_command())


def _command() -> automation.PulumiCommand:
    """The CLI on the PATH when it runs and its version will do, else one installed under ~/.pulumi."""
    try:
        return automation.PulumiCommand()
    except UNUSABLE:
        pass
    try:
        return automation.PulumiCommand.install()
    except UNUSABLE as error:  # a URLError is an OSError
        raise DeploymentError(
            f"There is no Pulumi CLI here, and installing it failed: {error}", INSTALL_HINT
        ) from error


@contextmanager
def _explained(env: str) -> Iterator[None]:
    try:
        yield
    except StackNotFoundError as error:
        hint = f"Deploy it with: watchkeeper up --target aws --env {env}"
        raise DeploymentError(f'There is no stack "{env}" in your Pulumi backend.', hint) from error
    except ConcurrentUpdateError as error:
        hint = "Wait for the other update; if it was killed: pulumi cancel"
        raise DeploymentError(f'Another update of the stack "{env}" is under way.', hint) from error
    except CommandError as error:
        raise DeploymentError(
            f"The Pulumi CLI failed:\n{_last_words(error)}", "Its output above says where."
        ) from error
    except RuntimeError as error:
        hint = "See that `pulumi preview` works in the project's folder, and that the Pulumi CLI is a recent one."
        raise DeploymentError(f"The Pulumi CLI's answer can't be read: {error}.", hint) from error


def _last_words(error: CommandError) -> str:
    """What it said on stderr; what it printed before has been shown as it came."""
    return str(error).rpartition("\n stderr: ")[2].strip() or str(error).strip()
