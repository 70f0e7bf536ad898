"""A Pulumi program in TypeScript, deployed to the embedded AWS by the real command, seen with boto3, destroyed.

Needs Node.js with Pulumi's SDK: ``make node``, or ``WATCHKEEPER_NODE_MODULES`` names a folder with ``node_modules``
(or that folder itself). The classes of ``@pulumi/aws`` are used where it is installed too.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from tests.support.places import TYPESCRIPT
from tests.support.user import User, conforms, user_in

BY_MAKE = TYPESCRIPT / "node_modules"
COMMON = """
import * as pulumi from "@pulumi/pulumi";
%s
const config = new pulumi.Config();
const env = config.require("env");
const tags = { Environment: env, Owner: "platform-team" };

class Storage extends pulumi.ComponentResource {
    readonly bucket: %s;
    constructor(name: string, opts?: pulumi.ComponentResourceOptions) {
        super("custom:example:Storage", name, {}, opts);
        this.bucket = new %s, { parent: this });
        new %s, { parent: this });
        this.registerOutputs({ bucketName: this.bucket.bucket });
    }
}

const storage = new Storage("storage");
const topic = new %s);
const queue = new %s);
new %s);
new %s, { dependsOn: [storage] });

export const bucketName = storage.bucket.bucket;
export const topicArn = topic.arn;
export const token = pulumi.secret("hush");
"""
ANY_RESOURCE = """
class Thing extends pulumi.CustomResource {
    readonly arn!: pulumi.Output<string>;
    readonly bucket!: pulumi.Output<string>;
    constructor(type: string, name: string, inputs: pulumi.Inputs, opts?: pulumi.CustomResourceOptions) {
        super(type, name, { arn: undefined, bucket: undefined, ...inputs }, opts);
    }
}
"""
ARGUMENTS = (
    '"reports", { bucket: `reports-${env}`, tags }',
    '"versions", { bucket: this.bucket.bucket, versioningConfiguration: { status: "Enabled" } }',
    '"alerts", { name: `alerts-${env}`, tags }',
    '"inbox", { name: `inbox-${env}` }',
    '"inbox", { topic: topic.arn, protocol: "sqs", endpoint: queue.arn }',
    '"owner", { name: `/watch/${env}/owner`, type: "SecureString", value: pulumi.secret("hush") }',
)
TOKENS = (
    "aws:s3/bucket:Bucket",
    "aws:s3/bucketVersioning:BucketVersioning",
    "aws:sns/topic:Topic",
    "aws:sqs/queue:Queue",
    "aws:sns/topicSubscription:TopicSubscription",
    "aws:ssm/parameter:Parameter",
)


def modules() -> Path | None:
    """A folder of Node.js modules that has Pulumi's SDK."""
    named = os.environ.get("WATCHKEEPER_NODE_MODULES")
    folders = [Path(named), Path(named) / "node_modules"] if named else [BY_MAKE]
    return next((folder for folder in folders if (folder / "@pulumi" / "pulumi").exists()), None)


def has_aws() -> bool:
    found = modules()
    return found is not None and (found / "@pulumi" / "aws").exists()


def with_tokens() -> str:
    """The program with one class for every resource."""
    made = [f'Thing("{token}", {arguments}' for token, arguments in zip(TOKENS, ARGUMENTS, strict=True)]
    return COMMON % (ANY_RESOURCE, "Thing", *made)


def with_classes() -> str:
    """The program with the classes of ``@pulumi/aws``."""
    classes = [f"aws.{token.split(':')[1].split('/')[0]}.{token.split(':')[2]}" for token in TOKENS]
    made = [f"{name}({arguments}" for name, arguments in zip(classes, ARGUMENTS, strict=True)]
    return COMMON % ('import * as aws from "@pulumi/aws";', classes[0], *made)


pytestmark = pytest.mark.skipif(
    shutil.which("node") is None or modules() is None,
    reason="Node.js or @pulumi/pulumi is not installed: run `make node`",
)
PROGRAMS = [
    pytest.param(with_tokens, id="@pulumi/pulumi alone"),
    pytest.param(
        with_classes,
        id="@pulumi/aws",
        marks=pytest.mark.skipif(not has_aws(), reason="@pulumi/aws is not installed beside @pulumi/pulumi"),
    ),
]


@pytest.fixture
def user(tmp_path: Path) -> Iterator[User]:
    found = modules()
    assert found is not None
    infra = tmp_path / "infra"
    infra.mkdir()
    (infra / "node_modules").symlink_to(found.resolve())
    (infra / "Pulumi.yaml").write_text("name: typed\nruntime: nodejs\n")
    (infra / "Pulumi.dev.yaml").write_text("config:\n  aws:region: eu-west-1\n  typed:env: dev\n")
    (infra / "package.json").write_text('{"name": "typed", "main": "index.ts"}\n')
    (infra / "tsconfig.json").write_text(
        '{"compilerOptions": {"strict": true, "module": "commonjs", "moduleResolution": "node", "target": "es2020"}}'
    )
    with user_in(tmp_path) as somebody:
        yield somebody


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_typescript_program_is_deployed_and_destroyed(user: User, program: object) -> None:
    assert callable(program)
    (user.home / "infra" / "index.ts").write_text(program())

    made = user("up", "-C", "infra", "--skip-preflight", "--json", within=240)
    assert made.code == 0, made.err
    result = conforms(made.json(), "deployment")
    assert result["counts"] == {"create": 6}
    topic = result["outputs"]["topicArn"]
    assert result["outputs"] == {"bucketName": "reports-dev", "topicArn": topic}, "the secret is not shown"
    assert topic.endswith(":alerts-dev")

    s3, sns, ssm = user.client("s3"), user.client("sns"), user.client("ssm")
    assert s3.get_bucket_versioning(Bucket="reports-dev")["Status"] == "Enabled"
    tags = {tag["Key"]: tag["Value"] for tag in s3.get_bucket_tagging(Bucket="reports-dev")["TagSet"]}
    assert tags == {"Environment": "dev", "Owner": "platform-team"}
    [subscription] = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    assert (subscription["Protocol"], subscription["Endpoint"].split(":")[-1]) == ("sqs", "inbox-dev")
    secret = ssm.get_parameter(Name="/watch/dev/owner", WithDecryption=True)["Parameter"]
    assert (secret["Type"], secret["Value"]) == ("SecureString", "hush")

    again = user("up", "-C", "infra", "--skip-preflight", "--json", within=240)
    assert again.json()["counts"] == {"same": 6}, again.err

    gone = user("destroy", "-C", "infra", "--yes", "--json")
    assert gone.json()["counts"] == {"delete": 6}, gone.err
    with pytest.raises(ClientError, match="404"):
        s3.head_bucket(Bucket="reports-dev")
    assert sns.list_topics()["Topics"] == []
