"""Evaluates AWS Config's own files, snapshots and histories, with the same rules, and asks what a rule would say.

A snapshot of a large organization is a file of gigabytes. It is read in a stream: the reading process unpacks and cuts
it at the boundaries of items, worker processes parse and evaluate, and only counts and violations come back. A file cut
in an item, a broken gzip stream, an item that is none: each is named by file and item, and all else is still evaluated.

In a snapshot each resource stands once. In histories a resource stands once for each change: its latest item counts.
Of several snapshots of one account and region, told by the names that Config gives them, the latest counts; the others
are left out and named in the result. A resource in a snapshot and in a history beside it is counted in both.
Pages: https://docs.aws.amazon.com/config/latest/developerguide/deliver-snapshot-cli.html, .../view-history.html.
"""

from __future__ import annotations

import contextlib
import dataclasses
import gc
import os
import re
import zlib
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from watchkeeper import catalog
from watchkeeper.evaluation import ConfiguredRule, NoLookup, Prepared, PreparedRule, Scope, configured, prepare
from watchkeeper.items import ItemError, from_aws
from watchkeeper.model import EPOCH, ComplianceType, ConfigurationItem, Evaluation, ItemStatus, Relationship
from watchkeeper.rules import ACCOUNT, UNAVAILABLE_KEY, Unavailable, parse_parameters
from watchkeeper.rules.base import RuleFunction, clip, shown
from watchkeeper.rules.pack import read_pack

CHUNK = 4 << 20
"""Bytes of unpacked items that go to a worker at once."""
SMALL = 1 << 20
"""Input up to this many bytes (as stored) is evaluated in this process: starting workers would take longer."""
RELATED_TYPES = frozenset({"AWS::EC2::SecurityGroup", "AWS::ElasticLoadBalancingV2::LoadBalancer"})
"""Types with a rule that reads the relationships."""
MAX_PROBLEMS = 1000
MAX_LISTED = 100_000
MAX_COMPARED = 1_000_000
"""Violations that :func:`what_if` holds to compare them, about 300 bytes each."""
MAX_HEADER = 64 << 20

COMPLIANCES = tuple(ComplianceType)
_INDEX = {compliance: index for index, compliance in enumerate(COMPLIANCES)}
_COMPLIANT = _INDEX[ComplianceType.COMPLIANT]
_NON_COMPLIANT = _INDEX[ComplianceType.NON_COMPLIANT]
_NOT_EVALUATED = _INDEX[ComplianceType.NOT_EVALUATED]
_STATUSES = {status.value: status for status in ItemStatus}

_ITEMS = re.compile(rb'"configurationItems"\s*:\s*\[')
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*+"|"|[{}\[\]]', re.DOTALL)
_FIRST_KEY = re.compile(rb'\s*\{\s*("(?:[^"\\]|\\.)*")\s*:')
_BETWEEN = re.compile(rb"\}\s*,\s*\{\s*\Z")

Progress = Callable[[int, int, int], None]
"""Called with bytes read, bytes in all (as stored; 0 where unknown) and items evaluated."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file to evaluate, wherever it is: its name, its size as stored, and how to open it."""

    name: str
    size: int
    open: Callable[[], BinaryIO]


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that could not be evaluated: the file, the item's index in it (None: the file itself), and why."""

    file: str
    item: int | None
    message: str


@dataclass(frozen=True, slots=True)
class ResourceEvaluation:
    """An evaluation with the account and region of its resource."""

    identifier: str
    account_id: str
    region: str
    evaluation: Evaluation


@dataclass(frozen=True, slots=True)
class RuleResult:
    """What one rule said of everything: how many of each, and why not, where it said nothing."""

    rule: ConfiguredRule
    counts: Mapping[ComplianceType, int]
    reasons: Mapping[str, int] = field(default_factory=dict)
    """Reason to how many, of what was NOT_EVALUATED; the most frequent."""

    @property
    def evaluated(self) -> bool:
        """Whether it judged something, or there was nothing for it to judge."""
        judged = sum(n for kind, n in self.counts.items() if kind is not ComplianceType.NOT_EVALUATED)
        return judged > 0 or not self.counts.get(ComplianceType.NOT_EVALUATED, 0)


@dataclass(frozen=True, slots=True)
class OfflineResult:
    """What the files say under the rules."""

    items: int
    files: int
    rules: tuple[RuleResult, ...]
    violations: tuple[ResourceEvaluation, ...]
    """The first :data:`MAX_LISTED`; all are counted in :attr:`rules`."""
    resource_types: Mapping[str, int]
    problems: tuple[Problem, ...]
    problem_count: int
    superseded: tuple[str, ...] = ()
    """Snapshots left out, because a later one of the same account and region was given."""

    @property
    def non_compliant(self) -> int:
        """How many violations there are."""
        return sum(result.counts.get(ComplianceType.NON_COMPLIANT, 0) for result in self.rules)

    @property
    def evaluated_rules(self) -> int:
        """How many rules judged something, or had nothing to judge."""
        return sum(result.evaluated for result in self.rules)

    @property
    def coverage(self) -> str:
        """``41 of 60 rules evaluated``."""
        return f"{self.evaluated_rules} of {len(self.rules)} rules evaluated"

    @property
    def incomplete(self) -> bool:
        """Whether something in the files could not be read; exit code 3."""
        return self.problem_count > 0


