"""A preview runs the real program in its own process and shows what it wants, known and unknown apart."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from watchkeeper.pulumi.engine.preview import Preview, preview
from watchkeeper.pulumi.engine.program import Project, load_project
from watchkeeper.pulumi.graph import UNKNOWN, Archive, Reference, Resource, Secret

PROGRAM = Path(__file__).parent / "programs" / "small"
Writer = Callable[..., Project]


@pytest.fixture(scope="module")
def shown() -> Preview:
    return preview(load_project(PROGRAM, "dev"))


def named(shown: Preview, name: str) -> Resource:
    return next(resource for resource in shown.graph if resource.name == name)


def test_every_resource_is_there_with_its_parent(shown: Preview) -> None:
    assert shown.error is None
    assert sorted(resource.name for resource in shown.graph if resource.custom) == [
        "alerts-dev",
        "email-0",
        "email-1",
        "function-dev",
        "policy-dev",
        "reports-dev",
        "role-dev",
        "versioning-dev",
    ]
    bucket = named(shown, "reports-dev")
    assert bucket.urn == "urn:pulumi:dev::small::custom:test:Storage$aws:s3/bucket:Bucket::reports-dev"
    assert bucket.parent == named(shown, "storage").urn
    assert bucket.inputs == {"bucket": "reports-dev-123456789012"}
    assert shown.graph.region == "eu-west-1"


def test_an_output_passed_on_unchanged_is_a_reference(shown: Preview) -> None:
    bucket, topic, role = (named(shown, name).urn for name in ("reports-dev", "alerts-dev", "role-dev"))
    assert named(shown, "versioning-dev").inputs["bucket"] == Reference(bucket)
    assert named(shown, "email-0").inputs["topic"] == Reference(topic, "arn")
    assert named(shown, "function-dev").inputs["role"] == Reference(role, "arn")


def test_an_output_that_was_computed_from_stays_unknown_with_its_origin(shown: Preview) -> None:
    policy = named(shown, "policy-dev")
    assert policy.inputs["policy"] is UNKNOWN
    assert policy.property_dependencies["policy"] == (named(shown, "reports-dev").urn,)
    assert policy.inputs["role"] == "role-dev"
    assert policy.property_dependencies["role"] == (named(shown, "role-dev").urn,)


def test_explicit_dependencies_secrets_and_archives_arrive(shown: Preview) -> None:
    assert named(shown, "role-dev").dependencies == (named(shown, "alerts-dev").urn,)
    function = named(shown, "function-dev")
    assert function.inputs["code"] == Archive(path=str(PROGRAM / "code"))
    assert function.inputs["environment"]["variables"]["SECRET"] == Secret("hush")
    assert "hush" not in repr(function)


def test_components_and_the_stack_have_their_outputs(shown: Preview) -> None:
    storage = named(shown, "storage")
    assert storage.outputs_registered
    assert storage.outputs == {"bucketName": "reports-dev-123456789012"}
    assert shown.graph.stack_outputs == {
        "bucket": "reports-dev-123456789012",
        "topic": UNKNOWN,
        "secret": Secret("hush"),
    }


def test_the_place_in_the_program_is_known(shown: Preview) -> None:
    lines = (PROGRAM / "__main__.py").read_text().splitlines()
    position = named(shown, "reports-dev").position
    assert position is not None
    assert position.file == str(PROGRAM / "__main__.py")
    assert "aws.s3.Bucket(" in lines[position.line - 1]


def test_what_was_made_up_and_what_was_printed_is_said(shown: Preview) -> None:
    assert any("getCallerIdentity" in sentence for sentence in shown.graph.guessed)
    assert any("small:token is encrypted" in sentence for sentence in shown.graph.guessed)
    assert "planning dev" in shown.log


def test_a_program_that_stops_is_explained_and_what_it_registered_is_kept(write: Writer) -> None:
    shown = preview(
        write("""
        import pulumi_aws as aws
        aws.s3.Bucket("kept")
        aws.cfg.ConfigurationRecorder("recorder")
    """)
    )
    error = shown.error
    assert error is not None
    assert (error.kind, error.name, error.owner, error.line) == (
        "AttributeError",
        "ConfigurationRecorder",
        "pulumi_aws.cfg",
        4,
    )
    assert error.nearest[0] == "Recorder"
    assert error.source == 'aws.cfg.ConfigurationRecorder("recorder")'
    assert [resource.name for resource in shown.graph if resource.custom] == ["kept"]


@pytest.mark.parametrize(
    ("statement", "kind", "name", "owner", "nearest"),
    [
        (
            'aws.cfg.Recorder("r", role_arn="x", depends_on=[])',
            "TypeError",
            "depends_on",
            "pulumi_aws.cfg.recorder.Recorder",
            "",
        ),
        (
            'aws.cfg.Recorder("r", role_arm="x")',
            "TypeError",
            "role_arm",
            "pulumi_aws.cfg.recorder.Recorder",
            "role_arn",
        ),
        ('aws.cfg.Recorder("r")', "TypeError", "role_arn", "pulumi_aws.cfg.recorder.Recorder", ""),
        (
            'aws.cfg.RuleSourceArgs(owner="AWS", source_identifiers="X")',
            "TypeError",
            "source_identifiers",
            "pulumi_aws.cfg._inputs.RuleSourceArgs",
            "source_identifier",
        ),
        ("regoin = 1; region", "NameError", "region", "", "regoin"),
        ("from pulumi_aws import cfgg", "ImportError", "cfgg", "pulumi_aws", "cfg"),
    ],
)
def test_the_wrong_name_is_found(write: Writer, statement: str, kind: str, name: str, owner: str, nearest: str) -> None:
    error = preview(write(f"import pulumi_aws as aws\n{statement}\n")).error
    assert error is not None
    assert (error.kind, error.name, error.owner) == (kind, name, owner)
    assert error.line == 2
    assert nearest in error.nearest or not nearest


def test_a_syntax_error_has_its_place(write: Writer) -> None:
    error = preview(write("import pulumi\nx = (\n")).error
    assert error is not None
    assert (error.kind, error.line) == ("SyntaxError", 2)
    assert error.file.endswith("__main__.py")


def test_a_program_that_hangs_is_ended(write: Writer, tmp_path: Path) -> None:
    began = tmp_path / "began"
    program = (
        f"import pathlib, time\nprint('waiting', flush=True)\npathlib.Path({str(began)!r}).touch()\ntime.sleep(3600)\n"
    )
    shown = preview(write(program), timeout=3)
    assert shown.error is not None
    assert shown.error.kind == "timeout"
    # On a busy machine it may not have come so far.
    assert "waiting" in shown.log or not began.exists()


def test_an_output_that_fails_stops_the_program_though_another_never_comes(write: Writer) -> None:
    shown = preview(
        write("""
        import asyncio, pulumi

        async def never():
            await asyncio.sleep(3600)

        async def later(_):
            await asyncio.sleep(0.5)
            pulumi.Output.from_input(fails())  # made while the SDK waits for the others already

        async def fails():
            await asyncio.sleep(0.1)
            raise ValueError("told too late")

        pulumi.Output.from_input(never())
        pulumi.Output.from_input(0).apply(later)
        """),
        timeout=600,
    )
    assert shown.error is not None
    assert (shown.error.kind, shown.error.message) == ("ValueError", "told too late")


def test_what_follows_from_the_inputs_can_be_told_to_the_program(write: Writer) -> None:
    shown = preview(
        write("""
        import pulumi, pulumi_aws as aws
        bucket = aws.s3.Bucket("logs", bucket="the-logs")
        bucket.arn.apply(lambda arn: pulumi.log.info(f"it is {arn}"))
        """),
        foresee=lambda kind, name, inputs: {"arn": f"arn:aws:s3:::{inputs['bucket']}"} if name == "logs" else {},
    )
    assert "info: it is arn:aws:s3:::the-logs" in shown.log


def test_the_caller_works_while_the_program_runs(write: Writer, tmp_path: Path) -> None:
    started = tmp_path / "started"
    shown = preview(
        write(f"""
        import pathlib, time
        while not pathlib.Path({str(started)!r}).exists():
            time.sleep(0.01)
        print("both ran")
        """),
        timeout=600,
        meanwhile=started.touch,
    )
    assert shown.error is None
    assert "both ran" in shown.log


def test_two_resources_of_one_name_are_refused_as_pulumi_does(write: Writer) -> None:
    error = preview(
        write("""
        import pulumi
        pulumi.CustomResource("aws:s3/bucket:Bucket", "same", {})
        pulumi.CustomResource("aws:s3/bucket:Bucket", "same", {})
    """)
    ).error
    assert error is not None
    assert "Duplicate resource URN" in error.message


def test_what_the_engine_does_not_do_is_refused_by_name(write: Writer) -> None:
    error = preview(
        write("""
        import pulumi
        opts = pulumi.ResourceOptions(transforms=[lambda args: None])
        pulumi.CustomResource("aws:s3/bucket:Bucket", "one", {}, opts)
    """)
    ).error
    assert error is not None
    assert "does not support resource transforms (aws:s3/bucket:Bucket 'one')" in error.message


def test_look_ups_get_plausible_answers(write: Writer) -> None:
    shown = preview(
        write(
            """
            import json, pulumi, pulumi_aws as aws
            document = aws.iam.get_policy_document(statements=[{
                "actions": ["s3:GetObject"], "resources": ["*"],
                "principals": [{"type": "Service", "identifiers": ["config.amazonaws.com"]}],
                "conditions": [{"test": "StringEquals", "variable": "aws:SourceAccount", "values": ["1"]}],
            }])
            vpc = aws.ec2.get_vpc(default=True)
            later = aws.s3.get_bucket_output(bucket=aws.s3.Bucket("later").id)
            pulumi.export("policy", json.loads(document.json))
            pulumi.export("region", aws.get_region().region)
            pulumi.export("zones", aws.get_availability_zones().names)
            pulumi.export("vpc", vpc.cidr_block)
            pulumi.export("later", later.arn)
            """,
            {"aws:region": "eu-central-1"},
        )
    )
    assert shown.error is None
    outputs = shown.graph.stack_outputs
    assert outputs["policy"]["Statement"] == [
        {
            "Effect": "Allow",
            "Action": "s3:GetObject",
            "Resource": "*",
            "Principal": {"Service": "config.amazonaws.com"},
            "Condition": {"StringEquals": {"aws:SourceAccount": "1"}},
        }
    ]
    assert outputs["region"] == "eu-central-1"
    assert outputs["zones"] == ["eu-central-1a", "eu-central-1b", "eu-central-1c"]
    assert outputs["vpc"] == "10.0.0.0/16"
    assert outputs["later"] is UNKNOWN
    assert any("getVpc" in sentence for sentence in shown.graph.guessed)
    assert not any("getPolicyDocument" in sentence for sentence in shown.graph.guessed)


def test_resources_from_elsewhere_and_explicit_providers(write: Writer) -> None:
    shown = preview(
        write("""
        import pulumi, pulumi_aws as aws
        provider = aws.Provider("west", region="us-west-2")
        options = pulumi.ResourceOptions(provider=provider, protect=True, retain_on_delete=True)
        bucket = aws.s3.Bucket("here", opts=options)
        role = aws.iam.Role.get("theirs", "their-role")
        pulumi.export("role", role.id)
    """)
    )
    assert shown.error is None
    assert shown.graph.region == "us-west-2"
    here = named(shown, "here")
    assert here.provider.startswith(named(shown, "west").urn)
    assert here.protect
    assert here.retain_on_delete
    assert shown.graph.stack_outputs["role"] == "their-role"
    assert any("'their-role' was taken to exist" in sentence for sentence in shown.graph.guessed)
