# ruff: noqa: ARG002 (every handler's methods have the same signature)
"""AWS IAM: roles, policies, users, groups, instance profiles. Global: the region plays no part."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar
from urllib.parse import unquote

from watchkeeper.pulumi.provider.aws import Aws
from watchkeeper.pulumi.provider.handler import AutoName, Handler, known
from watchkeeper.pulumi.provider.values import Values, document, moment, same, tag_changes, tag_list, tag_map

_MAX_SESSION = (3600, 43200)


def _text(policy: Any) -> str:
    """A policy document of a reply: some endpoints percent-encode it, boto3 decodes some."""
    if isinstance(policy, (dict, list)):
        return json.dumps(policy)
    return unquote(policy) if policy.startswith("%7B") else str(policy)


def _document_problem(values: Values, name: str) -> Iterator[str]:
    text = known(values, name)
    if isinstance(text, str) and not isinstance(document(text), Mapping):
        yield f"{name} is not a JSON document; AWS would answer MalformedPolicyDocument"


def _update_tags(aws: Aws, kind: str, key: Mapping[str, str], old: Values, new: Values) -> None:
    added, removed = tag_changes(old.get("tags"), new.get("tags"))
    if added:
        aws.call("iam", f"tag_{kind}", **key, Tags=tag_list(added))
    if removed:
        aws.call("iam", f"untag_{kind}", **key, TagKeys=removed)


class Role(Handler):
    """``id`` is the name. Deleting it removes its inline policies and detaches the managed ones that Pulumi attached
    through it; with ``forceDetachPolicies`` all of them."""

    types = ("aws:iam/role:Role",)
    service = "iam"
    auto_name = AutoName(limit=64)
    replace = frozenset({"path"})
    defaults: ClassVar[dict[str, Any]] = {"path": "/", "maxSessionDuration": 3600, "forceDetachPolicies": False}
    documents = frozenset({"assumeRolePolicy"})
    write_only = frozenset({"forceDetachPolicies"})

    def validate(self, values: Values) -> Iterator[str]:
        yield from _document_problem(values, "assumeRolePolicy")
        duration = known(values, "maxSessionDuration")
        if duration is not None and not _MAX_SESSION[0] <= int(duration) <= _MAX_SESSION[1]:
            yield f"maxSessionDuration has to be between 3600 and 43200 seconds, not {duration}"
        name = known(values, "name")
        if isinstance(name, str) and not re.fullmatch(r"[\w+=,.@-]{1,64}", name):
            yield f"name {name!r} is no role name: 1 to 64 of letters, digits and _+=,.@-"

    def create(self, aws: Aws, values: Values) -> str:
        name = str(values["name"])
        aws.call(
            "iam",
            "create_role",
            RoleName=name,
            AssumeRolePolicyDocument=values["assumeRolePolicy"],
            Path=values["path"],
            Description=values.get("description"),
            MaxSessionDuration=int(values["maxSessionDuration"]),
            PermissionsBoundary=values.get("permissionsBoundary"),
            Tags=tag_list(values.get("tags")) or None,
        )
        aws.made = name
        self._put_policies(aws, name, {}, values)
        return name

    def read(self, aws: Aws, id_: str, values: Values) -> Values | None:
        reply = aws.find("iam", "get_role", RoleName=id_)
        if reply is None:
            return None
        role = reply["Role"]
        attached = aws.pages("iam", "list_attached_role_policies", "AttachedPolicies", RoleName=id_)
        found: Values = {
            "name": role["RoleName"],
            "arn": role["Arn"],
            "uniqueId": role["RoleId"],
            "path": role["Path"],
            "createDate": moment(role["CreateDate"]),
            "description": role.get("Description") or None,
            "maxSessionDuration": role.get("MaxSessionDuration", 3600),
            "assumeRolePolicy": _text(role["AssumeRolePolicyDocument"]),
            "permissionsBoundary": role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn"),
            "managedPolicyArns": sorted(policy["PolicyArn"] for policy in attached),
            "tags": tag_map(aws.pages("iam", "list_role_tags", "Tags", RoleName=id_)),
        }
        if "inlinePolicies" in values:
            found["inlinePolicies"] = self._inline(aws, id_)
        return found

    def update(self, aws: Aws, id_: str, old: Values, new: Values) -> None:
        if not same(old["assumeRolePolicy"], new["assumeRolePolicy"]):
            aws.call("iam", "update_assume_role_policy", RoleName=id_, PolicyDocument=new["assumeRolePolicy"])
        aws.call(
            "iam",
            "update_role",
            RoleName=id_,
            Description=new.get("description", ""),
            MaxSessionDuration=int(new["maxSessionDuration"]),
        )
        if old.get("permissionsBoundary") != new.get("permissionsBoundary"):
            self._bound(aws, id_, new.get("permissionsBoundary"))
        self._put_policies(aws, id_, old, new)
        _update_tags(aws, "role", {"RoleName": id_}, old, new)

    def delete(self, aws: Aws, id_: str, values: Values) -> None:
        if aws.find("iam", "get_role", RoleName=id_) is None:
            return
        for policy in aws.pages("iam", "list_attached_role_policies", "AttachedPolicies", RoleName=id_):
            if values["forceDetachPolicies"] or policy["PolicyArn"] in aws.inputs.get("managedPolicyArns", ()):
                aws.drop("iam", "detach_role_policy", RoleName=id_, PolicyArn=policy["PolicyArn"])
        inline = [policy["name"] for policy in aws.inputs.get("inlinePolicies", ()) if "name" in policy]
        if values["forceDetachPolicies"]:
            inline = aws.pages("iam", "list_role_policies", "PolicyNames", RoleName=id_)
        for name in inline:
            aws.drop("iam", "delete_role_policy", RoleName=id_, PolicyName=name)
        for profile in aws.pages("iam", "list_instance_profiles_for_role", "InstanceProfiles", RoleName=id_):
            profile_name = profile["InstanceProfileName"]
            aws.drop("iam", "remove_role_from_instance_profile", RoleName=id_, InstanceProfileName=profile_name)
        aws.drop("iam", "delete_role", RoleName=id_)

    def _bound(self, aws: Aws, role: str, boundary: str | None) -> None:
        if boundary:
            aws.call("iam", "put_role_permissions_boundary", RoleName=role, PermissionsBoundary=boundary)
        else:
            aws.drop("iam", "delete_role_permissions_boundary", RoleName=role)

    def _put_policies(self, aws: Aws, role: str, old: Values, new: Values) -> None:
        before, after = set(old.get("managedPolicyArns", ())), set(new.get("managedPolicyArns", ()))
        for arn in sorted(after - before):
            aws.call("iam", "attach_role_policy", RoleName=role, PolicyArn=arn)
        for arn in sorted(before - after):
            aws.drop("iam", "detach_role_policy", RoleName=role, PolicyArn=arn)
        wanted = {policy["name"]: policy["policy"] for policy in new.get("inlinePolicies", ()) if "name" in policy}
        for name, text in sorted(wanted.items()):
            aws.call("iam", "put_role_policy", RoleName=role, PolicyName=name, PolicyDocument=text)
        for policy in old.get("inlinePolicies", ()):
            if policy.get("name") and policy["name"] not in wanted:
                aws.drop("iam", "delete_role_policy", RoleName=role, PolicyName=policy["name"])

    def _inline(self, aws: Aws, role: str) -> list[dict[str, str]]:
        names = aws.pages("iam", "list_role_policies", "PolicyNames", RoleName=role)
        replies = [aws.call("iam", "get_role_policy", RoleName=role, PolicyName=name) for name in sorted(names)]
        return [{"name": reply["PolicyName"], "policy": _text(reply["PolicyDocument"])} for reply in replies]


class _InlinePolicy(Handler):
    """An inline policy of a role, user or group; ``id`` is ``<owner>:<policy name>``."""

    service = "iam"
    auto_name = AutoName(limit=128)
    documents = frozenset({"policy"})
    owner: ClassVar[str]
    """``role``, ``user`` or ``group``: the property that names the owner, and the API's word for it."""

    def validate(self, values: Values) -> Iterator[str]:
        yield from _document_problem(values, "policy")

    def _owner(self, name: str) -> dict[str, str]:
        return {f"{self.owner.title()}Name": name}

    def create(self, aws: Aws, values: Values) -> str:
        owner, name = str(values[self.owner]), str(values["name"])
        method = f"put_{self.owner}_policy"
        aws.call("iam", method, **self._owner(owner), PolicyName=name, PolicyDocument=values["policy"])
        return f"{owner}:{name}"

    def read(self, aws: Aws, id_: str, values: Values) -> Values | None:
        owner, _, name = id_.partition(":")
        reply = aws.find("iam", f"get_{self.owner}_policy", **self._owner(owner), PolicyName=name)
        if reply is None:
            return None
        return {self.owner: owner, "name": name, "policy": _text(reply["PolicyDocument"])}

    def update(self, aws: Aws, id_: str, old: Values, new: Values) -> None:
        self.create(aws, {**new, "name": id_.partition(":")[2]})

    def delete(self, aws: Aws, id_: str, values: Values) -> None:
        owner, _, name = id_.partition(":")
        aws.drop("iam", f"delete_{self.owner}_policy", **self._owner(owner), PolicyName=name)


