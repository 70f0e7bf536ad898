"""Pulumi's ResourceMonitor and Engine services, on loopback: turns requests into plain calls of a :class:`Session`.

Follows pulumi/pulumi ``proto/pulumi/resource.proto`` and ``engine.proto``. What is not supported is refused by name,
with what to do instead.
"""

# The methods have the names and the shape of the remote calls:
# ruff: noqa: N802, ARG002

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Protocol
from urllib.parse import unquote, urlparse

from watchkeeper.model import SourcePosition
from watchkeeper.pulumi.engine import wire
from watchkeeper.pulumi.engine.program import Project
from watchkeeper.pulumi.graph import Secret, Unknown

STACK_TYPE: Final = "pulumi:pulumi:Stack"
MESSAGE_LIMIT: Final = 400 * 1024 * 1024
"""Bytes; the Python and Node SDKs set the same for their side (``_grpc_settings.py``)."""
FEATURES: Final = (
    "SECRETS",
    "RESOURCE_REFERENCES",
    "OUTPUT_VALUES",
    "ALIAS_SPECS",
    "REPLACEMENT_TRIGGER",
    "DELETED_WITH",
    "REPLACE_WITH",
    "TRANSFORMS",
    "INVOKE_TRANSFORMS",
    "PARAMETERIZATION",
    "RESOURCE_HOOKS",
    "ERROR_HOOKS",
    "INVOKE_DEPENDS_ON",
)
"""Names without ``RESOURCE_MONITOR_FEATURE_``. Transforms and hooks are among them so that the refusal is ours."""
LEGACY_FEATURES: Final = frozenset(
    {
        "secrets",
        "resourceReferences",
        "outputValues",
        "aliasSpecs",
        "deletedWith",
        "replaceWith",
        "transforms",
        "invokeTransforms",
        "parameterization",
        "resourceHooks",
        "errorHooks",
        "invokeDependsOn",
    }
)
SEVERITIES: Final = ("debug", "info", "warning", "error")


class RefusalError(Exception):
    """What the program asks can't be done; the text goes back to the program as its exception."""


@dataclass(frozen=True)
class Registration:
    """One resource as a program registers or reads it; inputs are simplified values (see :mod:`.wire`)."""

    urn: str
    type: str
    name: str
    custom: bool = True
    inputs: Mapping[str, Any] = field(default_factory=dict)
    parent: str = ""
    dependencies: tuple[str, ...] = ()
    property_dependencies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    provider: str = ""
    protect: bool = False
    retain_on_delete: bool = False
    delete_before_replace: bool | None = None
    ignore_changes: tuple[str, ...] = ()
    replace_on_changes: tuple[str, ...] = ()
    replacement_trigger: Any = None
    replace_with: tuple[str, ...] = ()
    secret_outputs: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    deleted_with: str = ""
    import_id: str = ""
    position: SourcePosition | None = None
    provider_version: str = ""
    """That of the SDK which the program uses, when it says so."""
    remote: bool = False
    """For a component: whether another program makes what is in it (awsx, eks), in its own language."""


@dataclass(frozen=True)
class Answer:
    """What a program gets back; an empty id is unknown."""

    id: str = ""
    outputs: Mapping[str, Any] = field(default_factory=dict)
    failed: bool = False


class Session(Protocol):
    """Who decides what happens with what a program asks. Called from many threads at once."""

    def register(self, registration: Registration) -> Answer:
        """A resource is wanted."""

    def read(self, registration: Registration, id_: Any) -> Answer:
        """A resource that exists already is asked for; the id may be UNKNOWN."""

    def register_outputs(self, urn: str, outputs: Mapping[str, Any]) -> None:
        """A component (or the stack) is complete."""

    def invoke(self, token: str, arguments: Mapping[str, Any], depends_on: tuple[str, ...]) -> Mapping[str, Any] | None:
        """A look-up; None when the answer is unknown until the deployment."""

    def exists(self, resource_type: str, id_: str, inputs: Mapping[str, Any]) -> bool:
        """Whether such a resource exists in the cloud."""

    def log(self, severity: str, message: str, urn: str) -> None:
        """The program says something."""


