"""AWS Amplify: apps and branches.

Each rule's page: https://docs.aws.amazon.com/config/latest/developerguide/<console name>.html.
"""

from __future__ import annotations

from watchkeeper.model import Severity
from watchkeeper.rules.base import FlagRule, register_flags
from watchkeeper.rules.rows import SetRule, register_set

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
