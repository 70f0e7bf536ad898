# ruff: noqa: ARG002, N802 (the protocol decides names and arguments)
"""Our AWS provider as a plugin of the Pulumi CLI: ``pulumi-resource-aws`` for an endpoint other than AWS.

A plugin is a gRPC server that prints its port
(https://www.pulumi.com/docs/iac/guides/building-extending/providers/implementers/). The CLI does names, secrets, state
and order; this translates between Pulumi's protocol and :class:`watchkeeper.pulumi.provider.AwsProvider`.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import boto3
import grpc
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from watchkeeper.pulumi.engine import assets, wire
from watchkeeper.pulumi.engine.provider import Change, ProviderError, State
from watchkeeper.pulumi.graph import Archive, Asset
from watchkeeper.pulumi.provider import AwsProvider
from watchkeeper.pulumi.provider.registry import handlers
from watchkeeper.pulumi.provider.values import same

THREADS = 32
PARENT_SECONDS = 1.0
"""How often a plugin looks whether the CLI that started it is still there."""
DEFAULTS = "__defaults"
CONTENT = "__content"
SHIPPED = "__shipped"
"""Our output that remembers the CLI's hash of each asset beside ours of what AWS got of it. To Diff and Read the CLI
sends the hash alone, and only this tells whether somebody changed the code by hand."""
NOT_DONE = ("assumeRoleWithWebIdentity", "assumeRoles", "customCaBundle", "ignoreTags")
"""Settings of pulumi-aws that would change what happens, and that this provider would have to ignore."""
DIFFERENCE = {
    "add": provider_pb2.PropertyDiff.ADD,
    "delete": provider_pb2.PropertyDiff.DELETE,
    "update": provider_pb2.PropertyDiff.UPDATE,
}
REPLACING = {
    "add": provider_pb2.PropertyDiff.ADD_REPLACE,
    "delete": provider_pb2.PropertyDiff.DELETE_REPLACE,
    "update": provider_pb2.PropertyDiff.UPDATE_REPLACE,
}

_Result = TypeVar("_Result")


class SettingsError(ValueError):
    """The provider can't work with these settings; a sentence."""


def connect(settings: Mapping[str, Any], environment: Mapping[str, str]) -> AwsProvider:
    """The provider that these settings of ``aws:`` and this environment describe. Raises SettingsError.

    The endpoint is ``AWS_ENDPOINT_URL``'s: without it this would be a provider for AWS itself, which it is not.
    """
    endpoint = environment.get("AWS_ENDPOINT_URL")
    if not endpoint:
        raise SettingsError(
            "this is Watchkeeper's AWS provider, for the embedded AWS, and AWS_ENDPOINT_URL is not set: run "
            '`eval "$(watchkeeper local env)"`. For AWS itself take pulumi-resource-aws of Watchkeeper off the PATH'
        )
    region = settings.get("region") or environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION")
    if not isinstance(region, str):
        raise SettingsError("no region is set: `pulumi config set aws:region eu-west-1`")
    key = str(settings.get("accessKey") or environment.get("AWS_ACCESS_KEY_ID") or "")
    secret = str(settings.get("secretKey") or environment.get("AWS_SECRET_ACCESS_KEY") or "")
    if not key or not secret:
        raise SettingsError("there are no credentials: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set")
    tags = _object(settings.get("defaultTags")).get("tags") or {}
    return AwsProvider(endpoint, region, key, secret, _account(endpoint, region, key, secret), tags)


def _account(endpoint: str, region: str, key: str, secret: str) -> str:
    sts = boto3.client(
        "sts",
        endpoint_url=endpoint,
        region_name=region,
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        config=Config(connect_timeout=5, retries={"total_max_attempts": 2}),
    )
    try:
        return str(sts.get_caller_identity()["Account"])
    except (ClientError, BotoCoreError) as error:
        raise SettingsError(f"{endpoint} does not answer as AWS does: {error}") from error


