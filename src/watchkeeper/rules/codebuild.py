"""AWS CodeBuild: projects.

Each rule's page: https://docs.aws.amazon.com/config/latest/developerguide/<console name>.html.
"""

# ruff: noqa: ARG001 - every rule has the same signature
from __future__ import annotations

from typing import Any

from watchkeeper.model import ConfigurationItem, Severity, Verdict
from watchkeeper.rules.base import (
    Lookup,
    Parameters,
    array,
    dig,
    flag,
    listed,
    need,
    not_applicable,
    rule,
    text,
    that_fail,
    verdict,
    violation,
)

PROJECT = "AWS::CodeBuild::Project"


@rule("CODEBUILD_PROJECT_ENVIRONMENT_PRIVILEGED_CHECK", types=(PROJECT,), severity=Severity.HIGH,
      category="Configuration")  # fmt: skip
def build_privileged(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The project's environment is not privileged, unless it is in exemptedProjects."""
    on = flag(need(item.configuration, "environment"), "privilegedMode", default=False)
    exempt = text(item.configuration, "name") in parameters.get("exemptedProjects", ())
    return verdict(not on or exempt, "The build environment is privileged; turn privileged mode off.")


@rule("CODEBUILD_PROJECT_ENVVAR_AWSCRED_CHECK", types=(PROJECT,), severity=Severity.CRITICAL, category="Identity")
def build_credentials(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """No plain text environment variable holds AWS credentials."""
    names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    variables = array(need(item.configuration, "environment"), "environmentVariables")
    bad = [str(dig(v, "name")) for v in variables if dig(v, "name") in names and dig(v, "type") in (None, "PLAINTEXT")]
    return verdict(not bad, f"Plain text credentials: {listed(bad)}; use the project's role or Secrets Manager.")


@rule("CODEBUILD_PROJECT_ARTIFACT_ENCRYPTION", types=(PROJECT,), severity=Severity.MEDIUM, category="Encryption")
def build_artifacts(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The project's artifacts are encrypted."""
    held = need(item.configuration, "artifacts")
    found = (held if isinstance(held, list) else [held]) + array(item.configuration, "secondaryArtifacts")
    bad = any(flag(artifact, "encryptionDisabled", default=False) for artifact in found)
    return verdict(not bad, "Artifacts are not encrypted; turn encryption on.")


@rule("CODEBUILD_PROJECT_S3_LOGS_ENCRYPTED", types=(PROJECT,), severity=Severity.LOW, category="Encryption")
def build_logs_encrypted(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The project's S3 logs are encrypted, unless it is in exemptedProjects; one without is not applicable."""
    logs = dig(item.configuration, "logsConfig", "s3Logs")
    exempt = text(item.configuration, "name") in parameters.get("exemptedProjects", ())
    if dig(logs, "status") != "ENABLED":
        return not_applicable("The project writes no logs to S3.")
    plain = flag(logs, "encryptionDisabled", default=False)
    return verdict(not plain or exempt, "S3 logs are not encrypted; turn encryption on.")


@rule("CODEBUILD_PROJECT_SOURCE_REPO_URL_CHECK", types=(PROJECT,), severity=Severity.CRITICAL, category="Identity")
def build_source(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The URL of a Bitbucket source holds no credentials; a project without such a source is not applicable."""
    sources = [need(item.configuration, "source"), *array(item.configuration, "secondarySources")]
    urls = [text(source, "location") for source in sources if dig(source, "type") == "BITBUCKET"]
    if not urls:
        return not_applicable("The project has no Bitbucket source.")
    signed_in = any("@" in url.partition("://")[2].partition("/")[0] for url in urls)
    return verdict(not signed_in, "A source's URL holds credentials; connect Bitbucket by OAuth and leave them out.")


@rule("CODEBUILD_PROJECT_LOGGING_ENABLED", types=(PROJECT,), severity=Severity.MEDIUM,
      category="Logging and monitoring")  # fmt: skip
def build_logging(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The project logs to S3 or CloudWatch Logs, only to s3BucketNames and cloudWatchGroupNames where given."""
    name = text(item.configuration, "name")
    logs = item.configuration.get("logsConfig")
    found = {name: log for name in ("s3Logs", "cloudWatchLogs") if dig(log := dig(logs, name), "status") == "ENABLED"}
    if not found:
        return violation("The project logs nowhere; enable S3 or CloudWatch logs.")

    def in_allowed(kind: str) -> bool:
        parameter, place = _PLACES[kind]
        allowed = [part.strip() for part in parameters.get(parameter, "").split(",") if part.strip()]
        return not allowed or place(found[kind], name) in allowed

    other = that_fail(found, in_allowed)
    return verdict(not other, f"{listed(other)} go to a place that is not allowed; use one of the listed places.")


def _bucket(log: Any, project: str) -> str:
    return text(log, "location").removeprefix("arn:aws:s3:::").split("/")[0]


def _group(log: Any, project: str) -> str:
    """Without a name, the group is named after the project (CodeBuild API, CloudWatchLogsConfig)."""
    return text(log, "groupName", default=f"/aws/codebuild/{project}")


_PLACES = {"s3Logs": ("s3BucketNames", _bucket), "cloudWatchLogs": ("cloudWatchGroupNames", _group)}
