"""The state file: what was deployed, so that nothing made is ever forgotten.

Three files beside each other: ``dev.json``, the last complete state, replaced atomically; ``dev.json.journal``, one
line for each thing that happened since, on disk before the next thing begins; ``dev.json.lock``. A create, update or
delete is announced in the journal before the cloud is asked and concluded after it answered, so a process killed at any
point leaves an announcement behind (:class:`Pending`) that the next run looks into. A half-written last line is an
announcement that never led to anything. Earlier states are kept as ``dev.json.backup-1`` (the newest) to ``-5``.
Secrets are readable in it; the files belong to the user alone (mode 0600).
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shlex
import threading
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, Final

from watchkeeper.pulumi.engine import wire

FORMAT: Final = "watchkeeper-state/1"
BACKUPS: Final = 5
PRIVATE: Final = 0o600


class StateError(Exception):
    """A state file that can't be used: which, what is wrong with it, what to do. Nothing was written."""

    def __init__(self, file: Path, problem: str, fix: str) -> None:
        super().__init__(f"{file}: {problem} {fix}")
        self.file = file
        self.problem = problem
        self.fix = fix


@dataclass(frozen=True)
class ResourceState:
    """One deployed resource. Inputs and outputs are rich values (:mod:`watchkeeper.pulumi.engine.wire`)."""

    urn: str
    type: str
    name: str
    custom: bool = True
    id: str = ""
    inputs: Mapping[str, Any] = field(default_factory=dict)
    outputs: Mapping[str, Any] = field(default_factory=dict)
    parent: str = ""
    dependencies: tuple[str, ...] = ()
    property_dependencies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    provider: str = ""
    protect: bool = False
    retain_on_delete: bool = False
    deleted_with: str = ""
    replacement_trigger: Any = None
    hashes: Mapping[str, str] = field(default_factory=dict)
    """Digests of its assets when they were deployed, by their path in the inputs."""
    external: bool = False
    """Read with ``.get``, not made by us: never deleted."""
    tainted: bool = False
    """An update of it was cut short: what it looks like is not certain, the next run updates it in any case."""

    @property
    def needs(self) -> frozenset[str]:
        """URNs that have to outlive it."""
        through = (urn for urns in self.property_dependencies.values() for urn in urns)
        provider = self.provider.rsplit("::", 1)[0]
        return frozenset(urn for urn in (*self.dependencies, *through, self.parent, provider) if urn) - {self.urn}


@dataclass(frozen=True)
class Pending:
    """An operation that was announced and not concluded."""

    key: str
    operation: str
    """``create``, ``update`` or ``delete``."""
    resource: ResourceState
    """As it should become (create), or as it was (update, delete)."""
    since: str
    """ISO 8601, UTC."""


@dataclass
class Content:
    """Everything in a state file."""

    project: str
    stack: str
    serial: int = 0
    resources: dict[str, ResourceState] = field(default_factory=dict)
    """By URN, in the order they were made."""
    doomed: dict[str, ResourceState] = field(default_factory=dict)
    """Replaced ones that still have to be deleted, by URN and id."""
    pending: dict[str, Pending] = field(default_factory=dict)
    outputs: dict[str, Any] = field(default_factory=dict)

    @property
    def empty(self) -> bool:
        """Whether nothing is deployed or uncertain."""
        return not self.resources and not self.doomed and not self.pending


def read_state(file: Path) -> Content | None:
    """The state as it is, without locking it; None when there is none. Raises StateError."""
    base = _read_snapshot(file)
    return _replay(file, base)


def backups(file: Path) -> list[Path]:
    """Earlier states, newest first."""
    return [path for number in range(1, BACKUPS + 1) if (path := _backup(file, number)).exists()]


def document_of_settling(urn: str, id_: str | None) -> dict[str, Any]:
    """What was said of an interrupted creation, as JSON: ``schemas/local-settle.schema.json``."""
    return {"urn": urn, "id": id_}


