"""Organization rules and conformance packs: one definition, put into every account of the organization.

The organization of the embedded AWS is all accounts that have a recorder in the region, less those excluded; whoever
calls is taken for its management account.
https://docs.aws.amazon.com/config/latest/developerguide/config-rule-multi-account-deployment.html
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from watchkeeper.aws import refusals
from watchkeeper.awsconfig.conformance_packs import remove_pack, store_pack, template_of
from watchkeeper.awsconfig.context import Call, present, short_id
from watchkeeper.awsconfig.errors import ConfigError, invalid, refuse
from watchkeeper.awsconfig.recorders import KIND as RECORDER
from watchkeeper.awsconfig.recorders import require_recorder
from watchkeeper.awsconfig.rule_checks import check_rule
from watchkeeper.awsconfig.rules import remove_rule, store_rule
from watchkeeper.awsconfig.tags import forget_tags, keep_tags

RULE, PACK = "organization_rule", "organization_pack"
RULE_LIMIT, PACK_LIMIT = 150, 50
_METADATA = (
    "OrganizationManagedRuleMetadata",
    "OrganizationCustomRuleMetadata",
    "OrganizationCustomPolicyRuleMetadata",
)


def put_organization_config_rule(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    name = request["OrganizationConfigRuleName"]
    given = [key for key in _METADATA if request.get(key)]
    if len(given) != 1:
        raise invalid(f"Provide exactly one of {', '.join(_METADATA)}.")
    existing = call.get(RULE, name)
    if not existing and call.db.count(call.account, call.region, RULE) >= RULE_LIMIT:
        raise ConfigError(
            "MaxNumberOfOrganizationConfigRulesExceededException", f"There are {RULE_LIMIT} organization rules already."
        )
    shape = _rule_shape(given[0], request[given[0]])
    identity = existing["id"] if existing else f"{name}-{short_id(8)}"
    body = {
        "id": identity,
        "arn": call.arn(f"organization-config-rule/{identity}"),
        "metadata": {given[0]: request[given[0]]},
        "excluded": request.get("ExcludedAccounts") or [],
        "updated": call.now,
        "members": existing["members"] if existing else {},
    }
    check_rule(call, {**shape, "ConfigRuleName": name})
    _spread(
        call,
        body,
        lambda there: _put_member_rule(there, shape, f"OrgConfigRule-{identity}"),
        _remove_member_rule,
        "UPDATE" if existing else "CREATE",
    )
    call.put(RULE, name, body)
    if not existing:
        keep_tags(call, body["arn"], request.get("Tags"))
    return {"OrganizationConfigRuleArn": body["arn"]}


def delete_organization_config_rule(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    _delete(call, RULE, request["OrganizationConfigRuleName"], _remove_member_rule)
    return {}


def describe_organization_config_rules(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    rows = [
        ((name,), _rule_detail(name, body))
        for name, body in _named(call, RULE, request.get("OrganizationConfigRuleNames"))
    ]
    page, token = call.page_of(request, rows)
    return {"OrganizationConfigRules": page, **token}


def describe_organization_config_rule_statuses(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    rows = [
        ((name,), {"OrganizationConfigRuleName": name, **_status(body, "OrganizationRuleStatus")})
        for name, body in _named(call, RULE, request.get("OrganizationConfigRuleNames"))
    ]
    page, token = call.page_of(request, rows)
    return {"OrganizationConfigRuleStatuses": page, **token}


def get_organization_config_rule_detailed_status(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    body = _require(call, RULE, request["OrganizationConfigRuleName"])
    filters = request.get("Filters") or {}
    rows = _member_rows(body, "ConfigRuleName", "MemberAccountRuleStatus", filters)
    page, token = call.page_of(request, rows)
    return {"OrganizationConfigRuleDetailedStatus": page, **token}


def get_organization_custom_rule_policy(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    body = _require(call, RULE, request["OrganizationConfigRuleName"])
    policy = body["metadata"].get("OrganizationCustomPolicyRuleMetadata")
    return {"PolicyText": policy["PolicyText"]} if policy else {}


def put_organization_conformance_pack(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    name = request["OrganizationConformancePackName"]
    existing = call.get(PACK, name)
    if not existing and call.db.count(call.account, call.region, PACK) >= PACK_LIMIT:
        raise ConfigError(
            "MaxNumberOfOrganizationConformancePacksExceededException",
            f"There are {PACK_LIMIT} organization packs already.",
        )
    refuse(refusals.organization_bucket(request.get("DeliveryS3Bucket")))
    template_of(call, request, "OrganizationConformancePackTemplateValidationException")
    identity = existing["id"] if existing else f"{name}-{short_id(8)}"
    body = {
        "id": identity,
        "arn": call.arn(f"organization-conformance-pack/{identity}"),
        "bucket": request.get("DeliveryS3Bucket"),
        "prefix": request.get("DeliveryS3KeyPrefix"),
        "parameters": request.get("ConformancePackInputParameters"),
        "excluded": request.get("ExcludedAccounts") or [],
        "updated": call.now,
        "members": existing["members"] if existing else {},
    }
    _spread(
        call,
        body,
        lambda there: _put_member_pack(there, request, f"OrgConformsPack-{identity}"),
        remove_pack,
        "UPDATE" if existing else "CREATE",
    )
    call.put(PACK, name, body)
    if not existing:
        keep_tags(call, body["arn"], request.get("Tags"))
    return {"OrganizationConformancePackArn": body["arn"]}


def delete_organization_conformance_pack(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    _delete(call, PACK, request["OrganizationConformancePackName"], remove_pack)
    return {}


def describe_organization_conformance_packs(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    rows = [
        ((name,), _pack_detail(name, body))
        for name, body in _named(call, PACK, request.get("OrganizationConformancePackNames"))
    ]
    page, token = call.page_of(request, rows)
    return {"OrganizationConformancePacks": page, **token}


def describe_organization_conformance_pack_statuses(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    rows = [
        ((name,), {"OrganizationConformancePackName": name, **_status(body, "Status")})
        for name, body in _named(call, PACK, request.get("OrganizationConformancePackNames"))
    ]
    page, token = call.page_of(request, rows)
    return {"OrganizationConformancePackStatuses": page, **token}


def get_organization_conformance_pack_detailed_status(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    body = _require(call, PACK, request["OrganizationConformancePackName"])
    rows = _member_rows(body, "ConformancePackName", "Status", request.get("Filters") or {})
    page, token = call.page_of(request, rows)
    return {"OrganizationConformancePackDetailedStatuses": page, **token}


def _spread(
    call: Call, body: dict[str, Any], put: Callable[[Call], str], remove: Callable[[Call, str], None], verb: str
) -> None:
    """Put the definition into every account, and take it out of those that are excluded now. A refusal in one account
    stands in its status and doesn't stop the others."""
    rows = call.db.rows(
        "SELECT DISTINCT account FROM entity WHERE kind=? AND region=? ORDER BY 1", (RECORDER, call.region)
    )
    accounts = [row[0] for row in rows if row[0] not in body["excluded"]]
    for account in set(body["members"]) - set(accounts):
        _take_out(replace(call, account=account), body["members"].pop(account), remove)
    for account in accounts:
        there = replace(call, account=account)
        try:
            name = put(there)
        except ConfigError as error:
            failed = {"error": error.code, "message": error.message, "status": f"{verb}_FAILED", "updated": call.now}
            body["members"][account] = {"name": body["members"].get(account, {}).get("name", ""), **failed}
        else:
            body["members"][account] = {"name": name, "status": f"{verb}_SUCCESSFUL", "updated": call.now}