class RolePolicy(_InlinePolicy):
    """An inline policy of a role."""

    types = ("aws:iam/rolePolicy:RolePolicy",)
    identity = "{role}:{name}"
    owner = "role"
    replace = frozenset({"role"})


class UserPolicy(_InlinePolicy):
    """An inline policy of a user."""

    types = ("aws:iam/userPolicy:UserPolicy",)
    identity = "{user}:{name}"
    owner = "user"
    replace = frozenset({"user"})


class GroupPolicy(_InlinePolicy):
    """An inline policy of a group."""

    types = ("aws:iam/groupPolicy:GroupPolicy",)
    identity = "{group}:{name}"
    owner = "group"
    replace = frozenset({"group"})


class _Attachment(Handler):
    """A managed policy attached to a role, user or group; ``id`` is ``<owner>/<policy ARN>``."""

    service = "iam"
    owner: ClassVar[str]

    def validate(self, values: Values) -> Iterator[str]:
        arn = known(values, "policyArn")
        if isinstance(arn, str) and not arn.startswith("arn:"):
            yield f"policyArn has to be an ARN, not {arn!r}"

    def _key(self, owner: str, arn: str) -> dict[str, str]:
        return {f"{self.owner.title()}Name": owner, "PolicyArn": arn}

    def create(self, aws: Aws, values: Values) -> str:
        owner, arn = str(values[self.owner]), str(values["policyArn"])
        aws.call("iam", f"attach_{self.owner}_policy", **self._key(owner, arn))
        return f"{owner}/{arn}"

    def read(self, aws: Aws, id_: str, values: Values) -> Values | None:
        owner, _, arn = id_.partition("/")
        method, name = f"list_attached_{self.owner}_policies", {f"{self.owner.title()}Name": owner}
        if aws.find("iam", f"get_{self.owner}", **name) is None:
            return None
        attached = aws.pages("iam", method, "AttachedPolicies", **name)
        if not any(policy["PolicyArn"] == arn for policy in attached):
            return None
        return {self.owner: owner, "policyArn": arn}

    def update(self, aws: Aws, id_: str, old: Values, new: Values) -> None:
        """Everything forces a replacement."""

    def delete(self, aws: Aws, id_: str, values: Values) -> None:
        owner, _, arn = id_.partition("/")
        aws.drop("iam", f"detach_{self.owner}_policy", **self._key(owner, arn))


