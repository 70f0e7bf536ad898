"""Runs many files through the rules: cuts in this process, judges in workers, adds up, then the rules that need all."""

from __future__ import annotations

import os
import zlib
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import orjson

from watchkeeper.evaluation.files.judging import (
    COMPLIANCES,
    MAX_LISTED,
    MAX_PROBLEMS,
    Group,
    Judge,
    Key,
    Outcome,
    Place,
    Row,
    Task,
    to_item,
    unpacked,
)
from watchkeeper.evaluation.files.sources import Source, file_sources, latest_snapshots
from watchkeeper.evaluation.files.stream import CHUNK, Chunk, Reader
from watchkeeper.evaluation.item import Accept, ConfiguredRule
from watchkeeper.evaluation.results import FilesResult, Problem, ResourceEvaluation, RuleResult
from watchkeeper.model import ComplianceType, ConfigurationItem, Evaluation, Unavailable
from watchkeeper.rules import ACCOUNT, Index
from watchkeeper.rules.base import facts_under, gathered
from watchkeeper.rules.cloudtrail import ELSEWHERE, TRAIL
from watchkeeper.rules.s3 import BUCKET, BUCKET_REGIONS

SMALL = 1 << 20
"""Input up to this many bytes (as stored) is evaluated in this process: starting workers would take longer."""
AHEAD = 3
"""Chunks that wait for each worker."""

Progress = Callable[[int, int, int], None]
"""Called with bytes read, bytes in all (as stored; 0 where unknown) and items evaluated."""


def evaluate_sources(
    sources: Sequence[Source],
    rules: Sequence[ConfiguredRule],
    on_progress: Progress | None = None,
    *,
    workers: int | None = None,
    now: datetime | None = None,
    most_listed: int = MAX_LISTED,
    accept: Accept | None = None,
) -> FilesResult:
    """Evaluate the files of sources (see :func:`watchkeeper.evaluation.s3_sources`).

    ``workers``: processes, one a core unless given; ``most_listed``: violations that are listed, all are counted;
    ``accept``: which violations somebody accepted.
    """
    count = (os.cpu_count() or 1) if workers is None else workers
    return _Run(sources, rules, now or datetime.now(UTC), on_progress, count, most_listed, accept).run()


def evaluate_files(
    paths: Iterable[str | os.PathLike[str]],
    rules: Sequence[ConfiguredRule],
    on_progress: Progress | None = None,
    *,
    workers: int | None = None,
    now: datetime | None = None,
) -> FilesResult:
    """Evaluate snapshot and history files, or folders of them, gzip or plain. Raises FileNotFoundError for a path that
    isn't there; what is wrong inside a file is in the result's problems."""
    return evaluate_sources(file_sources(paths), rules, on_progress, workers=workers, now=now)


# --- workers --------------------------------------------------------------------------------------------------------

_judge: Judge | None = None


def _start_worker(
    rules: Sequence[ConfiguredRule], now: datetime, repeated: frozenset[Key], accept: Accept | None
) -> None:
    global _judge
    _judge = Judge(rules, now, repeated, accept)


def _in_worker(chunk: Chunk, task: Task, room: int) -> Outcome:
    if _judge is None:
        raise RuntimeError("the worker was not started with rules")
    return _judge.chunk(chunk, task, room)


Submit = Callable[[Iterable[Chunk], Task], Iterator[Outcome]]
"""Chunks, and what is done with them, to outcomes in the same order."""


# --- the lookup when all items are known ----------------------------------------------------------------------------


