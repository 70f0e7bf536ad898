"""Makes what a program wants, through a provider: plan, up, destroy."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from watchkeeper.pulumi.engine import assets, changes, monitor, recovery, wire
from watchkeeper.pulumi.engine.host import Program
from watchkeeper.pulumi.engine.monitor import Answer, RefusalError, Registration
from watchkeeper.pulumi.engine.preview import (
    PROVIDER_PREFIX,
    TIMEOUT,
    Foresee,
    Preview,
    preview_with,
    provider_id,
    secret_again,
)
from watchkeeper.pulumi.engine.program import ENCRYPTED, ProgramError, Project
from watchkeeper.pulumi.engine.provider import Change, Provider, ProviderError, State, UncertainError
from watchkeeper.pulumi.engine.state import Content, ResourceState, StateFile, read_state
from watchkeeper.pulumi.graph import UNKNOWN, Secret, Unknown

UNCERTAIN: Final = "Whether it was carried out is not known; the next `up` finds out."
UP_TIMEOUT: Final = 3600.0
"""Seconds that a whole deployment may take."""


@dataclass(frozen=True)
class Step:
    """One resource in a plan."""

    urn: str
    type: str
    name: str
    change: str
    """``create``, ``update``, ``replace``, ``delete`` or ``same``."""
    properties: tuple[str, ...] = ()
    """Top-level properties that call for it."""


@dataclass(frozen=True)
class Event:
    """Something that happened, for whoever shows progress."""

    kind: str
    """``started``, ``succeeded``, ``failed``, ``same`` or ``log``."""
    urn: str = ""
    step: str = ""
    """``create``, ``update``, ``replace``, ``delete``, ``read``, ``recover`` or ``same``."""
    seconds: float = 0.0
    detail: str = ""

    @property
    def type(self) -> str:
        """The resource's type, without its parents'."""
        return monitor.urn_type(self.urn).rsplit("$", 1)[-1]

    @property
    def name(self) -> str:
        """The resource's name in the program."""
        return monitor.urn_name(self.urn)


@dataclass(frozen=True)
class DeploymentError:
    """One thing that went wrong."""

    message: str
    urn: str = ""
    step: str = ""
    operation: str = ""
    """The API call, e.g. ``PutConfigRule``."""
    code: str = ""
    """AWS's error code."""

    def __str__(self) -> str:
        subject = f"{monitor.urn_type(self.urn).rsplit('$', 1)[-1]} {monitor.urn_name(self.urn)!r}" if self.urn else ""
        return ": ".join(part for part in (subject, self.operation, self.code, self.message) if part)


@dataclass(frozen=True)
class Result:
    """How an ``up`` or ``destroy`` ended."""

    errors: tuple[DeploymentError, ...]
    counts: Mapping[str, int]
    """How many of each step succeeded: create, update, replace, delete, same, read."""
    skipped: tuple[str, ...]
    """URNs that were not begun because something they need failed."""
    outputs: Mapping[str, Any]
    """The stack's outputs; a secret one is a :class:`watchkeeper.pulumi.graph.Secret`."""
    seconds: float
    log: tuple[str, ...] = ()
    """What the program printed."""
    program_error: ProgramError | None = None
    resources: tuple[ResourceState, ...] = ()
    """Everything that is deployed now."""

    @property
    def ok(self) -> bool:
        """Whether everything is as the program wants it."""
        return not self.errors

    @property
    def shown_outputs(self) -> dict[str, Any]:
        """The outputs without the secret ones."""
        return {name: value for name, value in self.outputs.items() if not isinstance(value, Secret)}

    @property
    def document(self) -> dict[str, Any]:
        """As JSON: ``schemas/deployment.schema.json``."""
        return {
            "ok": self.ok,
            "counts": dict(self.counts),
            "errors": [str(error) for error in self.errors],
            "skipped": list(self.skipped),
            "outputs": self.shown_outputs,
            "seconds": round(self.seconds, 3),
        }


