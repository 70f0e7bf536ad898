"""Deployments to AWS: the Pulumi CLI, driven by Pulumi's Automation API.

State, secrets and the backend are the user's own Pulumi set-up; nothing of it passes through our engine.
See https://www.pulumi.com/docs/iac/automation-api/.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import CalledProcessError
from typing import IO, Any

from pulumi import automation
from pulumi.automation.errors import (
    CommandError,
    ConcurrentUpdateError,
    InvalidVersionError,
    StackNotFoundError,
    create_command_error,
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
INSTALL_HINT = (
    "Install it (https://www.pulumi.com/docs/install/) and see that it is on your PATH, "
    "or let this command install it under ~/.pulumi with --install-pulumi."
)
MESSAGES: tuple[tuple[str, str, str], ...] = (
    (
        r"passphrase must be set",
        "The stack's secrets need a passphrase.",
        "Set PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE.",
    ),
    (
        r"incorrect passphrase",
        "The passphrase is not the one that the stack's secrets were made with.",
        "Set PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE to that one.",
    ),
    (
        r"PULUMI_ACCESS_TOKEN must be set",
        "The Pulumi CLI is not logged in (PULUMI_ACCESS_TOKEN must be set).",
        "Set PULUMI_ACCESS_TOKEN, or choose another backend: pulumi login s3://BUCKET, pulumi login --local.",
    ),
    (
        r"no (?:resource|language|analyzer) plugin|failed to load (?:language|resource) plugin|could not find plugin",
        "The Pulumi CLI lacks a plugin that the program needs.",
        "Install it in the project's folder: pulumi install",
    ),
    (
        r"stack names? (?:may|must|can)|invalid stack name|stack names are limited|organization name must be",
        "The Pulumi backend does not take this stack's name.",
        "An environment is the stack's name: write it as STACK, or as ORGANIZATION/PROJECT/STACK.",
    ),
)
"""What the CLI says, by a pattern; what is wrong; what to do."""
COLOR = re.compile(r"<\{%.*?%\}>")
"""The CLI's own tags for colors in the texts of events."""
NOT_THE_CAUSE = re.compile(r"^(?:update|preview|destroy|refresh) failed$|Resource monitor has terminated")


@dataclass(slots=True)
class Failures:
    """Gathers the errors that the CLI's events tell, each with its resource."""

    found: list[str] = field(default_factory=list)

    def hear(self, event: automation.EngineEvent) -> None:
        """Look at an event."""
        told = event.diagnostic_event
        if told is None or told.severity != "error":
            return
        text = COLOR.sub("", told.message).strip()
        if not text or NOT_THE_CAUSE.search(text):
            return
        *_, type_, name = ("", "", *(told.urn or "").split("::")[2:])
        said = f"{type_.rpartition('$')[2]} {name}: {text}" if name else text
        if said not in self.found:
            self.found.append(said)


def preview(directory: Path, env: str, on_output: Output, *, install: bool = False) -> Outcome:
    """Count the steps that `up` would take, by operation; makes an empty stack if need be. Raises DeploymentError."""
    started = time.monotonic()
    with _explained(env) as failures:
        result = _stack(directory, env, install).preview(on_output=on_output, on_event=failures.hear)
    return Outcome(_counts(result.change_summary), {}, time.monotonic() - started)


def up(directory: Path, env: str, on_output: Output, *, install: bool = False) -> Outcome:
    """Deploy. Raises DeploymentError; also where an earlier run was cut short and left creations half known."""
    started = time.monotonic()
    with _explained(env) as failures:
        stack = _stack(directory, env, install)
        _refuse_pending(pending(stack), env)
        result = stack.up(on_output=on_output, on_event=failures.hear)
    seconds = time.monotonic() - started
    return Outcome(_counts(result.summary.resource_changes), _plain(result.outputs), seconds)


def destroy(directory: Path, env: str, on_output: Output, *, install: bool = False) -> Outcome:
    """Destroy everything in the stack; the stack itself stays, empty. Raises DeploymentError."""
    started = time.monotonic()
    with _explained(env) as failures:
        result = _existing_stack(directory, env, install).destroy(on_output=on_output, on_event=failures.hear)
    return Outcome(_counts(result.summary.resource_changes), {}, time.monotonic() - started)


@dataclass(frozen=True, slots=True)
class PendingCreation:
    """A creation that was begun, and whose end nobody knows."""

    urn: str
    type: str
    name: str
    inputs: Mapping[str, Any]


def pending(stack: automation.Stack) -> list[PendingCreation]:
    """The creations that an interrupted run left."""
    operations = (stack.export_stack().deployment or {}).get("pending_operations") or ()
    resources = [entry["resource"] for entry in operations if entry.get("type") == "creating"]
    return [
        PendingCreation(one["urn"], one["type"], one["urn"].rpartition("::")[2], one.get("inputs") or {})
        for one in resources
    ]


