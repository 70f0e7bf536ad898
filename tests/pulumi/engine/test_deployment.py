"""Deployments: from what is there to what is wanted, whatever fails or is cut short on the way."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from tests.pulumi.engine.support import TYPES, DiskCloud
from tests.support.places import ROOT
from watchkeeper.pulumi.engine.deployment import Event, PlanError, Result, Review, Tally, UpSession, destroy, plan, up
from watchkeeper.pulumi.engine.monitor import Answer, RefusalError, Registration
from watchkeeper.pulumi.engine.preview import Preview
from watchkeeper.pulumi.engine.program import Project
from watchkeeper.pulumi.engine.provider import Inputs, State, UncertainError
from watchkeeper.pulumi.engine.recovery import recover
from watchkeeper.pulumi.engine.state import StateFile, read_state, resolve_pending
from watchkeeper.pulumi.graph import UNKNOWN, Archive, Secret

BUCKET, TOPIC, QUEUE, VERSIONING = (
    "aws:s3/bucket:Bucket",
    "aws:sns/topic:Topic",
    "aws:sqs/queue:Queue",
    "aws:s3/bucketVersioning:BucketVersioning",
)
PROJECT = Project(Path("/"), "p", "python", "dev")
Writer = Callable[..., Project]


def wants(resource_type: str, name: str, inputs: dict[str, Any] | None = None, **options: Any) -> Registration:
    urn = f"urn:pulumi:dev::p::{resource_type}::{name}"
    return Registration(urn=urn, type=resource_type, name=name, inputs=inputs or {}, **options)


def urn(resource_type: str, name: str) -> str:
    return f"urn:pulumi:dev::p::{resource_type}::{name}"


class Run:
    """Ups and downs of one stack, its registrations given directly."""

    def __init__(self, cloud: DiskCloud, file: Path) -> None:
        self.cloud = cloud
        self.file = file
        self.events: list[Event] = []
        self.answers: dict[str, Answer] = {}

    def up(self, *registrations: Registration, parallel: int = 10) -> Tally:
        tally = Tally(self.events.append)
        self.answers = {}
        with StateFile.open(self.file, "p", "dev") as state:
            for found in recover(state, self.cloud):
                assert found.settled, found.detail
            session = UpSession(PROJECT, self.cloud, state, tally, parallel)
            for registration in registrations:
                self.answers[registration.name] = session.register(registration)
            session.close()
            if not tally.errors:
                session.delete_leftovers(parallel)
        return tally

    def destroy(self) -> Result:
        return destroy("p", "dev", self.cloud, self.file, on_event=self.events.append)

    @property
    def kinds(self) -> list[str]:
        return [f"{event.kind} {event.step} {event.name}" for event in self.events]


@pytest.fixture
def run(cloud: DiskCloud, tmp_path: Path) -> Run:
    return Run(cloud, tmp_path / "state" / "dev.json")


# -- what changes and what doesn't


def test_create_leave_update_delete(run: Run) -> None:
    run.up(wants(BUCKET, "a", {"bucket": "a"}), wants(TOPIC, "t", {"name": "t", "tags": {"x": "1"}}))
    run.up(wants(BUCKET, "a", {"bucket": "a"}), wants(TOPIC, "t", {"name": "t", "tags": {"x": "2"}}))
    assert run.cloud.calls == ["create a", "create t", "update t"]
    assert run.answers["t"].outputs["tags"] == {"x": "2"}
    run.up(wants(BUCKET, "a", {"bucket": "a"}))
    assert run.cloud.names == ["a"]
    assert run.destroy().ok
    assert run.cloud.names == []
    content = read_state(run.file)
    assert content is not None and content.empty


def test_a_replacement_is_made_before_the_old_one_goes(run: Run) -> None:
    run.up(wants(BUCKET, "a", {"bucket": "one"}))
    tally = run.up(wants(BUCKET, "a", {"bucket": "two"}))
    assert tally.counts == {"replace": 1, "delete": 1}
    assert run.cloud.calls == ["create a", "create a", "delete a"]
    assert run.answers["a"].id == "two"


def test_delete_before_replace_takes_dependents_with_it(run: Run) -> None:
    def stack(bucket: str) -> list[Registration]:
        first = wants(BUCKET, "a", {"bucket": bucket}, delete_before_replace=True)
        depends = {"name": (first.urn,)}
        return [first, wants(QUEUE, "q", {"name": bucket}, dependencies=(first.urn,), property_dependencies=depends)]

    run.up(*stack("one"))
    run.up(*stack("two"))
    assert run.cloud.calls == ["create a", "create q", "delete q", "delete a", "create a", "create q"]


def test_ignored_changes_are_ignored_and_secrets_remembered(run: Run) -> None:
    run.up(wants(TOPIC, "t", {"tags": {"a": "1", "b": "1"}, "key": Secret("hush")}))
    run.up(wants(TOPIC, "t", {"tags": {"a": "2", "b": "1"}, "key": Secret("hush")}, ignore_changes=("tags.a",)))
    assert run.cloud.calls == ["create t"]
    run.up(wants(TOPIC, "t", {"tags": {"a": "2", "b": "2"}, "key": Secret("hush")}, ignore_changes=("tags.a",)))
    assert run.answers["t"].outputs["tags"] == {"a": "1", "b": "2"}
    assert run.answers["t"].outputs["key"] == Secret("hush")
    content = read_state(run.file)
    assert content is not None
    assert next(iter(content.resources.values())).inputs == {"tags": {"a": "1", "b": "2"}, "key": Secret("hush")}


def test_a_changed_file_in_an_archive_is_an_update(run: Run, tmp_path: Path) -> None:
    code = tmp_path / "code"
    code.mkdir()
    (code / "handler.py").write_text("one")
    function = wants("aws:lambda/function:Function", "f", {"code": Archive(path=str(code))})
    run.up(function)
    run.up(function)
    (code / "__pycache__").mkdir()
    (code / "__pycache__" / "handler.pyc").write_text("written by Python")
    run.up(function)
    assert run.cloud.calls == ["create f"]
    (code / "handler.py").write_text("two")
    run.up(function)
    assert run.cloud.calls == ["create f", "update f"]


def test_a_moved_archive_with_the_same_content_is_the_same(run: Run, tmp_path: Path) -> None:
    for name in ("here", "there"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "handler.py").write_text("one")
    run.up(wants("aws:lambda/function:Function", "f", {"code": Archive(path=str(tmp_path / "here"))}))
    run.up(wants("aws:lambda/function:Function", "f", {"code": Archive(path=str(tmp_path / "there"))}))
    assert run.cloud.calls == ["create f"]


@pytest.mark.parametrize(
    "options", [{"replace_on_changes": ("tags",)}, {"replace_on_changes": ("*",)}, {"replacement_trigger": "again"}]
)
def test_options_can_ask_for_a_replacement(run: Run, options: dict[str, Any]) -> None:
    run.up(wants(TOPIC, "t", {"tags": {"a": "1"}}))
    tally = run.up(wants(TOPIC, "t", {"tags": {"a": "2"}}, delete_before_replace=True, **options))
    assert tally.counts == {"replace": 1, "delete": 1}


def test_an_alias_keeps_what_was_renamed(run: Run) -> None:
    run.up(wants(TOPIC, "old", {"name": "t"}))
    tally = run.up(wants(TOPIC, "new", {"name": "t"}, aliases=(urn(TOPIC, "old"),)))
    assert tally.counts == {"same": 1}
    assert run.cloud.calls == ["create old"]


# -- protection


def test_protected_resources_are_not_deleted(run: Run) -> None:
    run.up(wants(BUCKET, "a", {"bucket": "a"}, protect=True))
    assert "protected" in str(run.up().errors[0])
    assert "protected" in str(run.destroy().errors[0])
    assert "protected" in str(run.up(wants(BUCKET, "a", {"bucket": "b"}, protect=True)).errors[0])
    assert run.cloud.names == ["a"]
    run.up(wants(BUCKET, "a", {"bucket": "a"}, protect=False))
    assert run.destroy().ok


def test_retained_and_foreign_resources_stay(run: Run) -> None:
    run.up(wants(BUCKET, "mine", {"bucket": "mine"}))
    other = Run(run.cloud, run.file.with_name("other.json"))
    with StateFile.open(other.file, "p", "dev") as state:
        session = UpSession(PROJECT, run.cloud, state, Tally(other.events.append), 2)
        assert session.read(wants(BUCKET, "theirs"), "mine").outputs["arn"] == "arn:aws:s3:::mine"
        with pytest.raises(RefusalError, match="'nobody' does not exist"):
            session.read(wants(BUCKET, "nobody"), "nobody")
        session.register(wants(TOPIC, "kept", retain_on_delete=True))
    assert other.destroy().ok
    assert run.cloud.names == ["kept", "mine"]


def test_import_takes_over_what_exists(run: Run) -> None:
    run.up(wants(BUCKET, "a", {"bucket": "a"}))
    other = Run(run.cloud, run.file.with_name("other.json"))
    assert not other.up(wants(BUCKET, "mine", {"bucket": "a"}, import_id="a")).errors
    assert "does not exist" in str(other.up(wants(BUCKET, "no", {"bucket": "no"}, import_id="no")).errors[0])
    assert run.cloud.calls.count("create mine") == 0


def test_deleted_with_another_needs_no_call(run: Run) -> None:
    bucket = wants(BUCKET, "a", {"bucket": "a"})
    run.up(bucket, wants(VERSIONING, "v", {"bucket": "a"}, dependencies=(bucket.urn,), deleted_with=bucket.urn))
    run.destroy()
    assert run.cloud.calls == ["create a", "create v", "delete a"]


# -- failures


def test_a_failure_names_resource_call_and_code_and_stops_only_its_dependents(run: Run) -> None:
    (run.cloud.folder / "fail").write_text(json.dumps({"bad": "AccessDenied"}))
    bad = wants(TOPIC, "bad")
    tally = run.up(
        wants(BUCKET, "before", {"bucket": "before"}),
        bad,
        wants(QUEUE, "needs", dependencies=(bad.urn,)),
        wants(QUEUE, "unknown", {"arn": UNKNOWN}),
        wants(QUEUE, "after"),
    )
    assert [str(error) for error in tally.errors] == [
        "aws:sns/topic:Topic 'bad': CreateThing: AccessDenied: bad is not allowed"
    ]
    assert tally.skipped == [urn(QUEUE, "needs"), urn(QUEUE, "unknown")]
    assert run.cloud.names == ["after", "before"]
    assert run.answers["bad"].failed and run.answers["needs"].failed
    (run.cloud.folder / "fail").unlink()
    assert not run.up(wants(BUCKET, "before", {"bucket": "before"}), bad, wants(QUEUE, "after")).errors
    assert run.destroy().ok


def test_nothing_is_deleted_after_a_failure(run: Run) -> None:
    run.up(wants(BUCKET, "a", {"bucket": "a"}))
    (run.cloud.folder / "fail").write_text(json.dumps({"bad": "AccessDenied"}))
    run.up(wants(TOPIC, "bad"))
    assert run.cloud.names == ["a"]


def test_a_failed_deletion_keeps_what_it_needs_and_goes_on(run: Run) -> None:
    topic = wants(TOPIC, "t")
    run.up(topic, wants(QUEUE, "q", dependencies=(topic.urn,)), wants(QUEUE, "free"))
    (run.cloud.folder / "fail").write_text(json.dumps({"q": "ResourceInUseException"}))
    result = run.destroy()
    assert [error.code for error in result.errors] == ["ResourceInUseException"]
    assert result.skipped == (topic.urn,)
    assert run.cloud.names == ["q", "t"]
    (run.cloud.folder / "fail").unlink()
    assert run.destroy().ok


def test_an_update_that_failed_is_tried_again(run: Run) -> None:
    run.up(wants(TOPIC, "t", {"tags": {"a": "1"}}))
    (run.cloud.folder / "fail").write_text(json.dumps({"t": "Throttling"}))
    run.up(wants(TOPIC, "t", {"tags": {"a": "2"}}))
    (run.cloud.folder / "fail").unlink()
    run.up(wants(TOPIC, "t", {"tags": {"a": "1"}}))
    assert run.cloud.calls == ["create t", "update t"]


def test_a_lost_connection_leaves_the_question_open_and_the_next_run_answers_it(run: Run) -> None:
    (run.cloud.folder / "fail").write_text(json.dumps({"t": "crash"}))
    tally = run.up(wants(TOPIC, "t", {"name": "t"}))
    assert "ConnectionError: the endpoint is gone" in str(tally.errors[0])
    content = read_state(run.file)
    assert content is not None and [pending.operation for pending in content.pending.values()] == ["create"]
    (run.cloud.folder / "fail").unlink()
    assert not run.up(wants(TOPIC, "t", {"name": "t"})).errors
    assert run.destroy().ok


class HalfwayCloud(DiskCloud):
    """Loses the connection after a creation's first call, which tags nothing yet; updates what differs."""

    def create(self, resource_type: str, name: str, inputs: Inputs) -> State:
        super().create(resource_type, name, {key: value for key, value in inputs.items() if key != "tags"})
        raise UncertainError("no answer", operation="TagThing")

    def update(self, resource_type: str, old: State, old_inputs: Inputs, new_inputs: Inputs) -> State:
        found = self.read(resource_type, old.id, old_inputs)
        assert found is not None
        there = {key: value for key, value in found.outputs.items() if key in new_inputs}
        differing = {key: value for key, value in new_inputs.items() if old_inputs.get(key) != value}
        return super().update(resource_type, old, old_inputs, {**there, **differing})