# --- choosing rules -------------------------------------------------------------------------------------------------


class SelectionError(ValueError):
    """A rule that was asked for is none, or its parameters are wrong; the message lists everything."""


def select_rules(chosen: Iterable[str]) -> list[ConfiguredRule]:
    """``ID``, ``console-name`` or ``ID:param=value,other=value`` to configured rules, defaults filled in as the console
    does. A comma belongs to the value unless ``name=`` follows. Raises SelectionError listing every problem."""
    rules, problems = [], []
    for text in chosen:
        try:
            rules.append(_select(text))
        except ValueError as error:
            problems.append(str(error))
    if problems:
        raise SelectionError("; ".join(problems))
    return rules


def _select(text: str) -> ConfiguredRule:
    name, _, given = text.strip().partition(":")
    managed = catalog.managed_rule_by_name(name)
    parts = re.split(r",(?=[A-Za-z0-9_]+=)", given) if given else []
    broken = [part for part in parts if "=" not in part]
    if broken:
        raise SelectionError(f"{shown(broken[0])} is not of the form parameter=value")
    raw = {part.partition("=")[0].strip(): part.partition("=")[2] for part in parts}
    identifier = managed.identifier if managed else name
    parse_parameters(identifier, raw, fill_defaults=True)
    return configured(identifier, dict(catalog.rule_defaults(identifier)) | raw)


def rules_of_pack(text: str, parameters: Mapping[str, str] | None = None) -> list[ConfiguredRule]:
    """The managed rules of a conformance pack. Raises PackError."""
    return [
        configured(
            rule.identifier,
            rule.parameters,
            name=rule.name,
            scope=Scope(rule.types, rule.resource_id, rule.tag_key, rule.tag_value),
        )
        for rule in read_pack(text, parameters).rules
    ]


def all_rules() -> list[ConfiguredRule]:
    """Every managed rule that has logic and can run with the console's defaults."""
    from watchkeeper.rules import logic

    chosen = []
    for identifier in logic():
        with contextlib.suppress(ValueError):
            defaults = dict(catalog.rule_defaults(identifier))
            parse_parameters(identifier, defaults)
            chosen.append(configured(identifier, defaults))
    return chosen


# --- files ----------------------------------------------------------------------------------------------------------


def file_sources(paths: Iterable[str | os.PathLike[str]]) -> list[Source]:
    """The files, and those (``.json``, ``.json.gz``) below the folders, in order. Raises FileNotFoundError."""
    found: list[Source] = []
    for path in map(Path, paths):
        if path.is_dir():
            inside = sorted(p for p in path.rglob("*") if p.is_file() and p.name.endswith((".json", ".json.gz")))
            found += [_file_source(p) for p in inside]
        elif path.exists():
            found.append(_file_source(path))
        else:
            raise FileNotFoundError(f"no such file or folder: {path}")
    return found


def _file_source(path: Path) -> Source:
    return Source(str(path), path.stat().st_size, lambda: path.open("rb"))


def s3_sources(client: Any, bucket: str, prefix: str = "") -> list[Source]:
    """The snapshot and history files below an S3 prefix, through a boto3 S3 client that the caller made."""
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    objects = (entry for page in pages for entry in page.get("Contents", ()))
    return [
        Source(f"s3://{bucket}/{o['Key']}", o["Size"], _s3_opener(client, bucket, o["Key"]))
        for o in objects
        if o["Key"].endswith((".json", ".json.gz"))
    ]


def _s3_opener(client: Any, bucket: str, key: str) -> Callable[[], BinaryIO]:
    def opener() -> BinaryIO:
        body: BinaryIO = client.get_object(Bucket=bucket, Key=key)["Body"]
        return body

    return opener


_SNAPSHOT = re.compile(r"(\d{12}_Config_[a-z0-9-]+)_ConfigSnapshot_(\d{8}T\d{6}Z)_[^/\\]*\Z")
"""``<account>_Config_<region>_ConfigSnapshot_<time>_<id>.json.gz``, as Config names them."""


def latest_snapshots(sources: Iterable[Source]) -> tuple[list[Source], list[Source]]:
    """The sources without the snapshots that a later one of the same account and region supersedes, and those."""
    given = [(source, _SNAPSHOT.search(source.name)) for source in sources]
    latest: dict[str, str] = {}
    for _, found in given:
        if found:
            latest[found[1]] = max(found[2], latest.get(found[1], ""))
    kept = [source for source, found in given if not found or found[2] == latest[found[1]]]
    return kept, [source for source, found in given if found and found[2] != latest[found[1]]]


# --- cutting a stream into items ------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Chunk:
    """Items one after the other with commas between, and where they stood."""

    data: bytes
    place: str = "middle"
    """``middle``; ``tail``: the file's closing brackets follow, or it was cut; ``whole``: nothing is around them."""