def _take_out(there: Call, member: dict[str, Any], remove: Callable[[Call, str], None]) -> None:
    if not member["name"]:
        return
    try:
        remove(there, member["name"])
    except ConfigError as error:
        if not error.code.startswith("NoSuch"):
            raise


def _delete(call: Call, kind: str, name: str, remove: Callable[[Call, str], None]) -> None:
    body = _require(call, kind, name)
    for account, member in body["members"].items():
        _take_out(replace(call, account=account), member, remove)
    call.remove(kind, name)
    forget_tags(call, body["arn"])


def _put_member_rule(there: Call, shape: dict[str, Any], name: str) -> str:
    require_recorder(there, "put config rule")
    named = {**shape, "ConfigRuleName": name}
    check_rule(there, named)
    return store_rule(there, named, existing=there.get("rule", name), pack=f"organization rule {name}")


def _remove_member_rule(there: Call, name: str) -> None:
    there.remove("remediation", name)
    stored = there.get("rule", name)
    if stored is not None:
        remove_rule(there, name, stored)


def _put_member_pack(there: Call, request: dict[str, Any], name: str) -> str:
    template = template_of(there, request, "OrganizationConformancePackTemplateValidationException")
    store_pack(there, {**request, "ConformancePackName": name, "Tags": None}, template)
    stored = there.get("pack", name) or {}
    if stored.get("state") == "CREATE_FAILED":
        code, _, message = stored["reason"].partition(": ")
        raise ConfigError(code, message)
    return name


