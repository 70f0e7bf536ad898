"""Facts of an account and region that are no resources: the password policy, the credential report, what is on.

:func:`facts` gives what rules ask for by name (``rules.base.Lookup`` lists names and shapes). A call that is denied,
fails or isn't known to the endpoint raises Unavailable with the reason: what nobody could read is never a pass.
"""

from __future__ import annotations

import csv
import io
import threading
import time
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from watchkeeper.inventory.core import ClientFactory, Context, Unreadable, config_spelling
from watchkeeper.model import Unavailable

REPORT_SECONDS = 20.0
"""How long to wait for the credential report to be made."""
Facts = Callable[[str], Any]


def facts(clients: ClientFactory, *, region: str = "") -> Facts:
    """A function from the name of a fact to the fact, of the account and region that ``clients`` are for.

    Each fact is read when it is first asked for, once, whatever the number of rules and threads. The function raises
    Unavailable with the reason where the fact could not be read, and for a name that isn't in :data:`READERS`.
    """
    ctx = Context(clients, "", region)
    known: dict[str, Any] = {}
    locks = {name: threading.Lock() for name in READERS}

    def fact(name: str) -> Any:
        if name not in READERS:
            raise Unavailable(f"nobody reads the account fact {name}")
        with locks[name]:
            if name not in known:
                known[name] = _read(ctx, name)
        found = known[name]
        if isinstance(found, Unavailable):
            raise Unavailable(str(found))
        return found

    return fact


def _read(ctx: Context, name: str) -> Any:
    """The fact, or the Unavailable that is to be raised whenever it is asked for."""
    try:
        return READERS[name](ctx)
    except Unreadable as refusal:
        said = f": {refusal.message}" if refusal.message else ""
        return Unavailable(f"{name} could not be read, {refusal.operation} answered {refusal.code or 'no code'}{said}")
    except Unavailable as reason:
        return reason


def _account_summary(ctx: Context) -> Mapping[str, int]:
    """https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountSummary.html"""
    summary: Mapping[str, int] = ctx.ask("iam", "get_account_summary").get("SummaryMap") or {}
    return summary


def _password_policy(ctx: Context) -> Mapping[str, Any]:
    """https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountPasswordPolicy.html"""
    answer = ctx.ask("iam", "get_account_password_policy", absent=("NoSuchEntity", "NoSuchEntityException"))
    policy: Mapping[str, Any] = answer.get("PasswordPolicy") or {}
    return policy


def _credential_report(ctx: Context) -> list[dict[str, str]]:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_getting-report.html"""
    end = time.monotonic() + REPORT_SECONDS
    while ctx.ask("iam", "generate_credential_report").get("State") != "COMPLETE":
        if time.monotonic() > end:
            raise Unavailable(f"IAM had not made the credential report after {REPORT_SECONDS:g} s")
        time.sleep(1)
    content = ctx.ask("iam", "get_credential_report").get("Content") or b""
    return list(csv.DictReader(io.StringIO(content.decode("utf-8", "replace"))))


def _virtual_mfa_devices(ctx: Context) -> list[dict[str, str]]:
    """https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListVirtualMFADevices.html"""
    devices = ctx.pages("iam", "list_virtual_mfa_devices", "VirtualMFADevices", AssignmentStatus="Assigned")
    return [
        {"serial": str(device.get("SerialNumber")), "user": str(device.get("User", {}).get("Arn", ""))}
        for device in devices
    ]


def _access_analyzers(ctx: Context) -> list[dict[str, Any]]:
    """https://docs.aws.amazon.com/access-analyzer/latest/APIReference/API_ListAnalyzers.html"""
    found = ctx.pages("accessanalyzer", "list_analyzers", "analyzers")
    return [{"type": analyzer.get("type"), "status": analyzer.get("status")} for analyzer in found]


def _ebs_encryption(ctx: Context) -> bool:
    """https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_GetEbsEncryptionByDefault.html"""
    return bool(ctx.ask("ec2", "get_ebs_encryption_by_default").get("EbsEncryptionByDefault"))


def _public_snapshots(ctx: Context) -> list[str]:
    """https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeSnapshotAttribute.html

    The list is narrowed by DescribeSnapshots; each of what remains is asked for itself, since an endpoint that doesn't
    know ``RestorableByUserIds`` gives every snapshot."""
    found = ctx.pages("ec2", "describe_snapshots", "Snapshots", OwnerIds=["self"], RestorableByUserIds=["all"])
    ids = [str(snapshot["SnapshotId"]) for snapshot in found]
    return [snapshot_id for snapshot_id in ids if _open_to_all(ctx, snapshot_id)]


def _open_to_all(ctx: Context, snapshot_id: str) -> bool:
    answer = ctx.ask(
        "ec2", "describe_snapshot_attribute", SnapshotId=snapshot_id, Attribute="createVolumePermission",
        absent=("InvalidSnapshot.NotFound",),
    )  # fmt: skip
    return any(permission.get("Group") == "all" for permission in answer.get("CreateVolumePermissions") or ())


def _detectors(ctx: Context) -> list[dict[str, Any]]:
    """https://docs.aws.amazon.com/guardduty/latest/APIReference/API_GetDetector.html"""
    return [_detector(ctx, str(detector_id)) for detector_id in ctx.pages("guardduty", "list_detectors", "DetectorIds")]


