"""The real Pulumi CLI on the embedded AWS, through our provider as its AWS plugin."""

from __future__ import annotations

import io
import json
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest

from tests.support.pulumi_cli import PulumiUser, pulumi_user
from watchkeeper.local import server

PROGRAM = """
import json
import pulumi
import pulumi_aws as aws

config = pulumi.Config()
service = {"Service": "lambda.amazonaws.com"}
trust = {"Statement": [{"Effect": "Allow", "Principal": service, "Action": "sts:AssumeRole"}]}
role = aws.iam.Role("role", assume_role_policy=json.dumps({"Version": "2012-10-17", **trust}))
function = aws.lambda_.Function(
    "function", role=role.arn, handler="index.handler", runtime="python3.13", code=pulumi.FileArchive("code"),
    environment={"variables": {"TOKEN": config.require_secret("token")}},
)
topic = aws.sns.Topic("topic", tags={"Owner": config.require("owner")})
bucket = aws.s3.Bucket("bucket", bucket=config.require("bucket"), force_destroy=True)
note = aws.s3.BucketObjectv2(
    "note", bucket=bucket.id, key="note.txt", source=pulumi.StringAsset("read me")
)
pulumi.export("topic", topic.arn)
pulumi.export("bucket", bucket.bucket)
pulumi.export("function", function.name)
pulumi.export("account", aws.get_caller_identity().account_id)
"""
RESOURCES = 6
"""The stack itself among them."""
CODE = "def handler(event, context):\n    return {answer!r}\n"


@pytest.fixture(scope="module")
def aws() -> Iterator[server.Running]:
    with server.running(region="eu-west-1") as running:
        yield running


@pytest.fixture
def edge(tmp_path: Path, aws: server.Running) -> PulumiUser:
    """With a project of five resources."""
    folder = tmp_path / "edge"
    (folder / "code").mkdir(parents=True)
    (folder / "code" / "index.py").write_text(CODE.format(answer="first"))
    (folder / "Pulumi.yaml").write_text("name: edge\nruntime: python\n")
    (folder / "__main__.py").write_text(PROGRAM)
    user = pulumi_user(folder, aws)
    user("config", "set-all", "--plaintext", "aws:region=eu-west-1", "--plaintext", "owner=one")
    user("config", "set-all", "--plaintext", "bucket=edge-first", "--secret", "token=hush")
    return user


def test_real_cli_makes_keeps_changes_replaces_and_deletes(edge: PulumiUser, aws: server.Running) -> None:
    (edge.folder / "__main__.py").write_text(
        "import pulumi\n"
        "config = pulumi.Config()\n"
        'code = pulumi.CustomResource("aws:s3/bucketObjectv2:BucketObjectv2", "note", {\n'
        '    "bucket": pulumi.CustomResource("aws:s3/bucket:Bucket", "bucket", {"forceDestroy": True}).id,\n'
        '    "key": config.require("bucket"), "source": pulumi.FileAsset("code/index.py")})\n'
        'pulumi.CustomResource("aws:sns/topic:Topic", "topic", {"displayName": config.require("owner")})\n'
    )
    s3 = boto3.client("s3", **aws.boto())
    assert edge.steps("up") == {"create": 4}
    (bucket,) = (one["Name"] for one in s3.list_buckets()["Buckets"])
    assert bucket.startswith("bucket-")
    assert s3.get_object(Bucket=bucket, Key="edge-first")["Body"].read().decode() == CODE.format(answer="first")
    assert edge.steps("up") == {"same": 4}, "made-up names and files included"
    edge("config", "set-all", "--plaintext", "owner=two", "--plaintext", "bucket=another")
    (edge.folder / "code" / "index.py").write_text(CODE.format(answer="second"))
    assert edge.steps("up") == {"same": 2, "update": 1, "replace": 1}
    assert [one["Key"] for one in s3.list_objects_v2(Bucket=bucket)["Contents"]] == ["another"]
    assert edge.steps("destroy") == {"delete": 4}
    assert s3.list_buckets()["Buckets"] == []


