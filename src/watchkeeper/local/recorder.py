"""The recorder: from changes that may have happened to the new states of resources, handed to AWS Config.

A request's changes are gathered for a moment, the resources read again through the AWS API off the event loop, and what
differs from the state known last goes to Config. A sweep finds what changed without a request (a resource changed by
another one, a stack being made, a stopped process). Nothing is concluded from a call that failed: a resource counts as
deleted only when its type could be read and it wasn't there.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from watchkeeper.awsconfig.services import GLOBAL_TYPES, RecordingScope
from watchkeeper.inventory import READERS, Gap
from watchkeeper.items import fingerprint
from watchkeeper.local.changes import EVERYTHING, Change
from watchkeeper.local.readable import READABLE
from watchkeeper.model import ConfigurationItem, ItemStatus, Relationship

_log = logging.getLogger(__name__)
Place = tuple[str, str]
"""Account and region."""
_HISTORY = 512
_ANYWHERE = GLOBAL_TYPES | {EVERYTHING, "AWS::S3::Bucket", "AWS::S3::AccountPublicAccessBlock"}
"""Types whose requests may be signed for another region than the one that records them."""


class Config(Protocol):
    """What the recorder needs of the Config service."""

    def record(self, items: Sequence[ConfigurationItem]) -> None:
        """Take new states."""

    def recording(self, account: str, region: str) -> RecordingScope | None:
        """What is recorded there; None: nothing."""

    def held(self, account: str, region: str, resource_type: str) -> list[tuple[str, str | None, str]]:
        """Id, name and ARN of what was recorded of a type and exists as far as that tells."""


class Source(Protocol):
    """Where resources are read."""

    def read_some(
        self, account: str, region: str, resource_type: str, keys: Sequence[str], on_gap: Callable[[Gap], None]
    ) -> list[ConfigurationItem]:
        """Some of a type, by key."""

    def read_all(
        self, account: str, region: str, types: Collection[str], on_gap: Callable[[Gap], None]
    ) -> Iterator[ConfigurationItem]:
        """All of some types."""


@dataclass(frozen=True, slots=True)
class _Known:
    """The last state of a resource, as little as tells a change and a deletion."""

    item: ConfigurationItem
    """Without its configuration."""
    mark: str
    read_at: float
    """Monotonic seconds at which the reading that gave it began."""


class Recorder:
    """Runs in threads of its own between :meth:`start` and :meth:`stop`."""

    def __init__(
        self,
        config: Config,
        source: Source,
        *,
        state_file: Path,
        debounce_seconds: float = 0.04,
        sweep_seconds: float = 60.0,
    ) -> None:
        self._config = config
        self._source = source
        self._state_file = state_file
        self._debounce = debounce_seconds
        self._sweep_every = sweep_seconds
        self._lock = threading.RLock()
        self._wake = threading.Condition()
        self._pending: dict[Change, float] = {}
        self._due: dict[Place, float] = {}
        """When the next sweep of a place is due, in monotonic seconds."""
        self._asked: set[Place] = set()
        """Places whose next sweep a change asked for."""
        self._busy = 0
        self._stopping = False
        self._known: dict[tuple[str, str, str], dict[str, _Known]] = defaultdict(dict)
        self._recalled: set[tuple[str, str, str]] = set()
        self._places: set[Place] = self._remembered()
        self._threads: list[threading.Thread] = []
        self._latencies: list[float] = []
        self._recorded = 0
        self._gaps: dict[tuple[str, str, str], Gap] = {}
        self._generation = 0

    # --- from outside -------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin: discover everything where a recorder runs, then wait for changes."""
        for place in list(self._places):
            with self._wake:
                self._asked.add(place)
            self._schedule(place, 0.0)
        for name, job in (("recorder", self._follow), ("recorder-sweep", self._sweep_forever)):
            thread = threading.Thread(target=job, name=name, daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self) -> None:
        """Finish what is at hand and stop."""
        with self._wake:
            self._stopping = True
            self._wake.notify_all()
        for thread in self._threads:
            thread.join(timeout=5)

    def watch(self, account: str, region: str) -> None:
        """A recorder there was started, changed or stopped: discover what it records now, all of it."""
        place = (account, region)
        with self._lock:
            self._places.add(place)
            self._recalled = {recalled for recalled in self._recalled if recalled[:2] != place}
            for where, known in self._known.items():
                if where[:2] == place:
                    # What Config was told while the type wasn't recorded, it didn't keep: tell it again.
                    known.update({key: replace(entry, mark="") for key, entry in known.items()})
            self._remember()
        with self._wake:
            self._asked.add(place)
        self._schedule(place, 0.0)

    def notice(self, changes: Iterable[Change]) -> None:
        """Something may have changed; returns at once."""
        at = time.monotonic()
        with self._wake:
            for change in changes:
                if change.resource_type == EVERYTHING:
                    # A stack makes its resources after the answer; look soon, and again.
                    for place in self._places_of(change):
                        self._due[place] = min(self._due.get(place, at + 0.5), at + 0.5)
                        self._asked.add(place)
                    continue
                for place in self._places_of(change):
                    self._pending.setdefault(replace(change, region=place[1]), at)
            self._wake.notify_all()

    def reset(self) -> None:
        """Forget every place and every resource."""
        with self._wake:
            self._generation += 1
            self._pending.clear()
            self._due.clear()
            self._asked.clear()
        with self._lock:
            self._known.clear()
            self._recalled.clear()
            self._places.clear()
            self._gaps.clear()
            self._remember()

    def wait_until_idle(self, timeout: float = 10.0) -> bool:
        """Until no change waits or is being read, nor a sweep that one asked for; False after ``timeout`` seconds. The
        periodic sweep isn't waited for."""
        end = time.monotonic() + timeout
        with self._wake:
            while self._pending or self._busy or self._asked:
                left = end - time.monotonic()
                if left <= 0:
                    return False
                self._wake.wait(min(left, 0.05))
        return True

    @property
    def recorded(self) -> int:
        """How many states were recorded since the start."""
        return self._recorded

    def places(self) -> list[Place]:
        """Where there is, or was, a recorder."""
        with self._lock:
            return sorted(self._places)

    def status(self) -> dict[str, Any]:
        """For people: places, resources known, states recorded, latency from answer to record in seconds, gaps."""
        with self._lock:
            latencies = sorted(self._latencies)
            return {
                "recording": [
                    {"account": account, "region": region}
                    for account, region in sorted(self._places)
                    if self._config.recording(account, region) is not None
                ],
                "resources": sum(len(known) for known in self._known.values()),
                "states_recorded": self._recorded,
                "latency_seconds": {
                    "count": len(latencies),
                    "median": round(latencies[len(latencies) // 2], 4) if latencies else None,
                    "maximum": round(latencies[-1], 4) if latencies else None,
                },
                "gaps": [
                    {"resource_type": g.resource_type, "operation": g.operation, "code": g.code, "message": g.message}
                    for g in self._gaps.values()
                ],
            }

    # --- threads ------------------------------------------------------------------------------------------------

    def _follow(self) -> None:
        while True:
            with self._wake:
                self._wake.wait_for(lambda: self._pending or self._stopping)
                if self._stopping and not self._pending:
                    return
            time.sleep(self._debounce)
            with self._wake:
                batch, self._pending = self._pending, {}
                self._busy += 1
            try:
                self._process(batch)
            except Exception:  # noqa: BLE001 - one failure must not end the recording; the sweep looks again
                _log.exception("recording %d changes failed", len(batch))
                for place in {(change.account, change.region) for change in batch}:
                    self._schedule(place, 1.0)
            finally:
                with self._wake:
                    self._busy -= 1
                    self._wake.notify_all()

    def _sweep_forever(self) -> None:
        while True:
            with self._wake:
                if self._stopping:
                    return
                now = time.monotonic()
                place = next((place for place, due in self._due.items() if due <= now), None)
                if place is None:
                    nearest = min(self._due.values(), default=now + 1.0) - now
                    self._wake.wait(max(0.01, min(nearest, 1.0)))
                    continue
                asked = place in self._asked
                # A change that comes in while it runs asks again.
                self._asked.discard(place)
                self._busy += asked
                del self._due[place]
            try:
                self._sweep(place)
            except Exception:  # noqa: BLE001 - the next sweep tries again
                _log.exception("sweep of %s failed", place)
            finally:
                with self._wake:
                    self._busy -= asked
                    self._due.setdefault(place, time.monotonic() + self._sweep_every)
                    self._wake.notify_all()

    # --- work ---------------------------------------------------------------------------------------------------

    def _process(self, batch: Mapping[Change, float]) -> None:
        by_type: dict[tuple[str, str, str], dict[str, float]] = defaultdict(dict)
        for change, at in batch.items():
            by_type[change.account, change.region, change.resource_type][change.key] = at
        related: dict[Change, None] = {}
        for (account, region, resource_type), keys in by_type.items():
            for neighbour in self._read_again(account, region, resource_type, keys):
                related.setdefault(neighbour)
        for change in related:
            if change in batch:
                continue
            key = {change.key: time.monotonic()}
            self._read_again(change.account, change.region, change.resource_type, key, measured=False)

    def _read_again(
        self, account: str, region: str, resource_type: str, keys: Mapping[str, float], *, measured: bool = True
    ) -> list[Change]:
        """Read and record; what else may have changed with it."""
        scope = self._config.recording(account, region)
        if scope is None or resource_type not in READABLE or not scope.records(resource_type):
            return []
        if EVERYTHING in keys:
            return self._read_types(account, region, [resource_type])
        began = time.monotonic()
        generation = self._generation
        gaps: list[Gap] = []
        found = self._source.read_some(account, region, resource_type, list(keys), gaps.append)
        self._note_gaps(account, region, gaps)
        key_of = READERS[resource_type].key
        items = {key_of(item): item for item in found}
        changed = [item for key, item in items.items() if self._differs(item, key, began)]
        missing = [] if gaps else [key for key in keys if key not in items]
        gone = self._gone(account, region, resource_type, missing, began)
        related = self._neighbours(account, region, [*changed, *gone])
        self._record([*changed, *gone], began, generation)
        if measured and (changed or gone):
            answered = time.monotonic()
            with self._lock:
                self._latencies.extend(answered - at for at in keys.values())
                del self._latencies[:-_HISTORY]
        return related

    def _sweep(self, place: Place) -> None:
        account, region = place
        scope = self._config.recording(account, region)
        if scope is None:
            return
        types = [type_ for type_ in READERS if type_ in READABLE and scope.records(type_)]
        self._recall(account, region, types)
        for type_ in types:
            # One type at a time: changes that come in meanwhile go first.
            if self._stopping:
                return
            self._read_types(account, region, [type_])

    def _read_types(self, account: str, region: str, types: Collection[str]) -> list[Change]:
        began = time.monotonic()
        generation = self._generation
        gaps: list[Gap] = []
        seen: dict[str, set[str]] = {type_: set() for type_ in types}
        chunk: list[ConfigurationItem] = []
        for item in self._source.read_all(account, region, types, gaps.append):
            key = READERS[item.resource_type].key(item)
            seen[item.resource_type].add(key)
            if self._differs(item, key, began):
                chunk.append(item)
            if len(chunk) >= 200:
                self._record(chunk, began, generation)
                chunk = []
        self._record(chunk, began, generation)
        self._note_gaps(account, region, gaps, types)
        unsure = {gap.resource_type for gap in gaps}
        for type_ in types:
            if type_ in unsure:
                continue
            with self._lock:
                missing = [key for key in self._known[account, region, type_] if key not in seen[type_]]
            self._record(self._gone(account, region, type_, missing, began), began, generation)
        return []

    def _differs(self, item: ConfigurationItem, key: str, began: float) -> bool:
        with self._lock:
            known = self._known[item.account_id, item.region, item.resource_type].get(key)
        if known is None:
            return True
        return known.read_at <= began and known.mark != fingerprint(item)

    def _gone(
        self, account: str, region: str, resource_type: str, keys: Iterable[str], began: float
    ) -> list[ConfigurationItem]:
        now = datetime.now(UTC)
        with self._lock:
            known = self._known[account, region, resource_type]
            lost = [known[key] for key in keys if key in known and known[key].read_at <= began]
        return [
            replace(entry.item, status=ItemStatus.DELETED, capture_time=now, state_id=str(int(now.timestamp() * 1000)))
            for entry in lost
        ]

    def _record(self, items: Sequence[ConfigurationItem], began: float, generation: int) -> None:
        if not items or generation != self._generation:
            return
        self._config.record(items)
        with self._lock:
            self._recorded += len(items)
            for item in items:
                key = READERS[item.resource_type].key(item)
                known = self._known[item.account_id, item.region, item.resource_type]
                if item.status.deleted:
                    known.pop(key, None)
                else:
                    known[key] = _Known(replace(item, configuration={}, supplementary={}), fingerprint(item), began)

    def _neighbours(self, account: str, region: str, items: Iterable[ConfigurationItem]) -> list[Change]:
        """The resources that gained or lost a relationship: their own items name this one."""
        found: list[Change] = []
        for item in items:
            with self._lock:
                key = READERS[item.resource_type].key(item)
                known = self._known[account, region, item.resource_type].get(key)
                before = set(known.item.relationships) if known else set()
                after = set() if item.status.deleted else set(item.relationships)
                found += [
                    Change(account, region, edge.resource_type, key)
                    for edge in before ^ after
                    if edge.resource_type in READABLE and (key := self._key(account, region, edge))
                ]
        return found

    def _key(self, account: str, region: str, edge: Relationship) -> str:
        """What the API names the other end by; its id where nothing better is known."""
        known = self._known[account, region, edge.resource_type]
        if edge.resource_id in known or READERS[edge.resource_type].service == "ec2":
            return edge.resource_id
        for key, entry in known.items():
            if entry.item.resource_id == edge.resource_id or (
                edge.resource_name and entry.item.resource_name == edge.resource_name
            ):
                return key
        return edge.resource_id

    def _recall(self, account: str, region: str, types: Collection[str]) -> None:
        """After a start: what Config holds from before, so that a deletion in between is seen."""
        for type_ in types:
            if (account, region, type_) in self._recalled:
                continue
            self._recalled.add((account, region, type_))
            held = [
                ConfigurationItem(type_, id_, account, region, resource_name=name, arn=arn)
                for id_, name, arn in self._config.held(account, region, type_)
            ]
            with self._lock:
                known = self._known[account, region, type_]
                for item in held:
                    known.setdefault(READERS[type_].key(item), _Known(item, "", 0.0))

    def _note_gaps(self, account: str, region: str, gaps: Iterable[Gap], types: Collection[str] = ()) -> None:
        with self._lock:
            for key in [key for key in self._gaps if key[:2] == (account, region) and key[2] in types]:
                del self._gaps[key]
            for gap in gaps:
                self._gaps[account, region, gap.resource_type] = gap

    def _places_of(self, change: Change) -> list[Place]:
        """Where a change is recorded: its region; for what the request's region doesn't tell, all of the account's."""
        if change.resource_type not in _ANYWHERE:
            return [(change.account, change.region)]
        with self._lock:
            return [place for place in self._places if place[0] == change.account]

    def _schedule(self, place: Place, delay: float) -> None:
        with self._wake:
            self._due[place] = time.monotonic() + delay
            self._wake.notify_all()

    def _remembered(self) -> set[Place]:
        try:
            return {(str(account), str(region)) for account, region in json.loads(self._state_file.read_text())}
        except FileNotFoundError:
            return set()
        except (ValueError, TypeError, OSError) as error:
            _log.warning("%s can't be read (%s): start the recorders again", self._state_file, error)
            return set()

    def _remember(self) -> None:
        self._state_file.parent.mkdir(parents=True, exist_ok=True)
        draft = self._state_file.with_suffix(".new")
        draft.write_text(json.dumps(sorted(self._places)))
        draft.replace(self._state_file)
