"""The deployment package: complete, reproducible, and it runs."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import time
import zipfile
from pathlib import Path

from tests.monitoring.functions.support import World, event
from watchkeeper.monitoring.functions.bundle import bundle_files, bundle_zip
from watchkeeper.monitoring.functions.manifest import FUNCTIONS, function

FOREIGN = ("pulumi", "pydantic", "typer", "rich", "boto3", "jsonschema", "yaml", "grpc")


def test_the_same_sources_give_the_same_bytes() -> None:
    assert bundle_zip() == bundle_zip()
    assert bundle_zip() != bundle_zip({"rules.json": "{}"})


def test_it_carries_what_it_needs_and_nothing_built_for_this_machine() -> None:
    names = set(bundle_files())
    assert {"watchkeeper/model.py", "watchkeeper/reports/templates/style.css", "jinja2/__init__.py"} <= names
    assert {
        f"watchkeeper/{spec.handler.split('.', 1)[1].rsplit('.', 1)[0].replace('.', '/')}.py" for spec in FUNCTIONS
    } <= names
    assert not [name for name in names if name.endswith((".so", ".pyc", ".c"))]
    assert {name.split("/")[0] for name in names} == {"watchkeeper", "jinja2", "markupsafe"}
    assert {name.split("/")[1] for name in names if name.startswith("watchkeeper/")} == {
        "__init__.py",
        "model.py",
        "monitoring",
        "reports",
    }


def test_every_handler_loads_from_the_package_alone(tmp_path: Path) -> None:
    with zipfile.ZipFile(io.BytesIO(bundle_zip())) as archive:
        archive.extractall(tmp_path)
    modules = [spec.handler.rsplit(".", 1)[0] for spec in FUNCTIONS]
    program = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n"
        f"import importlib\nfor name in {modules!r}: assert callable(importlib.import_module(name).handler)\n"
        "from watchkeeper.reports import to_html\n"
        "to_html._templates().get_template('executive-summary.html')\n"
        f"found = [name for name in {FOREIGN!r} if name in sys.modules]\nassert not found, found\n"
    )
    # -S leaves site-packages out: what is not in the package or the standard library is not there.
    subprocess.run([sys.executable, "-I", "-S", "-c", program], check=True)


def test_it_runs_as_a_lambda_function(world: World) -> None:
    spec = function("compliance-alerts")
    role = world.clients("iam").create_role(
        RoleName=f"role-{time.time_ns()}",
        AssumeRolePolicyDocument=json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [
                    {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
                ],
            }
        ),
    )["Role"]["Arn"]
    rules = {
        "s3-default-encryption-kms-test": {
            "identifier": "S3_DEFAULT_ENCRYPTION_KMS",
            "severity": "HIGH",
            "category": "encryption",
        }
    }
    name = f"{spec.name}-{time.time_ns()}"
    world.clients("lambda").create_function(
        FunctionName=name,
        Runtime="python3.13",
        Role=role,
        Handler=spec.handler,
        Timeout=spec.timeout,
        MemorySize=spec.memory,
        Code={"ZipFile": bundle_zip({"rules.json": json.dumps(rules)})},
        Environment={
            "Variables": {
                "ALERT_TOPIC_ARN": world.topic,
                "ENVIRONMENT_SUFFIX": "test",
                "METRIC_NAMESPACE": world.namespace,
                "REPORT_BUCKET": world.bucket,
                "RULES": "file:rules.json",
            }
        },
    )

    answers = [
        world.clients("lambda").invoke(FunctionName=name, Payload=json.dumps(event("violation")).encode())
        for _ in range(2)
    ]

    assert [json.load(answer["Payload"]).get("outcome") for answer in answers] == ["sent", "duplicate"]
    assert len(world.messages()) == 1
    refused = world.clients("lambda").invoke(FunctionName=name, Payload=b'{"what": "is this"}')
    assert refused["FunctionError"] == "Unhandled"
    assert "source has to be 'aws.config', not None" in json.load(refused["Payload"])["errorMessage"]