@dataclass
class Tally:
    """What both ``up`` and ``destroy`` keep while they run."""

    on_event: Callable[[Event], None]
    errors: list[DeploymentError] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    skipped: list[str] = field(default_factory=list)
    lock: threading.RLock = field(default_factory=threading.RLock)

    def tell(self, event: Event) -> None:
        """One event at a time; a success or ``same`` counts."""
        with self.lock:
            if event.kind in ("succeeded", "same"):
                self.counts[event.step] = self.counts.get(event.step, 0) + 1
            self.on_event(event)

    def fail(self, urn: str, step: str, error: Exception, seconds: float = 0.0, hint: str = "") -> None:
        """Keep an error and tell of it."""
        provider_said = isinstance(error, ProviderError)
        text = str(error) if provider_said or isinstance(error, RefusalError) else f"{type(error).__name__}: {error}"
        problem = DeploymentError(
            f"{text} {hint}".rstrip(),
            urn,
            step,
            error.operation if isinstance(error, ProviderError) else "",
            error.code if isinstance(error, ProviderError) else "",
        )
        with self.lock:
            self.errors.append(problem)
            self.tell(Event("failed", urn, step, seconds, str(problem)))

    def result(
        self, start: float, content: Content, log: tuple[str, ...] = (), error: ProgramError | None = None
    ) -> Result:
        """Everything together."""
        with self.lock:
            return Result(
                errors=tuple(self.errors),
                counts=dict(self.counts),
                skipped=tuple(self.skipped),
                outputs=dict(content.outputs),
                seconds=time.monotonic() - start,
                log=log,
                program_error=error,
                resources=tuple(content.resources.values()),
            )


# -- plan


@dataclass(frozen=True)
class Plan:
    """The steps, and why they can't be taken, if so."""

    steps: tuple[Step, ...]
    errors: tuple[DeploymentError, ...]
    preview: Preview


def document_of(steps: Sequence[Step]) -> dict[str, Any]:
    """A plan as JSON: ``schemas/preview.schema.json``."""
    return {
        "counts": dict(Counter(step.change for step in steps)),
        "steps": [
            {"type": step.type, "name": step.name, "change": step.change, "properties": step.properties}
            for step in steps
        ],
    }


def plan(project: Project, provider: Provider, state_file: Path, *, timeout: float = TIMEOUT) -> list[Step]:
    """What ``up`` would do, in the order of the program, deletions last.

    Raises
    ------
    StateError, ProjectError
        The state file or the project can't be read.
    PlanError
        The program stops, or wants what the provider can't do.
    """
    made = make_plan(project, provider, read_state(state_file), timeout=timeout)
    if made.errors:
        raise PlanError(made.errors, made.preview)
    return list(made.steps)


class PlanError(Exception):
    """A program that can't be deployed as it is; ``errors`` has every reason."""

    def __init__(self, errors: tuple[DeploymentError, ...], preview: Preview) -> None:
        super().__init__("\n".join(map(str, errors)))
        self.errors = errors
        self.preview = preview


@dataclass(frozen=True)
class Review:
    """Somebody who looks at the preview before anything is made."""

    approve: Callable[[Preview], object] = lambda _: None
    """Called with the preview, whatever it shows; what it raises ends the deployment."""
    foresee: Foresee | None = None
    """What the reviewer would have told to the program: see :func:`watchkeeper.pulumi.engine.preview.preview`."""
    meanwhile: Callable[[], object] | None = None
    """What the reviewer does while the program runs."""


UNREVIEWED: Final = Review()


def make_plan(
    project: Project,
    provider: Provider,
    content: Content | None,
    *,
    timeout: float = TIMEOUT,
    review: Review = UNREVIEWED,
) -> Plan:
    """A preview of the program against the state, with everything that speaks against deploying it."""
    planner = _Planner(provider, content or Content(project.name, project.stack))
    shown = preview_with(
        project, provider, planner.known, timeout=timeout, foresee=review.foresee, meanwhile=review.meanwhile
    )
    review.approve(shown)
    errors = [*_program_problem(shown), *_unsupported(provider, shown), *_invalid(provider, shown)]
    wanted = [*planner.steps, *(() if shown.error else planner.leftover())]
    return Plan(tuple(wanted), tuple(errors), shown)