def _refuse_pending(found: Sequence[PendingCreation], env: str) -> None:
    if not found:
        return
    lines = "\n".join(f"{one.type} {one.name}" for one in found)
    hint = f"If no run is under way, find out and take over what exists: watchkeeper settle --target aws --env {env}"
    raise DeploymentError(f"Another run began to make these, and has not said how that ended:\n{lines}", hint)


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of interrupted creations."""

    taken: Mapping[str, str]
    """Ids of those that exist and are in the stack now, by URN."""
    absent: Sequence[str]
    """URNs of those that are not there."""

    @property
    def document(self) -> dict[str, Any]:
        """As JSON: ``schemas/settle.schema.json``."""
        return {"taken": dict(self.taken), "absent": list(self.absent)}


def settle(
    directory: Path,
    env: str,
    find: Callable[[PendingCreation], str | None],
    on_output: Output,
    *,
    install: bool = False,
) -> Settled:
    """Free the stack of a run that was cut short: its lock, and its creations whose end nobody knows.

    ``find`` tells the id of what a creation made, or None where nothing is there. What exists is imported into the
    stack, the rest is dropped from it, and the stack is refreshed. Raises DeploymentError, and what ``find`` raises.
    """
    with _explained(env) as failures:
        stack = _existing_stack(directory, env, install)
        _unlock(stack)
        ids = {one.urn: find(one) for one in pending(stack)}
        taken = {urn: id_ for urn, id_ in ids.items() if id_}
        if ids:
            _take_over(stack, taken)
        stack.refresh(on_output=on_output, on_event=failures.hear)
    return Settled(taken, [urn for urn, id_ in ids.items() if not id_])


def _take_over(stack: automation.Stack, taken: Mapping[str, str]) -> None:
    """Put what was made into the stack's state, for a refresh to fill in, and forget every pending operation.

    `pulumi refresh --import-pending-creates` only notes the id: the next `up` creates the resource again (CLI 3.274).
    """
    exported = stack.export_stack()
    state = dict(exported.deployment or {})
    resources = list(state.get("resources") or ())
    for entry in state.pop("pending_operations", None) or ():
        made = entry["resource"]
        if entry.get("type") != "creating" or made["urn"] not in taken:
            continue
        # The one that it was to replace has the same URN, and goes at the next `up`.
        resources = [{**one, "delete": True} if one["urn"] == made["urn"] else one for one in resources]
        resources.append({**made, "id": taken[made["urn"]]})
    stack.import_stack(automation.Deployment(exported.version, {**state, "resources": resources}))


def _unlock(stack: automation.Stack) -> None:
    try:
        stack.cancel()
    except CommandError as error:
        if not re.search(r"no (?:update|active update|lock)|not (?:running|locked)|already", str(error)):
            raise


def outputs(directory: Path, env: str) -> Mapping[str, Any]:
    """The outputs of the last deployment, secrets left out. Raises DeploymentError."""
    with _explained(env):
        return _plain(_existing_stack(directory, env).outputs())


def _counts(changes: automation.OpMap | None) -> dict[str, int]:
    # Declared as an enumeration, but the Automation API passes on the CLI's JSON: the operations are plain text.
    return {str(getattr(operation, "value", operation)): count for operation, count in (changes or {}).items()}


def _plain(values: Mapping[str, automation.OutputValue]) -> dict[str, Any]:
    return {name: output.value for name, output in values.items() if not output.secret}


def _stack(directory: Path, env: str, install: bool) -> automation.Stack:
    return automation.create_or_select_stack(stack_name=env, work_dir=str(directory), opts=_options(install))


def _existing_stack(directory: Path, env: str, install: bool = False) -> automation.Stack:
    return automation.select_stack(stack_name=env, work_dir=str(directory), opts=_options(install))


def _options(install: bool) -> automation.LocalWorkspaceOptions:
    return automation.LocalWorkspaceOptions(pulumi_command=_command(install))


def _command(install: bool) -> automation.PulumiCommand:
    """The CLI on the PATH when it runs and its version will do; one under ~/.pulumi only when that is asked for."""
    try:
        return Cli()
    except UNUSABLE as error:
        if not install:
            reason = f": {error}" if isinstance(error, InvalidVersionError) else "."
            raise DeploymentError(f"There is no Pulumi CLI here that will do{reason}", INSTALL_HINT) from error
    try:
        return Cli.installed()
    except UNUSABLE as error:  # a URLError is an OSError
        raise DeploymentError(
            f"There is no Pulumi CLI here, and installing it failed: {error}", INSTALL_HINT
        ) from error


class Cli(automation.PulumiCommand):
    """The Pulumi CLI as a child that ends in order: it gets the signals that end this process, and is waited for.

    It runs in a process group of its own. Else Ctrl-C in a terminal would reach it twice, from the terminal and from
    here, and at a second SIGINT it drops what is under way, which leaves creations half known.
    """

    @classmethod
    def installed(cls) -> Cli:
        """Installed under ~/.pulumi by Pulumi's own script, unless it is there already."""
        found = automation.PulumiCommand.install()
        made = cls.__new__(cls)
        made.command, made.version = found.command, found.version
        return made

    def run(
        self,
        args: list[str],
        cwd: str,
        additional_env: Mapping[str, str],
        on_output: Output | None = None,
        on_error: Output | None = None,
    ) -> automation.CommandResult:
        """Run a command. Raises CommandError, and Interrupted once it has ended after a signal."""
        words = args if "--non-interactive" in args else ["--non-interactive", *args]
        environment = {**os.environ, **additional_env, "PULUMI_AUTOMATION_API": "true"}
        if Path(self.command).is_absolute():
            environment["PATH"] = os.pathsep.join([str(Path(self.command).parent), environment.get("PATH", "")])
        process = subprocess.Popen(
            [self.command, *words],
            cwd=cwd,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
            process_group=0,
        )
        with process, _forwarding(process) as signals:
            out, err = _Reader(process.stdout, on_output), _Reader(process.stderr, on_error)
            process.wait()
            out.join()
            err.join()
        if signals:
            raise InterruptedCliError(signals[0])
        result = automation.CommandResult(stdout=out.text, stderr=err.text, code=process.returncode)
        if result.code != 0:
            raise create_command_error(result)
        return result


