"""What touches MiniStack's internals, with ``ministack_state``. Written for the version that our ``local`` extra pins.

MiniStack reads its environment variables when it is imported, so :func:`prepare` comes first; everything else imports
it when called. What is changed in it, and why:

- its AWS Config is replaced by ours (:func:`mount_config`), behind its own authentication and authorisation;
- handlers of some services are wrapped, so that what AWS refuses is refused (:func:`wrap_handler`);
- a request counts as having come through TLS (:func:`assume_tls`), since the endpoint stands for AWS's, which has it:
  policies that deny plain HTTP would otherwise shut everybody out;
- event targets that AWS would not have reached are not reached (:func:`guard_event_targets`), and functions that events
  invoke get the retries and dead letters of an asynchronous invocation;
- an alarm doesn't reach a topic that CloudWatch may not publish to (:func:`guard_alarm_actions`);
- a new bucket blocks public access, with IAM or without (:func:`block_public_access`);
- asynchronous invocations wait their turn (:func:`queue_invocations`);
- every managed policy of AWS has its document (:func:`know_managed_policies`).
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import secrets
import threading
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from watchkeeper.local.credentials import WELL_KNOWN

Response = tuple[int, dict[str, str], bytes]
Handler = Callable[[str, str, dict[str, str], bytes, dict[str, list[str]]], Awaitable[Any]]

_KEPT = frozenset(
    {"LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE", "LD_LIBRARY_PATH", "LOG_LEVEL", "NODE_EXTRA_CA_CERTS", "PATH", "TZ"}
)
"""All that stays of the user's environment: functions get the process's own, and must find no token in it."""
_ANYONES = frozenset({"execute-api:Invoke", "lambda:InvokeFunctionUrl"})
"""Actions that a resource's policy may open to callers without credentials, besides S3's."""


def prepare(directory: Path, port: int, account: str, region: str, secret: str) -> None:
    """Set the process environment that MiniStack reads at import: loopback only, state under ``directory``, no
    listener but the gateway's, no container daemon, and nothing of the user's own; a home and a folder for temporary
    files under ``directory``."""
    for name in os.environ.keys() - _KEPT:
        del os.environ[name]
    home, temporary = directory / "functions" / "home", directory / "functions" / "tmp"
    for folder in (home, temporary):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.environ.update(
        {
            "GATEWAY_PORT": str(port),
            "EDGE_PORT": str(port),
            "BIND_HOST": "127.0.0.1",
            "MINISTACK_HOST": "localhost",
            "MINISTACK_ACCOUNT_ID": account,
            "MINISTACK_REGION": region,
            "AWS_DEFAULT_REGION": region,
            "AWS_ACCESS_KEY_ID": account,
            "AWS_SECRET_ACCESS_KEY": secret,
            "AUTH": "true",
            "HOME": str(home),
            "TMPDIR": str(temporary),
            "PERSIST_STATE": "1",
            "STATE_DIR": str(directory / "ministack"),
            "S3_PERSIST": "1",
            "S3_DATA_DIR": str(directory / "s3"),
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            "DOCKER_HOST": f"unix://{directory / 'no-docker.sock'}",
            "LOG_LEVEL": os.environ.get("LOG_LEVEL", "WARNING"),
        }
    )


def application() -> Any:
    """MiniStack's ASGI application."""
    from ministack import app

    return app.app


def root_secret() -> str:
    """What every account's root signs with."""
    return os.environ["AWS_SECRET_ACCESS_KEY"]


