"""AWS Amplify: apps and branches.

Each rule's page: https://docs.aws.amazon.com/config/latest/developerguide/<console name>.html.
"""

# ruff: noqa: ARG001 - every rule has the same signature
from __future__ import annotations

from watchkeeper.model import ConfigurationItem, Severity, Verdict
from watchkeeper.rules.base import (
    FlagRule,
    Lookup,
    Parameters,
    need,
    needed_array,
    pick,
    register_flags,
    rule,
    shown,
    text,
    verdict,
)
from watchkeeper.rules.rows import SetRule, of_parameter, register_set

register_flags(
    (
        FlagRule(
            "AMPLIFY_APP_BRANCH_AUTO_DELETION_ENABLED",
            ("AWS::Amplify::App",),
            "EnableBranchAutoDeletion",
            True,
            Severity.LOW,
            "Configuration",
            "The app disconnects a branch that is deleted in the repository.",
            "turn on branch auto-disconnection",
        ),
        FlagRule(
            "AMPLIFY_BRANCH_AUTO_BUILD_ENABLED",
            ("AWS::Amplify::Branch",),
            "EnableAutoBuild",
            True,
            Severity.LOW,
            "Configuration",
            "The branch is built automatically.",
            "turn on auto build",
        ),
        FlagRule(
            "AMPLIFY_BRANCH_PERFORMANCE_MODE_ENABLED",
            ("AWS::Amplify::Branch",),
            "EnablePerformanceMode",
            True,
            Severity.LOW,
            "Configuration",
            "Performance mode is on.",
            "turn on performance mode",
        ),
        FlagRule(
            "AMPLIFY_BRANCH_PULL_REQUEST_PREVIEW_ENABLED",
            ("AWS::Amplify::Branch",),
            "EnablePullRequestPreview",
            True,
            Severity.LOW,
            "Configuration",
            "Pull request previews are on.",
            "turn on previews",
        ),
    )
)

register_set(
    (
        SetRule(
            "AMPLIFY_APP_BUILD_SPEC_CONFIGURED",
            "AWS::Amplify::App",
            "BuildSpec",
            "Arn",
            Severity.LOW,
            "Configuration",
            "The app has a build specification.",
            "add a build specification",
            blank=True,
        ),
        SetRule(
            "AMPLIFY_BRANCH_BUILD_SPEC_CONFIGURED",
            "AWS::Amplify::Branch",
            "BuildSpec",
            "Arn",
            Severity.LOW,
            "Configuration",
            "The branch has a build specification.",
            "add a build specification",
            blank=True,
        ),
    )
)


@rule("AMPLIFY_APP_PLATFORM_CHECK", types=("AWS::Amplify::App",), severity=Severity.LOW, category="Configuration")
def app_platform(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The app's platform is approvedPlatform."""
    return of_parameter(item, "Platform", (parameters["approvedPlatform"],))


@rule("AMPLIFY_APP_NO_ENVIRONMENT_VARIABLES", types=("AWS::Amplify::App",), severity=Severity.LOW, category="Identity")
def app_variables(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The app has no environment variables."""
    held = needed_array(item.configuration, "EnvironmentVariables")
    return verdict(not held, f"The app has {len(held)} environment variables; keep secrets elsewhere, and remove them.")


@rule(
    "AMPLIFY_BRANCH_FRAMEWORK_CONFIGURED",
    types=("AWS::Amplify::Branch",),
    severity=Severity.LOW,
    category="Configuration",
)
def branch_framework(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The branch names a framework, one of approvedFrameworks where they are given."""
    need(item.configuration, "Arn")
    if pick(item.configuration, "Framework") is None:
        return verdict(False, "The branch names no framework; name it.")
    approved = parameters.get("approvedFrameworks", ())
    if approved:
        return of_parameter(item, "Framework", approved)
    found = text(item.configuration, "Framework")
    return verdict(bool(found), f"The framework is {shown(found)}; name it.")