class RolePolicyAttachment(_Attachment):
    """A managed policy attached to a role."""

    types = ("aws:iam/rolePolicyAttachment:RolePolicyAttachment",)
    identity = "{role}/{policyArn}"
    owner = "role"
    replace = frozenset({"role", "policyArn"})


class UserPolicyAttachment(_Attachment):
    """A managed policy attached to a user."""

    types = ("aws:iam/userPolicyAttachment:UserPolicyAttachment",)
    identity = "{user}/{policyArn}"
    owner = "user"
    replace = frozenset({"user", "policyArn"})


class GroupPolicyAttachment(_Attachment):
    """A managed policy attached to a group."""

    types = ("aws:iam/groupPolicyAttachment:GroupPolicyAttachment",)
    identity = "{group}/{policyArn}"
    owner = "group"
    replace = frozenset({"group", "policyArn"})


class Policy(Handler):
    """A customer-managed policy; ``id`` is the ARN. An update makes a new default version."""

    types = ("aws:iam/policy:Policy",)
    identity = "arn:aws:iam::{account}:policy{path}{name}"
    service = "iam"
    auto_name = AutoName(limit=128)
    replace = frozenset({"path", "description"})
    defaults: ClassVar[dict[str, Any]] = {"path": "/"}
    documents = frozenset({"policy"})
    write_only = frozenset({"delayAfterPolicyCreationInMs"})

    def validate(self, values: Values) -> Iterator[str]:
        yield from _document_problem(values, "policy")

    def create(self, aws: Aws, values: Values) -> str:
        reply = aws.call(
            "iam",
            "create_policy",
            PolicyName=values["name"],
            PolicyDocument=values["policy"],
            Path=values["path"],
            Description=values.get("description"),
            Tags=tag_list(values.get("tags")) or None,
        )
        return str(reply["Policy"]["Arn"])

    def read(self, aws: Aws, id_: str, values: Values) -> Values | None:
        reply = aws.find("iam", "get_policy", PolicyArn=id_)
        if reply is None:
            return None
        policy = reply["Policy"]
        version = aws.call("iam", "get_policy_version", PolicyArn=id_, VersionId=policy["DefaultVersionId"])
        return {
            "arn": id_,
            "name": policy["PolicyName"],
            "path": policy["Path"],
            "description": policy.get("Description") or None,
            "policyId": policy["PolicyId"],
            "attachmentCount": policy.get("AttachmentCount", 0),
            "policy": _text(version["PolicyVersion"]["Document"]),
            "tags": tag_map(aws.call("iam", "list_policy_tags", PolicyArn=id_).get("Tags")),
        }

    def update(self, aws: Aws, id_: str, old: Values, new: Values) -> None:
        if not same(old["policy"], new["policy"]):
            versions = aws.pages("iam", "list_policy_versions", "Versions", PolicyArn=id_)
            spare = sorted((v for v in versions if not v["IsDefaultVersion"]), key=lambda v: v["CreateDate"])
            if len(versions) >= 5 and spare:
                aws.drop("iam", "delete_policy_version", PolicyArn=id_, VersionId=spare[0]["VersionId"])
            aws.call("iam", "create_policy_version", PolicyArn=id_, PolicyDocument=new["policy"], SetAsDefault=True)
        _update_tags(aws, "policy", {"PolicyArn": id_}, old, new)

    def delete(self, aws: Aws, id_: str, values: Values) -> None:
        if aws.find("iam", "get_policy", PolicyArn=id_) is None:
            return
        for version in aws.pages("iam", "list_policy_versions", "Versions", PolicyArn=id_):
            if not version["IsDefaultVersion"]:
                aws.drop("iam", "delete_policy_version", PolicyArn=id_, VersionId=version["VersionId"])
        aws.drop("iam", "delete_policy", PolicyArn=id_)