class _Reader:
    """Unpacks one source and hands out chunks of whole items."""

    def __init__(self, source: Source, on_bytes: Callable[[int], None]) -> None:
        self.source = source
        self.header = b""
        self.trouble = ""
        self._on_bytes = on_bytes

    def blocks(self) -> Iterator[bytes]:
        """The unpacked bytes; what goes wrong on the way ends them and is kept in :attr:`trouble`."""
        try:
            with self.source.open() as raw:
                first = raw.read(1 << 20)
                self._on_bytes(len(first))
                packed = first[:2] == b"\x1f\x8b"
                yield from self._unpacked(first, raw) if packed else self._plain(first, raw)
        except (OSError, zlib.error, EOFError) as error:
            self.trouble = f"could not be read to its end: {error}"

    def _plain(self, first: bytes, raw: BinaryIO) -> Iterator[bytes]:
        block = first
        while block:
            yield block
            block = raw.read(CHUNK)
            self._on_bytes(len(block))

    def _unpacked(self, first: bytes, raw: BinaryIO) -> Iterator[bytes]:
        stream = zlib.decompressobj(wbits=31)
        packed = first
        while packed:
            yield stream.decompress(packed)
            if stream.eof and stream.unused_data:
                packed, stream = stream.unused_data, zlib.decompressobj(wbits=31)
                continue
            packed = raw.read(1 << 20)
            self._on_bytes(len(packed))
        if not stream.eof:
            self.trouble = "the gzip stream is cut: its end is missing"

    def chunks(self) -> Iterator[_Chunk]:
        """Chunks of items; a file that is no snapshot, history or item is one chunk with itself in it."""
        blocks = self.blocks()
        buffer, found = b"", None
        for block in blocks:
            buffer += block
            found = _ITEMS.search(buffer)
            if found or len(buffer) > MAX_HEADER:
                break
        if not found:
            yield from self._other(buffer)
            return
        self.header = buffer[: found.start()]
        yield from _cut(buffer[found.end() :], blocks)

    def item_bytes(self) -> Iterator[bytes]:
        """The bytes from the first item on, as they come."""
        buffer, blocks = b"", self.blocks()
        for block in blocks:
            buffer += block
            found = _ITEMS.search(buffer)
            if found:
                yield buffer[found.end() :]
                yield from blocks
                return

    def _other(self, buffer: bytes) -> Iterator[_Chunk]:
        """A single item, a list of items, or an event with one."""
        text = buffer.strip()
        if not text:
            self.trouble = self.trouble or "the file is empty"
            return
        inner = re.match(rb'\s*\{.*?"configurationItem"\s*:\s*(?=\{)', text, re.DOTALL)
        if inner:
            items, _ = _split(text[inner.end() :])
            text = items[0] if items else text
        yield _Chunk(text[1:-1] if text[:1] == b"[" and text[-1:] == b"]" else text, "whole")


def _cut(buffer: bytes, blocks: Iterator[bytes]) -> Iterator[_Chunk]:
    """Cuts at ``},{"<first key>":``, where the key is that of the first item: outside of a text no other bytes look so,
    and an object inside an item that does makes the chunk unreadable, which is noticed (see _Run)."""
    key = _FIRST_KEY.match(buffer)
    for block in blocks:
        searched = max(0, len(buffer) - 4096)
        buffer += block
        key = key or _FIRST_KEY.match(buffer)
        at = _last_boundary(buffer, key[1], searched) if key else -1
        if at > 0:
            yield _Chunk(buffer[:at])
            buffer = buffer[at:].lstrip()[1:]
    yield _Chunk(buffer, "tail")


def _last_boundary(buffer: bytes, key: bytes, start: int) -> int:
    """Where the last item begins that the key marks: the offset behind the ``}`` before it; -1 without."""
    at = len(buffer)
    while True:
        at = buffer.rfind(key, start, at)
        if at < 0:
            return -1
        window = max(0, at - 200)
        found = _BETWEEN.search(buffer[window:at])
        if found:
            return window + found.start() + 1


def _split(data: bytes) -> tuple[list[bytes], bytes]:
    """The whole values at the start of ``data``, and what is left (from ``]`` on where that closes them): the exact but
    slower way, one token at a time."""
    found: list[bytes] = []
    depth, begin = 0, 0
    for token in _TOKEN.finditer(data):
        mark = token[0]
        if mark == b'"':
            break
        if mark in (b"{", b"["):
            begin = token.start() if depth == 0 else begin
            depth += 1
        elif mark in (b"}", b"]"):
            if depth == 0:
                return found, data[token.start() :]
            depth -= 1
            if depth == 0:
                found.append(data[begin : token.end()])
    return found, data[begin:] if depth else b""


# --- evaluating chunks ----------------------------------------------------------------------------------------------


class _Later(BaseException):
    """Raised by the lookup of the first pass: the rule needs other items, so it is run when all are known. Not an
    Exception, because a rule's exceptions are answers."""


class _FirstPass(NoLookup):
    def items_of_type(self, resource_type: str) -> Iterable[ConfigurationItem]:
        raise _Later(resource_type)

    def item(self, resource_type: str, resource_id: str) -> ConfigurationItem | None:
        raise _Later(resource_type, resource_id)


