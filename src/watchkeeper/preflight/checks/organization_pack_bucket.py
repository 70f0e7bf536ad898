"""organization-pack-bucket: an organization pack's delivery bucket has the name that AWS asks for."""

from __future__ import annotations

from collections.abc import Iterator

from watchkeeper.aws import refusals
from watchkeeper.preflight.check import ERROR, Check, Result
from watchkeeper.preflight.meaning.identity import is_stand_in
from watchkeeper.preflight.meaning.views import Views

PACK = "aws:cfg/organizationConformancePack:OrganizationConformancePack"
PATH = "deliveryS3Bucket"


def look(views: Views) -> Iterator[Result]:
    """Each organization conformance pack with a bucket."""
    for pack in views.of_type(PACK):
        link = views.link(pack, PATH)
        if not link.present:
            continue
        name = views.name(link.resource) if link.resource is not None else link.text
        if not isinstance(name, str) or is_stand_in(name):
            yield CHECK.unknown(pack, "the bucket's name is known only after the deployment")
            continue
        refused = refusals.organization_bucket(name)
        if refused:
            action = "PutOrganizationConformancePack"
            yield CHECK.finding(pack, f"{refused.reason}.", path=PATH, aws_does=f"{action} answers {refused.code}.")


CHECK = Check(
    id="organization-pack-bucket",
    severity=ERROR,
    title="An organization pack's bucket begins with awsconfigconforms",
    explanation="AWS Config writes what an organization's pack needs to a bucket of that name in the management or "
    "delegated administrator account.",
    aws_does="PutOrganizationConformancePack answers ValidationException.",
    fix="Name the bucket awsconfigconforms-<suffix>, or leave it out.",
    source="https://docs.aws.amazon.com/config/latest/APIReference/API_PutOrganizationConformancePack.html",
    look=look,
    tags=("config", "organization"),
)
