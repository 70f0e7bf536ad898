"""IAM: users, groups, roles, customer managed policies.

GetAccountAuthorizationDetails gives all four with their policies in a few calls. Config knows them by their unique ids
(``AIDA…``), the API by name (a policy by ARN). Policy documents come decoded, as Config writes them: text in
``policyDocument`` of users and groups, URL-encoded text in ``assumeRolePolicyDocument``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from watchkeeper.inventory.core import Context, Raw, Reader, config_spelling, make_item, plain, tag_map
from watchkeeper.inventory.described import Ask, Row, described
from watchkeeper.model import ConfigurationItem, Relationship

USER = "AWS::IAM::User"
GROUP = "AWS::IAM::Group"
ROLE = "AWS::IAM::Role"
POLICY = "AWS::IAM::Policy"
_GONE = ("NoSuchEntity",)


def _details(filter_name: str, result: str) -> Callable[[Context], Iterator[Raw]]:
    def all_(ctx: Context) -> Iterator[Raw]:
        return ctx.pages("iam", "get_account_authorization_details", result, Filter=[filter_name])

    return all_


def _chosen(filter_name: str, result: str, key: str) -> Callable[[Context, Sequence[str]], Iterator[Raw]]:
    """Some of them out of the account's details: fewer calls than asking for each one's policies."""
    everything = _details(filter_name, result)

    def some(ctx: Context, keys: Sequence[str]) -> Iterator[Raw]:
        wanted = set(keys)
        return (raw for raw in everything(ctx) if raw.get(key) in wanted)

    return some


def _document(value: Any) -> str:
    """URL-encoded JSON, as IAM's own API and Config write policy documents."""
    text = json.dumps(value, separators=(",", ":")) if isinstance(value, Mapping) else str(value or "")
    return quote(text, safe="") if text.startswith("{") else text


def _inline(policies: Sequence[Raw] | None) -> list[dict[str, Any]]:
    return [
        {"policyName": policy.get("PolicyName"), "policyDocument": _document(policy.get("PolicyDocument"))}
        for policy in policies or ()
    ]


def _attached(policies: Sequence[Raw] | None) -> list[dict[str, Any]]:
    return [{"policyName": p.get("PolicyName"), "policyArn": p.get("PolicyArn")} for p in policies or ()]


def _policy_edges(policies: Sequence[Raw] | None) -> list[Relationship]:
    own = (policy for policy in policies or () if ":iam::aws:" not in str(policy.get("PolicyArn")))
    name = "Is attached to CustomerManagedPolicy"
    return [Relationship(POLICY, "", name, resource_name=str(policy.get("PolicyName"))) for policy in own]


def _user(ctx: Context, raw: Raw) -> ConfigurationItem:
    groups = list(raw.get("GroupList") or ())
    return make_item(
        ctx,
        USER,
        raw["UserId"],
        name=raw["UserName"],
        arn=raw["Arn"],
        configuration={
            "path": raw.get("Path"),
            "userName": raw["UserName"],
            "userId": raw["UserId"],
            "arn": raw["Arn"],
            "createDate": config_spelling(raw.get("CreateDate")),
            "userPolicyList": _inline(raw.get("UserPolicyList")),
            "groupList": groups,
            "attachedManagedPolicies": _attached(raw.get("AttachedManagedPolicies")),
            "permissionsBoundary": config_spelling(raw.get("PermissionsBoundary")),
            "tags": config_spelling(raw.get("Tags") or []),
        },
        relationships=[
            *(Relationship(GROUP, "", "Is attached to Group", resource_name=group) for group in groups),
            *_policy_edges(raw.get("AttachedManagedPolicies")),
        ],
        tags=tag_map(raw.get("Tags")),
        created=raw.get("CreateDate"),
    )


def _group(ctx: Context, raw: Raw) -> ConfigurationItem:
    return make_item(
        ctx,
        GROUP,
        raw["GroupId"],
        name=raw["GroupName"],
        arn=raw["Arn"],
        configuration={
            "path": raw.get("Path"),
            "groupName": raw["GroupName"],
            "groupId": raw["GroupId"],
            "arn": raw["Arn"],
            "createDate": config_spelling(raw.get("CreateDate")),
            "groupPolicyList": _inline(raw.get("GroupPolicyList")),
            "attachedManagedPolicies": _attached(raw.get("AttachedManagedPolicies")),
        },
        relationships=_policy_edges(raw.get("AttachedManagedPolicies")),
        created=raw.get("CreateDate"),
    )


