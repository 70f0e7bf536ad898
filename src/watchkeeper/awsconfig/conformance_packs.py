"""Conformance packs: a template in, rules out, and the compliance of the whole.

https://docs.aws.amazon.com/config/latest/developerguide/conformance-packs.html
"""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from watchkeeper.aws import refusals
from watchkeeper.aws.arn import partition_of
from watchkeeper.awsconfig.compliance import evaluation_result, results_after, rule_counts
from watchkeeper.awsconfig.context import Call, present, short_id
from watchkeeper.awsconfig.errors import ConfigError, invalid, unsupported
from watchkeeper.awsconfig.packs import KIND, overall, rule_verdicts, score
from watchkeeper.awsconfig.paging import Key
from watchkeeper.awsconfig.recorders import require_recorder
from watchkeeper.awsconfig.remediation import put_remediation
from watchkeeper.awsconfig.rule_checks import check_rule
from watchkeeper.awsconfig.rules import remove_rule, store_rule
from watchkeeper.awsconfig.tags import forget_tags, keep_tags
from watchkeeper.awsconfig.templates import Template, TemplateError, read_template, rule_shape

LIMIT = 50


def put_conformance_pack(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    name = request["ConformancePackName"]
    if not call.get(KIND, name) and call.db.count(call.account, call.region, KIND) >= LIMIT:
        raise ConfigError(
            "MaxNumberOfConformancePacksExceededException",
            f"There are {LIMIT} conformance packs already, the most that are allowed.",
        )
    template = template_of(call, request, "ConformancePackTemplateValidationException")
    return {"ConformancePackArn": store_pack(call, request, template)}


def store_pack(call: Call, request: dict[str, Any], template: Template) -> str:
    """Make or change a pack and its rules; its ARN. Rules that PutConfigRule refuses make it CREATE_FAILED."""
    name = request["ConformancePackName"]
    existing = call.get(KIND, name)
    pack_id = existing["id"] if existing else f"conformance-pack-{short_id(9)}"
    arn = call.arn(f"conformance-pack/{name}/{pack_id}")
    body = {
        "id": pack_id,
        "arn": arn,
        "stack": existing["stack"] if existing else _stack_arn(call, name, pack_id),
        "bucket": request.get("DeliveryS3Bucket"),
        "prefix": request.get("DeliveryS3KeyPrefix"),
        "parameters": request.get("ConformancePackInputParameters"),
        "requested": call.now,
        "completed": call.now,
        "rules": existing["rules"] if existing else [],
        "state": "CREATE_COMPLETE",
    }
    try:
        shapes = _checked_rules(call, template, pack_id)
    except ConfigError as error:
        call.put(KIND, name, body | {"state": "CREATE_FAILED", "reason": f"{error.code}: {error.message}"[:2000]})
    else:
        _replace_rules(call, template, shapes, body)
        call.put(KIND, name, body)
    if not existing:
        keep_tags(call, arn, request.get("Tags"))
    return arn


def delete_conformance_pack(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    remove_pack(call, request["ConformancePackName"])
    return {}


def remove_pack(call: Call, name: str) -> None:
    """Delete a pack with its rules."""
    body = _require(call, name)
    for rule in body["rules"]:
        _remove_rule(call, rule)
    call.remove(KIND, name)
    forget_tags(call, body["arn"])


def describe_conformance_packs(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    rows = [((name,), _detail(name, body)) for name, body in _named(call, request)]
    page, token = call.page_of(request, rows, default=20)
    return {"ConformancePackDetails": page, **token}


def describe_conformance_pack_status(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    names = set(request.get("ConformancePackNames") or [])
    bodies = [(name, body) for name, body in call.entities(KIND) if not names or name in names]
    page, token = call.page_of(request, [((name,), _status(name, body)) for name, body in bodies], default=20)
    return {"ConformancePackStatusDetails": page, **token}


def describe_conformance_pack_compliance(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    name, filters = request["ConformancePackName"], request.get("Filters") or {}
    body = _require(call, name)
    verdicts = rule_verdicts(body, rule_counts(call, None))
    chosen = _rules_of(body, filters)
    rows = [
        ((rule,), {"ConfigRuleName": rule, "ComplianceType": verdicts[rule], "Controls": []})
        for rule in chosen
        if filters.get("ComplianceType", verdicts[rule]) == verdicts[rule]
    ]
    page, token = call.page_of(request, rows, default=100)
    return {"ConformancePackName": name, "ConformancePackRuleComplianceList": page, **token}


def get_conformance_pack_compliance_details(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    name, filters = request["ConformancePackName"], request.get("Filters") or {}
    rules = _rules_of(_require(call, name), filters)
    types = [filters["ComplianceType"]] if filters.get("ComplianceType") else None
    ids = filters.get("ResourceIds")
    narrowed = bool(ids or filters.get("ResourceType"))

    def fetch(after: Key | None, limit: int) -> list[tuple[Key, dict[str, Any]]]:
        found: list[tuple[Key, dict[str, Any]]] = []
        for rule in rules:
            if after is not None and rule < after[0]:
                continue
            start = (after[1], after[2]) if after is not None and rule == after[0] else None
            results = results_after(call, call.account, call.region, rule, types, start, -1 if narrowed else limit)
            found += [
                ((rule, r.resource_type, r.resource_id), evaluation_result(r))
                for r in results
                if filters.get("ResourceType", r.resource_type) == r.resource_type and (not ids or r.resource_id in ids)
            ]
            if len(found) >= limit:
                break
        return found[:limit]

    page, token = call.page(request, fetch, default=10)
    return {"ConformancePackName": name, "ConformancePackRuleEvaluationResults": page, **token}


def get_conformance_pack_compliance_summary(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    counts = rule_counts(call, None)
    rows = [
        (
            (name,),
            {
                "ConformancePackName": name,
                "ConformancePackComplianceStatus": overall(rule_verdicts(_require(call, name), counts)),
            },
        )
        for name in sorted(set(request["ConformancePackNames"]))
    ]
    page, token = call.page_of(request, rows, default=5)
    return {"ConformancePackComplianceSummaryList": page, **token}


def list_conformance_pack_compliance_scores(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    wanted = (request.get("Filters") or {}).get("ConformancePackNames")
    counts = rule_counts(call, None)
    scored: list[dict[str, Any]] = [
        {"Score": score(body, counts), "ConformancePackName": name, "LastUpdatedTime": call.now}
        for name, body in call.entities(KIND)
        if not wanted or name in wanted
    ]
    sign = -1 if request.get("SortOrder") == "DESCENDING" else 1
    rows = [((_rank(each["Score"], sign), each["ConformancePackName"]), each) for each in scored]
    page, token = call.page_of(request, sorted(rows, key=lambda row: row[0]), default=20)
    return {"ConformancePackComplianceScores": page, **token}


def template_of(call: Call, request: dict[str, Any], code: str) -> Template:
    """The template of a request, filled in. Raises ``code`` for a template that is none."""
    places = [p for p in ("TemplateBody", "TemplateS3Uri", "TemplateSSMDocumentDetails") if request.get(p)]
    if len(places) != 1:
        raise invalid("Provide exactly one of TemplateBody, TemplateS3Uri and TemplateSSMDocumentDetails.")
    if places[0] != "TemplateBody":
        raise unsupported(call.operation, f"with {places[0]}: give the template in TemplateBody.")
    given = {p["ParameterName"]: p["ParameterValue"] for p in request.get("ConformancePackInputParameters") or []}
    pseudo = {"AWS::Region": call.region, "AWS::AccountId": call.account, "AWS::Partition": partition_of(call.region)}
    try:
        template = read_template(request["TemplateBody"], given, pseudo)
    except TemplateError as error:
        raise ConfigError(code, f"The conformance pack template is not valid: {error}.") from error
    refusal = refusals.pack_rules(len(template.rules))
    if refusal is not None:
        raise ConfigError(code, f"{refusal.reason}.")
    return template


def _checked_rules(call: Call, template: Template, pack_id: str) -> dict[str, dict[str, Any]]:
    """The rules by logical id, with their names in this pack. Raises what PutConfigRule would."""
    require_recorder(call, "put config rule")
    shapes = {}
    for logical_id, properties in template.rules.items():
        shape = rule_shape(properties)
        if "Source" not in shape:
            raise invalid(f"Resources.{logical_id}.Properties.Source is missing.")
        shape["ConfigRuleName"] = f"{shape.get('ConfigRuleName', logical_id)}-{pack_id}"
        check_rule(call, shape)
        shapes[logical_id] = shape
    return shapes


def _replace_rules(call: Call, template: Template, shapes: dict[str, dict[str, Any]], body: dict[str, Any]) -> None:
    names = [shape["ConfigRuleName"] for shape in shapes.values()]
    for gone in set(body["rules"]) - set(names):
        _remove_rule(call, gone)
    for shape in shapes.values():
        store_rule(call, shape, existing=call.get("rule", shape["ConfigRuleName"]), pack=body["id"])
    by_own_name = {
        shape["ConfigRuleName"].removesuffix(f"-{body['id']}"): shape["ConfigRuleName"] for shape in shapes.values()
    }
    for properties in template.remediations.values():
        target = str(properties.get("ConfigRuleName", ""))
        named = shapes[target]["ConfigRuleName"] if target in shapes else by_own_name.get(target, target)
        put_remediation(call, {**properties, "ConfigRuleName": named})
    body["rules"] = sorted(names)


def _remove_rule(call: Call, rule: str) -> None:
    call.remove("remediation", rule)
    stored = call.get("rule", rule)
    if stored is not None:
        remove_rule(call, rule, stored)


def _rules_of(body: dict[str, Any], filters: dict[str, Any]) -> list[str]:
    """The pack's rules that a filter names (with or without the pack's suffix), or all."""
    names = filters.get("ConfigRuleNames")
    if not names:
        return sorted(body["rules"])
    full = [name if name in body["rules"] else f"{name}-{body['id']}" for name in names]
    missing = [name for name, known in zip(names, full, strict=True) if known not in body["rules"]]
    if missing:
        raise ConfigError(
            "NoSuchConfigRuleInConformancePackException",
            f"The rules {', '.join(missing)} are not in the conformance pack.",
        )
    return sorted(full)


def _rank(text: str, sign: int) -> float:
    return sign * (-1.0 if text == "INSUFFICIENT_DATA" else float(text))


def _detail(name: str, body: dict[str, Any]) -> dict[str, Any]:
    return present(
        {
            "ConformancePackName": name,
            "ConformancePackArn": body["arn"],
            "ConformancePackId": body["id"],
            "DeliveryS3Bucket": body["bucket"],
            "DeliveryS3KeyPrefix": body["prefix"],
            "ConformancePackInputParameters": body["parameters"],
            "LastUpdateRequestedTime": body["requested"],
        }
    )


def _status(name: str, body: dict[str, Any]) -> dict[str, Any]:
    return present(
        {
            "ConformancePackName": name,
            "ConformancePackId": body["id"],
            "ConformancePackArn": body["arn"],
            "ConformancePackState": body["state"],
            "StackArn": body["stack"],
            "ConformancePackStatusReason": body.get("reason"),
            "LastUpdateRequestedTime": body["requested"],
            "LastUpdateCompletedTime": body["completed"],
        }
    )


def _named(call: Call, request: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    names = request.get("ConformancePackNames")
    return [(name, _require(call, name)) for name in sorted(set(names))] if names else call.entities(KIND)


def _require(call: Call, name: str) -> dict[str, Any]:
    body = call.get(KIND, name)
    if body is None:
        raise ConfigError("NoSuchConformancePackException", f"The conformance pack {name} does not exist.")
    return body


def _stack_arn(call: Call, name: str, pack_id: str) -> str:
    """AWS deploys a pack as a stack of this name; here there is none behind it."""
    prefix = f"arn:{partition_of(call.region)}:cloudformation:{call.region}:{call.account}"
    return f"{prefix}:stack/awsconfigconforms-{name}-{pack_id}/{uuid4()}"