_Row = tuple[int, str, str, str, str, str, datetime]
"""A violation: rule number, account, region, type, id, annotation, capture time."""


@dataclass(frozen=True, slots=True)
class _Plan:
    """A rule that concerns a type, laid out for the loop over items."""

    number: int
    rule: PreparedRule
    function: RuleFunction | None
    """None where the rule has to be asked itself: it has no logic, a problem, or a scope that narrows."""
    parameters: Mapping[str, Any]


@dataclass(slots=True)
class _Outcome:
    """What a chunk gave, small enough to send between processes."""

    items: int = 0
    counts: Counter[tuple[int, int]] = field(default_factory=Counter)
    reasons: Counter[tuple[int, str]] = field(default_factory=Counter)
    violations: list[_Row] = field(default_factory=list)
    types: Counter[str] = field(default_factory=Counter)
    places: set[tuple[str, str]] = field(default_factory=set)
    problems: list[tuple[int | None, str]] = field(default_factory=list)
    problem_count: int = 0
    later: list[bytes] = field(default_factory=list)
    """Rule number and item, for rules that need other items; a line each, or many lines compressed."""
    held: list[bytes] = field(default_factory=list)
    """Items that others may need, in the same form."""
    broken: bool = False
    room: int = MAX_LISTED
    """How many violations are listed at most."""

    def problem(self, index: int | None, message: str) -> None:
        """Note what could not be evaluated; only the first ones are kept."""
        self.problem_count += 1
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append((index, message))

    def add(self, other: _Outcome, first: int) -> None:
        """Fold in the outcome of a chunk whose first item is the file's item ``first``."""
        self.items += other.items
        self.counts.update(other.counts)
        self.reasons.update(other.reasons)
        self.violations += other.violations[: max(0, self.room - len(self.violations))]
        self.types.update(other.types)
        self.places |= other.places
        room = max(0, MAX_PROBLEMS - len(self.problems))
        self.problems += [(first + i if i is not None else None, m) for i, m in other.problems[:room]]
        self.problem_count += other.problem_count
        self.later += other.later
        self.held += other.held


class _Evaluator:
    """Evaluates chunks with rules prepared once; one in each process."""

    def __init__(self, rules: Sequence[ConfiguredRule], now: datetime) -> None:
        self.prepared: Prepared = prepare(rules)
        self.lookup = _FirstPass(now)
        numbers = {id(rule): number for number, rule in enumerate(self.prepared.rules)}
        self.by_type: dict[str, tuple[_Plan, ...]] = {
            kind: tuple(_plan(numbers[id(rule)], rule) for rule in found)
            for kind, found in self.prepared.by_type.items()
        }
        self.needed = tuple(_needed_types(rule) for rule in self.prepared.rules)
        self.held_types = frozenset().union(*self.needed)

    def chunk(self, data: bytes, place: str, exact: bool, latest: bool, room: int = MAX_LISTED) -> _Outcome:
        """The outcome of a chunk, with at most ``room`` violations listed; ``broken`` where it isn't whole items and
        ``exact`` was not asked for."""
        outcome = _Outcome(room=room)
        # Parsed JSON has no cycles; looking for some in a chunk's hundred thousand objects takes a third of the time.
        collects = gc.isenabled()
        gc.disable()
        try:
            return self._chunk(data, place, exact, latest, outcome)
        finally:
            if collects:
                gc.enable()

    def _chunk(self, data: bytes, place: str, exact: bool, latest: bool, outcome: _Outcome) -> _Outcome:
        try:
            if place == "tail":
                values = orjson.loads(b'{"items":[' + data)["items"]
            else:
                values = orjson.loads(b"[" + data + b"]")
        except orjson.JSONDecodeError:
            if not exact and place == "middle":
                outcome.broken = True
                return outcome
            values = self._one_by_one(data, place, outcome)
        for index, raw in enumerate(values):
            self._value(index, raw, outcome, latest)
        return outcome

    def _one_by_one(self, data: bytes, place: str, outcome: _Outcome) -> list[Any]:
        texts, rest = _split(data)
        values: list[Any] = []
        for index, text in enumerate(texts):
            try:
                values.append(orjson.loads(text))
            except orjson.JSONDecodeError as error:
                values.append(None)
                outcome.problem(index, f"the item is not JSON: {error}")
        if rest and not rest.startswith(b"]"):
            outcome.problem(len(texts), f"the item is cut: its end is missing after {len(rest)} bytes")
        elif place == "tail" and not outcome.problem_count:
            outcome.problem(None, "the file is cut, or is not JSON, after its last item")
        return values

    def _value(self, index: int, raw: Any, outcome: _Outcome, latest: bool) -> None:
        if raw is None:
            return
        try:
            item = to_item(raw)
        except (ItemError, TypeError, ValueError, AttributeError, RecursionError) as error:
            outcome.problem(index, clip(str(error)))
            return
        outcome.items += 1
        outcome.types[item.resource_type] += 1
        outcome.places.add((item.account_id, item.region))
        if latest:
            outcome.held.append(orjson.dumps(raw))
            return
        self.evaluate(item, raw, outcome)

    def _asked(self, rule: PreparedRule, item: ConfigurationItem) -> tuple[ComplianceType | None, str]:
        if rule.rule.scope.narrows and not rule.rule.scope.covers(item):
            return None, ""
        return rule.judge(item, self.lookup)

    def evaluate(self, item: ConfigurationItem, raw: Any, outcome: _Outcome) -> None:
        """All rules on one item, into the outcome."""
        packed: bytes | None = None
        plain = not item.status.deleted and UNAVAILABLE_KEY not in item.supplementary
        lookup, counts = self.lookup, outcome.counts
        for plan in self.by_type.get(item.resource_type, ()):
            try:
                if plain and plan.function is not None:
                    verdict = plan.function(item, plan.parameters, lookup)
                    if verdict.compliance is ComplianceType.COMPLIANT:
                        counts[plan.number, _COMPLIANT] += 1
                        continue
                    compliance: ComplianceType | None = verdict.compliance
                    annotation = verdict.annotation
                else:
                    compliance, annotation = self._asked(plan.rule, item)
            except _Later:
                if plan.rule.logic is not None and plan.rule.logic.identity_only:
                    outcome.later.append(b"%d %s" % (plan.number, orjson.dumps(_identity(raw))))
                    continue
                packed = packed or orjson.dumps(raw)
                outcome.later.append(b"%d %s" % (plan.number, packed))
                continue
            except Exception:  # noqa: BLE001 - the rule itself says what that means
                compliance, annotation = plan.rule.judge(item, lookup)
            if compliance is not None:
                _note(outcome, plan.number, _INDEX[compliance], annotation, item)
        if item.resource_type in self.held_types:
            outcome.held.append(packed or orjson.dumps(raw))


