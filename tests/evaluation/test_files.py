"""Snapshots and histories: every file is read as far as it goes, and what could not be read is named."""

from __future__ import annotations

import dataclasses
import gzip
import io
import json
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.places import ITEMS as BASES
from watchkeeper.aws import facts
from watchkeeper.evaluation import selection, whatif
from watchkeeper.evaluation.files import judging, running, sources, stream
from watchkeeper.evaluation.files.running import evaluate_files, evaluate_sources
from watchkeeper.evaluation.files.sources import Source
from watchkeeper.evaluation.item import configured
from watchkeeper.evaluation.selection import (
    all_rules,
    find_frameworks,
    pack_parameters,
    rules_of_frameworks,
    rules_of_pack,
    select_rules,
)
from watchkeeper.evaluation.whatif import evaluation_price, what_if
from watchkeeper.items import from_aws
from watchkeeper.model import ComplianceType
from watchkeeper.rules.pack import PackError, PackParameterError, read_pack

RULES = select_rules(["S3_BUCKET_VERSIONING_ENABLED", "DESIRED_INSTANCE_TYPE:instanceType=t3.micro,t3.small"])


def item(name: str, number: int = 0, **changes: Any) -> dict[str, Any]:
    raw: dict[str, Any] = json.loads((BASES / f"{name}.json").read_text())
    raw["resourceId"] = raw["resourceName"] = f"{name}-{number}"
    return raw | changes


def snapshot(items: list[Any], head: dict[str, Any] | None = None) -> bytes:
    given_head = {"fileVersion": "1.0", "configSnapshotId": "1"} if head is None else head
    return json.dumps(given_head | {"configurationItems": items}).encode()


def run(data: bytes, rules: Any = RULES, name: str = "a_ConfigSnapshot_b.json", **options: Any) -> Any:
    source = Source(name, len(data), lambda: io.BytesIO(data))
    return evaluate_sources([source], rules, workers=options.pop("workers", 0), **options)


def counts(result: Any) -> dict[str, dict[str, int]]:
    return {r.rule.identifier: {k.value: n for k, n in r.counts.items()} for r in result.rules}


OFF = {"supplementaryConfiguration": {"BucketVersioningConfiguration": {"status": "Off"}}}
TWO = [item("bucket", 1), item("bucket", 2, **OFF), item("instance", 3)]


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_a_snapshot(pack: Any) -> None:
    result = run(pack(snapshot(TWO)))
    assert counts(result) == {
        "S3_BUCKET_VERSIONING_ENABLED": {"COMPLIANT": 1, "NON_COMPLIANT": 1},
        "DESIRED_INSTANCE_TYPE": {"COMPLIANT": 1},
    }
    assert (result.items, result.coverage, result.incomplete) == (3, "2 of 2 rules evaluated", False)
    (found,) = result.violations
    assert (found.evaluation.resource_id, found.account_id, found.region) == (
        "bucket-2",
        "123456789012",
        "eu-central-1",
    )
    assert "enable versioning" in found.evaluation.annotation


def test_both_spellings_give_the_same() -> None:
    from watchkeeper.items import to_api

    api = [json.loads(json.dumps(to_api(from_aws(raw)), default=str)) for raw in TWO]
    assert counts(run(snapshot(api))) == counts(run(snapshot(TWO)))


def test_the_quick_reading_of_an_item_is_the_exact_one() -> None:
    for path in BASES.glob("*.json"):
        raw = json.loads(path.read_text())
        quick, exact = judging.to_item(json.loads(path.read_text())), from_aws(raw)
        same = {"relationships": (), "availability_zone": "", "creation_time": None, "state_id": ""}
        assert dataclasses.replace(quick, **same) == dataclasses.replace(exact, **same), path.stem


@pytest.mark.parametrize("cut", ["in an item", "after an item", "before the end", "in the head", "empty"])
@pytest.mark.parametrize("packed", [False, True])
def test_a_file_that_is_cut(cut: str, packed: bool) -> None:
    whole = snapshot([item("bucket", n) for n in range(5)])
    end = {
        "in an item": len(whole) - 100,
        "after an item": len(whole) - 2,
        "before the end": len(whole) - 1,
        "in the head": 10,
        "empty": 0,
    }[cut]
    result = run(gzip.compress(whole[:end]) if packed else whole[:end])
    assert result.incomplete
    assert all(problem.file == "a_ConfigSnapshot_b.json" and problem.message for problem in result.problems)
    assert result.items == {"in an item": 4, "in the head": 0, "empty": 0}.get(cut, 5)