def _detector(ctx: Context, detector_id: str) -> dict[str, Any]:
    detector = ctx.ask("guardduty", "get_detector", DetectorId=detector_id)
    administrator = ctx.ask(
        "guardduty", "get_administrator_account", DetectorId=detector_id, absent=("BadRequestException",)
    )
    return {
        "id": detector_id,
        "status": detector.get("Status"),
        "administrator": (administrator.get("Administrator") or {}).get("AccountId"),
    }


def _scalable_targets(ctx: Context) -> list[dict[str, Any]]:
    """https://docs.aws.amazon.com/autoscaling/application/APIReference/API_DescribeScalableTargets.html"""
    service, operation = "application-autoscaling", "describe_scalable_targets"
    return list(ctx.pages(service, operation, "ScalableTargets", ServiceNamespace="dynamodb"))


def _registry_scanning(ctx: Context) -> list[dict[str, Any]]:
    """https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_GetRegistryScanningConfiguration.html"""
    answer = ctx.ask("ecr", "get_registry_scanning_configuration").get("scanningConfiguration") or {}
    return list(answer.get("rules") or ())


def _security_hub(ctx: Context) -> bool:
    """https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_DescribeHub.html : an account that doesn't use it is
    answered InvalidAccessException."""
    answer = ctx.ask("securityhub", "describe_hub", absent=("InvalidAccessException", "ResourceNotFoundException"))
    return bool(answer.get("HubArn"))


def _master_account(ctx: Context) -> str | None:
    """https://docs.aws.amazon.com/organizations/latest/APIReference/API_DescribeOrganization.html"""
    answer = ctx.ask("organizations", "describe_organization", absent=("AWSOrganizationsNotInUseException",))
    return (answer.get("Organization") or {}).get("MasterAccountId")


def _security_contact(ctx: Context) -> bool:
    """https://docs.aws.amazon.com/accounts/latest/reference/API_GetAlternateContact.html"""
    answer = ctx.ask(
        "account", "get_alternate_contact", AlternateContactType="SECURITY", absent=("ResourceNotFoundException",)
    )
    return bool(answer.get("AlternateContact"))


def _event_selectors(ctx: Context) -> dict[str, dict[str, Any]]:
    """https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_GetEventSelectors.html"""
    trails = ctx.ask("cloudtrail", "describe_trails").get("trailList") or ()
    return {str(trail["TrailARN"]): _selectors(ctx, str(trail["TrailARN"])) for trail in trails}


def _bucket_regions(ctx: Context) -> dict[str, str]:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListBuckets.html: a page says each bucket's region."""
    buckets = ctx.pages("s3", "list_buckets", "Buckets", MaxBuckets=10_000)
    return {str(bucket["Name"]): str(bucket["BucketRegion"]) for bucket in buckets if bucket.get("BucketRegion")}


def _multi_region_trails(ctx: Context) -> list[dict[str, Any]]:
    """The trails of other regions that record this one: DescribeTrails gives them as shadow trails.
    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_DescribeTrails.html"""
    trails = ctx.ask("cloudtrail", "describe_trails", includeShadowTrails=True).get("trailList") or ()
    shadows = [trail for trail in trails if trail.get("IsMultiRegionTrail") and trail.get("HomeRegion") != ctx.region]
    return [
        {
            "arn": str(trail["TrailARN"]),
            "configuration": config_spelling(trail),
            "isLogging": ctx.ask(
                "cloudtrail", "get_trail_status", Name=trail["TrailARN"], absent=("TrailNotFoundException",)
            ).get("IsLogging"),
            "selectors": _selectors(ctx, str(trail["TrailARN"])),
        }
        for trail in shadows
    ]


def _selectors(ctx: Context, trail: str) -> dict[str, Any]:
    # Gone since it was listed, or a trail of an organization that only its management account may ask about.
    answer = ctx.ask("cloudtrail", "get_event_selectors", TrailName=trail, absent=("TrailNotFoundException",))
    return {
        "eventSelectors": config_spelling(answer.get("EventSelectors") or []),
        "advancedEventSelectors": config_spelling(answer.get("AdvancedEventSelectors") or []),
    }


READERS: Mapping[str, Callable[[Context], Any]] = MappingProxyType(
    {
        "account.security_contact": _security_contact,
        "cloudtrail.event_selectors": _event_selectors,
        "cloudtrail.multi_region_trails": _multi_region_trails,
        "dynamodb.scalable_targets": _scalable_targets,
        "ec2.ebs_encryption_by_default": _ebs_encryption,
        "ec2.public_snapshots": _public_snapshots,
        "ecr.registry_scanning": _registry_scanning,
        "guardduty.detectors": _detectors,
        "iam.access_analyzers": _access_analyzers,
        "iam.account_summary": _account_summary,
        "iam.credential_report": _credential_report,
        "iam.password_policy": _password_policy,
        "iam.virtual_mfa_devices": _virtual_mfa_devices,
        "organizations.master_account_id": _master_account,
        "s3.bucket_regions": _bucket_regions,
        "securityhub.enabled": _security_hub,
    }
)
"""Fact name to what reads it."""