def test_what_an_interrupted_creation_left_unset_is_set_by_the_next_run(run: Run) -> None:
    run.cloud = HalfwayCloud(run.cloud.folder)
    wanted = wants(TOPIC, "t", {"name": "t", "tags": {"owner": "me"}})
    assert run.up(wanted).errors
    assert not run.up(wanted).errors
    made = run.cloud.read(TOPIC, "t", {})
    assert made is not None and made.outputs["tags"] == {"owner": "me"}


def test_independent_resources_run_in_parallel_within_the_limit(run: Run) -> None:
    (run.cloud.folder / "slow").write_text("0.05")
    with StateFile.open(run.file, "p", "dev") as state:
        session = UpSession(PROJECT, run.cloud, state, Tally(run.events.append), 4)
        threads = [threading.Thread(target=session.register, args=(wants(QUEUE, f"q{n}"),)) for n in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert run.cloud.most_running == 4
    assert len(run.cloud.names) == 12


# -- killed at any point

KILLED = """
import sys
sys.path.insert(0, {tests!r})
from pathlib import Path
from tests.pulumi.engine.support import DiskCloud
from tests.pulumi.engine.test_deployment import BUCKET, QUEUE, TOPIC, Run, wants
run = Run(DiskCloud(Path({cloud!r})), Path({file!r}))
{statements}
"""
FIRST = "run.up(wants(BUCKET, 'a', {'bucket': 'one'}), wants(TOPIC, 't', {'name': 't'}), wants(QUEUE, 'q'))"
SECOND = "run.up(wants(BUCKET, 'a', {'bucket': 'two'}), wants(TOPIC, 't', {'name': 't', 'tags': {'x': '1'}}))"
MOMENTS = [
    f"{when} {operation} {name}"
    for operation, name in (("create", "a"), ("create", "t"), ("update", "t"), ("delete", "q"), ("delete", "a"))
    for when in ("before", "after")
]


def killed(run: Run, statements: str) -> int:
    script = KILLED.format(
        tests=str(ROOT), cloud=str(run.cloud.folder), file=str(run.file), statements=dedent(statements)
    )
    return subprocess.run([sys.executable, "-c", script], check=False, capture_output=True).returncode


@pytest.mark.parametrize("moment", MOMENTS)
def test_killed_at_any_moment_nothing_is_lost_and_nothing_made_twice(run: Run, moment: str) -> None:
    if "create" not in moment:
        run.up(
            wants(BUCKET, "a", {"bucket": "one"}), wants(TOPIC, "t", {"name": "t"}), wants(QUEUE, "q", {"name": "q"})
        )
    (run.cloud.folder / "stop").write_text(moment)
    assert killed(run, FIRST if "create" in moment else SECOND) == -9
    tally = run.up(wants(BUCKET, "a", {"bucket": "two"}), wants(TOPIC, "t", {"name": "t", "tags": {"x": "1"}}))
    assert not tally.errors
    assert run.cloud.names == ["a", "t"]
    assert {answer.id for answer in run.answers.values()} == {"two", "t"}
    assert run.destroy().ok
    assert run.cloud.names == []


def test_what_has_no_fixed_name_is_asked_about_and_never_forgotten(run: Run) -> None:
    (run.cloud.folder / "stop").write_text("after create q")
    assert killed(run, "run.up(wants(QUEUE, 'q'))") == -9
    result = run.destroy()
    assert "no fixed name" in str(result.errors[0])
    assert run.cloud.names == ["q"]
    resolve_pending(run.file, urn(QUEUE, "q"), "q")
    assert run.destroy().ok
    assert run.cloud.names == []


# -- the whole way, through a program

STACK = """
import pulumi
config = pulumi.Config()
bucket = pulumi.CustomResource("aws:s3/bucket:Bucket", "a", {"bucket": config.require("bucket"), "arn": None})
pulumi.CustomResource("aws:sqs/queue:Queue", "q", {"name": bucket.arn, "secret": pulumi.Output.secret("hush")})
pulumi.CustomResource("aws:sns/topic:Topic", "t", {"name": "t"})
pulumi.export("arn", bucket.arn)
"""


def test_a_program_is_planned_deployed_changed_and_destroyed(write: Writer, cloud: DiskCloud, tmp_path: Path) -> None:
    file = tmp_path / "dev.json"
    project = write(STACK, {"written:bucket": "one"})
    assert [step.change for step in plan(project, cloud, file)] == ["create"] * 3
    assert cloud.names == []

    first = up(project, cloud, file, on_event=lambda event: None)
    assert first.ok, first.errors
    assert first.outputs == {"arn": "arn:aws:s3:::one"}
    assert first.counts == {"create": 3}

    again = up(project, cloud, file, on_event=lambda event: None)
    assert again.counts == {"same": 3}

    project = write(STACK.replace("sns/topic:Topic", "sqs/queue:Queue"), {"written:bucket": "two"})
    steps = {
        step.name: (step.change, step.properties) for step in plan(project, cloud, file) if step.change != "delete"
    }
    assert steps == {"a": ("replace", ("bucket",)), "q": ("replace", ("name",)), "t": ("create", ())}
    changed = up(project, cloud, file, on_event=lambda event: None)
    assert changed.ok, changed.errors
    assert changed.counts == {"replace": 2, "create": 1, "delete": 3}
    assert changed.outputs == {"arn": "arn:aws:s3:::two"}

    assert destroy("written", "dev", cloud, file, on_event=lambda event: None).ok
    assert cloud.names == []


def test_what_the_provider_cannot_do_is_named_before_anything_is_made(write: Writer, tmp_path: Path) -> None:
    cloud = DiskCloud(tmp_path / "cloud", types=TYPES[:3])
    project = write("""
        import pulumi
        pulumi.CustomResource("aws:s3/bucket:Bucket", "fine", {"bucket": ""})
        pulumi.CustomResource("aws:sqs/queue:Queue", "queue", {})
        pulumi.CustomResource("random:index/randomId:RandomId", "random", {})
    """)
    result = up(project, cloud, tmp_path / "dev.json", on_event=lambda event: None)
    types, empty = map(str, result.errors)
    assert "can't make aws:sqs/queue:Queue ('queue'), random:index/randomId:RandomId ('random')" in types
    assert "It can make: aws:s3/bucket:Bucket, aws:s3/bucketVersioning:BucketVersioning, aws:sns/topic:Topic" in types
    assert empty == "aws:s3/bucket:Bucket 'fine': bucket must not be empty"
    assert cloud.calls == []
    with pytest.raises(PlanError, match="random:index/randomId:RandomId"):
        plan(project, cloud, tmp_path / "dev.json")


def test_a_program_that_stops_halfway_keeps_what_was_made_and_deletes_nothing(
    write: Writer, cloud: DiskCloud, tmp_path: Path
) -> None:
    file = tmp_path / "dev.json"
    up(write(STACK, {"written:bucket": "one"}), cloud, file, on_event=lambda event: None)
    broken = """
        import pulumi
        extra = pulumi.CustomResource("aws:sqs/queue:Queue", "extra", {"name": "extra"})
        def stop(id):
            raise ValueError("halfway")
        if not pulumi.runtime.is_dry_run():
            extra.id.apply(stop)
    """
    result = up(write(broken), cloud, file, on_event=lambda event: None)
    assert "ValueError: halfway" in str(result.errors[0])
    assert result.program_error is not None
    assert cloud.names == ["a", "extra", "q", "t"]
    content = read_state(file)
    assert content is not None and len([one for one in content.resources.values() if one.custom]) == 4


def test_a_review_sees_the_preview_and_can_end_the_deployment(write: Writer, cloud: DiskCloud, tmp_path: Path) -> None:
    file, runs = tmp_path / "dev.json", tmp_path / "runs"
    count = f"open({str(runs)!r}, 'a').write('run ')\n"
    project = write(count + dedent(STACK), {"written:bucket": "one"})
    seen: list[Preview] = []

    def refuse(shown: Preview) -> None:
        seen.append(shown)
        raise PermissionError("not like this")

    with pytest.raises(PermissionError):
        up(project, cloud, file, on_event=lambda event: None, review=Review(refuse))
    assert sorted(resource.name for resource in seen[0].graph if resource.custom) == ["a", "q", "t"]
    assert (cloud.names, runs.read_text()) == ([], "run ")

    foreseen = Review(seen.append, lambda kind, name, inputs: {"arn": f"arn of {name}"})
    result = up(project, cloud, file, on_event=lambda event: None, review=foreseen)
    queue = next(resource for resource in seen[1].graph if resource.name == "q")
    assert queue.inputs["name"] == "arn of a"
    assert result.outputs == {"arn": "arn:aws:s3:::one"}, "what was foreseen is for the reviewer alone"


def test_a_review_sees_why_a_program_stopped(write: Writer, cloud: DiskCloud, tmp_path: Path) -> None:
    errors: list[str] = []
    project = write("import pulumi\npulumi.nothing()\n")
    review = Review(lambda shown: errors.append(shown.error.kind if shown.error else ""))
    assert not up(project, cloud, tmp_path / "dev.json", on_event=lambda event: None, review=review).ok
    assert errors == ["AttributeError"]


def test_a_whole_deployment_killed_halfway_is_completed_by_the_next(
    write: Writer, cloud: DiskCloud, tmp_path: Path
) -> None:
    file = tmp_path / "dev.json"
    project = write(STACK, {"written:bucket": "one"})
    (cloud.folder / "stop").write_text("after create a")
    script = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
from pathlib import Path
from tests.pulumi.engine.support import DiskCloud
from watchkeeper.pulumi.engine.deployment import up
from watchkeeper.pulumi.engine.program import load_project
project = load_project(Path({str(project.directory)!r}), "dev")
up(project, DiskCloud(Path({str(cloud.folder)!r})), Path({str(file)!r}), on_event=lambda event: None)
"""
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == -9
    events: list[Event] = []
    result = up(project, cloud, file, on_event=events.append)
    assert result.ok, result.errors
    assert any("exists as 'one' and was taken over" in event.detail for event in events)
    assert cloud.calls.count("create a") == 1
    assert cloud.names == ["a", "q", "t"]


def test_replacing_what_is_protected_changes_nothing(run: Run) -> None:
    protected = wants(BUCKET, "a", {"bucket": "a"}, protect=True)
    run.up(protected)
    run.up(replace(protected, inputs={"bucket": "b"}))
    assert run.cloud.calls == ["create a"]