def test_a_gzip_stream_that_is_cut_is_evaluated_as_far_as_it_goes() -> None:
    import random

    noise = random.Random(1)
    whole = snapshot([item("bucket", n, relatedEvents=[noise.randbytes(600).hex()]) for n in range(300)])
    packed = gzip.compress(whole)
    result = run(packed[: len(packed) // 2])
    assert 100 < result.items < 200
    assert any("gzip stream is cut" in problem.message for problem in result.problems)
    assert any("item is cut" in problem.message and problem.item == result.items for problem in result.problems)


def test_a_gzip_stream_that_is_damaged() -> None:
    packed = bytearray(gzip.compress(snapshot(TWO * 50)))
    packed[len(packed) // 2] ^= 0xFF
    assert run(bytes(packed)).incomplete


def test_a_missing_file_is_an_error_at_once(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="nowhere"):
        evaluate_files([tmp_path / "nowhere.json"], RULES)


def test_a_source_that_cannot_be_opened_is_a_problem() -> None:
    def denied() -> Any:
        raise PermissionError("denied")

    good = Source("b.json", 1, lambda: io.BytesIO(snapshot(TWO)))
    result = evaluate_sources([Source("a.json", 1, denied), good], RULES, workers=0)
    assert (result.items, result.problems[0].file) == (3, "a.json")


WRONG = [
    None,
    5,
    "x",
    [],
    {},
    {"resourceType": 5, "resourceId": "a"},
    {"resourceType": "A"},
    item("bucket", configuration=5),
]


def test_wrong_items_are_named_and_the_rest_is_evaluated() -> None:
    result = run(snapshot([*WRONG[1:], *TWO]))
    assert result.items == 3
    assert [problem.item for problem in result.problems] == list(range(len(WRONG) - 1))


@pytest.mark.parametrize("workers", [0, 2])
def test_an_item_that_is_not_json_in_the_middle(workers: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "CHUNK", 4000)
    monkeypatch.setattr(running, "SMALL", 0)
    text = snapshot([item("bucket", n) for n in range(40)]).replace(b'"bucket-17"', b'"bucket-17', 1)
    broken = text.replace(b'"bucket-17,', b"nothing,", 1) if b'"bucket-17,' in text else text
    result = run(broken, workers=workers)
    assert result.items == 39
    assert [problem.item for problem in result.problems] == [17]


def test_objects_inside_that_begin_as_items_do() -> None:
    inner = [{"awsAccountId": "x", "a": [{"awsAccountId": "}],{"}]}, {"awsAccountId": "y"}]
    raws = [{"awsAccountId": "1", **item("bucket", n), "inner": inner} for n in range(400)]
    assert next(iter(raws[0])) == "awsAccountId"
    data = snapshot(raws)
    small = stream.CHUNK
    try:
        stream.CHUNK = 3001
        result = run(data)
    finally:
        stream.CHUNK = small
    assert (result.items, result.problem_count) == (400, 0)


def test_a_text_that_looks_like_a_boundary(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "CHUNK", 2000)
    hostile = '"},{"configurationItemVersion": }]}'
    raws = [item("bucket", n, resourceCreationTime=None, relatedEvents=[hostile]) for n in range(60)]
    assert run(snapshot(raws)).items == 60


def test_an_item_of_ten_megabytes() -> None:
    large = item("bucket", 1, relatedEvents=["x" * (10 << 20)])
    result = run(snapshot([item("bucket", 0), large, item("bucket", 2)]))
    assert (result.items, result.problem_count) == (3, 0)


def test_very_many_empty_items_are_counted_not_kept() -> None:
    result = run(b'{"configurationItems":[' + b",".join([b"{}"] * 20_000) + b"]}")
    assert (result.items, result.problem_count, len(result.problems)) == (0, 20_000, judging.MAX_PROBLEMS)


def test_deep_nesting_is_a_problem_not_a_crash() -> None:
    result = run(b'{"configurationItems":[' + b"[" * 5000 + b"]" * 5000 + b"]}")
    assert result.incomplete


def test_an_unknown_type_is_counted() -> None:
    result = run(snapshot([item("bucket", 1, resourceType="AWS::New::Thing")]))
    assert (result.resource_types, result.incomplete) == ({"AWS::New::Thing": 1}, False)


@pytest.mark.parametrize(
    "data",
    [
        json.dumps(TWO[1]).encode(),
        json.dumps([TWO[1]]).encode(),
        json.dumps({"detail": {"messageType": "x", "configurationItem": TWO[1]}}).encode(),
        json.dumps({"configurationItems": [TWO[1]]}, indent=2).encode(),
        b" \n" + snapshot([TWO[1]]) + b"\n",
    ],
)
def test_other_forms_of_files(data: bytes) -> None:
    result = run(data)
    assert counts(result)["S3_BUCKET_VERSIONING_ENABLED"] == {"NON_COMPLIANT": 1}
    assert not result.incomplete


def test_an_empty_snapshot() -> None:
    result = run(snapshot([]))
    assert (result.items, result.incomplete) == (0, False)


def test_of_a_history_the_latest_counts() -> None:
    early = item("bucket", 1, configurationItemCaptureTime="2026-01-01T00:00:00.000Z", **OFF)
    late = item("bucket", 1, configurationItemCaptureTime="2026-02-01T00:00:00.000Z")
    for order in ([early, late], [late, early]):
        result = run(snapshot(order, {"fileVersion": "1.0"}), name="1_Config_eu_ConfigHistory_AWS::S3::Bucket_1.json")
        assert counts(result)["S3_BUCKET_VERSIONING_ENABLED"] == {"COMPLIANT": 1}


def test_a_folder(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "a.json.gz").write_bytes(gzip.compress(snapshot(TWO)))
    (tmp_path / "b.json").write_bytes(snapshot(TWO))
    (tmp_path / "notes.txt").write_text("x")
    result = evaluate_files([tmp_path], RULES)
    assert (result.items, result.files) == (6, 2)


def test_rules_that_need_other_items_see_those_of_their_account_and_region() -> None:
    rules = select_rules(["VPC_FLOW_LOGS_ENABLED", "CLOUD_TRAIL_ENABLED", "IAM_ROOT_ACCESS_KEY_CHECK"])
    vpc = {"resourceId": "vpc-0990dc6d", "resourceName": None}
    here = [item("vpc", 1, **vpc), item("flowlog", 1), item("trail", 1)]
    there = item("vpc", 1, **vpc, awsRegion="us-east-1")
    found = counts(run(snapshot([*here, there]), rules))
    assert found["VPC_FLOW_LOGS_ENABLED"] == {"COMPLIANT": 1, "NOT_EVALUATED": 1}
    assert found["CLOUD_TRAIL_ENABLED"] == {"NOT_EVALUATED": 2}, "no item says whether a trail is logging"
    assert found["IAM_ROOT_ACCESS_KEY_CHECK"] == {"NOT_EVALUATED": 2}


def test_processes_give_what_one_process_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "CHUNK", 20_000)
    monkeypatch.setattr(running, "SMALL", 0)
    names = sorted(path.stem for path in BASES.glob("*.json"))
    data = gzip.compress(snapshot([item(names[n % len(names)], n) for n in range(400)]))
    rules = all_rules()
    one, two = run(data, rules), run(data, rules, workers=2)
    assert counts(one) == counts(two)
    assert [v.evaluation.resource_id for v in one.violations] == [v.evaluation.resource_id for v in two.violations]
    assert one.items == 400
    assert not one.incomplete


def test_progress_ends_at_the_size() -> None:
    for items, reads in ([item("bucket", n) for n in range(300)], 1), (TWO * 100, 2):
        seen: list[tuple[int, int, int]] = []
        data = snapshot(items)
        run(data, on_progress=lambda *step, seen=seen: seen.append(step))  # type: ignore[misc]
        assert seen[-1][:2] == (reads * len(data), reads * len(data))
        assert [done for done, _, _ in seen] == sorted(done for done, _, _ in seen)


def test_selection_lists_every_problem() -> None:
    with pytest.raises(selection.SelectionError) as error:
        select_rules(["DESIRED_INSTANCE_TYPE", "NO_SUCH_RULE_AT_ALL_X", "s3-bucket-versioning-enabled"])
    assert "instanceType is required" in str(error.value)
    assert "NO_SUCH_RULE_AT_ALL_X" in str(error.value)
    (rule,) = select_rules(["access-keys-rotated"])
    assert rule.parameters == {"maxAccessKeyAge": "90"}


def test_the_rules_of_frameworks_once_with_the_consoles_defaults() -> None:
    rules = rules_of_frameworks(["control tower", "cis 1.4 level 1"])
    identifiers = [rule.identifier for rule in rules]
    assert len(set(identifiers)) == len(identifiers)
    for name in ("AWS Control Tower Detective Guardrails", "CIS AWS Foundations Benchmark 1.4 Level 1"):
        assert set(facts.frameworks()[name].rules) <= set(identifiers)
    keys = next(rule for rule in rules if rule.identifier == "ACCESS_KEYS_ROTATED")
    assert keys.parameters == {"maxAccessKeyAge": "90"}


def test_what_a_framework_asks_for_and_cannot_be_judged_is_not_evaluated() -> None:
    rules = rules_of_frameworks(["pci-dss-4.0"])
    result = run(snapshot([]), rules)
    found = {entry.rule.identifier: entry for entry in result.rules}
    assert set(found) == set(facts.frameworks()["PCI DSS 4.0"].rules)
    assert found["S3_BUCKET_VERSIONING_ENABLED"].evaluated
    for identifier, why in (("AWS_CONFIG_PROCESS_CHECK", "no logic"), ("IAM_POLICY_IN_USE", "policyARN is required")):
        (entry,) = run(snapshot([]), [configured(identifier)]).rules
        assert (entry.evaluated, why in next(iter(entry.reasons))) == (False, True)
    assert not found["IAM_POLICY_IN_USE"].evaluated
    assert result.evaluated_rules < len(rules)


def test_frameworks_that_are_none_or_several_are_told_at_once() -> None:
    with pytest.raises(selection.SelectionError) as error:
        rules_of_frameworks(["nist", "hippa", "hipaa"])
    assert '"NIST CSF"' in str(error.value)
    assert 'did you mean "HIPAA Security"?' in str(error.value)
    assert len(find_frameworks("nist")) == 3


def test_parameters_of_a_pack_as_they_are_written() -> None:
    assert pack_parameters(["Age=30", "Types=a=b,c", "None="]) == {"Age": "30", "Types": "a=b,c", "None": ""}
    with pytest.raises(selection.SelectionError) as error:
        pack_parameters(["Age", "=1", "Types=a", "Types=b"])
    assert all(text in str(error.value) for text in ('"Age" is not', '"=1" is not', '"Types" is given twice'))


PACK = """
Parameters:
  Age: {Default: '90', Type: String}
  Types: {Default: '', Type: String}
Conditions:
  hasAge: {'Fn::Not': [{'Fn::Equals': ['', !Ref Age]}]}
  hasTypes: !Not [!Equals ['', !Ref Types]]
Resources:
  Keys:
    Type: AWS::Config::ConfigRule
    Properties:
      ConfigRuleName: access-keys-rotated
      InputParameters:
        maxAccessKeyAge: {'Fn::If': [hasAge, {Ref: Age}, {Ref: 'AWS::NoValue'}]}
      Source: {Owner: AWS, SourceIdentifier: ACCESS_KEYS_ROTATED}
  Type:
    Type: AWS::Config::ConfigRule
    Properties:
      InputParameters:
        instanceType: !If [hasTypes, !Ref Types, !Ref 'AWS::NoValue']
      Scope: {ComplianceResourceTypes: ['AWS::EC2::Instance']}
      Source: {Owner: AWS, SourceIdentifier: DESIRED_INSTANCE_TYPE}
  Own:
    Type: AWS::Config::ConfigRule
    Properties:
      ConfigRuleName: own
      Source: {Owner: CUSTOM_LAMBDA, SourceIdentifier: 'arn:aws:lambda:x'}
"""


def test_a_conformance_pack() -> None:
    keys, kind, own = rules_of_pack(PACK, {"Types": "t3.micro"})
    (result,) = run(snapshot(TWO), [own]).rules
    assert (own.name, result.counts, result.evaluated) == ("own", {ComplianceType.NOT_EVALUATED: 1}, False)
    assert "custom rule" in next(iter(result.reasons))
    assert (keys.identifier, keys.parameters) == ("ACCESS_KEYS_ROTATED", {"maxAccessKeyAge": "90"})
    assert (kind.name, kind.parameters, kind.scope.types) == (
        "Type",
        {"instanceType": "t3.micro"},
        ("AWS::EC2::Instance",),
    )
    assert rules_of_pack(PACK)[1].parameters == {}
    assert read_pack(PACK).custom == ("own",)


def test_a_rule_of_a_pack_whose_condition_does_not_hold_is_not_in_it() -> None:
    pack = PACK.replace("  Type:\n    Type:", "  Type:\n    Condition: hasTypes\n    Type:")
    assert [rule.name for rule in rules_of_pack(pack)] == ["access-keys-rotated", "own"]
    assert len(rules_of_pack(pack, {"Types": "t3.micro"})) == 3


def test_the_parameters_of_a_pack_that_are_wrong_or_missing_are_told_at_once() -> None:
    pack = PACK.replace("{Default: '', Type: String}", "{Type: String}")
    with pytest.raises(PackParameterError) as error:
        read_pack(pack, {"Agee": "1", "zzz": "2"})
    assert 'no parameter "Agee", did you mean "Age"?' in str(error.value)
    assert 'no parameter "zzz"; ' in str(error.value)
    assert '"Types" needs a value' in str(error.value)
    assert rules_of_pack(pack, {"Types": "t3.micro"})[1].parameters == {"instanceType": "t3.micro"}


@given(name=st.text(), value=st.text())
def test_any_parameter_of_a_pack_is_taken_or_refused(name: str, value: str) -> None:
    try:
        (given_name,) = pack_parameters([f"{name}={value}"])
        read_pack(PACK, {given_name: value})
    except (selection.SelectionError, PackParameterError) as error:
        assert str(error).isprintable()
    else:
        assert given_name in ("Age", "Types")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (PACK.replace("[hasAge, {Ref: Age}, {Ref: 'AWS::NoValue'}]", "[hasAge]"), "Keys can't be read"),
        (PACK.replace("{'Fn::Not': [{'Fn::Equals': ['', !Ref Age]}]}", "{'Fn::Not': 5}"), "Keys can't be read"),
        ("[", "not YAML"),
        ("a: 1", "template with Resources"),
        (
            PACK.replace(
                "Parameters:\n  Age: {Default: '90', Type: String}\n  Types: {Default: '', Type: String}",
                "Parameters: [Age]",
            ),
            "Parameters are not an object",
        ),
        ("Resources: {A: {Type: 'AWS::Config::ConfigRule', Properties: {}}}", "SourceIdentifier"),
        ("Resources: {A: {Type: 'AWS::Config::ConfigRule', Properties: {Source: !Ref X}}}", "does not declare"),
        ("Resources: {A: {Type: 'AWS::Config::ConfigRule', Properties: {Source: !GetAtt X.Y}}}", "not one of"),
    ],
)
def test_what_is_no_pack(text: str, why: str) -> None:
    with pytest.raises(PackError, match=why):
        read_pack(text)


