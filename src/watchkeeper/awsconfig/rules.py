"""Config rules: put, describe, delete, evaluate now, and how their evaluations went.

https://docs.aws.amazon.com/config/latest/developerguide/evaluate-config.html
"""

from __future__ import annotations

from typing import Any

from watchkeeper.awsconfig.active import KIND
from watchkeeper.awsconfig.context import Call, present, short_id
from watchkeeper.awsconfig.errors import ConfigError, invalid
from watchkeeper.awsconfig.logic import not_evaluated_reason
from watchkeeper.awsconfig.notifications import evaluation_started, queue_notification
from watchkeeper.awsconfig.recorders import require_recorder
from watchkeeper.awsconfig.results import drop_results
from watchkeeper.awsconfig.rule_checks import check_rule
from watchkeeper.awsconfig.rule_status import STATUS, status_shape
from watchkeeper.awsconfig.tags import forget_tags, keep_tags

LIMIT = 1000
REEVALUATION_SECONDS = 60
"""StartConfigRulesEvaluation runs a rule once a minute at most."""


def put_config_rule(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    require_recorder(call, "put config rule")
    shape = dict(request["ConfigRule"])
    check_rule(call, shape)
    existing = _existing(call, shape)
    if existing and existing.get("pack"):
        raise ConfigError(
            "ResourceInUseException",
            f"The rule {existing['rule']['ConfigRuleName']} belongs to a conformance pack: change the pack.",
        )
    store_rule(call, shape, existing=existing, tags=request.get("Tags"))
    return {}


def store_rule(
    call: Call,
    shape: dict[str, Any],
    *,
    existing: dict[str, Any] | None,
    tags: list[dict[str, str]] | None = None,
    **extra: Any,
) -> str:
    """Keep a checked rule and have it evaluated; its name. ``extra`` says who made it (``pack``)."""
    if not existing and call.db.count(call.account, call.region, KIND) >= LIMIT:
        raise ConfigError(
            "MaxNumberOfConfigRulesExceededException",
            f"Failed to put config rule '{shape['ConfigRuleName']}' because the maximum number of config rules: "
            f"{LIMIT} is reached.",
        )
    name = str(existing["rule"]["ConfigRuleName"] if existing else shape["ConfigRuleName"])
    rule_id = existing["rule"]["ConfigRuleId"] if existing else f"config-rule-{short_id()}"
    rule = present(
        {
            **shape,
            "ConfigRuleName": name,
            "ConfigRuleId": rule_id,
            "ConfigRuleArn": call.arn(f"config-rule/{rule_id}"),
            "ConfigRuleState": "ACTIVE",
            "EvaluationModes": shape.get("EvaluationModes") or [{"Mode": "DETECTIVE"}],
        }
    )
    if shape["Source"]["Owner"] != "CUSTOM_LAMBDA" and "InputParameters" not in rule:
        rule["InputParameters"] = "{}"
    origin = {key: existing[key] for key in ("pack",) if existing and key in existing}
    call.put(KIND, name, {"rule": rule, **origin, **extra})
    if not existing:
        call.put(STATUS, name, {"FirstEvaluationStarted": False, "FirstActivatedTime": call.now})
        keep_tags(call, rule["ConfigRuleArn"], tags)
    call.db.queue("evaluate", "rule", call.account, call.region, {"rule": name})
    return name


def delete_config_rule(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    name = request["ConfigRuleName"]
    body = require_rule(call, name)
    if call.get("remediation", name):
        raise ConfigError(
            "ResourceInUseException",
            f"The rule {name} has a remediation action associated with it: call DeleteRemediationConfiguration first.",
        )
    if body.get("pack"):
        raise ConfigError("ResourceInUseException", f"The rule {name} belongs to a conformance pack: delete the pack.")
    remove_rule(call, name, body)
    return {}


def remove_rule(call: Call, name: str, body: dict[str, Any]) -> None:
    """Delete a rule with all that is known of it."""
    drop_results(call.db, call.account, call.region, name, call.now)
    call.remove(KIND, name)
    call.remove(STATUS, name)
    call.remove("reevaluation", name)
    call.db.remove_prefixed(call.account, call.region, "exception", f"{name}\n")
    call.db.remove_prefixed(call.account, call.region, "execution", f"{name}\n")
    forget_tags(call, body["rule"]["ConfigRuleArn"])


def describe_config_rules(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    wanted_mode = (request.get("Filters") or {}).get("EvaluationMode")
    page, token = call.page_of(request, _named(call, request, wanted_mode), default=25)
    return {"ConfigRules": [_described(body) for body in page], **token}


def describe_config_rule_evaluation_status(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    page, token = call.page_of(request, _named(call, request), default=50, maximum=50)
    shapes = [status_shape(body["rule"], call.get(STATUS, body["rule"]["ConfigRuleName"]) or {}) for body in page]
    return {
        "ConfigRulesEvaluationStatus": [_with_reason(body, shape) for body, shape in zip(page, shapes, strict=True)],
        **token,
    }


def start_config_rules_evaluation(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    names = request.get("ConfigRuleNames")
    if not names:
        raise invalid("ConfigRuleNames should not be empty: name 1 to 25 rules.")
    bodies = {name: require_rule(call, name) for name in names}
    for name in bodies:
        _check_evaluable(call, name)
    for name in bodies:
        call.put("reevaluation", name, {"at": call.now})
        call.db.queue("evaluate", "rule", call.account, call.region, {"rule": name})
    started = evaluation_started(call.account, call.region, list(bodies), call.now)
    queue_notification(call.db, call.account, call.region, started)
    return {}


def delete_evaluation_results(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    name = request["ConfigRuleName"]
    require_rule(call, name)
    drop_results(call.db, call.account, call.region, name, call.now)
    return {}


def get_custom_rule_policy(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    body = require_rule(call, request.get("ConfigRuleName", ""))
    details = body["rule"]["Source"].get("CustomPolicyDetails")
    return {"PolicyText": details["PolicyText"]} if details else {}


def require_rule(call: Call, name: str) -> dict[str, Any]:
    """The stored rule; NoSuchConfigRuleException without one."""
    body = call.get(KIND, name)
    if body is None:
        raise ConfigError(
            "NoSuchConfigRuleException",
            f"The ConfigRule '{name}' provided in the request is invalid. Please check the configRule name",
        )
    return body


def _existing(call: Call, shape: dict[str, Any]) -> dict[str, Any] | None:
    """The rule that a request updates, found by name, id or ARN; None for a new one."""
    name, arn, rule_id = (shape.get(key) for key in ("ConfigRuleName", "ConfigRuleArn", "ConfigRuleId"))
    if name:
        body = call.get(KIND, name)
        if body is None and (arn or rule_id):
            raise invalid(
                "ConfigRule Arn and Id can not be specified when creating a new ConfigRule. ConfigRule Arn and Id are "
                "generated by the service. Please try the request again without specifying ConfigRule Arn or Id"
            )
        return body
    if not arn and not rule_id:
        raise invalid("One or more identifiers needs to be provided. Provide Name or Id or Arn")
    found = [
        body
        for _, body in call.entities(KIND)
        if arn in (None, body["rule"]["ConfigRuleArn"]) and rule_id in (None, body["rule"]["ConfigRuleId"])
    ]
    if not found:
        raise invalid(f"There is no ConfigRule with the identifier {arn or rule_id}: provide a name to create one.")
    return found[0]


def _named(call: Call, request: dict[str, Any], mode: str | None = None) -> list[tuple[tuple[str], dict[str, Any]]]:
    names = request.get("ConfigRuleNames")
    bodies = [(name, require_rule(call, name)) for name in dict.fromkeys(names)] if names else call.entities(KIND)
    modes = {name: {each["Mode"] for each in body["rule"]["EvaluationModes"]} for name, body in bodies}
    return [((name,), body) for name, body in sorted(bodies, key=lambda b: b[0]) if mode is None or mode in modes[name]]


def _described(body: dict[str, Any]) -> dict[str, Any]:
    """The rule as AWS describes it: the text of a custom policy only through GetCustomRulePolicy."""
    shape = dict(body["rule"])
    details = shape["Source"].get("CustomPolicyDetails")
    if details:
        shape["Source"] = {**shape["Source"], "CustomPolicyDetails": {**details, "PolicyText": ""}}
    return shape


def _with_reason(body: dict[str, Any], shape: dict[str, Any]) -> dict[str, Any]:
    """A rule that nobody can evaluate here says so where people look for errors."""
    reason = not_evaluated_reason(body["rule"]["Source"])
    if reason is None:
        return shape
    return shape | {"LastErrorCode": "NotEvaluatedByEmbeddedConfig", "LastErrorMessage": reason}


def _check_evaluable(call: Call, name: str) -> None:
    last = call.get("reevaluation", name)
    if last and call.now - last["at"] < REEVALUATION_SECONDS:
        raise ConfigError(
            "LimitExceededException",
            f"The rule {name} was evaluated by StartConfigRulesEvaluation less than a minute ago: wait and try again.",
        )
    waiting = call.db.rows(
        "SELECT body FROM work WHERE lane='evaluate' AND kind='rule' AND account=? AND region=?",
        (call.account, call.region),
    )
    if any(f'"rule":"{name}"'.encode() in bytes(row[0]) for row in waiting):
        raise ConfigError("ResourceInUseException", f"The rule {name} is being evaluated: wait until it is done.")
