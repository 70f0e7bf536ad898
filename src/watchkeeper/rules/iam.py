"""AWS IAM: users, groups, roles, policies, and the account's credentials.

What an item does not hold (MFA, use of credentials) is read from the credential report, as AWS does.
Each rule's page: https://docs.aws.amazon.com/config/latest/developerguide/<console name>.html.
"""

# ruff: noqa: ARG001 - every rule has the same signature
from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from watchkeeper.model import ConfigurationItem, Severity, Unavailable, Verdict
from watchkeeper.rules.base import (
    ACCOUNT,
    COMPLIANT,
    Index,
    Lookup,
    Parameters,
    any_fits,
    array,
    days_between,
    dig,
    flag,
    listed,
    moment,
    need,
    needed_array,
    not_applicable,
    number,
    pick,
    rule,
    shown,
    text,
    that_fail,
    verdict,
    violation,
)
from watchkeeper.rules.policy import (
    ANYTHING,
    Statement,
    account_of,
    full_service,
    grants_admin,
    matches,
    needed_statements,
)

USER = "AWS::IAM::User"
GROUP = "AWS::IAM::Group"
ROLE = "AWS::IAM::Role"
POLICY = "AWS::IAM::Policy"
PRINCIPALS = (USER, GROUP, ROLE)
REPORT = "iam.credential_report"
SUMMARY = "iam.account_summary"
PASSWORD_POLICY = "iam.password_policy"  # noqa: S105 - the name of a fact
MANAGEMENT_ACCOUNT = "organizations.master_account_id"
VIRTUAL_DEVICES = "iam.virtual_mfa_devices"
NOTHING = ("", "N/A", "no_information", "not_supported", None)
INLINE = {USER: "userPolicyList", GROUP: "groupPolicyList", ROLE: "rolePolicyList"}


def _report_row(item: ConfigurationItem, lookup: Lookup) -> Mapping[str, str]:
    name = item.configuration.get("userName") or item.resource_name
    for row in lookup.account_fact(REPORT):
        if row.get("user") == name:
            found: Mapping[str, str] = row
            return found
    raise Unavailable(f"the credential report has no row for {shown(name)}")


def _yes(row: Mapping[str, str], column: str) -> bool:
    return str(row.get(column, "")).lower() == "true"


def _age(row: Mapping[str, str], lookup: Lookup, *columns: str) -> float | None:
    """Days since the first of the columns that says a time."""
    for column in columns:
        value = row.get(column)
        if value not in NOTHING:
            return days_between(moment(value), lookup.now())
    return None


@rule("ACCESS_KEYS_ROTATED", types=(USER,), severity=Severity.MEDIUM, category="Identity",
      needs=(f"account:{REPORT}",))  # fmt: skip