def resolve_pending(file: Path, urn: str, id_: str | None) -> None:
    """Settle a create that was cut short: ``id_`` is what was made, None says that nothing was.

    Updates and deletes settle themselves: the next run reads what they were about by its id. Raises StateError when
    there is no such uncertainty.
    """
    if not any(pending.resource.urn == urn for pending in interrupted_creations(read_state(file))):
        raise StateError(
            file, f"no interrupted operation on {urn} awaits an answer.", "`watchkeeper preview` names those that do."
        )
    with StateFile.open(file) as state:
        for pending in interrupted_creations(state.content):
            if pending.resource.urn != urn:
                continue
            live = state.content.resources.get(urn)
            state.finish(
                pending.key,
                put=replace(pending.resource, id=id_, tainted=True) if id_ else None,
                doom=live if live is not None and id_ and live.id != id_ else None,  # it was to be replaced
            )


def interrupted_creations(content: Content | None) -> list[Pending]:
    """Those whose id nobody knows: the process ended, or no answer came, before the provider had said it."""
    return [pending for pending in content.pending.values() if pending.operation == "create"] if content else []


def settling(urn: str) -> str:
    """What to do about an interrupted creation that can't be found by looking."""
    stack = urn.split(":")[2]
    command = f"watchkeeper local settle {shlex.quote(urn)} --env {shlex.quote(stack)}"
    return f"Look for it in the account, then say what is there: {command} --id ID, or without --id if it isn't there"


class StateFile:
    """A state file in use by this process alone. All methods may be called from several threads."""

    def __init__(self, file: Path, content: Content, journal: IO[bytes]) -> None:
        self.file = file
        self.content = content
        self._journal = journal
        self._lock = threading.RLock()
        self._keys = 0

    @staticmethod
    @contextmanager
    def open(file: Path, project: str = "", stack: str = "") -> Iterator[StateFile]:
        """Lock and load it, or begin a new one; compact it at the end. Raises StateError."""
        file.parent.mkdir(parents=True, exist_ok=True)
        with _locked(file):
            content = read_state(file) or Content(project, stack)
            _same_stack(file, content, project, stack)
            _rotate(file, content)
            _write_snapshot(file, content)
            journal = _open_private(_journal(file), "wb")
            state = StateFile(file, content, journal)
            try:
                yield state
            finally:
                journal.close()
                _write_snapshot(file, state.content)
                _journal(file).unlink(missing_ok=True)

    def begin(self, operation: str, resource: ResourceState) -> str:
        """Announce an operation; it is on disk when this returns. Gives the key to conclude it with."""
        with self._lock:
            self._keys += 1
            key = f"{self.content.serial}-{self._keys}"
            since = datetime.now(UTC).isoformat(timespec="seconds")
            self._record({"begin": key, "operation": operation, "resource": _dump(resource), "since": since})
            return key

    def finish(
        self,
        key: str = "",
        *,
        put: ResourceState | None = None,
        drop: str = "",
        doom: ResourceState | None = None,
        spare: ResourceState | None = None,
        durable: bool = True,
    ) -> None:
        """Conclude an operation (or note a change that needed none), all in one line.

        ``put`` is what exists now, ``drop`` a URN that no longer does, ``doom`` a replaced resource that is to go
        later, ``spare`` one that was doomed and is gone. Not ``durable``: what the next run would find out by itself.
        """
        record = {
            "finish": key,
            "put": _dump(put) if put else None,
            "drop": drop,
            "doom": _dump(doom) if doom else None,
            "spare": _doom_key(spare) if spare else "",
        }
        with self._lock:
            self._record(record, durable)

    def rename(self, old: str, new: ResourceState) -> None:
        """A resource has a new URN (an alias)."""
        self.finish(put=new, drop=old)

    def set_outputs(self, outputs: Mapping[str, Any]) -> None:
        """Keep the stack's outputs."""
        with self._lock:
            self._record({"outputs": wire.to_plain(outputs)})

    def _record(self, record: dict[str, Any], durable: bool = True) -> None:
        record["n"] = self.content.serial + 1
        self._journal.write(_line(record))
        self._journal.flush()
        if durable:
            os.fsync(self._journal.fileno())
        _apply(self.content, record)


