"""Judges chunks of items, in a process of its own, into outcomes that are small enough to send between processes."""

from __future__ import annotations

import gc
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any

import orjson

from watchkeeper.evaluation.files.stream import Chunk
from watchkeeper.evaluation.item import Accept, ConfiguredRule, NoLookup, Prepared, PreparedRule, accepted, prepare
from watchkeeper.items import Edges, ItemError, from_aws, unsaid
from watchkeeper.model import EPOCH, UNAVAILABLE_KEY, ComplianceType, ConfigurationItem, ItemStatus
from watchkeeper.rules import Index
from watchkeeper.rules.base import COMPLIANT, RuleFunction, clip, shown

MAX_PROBLEMS = 1000
MAX_LISTED = 100_000

COMPLIANCES = tuple(ComplianceType)
INDEX = {compliance: index for index, compliance in enumerate(COMPLIANCES)}
_COMPLIANT = INDEX[ComplianceType.COMPLIANT]
_NON_COMPLIANT = INDEX[ComplianceType.NON_COMPLIANT]
_EXCEPTED = INDEX[ComplianceType.EXCEPTED]
_NOT_EVALUATED = INDEX[ComplianceType.NOT_EVALUATED]
_STATUSES = {status.value: status for status in ItemStatus}

Place = tuple[str, str]
"""Account and region."""
Group = tuple[str, str, str]
"""Account, region and resource type."""
Key = tuple[str, str, str, str]
"""What identifies a resource: account, region, type, id."""
Row = tuple[int, str, str, str, str, str, datetime]
"""A violation: rule number, account, region, type, id, annotation, capture time."""


class _Later(BaseException):
    """Raised by the lookup of the first pass: the rule needs other items, so it is run when all are known. Not an
    Exception, because a rule's exceptions are answers."""


class _FirstPass(NoLookup):
    """The lookup while not all items are known."""

    def items_of_type(self, resource_type: str) -> Iterable[ConfigurationItem]:
        raise _Later(resource_type)

    def item(self, resource_type: str, resource_id: str) -> ConfigurationItem | None:
        raise _Later(resource_type, resource_id)

    def find(self, index: Index, key: Any) -> Sequence[Any]:  # noqa: ARG002 - as the protocol has it
        raise _Later(index.resource_type)


class Task(Enum):
    """What is done with the items of a chunk."""

    SURVEY = "survey"
    """Only which resources they are."""
    JUDGE = "judge"
    """All are judged, but for those of resources that come more than once: they are handed back."""
    FINAL = "final"
    """All are judged: they are the latest of their resources."""


Subject = tuple[int, str, str, str, str, str | None, str, datetime]
"""Rule number, type, id, account, region, name, ARN, capture time: an item for a rule that looks at ids only."""


@dataclass(slots=True)
class Outcome:
    """What a chunk gave."""

    values: int = 0
    """Items, and what should have been some."""
    ids: dict[Group, list[str]] = field(default_factory=dict)
    """The resources, by which one that comes twice is noticed."""
    counts: Counter[tuple[int, int]] = field(default_factory=Counter)
    """Rule number and compliance to how many."""
    reasons: Counter[tuple[int, str]] = field(default_factory=Counter)
    violations: list[Row] = field(default_factory=list)
    excepted: list[Row] = field(default_factory=list)
    """Violations that somebody accepted, each with why."""
    problems: list[tuple[int | None, str]] = field(default_factory=list)
    problem_count: int = 0
    later: list[bytes] = field(default_factory=list)
    """Rule numbers and item, for rules that need other items; a line each, or many lines compressed."""
    subjects: list[Subject] = field(default_factory=list)
    facts: list[tuple[int, Place, Any, Any]] = field(default_factory=list)
    """Index number, place, key and fact."""
    unreadable: list[tuple[int, Place, str]] = field(default_factory=list)
    """Index number, place, and why an item there could not be read into it."""
    held: list[bytes] = field(default_factory=list)
    """Items that rules go through: a line each, or many lines compressed."""
    states: list[tuple[Key, datetime, bytes]] = field(default_factory=list)
    """Items of resources that come more than once."""
    room: int = MAX_LISTED
    """How many violations are listed at most."""

    def problem(self, index: int | None, message: str) -> None:
        """Note what could not be evaluated; only the first ones are kept."""
        self.problem_count += 1
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append((index, message))

    def add(self, other: Outcome) -> None:
        """Fold in what the rules said of another chunk."""
        self.counts.update(other.counts)
        self.reasons.update(other.reasons)
        self.violations += other.violations[: max(0, self.room - len(self.violations))]
        self.excepted += other.excepted[: max(0, self.room - len(self.excepted))]
        self.later += other.later
        self.subjects += other.subjects
        self.held += other.held

    def note(self, number: int, compliance: ComplianceType, annotation: str, item: ConfigurationItem) -> None:
        """Count an answer, and list it where it is a violation."""
        kind = INDEX[compliance]
        self.counts[number, kind] += 1
        if kind == _NON_COMPLIANT:
            if len(self.violations) < self.room:
                self.violations.append((number, *item.key, annotation, item.capture_time))
        elif kind == _EXCEPTED:
            if len(self.excepted) < self.room:
                self.excepted.append((number, *item.key, annotation, item.capture_time))
        elif kind == _NOT_EVALUATED:
            self.reasons[number, annotation] += 1