class _Known:
    """What the files hold of one account and region."""

    def __init__(
        self,
        types: frozenset[str],
        items: Mapping[str, list[ConfigurationItem]],
        facts: Mapping[Index, Mapping[Any, list[Any]]],
        unreadable: Mapping[Index, str],
        now: datetime,
        account_facts: Mapping[str, Any],
    ) -> None:
        self._account_facts = account_facts
        self._types = types
        self._items = items
        self._facts = facts
        self._unreadable = unreadable
        self._now = now

    def items_of_type(self, resource_type: str) -> Sequence[ConfigurationItem]:
        """Every item of the type. Raises Unavailable where the files hold none."""
        self._refuse_unrecorded(resource_type)
        return self._items.get(resource_type, ())

    def item(self, resource_type: str, resource_id: str) -> ConfigurationItem | None:
        """The item by id or name."""
        found = self.items_of_type(resource_type)
        return next((item for item in found if resource_id in (item.resource_id, item.resource_name)), None)

    def find(self, index: Index, key: Any) -> Sequence[Any]:
        """The facts under the key. Raises Unavailable where not all items could be read."""
        self._refuse_unrecorded(index.resource_type)
        if index in self._unreadable:
            raise Unavailable(self._unreadable[index])
        return facts_under(key, self._facts.get(index, {}), decisive=index.decisive)

    def account_fact(self, name: str) -> Any:
        """What the items of other regions say of the account; nothing else is known of it."""
        if name in self._account_facts:
            return self._account_facts[name]
        raise Unavailable(f"the rule needs the account fact {name}, which configuration items don't hold")

    def now(self) -> datetime:
        """The time of the evaluation."""
        return self._now

    def _refuse_unrecorded(self, resource_type: str) -> None:
        if resource_type not in self._types:
            raise Unavailable(f"the files hold no {resource_type} of this account and region")


class _Gathered:
    """What rules have to know of other items, by account and region."""

    def __init__(self, indexes: Sequence[Index], now: datetime) -> None:
        self._indexes = indexes
        self._now = now
        self._facts: dict[Place, dict[int, list[tuple[Any, Any]]]] = {}
        self._unreadable: dict[Place, dict[Index, str]] = {}

    def add(self, outcome: Outcome) -> None:
        """Take in what a chunk's items say."""
        for number, place, key, fact in outcome.facts:
            self._facts.setdefault(place, {}).setdefault(number, []).append((key, fact))
        for number, place, why in outcome.unreadable:
            self._unreadable.setdefault(place, {}).setdefault(self._indexes[number], why)

    def lookups(self, groups: Mapping[Group, Iterable[str]], held: Iterable[bytes]) -> dict[Place, _Known]:
        """The lookup of each place in which there is a resource."""
        types: dict[Place, set[str]] = {}
        for account, region, kind in groups:
            types.setdefault((account, region), set()).add(kind)
        items: dict[Place, dict[str, list[ConfigurationItem]]] = {}
        for line in unpacked(held):
            item = to_item(orjson.loads(line))
            items.setdefault((item.account_id, item.region), {}).setdefault(item.resource_type, []).append(item)
        buckets: dict[str, dict[str, str]] = {}
        for (account, region, kind), ids in groups.items():
            if kind == BUCKET:
                buckets.setdefault(account, {}).update(dict.fromkeys(ids, region))
        return {
            place: _Known(
                frozenset(found),
                items.get(place, {}),
                {self._indexes[n]: gathered(entries) for n, entries in self._facts.get(place, {}).items()},
                self._unreadable.get(place, {}),
                self._now,
                {ELSEWHERE: _multi_region_trails(place, items), BUCKET_REGIONS: buckets.get(place[0], {})},
            )
            for place, found in types.items()
        }


def _multi_region_trails(
    here: Place, items: Mapping[Place, Mapping[str, Sequence[ConfigurationItem]]]
) -> list[Mapping[str, Any]]:
    """The trails that other regions of the account hold and that record this one."""
    account, region = here
    trails = (
        trail
        for (other, home), held in items.items()
        if other == account and home != region
        for trail in held.get(TRAIL, ())
    )
    return [
        {
            "arn": trail.arn or trail.resource_id,
            "configuration": trail.configuration,
            "isLogging": trail.supplementary.get("IsLogging", trail.configuration.get("isLogging")),
            "selectors": trail.supplementary,
        }
        for trail in trails
        if trail.configuration.get("isMultiRegionTrail") is True
    ]


# --- the whole ------------------------------------------------------------------------------------------------------


