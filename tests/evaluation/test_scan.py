"""A scan of the embedded AWS, IAM enforced: the fewest calls, and what can't be seen is never a pass."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from rich.console import Console

from tests.inventory.support import Edge, Refusal
from watchkeeper.cli import output, results
from watchkeeper.clients import Clients
from watchkeeper.evaluation.item import Scope, configured, prepare
from watchkeeper.evaluation.results import ResourceEvaluation, RuleResult
from watchkeeper.evaluation.scan import Place, ScanResult, plan, reach, scan
from watchkeeper.evaluation.selection import all_rules, select_rules
from watchkeeper.inventory import READERS
from watchkeeper.local.server import Running, running
from watchkeeper.model import ComplianceType, Evaluation

MISSION = (
    "S3_BUCKET_SERVER_SIDE_ENCRYPTION_ENABLED",
    "S3_DEFAULT_ENCRYPTION_KMS",
    "DESIRED_INSTANCE_TYPE:instanceType=t3.micro",
    "DB_INSTANCE_BACKUP_ENABLED",
)
COMPLIANT, NON_COMPLIANT = ComplianceType.COMPLIANT, ComplianceType.NON_COMPLIANT
NOT_EVALUATED = ComplianceType.NOT_EVALUATED
BUCKETS = 6
ELSEWHERE = "eu-central-1"


@pytest.fixture(scope="module")
def aws() -> Iterator[Running]:
    with running() as found:
        s3 = boto3.client("s3", **found.boto())
        for number in range(BUCKETS):
            s3.create_bucket(Bucket=f"scan-{number}")
        encryption = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}]}
        s3.put_bucket_encryption(Bucket="scan-0", ServerSideEncryptionConfiguration=encryption)
        location: Any = {"LocationConstraint": ELSEWHERE}
        boto3.client("s3", **found.boto(region=ELSEWHERE)).create_bucket(
            Bucket="scan-elsewhere", CreateBucketConfiguration=location
        )
        ec2 = boto3.client("ec2", **found.boto())
        ec2.run_instances(ImageId="ami-12345678", MinCount=2, MaxCount=2, InstanceType="t3.micro")
        ec2.run_instances(ImageId="ami-12345678", MinCount=1, MaxCount=1, InstanceType="m5.large")
        rds = boto3.client("rds", **found.boto())
        for name, days in (("kept", 7), ("lost", 0)):
            rds.create_db_instance(
                DBInstanceIdentifier=name,
                DBInstanceClass="db.t3.micro",
                Engine="mysql",
                AllocatedStorage=20,
                MasterUsername="admin",
                MasterUserPassword="not-a-secret",
                BackupRetentionPeriod=days,
            )
        boto3.client("iam", **found.boto()).create_user(UserName="somebody")
        yield found


def session(aws: Running) -> boto3.Session:
    return boto3.Session(aws.account, aws.secret, region_name=aws.region)


def scanned(aws: Running, rules: Any, *regions: str, by: boto3.Session | None = None) -> ScanResult:
    reached = reach(by or session(aws), regions or [aws.region], endpoint_url=aws.endpoint, account=aws.account)
    return scan(reached.places, rules, gaps=reached.gaps, calls=reached.calls)


def user(aws: Running, name: str, *statements: dict[str, Any]) -> boto3.Session:
    """A session of a user with this policy."""
    iam = boto3.client("iam", **aws.boto())
    iam.create_user(UserName=name)
    document = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
    iam.put_user_policy(UserName=name, PolicyName="its-own", PolicyDocument=document)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return boto3.Session(key["AccessKeyId"], key["SecretAccessKey"], region_name=aws.region)


def allow(*actions: str) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": list(actions), "Resource": "*"}


def test_the_mission_rules_take_one_list_per_type_and_one_call_per_bucket(aws: Running) -> None:
    result = scanned(aws, select_rules(MISSION))
    assert result.api_calls == 3 + BUCKETS
    assert result.resources == BUCKETS + 3 + 2
    assert [dict(rule.counts) for rule in result.rules] == [
        {COMPLIANT: BUCKETS},
        {COMPLIANT: 1, NON_COMPLIANT: BUCKETS - 1},
        {COMPLIANT: 2, NON_COMPLIANT: 1},
        {COMPLIANT: 1, NON_COMPLIANT: 1},
    ]
    assert not result.gaps
    assert result.seconds > 0
    assert {found.evaluation.annotation for found in result.violations if found.identifier == "DESIRED_INSTANCE_TYPE"}


def test_only_what_the_rules_look_at_is_read(aws: Running) -> None:
    assert scanned(aws, select_rules(["DESIRED_INSTANCE_TYPE:instanceType=t3.micro"])).api_calls == 1
    assert scanned(aws, select_rules(["S3_BUCKET_VERSIONING_ENABLED"])).api_calls == 1 + BUCKETS


def test_each_region_gives_its_own_and_global_resources_once(aws: Running) -> None:
    rules = select_rules(["S3_DEFAULT_ENCRYPTION_KMS", "IAM_USER_NO_POLICIES_CHECK"])
    result = scanned(aws, rules, aws.region, ELSEWHERE, ELSEWHERE)
    assert result.places == ((aws.account, aws.region), (aws.account, ELSEWHERE))
    assert sum(result.rules[0].counts.values()) == BUCKETS + 1
    users = len(boto3.client("iam", **aws.boto()).list_users()["Users"])
    assert sum(result.rules[1].counts.values()) == users
    assert {found.region for found in result.violations if found.evaluation.resource_id == "scan-elsewhere"} == {
        ELSEWHERE
    }


def test_a_denied_call_is_a_gap_and_never_compliant(aws: Running) -> None:
    deny = {"Effect": "Deny", "Action": "s3:GetEncryptionConfiguration", "Resource": "arn:aws:s3:::scan-1"}
    rules = select_rules([*MISSION, "S3_BUCKET_VERSIONING_ENABLED"])
    result = scanned(aws, rules, by=user(aws, "half", allow("s3:*", "ec2:*", "rds:*"), deny))
    assert [(gap.gap.resource_id, gap.gap.operation, gap.gap.code) for gap in result.gaps] == [
        ("scan-1", "s3:GetBucketEncryption", "AccessDenied")
    ]
    sse, kms, *others = result.rules
    assert dict(sse.counts) == {COMPLIANT: BUCKETS - 1, NOT_EVALUATED: 1}
    assert dict(kms.counts) == {COMPLIANT: 1, NON_COMPLIANT: BUCKETS - 2, NOT_EVALUATED: 1}
    why = "ServerSideEncryptionConfiguration could not be read: s3:GetBucketEncryption: AccessDenied"
    assert sse.reasons == {why: 1}
    assert all(NOT_EVALUATED not in rule.counts for rule in others)


def test_a_type_that_may_not_be_listed_leaves_its_rules_unjudged(aws: Running) -> None:
    result = scanned(aws, select_rules(MISSION), by=user(aws, "no-databases", allow("s3:*", "ec2:Describe*")))
    assert {gap.gap.resource_type for gap in result.gaps} == {"AWS::RDS::DBInstance"}
    assert dict(result.rules[3].counts) == {NOT_EVALUATED: 1}
    assert not result.rules[3].evaluated
    assert not result.nothing_read


def test_nothing_read_is_said(aws: Running) -> None:
    nobody = user(aws, "nobody", allow("sts:GetCallerIdentity"))
    result = scanned(aws, select_rules(MISSION), by=nobody)
    assert result.nothing_read
    assert all(dict(rule.counts) == {NOT_EVALUATED: 1} for rule in result.rules)


def test_an_endpoint_that_is_not_there_is_a_gap() -> None:
    reached = reach(boto3.Session("a", "b", region_name="us-east-1"), ["us-east-1"], endpoint_url="http://127.0.0.1:9")
    assert not reached.places
    assert reached.gaps[0].gap.code == "EndpointConnectionError"
    result = scan(reached.places, select_rules(MISSION), gaps=reached.gaps, calls=reached.calls)
    assert result.nothing_read
    assert result.not_evaluated == len(MISSION)


def test_a_role_is_assumed_and_one_that_refuses_is_a_gap(aws: Running) -> None:
    iam = boto3.client("iam", **aws.boto())
    trust = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{aws.account}:root"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    role = iam.create_role(RoleName="scanner", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allow("ec2:DescribeInstances")]})
    iam.put_role_policy(RoleName="scanner", PolicyName="reads", PolicyDocument=policy)
    reached = reach(
        session(aws),
        [aws.region],
        roles=[role, f"arn:aws:iam::{aws.account}:role/none-such"],
        endpoint_url=aws.endpoint,
    )
    assert [(place.account, place.region) for place in reached.places] == [(aws.account, aws.region)]
    assert [gap.gap.operation for gap in reached.gaps] == ["sts:AssumeRole"]
    result = scan(reached.places, select_rules(MISSION), gaps=reached.gaps, calls=reached.calls)
    assert dict(result.rules[2].counts) == {COMPLIANT: 2, NON_COMPLIANT: 1, NOT_EVALUATED: 1}
    assert {gap.gap.resource_type for gap in result.gaps} == {"", "AWS::S3::Bucket", "AWS::RDS::DBInstance"}


def test_what_is_no_role_is_refused(aws: Running) -> None:
    with pytest.raises(ValueError, match="is not the ARN of a role"):
        reach(session(aws), [aws.region], roles=["scanner"])


def test_all_regions_are_those_of_the_account(aws: Running) -> None:
    reached = reach(session(aws), ["all"], endpoint_url=aws.endpoint, account=aws.account)
    enabled = boto3.client("ec2", **aws.boto()).describe_regions()["Regions"]
    assert [place.region for place in reached.places] == sorted(region["RegionName"] for region in enabled)
    assert reached.calls == 1


def test_without_logic_or_reader_a_rule_is_not_evaluated(aws: Running) -> None:
    rules = [configured("FMS_SHIELD_RESOURCE_POLICY_CHECK"), configured("APPMESH_MESH_TAGGED")]
    assert not set(prepare(rules).rules[1].types) & READERS.keys()
    result = scanned(aws, rules)
    assert all(set(rule.counts) == {NOT_EVALUATED} for rule in result.rules)
    assert result.api_calls == 0


def test_rules_with_other_items_get_them(aws: Running) -> None:
    Clients(session(aws), aws.region, aws.endpoint)("s3control").put_public_access_block(
        AccountId=aws.account,
        PublicAccessBlockConfiguration=dict.fromkeys(
            ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True
        ),
    )
    rules = select_rules(["S3_BUCKET_PUBLIC_READ_PROHIBITED", "S3_ACCOUNT_LEVEL_PUBLIC_ACCESS_BLOCKS_PERIODIC"])
    result = scanned(aws, rules, aws.region, ELSEWHERE)
    assert dict(result.rules[0].counts) == {COMPLIANT: BUCKETS + 1}
    assert dict(result.rules[1].counts) == {COMPLIANT: 2}


def test_facts_of_the_account_are_read_once(aws: Running) -> None:
    rules = select_rules(["IAM_PASSWORD_POLICY", "IAM_ROOT_ACCESS_KEY_CHECK", "ROOT_ACCOUNT_MFA_ENABLED"])
    result = scanned(aws, rules)
    assert [set(rule.counts) for rule in result.rules] == [{NON_COMPLIANT}, {COMPLIANT}, {NON_COMPLIANT}]
    assert result.api_calls == 2
    assert not result.nothing_read


def test_a_fact_that_may_not_be_read_is_a_gap(aws: Running) -> None:
    blind = user(aws, "no-policy", allow("iam:GetAccountSummary"))
    result = scanned(aws, select_rules(["IAM_PASSWORD_POLICY", "IAM_ROOT_ACCESS_KEY_CHECK"]), by=blind)
    assert [(gap.gap.resource_id, gap.gap.operation) for gap in result.gaps] == [
        ("iam.password_policy", "iam:GetAccountPasswordPolicy")
    ]
    assert [set(rule.counts) for rule in result.rules] == [{NOT_EVALUATED}, {COMPLIANT}]
    assert not result.nothing_read


def test_every_rule_at_once_judges_or_says_why_not(aws: Running) -> None:
    result = scanned(aws, all_rules())
    assert len(result.rules) == len(all_rules())
    for rule in result.rules:
        assert bool(rule.counts.get(NOT_EVALUATED)) == bool(rule.reasons)
    crashes = [reason for rule in result.rules for reason in rule.reasons if "crashed" in reason]
    assert not crashes


def test_a_bucket_without_default_encryption_gets_a_second_look(aws: Running) -> None:
    """Since 2023 every bucket has one, but a bucket of old may not: then its policy decides."""
    denial = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:PutObject",
        "Resource": "arn:aws:s3:::scan-2/*",
        "Condition": {"StringNotEquals": {"s3:x-amz-server-side-encryption": "aws:kms"}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [denial]})
    boto3.client("s3", **aws.boto()).put_bucket_policy(Bucket="scan-2", Policy=policy)
    clients = Clients(session(aws), aws.region, aws.endpoint)

    def as_of_old(params: dict[str, Any], **_: Any) -> Any:
        if "/scan-2" not in params["url"] and "/scan-3" not in params["url"]:
            return None
        code = "ServerSideEncryptionConfigurationNotFoundError"
        return SimpleNamespace(status_code=404), {"Error": {"Code": code, "Message": ""}, "ResponseMetadata": {}}

    clients("s3").meta.events.register("before-call.s3.GetBucketEncryption", as_of_old)
    rules = select_rules(["S3_BUCKET_SERVER_SIDE_ENCRYPTION_ENABLED"])
    result = scan([Place(aws.account, aws.region, clients)], rules)
    assert dict(result.rules[0].counts) == {COMPLIANT: BUCKETS - 1, NON_COMPLIANT: 1}
    assert [found.evaluation.resource_id for found in result.violations] == ["scan-3"]


def test_tags_are_asked_for_only_by_rules_on_tags() -> None:
    bucket = "AWS::S3::Bucket"
    tagged = configured("S3_BUCKET_VERSIONING_ENABLED", scope=Scope(tag_key="Owner"))
    assert "tags" in plan(prepare([tagged])).aspects[bucket]
    assert "tags" not in plan(prepare([configured("S3_BUCKET_VERSIONING_ENABLED")])).aspects[bucket]
    assert "tags" in plan(prepare([configured("REQUIRED_TAGS", {"tag1Key": "Owner"})])).aspects[bucket]


def test_progress_counts_up(aws: Running) -> None:
    told: list[tuple[str, int, int]] = []
    reached = reach(session(aws), [aws.region], endpoint_url=aws.endpoint, account=aws.account)
    scan(reached.places, select_rules(MISSION), on_progress=lambda *seen: told.append(seen))
    assert [resources for _, resources, _ in told] == list(range(1, BUCKETS + 6))
    assert told[-1][0] == f"{aws.account} {aws.region}"


def test_throttling_is_waited_out_and_every_request_is_counted() -> None:
    answers = iter(["Throttling", "RequestLimitExceeded", ""])

    class Busy(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("content-length") or 0))
            code = next(answers)
            errors = f"<Response><Errors><Error><Code>{code}</Code><Message>m</Message></Error></Errors></Response>"
            body = (errors if code else "<DescribeVolumesResponse><volumeSet/></DescribeVolumesResponse>").encode()
            self.send_response(503 if code else 200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Nothing on standard error."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Busy) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        clients = Clients(boto3.Session("a", "b"), "us-east-1", f"http://127.0.0.1:{server.server_port}")
        result = scan([Place("123456789012", "us-east-1", clients)], select_rules(["ENCRYPTED_VOLUMES"]))
        server.shutdown()
    assert result.gaps == ()
    assert result.api_calls == 3
    assert result.rules[0].evaluated


def test_a_refused_tag_list_leaves_the_rules_on_tags_unjudged_and_no_others() -> None:
    cluster = {"ReplicationGroupId": "one", "ARN": "arn:aws:elasticache:us-east-1:1:replicationgroup:one"}

    def deny(_: Any) -> Any:
        raise Refusal("AccessDenied")

    edge = Edge(
        {
            "elasticache:DescribeReplicationGroups": {
                "ReplicationGroups": [{**cluster, "AtRestEncryptionEnabled": True, "AutomaticFailover": "enabled"}]
            },
            "elasticache:ListTagsForResource": deny,
        }
    )
    tagged = configured("ELASTICACHE_REPL_GRP_AUTO_FAILOVER_ENABLED", scope=Scope(tag_key="Owner"), name="scoped")
    rules = [*select_rules(["ELASTICACHE_REPL_GRP_ENCRYPTED_AT_REST"]), tagged]
    result = scan([Place("123456789012", "us-east-1", edge)], rules)
    assert [dict(rule.counts) for rule in result.rules] == [{COMPLIANT: 1}, {NOT_EVALUATED: 1}]
    assert result.rules[1].reasons == {"tags could not be read: elasticache:ListTagsForResource: AccessDenied": 1}


def test_a_scan_that_is_given_up_sends_no_more_requests() -> None:
    sent: list[str] = []

    def listed(_: Any) -> dict[str, Any]:
        sent.append("list")
        return {"ReplicationGroups": [{"ReplicationGroupId": f"g{n}", "ARN": f"arn:aws:x:::{n}"} for n in range(200)]}

    def tags(_: Any) -> dict[str, Any]:
        sent.append("tags")
        return {"TagList": []}

    edge = Edge({"elasticache:DescribeReplicationGroups": listed, "elasticache:ListTagsForResource": tags})

    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    rule = configured("ELASTICACHE_REPL_GRP_ENCRYPTED_AT_REST", scope=Scope(tag_key="Owner"))
    with pytest.raises(KeyboardInterrupt):
        scan([Place("123456789012", "us-east-1", edge)], [rule], on_progress=interrupt, workers=1)
    assert len(sent) < 100


def test_the_terminal_keeps_a_rules_name_and_a_resources_name_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    text = io.StringIO()
    console = Console(file=text, force_terminal=True, width=80, color_system=None, highlight=False)
    for module in (results, output):
        monkeypatch.setattr(module, "out", console)
    name = "a-bucket-with-a-long-name-123456789012-eu-central-1-production-x"
    evaluation = Evaluation("s3-x", "AWS::S3::Bucket", name, NON_COMPLIANT, "Versioning is off; " + "turn it on. " * 9)
    rule = configured("S3_BUCKET_SERVER_SIDE_ENCRYPTION_ENABLED", name="s3-x")
    result = RuleResult(rule, {NON_COMPLIANT: 12345})
    results.print_rules([result])
    found = ResourceEvaluation(rule.identifier, "123456789012", "eu-central-1", evaluation)
    results.print_violations("Violations", [found], [result], 20, 1)
    lines = text.getvalue().splitlines()
    assert "12345     0    0        0  S3_BUCKET_SERVER_SIDE_ENCRYPTION_ENABLED HIGH" in lines
    assert any(line.startswith(f"HIGH     {name}") for line in lines)
    assert all(len(line) <= 80 for line in lines if name not in line)