def _role(ctx: Context, raw: Raw) -> ConfigurationItem:
    return make_item(
        ctx,
        ROLE,
        raw["RoleId"],
        name=raw["RoleName"],
        arn=raw["Arn"],
        configuration={
            "path": raw.get("Path"),
            "roleName": raw["RoleName"],
            "roleId": raw["RoleId"],
            "arn": raw["Arn"],
            "createDate": config_spelling(raw.get("CreateDate")),
            "assumeRolePolicyDocument": _document(raw.get("AssumeRolePolicyDocument")),
            "instanceProfileList": config_spelling(raw.get("InstanceProfileList") or []),
            "rolePolicyList": _inline(raw.get("RolePolicyList")),
            "attachedManagedPolicies": _attached(raw.get("AttachedManagedPolicies")),
            "permissionsBoundary": config_spelling(raw.get("PermissionsBoundary")),
            "tags": config_spelling(raw.get("Tags") or []),
            "roleLastUsed": config_spelling(raw.get("RoleLastUsed")),
        },
        relationships=_policy_edges(raw.get("AttachedManagedPolicies")),
        tags=tag_map(raw.get("Tags")),
        created=raw.get("CreateDate"),
    )


def _version(raw: Raw) -> dict[str, Any]:
    return {
        "document": _document(raw.get("Document")),
        "versionId": raw.get("VersionId"),
        "isDefaultVersion": raw.get("IsDefaultVersion"),
        "createDate": config_spelling(raw.get("CreateDate")),
    }


def _policy(ctx: Context, raw: Raw) -> ConfigurationItem:
    return make_item(
        ctx,
        POLICY,
        raw["PolicyId"],
        name=raw["PolicyName"],
        arn=raw["Arn"],
        configuration={
            "policyName": raw["PolicyName"],
            "policyId": raw["PolicyId"],
            "arn": raw["Arn"],
            "path": raw.get("Path"),
            "defaultVersionId": raw.get("DefaultVersionId"),
            "attachmentCount": raw.get("AttachmentCount"),
            "permissionsBoundaryUsageCount": raw.get("PermissionsBoundaryUsageCount", 0),
            "isAttachable": raw.get("IsAttachable"),
            "description": raw.get("Description"),
            "createDate": config_spelling(raw.get("CreateDate")),
            "updateDate": config_spelling(raw.get("UpdateDate")),
            "policyVersionList": [_version(version) for version in raw.get("PolicyVersionList") or ()],
        },
        tags=tag_map(raw.get("Tags")),
        created=raw.get("CreateDate"),
    )


def _name(item: ConfigurationItem) -> str:
    return item.resource_name or item.resource_id


def _reader(
    type_: str, filter_name: str, result: str, key: str, item: Any, key_of: Callable[[ConfigurationItem], str]
) -> Reader:
    return Reader(
        type_,
        "iam",
        all=_details(filter_name, result),
        some=_chosen(filter_name, result, key),
        item=item,
        key=key_of,
        global_type=True,
    )


ROWS = (
    Row(
        *("AWS::IAM::ServerCertificate", "iam", "list_server_certificates", "ServerCertificateMetadataList"),
        id="ServerCertificateName",
        arn="Arn",
        name="ServerCertificateName",
        spelling=plain,
        tags=Ask(
            *("list_server_certificate_tags", "ServerCertificateName", "ServerCertificateName"),
            result="Tags",
            absent=("NoSuchEntity",),
        ),
        created="UploadDate",
        global_type=True,
    ),
)

READERS = (
    _reader(USER, "User", "UserDetailList", "UserName", _user, _name),
    _reader(GROUP, "Group", "GroupDetailList", "GroupName", _group, _name),
    _reader(ROLE, "Role", "RoleDetailList", "RoleName", _role, _name),
    _reader(POLICY, "LocalManagedPolicy", "Policies", "Arn", _policy, lambda item: item.arn),
    *(described(row) for row in ROWS),
)