def test_prices_fall_by_tier() -> None:
    assert evaluation_price(100_000) == pytest.approx(100)
    assert evaluation_price(500_000) == pytest.approx(100 + 320)
    assert evaluation_price(600_000) == pytest.approx(420 + 50)
    assert evaluation_price(1000, before=100_000) == pytest.approx(0.8)


def test_what_if_says_when_there_was_too_much_to_compare(monkeypatch: pytest.MonkeyPatch) -> None:
    data = snapshot(TWO)
    source = Source("s_ConfigSnapshot.json", len(data), lambda: io.BytesIO(data))
    candidates = select_rules(["S3_BUCKET_MFA_DELETE_ENABLED"])
    assert what_if([source], candidates, [], workers=0).exact
    monkeypatch.setattr(whatif, "MAX_COMPARED", 1)
    found = what_if([source], candidates, [], workers=0)
    assert (found.exact, len(found.newly_failing), found.result.non_compliant) == (False, 1, 2)


def test_of_two_snapshots_of_one_account_and_region_the_later_counts() -> None:
    def named(account: str, time: str, count: int) -> Source:
        data = snapshot([item("bucket", n) for n in range(count)])
        name = f"{account}_Config_eu-central-1_ConfigSnapshot_{time}_{count}.json"
        return Source(name, len(data), lambda: io.BytesIO(data))

    sources = [
        named("111122223333", "20260927T080000Z", 3),
        named("111122223333", "20260926T080000Z", 5),
        named("444455556666", "20260925T080000Z", 7),
    ]
    found = running.evaluate_sources(sources, RULES, workers=0)
    assert (found.items, found.files) == (3 + 7, 2)
    assert found.superseded == (sources[1].name,)