def verify_everyone(*, iam: bool) -> None:
    """Check each request's signature, the root's too; without one, let pass only what a resource's own policy opens to
    everybody. Without ``iam`` the policies of a caller that was verified are not asked.

    MiniStack takes any secret for a root, and takes a request without signature for the root's.
    """
    from ministack.core import iam_evaluator as evaluator
    from ministack.services import sts

    enforce = evaluator.enforce
    well_known = {WELL_KNOWN} if root_secret() == WELL_KNOWN else set()

    def is_root(access_key_id: str) -> bool:
        return access_key_id in well_known or re.fullmatch(r"\d{12}", access_key_id or "") is not None

    def enforcing(
        access_key_id: str,
        iam_action: str,
        service: str,
        region: str,
        resource_arn: str = "*",
        service_context: dict[str, Any] | None = None,
    ) -> Any:
        anonymous = evaluator._anonymous.get() and not access_key_id
        if anonymous and (service == "s3" or iam_action in _ANYONES):
            return _anonymous(iam_action, service, region, resource_arn, service_context or {})
        if iam or anonymous:
            return enforce(access_key_id, iam_action, service, region, resource_arn, service_context)
        return evaluator.check_credentials(access_key_id, service)

    evaluator.is_root_access_key = sts.is_root_access_key = is_root
    # It only says whose signature is not checked.
    evaluator._is_root_key = lambda _key: False
    evaluator.enforce = enforcing


def _anonymous(action: str, service: str, region: str, arn: str, context: Mapping[str, Any]) -> Any:
    """MiniStack's answer to a request without credentials: None where the resource's policy allows it to everybody."""
    from ministack.core import iam_evaluator as evaluator

    found = evaluator._resource_policy(service, arn)
    keys = {str(key).lower(): value for key, value in context.items()}
    asked = evaluator.EvalContext("", "Anonymous", "", action, arn, region, service_context=keys)
    if found is None or evaluator.evaluate_resource_policy(found[0], asked).decision != "Allow":
        return evaluator.EvalResult("ImplicitDeny", principal_arn="anonymous")
    return None


def current_scope() -> tuple[str, str]:
    """Account and region of the request whose task this is, as MiniStack resolved them from its signature."""
    from ministack.core import responses

    return responses.get_account_id(), responses.get_region()


def scope(account: str, region: str) -> AbstractContextManager[None]:
    """Act in this account and region."""
    from ministack.core import responses

    manager: AbstractContextManager[None] = responses.request_scope(account, region)
    return manager


def on_loop(action: Callable[[], Any]) -> Any:
    """Run on the serving event loop, where MiniStack's own handlers change its state, and give back the result."""
    from ministack import app

    loop = app._MAIN_LOOP
    if loop is None or loop.is_closed():
        return action()
    try:
        if asyncio.get_running_loop() is loop:
            return action()
    except RuntimeError:
        # No loop in this thread: the usual case.
        pass

    async def run() -> Any:
        return action()

    return asyncio.run_coroutine_threadsafe(run(), loop).result(timeout=60)


# --- requests -------------------------------------------------------------------------------------------------------


def mount_config(answer: Callable[[str, dict[str, Any], str, str], Response]) -> None:
    """Answer AWS Config's requests with ``answer(operation, request, account, region)``, called in a worker thread
    after MiniStack has authenticated the caller and evaluated their policies."""
    from ministack import app

    async def handle(
        _method: str, _path: str, headers: dict[str, str], body: bytes, _query: dict[str, list[str]]
    ) -> Response:
        account, region = current_scope()
        operation = headers.get("x-amz-target", "").rpartition(".")[2]
        try:
            request = json.loads(body or b"{}")
        except ValueError:
            return error(400, "SerializationException", "The request body is not JSON.")
        return await asyncio.to_thread(answer, operation, request, account, region)

    app.SERVICE_HANDLERS["config"] = handle


def name_config_resources(resolve: Callable[[str, Mapping[str, Any], str, str], str]) -> None:
    """Evaluate policies on Config's own ARNs: ``resolve(operation, request, account, region)`` gives the resource."""
    from ministack.core import iam_actions

    original = iam_actions.extract_resource_arn

    def extract(
        service: str,
        method: str,
        path: str,
        headers: dict[str, str],
        body: bytes,
        query_params: dict[str, list[str]],
        region: str,
        account_id: str,
    ) -> str:
        if service != "config":
            found: str = original(service, method, path, headers, body, query_params, region, account_id)
            return found
        try:
            request = json.loads(body or b"{}")
        except ValueError:
            return "*"
        operation = headers.get("x-amz-target", "").rpartition(".")[2]
        return resolve(operation, request if isinstance(request, dict) else {}, account_id, region)

    iam_actions.extract_resource_arn = extract