class _Run:
    """One evaluation of many files.

    Most files hold each resource once. Where one comes again, or is about to (in histories), what the rules say of this
    pass isn't kept: all files are read once more, and what they hold of such a resource waits for its latest item.
    """

    def __init__(
        self,
        sources: Sequence[Source],
        rules: Sequence[ConfiguredRule],
        now: datetime,
        on_progress: Progress | None,
        workers: int,
        most_listed: int,
        accept: Accept | None,
    ) -> None:
        self._sources, self._superseded = latest_snapshots(sources)
        self._rules = rules
        self._now = now
        self._most_listed = most_listed
        self._accept = accept
        self._judge = Judge(rules, now, accept=accept)
        self._on_progress = on_progress
        self._size = sum(source.size for source in self._sources)
        self._workers = workers if self._size > SMALL else 0
        self._read = 0
        self._passes = 1
        self._repeated: set[Key] = set()
        self._survey = any("ConfigHistory" in source.name for source in self._sources)
        self._start()

    def _start(self) -> None:
        self._total = Outcome(room=self._most_listed)
        self._gathered = _Gathered(self._judge.indexes, self._now)
        self._ids: dict[Group, set[str]] = {}
        self._items = 0
        self._problems: list[Problem] = []
        self._problem_count = 0
        self._latest: dict[Key, tuple[datetime, bytes]] = {}

    def run(self) -> FilesResult:
        """Everything, in order."""
        self._all_files(frozenset())
        if self._survey:
            self._start()
            self._passes, self._survey = 2, False
            self._all_files(frozenset(self._repeated))
        self._ask_later()
        return self._result()

    def _all_files(self, repeated: frozenset[Key]) -> None:
        with self._submitting(repeated) as submit:
            for source in self._sources:
                self._file(source, submit)
            for outcome in submit(self._latest_chunks(), Task.FINAL):
                self._take(outcome)

    @contextmanager
    def _submitting(self, repeated: frozenset[Key]) -> Iterator[Submit]:
        if not self._workers:
            judge = Judge(self._rules, self._now, repeated, self._accept) if repeated else self._judge
            yield lambda chunks, task: (judge.chunk(chunk, self._task(task), self._room()) for chunk in chunks)
            return
        arguments = (self._rules, self._now, repeated, self._accept)
        pool = ProcessPoolExecutor(self._workers, initializer=_start_worker, initargs=arguments)
        try:
            yield lambda chunks, task: self._pooled(pool, chunks, task)
        finally:
            pool.shutdown(cancel_futures=True)

    def _pooled(self, pool: ProcessPoolExecutor, chunks: Iterable[Chunk], task: Task) -> Iterator[Outcome]:
        waiting: deque[Future[Outcome]] = deque()
        for chunk in chunks:
            waiting.append(pool.submit(_in_worker, chunk, self._task(task), self._room()))
            if len(waiting) > AHEAD * self._workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()

    def _task(self, task: Task) -> Task:
        return Task.SURVEY if self._survey and task is Task.JUDGE else task

    def _room(self) -> int:
        """What was listed before takes the room; a worker lists no violation that nobody keeps."""
        return max(0, self._most_listed - len(self._total.violations))

    def _file(self, source: Source, submit: Submit) -> None:
        reader = Reader(source, self._progress)
        values = 0
        for outcome in submit(reader.chunks(), Task.JUDGE):
            for index, message in outcome.problems:
                self._problem(source.name, None if index is None else values + index, message)
            self._problem_count += outcome.problem_count - len(outcome.problems)
            values += outcome.values
            self._notice(outcome.ids)
            self._take(outcome)
        for message in reader.problems:
            self._problem(source.name, None, message)

    def _problem(self, file: str, index: int | None, message: str) -> None:
        self._problem_count += 1
        if len(self._problems) < MAX_PROBLEMS:
            self._problems.append(Problem(file, index, message))

    def _notice(self, groups: Mapping[Group, Sequence[str]]) -> None:
        """Count the resources, and notice those that came before."""
        for group, ids in groups.items():
            self._items += len(ids)
            known_ids = self._ids.setdefault(group, set())
            before = len(known_ids)
            again = known_ids.intersection(ids) if before and self._passes == 1 else ()
            known_ids.update(ids)
            if self._passes == 1 and len(known_ids) < before + len(ids):
                within = (resource_id for resource_id, count in Counter(ids).items() if count > 1)
                self._repeated.update((*group, resource_id) for resource_id in (*again, *within))
                self._survey = True

    def _take(self, outcome: Outcome) -> None:
        self._total.add(outcome)
        self._gathered.add(outcome)
        for key, captured, raw in outcome.states:
            if key not in self._latest or captured >= self._latest[key][0]:
                self._latest[key] = (captured, zlib.compress(raw, 1))

    def _latest_chunks(self) -> Iterator[Chunk]:
        batch: list[bytes] = []
        for _, packed in self._latest.values():
            batch.append(zlib.decompress(packed))
            if sum(map(len, batch)) > CHUNK:
                yield Chunk(b",".join(batch))
                batch = []
        if batch:
            yield Chunk(b",".join(batch))

    def _progress(self, count: int) -> None:
        self._read += count
        if self._on_progress:
            passes = 2 if self._survey else self._passes
            self._on_progress(self._read, self._size * passes, self._items)

    def _ask_later(self) -> None:
        """The rules that need other items, and those about the account: now all items are known."""
        lookups = self._gathered.lookups(self._ids, self._total.held)
        for line in unpacked(self._total.later):
            numbers, _, raw = line.partition(b" ")
            item = to_item(orjson.loads(raw))
            for number in map(int, numbers.split(b",")):
                self._ask(number, item, lookups)
        for number, kind, resource_id, account, region, name, arn, captured in self._total.subjects:
            item = ConfigurationItem(kind, resource_id, account, region, name, arn, capture_time=captured)
            self._ask(number, item, lookups)
        for number, rule in enumerate(self._judge.prepared.rules):
            if ACCOUNT in rule.types:
                for account, region in sorted(lookups):
                    item = ConfigurationItem(ACCOUNT, account, account, region, capture_time=self._now)
                    self._ask(number, item, lookups)

    def _ask(self, number: int, item: ConfigurationItem, lookups: Mapping[Place, _Known]) -> None:
        rule = self._judge.prepared.rules[number]
        lookup = lookups[item.account_id, item.region]
        self._judge.note(self._total, number, *rule.judge(item, lookup), item)

    def _result(self) -> FilesResult:
        types: Counter[str] = Counter()
        for (_, _, kind), ids in self._ids.items():
            types[kind] += len(ids)
        return FilesResult(
            items=self._items,
            files=len(self._sources),
            rules=tuple(self._rule_result(number) for number in range(len(self._judge.prepared.rules))),
            violations=tuple(self._violation(row, ComplianceType.NON_COMPLIANT) for row in self._total.violations),
            excepted=tuple(self._violation(row, ComplianceType.EXCEPTED) for row in self._total.excepted),
            violators=tuple(row[0] for row in self._total.violations),
            resource_types=dict(types.most_common()),
            problems=tuple(self._problems),
            problem_count=self._problem_count,
            superseded=tuple(source.name for source in self._superseded),
        )

    def _rule_result(self, number: int) -> RuleResult:
        rule = self._judge.prepared.rules[number]
        counts = {kind: self._total.counts[number, index] for index, kind in enumerate(COMPLIANCES)}
        reasons = Counter({reason: n for (of, reason), n in self._total.reasons.items() if of == number})
        if rule.problem and not any(counts.values()):
            reasons[rule.problem] = 0
        return RuleResult(rule.rule, {kind: n for kind, n in counts.items() if n}, dict(reasons.most_common(20)))

    def _violation(self, row: Row, compliance: ComplianceType) -> ResourceEvaluation:
        number, account, region, kind, resource_id, annotation, captured = row
        rule = self._judge.prepared.rules[number].rule
        evaluation = Evaluation(rule.name, kind, resource_id, compliance, annotation, captured)
        return ResourceEvaluation(rule.identifier, account, region, evaluation)