@contextmanager
def serve(project: Project, session: Session, *, dry_run: bool, parallel: int = 16) -> Iterator[str]:
    """The address of servers that pass everything to ``session``; they end with the block."""
    import grpc
    from pulumi.runtime.proto import engine_pb2_grpc, resource_pb2_grpc

    options = [("grpc.max_receive_message_length", MESSAGE_LIMIT), ("grpc.max_send_message_length", MESSAGE_LIMIT)]
    # Each registration holds a thread until its resource exists; the SDK sends as many as don't depend on each other.
    server = grpc.server(ThreadPoolExecutor(max_workers=max(64, 4 * parallel)), options=options)
    monitor = _Monitor(project, session, dry_run, parallel)
    resource_pb2_grpc.add_ResourceMonitorServicer_to_server(
        _servicer(resource_pb2_grpc.ResourceMonitorServicer, monitor), server
    )
    engine_pb2_grpc.add_EngineServicer_to_server(_servicer(engine_pb2_grpc.EngineServicer, monitor), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.stop(grace=None).wait()


def urn_of(project: Project, parent: str, resource_type: str, name: str) -> str:
    """``urn:pulumi:STACK::PROJECT::PARENTTYPE$TYPE::NAME``."""
    return _urn(project.stack, project.name, parent, resource_type, name)


def urn_type(urn: str) -> str:
    """The type with its parents' types before it, ``$`` between."""
    return urn.split("::", 3)[2] if urn.count("::") >= 3 else ""


def urn_name(urn: str) -> str:
    """The name at the end; it may hold ``::`` itself."""
    return urn.split("::", 3)[3] if urn.count("::") >= 3 else urn


def _urn(stack: str, project: str, parent: str, resource_type: str, name: str) -> str:
    above = urn_type(parent) if parent else ""
    qualified = f"{above}${resource_type}" if above and above != STACK_TYPE else resource_type
    return f"urn:pulumi:{stack}::{project}::{qualified}::{name}"


def _servicer(base: type, monitor: _Monitor) -> Any:
    """An instance of the generated class whose methods are the monitor's; a missing one answers by its name."""
    names = [name for name in vars(base) if name[0].isupper()]
    methods = {name: _handler(name, getattr(monitor, name, None)) for name in names}
    return type(f"Our{base.__name__}", (base,), methods)()


def _handler(name: str, method: Callable[[Any], Any] | None) -> Callable[[Any, Any, Any], Any]:
    import grpc

    def handle(_: Any, request: Any, context: Any) -> Any:
        if method is None:
            context.abort(
                grpc.StatusCode.UNIMPLEMENTED,
                f"the embedded engine does not support {name}; deploy with the Pulumi CLI",
            )
        try:
            return method(request)  # type: ignore[misc]
        except (RefusalError, wire.WireError) as refusal:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(refusal))

    return handle