_Plan = tuple[int, RuleFunction, Mapping[str, Any]]
"""Rule number, function and parameters: what the loop over items needs."""


class Judge:
    """The rules, laid out for many items; one in each process."""

    def __init__(
        self,
        rules: Sequence[ConfiguredRule],
        now: datetime,
        repeated: frozenset[Key] = frozenset(),
        accept: Accept | None = None,
    ) -> None:
        self.prepared: Prepared = prepare(rules)
        self._accept = accept
        self._repeated = repeated
        self._lookup = _FirstPass(now)
        self._asked: dict[str, list[int]] = {}
        self._plans: dict[str, list[_Plan]] = {}
        self._indexed: dict[str, list[tuple[int, Index]]] = {}
        for number, rule in enumerate(self.prepared.rules):
            self._lay_out(number, rule)
        usable = [rule.logic for rule in self.prepared.rules if rule.logic and not rule.problem]
        self.indexes: tuple[Index, ...] = tuple(dict.fromkeys(index for run in usable for index in run.indexes))
        for number, index in enumerate(self.indexes):
            self._indexed.setdefault(index.resource_type, []).append((number, index))
        self._held_types: frozenset[str] = frozenset().union(*(run.whole_types for run in usable))
        self._looked_at = {*self.prepared.by_type, *self._held_types, *self._indexed}

    def _lay_out(self, number: int, rule: PreparedRule) -> None:
        for kind in rule.types:
            if rule.logic is None or rule.problem or rule.rule.scope.narrows:
                self._asked.setdefault(kind, []).append(number)
            else:
                self._plans.setdefault(kind, []).append((number, rule.logic.function, rule.parameters))

    def chunk(self, chunk: Chunk, task: Task = Task.JUDGE, room: int = MAX_LISTED) -> Outcome:
        """The outcome of a chunk, with at most ``room`` violations listed."""
        outcome = Outcome(room=room)
        # Parsed JSON has no cycles; looking for some in a chunk's many objects takes a third of the time.
        collects = gc.isenabled()
        gc.disable()
        try:
            self._chunk(chunk, task, outcome)
        finally:
            if collects:
                gc.enable()
        outcome.held, outcome.later = _packed(outcome.held), _packed(outcome.later)
        return outcome

    def _chunk(self, chunk: Chunk, task: Task, outcome: Outcome) -> None:
        try:
            values = chunk.parsed()
        except orjson.JSONDecodeError:
            values = []
            for index, (raw, problem) in enumerate(chunk.pieces()):
                values.append(_Broken if problem else raw)
                if problem:
                    outcome.problem(index, problem)
        outcome.values = len(values)
        judged: Counter[str] = Counter()
        departed: Counter[int] = Counter()
        for index, raw in enumerate(values):
            if raw is _Broken:
                continue
            try:
                for entry in (raw,) if type(raw) is dict and "resourceType" in raw else items_in(raw):
                    item = self._taken(entry, task, outcome)
                    if item is not None:
                        self._judge(item, entry, outcome, judged, departed)
            except (ItemError, TypeError, ValueError, AttributeError, RecursionError) as error:
                outcome.problem(index, clip(str(error)))
        self._count_compliant(judged, departed, outcome)

    def _taken(self, raw: Any, task: Task, outcome: Outcome) -> ConfigurationItem | None:
        """The item, where it has to be judged now. Raises ItemError."""
        looked_at = type(raw) is not dict or raw.get("resourceType") in self._looked_at
        if looked_at or not _is_plain(raw):
            item = to_item(raw)
            account, region, kind, resource_id = key = item.key
        else:
            item = None
            account, region, kind, resource_id = key = (
                raw["awsAccountId"], raw["awsRegion"], raw["resourceType"], raw["resourceId"],
            )  # fmt: skip
        if task is not Task.FINAL:
            group = (account, region, kind)
            known = outcome.ids.get(group)
            if known is None:
                outcome.ids[group] = [resource_id]
            else:
                known.append(resource_id)
        if item is None or task is Task.SURVEY:
            return None
        if task is Task.JUDGE and self._repeated and key in self._repeated:
            outcome.states.append((key, item.capture_time, orjson.dumps(raw)))
            return None
        return item

    def _judge(
        self, item: ConfigurationItem, raw: Any, outcome: Outcome, judged: Counter[str], departed: Counter[int]
    ) -> None:
        """All rules on one item. A rule that finds it compliant leaves no trace: it is counted by what is left when
        those that say something else depart from all that were judged."""
        kind, lookup, rules = item.resource_type, self._lookup, self.prepared.rules
        deleted = item.status is not _OK and item.status.deleted
        plans: Sequence[_Plan] = self._plans.get(kind, ())
        if deleted or UNAVAILABLE_KEY in item.supplementary:
            self._ask(item, raw, [number for number, _, _ in plans], outcome)
            plans = ()
        if plans:
            judged[kind] += 1
        later: list[int] = []
        for number, function, parameters in plans:
            try:
                verdict = function(item, parameters, lookup)
            except _Later:
                departed[number] += 1
                later.append(number)
                continue
            except Exception:  # noqa: BLE001 - the rule itself says what that means
                departed[number] += 1
                self.note(outcome, number, *rules[number].judge(item, lookup), item)
                continue
            if verdict is not COMPLIANT and verdict.compliance is not ComplianceType.COMPLIANT:
                departed[number] += 1
                self.note(outcome, number, verdict.compliance, verdict.annotation, item)
        if kind in self._asked:
            self._ask(item, raw, [n for n in self._asked[kind] if rules[n].rule.scope.covers(item)], outcome)
        if later:
            self._postpone(item, raw, later, outcome)
        if deleted:
            return
        if kind in self._indexed:
            self._index(item, outcome)
        if kind in self._held_types:
            outcome.held.append(orjson.dumps(raw))

    def note(
        self, outcome: Outcome, number: int, compliance: ComplianceType, annotation: str, item: ConfigurationItem
    ) -> None:
        """Count what a rule says of an item, as an exception where somebody accepted the violation."""
        rule = self.prepared.rules[number].rule
        outcome.note(number, *accepted(compliance, annotation, rule, item, self._accept), item)

    def _ask(self, item: ConfigurationItem, raw: Any, numbers: Iterable[int], outcome: Outcome) -> None:
        """The rules, with all that they say themselves of an item that is deleted or not wholly read."""
        for number in numbers:
            try:
                self.note(outcome, number, *self.prepared.rules[number].judge(item, self._lookup), item)
            except _Later:
                self._postpone(item, raw, [number], outcome)

    def _postpone(self, item: ConfigurationItem, raw: Any, numbers: Iterable[int], outcome: Outcome) -> None:
        whole = []
        for number in numbers:
            logic = self.prepared.rules[number].logic
            # Whether a violation is accepted may hang on the item's tags, which a subject lacks.
            if logic is not None and logic.identity_only and self._accept is None:
                account, region, kind, resource_id = item.key
                subject = (kind, resource_id, account, region, item.resource_name, item.arn, item.capture_time)
                outcome.subjects.append((number, *subject))
            else:
                whole.append(str(number))
        if whole:
            outcome.later.append(b"%s %s" % (",".join(whole).encode(), orjson.dumps(raw)))

    def _index(self, item: ConfigurationItem, outcome: Outcome) -> None:
        place = (item.account_id, item.region)
        for number, index in self._indexed[item.resource_type]:
            try:
                outcome.facts += [(number, place, key, fact) for key, fact in index.of(item)]
            except Exception as error:  # noqa: BLE001 - what is not known of one item, no rule may take for known
                name = f"{item.resource_type} {shown(item.resource_id)}"
                outcome.unreadable.append((number, place, f"{name} can't be read: {clip(str(error), 120)}"))

    def _count_compliant(self, judged: Counter[str], departed: Counter[int], outcome: Outcome) -> None:
        for kind, count in judged.items():
            for number, _, _ in self._plans[kind]:
                outcome.counts[number, _COMPLIANT] += count
        for number, count in departed.items():
            outcome.counts[number, _COMPLIANT] -= count


