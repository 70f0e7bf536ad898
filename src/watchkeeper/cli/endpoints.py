"""The AWS API that a command speaks to, and what is deployed there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from watchkeeper.cli.errors import CommandError, Exit
from watchkeeper.cli.options import Target
from watchkeeper.cli.projects import find_project, load_project, state_folder
from watchkeeper.cli.servers import project_folder, running_server

if TYPE_CHECKING:
    import boto3

    from watchkeeper.clients import Clients
    from watchkeeper.monitoring.settings import Settings
    from watchkeeper.reports.results import RuleInfo


@dataclass(frozen=True)
class Deployed:
    """Clients of an account, and what is deployed there."""

    clients: Clients
    settings: Settings
    outputs: Mapping[str, object]

    @property
    def rules(self) -> dict[str, RuleInfo]:
        """The deployed rules, as the settings have them, by deployed name."""
        from watchkeeper.reports.results import RuleInfo

        suffix = self.settings.environment_suffix
        return {
            f"{rule.name}-{suffix}": RuleInfo(
                f"{rule.name}-{suffix}", rule.identifier, rule.severity, rule.category, str(rule.remediation)
            )
            for rule in self.settings.all_rules
        }


class Endpoint(NamedTuple):
    """An endpoint of the AWS API, with what is known of it without asking."""

    session: boto3.Session
    url: str | None
    account: str
    """Empty: not known."""
    region: str | None
    """Where none is named."""


def deployed(project: Path | None, env: str, target: Target, region: str | None) -> Deployed:
    """The endpoint of a deployment with its settings and outputs. Raises CommandError when nothing is deployed."""
    from watchkeeper import clients
    from watchkeeper.clients import EndpointError
    from watchkeeper.local import deploying
    from watchkeeper.monitoring.settings import from_pulumi_config
    from watchkeeper.pulumi.engine.state import StateError

    folder = find_project(project)
    loaded = load_project(folder, env)
    try:
        if target is Target.LOCAL:
            where = deploying.clients_in(state_folder(folder) / "aws", region or loaded.region)
            outputs = deploying.outputs(state_folder(folder), loaded.name, loaded.stack)
        else:
            from watchkeeper.pulumi import automation

            where = clients.of_caller(region or loaded.region)
            with engine_errors():
                outputs = automation.outputs(folder, env)
    except EndpointError as error:
        raise CommandError(str(error), hint=error.hint) from error
    except StateError as error:
        raise CommandError(str(error)) from error
    if "bucketName" not in outputs:
        raise CommandError(
            f'Nothing is deployed: the stack "{env}" of {loaded.name} has no outputs.',
            hint=f"Deploy it with: watchkeeper up --env {env} --target {target.value}",
        )
    return Deployed(where, from_pulumi_config(loaded.config), outputs)


@contextmanager
def aws_errors() -> Iterator[None]:
    """Turns what boto3 raises into a message with AWS's operation and code."""
    from botocore.exceptions import BotoCoreError, ClientError

    from watchkeeper.clients import EndpointError

    try:
        yield
    except ClientError as error:
        said = error.response["Error"]
        raise CommandError(f"{error.operation_name}: {said['Code']}: {said.get('Message', '')}") from error
    except BotoCoreError as error:
        raise CommandError(f"AWS does not answer: {error}") from error
    except EndpointError as error:
        raise CommandError(str(error), hint=error.hint) from error


@contextmanager
def engine_errors() -> Iterator[None]:
    """What a deployment can end with, as messages."""
    from watchkeeper.pulumi.automation import DeploymentError
    from watchkeeper.pulumi.engine.deployment import PlanError
    from watchkeeper.pulumi.engine.program import ProjectError
    from watchkeeper.pulumi.engine.state import StateError

    try:
        yield
    except DeploymentError as error:
        raise CommandError(str(error), hint=error.hint) from error
    except ProjectError as error:
        raise CommandError(str(error), code=Exit.USAGE) from error
    except (StateError, PlanError) as error:
        raise CommandError(str(error)) from error


def endpoint(target: Target, url: str | None, project: Path | None, regions: Sequence[str] | None) -> Endpoint:
    """The endpoint that the options name. Raises CommandError."""
    import boto3

    if url is not None and not re.match(r"https?://[^/\s]", url):
        raise CommandError(f'"{url}" is not an endpoint.', hint="Write it as http://127.0.0.1:4566", code=Exit.USAGE)
    if url is None and target is Target.LOCAL:
        aws = running_server(project_folder(project))
        keys = aws.boto()
        session = boto3.Session(keys["aws_access_key_id"], keys["aws_secret_access_key"], region_name=aws.region)
        return Endpoint(session, aws.endpoint, aws.account, aws.region)
    session = boto3.Session()
    if session.region_name is None and not regions:
        raise CommandError("No AWS region is set.", hint="Name one with --region, or all.", code=Exit.USAGE)
    return Endpoint(session, url, "", session.region_name)