def wrap_handler(service: str, wrapper: Callable[[Handler], Handler]) -> None:
    """Put something around the handler of a service (MiniStack's name of it); runs after authorisation."""
    from ministack import app

    app.SERVICE_HANDLERS[service] = wrapper(app.SERVICE_HANDLERS[service])


def mount_s3_control(path: str, action_of: Callable[[str], str], answer: Callable[[str, str, bytes], Response]) -> None:
    """Answer one path of S3 Control with ``answer(method, account, body)``, for callers allowed
    ``action_of(method)``."""
    from ministack import app

    original = app._handle_s3_control_request

    async def handle(
        asked: str,
        method: str,
        body: bytes,
        query_params: dict[str, list[str]],
        request_id: str,
        headers: dict[str, str] | None = None,
    ) -> Any:
        if asked.rstrip("/") != path:
            return await original(asked, method, body, query_params, request_id, headers)
        denied = app._enforce_data_plane("s3", action_of(method), headers or {}, query_params, request_id)
        return denied or answer(method, current_scope()[0], body)

    app._handle_s3_control_request = handle


def database_snapshot_exists(account: str, region: str, name: str) -> bool:
    """Whether RDS has a snapshot of that name."""
    from ministack.services import rds

    return bool(rds._snapshots.contains_scoped(account, region, name))


def error(status: int, code: str, message: str) -> Response:
    """An error in AWS's JSON protocol."""
    body = json.dumps({"__type": code, "message": message}).encode()
    return status, {"Content-Type": "application/x-amz-json-1.1", "x-amzn-errortype": code}, body


def assume_tls() -> None:
    """Let ``aws:SecureTransport`` be true."""
    from ministack import app
    from ministack.core import iam_evaluator

    def pin(source_ip: str, _secure: bool) -> None:
        iam_evaluator._request_origin.set((source_ip, True))

    app.pin_request_origin = pin


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket's policy text, whether its objects are encrypted with KMS by default, and with which key (empty:
    S3's)."""

    policy: str
    kms: bool
    key: str


# --- policies -------------------------------------------------------------------------------------------------------


def know_managed_policies(document_of: Callable[[str], str | None]) -> None:
    """Give every AWS managed policy its document, made on first use. ``document_of(arn)``: JSON text, None for one that
    AWS doesn't have."""
    from ministack.services import iam

    original = iam._lookup_policy

    def lookup(arn: str) -> Any:
        found = original(arn)
        if found is not None or not iam._is_aws_managed_arn(arn):
            return found
        document = document_of(arn)
        if document is None:
            return None
        name = arn[len(iam._AWS_MANAGED_POLICY_PREFIX) :]
        iam._aws_managed_policies[arn] = iam._make_aws_managed_record(name, document)
        return iam._aws_managed_policies[arn]

    iam._lookup_policy = lookup


def policy_exists(arn: str, account: str) -> bool:
    """Whether a managed policy, AWS's or the account's, is there."""
    from ministack.services import iam

    return bool(iam.policy_known(arn)) if ":iam::aws:" in arn else bool(iam.policy_known(arn, account))


def service_allowed(
    service: str,
    action: str,
    resource_arn: str,
    policy: str | Mapping[str, Any] | None,
    *,
    account: str,
    region: str,
    source_arn: str = "",
    keys: Mapping[str, str] | None = None,
) -> bool:
    """Whether a resource policy lets a service principal act for ``account``. No policy: no."""
    from ministack.core import iam_evaluator

    if not policy:
        return False
    # Without aws:SourceOwner: a topic's default policy is conditioned on it, and doesn't let EventBridge or Config in.
    context = {"aws:sourceaccount": account, "aws:principalisawsservice": "true"}
    if source_arn:
        context["aws:sourcearn"] = source_arn
    request = iam_evaluator.EvalContext(
        principal_arn="*",
        principal_type="Service",
        principal_account="",
        action=action,
        resource_arn=resource_arn,
        region=region,
        secure_transport=True,
        service_context=context | dict(keys or {}),
    )
    return bool(iam_evaluator.evaluate_resource_policy(policy, request, service=service).decision == "Allow")