def _rule_shape(kind: str, metadata: dict[str, Any]) -> dict[str, Any]:
    """The rule that an organization rule puts into an account."""
    scope = {
        "ComplianceResourceTypes": metadata.get("ResourceTypesScope"),
        "ComplianceResourceId": metadata.get("ResourceIdScope"),
        "TagKey": metadata.get("TagKeyScope"),
        "TagValue": metadata.get("TagValueScope"),
    }
    shape = {
        "Description": metadata.get("Description"),
        "InputParameters": metadata.get("InputParameters"),
        "Scope": present(scope) or None,
        "Source": _source(kind, metadata),
    }
    if kind == "OrganizationManagedRuleMetadata":
        shape["MaximumExecutionFrequency"] = metadata.get("MaximumExecutionFrequency")
    return present(shape)


def _source(kind: str, metadata: dict[str, Any]) -> dict[str, Any]:
    if kind == "OrganizationManagedRuleMetadata":
        return {"Owner": "AWS", "SourceIdentifier": metadata["RuleIdentifier"]}
    frequency = metadata.get("MaximumExecutionFrequency")
    details = [
        {"EventSource": "aws.config", "MessageType": message}
        | ({"MaximumExecutionFrequency": frequency} if frequency and message == "ScheduledNotification" else {})
        for message in metadata.get("OrganizationConfigRuleTriggerTypes") or []
    ]
    if kind == "OrganizationCustomRuleMetadata":
        return {"Owner": "CUSTOM_LAMBDA", "SourceIdentifier": metadata["LambdaFunctionArn"], "SourceDetails": details}
    policy = {"PolicyRuntime": metadata["PolicyRuntime"], "PolicyText": metadata["PolicyText"]}
    return {"Owner": "CUSTOM_POLICY", "CustomPolicyDetails": policy, "SourceDetails": details}


def _rule_detail(name: str, body: dict[str, Any]) -> dict[str, Any]:
    metadata = dict(body["metadata"])
    policy = metadata.get("OrganizationCustomPolicyRuleMetadata")
    if policy:
        metadata["OrganizationCustomPolicyRuleMetadata"] = {k: v for k, v in policy.items() if k != "PolicyText"}
    return {
        "OrganizationConfigRuleName": name,
        "OrganizationConfigRuleArn": body["arn"],
        "ExcludedAccounts": body["excluded"],
        "LastUpdateTime": body["updated"],
        **metadata,
    }


def _pack_detail(name: str, body: dict[str, Any]) -> dict[str, Any]:
    return present(
        {
            "OrganizationConformancePackName": name,
            "OrganizationConformancePackArn": body["arn"],
            "DeliveryS3Bucket": body["bucket"],
            "DeliveryS3KeyPrefix": body["prefix"],
            "ConformancePackInputParameters": body["parameters"],
            "ExcludedAccounts": body["excluded"],
            "LastUpdateTime": body["updated"],
        }
    )


def _status(body: dict[str, Any], key: str) -> dict[str, Any]:
    failed = next((member for member in body["members"].values() if "error" in member), None)
    if failed is None:
        return {key: "CREATE_SUCCESSFUL", "LastUpdateTime": body["updated"]}
    return {
        key: failed["status"],
        "ErrorCode": failed["error"],
        "ErrorMessage": failed["message"],
        "LastUpdateTime": body["updated"],
    }


def _member_rows(
    body: dict[str, Any], name_key: str, status_key: str, filters: dict[str, Any]
) -> list[tuple[tuple[str], dict[str, Any]]]:
    return [
        (
            (account,),
            present(
                {
                    "AccountId": account,
                    name_key: member["name"] or body["id"],
                    status_key: member["status"],
                    "ErrorCode": member.get("error"),
                    "ErrorMessage": member.get("message"),
                    "LastUpdateTime": member["updated"],
                }
            ),
        )
        for account, member in sorted(body["members"].items())
        if filters.get("AccountId", account) == account
        and filters.get(status_key, member["status"]) == member["status"]
    ]


def _named(call: Call, kind: str, names: list[str] | None) -> list[tuple[str, dict[str, Any]]]:
    return [(name, _require(call, kind, name)) for name in sorted(set(names))] if names else call.entities(kind)


def _require(call: Call, kind: str, name: str) -> dict[str, Any]:
    body = call.get(kind, name)
    if body is None:
        noun = "ConfigRule" if kind == RULE else "ConformancePack"
        raise ConfigError(f"NoSuchOrganization{noun}Exception", f"The organization {noun} {name} does not exist.")
    return body
