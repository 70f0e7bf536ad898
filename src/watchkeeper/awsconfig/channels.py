"""Delivery channels: where snapshots, history and notifications go, and how the last deliveries went.

One per account and region. https://docs.aws.amazon.com/config/latest/developerguide/manage-delivery-channel.html and
https://docs.aws.amazon.com/config/latest/APIReference/API_PutDeliveryChannel.html
"""

from __future__ import annotations

import re
from typing import Any
from uuid import uuid4

from watchkeeper.aws import refusals
from watchkeeper.awsconfig.context import Call, present
from watchkeeper.awsconfig.errors import ConfigError, refuse
from watchkeeper.awsconfig.keys import writability_key
from watchkeeper.awsconfig.recorders import customer_recorder, require_recorder, require_running
from watchkeeper.awsconfig.services import ServiceRefused
from watchkeeper.awsconfig.store import Session

KIND = "channel"
STATUS = "channel_status"
FREQUENCY_SECONDS = {
    "One_Hour": 3600,
    "Three_Hours": 3 * 3600,
    "Six_Hours": 6 * 3600,
    "Twelve_Hours": 12 * 3600,
    "TwentyFour_Hours": 24 * 3600,
}
_TOPIC = re.compile(r"arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]{1,256}")
_KEY = re.compile(r"arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:(key|alias)/.+")