def role_allowed(
    role_arn: str,
    action: str,
    resource_arn: str,
    *,
    account: str,
    region: str,
    policy: str | Mapping[str, Any] | None = None,
    policy_required: bool = False,
    keys: Mapping[str, str] | None = None,
) -> bool:
    """Whether a role's policies, with the resource's own, allow an action. ``policy_required``: the resource's policy
    has to delegate or allow (KMS)."""
    from ministack.core import iam_evaluator

    name = role_arn.rpartition("/")[2]
    request = iam_evaluator.EvalContext(
        principal_arn=f"arn:aws:sts::{account}:assumed-role/{name}/AWSConfig",
        principal_type="AssumedRole",
        principal_account=account,
        action=action,
        resource_arn=resource_arn,
        region=region,
        secure_transport=True,
        service_context=dict(keys or {}),
    )
    with scope(account, region):
        identity = iam_evaluator.evaluate(request, iam_evaluator._gather_role_policies(name, account))
        if policy is None and not policy_required:
            return bool(identity.decision == "Allow")
        combined = iam_evaluator.combine_resource_policy(
            identity, request, policy or "", account, required=policy_required
        )
    return bool(combined.decision == "Allow")


def role(account: str, role_arn: str) -> Mapping[str, Any] | None:
    """A role's record: ``AssumeRolePolicyDocument`` … None if it isn't there under this very ARN."""
    from ministack.services import iam

    found = iam._roles.get_scoped(account, None, role_arn.rpartition("/")[2])
    return found if found is not None and found.get("Arn") == role_arn else None


def service_session(account: str, role_arn: str, name: str) -> dict[str, str]:
    """Credentials of a session of a role, as an AWS service gets them that the role trusts: boto3's keyword arguments.
    Whether it does is the caller's to ask (:func:`trusts`)."""
    from ministack.services import sts

    key, secret, token = f"ASIA{secrets.token_hex(8).upper()}", secrets.token_hex(20), secrets.token_hex(32)
    role_name = role_arn.rpartition("/")[2]
    session = {
        "Arn": f"arn:aws:sts::{account}:assumed-role/{role_name}/{name}",
        "UserId": f"{role_name}:{name}",
        "SecretAccessKey": secret,
        "SessionToken": token,
        "Expiration": time.time() + 3600,
        "AccountId": account,
        "PrincipalType": "AssumedRole",
    }
    on_loop(lambda: sts.register_session(key, session))
    return {"aws_access_key_id": key, "aws_secret_access_key": secret, "aws_session_token": token}


def trusts(role_record: Mapping[str, Any], service: str) -> bool:
    """Whether a role's trust policy names a service."""
    from ministack.core import iam_evaluator

    document = role_record.get("AssumeRolePolicyDocument") or {}
    statements = (json.loads(document) if isinstance(document, str) else document).get("Statement", [])
    entries = [statements] if isinstance(statements, dict) else statements
    return any(
        entry.get("Effect") == "Allow" and iam_evaluator._service_principal_matches(entry.get("Principal"), service)
        for entry in entries
    )


def bucket(account: str, name: str) -> Bucket | None:
    """What decides whether somebody may write into a bucket; None: no such bucket."""
    from ministack.services import s3

    if not s3._buckets.contains_scoped(account, None, name):
        return None
    encryption = s3._bucket_encryption.get_scoped(account, None, name) or ""
    algorithm = re.search(r"<SSEAlgorithm>([^<]*)<", encryption)
    key = re.search(r"<KMSMasterKeyID>([^<]*)<", encryption)
    return Bucket(
        policy=s3._bucket_policies.get_scoped(account, None, name) or "",
        kms=algorithm is not None and algorithm[1].strip().startswith("aws:kms"),
        key=key[1].strip() if key else "",
    )


def key_policy(account: str, region: str, key: str) -> tuple[str, str] | None:
    """A key's ARN and policy, by id, ARN or alias; None: no such key."""
    from ministack.services import kms

    with scope(account, region):
        record = kms._resolve_key(key)
    return (record["Arn"], record.get("Policy") or "") if record else None