def test_what_if_counts_only_what_nobody_reports_yet() -> None:
    data = snapshot(TWO)
    source = Source("s_ConfigSnapshot.json", len(data), lambda: io.BytesIO(data))
    enabled = select_rules(["S3_BUCKET_VERSIONING_ENABLED"])
    candidates = [
        dataclasses.replace(enabled[0], name="new-versioning"),
        *select_rules(["S3_BUCKET_MFA_DELETE_ENABLED", "DESIRED_INSTANCE_TYPE:instanceType=m5.large"]),
    ]
    found = what_if([source], candidates, enabled, workers=0)
    assert [(v.identifier, v.evaluation.resource_id) for v in found.newly_failing] == [
        ("S3_BUCKET_MFA_DELETE_ENABLED", "bucket-1"),
        ("S3_BUCKET_MFA_DELETE_ENABLED", "bucket-2"),
        ("DESIRED_INSTANCE_TYPE", "instance-3"),
    ]
    assert len(found.result.rules) == 3
    assert found.result.non_compliant == 4
    assert found.cost.evaluations == 5 * 4
    assert found.cost.usd == pytest.approx(0.02)
    assert "pricing" in found.cost.source


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.dictionaries(st.text(max_size=8), st.text(max_size=20) | st.lists(st.text(max_size=9)), max_size=3),
        max_size=30,
    ),
    st.sampled_from([None, 1]),
    st.integers(60, 900),  # the head of the file fits one chunk
)
def test_any_items_are_cut_where_they_end(extras: list[Any], indent: int | None, chunk: int) -> None:
    raws = [item("volume", n) | {f"x{k}": v for k, v in extra.items()} for n, extra in enumerate(extras)]
    data = json.dumps({"configSnapshotId": "1", "configurationItems": raws}, indent=indent).encode()
    before = stream.CHUNK
    try:
        stream.CHUNK = chunk
        result = run(data, select_rules(["ENCRYPTED_VOLUMES"]))
    finally:
        stream.CHUNK = before
    assert (result.items, result.problem_count) == (len(raws), 0)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_a_result(data: bytes) -> None:
    for tried in (data, gzip.compress(data), b'{"configurationItems":[' + data):
        result = run(tried)
        assert result.items == 0
        assert result.incomplete or b"[]" in tried or ComplianceType.COMPLIANT


