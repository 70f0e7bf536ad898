"""A provider that nobody is behind: previews know what they wait for, look-ups get plausible answers, each recorded.

The one file of the engine that knows AWS names: a program that asks for its account, its region or a policy document
must get something to go on with, and the reader must learn what was made up.
"""

# Every answer takes what every other takes:
# ruff: noqa: ARG001, ARG002, ARG005

from __future__ import annotations

import ast
import functools
import hashlib
import importlib.util
import json
import re
import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from watchkeeper.aws.arn import partition_of
from watchkeeper.pulumi.engine import wire
from watchkeeper.pulumi.engine.provider import Change as Kind
from watchkeeper.pulumi.engine.provider import Diff, Inputs, ProviderError, State
from watchkeeper.pulumi.graph import STAND_IN, UNKNOWN

ACCOUNT: Final = "123456789012"
DEFAULT_REGION: Final = "us-east-1"
ZONES: Final = ("a", "b", "c")
NOT_GUESSED: Final = frozenset(
    {"getPolicyDocument", "getPartition", "getArn", "getServicePrincipal", "getRegions", "getDefaultTags"}
)
"""Functions whose answer follows from what is asked: nothing is made up."""

POLICIES: Final = frozenset({"policy", "assumeRolePolicy", "policyDocument", "accessPolicies"})
"""Properties that take a policy document as text or as an object.

https://www.pulumi.com/registry/packages/aws/api-docs/iam/role/
"""


class OfflineProvider:
    """Every type, no cloud. ``guessed`` and ``unread`` have a sentence for each look-up, once."""

    def __init__(self, region: str | None = None) -> None:
        self._region = region
        self._lock = threading.Lock()
        self._guessed: dict[str, None] = {}
        self._unread: dict[str, None] = {}

    @property
    def types(self) -> Collection[str]:
        """Any: see :class:`Everything`."""
        return Everything()

    @property
    def region(self) -> str:
        """The stack's region, or us-east-1."""
        return self._region or DEFAULT_REGION

    @property
    def guessed(self) -> tuple[str, ...]:
        """What was made up, one sentence each."""
        return tuple(self._guessed)

    @property
    def unread(self) -> tuple[str, ...]:
        """What could not be answered, one sentence each."""
        return tuple(self._unread)

    def check(self, resource_type: str, name: str, inputs: Inputs) -> list[str]:
        """Nothing to say."""
        return []

    def diff(self, resource_type: str, old: State, old_inputs: Inputs, new_inputs: Inputs) -> Diff:
        """Any difference is an update."""
        changed = tuple(key for key in {**old_inputs, **new_inputs} if old_inputs.get(key) != new_inputs.get(key))
        return Diff(Kind.UPDATE if changed else Kind.NONE, changed)

    def preview_outputs(self, resource_type: str, name: str, inputs: Inputs) -> Mapping[str, Any]:
        """The inputs; what AWS would compute is left out, which every SDK takes as unknown.

        A policy that is given as an object comes back as JSON text, as from Pulumi's provider: SDKs take no other.
        """
        return {key: _policy_text(value) if key in POLICIES else value for key, value in inputs.items()}

    def create(self, resource_type: str, name: str, inputs: Inputs) -> State:
        """Never: there is no cloud."""
        raise ProviderError("nothing can be made offline", operation="create")

    def read(self, resource_type: str, id_: str, inputs: Inputs) -> State | None:
        """A resource from elsewhere: its id and what the program says of it."""
        self._note(self._guessed, f"{resource_type} {id_!r} was taken to exist")
        return State(id_, dict(inputs))

    def update(self, resource_type: str, old: State, old_inputs: Inputs, new_inputs: Inputs) -> State:
        """Never: there is no cloud."""
        raise ProviderError("nothing can be changed offline", operation="update")

    def delete(self, resource_type: str, state: State, inputs: Inputs) -> None:
        """Never: there is no cloud."""
        raise ProviderError("nothing can be deleted offline", operation="delete")

    def invoke(self, token: str, arguments: Inputs) -> Mapping[str, Any]:
        """A plausible answer. Raises ProviderError where not even the shape of one is known."""
        function = token.rsplit(":", 1)[-1]
        answer = _ANSWERS.get(function, _ANSWERS.get(function.removesuffix("V2")))
        values = answer(self.region, arguments) if answer is not None else self._shaped(token, arguments)
        if values is None:
            raise ProviderError(f"no plausible answer is known for {token}", operation=token)
        if function not in NOT_GUESSED and (function != "getRegion" or self._region is None):
            asked = ", ".join(f"{key}={_short(value)}" for key, value in sorted(arguments.items()))
            told = _UNSAID.sub("…", json.dumps(values, default=str))
            self._note(self._guessed, f"{token}({asked}) was answered with {_short(told)}")
        return values

    def _shaped(self, token: str, arguments: Inputs) -> Mapping[str, Any] | None:
        shape = _shape(token)
        if shape is None:
            return None
        made = {name: _plausible(name, kind, self.region, arguments) for name, kind in shape}
        return {**made, **{key: value for key, value in arguments.items() if value is not None}}

    def _note(self, where: dict[str, None], sentence: str) -> None:
        with self._lock:
            where[sentence] = None