# -- records


def _apply(content: Content, record: Mapping[str, Any]) -> None:
    content.serial = record["n"]
    if "begin" in record:
        resource = _load(record["resource"])
        content.pending[record["begin"]] = Pending(record["begin"], record["operation"], resource, record["since"])
        return
    if "outputs" in record:
        content.outputs = wire.from_plain(record["outputs"])
        return
    content.pending.pop(record["finish"], None)
    if record["drop"]:
        content.resources.pop(record["drop"], None)
    if record["doom"]:
        doomed = _load(record["doom"])
        content.doomed[_doom_key(doomed)] = doomed
    if record["spare"]:
        content.doomed.pop(record["spare"], None)
    if record["put"]:
        resource = _load(record["put"])
        content.resources[resource.urn] = resource


def _doom_key(resource: ResourceState) -> str:
    return f"{resource.urn}#{resource.id}"


def _line(record: Mapping[str, Any]) -> bytes:
    text = json.dumps(record, separators=(",", ":")).encode()
    return b"%08x %s\n" % (zlib.crc32(text), text)


def _parse(line: bytes) -> dict[str, Any] | None:
    check, _, text = line.partition(b" ")
    try:
        if int(check, 16) != zlib.crc32(text):
            return None
        record = json.loads(text)
    except ValueError:
        return None
    return record if isinstance(record, dict) else None


def _replay(file: Path, base: Content | None) -> Content | None:
    journal = _journal(file)
    if not journal.exists():
        return base
    content = base
    lines = journal.read_bytes().split(b"\n")
    for number, line in enumerate(lines, 1):
        if not line:
            continue
        record = _parse(line)
        if record is None:
            if number >= len(lines) - 1:
                return content  # cut off while it was written: what it announced was never begun
            raise _corrupt(journal, f"line {number} is damaged.", file)
        if content is None:
            raise _corrupt(file, "it is gone, but its journal is there.", file)
        if record["n"] <= content.serial:
            continue  # already in the snapshot: the process ended between writing that and clearing the journal
        try:
            _apply(content, record)
        except (KeyError, TypeError, ValueError) as error:
            raise _corrupt(journal, f"line {number} makes no sense ({error}).", file) from error
    return content


# -- the snapshot


def _dump(resource: ResourceState) -> dict[str, Any]:
    values = {item.name: getattr(resource, item.name) for item in fields(resource)}
    plain: dict[str, Any] = wire.to_plain(values)
    return plain


def _load(value: Mapping[str, Any]) -> ResourceState:
    rich = {key: wire.from_plain(item) for key, item in value.items()}
    by_property = {key: tuple(urns) for key, urns in rich.pop("property_dependencies").items()}
    return ResourceState(**{**rich, "dependencies": tuple(rich["dependencies"]), "property_dependencies": by_property})


def _snapshot(content: Content) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "project": content.project,
        "stack": content.stack,
        "serial": content.serial,
        "resources": [_dump(resource) for resource in content.resources.values()],
        "doomed": [_dump(resource) for resource in content.doomed.values()],
        "pending": [
            {"key": item.key, "operation": item.operation, "resource": _dump(item.resource), "since": item.since}
            for item in content.pending.values()
        ],
        "outputs": wire.to_plain(content.outputs),
    }