class _Monitor:
    """The answers, one method for each remote call."""

    def __init__(self, project: Project, session: Session, dry_run: bool, parallel: int) -> None:
        from google.protobuf import empty_pb2
        from pulumi.runtime.proto import engine_pb2, provider_pb2, resource_pb2

        self._messages, self._engine_messages, self._provider_messages = resource_pb2, engine_pb2, provider_pb2
        self._empty = empty_pb2.Empty
        self._project = project
        self._session = session
        self._dry_run = dry_run
        self._parallel = parallel
        self._lock = threading.Lock()
        self._urns: dict[str, SourcePosition | None] = {}
        self._aliases: dict[str, tuple[str, ...]] = {}
        self._root = ""

    # -- what the engine can do

    def GetDeploymentInfo(self, request: Any) -> Any:
        features = [getattr(self._messages, f"RESOURCE_MONITOR_FEATURE_{name}", None) for name in FEATURES]
        return self._messages.DeploymentInfo(
            project=self._project.name,
            stack=self._project.stack,
            organization=self._project.organization,
            config=dict(self._project.config),
            configSecretKeys=list(self._project.secret_keys),
            dryRun=self._dry_run,
            parallel=self._parallel,
            supportedFeatures=[feature for feature in features if feature is not None],
        )

    def SupportsFeature(self, request: Any) -> Any:
        return self._messages.SupportsFeatureResponse(hasSupport=request.id in LEGACY_FEATURES)

    def RequirePulumiVersion(self, request: Any) -> Any:
        return self._engine_messages.RequirePulumiVersionResponse()

    def RegisterPackage(self, request: Any) -> Any:
        return self._messages.RegisterPackageResponse(ref=f"{request.name}@{request.version}")

    def SignalAndWaitForShutdown(self, request: Any) -> Any:
        return self._empty()

    def RegisterStackTransform(self, request: Any) -> Any:
        raise RefusalError(_cannot("resource transforms"))

    def RegisterStackInvokeTransform(self, request: Any) -> Any:
        raise RefusalError(_cannot("invoke transforms"))

    def RegisterResourceHook(self, request: Any) -> Any:
        raise RefusalError(_cannot(f"resource hooks ({request.name})"))

    def RegisterErrorHook(self, request: Any) -> Any:
        raise RefusalError(_cannot(f"error hooks ({request.name})"))

    def Call(self, request: Any) -> Any:
        raise RefusalError(_cannot(f"methods of resources ({request.tok})"))

    # -- the engine service

    def Log(self, request: Any) -> Any:
        if not request.ephemeral and request.severity > 0:
            self._session.log(SEVERITIES[min(request.severity, 3)], request.message, request.urn)
        return self._empty()

    def GetRootResource(self, request: Any) -> Any:
        return self._engine_messages.GetRootResourceResponse(urn=self._root)

    def SetRootResource(self, request: Any) -> Any:
        self._root = request.urn
        return self._engine_messages.SetRootResourceResponse()

    def StartDebugging(self, request: Any) -> Any:
        return self._empty()

    # -- resources

    def RegisterResource(self, request: Any) -> Any:
        if request.remote and not self._dry_run:
            raise RefusalError(_cannot(f"components from other languages ({request.type} {request.name!r})"))
        for present, what in (
            (request.transforms, "resource transforms"),
            (request.state_migrations, "state migrations"),
            (any(names for _, names in request.hooks.ListFields()), "resource hooks"),
        ):
            if present:
                raise RefusalError(_cannot(f"{what} ({request.type} {request.name!r})"))
        registration = self._registration(request)
        answer = self._session.register(registration)
        if answer.failed and not request.supportsResultReporting:
            raise RefusalError(f"{registration.type} {registration.name!r} could not be made")
        return self._messages.RegisterResourceResponse(
            urn=registration.urn,
            id=answer.id,
            object=wire.encode(answer.outputs),
            result=self._messages.FAIL if answer.failed else self._messages.SUCCESS,
        )

    def ReadResource(self, request: Any) -> Any:
        registration = self._known(self._reading(request))
        id_ = wire.from_plain(request.id)
        answer = self._session.read(registration, id_)
        return self._messages.ReadResourceResponse(
            urn=registration.urn,
            properties=wire.encode(answer.outputs),
            result=self._messages.FAIL if answer.failed else self._messages.SUCCESS,
            unknown=isinstance(id_, Unknown),
            id=answer.id,
        )

    def ExistsResource(self, request: Any) -> Any:
        inputs = wire.without_secrets(wire.simplify(wire.decode(request.properties)))
        if wire.has_unknown([wire.from_plain(request.id), inputs]):
            return self._messages.ExistsResourceResponse(exists=False, unknown=True)
        return self._messages.ExistsResourceResponse(exists=self._session.exists(request.type, request.id, inputs))

    def RegisterResourceOutputs(self, request: Any) -> Any:
        self._session.register_outputs(request.urn, wire.simplify(wire.decode(request.outputs)))
        return self._empty()

    def Invoke(self, request: Any) -> Any:
        raw = wire.decode(request.args)
        depends = tuple(dict.fromkeys((*request.dependsOn, *wire.dependencies(raw))))
        arguments = wire.simplify(raw)
        secret = wire.has_secret(arguments)
        result = (
            None
            if wire.has_unknown(arguments)
            else self._session.invoke(request.tok, wire.without_secrets(arguments), depends)
        )
        if result is None:
            return self._messages.ResourceInvokeResponse(unknown=True)
        values = {key: Secret(value) for key, value in result.items()} if secret else result
        return self._messages.ResourceInvokeResponse(**{"return": wire.encode(values)})

    # -- requests into registrations

    def _registration(self, request: Any) -> Registration:
        raw = wire.decode(request.object)
        inputs = wire.simplify(raw)
        by_property = {key: tuple(sorted(value.urns)) for key, value in request.propertyDependencies.items()}
        inside = {key: wire.dependencies(value) for key, value in raw.items()}
        merged = {
            key: tuple(dict.fromkeys((*by_property.get(key, ()), *inside.get(key, ())))) for key in by_property | inside
        }
        everything = (*request.dependencies, *(urn for urns in merged.values() for urn in urns))
        urn = urn_of(self._project, request.parent, request.type, request.name)
        known = self._known(
            Registration(
                urn=urn,
                type=request.type,
                name=request.name,
                custom=request.custom,
                inputs=inputs,
                parent=request.parent,
                dependencies=tuple(sorted(set(everything) - {urn})),
                property_dependencies={key: urns for key, urns in merged.items() if urns},
                provider=request.provider,
                protect=request.protect,
                retain_on_delete=request.retainOnDelete,
                delete_before_replace=request.deleteBeforeReplace if request.deleteBeforeReplaceDefined else None,
                ignore_changes=tuple(request.ignoreChanges),
                replace_on_changes=tuple(request.replaceOnChanges),
                replacement_trigger=wire.decode_value(request.replacement_trigger)
                if request.HasField("replacement_trigger")
                else None,
                replace_with=tuple(request.replace_with),
                secret_outputs=tuple(request.additionalSecretOutputs),
                deleted_with=request.deletedWith,
                import_id=request.importId,
                position=_position(request),
                provider_version=request.version,
                remote=request.remote,
            )
        )
        aliases = self._alias_urns(request)
        with self._lock:
            self._aliases[urn] = aliases
        return replace(known, aliases=aliases)

    def _reading(self, request: Any) -> Registration:
        return Registration(
            urn=urn_of(self._project, request.parent, request.type, request.name),
            type=request.type,
            name=request.name,
            inputs=wire.simplify(wire.decode(request.properties)),
            parent=request.parent,
            dependencies=tuple(sorted(request.dependencies)),
            provider=request.provider,
            secret_outputs=tuple(request.additionalSecretOutputs),
            position=_position(request),
        )

    def _known(self, registration: Registration) -> Registration:
        """The same, its URN now taken. Refuses one that was taken before, as Pulumi does."""
        with self._lock:
            if registration.urn in self._urns:
                first = self._urns[registration.urn]
                where = f" The first one is at {first.file}:{first.line}." if first is not None else ""
                raise RefusalError(
                    f"Duplicate resource URN {registration.urn!r}: two resources of type {registration.type} are named "
                    f"{registration.name!r}; give each its own name.{where}"
                )
            self._urns[registration.urn] = registration.position
        return registration

    def _alias_urns(self, request: Any) -> tuple[str, ...]:
        own = [self._alias_urn(request, alias) for alias in request.aliases]
        urns = [*request.aliasURNs, *own, *self._inherited(request)]
        return tuple(dict.fromkeys(urn for urn in urns if urn))

    def _alias_urn(self, request: Any, alias: Any) -> str:
        if alias.WhichOneof("alias") == "urn":
            return str(alias.urn)
        spec = alias.spec
        parent = "" if spec.noParent else (spec.parentUrn or request.parent)
        stack, project = spec.stack or self._project.stack, spec.project or self._project.name
        return _urn(stack, project, parent, spec.type or request.type, spec.name or request.name)

    def _inherited(self, request: Any) -> Iterator[str]:
        """A child follows its parent's aliases; its name too, when it starts with the parent's."""
        with self._lock:
            above = self._aliases.get(request.parent, ())
        parent_name = urn_name(request.parent)
        for alias in above:
            name = request.name
            if parent_name and name.startswith(parent_name):
                name = urn_name(alias) + name[len(parent_name) :]
            yield _urn(self._project.stack, self._project.name, alias, request.type, name)


def _cannot(what: str) -> str:
    return f"the embedded engine does not support {what}; deploy this program with the Pulumi CLI"


def _position(request: Any) -> SourcePosition | None:
    """Where the user wrote it: the innermost frame that is not in an installed package, else what the SDK says."""
    if request.type == STACK_TYPE:
        return None
    frames = [frame.pc for frame in request.stackTrace.frames if frame.pc.uri]
    own = next((frame for frame in frames if not _installed(frame.uri)), None)
    source = own or (request.sourcePosition if request.sourcePosition.uri else None)
    if source is None:
        return None
    return SourcePosition(_path(source.uri), source.line, source.column)


@functools.lru_cache(maxsize=1024)
def _installed(uri: str) -> bool:
    parts = Path(_path(uri)).parts
    return "site-packages" in parts or "node_modules" in parts or uri.startswith("node:")


@functools.lru_cache(maxsize=1024)
def _path(uri: str) -> str:
    parsed = urlparse(uri)
    return unquote(parsed.path) if parsed.scheme in ("file", "project") else uri
