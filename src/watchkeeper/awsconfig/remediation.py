"""Remediation: which SSM document repairs what a rule found, what is exempt, and how the runs went.

A document runs where the services offer
``run_automation(account, region, document, version, parameters, role_arn)`` and knows the document; any
other says in its execution status that it can't be run here.
https://docs.aws.amazon.com/config/latest/developerguide/remediation.html
"""

from __future__ import annotations

from typing import Any

from watchkeeper.aws import refusals
from watchkeeper.awsconfig.context import Call, present, short_id, to_seconds
from watchkeeper.awsconfig.errors import ConfigError, invalid, refuse
from watchkeeper.awsconfig.results import result_of
from watchkeeper.awsconfig.rules import require_rule
from watchkeeper.awsconfig.services import ServiceRefused
from watchkeeper.awsconfig.store import Session, Work
from watchkeeper.awsconfig.work import Bench, done

KIND, EXCEPTION, EXECUTION = "remediation", "exception", "execution"
ATTEMPTS, WINDOW_SECONDS = 5, 60
"""After so many failed attempts in so many seconds AWS gives up and puts an exception."""


def put_remediation_configurations(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    for shape in request["RemediationConfigurations"]:
        put_remediation(call, shape)
    return {"FailedBatches": []}


def put_remediation(call: Call, shape: dict[str, Any]) -> None:
    """Keep a remediation configuration; raises what PutRemediationConfigurations does."""
    name = shape["ConfigRuleName"]
    require_rule(call, name)
    _check_parameters(shape)
    automatic = bool(shape.get("Automatic"))
    if automatic and "AutomationAssumeRole" not in (shape.get("Parameters") or {}):
        raise invalid(
            "AutomationAssumeRole is missing from the parameters: automatic remediation needs a role for "
            "the SSM document."
        )
    existing = call.get(KIND, name)
    extra = {"MaximumAutomaticAttempts": ATTEMPTS, "RetryAttemptSeconds": WINDOW_SECONDS} if automatic else {}
    arn = existing["Arn"] if existing else call.arn(f"remediation-configuration/{name}/{short_id()}")
    call.put(KIND, name, {**extra, **shape, "Automatic": automatic, "Arn": arn})
    if automatic:
        _queue_violations(call, name)


def describe_remediation_configurations(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    found = [call.get(KIND, name) for name in dict.fromkeys(request["ConfigRuleNames"])]
    return {"RemediationConfigurations": [shape for shape in found if shape is not None]}


def delete_remediation_configuration(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    name = request["ConfigRuleName"]
    _require(call, name)
    running = [body for _, body in call.entities(EXECUTION, f"{name}\n") if body["State"] in ("QUEUED", "IN_PROGRESS")]
    if running:
        raise ConfigError(
            "RemediationInProgressException", f"A remediation of the rule {name} is running: wait until it is done."
        )
    call.remove(KIND, name)
    call.db.remove_prefixed(call.account, call.region, EXECUTION, f"{name}\n")
    return {}


def start_remediation_execution(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    name = request["ConfigRuleName"]
    require_rule(call, name)
    _require(call, name)
    failed = []
    for key in request["ResourceKeys"]:
        if result_of(call.db, call.account, call.region, name, key["resourceType"], key["resourceId"]) is None:
            failed.append(key)
            continue
        queue_execution(call.db, call.account, call.region, name, key["resourceType"], key["resourceId"], call.now)
    if not failed:
        return {}
    return {"FailureMessage": "The rule has no evaluation result for these resources.", "FailedItems": failed}


def describe_remediation_execution_status(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    name = request["ConfigRuleName"]
    _require(call, name)
    wanted = {(key["resourceType"], key["resourceId"]) for key in request.get("ResourceKeys") or []}
    rows = [
        ((row_name,), {key: value for key, value in body.items() if key[0].isupper()})
        for row_name, body in call.entities(EXECUTION, f"{name}\n")
        if not wanted or (body["ResourceKey"]["resourceType"], body["ResourceKey"]["resourceId"]) in wanted
    ]
    page, token = call.page_of(request, rows, default=100)
    return {"RemediationExecutionStatuses": page, **token}


def put_remediation_exceptions(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    name = request["ConfigRuleName"]
    require_rule(call, name)
    expires = request.get("ExpirationTime")
    if expires is not None and to_seconds(expires) <= call.now:
        raise invalid("The expiration time has passed already.")
    for key in request["ResourceKeys"]:
        resource_type, resource_id = key.get("ResourceType", ""), key.get("ResourceId", "")
        shape = {
            "ConfigRuleName": name,
            "ResourceType": resource_type,
            "ResourceId": resource_id,
            "Message": request.get("Message"),
            "ExpirationTime": to_seconds(expires) if expires is not None else None,
        }
        call.put(EXCEPTION, _row(name, resource_type, resource_id), present(shape))
    return {"FailedBatches": []}


def delete_remediation_exceptions(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    name = request["ConfigRuleName"]
    keys = request["ResourceKeys"]
    missing = [
        k for k in keys if not call.remove(EXCEPTION, _row(name, k.get("ResourceType", ""), k.get("ResourceId", "")))
    ]
    if len(missing) == len(keys):
        raise ConfigError("NoSuchRemediationExceptionException", f"The rule {name} has no such remediation exception.")
    if not missing:
        return {"FailedBatches": []}
    return {"FailedBatches": [{"FailureMessage": "There is no such remediation exception.", "FailedItems": missing}]}


def describe_remediation_exceptions(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    name = request["ConfigRuleName"]
    wanted = {(k.get("ResourceType", ""), k.get("ResourceId", "")) for k in request.get("ResourceKeys") or []}
    rows = [
        ((row_name,), body)
        for row_name, body in call.entities(EXCEPTION, f"{name}\n")
        if not _expired(body, call.now) and (not wanted or (body["ResourceType"], body["ResourceId"]) in wanted)
    ]
    page, token = call.page_of(request, rows, default=25)
    return {"RemediationExceptions": page, **token}


def queue_execution(
    db: Session, account: str, region: str, rule: str, resource_type: str, resource_id: str, now: float
) -> None:
    """Have the rule's document run on a resource."""
    row = _row(rule, resource_type, resource_id)
    before = db.get(account, region, EXECUTION, row) or {"attempts": []}
    body = {
        "ResourceKey": {"resourceType": resource_type, "resourceId": resource_id},
        "State": "QUEUED",
        "StepDetails": [],
        "InvocationTime": now,
        "LastUpdatedTime": now,
        "attempts": before["attempts"],
    }
    db.put(account, region, EXECUTION, row, body)
    db.queue("remediate", "remediation", account, region, {"rule": rule, "type": resource_type, "id": resource_id})


def remediate(bench: Bench, work: Work) -> None:
    """Run a rule's document on a resource. ``body``: ``rule``, ``type``, ``id``; ``automatic`` if nobody asked."""
    now, account, region = bench.now(), work.account, work.region
    rule, resource_type, resource_id = (work.body[key] for key in ("rule", "type", "id"))
    row = _row(rule, resource_type, resource_id)
    with bench.store.write() as db:
        shape = db.get(account, region, KIND, rule)
        held = result_of(db, account, region, rule, resource_type, resource_id)
        exempt = db.get(account, region, EXCEPTION, row)
        fixed = held is None or held.compliance != "NON_COMPLIANT"
        blocked = exempt is not None and not _expired(exempt, now)
        # AWS goes by an older picture of compliance, so a first run may meet a resource that is compliant by now.
        late = held is None or (fixed and work.body.get("again"))
        if shape is None or (work.body.get("automatic") and (late or blocked)):
            done(db, work)
            return
        if db.get(account, region, EXECUTION, row) is None or work.body.get("automatic"):
            _note(db, account, region, row, resource_type, resource_id, "IN_PROGRESS", [], now)
    failure = _run(bench, account, region, shape, resource_id)
    with bench.store.write() as db:
        step = {
            "Name": shape["TargetId"],
            "State": "FAILED" if failure else "SUCCEEDED",
            "StartTime": now,
            "StopTime": now,
        }
        steps = [step | ({"ErrorMessage": failure.message} if failure else {})]
        state = "FAILED" if failure else "SUCCEEDED"
        body = _note(db, account, region, row, resource_type, resource_id, state, steps, now)
        done(db, work)
        if failure and shape.get("Automatic") and failure.code != _CANNOT:
            _try_again(db, work, shape, body, row, now)


_CANNOT = "UnsupportedDocument"


def _run(bench: Bench, account: str, region: str, shape: dict[str, Any], resource_id: str) -> ServiceRefused | None:
    """Run the document; why not, if it didn't."""
    run = getattr(bench.services, "run_automation", None)
    if run is None:
        return ServiceRefused(_CANNOT, f"The SSM document {shape['TargetId']} can't be run by the embedded AWS.")
    parameters = {name: _value(value, resource_id) for name, value in (shape.get("Parameters") or {}).items()}
    role = next(iter(parameters.get("AutomationAssumeRole", [])), None)
    try:
        run(account, region, shape["TargetId"], shape.get("TargetVersion"), parameters, role)
    except ServiceRefused as refusal:
        return refusal
    return None


def _try_again(db: Session, work: Work, shape: dict[str, Any], body: dict[str, Any], row: str, now: float) -> None:
    window, most = shape["RetryAttemptSeconds"], shape["MaximumAutomaticAttempts"]
    attempts = [moment for moment in body["attempts"] if now - moment <= window]
    if len(attempts) >= most:
        exception = {
            "ConfigRuleName": work.body["rule"],
            "ResourceType": work.body["type"],
            "ResourceId": work.body["id"],
            "Message": f"AWS Config put this exception after {most} failed remediation attempts in {window} seconds.",
        }
        db.put(work.account, work.region, EXCEPTION, row, exception)
        return
    db.queue(
        "remediate",
        "remediation",
        work.account,
        work.region,
        {**work.body, "automatic": True, "again": True},
        due=now + window / most / 2,
    )


def _note(
    db: Session, account: str, region: str, row: str, resource_type: str, resource_id: str, state: str,
    steps: list[dict[str, Any]], now: float,
) -> dict[str, Any]:  # fmt: skip
    before = db.get(account, region, EXECUTION, row) or {"InvocationTime": now, "attempts": []}
    body = {
        **before,
        "ResourceKey": {"resourceType": resource_type, "resourceId": resource_id},
        "State": state,
        "StepDetails": steps,
        "LastUpdatedTime": now,
        "attempts": [*before["attempts"], now][-25:] if state == "FAILED" else before["attempts"],
    }
    db.put(account, region, EXECUTION, row, body)
    return body


def _queue_violations(call: Call, rule: str) -> None:
    rows = call.db.rows(
        "SELECT type, resource FROM result WHERE account=? AND region=? AND rule=? AND compliance='NON_COMPLIANT'",
        (call.account, call.region, rule),
    )
    for resource_type, resource_id in rows:
        body = {"rule": rule, "type": resource_type, "id": resource_id, "automatic": True}
        call.db.queue("remediate", "remediation", call.account, call.region, body)


def _check_parameters(shape: dict[str, Any]) -> None:
    for name, value in (shape.get("Parameters") or {}).items():
        refuse(refusals.remediation_parameter(name, bool(value.get("ResourceValue")), bool(value.get("StaticValue"))))
        if value.get("StaticValue") and not value["StaticValue"].get("Values"):
            raise invalid(f"The StaticValue of the parameter {name} has no values.")


def _value(value: dict[str, Any], resource_id: str) -> list[str]:
    return [resource_id] if value.get("ResourceValue") else list(value["StaticValue"]["Values"])


def _expired(exception: dict[str, Any], now: float) -> bool:
    return exception.get("ExpirationTime") is not None and exception["ExpirationTime"] <= now


def _row(rule: str, resource_type: str, resource_id: str) -> str:
    return f"{rule}\n{resource_type}\n{resource_id}"


def _require(call: Call, name: str) -> dict[str, Any]:
    shape = call.get(KIND, name)
    if shape is None:
        raise ConfigError(
            "NoSuchRemediationConfigurationException", f"No remediation configuration exists for the rule {name}."
        )
    return shape