def _needed_types(rule: PreparedRule) -> frozenset[str]:
    needs = rule.logic.needs if rule.logic and not rule.problem else ()
    return frozenset(need.removeprefix("items:") for need in needs if need.startswith("items:"))


def _plan(number: int, rule: PreparedRule) -> _Plan:
    ready = rule.logic is not None and not rule.problem and not rule.rule.scope.narrows
    return _Plan(number, rule, rule.logic.function if rule.logic and ready else None, rule.parameters)


def _note(outcome: _Outcome, number: int, compliance: int, annotation: str, item: ConfigurationItem) -> None:
    outcome.counts[number, compliance] += 1
    if compliance == _NON_COMPLIANT:
        if len(outcome.violations) < outcome.room:
            outcome.violations.append(
                (
                    number,
                    item.account_id,
                    item.region,
                    item.resource_type,
                    item.resource_id,
                    annotation,
                    item.capture_time,
                )
            )
    elif compliance == _NOT_EVALUATED:
        outcome.reasons[number, annotation] += 1


def to_item(raw: Any) -> ConfigurationItem:
    """As :func:`watchkeeper.items.from_aws`, quicker for what S3 files hold. Raises ItemError.

    Relationships are read for the types whose rules look at them only.
    """
    if not isinstance(raw, dict):
        return from_aws(raw)
    get = raw.get
    kind, configuration, supplementary = get("resourceType"), get("configuration"), get("supplementaryConfiguration")
    resource_id, account, region, tags = get("resourceId"), get("awsAccountId"), get("awsRegion"), get("tags")
    status: Any = get("configurationItemStatus")
    if (
        not (type(configuration) is type(supplementary) is type(tags) is dict)
        or not (type(kind) is type(resource_id) is type(account) is type(region) is type(status) is str)
        or not (kind and resource_id)
        or status not in _STATUSES
    ):
        return from_aws(raw)
    related = _related(get("relationships")) if kind in RELATED_TYPES else ()
    if related is None:
        return from_aws(raw)
    for key, value in supplementary.items():
        if type(value) is str:
            supplementary[key] = _decoded(value)
    return ConfigurationItem(
        kind,
        resource_id,
        account,
        region,
        get("resourceName"),
        get("ARN") or "",
        _STATUSES[status],
        _capture_time(get("configurationItemCaptureTime")),
        tags=tags,
        relationships=related,
        configuration=configuration,
        supplementary=supplementary,
    )


def _identity(raw: Mapping[str, Any]) -> dict[str, Any]:
    """What is left of an item for a rule that looks at nothing but its ids."""
    return {key: value for key, value in raw.items() if isinstance(value, str)}


def _related(edges: Any) -> tuple[Relationship, ...] | None:
    """The relationships as files spell them; None where they are spelled differently."""
    try:
        return tuple(
            Relationship(e["resourceType"], e["resourceId"], e["name"], e.get("resourceName")) for e in edges or ()
        )
    except (KeyError, TypeError, AttributeError):
        return None


def _decoded(value: str) -> Any:
    """What JSON in a text says, where it is that (``AccessControlList`` is)."""
    if value[:1] not in ("{", "[", '"') and value not in ("null", "true", "false"):
        return value
    try:
        decoded = orjson.loads(value)
    except orjson.JSONDecodeError:
        return value
    return _decoded(decoded) if isinstance(decoded, str) and decoded != value else decoded