@pytest.mark.full
def test_real_cli_a_stack_from_its_preview_to_its_end(edge: PulumiUser, aws: server.Running) -> None:
    sns, s3, functions = (boto3.client(name, **aws.boto()) for name in ("sns", "s3", "lambda"))

    assert edge.steps("preview") == {"create": RESOURCES}
    assert sns.list_topics()["Topics"] == []

    assert edge.steps("up") == {"create": RESOURCES}
    first = edge.outputs()
    assert first["account"] == aws.account
    assert first["function"].startswith("function-")
    assert s3.get_object(Bucket="edge-first", Key="note.txt")["Body"].read() == b"read me"
    environment = functions.get_function_configuration(FunctionName=first["function"])["Environment"]
    assert environment == {"Variables": {"TOKEN": "hush"}}
    assert "hush" not in edge("stack", "export").out

    assert edge.steps("up") == {"same": RESOURCES}, "nothing changed, code and made-up names included"
    assert edge.outputs() == first

    edge("config", "set", "owner", "two")
    assert edge.steps("up") == {"same": RESOURCES - 1, "update": 1}
    assert sns.list_tags_for_resource(ResourceArn=first["topic"])["Tags"] == [{"Key": "Owner", "Value": "two"}]

    (edge.folder / "code" / "index.py").write_text(CODE.format(answer="second"))
    assert edge.steps("up") == {"same": RESOURCES - 1, "update": 1}
    answer = functions.invoke(FunctionName=first["function"])["Payload"].read()
    assert json.loads(answer) == "second"

    edge("config", "set", "bucket", "edge-second")
    shown = edge("preview", "--diff").out
    assert "+-aws:s3/bucket:Bucket: (replace)" in shown.replace(" ", "").replace("(replace)", " (replace)")
    assert edge.steps("up") == {"same": RESOURCES - 2, "replace": 2}, "the bucket, and the object in it"
    assert [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]] == ["edge-second"]

    sns.untag_resource(ResourceArn=first["topic"], TagKeys=["Owner"])
    sns.tag_resource(ResourceArn=first["topic"], Tags=[{"Key": "Owner", "Value": "somebody"}])
    assert edge.steps("preview", "--refresh") == {"same": RESOURCES - 1, "update": 1}
    assert edge.steps("refresh") == {"same": RESOURCES - 1, "update": 1}
    assert edge.steps("up") == {"same": RESOURCES - 1, "update": 1}, "what was changed by hand is put right"
    assert sns.list_tags_for_resource(ResourceArn=first["topic"])["Tags"] == [{"Key": "Owner", "Value": "two"}]

    functions.update_function_code(FunctionName=first["function"], ZipFile=zipped(CODE.format(answer="by hand")))
    edge.steps("refresh")
    assert edge.steps("up") == {"same": RESOURCES - 1, "update": 1}, "code changed by hand too"
    assert json.loads(functions.invoke(FunctionName=first["function"])["Payload"].read()) == "second"

    taken = sns.create_topic(Name="older", Tags=[{"Key": "Owner", "Value": "them"}])["TopicArn"]
    imported = edge("import", "aws:sns/topic:Topic", "older", taken, "--yes", "--skip-preview", "--generate-code=false")
    assert "error" not in imported.err
    with (edge.folder / "__main__.py").open("a") as program:
        program.write('aws.sns.Topic("older", name="older", tags={"Owner": "them"})\n')
    assert edge.steps("up") == {"same": RESOURCES, "update": 1}, "what it imported it protects, which ends here"

    assert edge.steps("destroy") == {"delete": RESOURCES + 1}
    assert sns.list_topics()["Topics"] == []
    assert s3.list_buckets()["Buckets"] == []