class User(Handler):
    """``id`` is the name. With ``forceDestroy``, keys, login profile, groups and policies go with it."""

    types = ("aws:iam/user:User",)
    service = "iam"
    auto_name = AutoName(limit=64)
    defaults: ClassVar[dict[str, Any]] = {"path": "/", "forceDestroy": False}
    replace = frozenset({"path"})
    write_only = frozenset({"forceDestroy"})

    def create(self, aws: Aws, values: Values) -> str:
        aws.call(
            "iam",
            "create_user",
            UserName=values["name"],
            Path=values["path"],
            PermissionsBoundary=values.get("permissionsBoundary"),
            Tags=tag_list(values.get("tags")) or None,
        )
        return str(values["name"])

    def read(self, aws: Aws, id_: str, values: Values) -> Values | None:
        reply = aws.find("iam", "get_user", UserName=id_)
        if reply is None:
            return None
        user = reply["User"]
        return {
            "name": user["UserName"],
            "arn": user["Arn"],
            "uniqueId": user["UserId"],
            "path": user["Path"],
            "permissionsBoundary": user.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn"),
            "tags": tag_map(aws.pages("iam", "list_user_tags", "Tags", UserName=id_)),
        }

    def update(self, aws: Aws, id_: str, old: Values, new: Values) -> None:
        boundary = new.get("permissionsBoundary")
        if old.get("permissionsBoundary") != boundary:
            if boundary:
                aws.call("iam", "put_user_permissions_boundary", UserName=id_, PermissionsBoundary=boundary)
            else:
                aws.drop("iam", "delete_user_permissions_boundary", UserName=id_)
        _update_tags(aws, "user", {"UserName": id_}, old, new)

    def delete(self, aws: Aws, id_: str, values: Values) -> None:
        if aws.find("iam", "get_user", UserName=id_) is None:
            return
        if values["forceDestroy"]:
            self._empty(aws, id_)
        aws.drop("iam", "delete_user", UserName=id_)

    def _empty(self, aws: Aws, user: str) -> None:
        for key in aws.pages("iam", "list_access_keys", "AccessKeyMetadata", UserName=user):
            aws.drop("iam", "delete_access_key", UserName=user, AccessKeyId=key["AccessKeyId"])
        for policy in aws.pages("iam", "list_attached_user_policies", "AttachedPolicies", UserName=user):
            aws.drop("iam", "detach_user_policy", UserName=user, PolicyArn=policy["PolicyArn"])
        for name in aws.pages("iam", "list_user_policies", "PolicyNames", UserName=user):
            aws.drop("iam", "delete_user_policy", UserName=user, PolicyName=name)
        for group in aws.pages("iam", "list_groups_for_user", "Groups", UserName=user):
            aws.drop("iam", "remove_user_from_group", UserName=user, GroupName=group["GroupName"])
        aws.drop("iam", "delete_login_profile", UserName=user)