class _Planner:
    def __init__(self, provider: Provider, content: Content) -> None:
        self.steps: list[Step] = []
        self._provider = provider
        self._content = content
        self._seen: set[str] = set()
        self._replaced: set[str] = set()
        self._lock = threading.Lock()

    def known(self, new: Registration) -> State | None:
        """What the program may take as known of a resource that exists; keeps the step."""
        old = _old(self._content, new)
        with self._lock:
            self._seen.add(old.urn if old else new.urn)
            replaced = set(self._replaced)
        if old is None or not managed(new):
            self._step(new, "same" if old or not new.custom else "create")
            return None
        if new.type not in self._provider.types:
            return None  # named as unsupported, all together
        wanted = changes.compare(self._provider, old, new, replaced)
        self._step(new, wanted.diff.change.value, wanted.diff.properties)
        if wanted.diff.change is Change.REPLACE:
            with self._lock:
                self._replaced.add(new.urn)
            return None
        changed = {} if wanted.diff.change is Change.NONE else wanted.inputs
        return State(old.id, {**old.outputs, **changed})

    def leftover(self) -> list[Step]:
        """Deletions of what the program no longer wants."""
        gone = [old for old in self._content.resources.values() if old.urn not in self._seen and not old.external]
        doomed = list(self._content.doomed.values())
        return [Step(old.urn, old.type, old.name, "delete") for old in reversed([*gone, *doomed]) if old.custom]

    def _step(self, new: Registration, change: str, properties: tuple[str, ...] = ()) -> None:
        if not new.custom:
            return
        with self._lock:
            self.steps.append(Step(new.urn, new.type, new.name, change, properties))


def _program_problem(shown: Preview) -> list[DeploymentError]:
    return [DeploymentError(str(shown.error), step="preview")] if shown.error else []


def _unsupported(provider: Provider, shown: Preview) -> list[DeploymentError]:
    """One error for all types that the provider can't do."""
    for item in shown.registrations.values():
        if item.remote:
            problem = f"the embedded engine does not make components of other languages ({item.type} {item.name!r}); "
            return [DeploymentError(f"{problem}deploy this program with the Pulumi CLI", item.urn, "preview")]
    types = provider.types
    wanted = {
        item.type: item.name
        for item in reversed(list(shown.registrations.values()))
        if managed(item) and item.type not in types
    }
    if not wanted:
        return []
    named = ", ".join(f"{resource_type} ({name!r})" for resource_type, name in sorted(wanted.items()))
    return [
        DeploymentError(f"the provider can't make {named}. It can make: {', '.join(sorted(types))}.", step="preview")
    ]


def _invalid(provider: Provider, shown: Preview) -> list[DeploymentError]:
    return [
        DeploymentError(problem, item.urn, "check")
        for item in shown.registrations.values()
        if managed(item) and item.type in provider.types
        for problem in provider.check(item.type, item.name, changes.plain(item.inputs))
    ]


# -- up


def up(
    project: Project,
    provider: Provider,
    state_file: Path,
    *,
    on_event: Callable[[Event], None],
    parallel: int = 10,
    timeout: float = UP_TIMEOUT,
    review: Review = UNREVIEWED,
) -> Result:
    """Make the cloud what the program wants.

    The program runs twice: first in preview, so that a type that the provider can't do or an invalid input is named
    before anything is made, and ``review`` can say no to it, then for real.
    After a failure what doesn't depend on it goes on; what is no longer wanted is deleted only when nothing failed.

    Raises
    ------
    StateError
        The state file is damaged, belongs to another stack, or is in use. Nothing was done.
    ProjectError
        The language's own tools are missing.
    """
    start = time.monotonic()
    tally = Tally(on_event)
    # The process for the real run starts at once: it imports its SDK while the preview runs beside it.
    with (
        StateFile.open(state_file, project.name, project.stack) as state,
        Program(project, dry_run=False, parallel=max(parallel, 16)) as program,
    ):
        _recover(state, provider, tally)
        if tally.errors:
            return tally.result(start, state.content)
        made = make_plan(project, provider, state.content, review=review)
        if made.errors:
            tally.errors.extend(made.errors)
            return tally.result(start, state.content, made.preview.log, made.preview.error)
        for key in project.encrypted_keys:
            tally.tell(Event("log", detail=f"configuration {key} is encrypted; the program gets {ENCRYPTED!r} for it"))
        session = UpSession(project, provider, state, tally, parallel)
        try:
            with monitor.serve(project, session, dry_run=False, parallel=parallel) as address:
                ending = program.run(address, timeout, lambda: session.errors)
        finally:
            session.close()  # what is under way ends and is recorded, whatever stopped us
        if ending.error is not None:
            tally.errors.append(DeploymentError(str(ending.error), step="program"))
        if not tally.errors:
            session.delete_leftovers(parallel)
        return tally.result(start, state.content, ending.log, ending.error)