def put_delivery_channel(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    channel = request["DeliveryChannel"]
    name = channel.get("name", "default")
    if not name.strip():
        raise ConfigError(
            "InvalidDeliveryChannelNameException", f"The delivery channel name '{name}' is not valid, blank string."
        )
    recorder = require_recorder(call, "put delivery channel")
    existing = [other for other, _ in call.entities(KIND)]
    if existing and existing != [name]:
        raise ConfigError(
            "MaxNumberOfDeliveryChannelsExceededException",
            f"Failed to put delivery channel '{name}' because the maximum number of delivery channels: 1 is reached.",
        )
    _check_topic(call, channel.get("snsTopicARN"))
    _check_bucket(call, channel, recorder["recorder"].get("roleARN"))
    call.put(KIND, name, present({**channel, "name": name}))
    if not existing:
        call.put(STATUS, name, _first_status(call))
    call.db.queue("emit", "writability", call.account, call.region, {})
    return {}


def delete_delivery_channel(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    name = request["DeliveryChannelName"]
    _require(call, name)
    recorder = customer_recorder(call)
    if recorder and recorder["status"]["recording"]:
        raise ConfigError(
            "LastDeliveryChannelDeleteFailedException",
            f"Failed to delete last specified delivery channel with name '{name}', because there is a running "
            "configuration recorder.",
        )
    call.remove(KIND, name)
    call.remove(STATUS, name)
    return {}


def describe_delivery_channels(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    return {"DeliveryChannels": [_require(call, name) for name in _names(call, request)]}


def describe_delivery_channel_status(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    names = _names(call, request)
    for name in names:
        _require(call, name)
    return {"DeliveryChannelsStatus": [{"name": name, **(call.get(STATUS, name) or {})} for name in names]}


def deliver_config_snapshot(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    _require(call, request["deliveryChannelName"])
    require_recorder(call, "deliver a snapshot")
    require_running(call, "deliver a snapshot")
    snapshot_id = str(uuid4())
    call.db.queue("emit", "snapshot", call.account, call.region, {"id": snapshot_id})
    return {"configSnapshotId": snapshot_id}


def channel_of(db: Session, account: str, region: str) -> dict[str, Any] | None:
    """The delivery channel of an account and region, or None."""
    return next((body for _, body in db.entities(account, region, KIND)), None)


def note_delivery(
    db: Session, account: str, region: str, now: float, stream: str, refused: ServiceRefused | None
) -> None:
    """Keep how a delivery went. ``stream`` is ``configSnapshotDeliveryInfo``, ``configHistoryDeliveryInfo`` or
    ``configStreamDeliveryInfo``; a failure is told here and nowhere else, as in AWS."""
    channel = channel_of(db, account, region)
    if channel is None:
        return
    status = db.get(account, region, STATUS, channel["name"]) or {}
    before = status.get(stream, {})
    outcome = _outcome(refused)
    if stream == "configStreamDeliveryInfo":
        changed = before.get("lastStatus") != outcome["lastStatus"]
        if not changed and not refused:
            return
        moment = now if changed else before.get("lastStatusChangeTime", now)
        info = {**outcome, "lastStatusChangeTime": moment}
    else:
        kept = {key: before[key] for key in ("lastSuccessfulTime", "nextDeliveryTime") if key in before}
        info = {**kept, **outcome, "lastAttemptTime": now} | ({} if refused else {"lastSuccessfulTime": now})
    db.put(account, region, STATUS, channel["name"], {**status, stream: info})


def snapshot_seconds(channel: dict[str, Any]) -> int | None:
    """Seconds between two snapshots; None where the channel asks for none."""
    frequency = channel.get("configSnapshotDeliveryProperties", {}).get("deliveryFrequency")
    return FREQUENCY_SECONDS[frequency] if frequency else None


def _outcome(refused: ServiceRefused | None) -> dict[str, Any]:
    if refused is None:
        return {"lastStatus": "Success"}
    return {"lastStatus": "Failure", "lastErrorCode": refused.code, "lastErrorMessage": refused.message}


def _first_status(call: Call) -> dict[str, Any]:
    return {
        "configSnapshotDeliveryInfo": {},
        "configHistoryDeliveryInfo": {},
        "configStreamDeliveryInfo": {"lastStatus": "Not_Applicable", "lastStatusChangeTime": call.now},
    }


def _check_topic(call: Call, topic: str | None) -> None:
    if topic is None:
        return
    if not _TOPIC.fullmatch(topic):
        raise ConfigError("InvalidSNSTopicARNException", f"The sns topic arn '{topic}' is not valid.")
    try:
        call.services.check_topic(call.account, call.region, topic)
    except ServiceRefused as refused:
        raise ConfigError(
            "InvalidSNSTopicARNException", f"The sns topic arn '{topic}' is not valid: {refused.message}"
        ) from refused


def _check_bucket(call: Call, channel: dict[str, Any], role: str | None) -> None:
    bucket, prefix, key = (channel.get(name) for name in ("s3BucketName", "s3KeyPrefix", "s3KmsKeyArn"))
    if not bucket:
        raise ConfigError("NoSuchBucketException", "Cannot find a S3 bucket with an empty bucket name.")
    if prefix is not None:
        refuse(refusals.key_prefix(prefix))
    if key is not None and not _KEY.fullmatch(key):
        raise ConfigError("InvalidS3KmsKeyArnException", f"The arn '{key}' is not a valid kms key or alias arn.")
    try:
        call.services.check_bucket(call.account, call.region, bucket, writability_key(call.account, prefix), role)
    except ServiceRefused as refused:
        raise _bucket_refusal(refused, bucket, prefix, key) from refused


def _bucket_refusal(refused: ServiceRefused, bucket: str, prefix: str | None, key: str | None) -> ConfigError:
    if refused.code == "NoSuchBucket":
        return ConfigError("NoSuchBucketException", f"Cannot find a S3 bucket with name '{bucket}'.")
    return ConfigError(
        "InsufficientDeliveryPolicyException",
        f"Insufficient delivery policy to s3 bucket: {bucket}, unable to write to bucket, provided s3 key prefix is "
        f"'{prefix or 'null'}', provided kms key is '{key or 'null'}'.",
    )


def _names(call: Call, request: dict[str, Any]) -> list[str]:
    return request.get("DeliveryChannelNames") or [name for name, _ in call.entities(KIND)]


def _require(call: Call, name: str) -> dict[str, Any]:
    channel = call.get(KIND, name)
    if channel is None:
        raise ConfigError(
            "NoSuchDeliveryChannelException", f"Cannot find delivery channel with specified name '{name}'."
        )
    return channel
