"""Python programs that stop are explained, with what to write instead; what they registered is checked all the same."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from watchkeeper.preflight import Options, Report, inspect, run
from watchkeeper.preflight.code.explain_error import RESOURCE_OPTIONS, explain, options_of_sdk
from watchkeeper.pulumi.engine.host import READABLE_STACKS, explain_node
from watchkeeper.pulumi.engine.program import ProgramError
from watchkeeper.pulumi.graph import UNKNOWN, Graph, Resource

HEAD = """import pulumi
import pulumi_aws as aws

topic = aws.sns.Topic("first", name="first")
"""
LINE = len(HEAD.splitlines()) + 1


def report_of(folder: Path, statement: str) -> Report:
    (folder / "Pulumi.yaml").write_text("name: stops\nruntime: python\n")
    (folder / "__main__.py").write_text(f"{HEAD}{statement}\n")
    return inspect(folder)


@pytest.mark.parametrize(
    ("statement", "fix"),
    [
        ('aws.cfg.ConfigurationRecorder("r", role_arn="x")', "aws.cfg.Recorder?"),
        (
            'aws.cfg.Recorder("r", role_arn="x", depends_on=[topic])',
            "aws.cfg.Recorder(…, opts=pulumi.ResourceOptions(depends_on=…))",
        ),
        ('aws.cfg.Rule("r", source=aws.cfg.RuleSourceArgs(owner="AWS", source_identifiers="X"))', "source_identifier?"),
        ('aws.cfg.Rule("r", source=aws.cfg.ConfigRuleSourceArgs(owner="AWS"))', "aws.cfg.RuleSourceArgs?"),
        ('aws.cfg.Rule("r")', "Give aws.cfg.Rule the argument source."),
        ("import boto4", "pip install boto4"),
        ('aws.config.Recorder("r", role_arn="x")', "aws.cfg.Recorder?"),
        ('aws.cfg.ConfigRule("r", source={"owner": "AWS"})', "aws.cfg.Rule?"),
        ('aws.cloudwatch.EventRule("r", event_pattern={"source": ["aws.config"]})', "event_pattern=json.dumps(…)"),
        ('aws.sqs.Queue("q", name=topic.arn.apply(lambda arn: arn["x"]))', "Correct the line that the position names."),
    ],
)
def test_a_program_that_stops_is_explained(tmp_path: Path, statement: str, fix: str) -> None:
    report = report_of(tmp_path, statement)
    stopped = [finding for finding in report.findings if finding.check == "program-error"]
    assert len(stopped) == 1
    assert fix in stopped[0].fix
    position = stopped[0].position
    assert position is not None and (Path(position.file).name, position.line) == ("__main__.py", LINE)
    assert ("required-tags", "first") in {(item.check, item.resource) for item in report.findings}
    assert report.exit_code == 1
    # What the program had not come to yet is no finding.
    assert "topic-delivery-policy" not in {item.check for item in report.findings}


@pytest.mark.parametrize(
    ("kind", "message", "source", "fix"),
    [
        (
            "ConfigMissingError",
            "Missing required configuration variable 'e:mail'",
            "",
            "pulumi config set e:mail <value>",
        ),
        ("ConfigTypeError", "Configuration 'e:days' value 'x' is not a valid 'int'", "", "Make e:days"),
        ("TypeError", "'Output' object is not iterable", "", ".apply(lambda value: …)"),
        ("TypeError", "Object of type Output is not JSON serializable", "", "pulumi.Output.json_dumps(…)"),
        ("TypeError", "Expected opts2 to be a ResourceOptions instance", "", "opts=pulumi.ResourceOptions(…)"),
        ("TypeError", "Key.__init__() missing 1 required positional argument: 'resource_name'", "", '("name", …)'),
        ("TypeError", "X() missing 1 required keyword-only argument: 'owner'", "", "Give the argument 'owner'."),
        ("FileNotFoundError", "[Errno 2] No such file or directory: 'p.json'", "", "the project's folder"),
        ("NoCredentialsError", "Unable to locate credentials", "", "aws.get_…"),
        ("KeyError", "'STAGE'", 'stage = os.environ["STAGE"]', "Set STAGE where the program runs"),
        ("SyntaxError", "invalid syntax", 'aws.lambda.Function("f")', "aws.lambda_"),
        ("Exception", "Duplicate resource URN 'urn:x'", "", "its own name"),
        (
            "AssertionError",
            "While processing resource: 'r', type 'aws:cfg/recorder:Recorder'\nAssertionError has risen: "
            "While processing input: 'role_arn', type <class 'str'>, value ['x']\nAssertionError has risen: …",
            "",
            "Give role_arn text.",
        ),
    ],
)
def test_common_mistakes_have_a_hint(kind: str, message: str, source: str, fix: str) -> None:
    name = "STAGE" if kind == "KeyError" else ""
    assert fix in explain(ProgramError(kind, message, source=source, name=name)).fix


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('{"owner": "AWS", "source_identifiers": "X"}', {"sourceIdentifier?"}),
        ("aws.cfg.RecorderRecordingGroupArgs(all_supported=True)", {"Give owner."}),
    ],
)
def test_what_the_sdk_lets_pass_is_found(tmp_path: Path, source: str, expected: set[str]) -> None:
    report = report_of(tmp_path, f'aws.cfg.Rule("r", source={source})')
    fixes = " ".join(finding.fix for finding in report.findings if finding.check == "argument-names")
    assert all(part in fixes for part in expected), fixes


@pytest.mark.parametrize(("version", "severity"), [("7.1.0", "error"), ("6.83.0", "unsure"), ("", "unsure")])
def test_an_argument_is_wrong_for_sure_in_the_versions_that_are_known(version: str, severity: str) -> None:
    topic = Resource(
        "urn:t", "aws:sns/topic:Topic", "t", {"fifoTopic": "yes", "archivePolicy": UNKNOWN}, provider_version=version
    )
    report = run(Graph({topic.urn: topic}), Options(select=("argument-names",)))
    assert [(item.severity, item.property_path) for item in report.findings] == [(severity, "fifoTopic")]


def test_a_node_package_is_asked_what_it_has_instead(tmp_path: Path) -> None:
    types = tmp_path / "node_modules" / "@pulumi" / "aws" / "cfg"
    types.mkdir(parents=True)
    (types / "index.d.ts").write_text(
        "export declare const Recorder: typeof x;\nexport declare const Rule: typeof x;\n"
    )
    program = tmp_path / "index.ts"
    program.write_text('import * as aws from "@pulumi/aws";\nnew aws.cfg.ConfigurationRecorder("r");\n')
    said = f"TypeError: aws.cfg.ConfigurationRecorder is not a constructor\n    at Object.<anonymous> ({program}:2:1)\n"
    error = explain_node(said, 1, tmp_path)
    assert error.valid == ("Recorder", "Rule")
    assert explain(error).fix == "Did you mean aws.cfg.Recorder?"


def test_every_resource_option_is_known() -> None:
    assert options_of_sdk() <= RESOURCE_OPTIONS | {"id", "urn"}


@pytest.mark.parametrize(
    ("said", "source", "fix"),
    [
        ("Error: Missing required configuration variable 'e:mail'", "", "pulumi config set e:mail <value>"),
        (
            "Error: Missing required property 'roleArn'",
            'new aws.cfg.Recorder("r", {role_arn: x})',
            "in place of role_arn",
        ),
        (
            "TypeError: aws.config.Recorder is not a constructor",
            'new aws.config.Recorder("r", {})',
            "aws.cfg.Recorder?",
        ),
        (
            "Error: Cannot find module '@pulumi/awsx'",
            'import * as awsx from "@pulumi/awsx"',
            "npm install @pulumi/awsx",
        ),
        ("Error: Cannot find module './lib/stack'", 'import { Stack } from "./lib/stack"', "a file of your own"),
    ],
)
def test_a_node_program_that_stops_is_explained(tmp_path: Path, said: str, source: str, fix: str) -> None:
    program = tmp_path / "index.ts"
    program.write_text(f"{source}\n")
    error = explain_node(f"{said}\n    at Object.<anonymous> ({program}:1:1)", 1, tmp_path)
    assert (error.file, error.line) == (str(program), 1)
    assert fix in explain(error).fix


@pytest.mark.skipif(shutil.which("node") is None, reason="needs Node.js")
def test_a_stack_that_node_would_print_for_ever_ends() -> None:
    program = """
        process.on("uncaughtException", (error) => console.log(require("util").inspect(error, { colors: true })));
        const error = new Error("stopped");
        error.stack = "Error: stopped\\n    at f (/p/node_modules/@pulumi/config.ts:301:19)\\n    at /p/index.ts:2:1";
        throw error;
    """
    command = ["node", "--require", str(READABLE_STACKS), "-e", program]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "/p/index.ts:2:1" in done.stdout