class InterruptedCliError(Exception):
    """The CLI ended because this process was told to end."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)


class _Reader(threading.Thread):
    """Passes a stream on line by line, and keeps it."""

    def __init__(self, stream: IO[str] | None, tell: Output | None) -> None:
        super().__init__(daemon=True)
        self._stream, self._tell, self._lines = stream, tell, list[str]()
        self.start()

    def run(self) -> None:
        for line in self._stream or ():
            self._lines.append(line.rstrip())
            if self._tell:
                self._tell(self._lines[-1])

    @property
    def text(self) -> str:
        return "\n".join(self._lines)


@contextmanager
def _forwarding(process: subprocess.Popen[str]) -> Iterator[list[int]]:
    """Give SIGINT and SIGTERM to the CLI as SIGINT, at which it finishes what is under way; at a second one it stops at
    once, a third one kills it. Gives the signals that came."""
    came: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield came
        return

    def forward(number: int, _frame: object) -> None:
        came.append(number)
        if len(came) > KILLED_AT:
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.send_signal(signal.SIGINT)

    before = {number: signal.signal(number, forward) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield came
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


KILLED_AT = 2
"""Signals that the CLI gets before it is killed."""


@contextmanager
def _explained(env: str) -> Iterator[Failures]:
    failures = Failures()
    try:
        yield failures
    except InterruptedCliError as error:
        hint = f"The next `watchkeeper up --target aws --env {env}` says whether anything was left half done."
        raise DeploymentError(f"The Pulumi CLI was interrupted ({error}) and has ended.", hint) from error
    except StackNotFoundError as error:
        hint = f"Deploy it with: watchkeeper up --target aws --env {env}"
        raise DeploymentError(f'There is no stack "{env}" in your Pulumi backend.', hint) from error
    except ConcurrentUpdateError as error:
        hint = (
            f"Wait for the other update; if it was killed: watchkeeper settle --target aws --env {env} "
            "(or `pulumi cancel`, which only unlocks it)"
        )
        raise DeploymentError(f'Another update of the stack "{env}" is under way.', hint) from error
    except CommandError as error:
        raise _known(error, failures.found) from error
    except RuntimeError as error:
        hint = "See that `pulumi preview` works in the project's folder, and that the Pulumi CLI is a recent one."
        raise DeploymentError(f"The Pulumi CLI's answer can't be read: {error}.", hint) from error


def _known(error: CommandError, failures: Sequence[str]) -> DeploymentError:
    """The CLI's failure in our words where we know it; else the resources that failed, each with what was said."""
    for pattern, message, hint in MESSAGES:
        if re.search(pattern, str(error)):
            return DeploymentError(message, hint)
    if failures:
        return DeploymentError("\n".join(("The Pulumi CLI could not deploy this:", *failures)))
    return DeploymentError(f"The Pulumi CLI failed:\n{_last_words(error)}", "Its output above says more.")


def _last_words(error: CommandError) -> str:
    """What it said on stderr; what it printed before has been shown as it came."""
    return str(error).rpartition("\n stderr: ")[2].strip() or str(error).strip()