class UpSession:
    """Makes each resource as the program registers it."""

    def __init__(self, project: Project, provider: Provider, state: StateFile, tally: Tally, parallel: int) -> None:
        self.errors: list[str] = []
        self._project = project
        self._provider = provider
        self._state = state
        self._tally = tally
        self._slots = threading.BoundedSemaphore(parallel)
        self._condition = threading.Condition()
        self._active = 0
        self._closed = False
        self._seen: set[str] = set()
        self._failed: set[str] = set()
        self._replaced: set[str] = set()

    def close(self) -> None:
        """Begin nothing more; return when what is under way has ended."""
        with self._condition:
            self._closed = True
            self._condition.wait_for(lambda: self._active == 0)

    def register(self, registration: Registration) -> Answer:
        """Make, change or leave it."""
        new = replace(registration, inputs=assets.resolve(registration.inputs, self._project.working_directory))
        with self._condition:
            if self._closed:
                raise RefusalError("the deployment has ended")
            self._active += 1
            self._seen.add(new.urn)
        try:
            return self._register(new)
        finally:
            with self._condition:
                self._active -= 1
                self._condition.notify_all()

    def read(self, registration: Registration, id_: Any) -> Answer:
        """A resource made elsewhere."""
        if isinstance(id_, Unknown) or registration.type not in self._provider.types:
            raise RefusalError(
                f"{registration.type} {registration.name!r} can't be read: {self._why_unread(registration, id_)}"
            )
        self._seen.add(registration.urn)
        try:
            found = self._provider.read(registration.type, id_, changes.plain(registration.inputs))
        except ProviderError as error:
            self._tally.fail(registration.urn, "read", error)
            raise RefusalError(str(self._tally.errors[-1])) from error
        if found is None:
            raise RefusalError(f"{registration.type} {id_!r} does not exist")
        entry = replace(_entry(registration, found), external=True)
        self._state.finish(put=entry, durable=False)
        self._tally.tell(Event("succeeded", registration.urn, "read"))
        return Answer(found.id, secret_again(registration, found.outputs))

    def register_outputs(self, urn: str, outputs: Mapping[str, Any]) -> None:
        """Keep a component's outputs, and the stack's as the stack's."""
        known = {key: value for key, value in outputs.items() if not wire.has_unknown(value)}
        old = self._state.content.resources.get(urn)
        if old is not None and old.outputs != known:
            self._state.finish(put=replace(old, outputs=known), durable=False)
        if monitor.urn_type(urn) == monitor.STACK_TYPE:
            self._state.set_outputs(known)

    def invoke(self, token: str, arguments: Mapping[str, Any], depends_on: tuple[str, ...]) -> Mapping[str, Any] | None:
        """Ask the provider; unknown when what it depends on failed."""
        if self._failed & set(depends_on):
            return None
        try:
            return self._provider.invoke(token, arguments)
        except ProviderError as error:
            said = ": ".join(part for part in (error.operation, error.code, str(error)) if part)
            raise RefusalError(f"look-up {token} failed: {said}") from error

    def exists(self, resource_type: str, id_: str, inputs: Mapping[str, Any]) -> bool:
        """Ask the provider."""
        return self._provider.read(resource_type, id_, inputs) is not None

    def log(self, severity: str, message: str, urn: str) -> None:
        """Pass on what the program says."""
        if severity == "error":
            self.errors.append(message)
        self._tally.tell(Event("log", urn, detail=f"{severity}: {message}"))

    def delete_leftovers(self, parallel: int) -> None:
        """Delete what was replaced and what the program no longer registers."""
        content = self._state.content
        gone = [old for old in content.resources.values() if old.urn not in self._seen]
        _delete_all([*gone, *content.doomed.values()], self._state, self._provider, self._tally, parallel)

    # -- one resource

    def _register(self, new: Registration) -> Answer:
        old = self._adopt_alias(_old(self._state.content, new), new)
        if not managed(new):
            return self._keep_unmanaged(new, old)
        blocked = self._failed & set(new.dependencies)
        if blocked or wire.has_unknown(new.inputs):
            return self._skip(new, blocked)
        if new.type not in self._provider.types:
            return self._give_up(new, "create", RefusalError(f"the provider can't make {new.type}"), 0.0)
        with self._slots:
            if self._closed:
                return self._skip(new, set())
            return self._make(new, old)

    def _adopt_alias(self, old: ResourceState | None, new: Registration) -> ResourceState | None:
        if old is None or old.urn == new.urn:
            return old
        renamed = replace(old, urn=new.urn, type=new.type, name=new.name)
        self._state.rename(old.urn, renamed)
        return renamed

    def _keep_unmanaged(self, new: Registration, old: ResourceState | None) -> Answer:
        """A component, or a provider resource: nothing to make."""
        if not new.custom:
            entry = replace(_entry(new, State("", {})), outputs=old.outputs if old else {})
            self._note(entry, old)
            return Answer()
        answer = Answer(provider_id(new.urn), new.inputs)
        self._note(_entry(new, State(answer.id, answer.outputs)), old)
        return answer

    def _note(self, entry: ResourceState, old: ResourceState | None) -> None:
        if entry != old:
            self._state.finish(put=entry, durable=False)

    def _skip(self, new: Registration, blocked: Collection[str]) -> Answer:
        why = ", ".join(sorted(map(monitor.urn_name, blocked))) or "something it needs"
        with self._tally.lock:
            self._failed.add(new.urn)
            self._tally.skipped.append(new.urn)
        self._tally.tell(Event("log", new.urn, detail=f"skipped: {why} is not there"))
        return Answer(failed=True)

    def _give_up(self, new: Registration, step: str, error: Exception, start: float, hint: str = "") -> Answer:
        with self._tally.lock:
            self._failed.add(new.urn)
        self._tally.fail(new.urn, step, error, time.monotonic() - start if start else 0.0, hint)
        return Answer(failed=True)

    def _make(self, new: Registration, old: ResourceState | None) -> Answer:
        start = time.monotonic()
        step = "create"
        try:
            if old is None or old.external:
                return (
                    self._import(new, start)
                    if new.import_id
                    else self._create(new, None, changes.plain(new.inputs), "create", start)
                )
            wanted = changes.compare(self._provider, old, new, self._replaced)
            step = wanted.diff.change.value
            if wanted.diff.change is Change.NONE:
                return self._leave(new, old)
            if wanted.diff.change is Change.UPDATE:
                return self._update(new, old, wanted, start)
            return self._replace(new, old, wanted, start)
        except UncertainError as error:
            return self._give_up(new, step, error, start, UNCERTAIN)
        except (ProviderError, RefusalError) as error:
            return self._give_up(new, step, error, start)
        except Exception as error:  # noqa: BLE001 - one resource's crash must not take the others' records with it
            return self._give_up(new, step, error, start, UNCERTAIN)

    def _leave(self, new: Registration, old: ResourceState) -> Answer:
        entry = replace(
            _entry(new, State(old.id, old.outputs)), inputs=old.inputs, hashes=old.hashes, outputs=old.outputs
        )
        self._note(entry, old)
        self._tally.tell(Event("same", new.urn, "same"))
        return Answer(old.id, old.outputs)

    def _create(
        self, new: Registration, replaced: ResourceState | None, inputs: Mapping[str, Any], step: str, start: float
    ) -> Answer:
        self._tally.tell(Event("started", new.urn, step))
        goal = replace(_entry(new, State("", {})), hashes=assets.hashes(inputs))
        key = self._state.begin("create", goal)
        try:
            made = self._provider.create(new.type, new.name, inputs)
        except UncertainError:
            raise  # it stays announced, and the next run looks for it
        except ProviderError:
            self._state.finish(key)  # the contract: what was made before the failure is gone again
            raise
        entry = replace(goal, id=made.id, outputs=secret_again(new, made.outputs))
        self._state.finish(key, put=entry, doom=replaced)
        return self._made(entry, step, start)

    def _update(self, new: Registration, old: ResourceState, wanted: changes.Wanted, start: float) -> Answer:
        self._tally.tell(Event("started", new.urn, "update", detail=", ".join(wanted.diff.properties)))
        key = self._state.begin("update", old)
        was = State(old.id, wire.without_secrets(old.outputs))
        try:
            before = self._as_found(old, wanted.old_inputs) if old.tainted else wanted.old_inputs
            made = self._provider.update(new.type, was, before, wanted.inputs)
        except ProviderError:
            self._state.finish(key, put=replace(old, tainted=True))
            raise
        goal = replace(_entry(new, made), hashes=assets.hashes(wanted.inputs), inputs=_kept(new, wanted))
        self._state.finish(key, put=goal)
        return self._made(goal, "update", start)

    def _as_found(self, old: ResourceState, inputs: Mapping[str, Any]) -> Mapping[str, Any]:
        """The inputs of a resource that was left halfway, as far as they arrived: what is missing is then set."""
        found = self._provider.read(old.type, old.id, inputs)
        return {key: found.outputs[key] for key in inputs if key in found.outputs} if found else inputs

    def _replace(self, new: Registration, old: ResourceState, wanted: changes.Wanted, start: float) -> Answer:
        if old.protect and new.protect:
            raise RefusalError(
                "it is protected and would have to be replaced; set protect to false, run `up`, and try again"
            )
        with self._tally.lock:
            self._replaced.add(new.urn)
        kept = replace(new, inputs=_kept(new, wanted))
        if not wanted.diff.delete_before_replace:
            return self._create(kept, old, wanted.inputs, "replace", start)
        for dependent in self._must_go_first(old):
            _delete(dependent, self._state, self._provider, self._tally)
        _delete(old, self._state, self._provider, self._tally)
        if old.urn in self._state.content.resources:
            raise RefusalError("the old one could not be deleted")
        return self._create(kept, None, wanted.inputs, "replace", start)

    def _must_go_first(self, old: ResourceState) -> list[ResourceState]:
        """Resources that depend on it and would be replaced with it: they can't outlive it. Last made first."""
        doomed: dict[str, ResourceState] = {old.urn: old}
        found: list[ResourceState] = []
        for candidate in self._state.content.resources.values():
            touched = {key for key, urns in candidate.property_dependencies.items() if doomed.keys() & set(urns)}
            if not touched or candidate.external or candidate.type not in self._provider.types:
                continue
            before = wire.without_secrets(candidate.inputs)
            after = {key: UNKNOWN if key in touched else value for key, value in before.items()}
            diff = self._provider.diff(
                candidate.type, State(candidate.id, wire.without_secrets(candidate.outputs)), before, after
            )
            if diff.change is Change.REPLACE:
                doomed[candidate.urn] = candidate
                found.append(candidate)
        return found[::-1]

    def _import(self, new: Registration, start: float) -> Answer:
        inputs = changes.plain(new.inputs)
        found = self._provider.read(new.type, new.import_id, inputs)
        if found is None:
            raise RefusalError(f"{new.type} {new.import_id!r} does not exist, so it can't be imported")
        entry = replace(_entry(new, found), hashes=assets.hashes(inputs), tainted=True)
        self._state.finish(put=entry)
        return self._update(new, entry, changes.compare(self._provider, entry, new), start)

    def _made(self, entry: ResourceState, step: str, start: float) -> Answer:
        self._tally.tell(Event("succeeded", entry.urn, step, time.monotonic() - start))
        return Answer(entry.id, entry.outputs)

    def _why_unread(self, registration: Registration, id_: Any) -> str:
        return "its id is not known" if isinstance(id_, Unknown) else f"the provider can't do {registration.type}"