def test_orjson_takes_what_is_read() -> None:
    assert orjson.loads(snapshot(TWO))["configurationItems"]


def bucket_states(result: Any) -> dict[str, int]:
    return counts(result)["S3_BUCKET_VERSIONING_ENABLED"]


EARLY, LATE = "2026-01-01T00:00:00.000Z", "2026-02-01T00:00:00.000Z"


@pytest.mark.parametrize("workers", [0, 2])
def test_of_a_resource_that_comes_again_the_latest_item_counts(workers: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "SMALL", 0)
    monkeypatch.setattr(stream, "CHUNK", 4000)
    others = [item("bucket", n) for n in range(20, 40)]
    early = item("bucket", 1, configurationItemCaptureTime=EARLY, **OFF)
    late = item("bucket", 1, configurationItemCaptureTime=LATE)
    gone = item("bucket", 1, configurationItemCaptureTime=LATE, configurationItemStatus="ResourceDeleted")
    for order in ([early, *others, late], [late, *others, early], [late, early, *others]):
        result = run(snapshot(order), workers=workers)
        assert bucket_states(result) == {"COMPLIANT": 21}
        assert (result.violations, result.items, result.resource_types) == ((), 22, {"AWS::S3::Bucket": 21})
    assert bucket_states(run(snapshot([early, *others, gone]), workers=workers)) == {
        "COMPLIANT": 20,
        "NOT_APPLICABLE": 1,
    }