def _capture_time(value: Any) -> datetime:
    if value is None:
        return EPOCH
    try:
        return datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise ItemError(f"configurationItemCaptureTime is {shown(value)}, which is not a time") from None


_worker: _Evaluator | None = None


def _start_worker(rules: Sequence[ConfiguredRule], now: datetime) -> None:
    global _worker
    _worker = _Evaluator(rules, now)


def _in_worker(data: bytes, place: str, exact: bool, latest: bool, room: int) -> _Outcome:
    if _worker is None:
        raise RuntimeError("the worker was not started with rules")
    return _packed(_worker.chunk(data, place, exact, latest, room))


def _packed(outcome: _Outcome) -> _Outcome:
    outcome.held = [zlib.compress(b"\n".join(outcome.held), 1)] if outcome.held else []
    outcome.later = [zlib.compress(b"\n".join(outcome.later), 1)] if outcome.later else []
    return outcome


# --- the whole ------------------------------------------------------------------------------------------------------


class _Scoped:
    """The lookup of the second pass: the items of one account and region, and the time."""

    def __init__(self, items: Mapping[str, list[ConfigurationItem]], now: datetime) -> None:
        self._items = items
        self._now = now
        self._by_id = {
            (kind, name): item
            for kind, found in items.items()
            for item in found
            for name in (item.resource_id, item.resource_name)
            if name
        }

    def items_of_type(self, resource_type: str) -> Iterable[ConfigurationItem]:
        if resource_type not in self._items:
            raise Unavailable(f"the files hold no {resource_type} of this account and region")
        return self._items[resource_type]

    def item(self, resource_type: str, resource_id: str) -> ConfigurationItem | None:
        self.items_of_type(resource_type)
        return self._by_id.get((resource_type, resource_id))

    def account_fact(self, name: str) -> Any:
        raise Unavailable(f"the rule needs the account fact {name}, which configuration items don't hold")

    def now(self) -> datetime:
        return self._now