def managed(item: Registration) -> bool:
    """Whether a provider has to make it: not a component, not a provider."""
    return item.custom and not item.type.startswith(PROVIDER_PREFIX)


def _kept(new: Registration, wanted: changes.Wanted) -> Mapping[str, Any]:
    """The inputs to remember: as registered (secrets marked), but as they were where changes are ignored."""
    given = changes.plain(new.inputs)
    same = {key: new.inputs[key] for key in new.inputs if wanted.inputs.get(key) == given.get(key)}
    return {**wanted.inputs, **same}


def _old(content: Content, new: Registration) -> ResourceState | None:
    known = (content.resources.get(urn) for urn in (new.urn, *new.aliases))
    return next((old for old in known if old is not None), None)


def _entry(new: Registration, made: State) -> ResourceState:
    return ResourceState(
        urn=new.urn,
        type=new.type,
        name=new.name,
        custom=new.custom,
        id=made.id,
        inputs=new.inputs,
        outputs=secret_again(new, made.outputs),
        parent=new.parent,
        dependencies=new.dependencies,
        property_dependencies=new.property_dependencies,
        provider=new.provider,
        protect=new.protect,
        retain_on_delete=new.retain_on_delete,
        deleted_with=new.deleted_with,
        replacement_trigger=new.replacement_trigger,
    )