def _policy_text(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    return UNKNOWN if wire.has_unknown(value) else json.dumps(value)


class Everything(Collection[str]):
    """The collection that has every type."""

    def __contains__(self, item: object) -> bool:
        return True

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


def policy_document(arguments: Inputs) -> str:
    """The JSON of ``aws.iam.getPolicyDocument``: https://www.pulumi.com/registry/packages/aws/api-docs/iam/getpolicydocument/."""
    documents = [*(arguments.get("sourcePolicyDocuments") or ())]
    if arguments.get("sourceJson"):
        documents.insert(0, arguments["sourceJson"])
    statements: list[dict[str, Any]] = [statement for text in documents for statement in _statements_of(text)]
    statements += [_statement(statement) for statement in arguments.get("statements") or ()]
    overrides = [*(arguments.get("overridePolicyDocuments") or ())]
    if arguments.get("overrideJson"):
        overrides.append(arguments["overrideJson"])
    for text in overrides:
        for statement in _statements_of(text):
            statements = [kept for kept in statements if "Sid" not in statement or kept.get("Sid") != statement["Sid"]]
            statements.append(statement)
    document: dict[str, Any] = {"Version": arguments.get("version") or "2012-10-17"}
    if arguments.get("policyId"):
        document["Id"] = arguments["policyId"]
    return json.dumps({**document, "Statement": statements}, indent=2)


def _statements_of(text: Any) -> list[dict[str, Any]]:
    try:
        found = json.loads(text)["Statement"]
    except (TypeError, ValueError, KeyError):
        return []
    return [found] if isinstance(found, dict) else list(found)


def _statement(given: Mapping[str, Any]) -> dict[str, Any]:
    statement: dict[str, Any] = {}
    if given.get("sid"):
        statement["Sid"] = given["sid"]
    statement["Effect"] = given.get("effect") or "Allow"
    for key, name in (
        ("actions", "Action"),
        ("notActions", "NotAction"),
        ("resources", "Resource"),
        ("notResources", "NotResource"),
    ):
        if given.get(key):
            statement[name] = _one_or_more(given[key])
    for key, name in (("principals", "Principal"), ("notPrincipals", "NotPrincipal")):
        if given.get(key):
            statement[name] = _principals(given[key])
    conditions: dict[str, dict[str, Any]] = {}
    for condition in given.get("conditions") or ():
        conditions.setdefault(condition["test"], {})[condition["variable"]] = _one_or_more(condition["values"])
    return {**statement, **({"Condition": conditions} if conditions else {})}


def _principals(given: list[Mapping[str, Any]]) -> Any:
    collected: dict[str, list[Any]] = {}
    for principal in given:
        collected.setdefault(principal["type"], []).extend(principal["identifiers"])
    if list(collected) == ["*"]:
        return "*"
    return {kind: _one_or_more(identifiers) for kind, identifiers in collected.items()}


def _one_or_more(values: Any) -> Any:
    items = list(values) if isinstance(values, (list, tuple)) else [values]
    return items[0] if len(items) == 1 else items


def _document(region: str, arguments: Inputs) -> Mapping[str, Any]:
    text = policy_document(arguments)
    return {
        **arguments,
        "id": str(abs(hash(text)) % 10**10),
        "json": text,
        "minifiedJson": json.dumps(json.loads(text), separators=(",", ":")),
    }


def _suffix(region: str) -> str:
    return "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"


def _identity(region: str, arguments: Inputs) -> Mapping[str, Any]:
    arn = f"arn:{partition_of(region)}:iam::{ACCOUNT}:user/preview"
    return {"accountId": ACCOUNT, "arn": arn, "id": ACCOUNT, "userId": "AIDAPREVIEWPREVIEW000"}


def _region(region: str, arguments: Inputs) -> Mapping[str, Any]:
    name = arguments.get("region") or arguments.get("name") or region
    return {"region": name, "name": name, "id": name, "description": name, "endpoint": f"ec2.{name}.{_suffix(name)}"}


def _partition_answer(region: str, arguments: Inputs) -> Mapping[str, Any]:
    partition, suffix = partition_of(region), _suffix(region)
    return {
        "partition": partition,
        "id": partition,
        "dnsSuffix": suffix,
        "reverseDnsPrefix": ".".join(reversed(suffix.split("."))),
    }


def _zones(region: str, arguments: Inputs) -> Mapping[str, Any]:
    names = [f"{region}{letter}" for letter in ZONES]
    ids = [f"{_short_region(region)}-az{number + 1}" for number in range(len(ZONES))]
    return {**arguments, "id": region, "names": names, "zoneIds": ids, "groupNames": [region]}


def _short_region(region: str) -> str:
    parts = region.split("-")
    return f"{parts[0]}{''.join(part[0] for part in parts[1:-1])}{parts[-1]}"


def _arn_answer(region: str, arguments: Inputs) -> Mapping[str, Any]:
    parts = [*str(arguments.get("arn", "")).split(":", 5), *[""] * 6][:6]
    names = ("partition", "service", "region", "account", "resource")
    return {**dict(zip(names, parts[1:], strict=True)), "arn": arguments.get("arn"), "id": arguments.get("arn")}


def _principal_answer(region: str, arguments: Inputs) -> Mapping[str, Any]:
    service, place = arguments.get("serviceName", ""), arguments.get("region") or region
    name = f"{service}.{_suffix(place)}"
    return {"name": name, "id": name, "region": place, "serviceName": service, "suffix": _suffix(place)}


_ANSWERS: Final[Mapping[str, Callable[[str, Inputs], Mapping[str, Any] | None]]] = {
    "getCallerIdentity": _identity,
    "getRegion": _region,
    "getPartition": _partition_answer,
    "getAvailabilityZones": _zones,
    "getPolicyDocument": _document,
    "getArn": _arn_answer,
    "getServicePrincipal": _principal_answer,
    "getDefaultTags": lambda region, arguments: {"id": "default-tags", "tags": {}},
}

_NAMED: Final = (
    (re.compile(r"(^|_)arns?$", re.I), "arn"),
    (re.compile(r"account_?id$|owner_?id$|registry_?id$", re.I), "account"),
    (re.compile(r"region$", re.I), "region"),
    (re.compile(r"cidr_?block$", re.I), "cidr"),
    (re.compile(r"json$|policy$|document$", re.I), "json"),
)


_ELEMENT: Final = re.compile(r"Sequence\[\W*outputs\.(\w+)")
_GETTER: Final = re.compile(r"@pulumi\.getter(?:\(name=\"(\w+)\"\))?\n    def (\w+)\(self\) -> ([^\n]+):\n")
_UNSAID: Final = re.compile(rf"{STAND_IN}[0-9a-f]+")
DEEPEST: Final = 4


def _plausible(name: str, kind: Any, region: str, arguments: Inputs) -> Any:
    """A value of the kind, in the look of the name; of a list one element, whose texts say nothing."""
    if isinstance(kind, tuple):
        return [{key: _nothing(f"{name}.{key}", inner) for key, inner in kind}]
    if kind == "list":
        return [_nothing(name, "str")]
    if kind != "str":
        return {"bool": False, "int": 0, "float": 0.0}.get(kind, {})
    look = next((word for pattern, word in _NAMED if pattern.search(name)), "")
    given = next((str(value) for value in arguments.values() if isinstance(value, str)), "preview")
    return {
        "arn": given if given.startswith("arn:") else f"arn:{partition_of(region)}:preview:{region}:{ACCOUNT}:{given}",
        "account": ACCOUNT,
        "region": region,
        "cidr": "10.0.0.0/16",
        "json": "{}",
    }.get(look, given)


def _nothing(name: str, kind: Any) -> Any:
    """A value of the kind that is known to say nothing: a text is one that stands for an unknown one."""
    if isinstance(kind, tuple):
        return [{key: _nothing(f"{name}.{key}", inner) for key, inner in kind}]
    made_up = f"{STAND_IN}{hashlib.sha256(name.encode()).hexdigest()[:16]}"
    return {"bool": False, "int": 0, "float": 0.0, "dict": {}, "list": [made_up]}.get(kind, made_up)


@functools.lru_cache(maxsize=256)
def _shape(token: str) -> tuple[tuple[str, Any], ...] | None:
    """Property names and kinds of a function's result, read (not run) from the installed ``pulumi_aws``."""
    match = re.fullmatch(r"aws:(?P<module>[\w]+)/\w+:(?P<function>get\w+)", token)
    spec = importlib.util.find_spec("pulumi_aws") if match else None
    if match is None or spec is None or not spec.submodule_search_locations:
        return None
    folder = Path(next(iter(spec.submodule_search_locations)))
    file_name = f"{_snake(match['function'])}.py"
    file = folder / file_name if match["module"] == "index" else folder / match["module"] / file_name
    if not file.is_file():
        return None
    result = f"{match['function'][0].upper()}{match['function'][1:]}Result"
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ClassDef) and node.name == result:
            return tuple(_properties(node, file.with_name("outputs.py")))
    return None


