"""Scans accounts that have no recorder: reads what the chosen rules look at, evaluates it, says what it couldn't see.

Read-only, with the fewest calls: one list or describe per type and page, and per resource only the calls whose answer a
chosen rule looks at. What AWS refuses to show is a gap and NOT_EVALUATED, never compliant. The items come from
:mod:`watchkeeper.inventory`, as the recorder's do, and are judged by the same rules.
"""

from __future__ import annotations

import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import boto3

from watchkeeper.clients import FIRST_CONTACT, Clients
from watchkeeper.evaluation.item import Accept, ConfiguredRule, Prepared, PreparedRule, accepted, prepare
from watchkeeper.evaluation.results import ResourceEvaluation, RuleResult
from watchkeeper.inventory import READERS, ClientFactory, Gap, read, read_some
from watchkeeper.inventory.account import READERS as FACTS
from watchkeeper.inventory.core import Context, Unreadable
from watchkeeper.model import UNAVAILABLE_KEY, ComplianceType, ConfigurationItem, Evaluation, Unavailable
from watchkeeper.rules import ACCOUNT, Indexed, RuleLogic
from watchkeeper.rules.base import shown

ALL_REGIONS = "all"
_ROLE = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:role/\S+\Z")

PLACES_AT_ONCE = 4
"""Accounts and regions that are read beside each other."""
WORKERS = 8
"""Threads that make the calls per resource, in each account and region; retries adapt to the account's rate."""
ONCE_AN_ACCOUNT = frozenset(name for name, reader in READERS.items() if reader.global_type or reader.alike)
"""Types that every region answers alike: evaluated in the first region of an account only."""

Progress = Callable[[str, int, int], None]
"""Called with the account and region, the resources read so far and the calls made so far."""


@dataclass(frozen=True, slots=True)
class Place:
    """An account and region with the clients that read it."""

    account: str
    region: str
    clients: ClientFactory


@dataclass(frozen=True, slots=True)
class PlacedGap:
    """A refused call with where it was made."""

    account: str
    region: str
    gap: Gap


@dataclass(frozen=True, slots=True)
class ScanResult:
    """What the resources say under the rules, and what could not be looked at."""

    rules: tuple[RuleResult, ...]
    """Counts of resources; NOT_EVALUATED counts those that could not be read, and one for each type that could not be
    listed and for each rule that could not run in an account and region."""
    violations: tuple[ResourceEvaluation, ...]
    excepted: tuple[ResourceEvaluation, ...]
    """Violations that somebody accepted, each with why."""
    gaps: tuple[PlacedGap, ...]
    resources: int
    resource_types: Mapping[str, int]
    listed: int
    """How many types could be listed and facts read, over all accounts and regions."""
    api_calls: int
    """Requests that were sent, retries among them."""
    seconds: float
    places: tuple[tuple[str, str], ...] = ()
    """Accounts and regions that were scanned."""

    @property
    def non_compliant(self) -> int:
        """How many violations there are."""
        return len(self.violations)

    @property
    def not_evaluated(self) -> int:
        """How much nobody could judge."""
        return sum(result.counts.get(ComplianceType.NOT_EVALUATED, 0) for result in self.rules)

    @property
    def nothing_read(self) -> bool:
        """Whether every listing was refused: there is no result."""
        return bool(self.gaps) and not self.listed


@dataclass(frozen=True, slots=True)
class Plan:
    """What has to be read for some rules."""

    types: frozenset[str]
    aspects: Mapping[str, frozenset[str]]
    """Type to what to ask for beyond its description; a type that isn't here is read whole."""
    kept: frozenset[str]
    """Types whose items other items' rules look up."""


def plan(prepared: Prepared) -> Plan:
    """The types and aspects that the rules look at. Types without a reader are left out."""
    aspects: dict[str, set[str]] = {}
    whole: set[str] = set()
    kept: set[str] = set()
    for rule in prepared.rules:
        if rule.logic is None or rule.problem:
            continue
        for type_ in rule.types:
            aspects.setdefault(type_, set()).update(_looked_at(rule, rule.logic))
        for type_ in _needed_types(rule.logic):
            kept.add(type_)
            known = rule.logic.aspects_of(type_)
            aspects.setdefault(type_, set()).update(known or ())
            if known is None:
                whole.add(type_)
    types = frozenset(aspects) & READERS.keys()
    narrowed = {type_: frozenset(aspects[type_]) for type_ in types - whole}
    return Plan(types, narrowed, frozenset(kept))