# -- destroy


def destroy(
    project_name: str,
    stack: str,
    provider: Provider,
    state_file: Path,
    *,
    on_event: Callable[[Event], None],
    parallel: int = 10,
) -> Result:
    """Delete everything that the state file has, dependents first. Refused as a whole while something is protected.

    Raises
    ------
    StateError
        The state file is damaged, belongs to another stack, or is in use. Nothing was done.
    """
    start = time.monotonic()
    tally = Tally(on_event)
    with StateFile.open(state_file, project_name, stack) as state:
        _recover(state, provider, tally)
        if not tally.errors:
            content = state.content
            _delete_all([*content.resources.values(), *content.doomed.values()], state, provider, tally, parallel)
        if not tally.errors:
            state.set_outputs({})
        return tally.result(start, state.content)


def _delete_all(
    leftovers: list[ResourceState], state: StateFile, provider: Provider, tally: Tally, parallel: int
) -> None:
    """Delete each after everything that depends on it; what blocks on a failure is skipped."""
    protected = [old for old in leftovers if old.protect and not old.external]
    for old in protected:
        tally.fail(
            old.urn,
            "delete",
            RefusalError("it is protected; set protect to false and run `up` before it can be deleted"),
        )
    if protected:
        return
    waiting = {f"{old.urn}#{old.id}": old for old in leftovers}
    running: dict[Future[bool], str] = {}
    with ThreadPoolExecutor(max_workers=parallel) as pool:
        while waiting or running:
            busy = {key: old for key, old in waiting.items() if key not in running.values()}
            needed = {urn for old in waiting.values() for urn in old.needs}
            for key, old in busy.items():
                if old.urn not in needed:
                    running[pool.submit(_delete, old, state, provider, tally, _with(old, waiting))] = key
            if not running:
                break  # what is left depends on what could not be deleted
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                key = running.pop(future)
                if future.result():
                    del waiting[key]
                else:
                    tally.skipped.extend(_blocked(waiting, waiting.pop(key)))
    return