class _Run:
    """One evaluation of many files."""

    def __init__(
        self,
        sources: Sequence[Source],
        rules: Sequence[ConfiguredRule],
        now: datetime,
        on_progress: Progress | None,
        workers: int,
        most_listed: int = MAX_LISTED,
    ) -> None:
        self.sources, self.superseded = latest_snapshots(sources)
        self.most_listed = most_listed
        self.rules = rules
        self.now = now
        self.on_progress = on_progress
        self.workers = workers
        self.evaluator = _Evaluator(rules, now)
        self.total = _Outcome(room=most_listed)
        self.latest: dict[tuple[str, str, str, str], tuple[datetime, bytes]] = {}
        self.problems: list[Problem] = []
        self.problem_count = 0
        self._read = 0
        self._size = sum(source.size for source in self.sources)

    def run(self) -> OfflineResult:
        """Everything, in order."""
        small = self._size <= SMALL
        workers = 0 if small else self.workers
        pool = (
            ProcessPoolExecutor(workers, initializer=_start_worker, initargs=(self.rules, self.now))
            if workers
            else None
        )
        try:
            for source in self.sources:
                self._file(source, pool)
        finally:
            if pool:
                pool.shutdown(cancel_futures=True)
        self._histories()
        self._second_pass()
        return self._result()

    def _bytes(self, count: int) -> None:
        self._read += count
        if self.on_progress:
            self.on_progress(self._read, self._size, self.total.items)

    def _file(self, source: Source, pool: ProcessPoolExecutor | None) -> None:
        before = self._read
        outcome, trouble = self._attempt(source, pool, exact=False)
        if outcome.broken:
            self._read = before
            outcome, trouble = self._attempt(source, None, exact=True)
        if trouble:
            outcome.problem(None, trouble)
        self.problem_count += outcome.problem_count
        self.problems += [Problem(source.name, i, m) for i, m in outcome.problems][: MAX_PROBLEMS - len(self.problems)]
        outcome.problems, outcome.problem_count = [], 0
        self.total.add(outcome, 0)

    def _attempt(self, source: Source, pool: ProcessPoolExecutor | None, exact: bool) -> tuple[_Outcome, str]:
        reader = _Reader(source, self._bytes)
        file_outcome = _Outcome(room=self.most_listed)
        chunks = _exact_chunks(reader) if exact else reader.chunks()
        history = _is_history(source.name)
        for outcome in self._evaluated(chunks, pool, exact, history):
            if outcome.broken:
                file_outcome.broken = True
                return file_outcome, ""
            self._keep_latest(outcome, history)
            file_outcome.add(outcome, file_outcome.items + file_outcome.problem_count)
        return file_outcome, reader.trouble

    def _evaluated(
        self, chunks: Iterator[_Chunk], pool: ProcessPoolExecutor | None, exact: bool, history: bool
    ) -> Iterator[_Outcome]:
        if pool is None:
            for chunk in chunks:
                yield _packed(self.evaluator.chunk(chunk.data, chunk.place, exact, history, self.most_listed))
            return
        waiting: deque[Future[_Outcome]] = deque()
        listed = len(self.total.violations)
        for chunk in chunks:
            # What was listed before this chunk takes the room; a worker lists no violation that nobody keeps.
            room = max(0, self.most_listed - listed)
            waiting.append(pool.submit(_in_worker, chunk.data, chunk.place, exact, history, room))
            if len(waiting) > 2 * self.workers:
                outcome = waiting.popleft().result()
                listed += len(outcome.violations)
                yield outcome
        while waiting:
            yield waiting.popleft().result()

    def _keep_latest(self, outcome: _Outcome, history: bool) -> None:
        if not history:
            return
        for raw in _unpacked(outcome.held):
            item = to_item(orjson.loads(raw))
            known = self.latest.get(item.key)
            if known is None or item.capture_time >= known[0]:
                self.latest[item.key] = (item.capture_time, zlib.compress(raw, 1))
        outcome.held = []

    def _histories(self) -> None:
        for _, packed in self.latest.values():
            raw = orjson.loads(zlib.decompress(packed))
            self.evaluator.evaluate(to_item(raw), raw, self.total)
        self.latest = {}

    def _second_pass(self) -> None:
        accounts = [number for number, rule in enumerate(self.evaluator.prepared.rules) if ACCOUNT in rule.types]
        later = {int(line[: line.index(b" ")]) for line in _unpacked(self.total.later)}
        if not later and not accounts:
            return
        places = self._places(frozenset().union(*(self.evaluator.needed[n] for n in (*accounts, *later))))
        lookups = {place: _Scoped(items, self.now) for place, items in places.items()}
        empty = _Scoped({}, self.now)
        for line in _unpacked(self.total.later):
            which, _, packed = line.partition(b" ")
            item = to_item(orjson.loads(packed))
            self._judge(int(which), item, lookups.get((item.account_id, item.region), empty))
        for number in accounts:
            for account, region in sorted(self.total.places):
                item = ConfigurationItem(ACCOUNT, account, account, region, capture_time=self.now)
                self._judge(number, item, lookups.get((account, region), empty))

    def _judge(self, number: int, item: ConfigurationItem, lookup: _Scoped) -> None:
        compliance, annotation = self.evaluator.prepared.rules[number].judge(item, lookup)
        _note(self.total, number, _INDEX[compliance], annotation, item)

    def _places(self, types: frozenset[str]) -> dict[tuple[str, str], dict[str, list[ConfigurationItem]]]:
        """The items of those types by account and region; only what a rule will look for is built."""
        places: dict[tuple[str, str], dict[str, list[ConfigurationItem]]] = {}
        for line in _unpacked(self.total.held):
            raw = orjson.loads(line)
            if raw["resourceType"] not in types:
                continue
            item = to_item(raw)
            if not item.status.deleted:
                place = places.setdefault((item.account_id, item.region), {})
                place.setdefault(item.resource_type, []).append(item)
        return places

    def _result(self) -> OfflineResult:
        rules = self.evaluator.prepared.rules
        violations = (self._violation(row) for row in self.total.violations)
        return OfflineResult(
            items=self.total.items,
            files=len(self.sources),
            rules=tuple(self._rule_result(number, rule.rule) for number, rule in enumerate(rules)),
            violations=tuple(violations),
            resource_types=dict(self.total.types.most_common()),
            problems=tuple(self.problems),
            problem_count=self.problem_count,
            superseded=tuple(source.name for source in self.superseded),
        )

    def _rule_result(self, number: int, rule: ConfiguredRule) -> RuleResult:
        counts = {kind: self.total.counts[number, index] for index, kind in enumerate(COMPLIANCES)}
        reasons = Counter(
            {reason: n for (rule_number, reason), n in self.total.reasons.items() if rule_number == number}
        )
        if self.evaluator.prepared.rules[number].problem and not any(counts.values()):
            reasons[self.evaluator.prepared.rules[number].problem] = 0
        return RuleResult(rule, {kind: n for kind, n in counts.items() if n}, dict(reasons.most_common(20)))

    def _violation(self, row: _Row) -> ResourceEvaluation:
        number, account, region, kind, resource_id, annotation, captured = row
        rule = self.evaluator.prepared.rules[number].rule
        evaluation = Evaluation(rule.name, kind, resource_id, ComplianceType.NON_COMPLIANT, annotation, captured)
        return ResourceEvaluation(rule.identifier, account, region, evaluation)


def _is_history(name: str) -> bool:
    return "ConfigHistory" in name


def _unpacked(held: Iterable[bytes]) -> Iterator[bytes]:
    for packed in held:
        unpacked = zlib.decompress(packed) if packed[:1] == b"\x78" else packed
        yield from unpacked.split(b"\n")


def _exact_chunks(reader: _Reader) -> Iterator[_Chunk]:
    """The items cut one token at a time: for files in which the quick cut went wrong."""
    rest, closed = b"", False
    for block in reader.item_bytes():
        items, rest = _split(rest + block)
        if items:
            yield _Chunk(b",".join(items))
        closed = rest.startswith(b"]")
        if closed:
            return
    if not closed:
        yield _Chunk(rest, "tail")