def _looked_at(rule: PreparedRule, run: RuleLogic) -> Iterable[str]:
    aspects = (name for name in run.aspects if name not in run.second_look)
    return (*aspects, "tags") if run.looks_at_tags or rule.rule.scope.tag_key else aspects


def _second_look(rule: PreparedRule, item: ConfigurationItem) -> bool:
    """Whether the rule has to see more of this item than was read; what was refused once isn't asked for again."""
    seen = {*item.supplementary, *item.supplementary.get(UNAVAILABLE_KEY, ())}
    return rule.logic is not None and any(missing not in seen for missing in rule.logic.second_look.values())


def _has_second_look(rule: PreparedRule) -> bool:
    return rule.logic is not None and bool(rule.logic.second_look)


def _needed_types(run: RuleLogic) -> Iterator[str]:
    return (need.removeprefix("items:") for need in run.needs if need.startswith("items:"))


def scan(
    places: Sequence[Place],
    rules: Sequence[ConfiguredRule],
    *,
    gaps: Iterable[PlacedGap] = (),
    calls: int = 0,
    on_progress: Progress | None = None,
    workers: int = WORKERS,
    now: datetime | None = None,
    accept: Accept | None = None,
) -> ScanResult:
    """Read the places and evaluate the rules. ``gaps`` and ``calls`` are those of :func:`reach`: a place that could not
    be reached counts as NOT_EVALUATED for every rule. Raises nothing for what AWS refuses: that is in the result."""
    began = time.monotonic()
    prepared = prepare(rules)
    tally = _Tally(prepared, on_progress, accept)
    tally.calls = calls
    for gap in gaps:
        tally.unreachable(gap)
    first: set[str] = set()
    jobs = []
    for place in places:
        jobs.append(_Reading(place, tally, workers, now or datetime.now(UTC), place.account not in first))
        first.add(place.account)
    with ThreadPoolExecutor(max(1, min(PLACES_AT_ONCE, len(jobs))), thread_name_prefix="place") as pool:
        try:
            for done in [pool.submit(job.run) for job in jobs]:
                done.result()
        except BaseException:
            tally.stop()
            raise
    return tally.result(tuple((p.account, p.region) for p in places), time.monotonic() - began)


class Stopped(Exception):  # noqa: N818 - it ends the threads of a scan that was interrupted; nothing failed
    """The scan was given up."""