def _with(old: ResourceState, waiting: Mapping[str, ResourceState]) -> bool:
    """Whether it goes by itself with another that is being deleted (``deletedWith``)."""
    return bool(old.deleted_with) and any(other.urn == old.deleted_with for other in waiting.values())


def _blocked(waiting: dict[str, ResourceState], failed: ResourceState) -> list[str]:
    """Take out of ``waiting`` everything that has to stay because ``failed`` is still there."""
    stays = set(failed.needs)
    blocked: list[str] = []
    while True:
        keys = [key for key, old in waiting.items() if old.urn in stays]
        if not keys:
            return blocked
        for key in keys:
            old = waiting.pop(key)
            stays |= old.needs
            blocked.append(old.urn)


def _delete(old: ResourceState, state: StateFile, provider: Provider, tally: Tally, with_other: bool = False) -> bool:
    """Delete one, or only forget it where there is nothing to delete; whether it is gone."""
    start = time.monotonic()
    doomed = f"{old.urn}#{old.id}" in state.content.doomed
    gone: dict[str, Any] = {"spare": old} if doomed else {"drop": old.urn}
    kept = old.retain_on_delete or old.external
    if kept or with_other or not old.custom or old.type.startswith(PROVIDER_PREFIX):
        state.finish(**gone, durable=kept)
        if kept and not old.external:
            tally.tell(Event("log", old.urn, "delete", detail=f"kept in the cloud (retainOnDelete): {old.id}"))
        return True
    tally.tell(Event("started", old.urn, "delete"))
    key = state.begin("delete", old)
    try:
        provider.delete(old.type, State(old.id, wire.without_secrets(old.outputs)), wire.without_secrets(old.inputs))
    except Exception as error:  # noqa: BLE001 - reported; the others' deletion goes on
        state.finish(key)
        tally.fail(old.urn, "delete", error, time.monotonic() - start)
        return False
    state.finish(key, **gone)
    tally.tell(Event("succeeded", old.urn, "delete", time.monotonic() - start))
    return True


# -- what an interrupted run left


def _recover(state: StateFile, provider: Provider, tally: Tally) -> None:
    for found in recovery.recover(state, provider):
        if found.settled:
            tally.tell(Event("log", found.urn, "recover", detail=found.detail))
            continue
        tally.errors.append(DeploymentError(found.detail, found.urn, "recover"))
        tally.tell(Event("failed", found.urn, "recover", detail=found.detail))