class Group(Handler):
    """``id`` is the name."""

    types = ("aws:iam/group:Group",)
    service = "iam"
    auto_name = AutoName(limit=128)
    defaults: ClassVar[dict[str, Any]] = {"path": "/"}
    replace = frozenset({"path"})

    def create(self, aws: Aws, values: Values) -> str:
        aws.call("iam", "create_group", GroupName=values["name"], Path=values["path"])
        return str(values["name"])

    def read(self, aws: Aws, id_: str, values: Values) -> Values | None:
        reply = aws.find("iam", "get_group", GroupName=id_)
        if reply is None:
            return None
        group = reply["Group"]
        return {"name": group["GroupName"], "arn": group["Arn"], "uniqueId": group["GroupId"], "path": group["Path"]}

    def update(self, aws: Aws, id_: str, old: Values, new: Values) -> None:
        """Everything forces a replacement."""

    def delete(self, aws: Aws, id_: str, values: Values) -> None:
        aws.drop("iam", "delete_group", GroupName=id_)


class InstanceProfile(Handler):
    """``id`` is the name."""

    types = ("aws:iam/instanceProfile:InstanceProfile",)
    service = "iam"
    auto_name = AutoName(limit=128)
    defaults: ClassVar[dict[str, Any]] = {"path": "/"}
    replace = frozenset({"path"})

    def create(self, aws: Aws, values: Values) -> str:
        name = str(values["name"])
        tags = tag_list(values.get("tags")) or None
        aws.call("iam", "create_instance_profile", InstanceProfileName=name, Path=values["path"], Tags=tags)
        aws.made = name
        if values.get("role"):
            aws.call("iam", "add_role_to_instance_profile", InstanceProfileName=name, RoleName=values["role"])
        return name

    def read(self, aws: Aws, id_: str, values: Values) -> Values | None:
        reply = aws.find("iam", "get_instance_profile", InstanceProfileName=id_)
        if reply is None:
            return None
        profile = reply["InstanceProfile"]
        roles = [role["RoleName"] for role in profile.get("Roles", ())]
        return {
            "name": profile["InstanceProfileName"],
            "arn": profile["Arn"],
            "uniqueId": profile["InstanceProfileId"],
            "path": profile["Path"],
            "createDate": moment(profile["CreateDate"]),
            "role": roles[0] if roles else None,
            "tags": tag_map(profile.get("Tags")),
        }

    def update(self, aws: Aws, id_: str, old: Values, new: Values) -> None:
        if old.get("role") != new.get("role"):
            self._change_role(aws, id_, old.get("role"), new.get("role"))
        _update_tags(aws, "instance_profile", {"InstanceProfileName": id_}, old, new)

    def delete(self, aws: Aws, id_: str, values: Values) -> None:
        reply = aws.find("iam", "get_instance_profile", InstanceProfileName=id_)
        if reply is None:
            return
        for role in reply["InstanceProfile"].get("Roles", ()):
            self._change_role(aws, id_, role["RoleName"], None)
        aws.drop("iam", "delete_instance_profile", InstanceProfileName=id_)

    def _change_role(self, aws: Aws, profile: str, old: str | None, new: str | None) -> None:
        if old:
            aws.drop("iam", "remove_role_from_instance_profile", InstanceProfileName=profile, RoleName=old)
        if new:
            aws.call("iam", "add_role_to_instance_profile", InstanceProfileName=profile, RoleName=new)


HANDLERS: tuple[Handler, ...] = (
    Role(),
    RolePolicy(),
    UserPolicy(),
    GroupPolicy(),
    RolePolicyAttachment(),
    UserPolicyAttachment(),
    GroupPolicyAttachment(),
    Policy(),
    User(),
    Group(),
    InstanceProfile(),
)