def _properties(result: ast.ClassDef, outputs: Path) -> Iterator[tuple[str, Any]]:
    """The constructor of a result class checks each argument: ``isinstance(arn, str)``; its getters have the names,
    and say of a list what it holds."""
    elements = {
        function.name: found[1]
        for function in result.body
        if isinstance(function, ast.FunctionDef) and function.returns is not None
        if (found := _ELEMENT.search(ast.unparse(function.returns)))
    }
    kinds: dict[str, str] = {}
    for node in ast.walk(result):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "isinstance" and len(node.args) == 2:
            subject, kind = node.args
            if isinstance(subject, ast.Name) and isinstance(kind, ast.Name):
                kinds[subject.id] = kind.id
    for name, kind_name in kinds.items():
        yield _camel(name), _fields(outputs, elements[name]) if name in elements else kind_name


@functools.lru_cache(maxsize=256)
def _fields(outputs: Path, name: str, depth: int = 0) -> Any:
    """Names and kinds of the fields of one class of the module's ``outputs``: a file too large to be parsed whole."""
    text = _text_of(outputs)
    start = text.find(f"\nclass {name}(dict):")
    if start < 0 or depth > DEEPEST:
        return "dict"
    end = text.find("\n@pulumi.output_type", start)
    body = text[start : end if end > 0 else None]
    fields = _GETTER.findall(body)
    return tuple((given or _camel(field), _kind(outputs, returned, depth)) for given, field, returned in fields)


def _kind(outputs: Path, annotation: str, depth: int) -> Any:
    """The kind that a getter's annotation names: a scalar's name, ``list``, ``dict``, or the fields of its elements."""
    element = _ELEMENT.search(annotation)
    if element:
        return _fields(outputs, element[1], depth + 1)
    if "Sequence[" in annotation:
        return "list"
    scalar = re.search(r"_builtins\.(str|bool|int|float)", annotation)
    return "dict" if scalar is None or "Mapping[" in annotation else scalar[1]


@functools.lru_cache(maxsize=8)
def _text_of(file: Path) -> str:
    return file.read_text(encoding="utf-8") if file.is_file() else ""


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def _short(value: Any) -> str:
    text = json.dumps(value, default=str) if not isinstance(value, str) else value
    return text if len(text) <= 160 else f"{text[:159]}…"
