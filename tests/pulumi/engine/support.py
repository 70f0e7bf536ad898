"""A cloud on disk: a whole provider with one JSON file for each thing it has, so that a killed process loses nothing.

Every create, update and delete is written to ``calls``. A file ``slow`` (seconds), ``fail`` (name: code) or ``stop``
(moment and name) in the folder changes how it behaves.
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
import threading
import time
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from watchkeeper.pulumi.engine import wire
from watchkeeper.pulumi.engine.provider import Change, Diff, Inputs, ProviderError, State

TYPES = (
    "aws:s3/bucket:Bucket",
    "aws:s3/bucketVersioning:BucketVersioning",
    "aws:sns/topic:Topic",
    "aws:sns/topicSubscription:TopicSubscription",
    "aws:iam/role:Role",
    "aws:iam/rolePolicy:RolePolicy",
    "aws:lambda/function:Function",
    "aws:cfg/recorder:Recorder",
    "aws:sqs/queue:Queue",
)
FIXED = {"bucket", "name"}
"""Changing one of these takes a replacement; the old one goes first, for two can't have the same name."""


class DiskCloud:
    """Things as files in ``folder/things``."""

    def __init__(self, folder: Path, types: Collection[str] = TYPES) -> None:
        self.folder = folder
        self.things = folder / "things"
        self.things.mkdir(parents=True, exist_ok=True)
        self._types = types
        self._lock = threading.Lock()
        self.running = 0
        self.most_running = 0

    types = property(lambda self: self._types)
    region = "eu-west-1"

    @property
    def calls(self) -> list[str]:
        log = self.folder / "calls"
        return log.read_text().splitlines() if log.exists() else []

    @property
    def names(self) -> list[str]:
        return sorted(json.loads(file.read_text())["name"] for file in self.things.iterdir())

    def check(self, resource_type: str, name: str, inputs: Inputs) -> list[str]:
        return [f"{key} must not be empty" for key, value in inputs.items() if value == ""]

    def diff(self, resource_type: str, old: State, old_inputs: Inputs, new_inputs: Inputs) -> Diff:
        changed = tuple(
            sorted(key for key in {**old_inputs, **new_inputs} if old_inputs.get(key) != new_inputs.get(key))
        )
        fixed = FIXED & set(changed)
        if not fixed:
            return Diff(Change.UPDATE if changed else Change.NONE, changed)
        return Diff(Change.REPLACE, changed, delete_before_replace=False)

    def preview_outputs(self, resource_type: str, name: str, inputs: Inputs) -> Mapping[str, Any]:
        return inputs

    def create(self, resource_type: str, name: str, inputs: Inputs) -> State:
        self._misbehave("create", resource_type, name)
        id_ = self._id(resource_type, name, inputs)
        file = self.things / hashlib.sha1(f"{resource_type}/{id_}".encode()).hexdigest()
        if file.exists():
            raise ProviderError(f"{id_} exists already", operation="CreateThing", code="EntityAlreadyExists")
        self._write(file, resource_type, name, id_, inputs)
        self._note("create", name)
        self._kill("after create", name)
        return State(id_, self._outputs(resource_type, id_, inputs))

    def read(self, resource_type: str, id_: str, inputs: Inputs) -> State | None:
        file = self.things / hashlib.sha1(f"{resource_type}/{id_}".encode()).hexdigest()
        if not file.exists():
            return None
        thing = json.loads(file.read_text())
        return State(id_, self._outputs(resource_type, id_, wire.from_plain(thing["inputs"])))

    def update(self, resource_type: str, old: State, old_inputs: Inputs, new_inputs: Inputs) -> State:
        file = self.things / hashlib.sha1(f"{resource_type}/{old.id}".encode()).hexdigest()
        name = json.loads(file.read_text())["name"]
        self._misbehave("update", resource_type, name)
        self._write(file, resource_type, name, old.id, new_inputs)
        self._note("update", name)
        self._kill("after update", name)
        return State(old.id, self._outputs(resource_type, old.id, new_inputs))

    def delete(self, resource_type: str, state: State, inputs: Inputs) -> None:
        file = self.things / hashlib.sha1(f"{resource_type}/{state.id}".encode()).hexdigest()
        if not file.exists():
            return
        name = json.loads(file.read_text())["name"]
        self._misbehave("delete", resource_type, name)
        file.unlink()
        self._note("delete", name)
        self._kill("after delete", name)

    def invoke(self, token: str, arguments: Inputs) -> Mapping[str, Any]:
        if token.endswith("getCallerIdentity"):
            return {"accountId": "000000000000", "arn": "arn:aws:iam::000000000000:root", "id": "0", "userId": "0"}
        raise ProviderError("no such look-up", operation=token, code="UnsupportedOperation")

    def _id(self, resource_type: str, name: str, inputs: Inputs) -> str:
        return str(inputs.get("bucket") or inputs.get("name") or inputs.get("topic") or name) + f"@{name}" * (
            resource_type.endswith(("Versioning", "Subscription", "Policy"))
        )

    def _outputs(self, resource_type: str, id_: str, inputs: Inputs) -> Mapping[str, Any]:
        service = resource_type.split(":")[1].split("/")[0]
        return {**inputs, "arn": f"arn:aws:{service}:::{id_}"}

    def _write(self, file: Path, resource_type: str, name: str, id_: str, inputs: Inputs) -> None:
        thing = {"type": resource_type, "name": name, "id": id_, "inputs": wire.to_plain(inputs)}
        beside = file.with_suffix(".new")
        beside = self.folder / f"{file.name}.new"
        beside.write_text(json.dumps(thing))
        beside.replace(file)

    def _note(self, what: str, name: str) -> None:
        with self._lock, (self.folder / "calls").open("a") as log:
            log.write(f"{what} {name}\n")

    def _misbehave(self, operation: str, resource_type: str, name: str) -> None:
        self._kill(f"before {operation}", name)
        with self._lock:
            self.running += 1
            self.most_running = max(self.running, self.most_running)
        slow = self.folder / "slow"
        time.sleep(float(slow.read_text()) if slow.exists() else 0)
        with self._lock:
            self.running -= 1
        fail = self.folder / "fail"
        failing = json.loads(fail.read_text()) if fail.exists() else {}
        if failing.get(name) == "crash":
            raise ConnectionError("the endpoint is gone")
        if name in failing:
            raise ProviderError(f"{name} is not allowed", operation=f"{operation.title()}Thing", code=failing[name])

    def _kill(self, moment: str, name: str) -> None:
        stop = self.folder / "stop"
        if stop.exists() and stop.read_text().strip() == f"{moment} {name}":
            stop.unlink()
            os.kill(os.getpid(), signal.SIGKILL)
