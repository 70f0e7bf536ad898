"""Programs and templates in other styles: what is right stays silent, and only what is true is said."""

from __future__ import annotations

from pathlib import Path

from watchkeeper.preflight import inspect
from watchkeeper.preflight.check import UNSURE

STYLES = Path(__file__).parent / "fixtures" / "styles"


def test_inline_settings_data_sources_and_the_services_own_role_are_understood() -> None:
    report = inspect(STYLES / "inline")
    assert [f"{item.check} {item.resource} {item.message}" for item in report.findings] == []
    assert report.not_checked == ()
    assert report.unread == ()


def test_a_template_as_aws_publishes_it_has_no_error() -> None:
    report = inspect(STYLES / "enable-config.yaml")
    assert report.errors == ()
    assert [item.check for item in report.findings if item.severity == "error"] == []
    unsure = {item.check for item in report.findings if item.severity == UNSURE}
    assert unsure == {"config-bucket-policy"}
    assert {item.check for item in report.findings} - unsure == {
        "bucket-encryption",
        "bucket-lifecycle",
        "bucket-public-access-block",
        "bucket-versioning",
        "destroyable",
        "required-tags",
    }