@pytest.mark.full
def test_real_cli_what_the_provider_refuses_is_said_at_its_resource(edge: PulumiUser, aws: server.Running) -> None:
    program = edge.folder / "__main__.py"
    program.write_text(
        "import pulumi\n"
        'source = {"owner": "AWS", "sourceIdentifier": "S3_BUCKET_VERSIONING_ENABLED"}\n'
        'pulumi.CustomResource("aws:cfg/rule:Rule", "early", {"source": source})\n'
    )
    refused = edge("up", "--yes", "--skip-preview", expect=None)
    assert refused.code != 0
    assert "PutConfigRule: NoAvailableConfigurationRecorderException" in refused.out + refused.err

    program.write_text('import pulumi\npulumi.CustomResource("aws:sns/topic:Topic", "topic", {"colour": "red"})\n')
    refused = edge("preview", expect=None)
    assert "colour" in refused.out + refused.err

    program.write_text('import pulumi\npulumi.CustomResource("aws:braket/job:Job", "job", {})\n')
    refused = edge("preview", expect=None)
    assert "aws:braket/job:Job is not supported by the embedded AWS" in refused.out + refused.err


@pytest.mark.full
def test_real_cli_without_the_embedded_aws_the_provider_refuses(edge: PulumiUser) -> None:
    refused = edge("preview", expect=None, AWS_ENDPOINT_URL="")
    assert refused.code != 0
    assert "AWS_ENDPOINT_URL is not set" in refused.out + refused.err


@pytest.mark.full
def test_real_cli_providers_of_two_regions_work_side_by_side(edge: PulumiUser, aws: server.Running) -> None:
    (edge.folder / "__main__.py").write_text(
        "import pulumi\nimport pulumi_aws as aws\n"
        'there = aws.Provider("there", region="us-east-1", default_tags={"tags": {"Place": "there"}})\n'
        'aws.sns.Topic("near", name="near")\n'
        'aws.sns.Topic("far", name="far", opts=pulumi.ResourceOptions(provider=there))\n'
    )
    assert edge.steps("up") == {"create": 4}
    far = boto3.client("sns", **aws.boto(region="us-east-1"))
    (topic,) = far.list_topics()["Topics"]
    assert far.list_tags_for_resource(ResourceArn=topic["TopicArn"])["Tags"] == [{"Key": "Place", "Value": "there"}]
    assert edge.steps("up") == {"same": 4}
    assert edge.steps("destroy") == {"delete": 4}


@pytest.mark.full
def test_real_cli_enforces_the_policy_pack(edge: PulumiUser) -> None:
    pack = edge.folder.parent / "pack" / "watchkeeper-pack"
    pack.parent.mkdir()
    pack.write_text(f"#!{sys.executable}\nfrom watchkeeper.preflight.run.policy_pack import pack\npack()\n")
    pack.chmod(0o755)
    rules = 'import pulumi\nfor name, given in {}.items():\n    pulumi.CustomResource("{}", name, given)\n'
    kind = "aws:cloudwatch/eventRule:EventRule"
    program = edge.folder / "__main__.py"

    program.write_text(rules.format({"wrong": {"scheduleExpression": "every 6 hours"}}, kind))
    stopped = edge("preview", "--policy-pack", str(pack), expect=None)
    said = stopped.out + stopped.err
    assert stopped.code != 0
    assert "[mandatory]" in said
    assert "schedule-expression" in said
    assert "rate(6 hours)" in said

    good = {"made-up": {"scheduleExpression": "rate(6 hours)"}, "x": {"name": "x", "scheduleExpression": "rate(1 day)"}}
    program.write_text(rules.format(good, kind))
    passed = edge("preview", "--policy-pack", str(pack)).out
    assert "[advisory]" in passed
    assert 'the name "x" does not carry the environment' in passed
    assert passed.count("does not carry the environment") == 1, "a name that Pulumi made up is nobody's choice"

    config = edge.folder.parent / "policies.json"
    config.write_text(json.dumps({"environment-suffix": "mandatory"}))
    refused = edge("preview", "--policy-pack", str(pack), "--policy-pack-config", str(config), expect=None)
    assert refused.code != 0


def zipped(source: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("index.py", source)
    return buffer.getvalue()