def topic(account: str, region: str, arn: str) -> Mapping[str, str] | None:
    """A topic's attributes; None: no such topic."""
    from ministack.services import sns

    with scope(account, region):
        record = sns._topic_by_arn_any_scope(arn)
    return None if record is None else dict(record.get("attributes", {}))


def subscription_protocol(arn: str) -> str | None:
    """``email``, ``sqs`` …; None: no such subscription."""
    from ministack.services import sns

    topic_arn = arn.rpartition(":")[0]
    record = sns._find_subscription(sns._sub_arn_to_topic.get(arn) or topic_arn, arn)
    return None if record is None else str(record.get("protocol", ""))


def queue(account: str, region: str, arn: str) -> Mapping[str, str] | None:
    """A queue's attributes; None: no such queue."""
    from ministack.services import sqs

    with scope(account, region):
        record = sqs._queue_by_arn(arn)
    return None if record is None else dict(record.get("attributes", {}))


def function_policy(account: str, region: str, arn: str) -> Mapping[str, Any] | None:
    """A function's resource policy (no statements: nobody but the account); None: no such function."""
    from ministack.services import lambda_svc

    with scope(account, region):
        record, _, _ = lambda_svc._get_func_record_for_ref(arn)
    if record is None:
        return None
    policy: Mapping[str, Any] = record.get("policy") or {"Statement": []}
    return policy


# --- actions --------------------------------------------------------------------------------------------------------


def put_events(account: str, region: str, entries: Sequence[Mapping[str, Any]]) -> None:
    """Put events on a bus, source ``aws.*`` allowed, ten at a time as PutEvents does."""
    from ministack.services import eventbridge

    def put() -> None:
        with scope(account, region):
            for start in range(0, len(entries), 10):
                eventbridge._put_events({"Entries": list(entries[start : start + 10])}, allow_aws_source=True)

    on_loop(put)


def invoke(account: str, region: str, arn: str, event: Any) -> bool:
    """Invoke a function asynchronously, with AWS's retries and its dead letters; False: no such function."""
    from ministack.services import lambda_svc

    with scope(account, region):
        record, config, _ = lambda_svc._get_func_record_for_ref(arn)
        if not record or not config:
            return False
        lambda_svc.invoke_async_with_retry(lambda_svc._execution_record_for_config(record, config), event)
    return True


def publish(account: str, region: str, arn: str, subject: str, message: str) -> bool:
    """Publish to a topic; False: no such topic."""
    from ministack.services import sns

    def send() -> bool:
        with scope(account, region):
            return sns.publish_internal(arn, message, subject) is not None

    return bool(on_loop(send))


def send_to_queue(account: str, region: str, arn: str, body: str) -> bool:
    """Put a message into a queue, as a service does; False: no such queue."""
    from ministack.core import arn as arns
    from ministack.services import eventbridge

    if queue(account, region, arn) is None:
        return False
    with scope(account, region):
        eventbridge._dispatch_to_sqs(arns.parse_arn(arn), body)
    return True


EventGuard = Callable[[Mapping[str, Any], Mapping[str, Any], str, str, Callable[[], str]], bool]
"""``guard(target, rule, account, region, event as JSON)`` -> whether the target gets the event."""


def guard_event_targets(guard: EventGuard) -> None:
    """Ask ``guard`` before an event rule's target gets an event; and invoke functions as EventBridge does, with
    retries."""
    from ministack.services import eventbridge

    original = eventbridge._invoke_target

    def guarded(target: Any, event: Any, rule: Any, view: Any = None) -> None:
        view = view or eventbridge._pattern_event_view(event)
        account, region = current_scope()
        if guard(target, rule, account, region, lambda: json.dumps(view.event_with_detail())):
            original(target, event, rule, view)

    def dispatch_to_function(arn: str, payload: str) -> None:
        try:
            event = json.loads(payload)
        except ValueError:
            event = {"body": payload}
        account, region = current_scope()
        invoke(account, region, arn, event)

    eventbridge._invoke_target = guarded
    eventbridge._dispatch_to_lambda = dispatch_to_function