def test_a_resource_in_a_snapshot_and_in_a_history_counts_once() -> None:
    def source(name: str, *items: Any) -> Source:
        data = snapshot(list(items))
        return Source(name, len(data), lambda: io.BytesIO(data))

    early = item("bucket", 1, configurationItemCaptureTime=EARLY, **OFF)
    late = item("bucket", 1, configurationItemCaptureTime=LATE)
    files = [source("a_ConfigSnapshot_b.json", early, item("bucket", 2)), source("a_ConfigHistory_b.json", late)]
    assert bucket_states(evaluate_sources(files, RULES, workers=0)) == {"COMPLIANT": 2}


def lines(items: list[Any]) -> bytes:
    return b"\n".join(json.dumps(raw).encode() for raw in items)


MANY = [item("bucket", n, **(OFF if n % 2 else {})) for n in range(40)]
EVENTS = [{"version": "0", "detail": {"messageType": "x", "configurationItem": raw}} for raw in MANY]
EDGES = [{"resourceType": "AWS::EC2::VPC", "resourceId": "vpc-1", "name": "Is contained in Vpc"}] * 30
FORMS = {
    "byte order mark": b"\xef\xbb\xbf" + snapshot(MANY),
    "indented": json.dumps({"configurationItems": MANY}, indent=4).encode(),
    "list": json.dumps(MANY).encode(),
    "lines": lines(MANY),
    "lines with an end": lines(MANY).replace(b"\n", b"\r\n") + b"\r\n",
    "lines of events": lines(EVENTS),
    "lines of snapshots": snapshot(MANY[:20]) + b"\n" + snapshot(MANY[20:]),
    "snapshots one after the other": snapshot(MANY[:15]) + snapshot(MANY[15:]),
    "gzip of many members": b"".join(gzip.compress(snapshot(MANY)[i : i + 999]) for i in range(0, 200_000, 999)),
    "gzip files one after the other": gzip.compress(snapshot(MANY[:9])) + gzip.compress(snapshot(MANY[9:])),
    "gzip with zeros behind": gzip.compress(snapshot(MANY)) + bytes(512),
    "keys in another order": json.dumps({"configurationItems": [dict(sorted(r.items())) for r in MANY]}).encode(),
    "type first": json.dumps([{"resourceType": "AWS::S3::Bucket", **r, "relationships": EDGES} for r in MANY]).encode(),
    "other keys behind": json.dumps({"configurationItems": MANY, "fileVersion": "1.0"}).encode(),
    "items without a capture": json.dumps(
        [{k: v for k, v in r.items() if not k.startswith(("configurationItem", "configurationState"))} for r in MANY]
    ).encode(),
}


