"""Runs a program without making anything, and gives the graph of what it wants."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

from watchkeeper.pulumi.engine import assets, monitor, wire
from watchkeeper.pulumi.engine.host import Program
from watchkeeper.pulumi.engine.monitor import Answer, Registration
from watchkeeper.pulumi.engine.offline import OfflineProvider
from watchkeeper.pulumi.engine.program import ENCRYPTED, MissingValue, ProgramError, Project
from watchkeeper.pulumi.engine.provider import Inputs, Provider, ProviderError, State
from watchkeeper.pulumi.engine.runner import NOT_SET
from watchkeeper.pulumi.graph import UNKNOWN, Graph, Reference, Resource, Secret, Unknown

TIMEOUT: Final = 120.0
"""Seconds that a program may take."""
PROVIDER_PREFIX: Final = "pulumi:providers:"
PURE: Final = frozenset({"aws:iam/getPolicyDocument:getPolicyDocument"})
"""Look-ups that only rewrite their arguments: what they ask about need not exist yet."""
Known = Callable[[Registration], State | None]
Foresee = Callable[[str, str, Inputs], Mapping[str, Any]]
"""Of a type, a name and inputs: the outputs that follow from them, beside those that the provider knows."""


@dataclass(frozen=True)
class Preview:
    """What a program wants; with ``error``, what it had registered until it stopped."""

    graph: Graph
    error: ProgramError | None
    seconds: float
    log: tuple[str, ...]
    registrations: Mapping[str, Registration]
    """By URN, with what the graph leaves out: aliases, delete-before-replace and the like."""
    missing: tuple[MissingValue, ...] = ()
    """Required configuration values without which the program went on."""


def preview(
    project: Project,
    provider: Provider | None = None,
    *,
    timeout: float = TIMEOUT,
    foresee: Foresee | None = None,
    meanwhile: Callable[[], object] | None = None,
    go_on_without_config: bool = False,
) -> Preview:
    """Run the program in preview. Nothing is made, nothing outside is asked.

    Without a provider an offline one answers look-ups with plausible values (:mod:`watchkeeper.pulumi.engine.offline`),
    and ``graph.guessed`` has a sentence for each. A program that stops, hangs or prints is no exception here: see
    ``error`` and ``log``. ``meanwhile`` is called, in a thread, while the program runs in its own process. With
    ``go_on_without_config`` a required configuration value that is missing does not stop it: see ``missing``.

    Raises
    ------
    ProjectError
        The language's own tools are missing.
    """
    return preview_with(
        project,
        provider,
        lambda _: None,
        timeout=timeout,
        foresee=foresee,
        meanwhile=meanwhile,
        go_on_without_config=go_on_without_config,
    )


def preview_with(
    project: Project,
    provider: Provider | None,
    known: Known,
    *,
    timeout: float = TIMEOUT,
    foresee: Foresee | None = None,
    meanwhile: Callable[[], object] | None = None,
    go_on_without_config: bool = False,
) -> Preview:
    """The same; ``known`` says what a registered resource has as id and outputs already, if it exists."""
    start = time.monotonic()
    offline = OfflineProvider(project.region) if provider is None else None
    session = PreviewSession(project, provider or offline, known, foresee)  # type: ignore[arg-type]
    running = Program(project, dry_run=True, go_on_without_config=go_on_without_config)
    with running as program, monitor.serve(project, session, dry_run=True) as address:
        if meanwhile is not None:
            threading.Thread(target=meanwhile, daemon=True).start()
        ending = program.run(address, timeout, lambda: session.errors)
    guessed = (*_encrypted(project), *(offline.guessed if offline is not None else ()))
    graph = session.graph(guessed, offline.unread if offline is not None else ())
    log = (*session.messages, *ending.log)
    return Preview(graph, ending.error, time.monotonic() - start, log, session.registrations, ending.missing)


def _encrypted(project: Project) -> tuple[str, ...]:
    return tuple(f"configuration {key} is encrypted; the program saw {ENCRYPTED!r}" for key in project.encrypted_keys)


class PreviewSession:
    """Answers a program with what is known before anything exists, and remembers what it registered."""

    def __init__(self, project: Project, provider: Provider, known: Known, foresee: Foresee | None = None) -> None:
        self.messages: list[str] = []
        self.errors: list[str] = []
        self.registrations: dict[str, Registration] = {}
        self._project = project
        self._provider = provider
        self._known = known
        self._foresee = foresee or (lambda *_: {})
        self._lock = threading.Lock()
        self._resources: dict[str, Resource] = {}
        self._stack_outputs: Mapping[str, Any] = {}
        self._unread: list[str] = []

    def register(self, registration: Registration) -> Answer:
        """Keep it; answer with what can be known."""
        registration = replace(
            registration, inputs=assets.resolve(registration.inputs, self._project.working_directory)
        )
        if registration.remote:
            what = f"{registration.type} {registration.name!r}"
            with self._lock:
                self._unread.append(f"what the component {what} makes was not looked at: another program makes it")
        answer = self._answer(registration)
        self._keep(registration, answer)
        return answer

    def read(self, registration: Registration, id_: Any) -> Answer:
        """A resource from elsewhere: what the provider says of it, else its id and what the program gave."""
        known = "" if isinstance(id_, Unknown) else str(id_)
        outputs = self._read(registration, known)
        answer = Answer(known, outputs)
        self._keep(registration, answer, external=True)
        return answer

    def register_outputs(self, urn: str, outputs: Mapping[str, Any]) -> None:
        """Keep a component's outputs, or the stack's."""
        with self._lock:
            resource = self._resources.get(urn)
            if resource is None:
                return
            self._resources[urn] = replace(resource, outputs=outputs, outputs_registered=True)
            if resource.type == monitor.STACK_TYPE:
                self._stack_outputs = outputs

    def invoke(self, token: str, arguments: Mapping[str, Any], depends_on: tuple[str, ...]) -> Mapping[str, Any] | None:
        """The provider's answer; unknown when it depends on something that doesn't exist yet, or nobody knows."""
        with self._lock:
            pending = any(
                urn in self._resources and self._resources[urn].custom and not self._resources[urn].id
                for urn in depends_on
            )
        if pending and token not in PURE:
            return None
        try:
            return self._provider.invoke(token, arguments)
        except ProviderError as error:
            with self._lock:
                self._unread.append(f"look-up {token} left unknown: {error}")
            return None

    def exists(self, resource_type: str, id_: str, inputs: Mapping[str, Any]) -> bool:
        """Whether the provider knows it."""
        try:
            return self._provider.read(resource_type, id_, inputs) is not None
        except ProviderError:
            return False

    def log(self, severity: str, message: str, urn: str) -> None:  # noqa: ARG002 - the protocol's
        """Keep what the program says."""
        with self._lock:
            self.messages.append(f"{severity}: {message}")
            if severity == "error":
                self.errors.append(message)
            if message.startswith(NOT_SET):
                self._unread.append(message)

    def graph(self, guessed: tuple[str, ...], unread: tuple[str, ...]) -> Graph:
        """Everything registered until now."""
        with self._lock:
            resources = dict(self._resources)
            return Graph(
                resources=resources,
                project=self._project.name,
                stack=self._project.stack,
                source=f"Pulumi program {self._project.name} ({self._project.runtime})",
                region=self._region(resources),
                unread=(*unread, *self._unread),
                guessed=guessed,
                stack_outputs=self._stack_outputs,
                program=True,
            )

    def _region(self, resources: Mapping[str, Resource]) -> str | None:
        if self._project.region:
            return self._project.region
        explicit = {
            resource.inputs.get("region") for resource in resources.values() if resource.type == f"{PROVIDER_PREFIX}aws"
        }
        only = next(iter(explicit)) if len(explicit) == 1 else None
        return only if isinstance(only, str) else None

    def _answer(self, registration: Registration) -> Answer:
        existing = self._known(registration)
        if not registration.custom:
            return Answer()
        if registration.type.startswith(PROVIDER_PREFIX):
            return Answer(provider_id(registration.urn), registration.inputs)
        if registration.import_id:
            return Answer(registration.import_id, self._read(registration, registration.import_id))
        if existing is not None:
            return Answer(existing.id, secret_again(registration, existing.outputs))
        plain = wire.map_values(wire.without_secrets(registration.inputs), _unknown)
        asked = (registration.type, registration.name, plain)
        known = {**self._provider.preview_outputs(*asked), **self._foresee(*asked)}
        return Answer("", secret_again(registration, known))

    def _read(self, registration: Registration, id_: str) -> Mapping[str, Any]:
        if not id_:
            return registration.inputs
        try:
            state = self._provider.read(registration.type, id_, wire.without_secrets(registration.inputs))
        except ProviderError as error:
            with self._lock:
                self._unread.append(f"{registration.type} {id_!r} could not be read: {error}")
            return registration.inputs
        if state is None:
            with self._lock:
                self._unread.append(f"{registration.type} {id_!r} was not found")
            return registration.inputs
        return secret_again(registration, state.outputs)

    def _keep(self, registration: Registration, answer: Answer, *, external: bool = False) -> None:
        resource = replace(to_resource(registration, answer), external=external)
        with self._lock:
            self._resources[registration.urn] = resource
            self.registrations[registration.urn] = registration


def provider_id(urn: str) -> str:
    """A provider resource's id: fixed, so that nothing changes from one run to the next."""
    return str(uuid5(NAMESPACE_URL, urn))


def secret_again(registration: Registration, outputs: Mapping[str, Any]) -> dict[str, Any]:
    """The outputs, those marked secret that the program gave as secret inputs or asked to have so."""
    secret = {key for key, value in registration.inputs.items() if wire.has_secret(value)} | set(
        registration.secret_outputs
    )
    return {
        key: Secret(value) if key in secret and not isinstance(value, Secret) else value
        for key, value in outputs.items()
    }


def to_resource(registration: Registration, answer: Answer) -> Resource:
    """The graph's view of it."""
    return Resource(
        urn=registration.urn,
        type=registration.type,
        name=registration.name,
        inputs=registration.inputs,
        outputs=answer.outputs,
        custom=registration.custom,
        parent=registration.parent,
        dependencies=registration.dependencies,
        property_dependencies=registration.property_dependencies,
        provider=registration.provider,
        protect=registration.protect,
        retain_on_delete=registration.retain_on_delete,
        ignore_changes=registration.ignore_changes,
        position=registration.position,
        provider_version=registration.provider_version,
        id=answer.id,
        remote=registration.remote,
        outputs_registered=registration.remote,
    )


def _unknown(value: Any) -> Any:
    return UNKNOWN if isinstance(value, Reference) else value