class _Broken:
    """Stands for what is no JSON."""


def _packed(lines: list[bytes]) -> list[bytes]:
    return [zlib.compress(b"\n".join(lines), 1)] if lines else []


def unpacked(held: Iterable[bytes]) -> Iterator[bytes]:
    """The lines of what was packed."""
    for packed in held:
        yield from zlib.decompress(packed).split(b"\n")


def items_in(raw: Any) -> Iterator[Any]:
    """The items that a value of a file holds: itself, those of a snapshot or history, the one of an event."""
    if isinstance(raw, dict) and "resourceType" not in raw:
        inner = raw.get("configurationItems")
        if isinstance(inner, list):
            yield from inner
            return
        event = raw.get("detail") if isinstance(raw.get("detail"), dict) else raw
        if isinstance(event, dict) and isinstance(event.get("configurationItem"), dict):
            yield event["configurationItem"]
            return
    yield raw


_TEXTS = ("resourceType", "resourceId", "awsAccountId", "awsRegion", "configurationItemStatus")
_OBJECTS = ("configuration", "supplementaryConfiguration", "tags")
_OK = ItemStatus.OK


def _is_plain(raw: dict[str, Any]) -> bool:
    """Whether the item is spelled as Config spells it in files, its parts of the kinds that they should have."""
    get = raw.get
    for name in _TEXTS:
        if type(get(name)) is not str:
            return False
    for name in _OBJECTS:
        if type(get(name)) is not dict:
            return False
    arn, edges = get("ARN"), get("relationships")
    if arn is not None and type(arn) is not str:
        return False
    if edges is not None and type(edges) is not list:
        return False
    for edge in edges or ():
        if type(edge) is not dict:
            return False
    return bool(raw["resourceType"] and raw["resourceId"]) and raw["configurationItemStatus"] in _STATUSES


def to_item(raw: Any) -> ConfigurationItem:
    """As :func:`watchkeeper.items.from_aws`, quicker for what S3 files hold. Raises ItemError."""
    if type(raw) is not dict or not _is_plain(raw):
        return from_aws(raw)
    supplementary, status = raw["supplementaryConfiguration"], _STATUSES[raw["configurationItemStatus"]]
    if status is ItemStatus.NOT_RECORDED:
        supplementary |= unsaid(raw, status)
    for key, value in supplementary.items():
        if type(value) is str:
            supplementary[key] = _decoded(value)
    return ConfigurationItem(
        raw["resourceType"],
        raw["resourceId"],
        raw["awsAccountId"],
        raw["awsRegion"],
        raw.get("resourceName"),
        raw.get("ARN") or "",
        status,
        _capture_time(raw.get("configurationItemCaptureTime")),
        tags=raw["tags"],
        relationships=Edges(raw.get("relationships") or ()),
        configuration=raw["configuration"],
        supplementary=supplementary,
    )


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