def evaluate_sources(
    sources: Sequence[Source],
    rules: Sequence[ConfiguredRule],
    on_progress: Progress | None = None,
    *,
    workers: int | None = None,
    now: datetime | None = None,
) -> OfflineResult:
    """Evaluate the files of sources (see :func:`s3_sources`). ``workers``: processes, one a core unless given."""
    count = (os.cpu_count() or 1) if workers is None else workers
    return _Run(sources, rules, now or datetime.now(UTC), on_progress, count).run()


def evaluate_files(
    paths: Iterable[str | os.PathLike[str]],
    rules: Sequence[ConfiguredRule],
    on_progress: Progress | None = None,
    *,
    workers: int | None = None,
    now: datetime | None = None,
) -> OfflineResult:
    """Evaluate snapshot and history files, or folders of them, gzip or plain. Raises FileNotFoundError for a path that
    isn't there; what is wrong inside a file is in the result's problems."""
    return evaluate_sources(file_sources(paths), rules, on_progress, workers=workers, now=now)


# --- what if --------------------------------------------------------------------------------------------------------

PRICE_TIERS = ((100_000, 0.001), (500_000, 0.0008), (float("inf"), 0.0005))
"""USD for each rule evaluation of a month, by how many there were before."""
PRICE_SOURCE = (
    "AWS Config pricing, rule evaluations, US East (N. Virginia); second-hand, check aws.amazon.com/config/pricing"
)
RUNS_A_MONTH = {
    "One_Hour": 730,
    "Three_Hours": 243,
    "Six_Hours": 122,
    "Twelve_Hours": 61,
    "TwentyFour_Hours": 30,
}


@dataclass(frozen=True, slots=True)
class Cost:
    """What rules would cost a month."""

    evaluations: int
    usd: float
    changes_per_resource: float
    source: str = PRICE_SOURCE


@dataclass(frozen=True, slots=True)
class WhatIf:
    """What changes if the candidate rules are enabled beside those that are."""

    result: OfflineResult
    """Of the candidates alone."""
    newly_failing: tuple[ResourceEvaluation, ...]
    """Violations that no enabled rule with the same identifier reports already."""
    cost: Cost
    exact: bool = True
    """Whether every violation was compared. False beyond :data:`MAX_COMPARED` of them: some that would newly fail are
    then missing from the list, and some on it may fail today already."""


def evaluation_price(evaluations: float, before: float = 0) -> float:
    """USD for that many evaluations in a month in which there were ``before`` of them already."""
    total, done, left = 0.0, before, evaluations
    for limit, price in PRICE_TIERS:
        here = min(left, max(0.0, limit - done))
        total += here * price
        done, left = done + here, left - here
    return total


def monthly_cost(result: OfflineResult, changes_per_resource: float = 4.0) -> Cost:
    """The cost of the result's rules: each judged resource for each change (``changes_per_resource`` a month), and for
    each run of a periodic rule (at its default frequency, once a day)."""
    count = 0.0
    for entry in result.rules:
        managed = catalog.managed_rules().get(entry.rule.identifier)
        trigger = managed.trigger if managed else catalog.CHANGE
        runs = 0.0 if trigger == catalog.CHANGE else RUNS_A_MONTH[catalog.DEFAULT_FREQUENCY]
        changes = 0.0 if trigger == catalog.PERIODIC else changes_per_resource
        count += sum(entry.counts.values()) * (runs + changes)
    return Cost(round(count), round(evaluation_price(count), 2), changes_per_resource)


def what_if(
    sources: Sequence[Source],
    candidates: Sequence[ConfiguredRule],
    enabled: Sequence[ConfiguredRule],
    on_progress: Progress | None = None,
    *,
    changes_per_resource: float = 4.0,
    workers: int | None = None,
    now: datetime | None = None,
) -> WhatIf:
    """Evaluate candidates and enabled rules in one pass over the files, and say what the candidates would change.

    Only enabled rules with the identifier of a candidate can report the same, so only they are evaluated. Exact up to
    :data:`MAX_COMPARED` violations; beyond, the answer says that it isn't (:attr:`WhatIf.exact`).
    """
    count = (os.cpu_count() or 1) if workers is None else workers
    wanted = {rule.identifier for rule in candidates}
    rivals = [rule for rule in enabled if rule.identifier in wanted]
    run = _Run(sources, [*candidates, *rivals], now or datetime.now(UTC), on_progress, count, MAX_COMPARED)
    both = run.run()
    pairs = zip(run.total.violations, both.violations, strict=True)
    judged = [(row[0] < len(candidates), violation) for row, violation in pairs]
    known = {_subject(found) for of_candidate, found in judged if not of_candidate}
    found = tuple(found for of_candidate, found in judged if of_candidate)
    newly = tuple(violation for violation in found if _subject(violation) not in known)
    result = dataclasses.replace(both, rules=both.rules[: len(candidates)], violations=found)
    return WhatIf(result, newly, monthly_cost(result, changes_per_resource), len(judged) == both.non_compliant)


def _subject(found: ResourceEvaluation) -> tuple[str, str, str, str, str]:
    evaluation = found.evaluation
    return (found.identifier, found.account_id, found.region, evaluation.resource_type, evaluation.resource_id)