def guard_alarm_actions(guard: Callable[[str, str, str, str], bool]) -> None:
    """Ask ``guard(topic, alarm, account, region)`` before an alarm is published to a topic."""
    from ministack.services import cloudwatch

    original = cloudwatch._dispatch_alarm_actions
    fields = ("AlarmActions", "OKActions", "InsufficientDataActions")
    field_of = {"ALARM": fields[0], "OK": fields[1], "INSUFFICIENT_DATA": fields[2]}

    def guarded(alarm: Mapping[str, Any], old_state: str, new_state: str, reason: str) -> None:
        field, (account, region) = field_of.get(new_state), current_scope()
        if field is None or not alarm.get("ActionsEnabled", True):
            return
        source = str(alarm.get("AlarmArn", ""))
        reached = [
            action
            for action in alarm.get(field) or ()
            if ":sns:" not in action or guard(action, source, account, region)
        ]
        original({**alarm, field: reached}, old_state, new_state, reason)

    cloudwatch._dispatch_alarm_actions = guarded


def block_public_access() -> None:
    """Give every new bucket its Block Public Access, as S3 does since April 2023; MiniStack does so with IAM only."""
    from ministack.services import s3

    s3._new_bucket_public_access_block = lambda: {"_public_access_block": s3._NEW_BUCKET_PUBLIC_ACCESS_BLOCK}


def queue_invocations(at_once: int) -> None:
    """Run at most ``at_once`` asynchronous invocations at a time; the others wait, as in Lambda's own queue
    (https://docs.aws.amazon.com/lambda/latest/dg/invocation-async.html).

    MiniStack starts a process for each at once: a burst of events would starve a laptop, and what it then throttles
    counts as a failed attempt, where Lambda goes on trying for six hours. Synchronous invocations don't wait.
    """
    from ministack.services import lambda_svc

    turns = threading.BoundedSemaphore(at_once)
    asynchronous: ContextVar[bool] = ContextVar("asynchronous", default=False)
    invoke_in_background, execute = lambda_svc.invoke_async_with_retry, lambda_svc._execute_function

    def marked(func: Any, event: Any) -> None:
        token = asynchronous.set(True)  # the thread that MiniStack starts inherits it
        try:
            invoke_in_background(func, event)
        finally:
            asynchronous.reset(token)

    def in_turn(func: Any, event: Any) -> Any:
        if not asynchronous.get():
            return execute(func, event)
        with turns:
            return execute(func, event)

    lambda_svc.invoke_async_with_retry, lambda_svc._execute_function = marked, in_turn


def capture_mail(deliver: Callable[[str, str, str, str], None]) -> None:
    """Hear of what a topic sends by mail, which MiniStack only logs: ``deliver(topic, address, subject, message)``."""
    from ministack.services import sns

    original = sns._fanout

    def fanout(
        topic_arn: str,
        msg_id: str,
        message: str,
        subject: str,
        message_structure: str = "",
        message_attributes: dict[str, Any] | None = None,
        message_group_id: str = "",
        message_dedup_id: str = "",
    ) -> None:
        record = sns._topic_by_arn_any_scope(topic_arn)
        for subscription in (record or {}).get("subscriptions", ()):
            if subscription.get("protocol") not in ("email", "email-json"):
                continue
            text = sns._resolve_message_for_protocol(message, message_structure, subscription["protocol"])
            if sns._matches_filter_policy(subscription, message_attributes or {}, text):
                deliver(topic_arn, subscription.get("endpoint", ""), subject, text)
        original(
            topic_arn,
            msg_id,
            message,
            subject,
            message_structure,
            message_attributes,
            message_group_id=message_group_id,
            message_dedup_id=message_dedup_id,
        )

    sns._fanout = fanout


# --- state ----------------------------------------------------------------------------------------------------------


async def reset() -> None:
    """Forget every resource, in memory and on disk, as MiniStack's own reset does."""
    from ministack import app

    async with app._get_reset_lock():
        await asyncio.to_thread(app._reset_all_state)
