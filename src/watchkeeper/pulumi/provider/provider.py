# ruff: noqa: ARG002 (the protocol decides the arguments)
"""The framework: what is the same for every resource type."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeVar

from watchkeeper.clients import Clients
from watchkeeper.pulumi.engine.provider import Change, Diff, Inputs, ProviderError, State, UncertainError
from watchkeeper.pulumi.graph import UNKNOWN, Archive, Asset
from watchkeeper.pulumi.provider import archives, lookups
from watchkeeper.pulumi.provider.aws import Aws, clients
from watchkeeper.pulumi.provider.handler import Handler
from watchkeeper.pulumi.provider.registry import handlers
from watchkeeper.pulumi.provider.values import Values, clean, covers, has_unknown, json_text, same
from watchkeeper.pulumi.schema import nearest, problems, schema_of

_Result = TypeVar("_Result")
_DEFAULTS = "__defaults"
"""The input that names what the program left out and :meth:`AwsProvider.complete` filled in, as Pulumi calls it."""
_CONTENT = "__content"
"""The output that remembers what was shipped: SHA-256 by property. The files themselves may change between two runs."""


class AwsProvider:
    """Pulumi's classic AWS resource types over boto3, against any endpoint.

    Property names, physical names, ids and what forces a replacement are those of pulumi-aws 7
    (https://www.pulumi.com/registry/packages/aws/). Implements :class:`watchkeeper.pulumi.engine.provider.Provider`;
    methods may be called from several threads at once.

    Parameters
    ----------
    endpoint_url, region, access_key, secret_key:
        Where and as whom to call.
    account:
        The twelve-digit account id, for ARNs.
    default_tags:
        Tags that every taggable resource gets, as pulumi-aws's ``defaultTags``.
    """

    def __init__(
        self,
        endpoint_url: str,
        region: str,
        access_key: str,
        secret_key: str,
        account: str,
        default_tags: Mapping[str, str] | None = None,
    ) -> None:
        self._clients = clients(endpoint_url, region, access_key, secret_key)
        self._region = region
        self._account = account
        self._default_tags = dict(default_tags or {})
        self._handlers = handlers()

    @classmethod
    def of_clients(cls, given: Clients, account: str) -> AwsProvider:
        """Over clients that exist already, with their credentials, region and endpoint."""
        made = cls(given.endpoint_url or "", given.region, "", "", account)
        made._clients = given
        return made

    @property
    def types(self) -> Collection[str]:
        """The Pulumi types that it can do."""
        return self._handlers.keys()

    @property
    def region(self) -> str:
        """The region it works in."""
        return self._region

    def check(self, resource_type: str, name: str, inputs: Inputs) -> list[str]:
        """Problems of the inputs, one sentence each: unknown, missing, mistyped and impossible properties."""
        handler = self._handler(resource_type)
        found = [str(unfit) for unfit in problems(schema_of(resource_type), inputs)]
        values = clean(inputs)
        found.extend(f"{name} is not supported by the embedded AWS" for name in handler.unsupported & values.keys())
        for group in handler.one_of:
            given = [name for name in group if name in values]
            if len(given) != 1:
                what = "none is" if not given else f"{' and '.join(given)} are"
                found.append(f"exactly one of {', '.join(group)} has to be given; {what}")
        if not found:
            found.extend(handler.validate({**handler.defaults, **values}))
        return found

    def complete(self, resource_type: str, name: str, inputs: Inputs, seed: bytes = b"") -> Values:
        """The inputs with the physical name filled in, for an engine that writes down what it is about to create.

        ``create`` with completed inputs makes exactly that name; what has a name already stays as it is. The same
        ``seed`` makes the same name.
        """
        handler = self._handler(resource_type)
        values: Values = dict(inputs)
        naming = handler.auto_name
        if naming is not None and values.get(naming.property) is None:
            values[naming.property] = naming.make(name, values, seed)
            values[_DEFAULTS] = [naming.property]
        return values

    def find(self, resource_type: str, name: str, inputs: Inputs) -> State | None:
        """What a creation with these inputs made, or None for nothing: for recovery after an interruption.

        Raises ProviderError with code ``NoFixedName`` where the inputs don't tell: AWS chose the id, or the inputs lack
        the name that :meth:`complete` would have fixed.
        """
        handler = self._handler(resource_type)
        values = self._values(handler, inputs)
        naming = handler.auto_name
        aws = self._aws(values, name)
        if (naming is not None and naming.property not in values) or handler.chosen_by_aws:
            raise ProviderError(
                f"{resource_type} {name}: its inputs hold no name by which it could be found", code="NoFixedName"
            )
        id_ = _guarded(lambda: handler.identify(aws, values))
        return None if id_ is None else self.read(resource_type, id_, inputs)

    def diff(self, resource_type: str, old: State, old_inputs: Inputs, new_inputs: Inputs) -> Diff:
        """Compare by meaning: documents parsed, sets unordered, code by its hash; UNKNOWN counts as a change."""
        handler = self._handler(resource_type)
        before, after = self._for_diff(handler, old_inputs), self._for_diff(handler, new_inputs)
        for name in old_inputs.get(_DEFAULTS, ()):
            # A name that was made up stays for as long as the program gives none.
            if name not in after or name in new_inputs.get(_DEFAULTS, ()):
                before.pop(name, None)
                after.pop(name, None)
        changed = tuple(
            name
            for name in sorted(before.keys() | after.keys())
            if not _same_hash(old_inputs.get(name), new_inputs.get(name), old, name)
            and _differs(handler, name, old, before, after)
        )
        if not changed:
            return Diff(Change.NONE)
        replacing = {*handler.replace, "region"} | ({handler.auto_name.property} if handler.auto_name else set())
        if handler.auto_name:
            replacing.add(handler.auto_name.prefix_property)
        forced = [name for name in changed if name in replacing and not has_unknown(after.get(name))]
        if not forced:
            return Diff(Change.UPDATE, changed)
        return Diff(Change.REPLACE, changed, delete_before_replace=_names_collide(handler, before, after))

    def preview_outputs(self, resource_type: str, name: str, inputs: Inputs) -> Mapping[str, Any]:
        """The inputs with their defaults, and UNKNOWN for what AWS computes."""
        handler = self._handler(resource_type)
        outputs: Values = dict.fromkeys(schema_of(resource_type).outputs, UNKNOWN)
        given = {**handler.defaults, **clean(inputs)}
        outputs.update(dict.fromkeys(schema_of(resource_type).inputs, None))
        if handler.auto_name is not None:
            outputs[handler.auto_name.property] = UNKNOWN
        outputs["id"] = UNKNOWN
        if "region" in outputs:
            outputs["region"] = self._region
        outputs.update(given)
        if "tagsAll" in handler.schema.outputs:
            tags = given.get("tags", {})
            outputs["tagsAll"] = {**self._default_tags, **tags} if isinstance(tags, Mapping) else UNKNOWN
        return {key: value for key, value in outputs.items() if value is not None}

    def create(self, resource_type: str, name: str, inputs: Inputs) -> State:
        """Make it. Raises ProviderError; what was made before the failure is removed again first.

        Raises UncertainError where no answer came, or where what was made could not be removed.
        """
        handler = self._handler(resource_type)
        values = self._values(handler, self.complete(resource_type, name, inputs))
        aws = self._aws(values, name)
        try:
            id_ = _guarded(lambda: handler.create(aws, values))
            aws.made = id_
            actual = _guarded(lambda: handler.read(aws, id_, values)) or {}
        except ProviderError as error:
            self._undo(handler, aws, values, error)
            raise
        return State(id_, self._outputs(handler, id_, values, {**actual, **_kept(values, actual)}))

    def read(self, resource_type: str, id_: str, inputs: Inputs) -> State | None:
        """What exists under this id now, or None. Outputs keep the inputs' spelling where it means the same."""
        handler = self._handler(resource_type)
        values = self._values(handler, inputs)
        aws = self._aws(values, "")
        actual = _guarded(lambda: handler.read(aws, id_, values))
        if actual is None:
            return None
        same_meaning = {
            key: value
            for key, value in values.items()
            if key in handler.write_only or key not in actual or covers(actual[key], value)
        }
        return State(id_, self._outputs(handler, id_, values, {**actual, **same_meaning}))

    def update(self, resource_type: str, old: State, old_inputs: Inputs, new_inputs: Inputs) -> State:
        """Change it in place. Raises ProviderError."""
        handler = self._handler(resource_type)
        before = _as_found(handler, self._named(handler, old, old_inputs), old.outputs)
        after = self._named(handler, old, new_inputs)
        aws = self._aws(after, "")
        _guarded(lambda: handler.update(aws, old.id, before, after))
        actual = _guarded(lambda: handler.read(aws, old.id, after)) or {}
        return State(old.id, self._outputs(handler, old.id, after, {**actual, **_kept(after, actual)}))

    def delete(self, resource_type: str, state: State, inputs: Inputs) -> None:
        """Remove it; one that is gone already is no error. Raises ProviderError."""
        handler = self._handler(resource_type)
        given = self._named(handler, state, inputs)
        values = {**clean(state.outputs), **given}
        aws = self._aws(values, "")
        aws.inputs = given
        _guarded(lambda: handler.delete(aws, state.id, values))

    def invoke(self, token: str, arguments: Inputs) -> Mapping[str, Any]:
        """A look-up. Raises ProviderError for one that is not supported, naming those that are."""
        values = clean(arguments)
        return _guarded(lambda: lookups.answer(self._aws(values, ""), token, values))

    def _handler(self, resource_type: str) -> Handler:
        handler = self._handlers.get(resource_type)
        if handler is None:
            near = nearest(resource_type, self._handlers)
            hint = f" Did you mean {near}?" if near else ""
            raise ProviderError(f"{resource_type} is not supported by the embedded AWS.{hint}", code="UnsupportedType")
        return handler

    def _aws(self, values: Mapping[str, Any], name: str) -> Aws:
        region = values.get("region")
        return Aws(self._clients, self._account, region if isinstance(region, str) else self._region, name)

    def _values(self, handler: Handler, inputs: Inputs) -> Values:
        values: Values = {**clean(handler.defaults), **clean(inputs)}
        values.pop(_DEFAULTS, None)
        for name in handler.documents & values.keys():
            values[name] = json_text(values[name])
        if self._default_tags and "tags" in handler.schema.inputs:
            values["tags"] = {**self._default_tags, **values.get("tags", {})}
        return values

    def _for_diff(self, handler: Handler, inputs: Inputs) -> Values:
        values: Values = {**clean(handler.defaults), **clean(inputs)}
        return {name: _comparable(value) for name, value in values.items() if not name.startswith("__")}

    def _named(self, handler: Handler, state: State, inputs: Inputs) -> Values:
        values = self._values(handler, inputs)
        naming = handler.auto_name
        if naming is not None and naming.property not in values and naming.property in state.outputs:
            values[naming.property] = state.outputs[naming.property]
        return values

    def _outputs(self, handler: Handler, id_: str, values: Values, outputs: Values) -> Values:
        found: Values = {"id": id_, **outputs}
        if "region" in handler.schema.outputs:
            found["region"] = values.get("region", self._region)
        if "tagsAll" in handler.schema.outputs:
            found["tagsAll"] = {**self._default_tags, **(found.get("tags") or {})}
        hashes = {
            key: archives.content_hash(item)
            for key, item in values.items()
            if isinstance(item, (Archive, Asset)) and archives.readable(item)
        }
        if hashes:
            found[_CONTENT] = {**hashes, **outputs.get(_CONTENT, {})}
        return {key: value for key, value in found.items() if value is not None}

    def _undo(self, handler: Handler, aws: Aws, values: Values, cause: ProviderError) -> None:
        made = aws.made
        if made is None:
            return
        aws.inputs = values
        try:
            _guarded(lambda: handler.delete(aws, made, {**values, "forceDestroy": True}))
        except ProviderError as error:
            text = f"{cause}; what was made of it, {made!r}, could not be removed: {error}."
            raise UncertainError(text, operation=cause.operation, code=cause.code) from error


def _guarded(work: Callable[[], _Result]) -> _Result:
    """Run a handler; a value of a shape that the API does not take is an error of the program, not a crash."""
    try:
        return work()
    except archives.ArchiveError as error:
        raise ProviderError(str(error), code="InvalidArchive") from error
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        detail = f"{type(error).__name__}: {error}"
        raise ProviderError(f"a property has a shape that the API does not take ({detail})", code="BadInput") from error


def _comparable(value: Any) -> Any:
    if isinstance(value, (Archive, Asset)):
        try:
            return f"sha256:{archives.content_hash(value)}"
        except archives.ArchiveError:
            return repr(value)
    if isinstance(value, Mapping):
        return {key: _comparable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_comparable(item) for item in value]
    return value


def _differs(handler: Handler, name: str, old: State, before: Values, after: Values) -> bool:
    if has_unknown(after.get(name)):
        return True
    shipped = old.outputs.get(_CONTENT, {}).get(name)
    if shipped is not None and _is_code(after.get(name)):
        return bool(after[name] != f"sha256:{shipped}")
    ordered = name in handler.ordered
    known_before, wanted = before.get(name), after.get(name)
    if not same(known_before, wanted, ordered=ordered):
        # Writing down what AWS has anyway is no change.
        return name in before or name not in old.outputs or not same(old.outputs[name], wanted, ordered=ordered)
    if name in handler.write_only or name not in old.outputs or wanted is None or _is_code(wanted):
        return False
    return not covers(_comparable(clean(old.outputs[name])), wanted)


def _same_hash(old_input: Any, new_input: Any, old: State, name: str) -> bool:
    """Whether the Pulumi CLI says that the same was shipped; what was shipped itself counts for more, where known."""
    if not isinstance(old_input, (Archive, Asset)) or not isinstance(new_input, (Archive, Asset)):
        return False
    known = name in old.outputs.get(_CONTENT, {}) and archives.readable(new_input)
    return not known and old_input.hash is not None and old_input.hash == new_input.hash


def _as_found(handler: Handler, before: Values, outputs: Mapping[str, Any]) -> Values:
    """What the program asked for last time, with what was found changed by hand since then (a refresh tells)."""
    drifted = {
        name: clean(outputs[name])
        for name in before.keys() & outputs.keys() - handler.write_only
        if not isinstance(before[name], (Archive, Asset)) and not covers(clean(outputs[name]), before[name])
    }
    return {**before, **drifted}


def _is_code(value: Any) -> bool:
    return isinstance(value, str) and value.startswith("sha256:")


def _names_collide(handler: Handler, before: Values, after: Values) -> bool:
    naming = handler.auto_name
    if naming is None:
        return False
    name = after.get(naming.property)
    return name is not None and before.get(naming.property) == name and before.get("region") == after.get("region")


def _kept(values: Values, actual: Values) -> Values:
    """What was just asked for, in the program's own spelling."""
    return {key: value for key, value in values.items() if key not in actual or not _computed_only(key)}


def _computed_only(key: str) -> bool:
    return key == "arn"