@pytest.mark.parametrize("chunk", [1 << 20, 7000, 500])
@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_the_same(form: str, chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "CHUNK", chunk)
    result = run(FORMS[form], name="items")
    assert bucket_states(result) == {"COMPLIANT": 20, "NON_COMPLIANT": 20}
    assert (result.items, result.problems) == (40, ())


TEXTS = st.text(alphabet='{}[]",:\\\n aé', max_size=12)
VALUES = st.recursive(
    st.none() | st.integers() | TEXTS, lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner), max_leaves=8
)


@settings(deadline=None, max_examples=60)
@given(
    held=st.lists(st.fixed_dictionaries({}, optional={"configuration": st.dictionaries(TEXTS, VALUES)}), max_size=12),
    chunk=st.integers(50, 3000),
    marked=st.booleans(),
    indent=st.sampled_from([None, 1]),
)
def test_wherever_a_file_is_cut_into_chunks_no_item_is_lost(
    held: list[Any], chunk: int, marked: bool, indent: int | None
) -> None:
    mark = {"configurationItemStatus": "OK"} if marked else {}
    raws = [{"resourceType": "A", "resourceId": str(n), **part, **mark} for n, part in enumerate(held)]
    data = json.dumps({"configurationItems": raws}, indent=indent).encode()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stream, "CHUNK", chunk)
        source = Source("x", len(data), lambda: io.BytesIO(data))
        reader = stream.Reader(source, lambda _: None)
        found = [raw for part in reader.chunks() for raw in part.parsed()]
    assert (found, reader.problems) == (orjson.loads(data)["configurationItems"], [])


def test_what_follows_a_gzip_stream_is_named() -> None:
    result = run(gzip.compress(snapshot(TWO)) + b"not gzip")
    assert result.items == 3
    assert "follows the end of the gzip stream" in result.problems[0].message