def access_keys_rotated(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """Every active access key of the user is at most maxAccessKeyAge days old."""
    row, limit = _report_row(item, lookup), parameters["maxAccessKeyAge"]
    for key in ("1", "2"):
        if not _yes(row, f"access_key_{key}_active"):
            continue
        age = _age(row, lookup, f"access_key_{key}_last_rotated")
        if age is None or age > limit:
            old = "of unknown age" if age is None else f"{int(age)} days old"
            return violation(f"Access key {key} is {old}, {limit} are allowed; rotate it.")
    return COMPLIANT


@rule("IAM_USER_UNUSED_CREDENTIALS_CHECK", types=(USER,), severity=Severity.MEDIUM, category="Identity",
      needs=(f"account:{REPORT}",))  # fmt: skip
def unused_credentials(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The user's password and active access keys were used in the last maxCredentialUsageAge days."""
    row, limit = _report_row(item, lookup), parameters["maxCredentialUsageAge"]
    for name, active, columns in _credentials():
        if not _yes(row, active):
            continue
        age = _age(row, lookup, *columns)
        if age is None:
            raise Unavailable(f"the credential report does not say when the {name} was used or set")
        if age > limit:
            return violation(f"The {name} was not used for {int(age)} days, {limit} are allowed; remove it.")
    return COMPLIANT


def _credentials() -> Iterator[tuple[str, str, tuple[str, ...]]]:
    yield "password", "password_enabled", ("password_last_used", "password_last_changed")
    for key in ("1", "2"):
        columns = (f"access_key_{key}_last_used_date", f"access_key_{key}_last_rotated")
        yield f"access key {key}", f"access_key_{key}_active", columns


@rule("IAM_USER_MFA_ENABLED", types=(USER,), severity=Severity.MEDIUM, category="Identity",
      needs=(f"account:{REPORT}",))  # fmt: skip
def user_mfa(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The user has an MFA device."""
    return verdict(_yes(_report_row(item, lookup), "mfa_active"), "The user has no MFA device; assign one.")


@rule("MFA_ENABLED_FOR_IAM_CONSOLE_ACCESS", types=(USER,), severity=Severity.MEDIUM, category="Identity",
      needs=(f"account:{REPORT}",))  # fmt: skip
def console_mfa(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """A user with a console password has an MFA device."""
    row = _report_row(item, lookup)
    safe = not _yes(row, "password_enabled") or _yes(row, "mfa_active")
    return verdict(safe, "The user signs in to the console without MFA; assign an MFA device.")


@rule("IAM_USER_NO_POLICIES_CHECK", types=(USER,), severity=Severity.LOW, category="Identity")
def user_no_policies(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The user has no policy of their own, inline or attached; permissions come by group or role."""
    names = [dig(entry, "policyName") for key in ("userPolicyList", "attachedManagedPolicies")
             for entry in needed_array(item.configuration, key)]  # fmt: skip
    return verdict(not names, f"Policies on the user itself: {listed(names, 3)}; grant them by group or role.")


@rule("IAM_USER_GROUP_MEMBERSHIP_CHECK", types=(USER,), severity=Severity.LOW, category="Identity")
def user_groups(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The user is in a group, in all of groupNames where they are given."""
    groups, wanted = needed_array(item.configuration, "groupList"), parameters.get("groupNames", ())
    if not groups:
        return violation("The user is in no group; add them to one.")
    missing = [name for name in wanted if name not in groups]
    return verdict(not missing, f"The user is not in {listed(missing)}; add them.")


@rule("IAM_NO_INLINE_POLICY_CHECK", types=PRINCIPALS, severity=Severity.LOW, category="Identity")
def no_inline_policy(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The user, group or role has no inline policy."""
    names = [dig(entry, "policyName") for entry in needed_array(item.configuration, INLINE[item.resource_type])]
    return verdict(not names, f"Inline policies: {listed(names, 3)}; make them managed policies.")


@rule("IAM_POLICY_BLACKLISTED_CHECK", types=PRINCIPALS, severity=Severity.MEDIUM, category="Identity")
def blacklisted_policies(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """None of policyArns is attached to the user, group or role; exceptionList exempts names (users:[a];roles:[b])."""
    name = item.resource_name or ""
    if name in _exceptions(parameters.get("exceptionList", ()), item.resource_type):
        return COMPLIANT
    attached = {str(dig(entry, "policyArn")) for entry in needed_array(item.configuration, "attachedManagedPolicies")}
    bad = sorted(attached & set(parameters["policyArns"]))
    return verdict(not bad, f"{listed(bad, 1)} is attached; detach it.")


def _exceptions(given: tuple[str, ...], resource_type: str) -> set[str]:
    kind = {USER: "users", GROUP: "groups", ROLE: "roles"}[resource_type]
    named = _EXCEPTIONS.findall(",".join(given))
    return {name.strip() for label, names in named if label.lower() == kind for name in re.split("[;,|]", names)}


_EXCEPTIONS = re.compile(r"(users|groups|roles)\s*:\s*\[([^\]]*)\]", re.IGNORECASE)
"""``users:[user1;user2], groups:[group1], roles:[role1]``, as on the rule's page."""

GROUPS_WITH_USERS = Index(
    USER, lambda user: ((name, True) for name in array(user.configuration, "groupList")), aspects=()
)


@rule("IAM_GROUP_HAS_USERS_CHECK", types=(GROUP,), severity=Severity.LOW, category="Identity",
      indexes=(GROUPS_WITH_USERS,))  # fmt: skip
def group_has_users(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The group has at least one user."""
    return verdict(_has_users(item, lookup), "The group has no user; add one or delete the group.")


def _has_users(group: ConfigurationItem, lookup: Lookup) -> bool:
    name = text(group.configuration, "groupName")
    return bool(lookup.find(GROUPS_WITH_USERS, name))


@rule("IAM_ROLE_MANAGED_POLICY_CHECK", types=(ROLE,), severity=Severity.LOW, category="Identity")
def role_managed_policies(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """All of managedPolicyArns are attached to the role."""
    attached = {str(dig(entry, "policyArn")) for entry in needed_array(item.configuration, "attachedManagedPolicies")}
    missing = [arn for arn in parameters["managedPolicyArns"] if arn not in attached]
    return verdict(not missing, f"{listed(missing, 2)} is not attached to the role; attach it.")


def _default_version(item: ConfigurationItem) -> tuple[Statement, ...]:
    for version in needed_array(item.configuration, "policyVersionList"):
        if flag(version, "isDefaultVersion"):
            # AWS's schema of the item lists versions without their documents.
            return needed_statements(need(version, "document"))
    raise Unavailable("the item does not hold the policy's default version")


def _excluded(item: ConfigurationItem, parameters: Parameters) -> Verdict | None:
    """NOT_APPLICABLE for what the rules about customer managed policies leave out."""
    if any(":iam::aws:policy/" in arn for arn in (item.arn, text(item.configuration, "arn", default=""))):
        return not_applicable("AWS manages the policy.")
    if not parameters.get("excludePermissionBoundaryPolicy"):
        return None
    boundaries = number(item.configuration, "permissionsBoundaryUsageCount")
    return not_applicable("The policy is used as a permissions boundary.") if boundaries > 0 else None


@rule("IAM_POLICY_NO_STATEMENTS_WITH_ADMIN_ACCESS", types=(POLICY,), severity=Severity.HIGH, category="Identity")
def policy_no_admin(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The customer managed policy does not allow every action on every resource."""
    if excluded := _excluded(item, parameters):
        return excluded
    bad = next((s for s in _default_version(item) if grants_admin(s)), None)
    return verdict(bad is None, 'The policy allows "*" on "*"; name the actions and resources that are needed.')


@rule("IAM_POLICY_NO_STATEMENTS_WITH_FULL_ACCESS", types=(POLICY,), severity=Severity.LOW, category="Identity")
def policy_no_full_access(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The customer managed policy allows no service as a whole."""
    if excluded := _excluded(item, parameters):
        return excluded
    bad = next(filter(None, map(full_service, _default_version(item))), None)
    return verdict(bad is None, f"The policy allows {shown(bad)}; name the actions that are needed.")


def _names_every_key(resource: str) -> bool:
    """Whether the resource, as a policy names it, fits every KMS key of a region and account."""
    parts = [part if part and "*" not in part else ANYTHING for part in [*resource.split(":"), *[""] * 5]]
    return matches(resource, f"arn:{parts[1]}:kms:{parts[3]}:{parts[4]}:key/{ANYTHING}")


def _blocked(found: tuple[Statement, ...], patterns: tuple[str, ...]) -> str | None:
    for statement in found:
        if statement.allows and (statement.not_resources or any(map(_names_every_key, statement.resources))):
            hit = next((pattern for pattern in patterns if statement.may_match(pattern)), None)
            if hit:
                return hit
    return None


@rule("IAM_CUSTOMER_POLICY_BLOCKED_KMS_ACTIONS", types=(POLICY,), severity=Severity.MEDIUM, category="Identity")
def policy_blocked_kms(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The customer managed policy allows none of blockedActionsPatterns on all KMS keys."""
    if excluded := _excluded(item, parameters):
        return excluded
    bad = _blocked(_default_version(item), parameters["blockedActionsPatterns"])
    return verdict(bad is None, f"The policy allows {shown(bad)} on all keys; name the keys.")


def _principals_of(role: ConfigurationItem) -> list[tuple[str, str]]:
    """Whom the role's trust policy lets assume it."""
    trust = needed_statements(need(role.configuration, "assumeRolePolicyDocument"))
    if any(statement.allows and statement.not_principals for statement in trust):
        return [("AWS", "*")]
    return [principal for statement in trust if statement.allows for principal in statement.principals]


def _managements_only(item: ConfigurationItem, lookup: Lookup) -> bool:
    """Whether nobody but the organization's management account can assume the role."""
    management, trusted = lookup.account_fact(MANAGEMENT_ACCOUNT), _principals_of(item)
    return bool(trusted) and all(kind == "AWS" and account_of(value) == management for kind, value in trusted)


@rule("IAM_INLINE_POLICY_BLOCKED_KMS_ACTIONS", types=PRINCIPALS, severity=Severity.MEDIUM, category="Identity",
      needs=(f"account:{MANAGEMENT_ACCOUNT}",))  # fmt: skip
def inline_blocked_kms(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """No inline policy allows one of blockedActionsPatterns on all KMS keys; with excludeRoleByManagementAccount=true,
    roles that only the management account can assume are not applicable."""
    excludes = item.resource_type == ROLE and parameters.get("excludeRoleByManagementAccount")
    if excludes and _managements_only(item, lookup):
        return not_applicable("Only the organization's management account can assume the role.")
    patterns, found = parameters["blockedActionsPatterns"], needed_array(item.configuration, INLINE[item.resource_type])

    def harmless(entry: Any) -> bool:
        return _blocked(needed_statements(need(entry, "policyDocument")), patterns) is None

    bad = that_fail(found, harmless)
    return verdict(
        not bad, f"Inline policy {shown(bad and pick(bad[0], 'policyName'))} allows blocked actions on all keys."
    )


@rule("IAM_POLICY_IN_USE", types=(ACCOUNT,), severity=Severity.LOW, category="Identity",
      needs=tuple(f"items:{kind}" for kind in PRINCIPALS), indexes=(GROUPS_WITH_USERS,))  # fmt: skip
def policy_in_use(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The policy policyARN is attached to a user, a group with users or a role that somebody can assume
    (policyUsageType)."""
    usage = parameters.get("policyUsageType", "ANY")
    kinds = {"IAM_USER": (USER,), "IAM_GROUP": (GROUP,), "IAM_ROLE": (ROLE,)}.get(usage, PRINCIPALS)
    wanted = parameters["policyARN"]
    for kind in kinds:
        for entity in lookup.items_of_type(kind):
            attached = needed_array(entity.configuration, "attachedManagedPolicies")
            if any(dig(entry, "policyArn") == wanted for entry in attached) and _in_use(entity, lookup):
                return COMPLIANT
    return violation(f"{shown(wanted, 140)} is attached to nothing that is in use; attach it.")


def _in_use(entity: ConfigurationItem, lookup: Lookup) -> bool:
    if entity.resource_type == GROUP:
        return _has_users(entity, lookup)
    return entity.resource_type == USER or bool(_principals_of(entity))


_PASSWORD_FLAGS = {
    "RequireUppercaseCharacters": ("RequireUppercaseCharacters", "an uppercase letter"),
    "RequireLowercaseCharacters": ("RequireLowercaseCharacters", "a lowercase letter"),
    "RequireSymbols": ("RequireSymbols", "a symbol"),
    "RequireNumbers": ("RequireNumbers", "a number"),
}


@rule("IAM_PASSWORD_POLICY", types=(ACCOUNT,), severity=Severity.MEDIUM, category="Identity",
      needs=(f"account:{PASSWORD_POLICY}",))  # fmt: skip
def password_policy(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The account's password policy is at least as strict as the parameters."""
    policy = lookup.account_fact(PASSWORD_POLICY)
    if not policy:
        return violation("The account has no password policy; set one.")
    asked = [entry for name, entry in _PASSWORD_FLAGS.items() if parameters.get(name)]
    wrong = list(_weak_numbers(policy, parameters))
    try:
        wrong = [f"require {what}" for _, what in that_fail(asked, lambda entry: flag(policy, entry[0]))] + wrong
    except Unavailable:
        if not wrong:
            raise
    return verdict(not wrong, f"The password policy must {', '.join(wrong)}.")


def _weak_numbers(policy: Mapping[str, Any], parameters: Parameters) -> Iterator[str]:
    length, reuse, age = (
        parameters.get(n) for n in ("MinimumPasswordLength", "PasswordReusePrevention", "MaxPasswordAge")
    )
    if length is not None and number(policy, "MinimumPasswordLength", default=0) < length:
        yield f"ask for {length} characters"
    if reuse is not None and number(policy, "PasswordReusePrevention", default=0) < reuse:
        yield f"remember {reuse} passwords"
    if age is not None and not 0 < number(policy, "MaxPasswordAge", default=0) <= age:
        yield f"expire passwords after {age} days"


@rule("IAM_ROOT_ACCESS_KEY_CHECK", types=(ACCOUNT,), severity=Severity.CRITICAL, category="Identity",
      needs=(f"account:{SUMMARY}",))  # fmt: skip
def root_access_key(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The root user has no access key."""
    keys = number(lookup.account_fact(SUMMARY), "AccountAccessKeysPresent")
    return verdict(keys == 0, "The root user has an access key; delete it.")


NO_ROOT_CREDENTIALS = "The root user has no credentials."
ROOT_CREDENTIALS = ("AccountPasswordPresent", "AccountAccessKeysPresent", "AccountSigningCertificatesPresent")


def _no_root_credentials(summary: Mapping[str, Any]) -> bool:
    """Whether the account summary says of each kind that there is none; one that it does not name may exist."""
    return all(number(summary, name, default=1) == 0 for name in ROOT_CREDENTIALS)


@rule("ROOT_ACCOUNT_MFA_ENABLED", types=(ACCOUNT,), severity=Severity.CRITICAL, category="Identity",
      needs=(f"account:{SUMMARY}",))  # fmt: skip
def root_mfa(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The root user has an MFA device; a root user without credentials is not applicable."""
    summary = lookup.account_fact(SUMMARY)
    if _no_root_credentials(summary):
        return not_applicable(NO_ROOT_CREDENTIALS)
    on = number(summary, "AccountMFAEnabled")
    return verdict(on == 1, "The root user has no MFA device; assign one.")


@rule("ROOT_ACCOUNT_HARDWARE_MFA_ENABLED", types=(ACCOUNT,), severity=Severity.CRITICAL, category="Identity",
      needs=(f"account:{SUMMARY}", f"account:{VIRTUAL_DEVICES}"))  # fmt: skip
def root_hardware_mfa(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The root user has a hardware MFA device and no virtual one; a root user without credentials is not applicable."""
    summary = lookup.account_fact(SUMMARY)
    if _no_root_credentials(summary):
        return not_applicable(NO_ROOT_CREDENTIALS)
    if number(summary, "AccountMFAEnabled") != 1:
        return violation("The root user has no MFA device; assign a hardware one.")
    virtual = any_fits(lookup.account_fact(VIRTUAL_DEVICES), _is_roots)
    return verdict(not virtual, "The root user's MFA device is virtual; assign a hardware one.")


def _is_roots(device: Any) -> bool:
    """Whether the virtual device is the root user's: its owner's ARN says so. The name alone does not, but for the one
    that the console gives."""
    owner = dig(device, "user")
    if owner:
        return str(owner).endswith(":root")
    if text(device, "serial").endswith("mfa/root-account-mfa-device"):
        return True
    raise Unavailable(f"nobody read whose virtual MFA device {shown(dig(device, 'serial'))} is")


@rule("IAM_SERVER_CERTIFICATE_EXPIRATION_CHECK", types=("AWS::IAM::ServerCertificate",), severity=Severity.MEDIUM,
      category="Encryption")  # fmt: skip
def server_certificate(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The server certificate in IAM has not expired."""
    end: datetime = moment(need(item.configuration, "Expiration", "serverCertificateMetadata.expiration"))
    return verdict(end > lookup.now(), f"The certificate expired on {end:%Y-%m-%d}; replace or delete it.")
