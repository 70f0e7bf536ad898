"""What a JavaScript or TypeScript function does: variables, calls of the SDK v3 and v2; inline, archives, zip files."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchkeeper.preflight.code import javascript
from watchkeeper.preflight.code.bundle import facts_of
from watchkeeper.preflight.code.facts import Facts
from watchkeeper.preflight.code.services import actions_of
from watchkeeper.pulumi.graph import Archive, Asset

V3 = """
import { S3Client, PutObjectCommand, GetObjectCommand as Get } from "@aws-sdk/client-s3";
import * as config from "@aws-sdk/client-config-service";
const { SNSClient, PublishCommand } = require("@aws-sdk/client-sns");

const s3 = new S3Client({});
export const handler = async (event) => {
  await s3.send(new PutObjectCommand({ Bucket: process.env.REPORT_BUCKET, Key: "x" }));
  await s3.send(new Get({ Bucket: process.env["SOURCE"], Key: "x" }));
  await new config.ConfigServiceClient({}).send(new config.PutEvaluationsCommand({}));
  await new SNSClient({}).send(new PublishCommand({ TopicArn: process.env.TOPIC ?? "none" }));
};
"""
V2 = """
const AWS = require("aws-sdk");
const SNS = require("aws-sdk/clients/sns");
const s3 = new AWS.S3();
const sns = new SNS();
const { TABLE, REGION = "eu-west-1" } = process.env;
exports.handler = async () => {
  await s3.putBucketEncryption({ Bucket: "x" }).promise();
  await sns.publish({ TopicArn: process.env.TOPIC }).promise();
};
"""


def calls(facts: Facts) -> set[tuple[str, str]]:
    return {(call.service, call.operation) for call in facts.calls}


def variables(facts: Facts) -> dict[str, bool]:
    return {read.name: read.required for read in facts.environment}


def actions(facts: Facts) -> set[str]:
    return {action for call in facts.calls for action in actions_of(call.service, call.operation) or ()}


def test_the_third_sdk() -> None:
    facts = javascript.read(V3, "index.mjs")
    assert calls(facts) == {
        ("s3", "PutObject"),
        ("s3", "GetObject"),
        ("config", "PutEvaluations"),
        ("sns", "Publish"),
    }
    assert {"s3:PutObject", "s3:GetObject", "config:PutEvaluations", "sns:Publish"} <= actions(facts)
    assert variables(facts) == {"REPORT_BUCKET": True, "SOURCE": True, "TOPIC": False}
    assert facts.unread == []


def test_the_second_sdk() -> None:
    facts = javascript.read(V2, "index.js")
    assert calls(facts) == {("s3", "PutBucketEncryption"), ("sns", "Publish")}
    assert "s3:PutEncryptionConfiguration" in actions(facts)
    assert variables(facts) == {"TABLE": True, "REGION": False, "TOPIC": True}


def test_typescript() -> None:
    source = 'import { PublishCommand } from "@aws-sdk/client-sns";\n' + (
        "export const handler = async (event: { id: string }): Promise<void> => {\n"
        "  const topic = process.env.TOPIC as string;\n"
        "  await client.send(new PublishCommand({ TopicArn: topic! }));\n};\n"
    )
    facts = javascript.read(source, "index.ts")
    assert calls(facts) == {("sns", "Publish")}
    assert variables(facts) == {"TOPIC": True}
    assert facts.unread == []


def test_a_name_that_is_computed_is_said() -> None:
    assert javascript.read("const x = process.env[name];", "index.js").dynamic_environment


@pytest.mark.parametrize(
    "source", ["if (process.env.X) {}", "process.env.X || 'x'", "process.env.X ? 1 : 2", "process.env.X === 'x'"]
)
def test_a_variable_that_is_tested_is_not_required(source: str) -> None:
    assert variables(javascript.read(source, "index.js")) == {"X": False}


def test_what_the_program_sets_is_no_read() -> None:
    assert variables(javascript.read("process.env.X = 'x';", "index.js")) == {}


@pytest.mark.parametrize("form", ["inline", "parts", "folder", "zip", "zip in parts"])
def test_every_form_of_package_is_read(tmp_path: Path, form: str) -> None:
    folder = tmp_path / "code"
    (folder / "node_modules" / "library").mkdir(parents=True)
    (folder / "index.mjs").write_text(V3)
    (folder / "node_modules" / "library" / "index.js").write_text("process.env.NOT_OURS")
    with zipfile.ZipFile(tmp_path / "code.zip", "w") as archive:
        archive.writestr("index.mjs", V3)
        archive.writestr("node_modules/library/index.js", "process.env.NOT_OURS")
    code = {
        "inline": Asset(text=V3),
        "parts": Archive(parts={"index.mjs": Asset(path="code/index.mjs")}),
        "folder": Archive(path="code"),
        "zip": Archive(path="code.zip"),
        "zip in parts": Archive(parts={"sub": Archive(path="code.zip")}),
    }[form]
    facts = facts_of(code, tmp_path, "nodejs22.x", "index.handler")
    assert set(variables(facts)) == {"REPORT_BUCKET", "SOURCE", "TOPIC"}
    assert ("config", "PutEvaluations") in calls(facts)
    assert facts.unread == []


@settings(max_examples=50, deadline=None)
@given(st.text(alphabet="process.env[]{}()'\"=>;,constnewAWSS3 \n`$", max_size=200))
def test_any_text_is_read(source: str) -> None:
    assert javascript.read(source, "index.ts").files == 1