def _checksum(snapshot: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(snapshot, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _write_snapshot(file: Path, content: Content) -> None:
    snapshot = _snapshot(content)
    text = json.dumps({**snapshot, "checksum": _checksum(snapshot)}, indent=1)
    beside = file.with_name(f"{file.name}.new")
    with _open_private(beside, "wb") as stream:
        stream.write(text.encode())
        stream.flush()
        os.fsync(stream.fileno())
    beside.replace(file)
    _sync_folder(file.parent)


def _read_snapshot(file: Path) -> Content | None:
    if not file.exists():
        return None
    try:
        snapshot = json.loads(file.read_bytes())
        told = snapshot.pop("checksum")
        if snapshot["format"] != FORMAT:
            raise StateError(
                file, f"its format is {snapshot['format']!r}, not {FORMAT!r}.", "Use the watchkeeper that made it."
            )
        if told != _checksum(snapshot):
            raise _corrupt(file, "its content does not match its checksum.", file)
        pending = [Pending(**{**item, "resource": _load(item["resource"])}) for item in snapshot["pending"]]
        resources, doomed = map(_load, snapshot["resources"]), map(_load, snapshot["doomed"])
        return Content(
            project=snapshot["project"],
            stack=snapshot["stack"],
            serial=snapshot["serial"],
            resources={resource.urn: resource for resource in resources},
            doomed={_doom_key(resource): resource for resource in doomed},
            pending={item.key: item for item in pending},
            outputs=wire.from_plain(snapshot["outputs"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _corrupt(file, f"it can't be read ({' '.join(str(error).split())}).", file) from error


def _corrupt(broken: Path, problem: str, file: Path) -> StateError:
    good = next((path for path in backups(file) if _readable(path)), None)
    offer = (
        f"The state before the last run is {good}: copy it over {file} and remove {_journal(file).name}" if good else ""
    )
    start = "move it away to start from nothing (what it recorded stays in the cloud)"
    return StateError(broken, problem, f"{offer}, or {start}." if offer else f"There is no earlier state; {start}.")


def _readable(file: Path) -> bool:
    try:
        snapshot = json.loads(file.read_bytes())
        return bool(snapshot.pop("checksum") == _checksum(snapshot))
    except (ValueError, KeyError, TypeError, AttributeError):
        return False


def _same_stack(file: Path, content: Content, project: str, stack: str) -> None:
    if project and (content.project, content.stack) != (project, stack):
        raise StateError(
            file,
            f"it belongs to stack {content.stack!r} of project {content.project!r}, not {stack!r} of {project!r}.",
            "Name another state file.",
        )


# -- files


def _journal(file: Path) -> Path:
    return file.with_name(f"{file.name}.journal")


def _backup(file: Path, number: int) -> Path:
    return file.with_name(f"{file.name}.backup-{number}")


def _rotate(file: Path, content: Content) -> None:
    """Keep the state as it is now, unless the newest backup has the same."""
    if not file.exists() or content.empty:
        return
    newest = _backup(file, 1)
    if newest.exists() and _serial(newest) == content.serial:
        return
    for number in range(BACKUPS - 1, 0, -1):
        if _backup(file, number).exists():
            _backup(file, number).replace(_backup(file, number + 1))
    _write_snapshot(newest, content)


def _serial(file: Path) -> int:
    try:
        return int(json.loads(file.read_bytes())["serial"])
    except (ValueError, KeyError, TypeError):
        return -1


@contextmanager
def _locked(file: Path) -> Iterator[None]:
    lock = file.with_name(f"{file.name}.lock")
    with os.fdopen(os.open(lock, os.O_RDWR | os.O_CREAT, PRIVATE), "r+") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = stream.read().strip() or "unknown"
            raise StateError(file, f"process {holder} is deploying with it.", "Wait for it to end.") from error
        stream.truncate(0)
        stream.write(str(os.getpid()))
        stream.flush()
        yield  # the kernel lets go of the lock when the process ends, however it ends


def _open_private(file: Path, mode: str) -> IO[bytes]:
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    return os.fdopen(os.open(file, flags, PRIVATE), mode)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