class _Tally:
    """What all places said, counted. Thread-safe."""

    def __init__(self, prepared: Prepared, on_progress: Progress | None, accept: Accept | None) -> None:
        self.prepared = prepared
        self.plan = plan(prepared)
        self.calls = 0
        self.listed = 0
        self._numbers = {id(rule): number for number, rule in enumerate(prepared.rules)}
        self._counts: Counter[tuple[int, ComplianceType]] = Counter()
        self._reasons: Counter[tuple[int, str]] = Counter()
        self._types: Counter[str] = Counter()
        self._found: dict[ComplianceType, list[ResourceEvaluation]] = {
            ComplianceType.NON_COMPLIANT: [],
            ComplianceType.EXCEPTED: [],
        }
        self._accept = accept
        self._gaps: list[PlacedGap] = []
        self._on_progress = on_progress
        self._lock = threading.Lock()
        self._stopped = threading.Event()

    def called(self, **_: Any) -> None:
        """A botocore handler: one more request goes out. Raises Stopped where none should any more."""
        self.go_on()
        with self._lock:
            self.calls += 1

    def go_on(self) -> None:
        """Raises Stopped after :meth:`stop`."""
        if self._stopped.is_set():
            raise Stopped

    def stop(self) -> None:
        """Let no request go out any more: whoever asked for the scan doesn't wait for it."""
        self._stopped.set()

    def saw(self, item: ConfigurationItem) -> None:
        with self._lock:
            self._types[item.resource_type] += 1
            resources, calls = self._types.total(), self.calls
        if self._on_progress:
            self._on_progress(f"{item.account_id} {item.region}", resources, calls)

    def judged(self, rule: PreparedRule, item: ConfigurationItem, evaluation: Evaluation) -> None:
        number = self._numbers[id(rule)]
        compliance, annotation = accepted(evaluation.compliance, evaluation.annotation, rule.rule, item, self._accept)
        evaluation = replace(evaluation, compliance=compliance, annotation=annotation)
        with self._lock:
            self._counts[number, evaluation.compliance] += 1
            if evaluation.compliance is ComplianceType.NOT_EVALUATED:
                self._reasons[number, evaluation.annotation] += 1
            if evaluation.compliance in self._found:
                self._found[evaluation.compliance].append(
                    ResourceEvaluation(rule.rule.identifier, item.account_id, item.region, evaluation)
                )

    def unknown(self, rule: PreparedRule, reason: str) -> None:
        """One thing that the rule could not judge."""
        number = self._numbers[id(rule)]
        with self._lock:
            self._counts[number, ComplianceType.NOT_EVALUATED] += 1
            self._reasons[number, reason] += 1

    def gap(self, gap: PlacedGap) -> None:
        with self._lock:
            self._gaps.append(gap)

    def unreachable(self, gap: PlacedGap) -> None:
        self.gap(gap)
        for rule in self.prepared.rules:
            self.unknown(rule, _why(gap.gap))

    def found(self, readable: int) -> None:
        with self._lock:
            self.listed += readable

    def result(self, places: tuple[tuple[str, str], ...], seconds: float) -> ScanResult:
        return ScanResult(
            rules=tuple(self._rule(number, rule.rule) for number, rule in enumerate(self.prepared.rules)),
            violations=tuple(sorted(self._found[ComplianceType.NON_COMPLIANT], key=_order)),
            excepted=tuple(sorted(self._found[ComplianceType.EXCEPTED], key=_order)),
            gaps=tuple(sorted(self._gaps, key=lambda g: (g.account, g.region, g.gap.resource_type, g.gap.resource_id))),
            resources=self._types.total(),
            resource_types=dict(self._types.most_common()),
            listed=self.listed,
            api_calls=self.calls,
            seconds=seconds,
            places=places,
        )

    def _rule(self, number: int, rule: ConfiguredRule) -> RuleResult:
        counts = {kind: n for kind in ComplianceType if (n := self._counts[number, kind])}
        reasons = Counter({why: n for (of, why), n in self._reasons.items() if of == number})
        return RuleResult(rule, counts, dict(reasons.most_common(20)))


def _order(found: ResourceEvaluation) -> tuple[str, ...]:
    evaluation = found.evaluation
    return (found.account_id, found.region, evaluation.rule, evaluation.resource_type, evaluation.resource_id)


def _why(gap: Gap) -> str:
    return f"{gap.operation}: {gap.code}"