class Plugin(provider_pb2_grpc.ResourceProviderServicer):
    """Pulumi's ResourceProvider protocol over one AwsProvider, which Configure makes.

    ``directory`` is where relative paths of assets start: the program's folder.
    """

    def __init__(self, directory: Path, environment: Mapping[str, str]) -> None:
        self._directory = directory
        self._environment = environment
        self._provider: AwsProvider | None = None
        self._settings: dict[str, Any] = {}

    # -- what kind of plugin this is

    def Handshake(self, request: Any, context: grpc.ServicerContext) -> Any:
        return provider_pb2.ProviderHandshakeResponse(supports_autonaming_configuration=True)

    def Attach(self, request: Any, context: grpc.ServicerContext) -> Empty:
        return Empty()

    def GetPluginInfo(self, request: Any, context: grpc.ServicerContext) -> Any:
        return plugin_pb2.PluginInfo(version=version("pulumi-aws"))

    def GetMapping(self, request: Any, context: grpc.ServicerContext) -> Any:
        return provider_pb2.GetMappingResponse()

    def GetMappings(self, request: Any, context: grpc.ServicerContext) -> Any:
        return provider_pb2.GetMappingsResponse()

    def Cancel(self, request: Any, context: grpc.ServicerContext) -> Empty:
        return Empty()

    # -- the provider's own settings

    def CheckConfig(self, request: Any, context: grpc.ServicerContext) -> Any:
        given = _values(request.news)
        reason = "is not supported by the embedded AWS"
        failures = [
            provider_pb2.CheckFailure(property=name, reason=f"{name} {reason}") for name in NOT_DONE if given.get(name)
        ]
        return provider_pb2.CheckResponse(inputs=request.news, failures=failures)

    def DiffConfig(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Another region means other resources, as in pulumi-aws; anything else goes on with the same ones."""
        before, after = _values(request.old_inputs or request.olds), _values(request.news)
        changed = [name for name in sorted(before.keys() | after.keys()) if before.get(name) != after.get(name)]
        return provider_pb2.DiffResponse(
            changes=_some(changed), diffs=changed, replaces=[name for name in changed if name == "region"]
        )

    def Configure(self, request: Any, context: grpc.ServicerContext) -> Any:
        settings = {**{name.rpartition(":")[2]: value for name, value in request.variables.items()}}
        settings |= _values(request.args)
        if self._provider is not None and settings != self._settings:
            _abort(
                context,
                "one attached provider serves one set of settings; this program has several aws.Provider: let the "
                "CLI start pulumi-resource-aws from the PATH (`watchkeeper pulumi-provider --install FOLDER`)",
            )
        try:
            self._provider, self._settings = connect(settings, self._environment), settings
        except SettingsError as error:
            _abort(context, f"{error}.")
        return provider_pb2.ConfigureResponse(supportsPreview=True, supports_autonaming_configuration=True)

    # -- resources

    def Check(self, request: Any, context: grpc.ServicerContext) -> Any:
        type_, name = _type(request.urn), _name(request.urn)
        news, olds = self._inputs(request.news), _values(request.olds)
        news.pop(DEFAULTS, None)
        provider = self._ready(context)
        problems = _guarded(context, lambda: provider.check(type_, name, news))
        if problems:
            failures = [provider_pb2.CheckFailure(reason=problem) for problem in problems]
            return provider_pb2.CheckResponse(inputs=request.news, failures=failures)
        handler = handlers()[type_]
        naming = handler.auto_name
        if naming is not None and news.get(naming.property) is None:
            reason = _named(news, naming.property, olds, request)
            if reason:
                return provider_pb2.CheckResponse(
                    inputs=request.news, failures=[provider_pb2.CheckFailure(property=naming.property, reason=reason)]
                )
        completed = {**news, **provider.complete(type_, name, news, bytes(request.randomSeed))}
        if news.get(DEFAULTS):
            completed[DEFAULTS] = news[DEFAULTS]
        # Relative paths stay as the program wrote them: the state goes with the project to other machines.
        given = {**_values(request.news)}
        return provider_pb2.CheckResponse(inputs=wire.encode({**completed, **given}))

    def Diff(self, request: Any, context: grpc.ServicerContext) -> Any:
        olds, news = _values(request.olds), self._inputs(request.news)
        before = self._inputs(request.old_inputs) if request.HasField("old_inputs") else olds
        provider = self._ready(context)
        found = _guarded(context, lambda: provider.diff(_type(request.urn), State(request.id, olds), before, news))
        changed = (*found.properties, *(name for name in _shipped_drift(olds, news) if name not in found.properties))
        replacing = found.change is Change.REPLACE
        forced = _forcing(_type(request.urn), found.properties) if replacing else ()
        details = {name: _difference(name, before, news, replacing=name in forced) for name in changed}
        return provider_pb2.DiffResponse(
            changes=_some(changed),
            diffs=changed,
            replaces=forced,
            deleteBeforeReplace=found.delete_before_replace,
            detailedDiff=details,
            hasDetailedDiff=True,
        )

    def Create(self, request: Any, context: grpc.ServicerContext) -> Any:
        type_, name, inputs = _type(request.urn), _name(request.urn), self._inputs(request.properties)
        provider = self._ready(context)
        if request.preview:
            outputs = _guarded(context, lambda: provider.preview_outputs(type_, name, _without_defaults(inputs)))
            return provider_pb2.CreateResponse(properties=wire.encode({**outputs, **_named_so_far(inputs)}))
        state = _guarded(context, lambda: provider.create(type_, name, inputs))
        outputs = _with_shipped(state.outputs, _values(request.properties))
        return provider_pb2.CreateResponse(id=state.id, properties=wire.encode(outputs))

    def Read(self, request: Any, context: grpc.ServicerContext) -> Any:
        type_, inputs, before = _type(request.urn), self._inputs(request.inputs), _values(request.properties)
        provider = self._ready(context)
        state = _guarded(context, lambda: provider.read(type_, request.id, inputs))
        if state is None:
            return provider_pb2.ReadResponse()
        outputs = dict(state.outputs)
        if before.get(CONTENT):
            outputs[CONTENT] = {**before[CONTENT], **outputs.get(CONTENT, {})}
        if before.get(SHIPPED):
            outputs[SHIPPED] = before[SHIPPED]
        found = request.inputs if inputs else wire.encode(_as_inputs(type_, outputs))
        return provider_pb2.ReadResponse(id=state.id, properties=wire.encode(outputs), inputs=found)

    def Update(self, request: Any, context: grpc.ServicerContext) -> Any:
        olds, news = _values(request.olds), self._inputs(request.news)
        if request.preview:
            return provider_pb2.UpdateResponse(properties=wire.encode({**olds, **_without_defaults(news)}))
        before, provider = self._inputs(request.old_inputs), self._ready(context)
        state = _guarded(context, lambda: provider.update(_type(request.urn), State(request.id, olds), before, news))
        return provider_pb2.UpdateResponse(properties=wire.encode(_with_shipped(state.outputs, _values(request.news))))

    def Delete(self, request: Any, context: grpc.ServicerContext) -> Empty:
        state, inputs = State(request.id, _values(request.properties)), _values(request.old_inputs)
        provider = self._ready(context)
        _guarded(context, lambda: provider.delete(_type(request.urn), state, inputs))
        return Empty()

    def Invoke(self, request: Any, context: grpc.ServicerContext) -> Any:
        provider = self._ready(context)
        found = _guarded(context, lambda: provider.invoke(request.tok, _values(request.args)))
        return provider_pb2.InvokeResponse(**{"return": wire.encode(found)})

    # -- helpers

    def _ready(self, context: grpc.ServicerContext) -> AwsProvider:
        if self._provider is None:
            _abort(context, "the provider has no settings yet.")
        return self._provider

    def _inputs(self, struct: Any) -> dict[str, Any]:
        return assets.resolve(_values(struct), self._directory)


def _values(struct: Any) -> dict[str, Any]:
    """A message's values as the provider takes them."""
    found: dict[str, Any] = wire.without_secrets(wire.simplify(wire.decode(struct)))
    return found


def _without_defaults(inputs: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in inputs.items() if key != DEFAULTS}


def _named_so_far(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The names that Check made: a preview shows the ones that the deployment takes."""
    return {name: inputs[name] for name in inputs.get(DEFAULTS) or () if name in inputs}


def _named(news: dict[str, Any], property_: str, olds: Mapping[str, Any], request: Any) -> str:
    """Fill in a name that was made up before, or that the stack's autonaming asks for; gives why it can't."""
    if property_ in (olds.get(DEFAULTS) or ()) and olds.get(property_) is not None:
        news[property_] = olds[property_]
        news[DEFAULTS] = [property_]
        return ""
    if not request.HasField("autonaming"):
        return ""
    asked = request.autonaming
    if asked.mode == provider_pb2.CheckRequest.AutonamingOptions.DISABLE:
        return f"{property_} has to be given: pulumi:autonaming is off for this resource"
    news[property_] = asked.proposed_name
    news[DEFAULTS] = [property_]
    return ""


def _with_shipped(outputs: Mapping[str, Any], written: Mapping[str, Any]) -> dict[str, Any]:
    """Outputs with what was shipped noted; assets as the program wrote them, not at their absolute paths."""
    assets_ = {key: value for key, value in written.items() if isinstance(value, Archive | Asset) and key in outputs}
    content = outputs.get(CONTENT) or {}
    noted = {key: {"hash": value.hash, "sha256": content.get(key)} for key, value in assets_.items() if value.hash}
    return {**outputs, **assets_, **({SHIPPED: noted} if noted else {})}


def _shipped_drift(olds: Mapping[str, Any], news: Mapping[str, Any]) -> list[str]:
    """The assets of which AWS has something else than what was shipped, though the program ships the same."""
    content = olds.get(CONTENT) or {}
    return [
        key
        for key, noted in (olds.get(SHIPPED) or {}).items()
        if getattr(news.get(key), "hash", None) == noted["hash"] and content.get(key) != noted["sha256"]
    ]


def _as_inputs(type_: str, outputs: Mapping[str, Any]) -> dict[str, Any]:
    """For an import: the properties that a program would write so that nothing changes."""
    handler = handlers()[type_]
    left_out = {"tagsAll", "region", "id"}
    if handler.auto_name is not None:
        left_out.add(handler.auto_name.prefix_property)
    return {
        key: value
        for key, value in outputs.items()
        if key in handler.schema.inputs
        and key not in left_out
        and value not in (None, "", [], {})
        and not same(handler.defaults.get(key), value)
    }


def _forcing(type_: str, properties: tuple[str, ...]) -> tuple[str, ...]:
    """Which of the changed properties call for the replacement."""
    handler = handlers()[type_]
    names = {*handler.replace, "region"}
    if handler.auto_name is not None:
        names |= {handler.auto_name.property, handler.auto_name.prefix_property}
    return tuple(name for name in properties if name in names) or properties


def _difference(name: str, before: Mapping[str, Any], after: Mapping[str, Any], *, replacing: bool) -> Any:
    kind = "add" if before.get(name) is None else "delete" if after.get(name) is None else "update"
    # A drift is seen between what is there and what is wanted: the inputs are the same as before.
    asked = not same(before.get(name), after.get(name))
    return provider_pb2.PropertyDiff(kind=(REPLACING if replacing else DIFFERENCE)[kind], inputDiff=asked)


def _some(changed: object) -> Any:
    return provider_pb2.DiffResponse.DIFF_SOME if changed else provider_pb2.DiffResponse.DIFF_NONE


def _guarded(context: grpc.ServicerContext, work: Callable[[], _Result]) -> _Result:
    """Run it; a refusal becomes the sentence that the CLI shows beside the resource."""
    try:
        return work()
    except ProviderError as error:
        _abort(context, ": ".join(part for part in (error.operation, error.code, str(error)) if part))


def _abort(context: grpc.ServicerContext, message: str) -> NoReturn:
    context.abort(grpc.StatusCode.UNKNOWN, message)
    raise AssertionError  # abort raises; its stub does not say so


def _type(urn: str) -> str:
    return urn.split("::", 3)[2].rpartition("$")[2]


def _name(urn: str) -> str:
    return urn.split("::", 3)[3]


def _object(value: Any) -> Mapping[str, Any]:
    """A nested setting, which arrives as an object or as JSON text."""
    if isinstance(value, str) and re.match(r"\s*\{", value):
        value = json.loads(value)
    return value if isinstance(value, Mapping) else {}


# -- the process


def start(plugin: Plugin) -> tuple[grpc.Server, int]:
    """Serve on a free port of loopback."""
    unlimited = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
    server = grpc.server(ThreadPoolExecutor(THREADS), options=unlimited)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(plugin, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    return server, port


def serve(directory: Path, environment: Mapping[str, str], announce: Callable[[int], None], *, owned: bool) -> None:
    """Serve until it is told to end, by SIGINT as the CLI does; ``owned``: the CLI started it, so it ends with the CLI.

    The CLI starts a plugin in a process group of its own: Ctrl-C in a terminal does not reach it.
    """
    over = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: over.set())
    signal.signal(signal.SIGINT, lambda *_: over.set())
    parent = os.getppid()
    server, port = start(Plugin(directory, environment))
    announce(port)
    while not over.wait(PARENT_SECONDS) and not (owned and os.getppid() != parent):
        pass
    server.stop(grace=None)


EXECUTABLE = "pulumi-resource-aws"


def install(folder: Path, python: str) -> Path:
    """Write the executable that the Pulumi CLI starts where ``folder`` is on the PATH; gives its path."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / EXECUTABLE
    file.write_text(f'#!/bin/sh\nexec {shlex.quote(python)} -m watchkeeper pulumi-provider "$@"\n')
    file.chmod(0o755)
    return file


def document_of(*, port: int | None = None, executable: Path | None = None) -> dict[str, Any]:
    """Where it serves, or what was written, as JSON: ``schemas/pulumi-provider.schema.json``."""
    return {"port": port, "executable": None if executable is None else str(executable)}