def test_an_item_that_is_too_large_is_left_out_and_the_rest_is_evaluated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "CHUNK", 4000)
    monkeypatch.setattr(stream, "FAR", 4000)
    monkeypatch.setattr(stream, "MAX_ITEM", 50_000)
    large = item("bucket", 99, relatedEvents=["x" * 300_000])
    result = run(snapshot([*MANY[:20], large, *MANY[20:]]))
    assert 35 < result.items <= 40
    assert [problem.message for problem in result.problems] == ["an item of more than 0 MiB is left out"]


def test_numbers_that_json_does_not_have_are_named_and_large_ones_read() -> None:
    strange = snapshot([item("bucket", 1, configurationStateId=float("nan")), item("bucket", 2)])
    result = run(strange)
    assert (result.items, [problem.item for problem in result.problems]) == (1, [0])
    assert run(snapshot([item("bucket", 1, configurationStateId=10**40)])).items == 1


def test_what_is_no_item_between_items_is_named() -> None:
    result = run(snapshot([None, TWO[0], 5, "x", TWO[1]]))
    assert (result.items, [problem.item for problem in result.problems]) == (2, [0, 2, 3])


@pytest.mark.parametrize("workers", [0, 2])
def test_a_rule_finds_other_items_wherever_they_stand(workers: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "SMALL", 0)
    monkeypatch.setattr(stream, "CHUNK", 4000)
    rules = select_rules(["EC2_SECURITY_GROUP_ATTACHED_TO_ENI", "EC2_INSTANCE_MANAGED_BY_SSM"])
    groups = [item("sg", n, resourceId=f"sg-{n}") for n in range(10)]
    for group in groups:
        group["configuration"]["groupId"] = group["resourceId"]
    interface = item("eni", 1)
    interface["configuration"]["groups"] = [{"groupId": "sg-3"}, {"groupId": "sg-7"}]
    status = {"instanceStatus": "Active"}
    managed = item("instance", 1, resourceType="AWS::SSM::ManagedInstanceInventory", supplementaryConfiguration=status)
    items = [*groups[:5], item("instance", 1), item("instance", 2), interface, managed, *groups[5:]]
    found = counts(run(snapshot(items), rules, workers=workers))
    assert found["EC2_SECURITY_GROUP_ATTACHED_TO_ENI"] == {"COMPLIANT": 2, "NON_COMPLIANT": 8}
    assert found["EC2_INSTANCE_MANAGED_BY_SSM"] == {"COMPLIANT": 1, "NON_COMPLIANT": 1}
    interface["configuration"]["groups"] = 7
    unknown = run(snapshot(items), rules, workers=workers).rules[0]
    assert unknown.counts == {ComplianceType.NOT_EVALUATED: 10}
    assert "eni-1" in next(iter(unknown.reasons))


def test_relationships_are_there_for_every_rule_that_looks() -> None:
    edges = [{"resourceType": "AWS::EC2::VPC", "resourceId": "vpc-1", "name": "Is contained in Vpc"}]
    quick = judging.to_item(item("bucket", relationships=edges))
    assert list(quick.relationships) == list(from_aws(item("bucket", relationships=edges)).relationships)
    assert quick.relationships[0].resource_id == "vpc-1"
    assert run(snapshot([item("bucket", 1, relationships=[5])])).problems[0].item == 0


def test_an_object_of_s3_that_cannot_be_read_is_named_and_the_rest_is_evaluated() -> None:
    from botocore.exceptions import ClientError, ReadTimeoutError

    class Cut(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            raise ReadTimeoutError(endpoint_url="s3")

    class Client:
        """Stands where S3 would: one object denied, one whose connection breaks, one that is well."""

        def get_paginator(self, _: str) -> Any:
            return self

        def paginate(self, **_: str) -> Any:
            keys = ("a.json", "b.json", "c.json", "AWSLogs/111122223333/CloudTrail/d.json.gz", "e.txt")
            return [{"Contents": [{"Key": key, "Size": 1} for key in keys]}]

        def get_object(self, Bucket: str, Key: str) -> Any:  # noqa: N803 - boto3's names
            if Key == "a.json":
                raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "GetObject")
            return {"Body": Cut() if Key == "b.json" else io.BytesIO(snapshot(TWO))}

    result = evaluate_sources(sources.s3_sources(Client(), "x"), RULES, workers=0)
    assert (result.items, result.files) == (3, 3)
    problems = {problem.file: problem.message for problem in result.problems}
    assert "AccessDenied" in problems["s3://x/a.json"]
    assert "could not be read to its end" in problems["s3://x/b.json"]