class _Reading:
    """The scan of one account and region."""

    def __init__(self, place: Place, tally: _Tally, workers: int, now: datetime, first: bool) -> None:
        self.place = place
        self.tally = tally
        self.workers = workers
        self.now = now
        self.first = first
        self.gaps: list[Gap] = []
        self._seen: dict[int, Any] = {}
        self._lock = threading.Lock()

    def clients(self, service: str) -> Any:
        """The place's client, its requests counted. Raises Stopped where none should go out any more."""
        self.tally.go_on()
        client = self.place.clients(service)
        if id(client) not in self._seen:
            with self._lock:
                if id(client) not in self._seen:
                    client.meta.events.register("before-send.*.*", self.tally.called)
                    self._seen[id(client)] = client
        return client

    def run(self) -> None:
        """Read, judge, count."""
        wanted = self.tally.plan.types
        elsewhere = frozenset() if self.first else ONCE_AN_ACCOUNT
        types = wanted - (elsewhere - self.tally.plan.kept)
        items: dict[str, list[ConfigurationItem]] = {type_: [] for type_ in types & self.tally.plan.kept}
        later: list[tuple[PreparedRule, ConfigurationItem]] = []
        again: dict[str, list[ConfigurationItem]] = {}
        known = _Known(self, items)
        try:
            for item in self._read(types):
                if item.resource_type in items:
                    items[item.resource_type].append(item)
                if item.resource_type in elsewhere:
                    continue
                self.tally.saw(item)
                for rule in self.tally.prepared.by_type.get(item.resource_type, ()):
                    if rule.logic and rule.logic.needs:
                        later.append((rule, item))
                    elif _second_look(rule, item):
                        again.setdefault(item.resource_type, []).append(item)
                    else:
                        self._judge(rule, item, known)
            later += self._seen_again(again)
            for rule, item in later:
                self._judge(rule, item, known)
            self._unread(types, known)
        finally:
            for client in self._seen.values():
                client.meta.events.unregister("before-send.*.*", self.tally.called)

    def _read(self, types: frozenset[str]) -> Iterator[ConfigurationItem]:
        if not types:
            return iter(())
        return read(
            self.clients,
            types,
            account=self.place.account,
            region=self.place.region,
            on_gap=self._gap,
            aspects=self.tally.plan.aspects,
            workers=self.workers,
            partial=True,
        )

    def _seen_again(
        self, again: Mapping[str, list[ConfigurationItem]]
    ) -> Iterator[tuple[PreparedRule, ConfigurationItem]]:
        """The rules that wanted to see more of some items, with all of those."""
        for type_, found in again.items():
            keys = list(dict.fromkeys(READERS[type_].key(item) for item in found))
            place = self.place
            whole = read_some(self.clients, type_, keys, account=place.account, region=place.region, on_gap=self._gap)
            for item in whole:
                yield from ((rule, item) for rule in self.tally.prepared.by_type[type_] if _has_second_look(rule))

    def _gap(self, gap: Gap) -> None:
        self.gaps.append(gap)
        self.tally.gap(PlacedGap(self.place.account, self.place.region, gap))

    def fact(self, name: str) -> Any:
        """A fact of the account, or the Unavailable that says why it could not be read."""
        place = self.place
        if name not in FACTS:
            return Unavailable(f"nobody reads the account fact {name}")
        try:
            found = FACTS[name](Context(self.clients, place.account, place.region))
        except Unreadable as refusal:
            gap = Gap(ACCOUNT, refusal.operation, refusal.code, refusal.message, name)
            self.tally.gap(PlacedGap(place.account, place.region, gap))
            return Unavailable(_why(gap))
        except Unavailable as reason:
            return reason
        self.tally.found(1)
        return found

    def _judge(self, rule: PreparedRule, item: ConfigurationItem, known: _Known) -> None:
        evaluation = rule.evaluate(item, known)
        if evaluation is not None:
            self.tally.judged(rule, item, evaluation)

    def _unread(self, types: frozenset[str], known: _Known) -> None:
        """Count what the rules could not judge: refused resources and types, types that nobody can read, no logic."""
        unlisted = {gap.resource_type for gap in self.gaps if not gap.resource_id}
        self.tally.found(len(types - unlisted))
        here = ConfigurationItem(
            ACCOUNT, self.place.account, self.place.account, self.place.region, capture_time=self.now
        )
        for rule in self.tally.prepared.rules:
            if rule.logic is None or rule.problem:
                self.tally.unknown(rule, rule.problem)
                continue
            for type_ in rule.types:
                if type_ == ACCOUNT:
                    self._judge(rule, here, known)
                elif type_ not in READERS:
                    self.tally.unknown(rule, f"{type_} can't be read through the API yet")
            for gap in self.gaps:
                if gap.resource_type in rule.types and not gap.partial:
                    self.tally.unknown(rule, _why(gap))


class _Known(Indexed):
    """The lookup of one account and region: the items that were read for it."""

    def __init__(self, reading: _Reading, items: Mapping[str, list[ConfigurationItem]]) -> None:
        super().__init__()
        self._reading = reading
        self._items = items
        self._by_name: dict[str, dict[str, ConfigurationItem]] = {}
        self._facts: dict[str, Any] = {}

    def items_of_type(self, resource_type: str) -> Iterable[ConfigurationItem]:
        """Every item of the type. Raises Unavailable where the type wasn't read, or not all of it."""
        self._refuse_unread(resource_type)
        refused = next((gap for gap in self._reading.gaps if gap.resource_type == resource_type), None)
        if refused:
            raise Unavailable(f"not every {resource_type} could be read: {_why(refused)}")
        return self._items[resource_type]

    def item(self, resource_type: str, resource_id: str) -> ConfigurationItem | None:
        """The item by id or name. Raises Unavailable where it may be one that could not be read."""
        self._refuse_unread(resource_type)
        if resource_type not in self._by_name:
            names = (
                (name, item) for item in self._items[resource_type] for name in (item.resource_name, item.resource_id)
            )
            self._by_name[resource_type] = {name: item for name, item in names if name}
        found = self._by_name[resource_type].get(resource_id)
        if found is not None and UNAVAILABLE_KEY in found.supplementary:
            raise Unavailable(f"not all of {resource_type} {shown(resource_id)} could be read")
        if found is None and any(gap.resource_type == resource_type for gap in self._reading.gaps):
            self.items_of_type(resource_type)
        return found

    def account_fact(self, name: str) -> Any:
        """The fact, read when it is first asked for. Raises Unavailable where AWS refused it."""
        if name not in self._facts:
            self._facts[name] = self._reading.fact(name)
        found = self._facts[name]
        if isinstance(found, Unavailable):
            raise Unavailable(str(found))
        return found

    def now(self) -> datetime:
        """When the scan began."""
        return self._reading.now

    def _refuse_unread(self, resource_type: str) -> None:
        if resource_type not in READERS:
            raise Unavailable(f"the rule needs {resource_type}, which can't be read through the API yet")
        if resource_type not in self._items:
            raise Unavailable(f"the rule needs {resource_type}, which it did not declare")


@dataclass(frozen=True, slots=True)
class Reach:
    """The places that can be scanned, those that could not be reached, and the calls that it took to know."""

    places: tuple[Place, ...]
    gaps: tuple[PlacedGap, ...] = ()
    calls: int = 0


def reach(
    session: boto3.Session,
    regions: Sequence[str],
    *,
    roles: Sequence[str] = (),
    endpoint_url: str | None = None,
    account: str = "",
) -> Reach:
    """The places of the session's own account, or of the accounts of the roles, which are assumed for an hour.

    ``regions``: names, or :data:`ALL_REGIONS` for those that each account has enabled (asked in the session's region).
    ``account``: the session's account where it is known. A refused call becomes a gap. Raises ValueError for what is no
    role's ARN.
    Pages: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html, .../EC2 API_DescribeRegions.html.
    """
    wrong = next((role for role in roles if not _ROLE.match(role)), None)
    if wrong is not None:
        raise ValueError(f"{shown(wrong)} is not the ARN of a role: arn:aws:iam::123456789012:role/name")
    home = session.region_name or next((name for name in regions if name != ALL_REGIONS), "us-east-1")
    asked = _Asking(session, home, endpoint_url)
    places = tuple(
        Place(owner, region, Clients(session, region, endpoint_url, **keys))
        for owner, keys in (asked.roles(roles) if roles else asked.own(account))
        for region in asked.regions(regions, owner, keys)
    )
    return Reach(places, tuple(asked.gaps), asked.calls)


class _Asking:
    """The few calls before a scan: who am I, let me be that role, which regions are there."""

    def __init__(self, session: boto3.Session, home: str, endpoint_url: str | None) -> None:
        self.gaps: list[PlacedGap] = []
        self.calls = 0
        self._session = session
        self._home = home
        self._endpoint_url = endpoint_url

    def own(self, account: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """The session's own account."""
        found = {"Account": account} if account else self._ask("", {}, "sts", "get_caller_identity")
        if found:
            yield found["Account"], {}

    def roles(self, arns: Sequence[str]) -> Iterator[tuple[str, dict[str, Any]]]:
        """The account of each role that could be assumed, with its credentials."""
        for arn in dict.fromkeys(arns):
            owner = arn.split(":")[4]
            found = self._ask(owner, {}, "sts", "assume_role", RoleArn=arn, RoleSessionName="watchkeeper-scan")
            if found:
                given = found["Credentials"]
                yield (
                    owner,
                    {
                        "aws_access_key_id": given["AccessKeyId"],
                        "aws_secret_access_key": given["SecretAccessKey"],
                        "aws_session_token": given["SessionToken"],
                    },
                )

    def regions(self, wanted: Sequence[str], owner: str, keys: Mapping[str, Any]) -> list[str]:
        """The names wanted, each once."""
        if ALL_REGIONS not in wanted:
            return list(dict.fromkeys(wanted))
        found = self._ask(owner, keys, "ec2", "describe_regions")
        return sorted(region["RegionName"] for region in found.get("Regions", ()))

    def _ask(
        self, owner: str, keys: Mapping[str, Any], service: str, operation: str, **arguments: Any
    ) -> dict[str, Any]:
        self.calls += 1
        clients = Clients(self._session, self._home, self._endpoint_url, FIRST_CONTACT, **keys)
        try:
            return Context(clients, owner, self._home).ask(service, operation, **arguments)
        except Unreadable as refusal:
            gap = Gap("", refusal.operation, refusal.code, refusal.message, str(arguments.get("RoleArn", "")))
            self.gaps.append(PlacedGap(owner, self._home, gap))
            return {}
