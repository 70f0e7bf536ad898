"""Deliveries to the channel: the writability check, notifications, oversized items, snapshots and history.

A refusal never reaches whoever changed a resource: it stands in DescribeDeliveryChannelStatus, as in AWS.
https://docs.aws.amazon.com/config/latest/developerguide/deliver-snapshot-cli.html
"""

from __future__ import annotations

import gzip
from collections.abc import Iterable
from typing import Any
from uuid import uuid4

import orjson

from watchkeeper import items
from watchkeeper.awsconfig.channels import channel_of, note_delivery
from watchkeeper.awsconfig.context import to_iso
from watchkeeper.awsconfig.keys import history_key, oversized_key, snapshot_key, writability_key
from watchkeeper.awsconfig.notifications import Notification, delivery_status, oversized, queue_notification
from watchkeeper.awsconfig.recorders import KIND as RECORDER
from watchkeeper.awsconfig.recorders import running_recorder
from watchkeeper.awsconfig.services import ServiceRefused
from watchkeeper.awsconfig.states import unpack
from watchkeeper.awsconfig.store import Work
from watchkeeper.awsconfig.work import Bench, done
from watchkeeper.model import ConfigurationItem

_STREAM, _SNAPSHOT, _HISTORY = "configStreamDeliveryInfo", "configSnapshotDeliveryInfo", "configHistoryDeliveryInfo"


def publish(bench: Bench, work: Work) -> None:
    """Send a message to the channel's topic. AWS doesn't try again: what is refused is lost."""
    with bench.store.read() as db:
        channel = channel_of(db, work.account, work.region)
    topic = (channel or {}).get("snsTopicARN")
    refused = None
    if topic:
        try:
            bench.services.publish(work.account, work.region, topic, work.body["subject"], work.body["message"])
        except ServiceRefused as refusal:
            refused = refusal
    with bench.store.write() as db:
        if topic:
            note_delivery(db, work.account, work.region, bench.now(), _STREAM, refused)
        done(db, work)


def check_writability(bench: Bench, work: Work) -> None:
    """Write the empty object that tells whether Config may write."""
    with bench.store.read() as db:
        channel = channel_of(db, work.account, work.region)
        # A channel comes before its recorder is started: the role that it will deliver with counts.
        recorders = [body["recorder"] for _, body in db.entities(work.account, work.region, RECORDER)]
    role = next((recorder.get("roleARN") for recorder in recorders if not recorder.get("servicePrincipal")), None)
    if channel is not None:
        key = writability_key(work.account, channel.get("s3KeyPrefix"))
        _put(bench, work, channel, role, key, b"", "application/octet-stream")
    with bench.store.write() as db:
        done(db, work)


def deliver_oversized(bench: Bench, work: Work) -> None:
    """Put an item that is too big for a message to S3, and send the summary that says where."""
    now = bench.now()
    detail = work.body["detail"]
    item = detail["configurationItem"]
    channel, role = _channel(bench, work)
    location, refused = "", None
    if channel is not None:
        key = oversized_key(
            work.account,
            work.region,
            channel.get("s3KeyPrefix"),
            item["resourceType"],
            item["resourceId"],
            now,
            str(uuid4()),
        )
        location = f"{channel['s3BucketName']}/{key}"
        refused = _put(bench, work, channel, role, key, gzip.compress(orjson.dumps(detail)))
    failure = (refused.code, refused.message) if refused else None
    message = oversized(detail, location, failure)
    with bench.store.write() as db:
        arns = (item["ARN"],) if item.get("ARN") else ()
        event = Notification("Config Configuration Item Change", message, arns, work.body["subject"])
        queue_notification(db, work.account, work.region, event)
        done(db, work)


def deliver_snapshot(bench: Bench, work: Work) -> None:
    """Write what every recorded resource is now. ``body``: ``id`` of the snapshot."""
    now, snapshot_id = bench.now(), work.body["id"]
    account, region = work.account, work.region
    channel, role = _channel(bench, work)
    if channel is None:
        with bench.store.write() as db:
            done(db, work)
        return
    with bench.store.read() as db:
        rows = db.rows(
            "SELECT s.body FROM resource r JOIN state s ON s.id=r.state WHERE r.account=? AND r.region=? "
            "AND r.deleted=0 ORDER BY r.type, r.resource",
            (account, region),
        )
    key = snapshot_key(account, region, channel.get("s3KeyPrefix"), now, snapshot_id)
    refused = _put(bench, work, channel, role, key, _file(snapshot_id, (unpack(row[0]) for row in rows)))
    with bench.store.write() as db:
        note_delivery(db, account, region, now, _SNAPSHOT, refused)
        kind = "Failed" if refused else "Completed"
        detail = {
            "configSnapshotId": snapshot_id,
            "s3ObjectKey": key,
            "s3Bucket": channel["s3BucketName"],
            "notificationCreationTime": to_iso(now),
            "messageType": f"ConfigurationSnapshotDelivery{kind}",
            "recordVersion": "1.1",
        } | _failure(refused)
        subject = f"[AWS Config:{region}] Configuration Snapshot Delivery {kind} for Account {account}"
        queue_notification(
            db, account, region, delivery_status("Config Configuration Snapshot Delivery Status", detail, subject)
        )
        done(db, work)


def deliver_history(bench: Bench, work: Work) -> None:
    """Write the states that were recorded since the last time, one file for each resource type. ``body``: ``start``."""
    now = bench.now()
    account, region = work.account, work.region
    channel, role = _channel(bench, work)
    with bench.store.read() as db:
        rows = db.rows(
            "SELECT type, id, body FROM state WHERE account=? AND region=? AND delivered=0 ORDER BY type, id",
            (account, region),
        )
    by_type: dict[str, list[Any]] = {}
    for row in rows:
        by_type.setdefault(row[0], []).append(row)
    for resource_type, states in by_type.items() if channel else ():
        number, start = 1, work.body.get("start", now)
        prefix = channel.get("s3KeyPrefix") if channel else None
        key = history_key(account, region, prefix, resource_type, start, now, number)
        body = _file(None, (unpack(row[2]) for row in states))
        refused = _put(bench, work, channel or {}, role, key, body)
        with bench.store.write() as db:
            note_delivery(db, account, region, now, _HISTORY, refused)
            if refused:
                break
            db.run_many("UPDATE state SET delivered=1 WHERE id=?", [(row[1],) for row in states])
            detail = {
                "s3ObjectKey": key,
                "s3Bucket": (channel or {})["s3BucketName"],
                "notificationCreationTime": to_iso(now),
                "messageType": "ConfigurationHistoryDeliveryCompleted",
                "recordVersion": "1.1",
            }
            subject = f"[AWS Config:{region}] Configuration History Delivery Completed for Account {account}"
            queue_notification(
                db, account, region, delivery_status("Config Configuration History Delivery Status", detail, subject)
            )
    with bench.store.write() as db:
        done(db, work)


def _channel(bench: Bench, work: Work) -> tuple[dict[str, Any] | None, str | None]:
    """The delivery channel and the recorder's role."""
    with bench.store.read() as db:
        recorder = running_recorder(db, work.account, work.region)
        role = recorder["recorder"].get("roleARN") if recorder else None
        return channel_of(db, work.account, work.region), role


def _put(
    bench: Bench, work: Work, channel: dict[str, Any], role: str | None, key: str, body: bytes,
    content_type: str = "application/x-gzip",
) -> ServiceRefused | None:  # fmt: skip
    """Write an object; why not, if it was refused."""
    try:
        bench.services.put_object(
            work.account,
            work.region,
            channel["s3BucketName"],
            key,
            body,
            role_arn=role,
            kms_key_arn=channel.get("s3KmsKeyArn"),
            content_type=content_type,
        )
    except ServiceRefused as refusal:
        return refusal
    return None


def _file(snapshot_id: str | None, states: Iterable[ConfigurationItem]) -> bytes:
    """A snapshot or history file, compressed."""
    head = {"fileVersion": "1.0", **({"configSnapshotId": snapshot_id} if snapshot_id else {})}
    return gzip.compress(orjson.dumps({**head, "configurationItems": [items.to_snapshot(item) for item in states]}), 6)


def _failure(refused: ServiceRefused | None) -> dict[str, Any]:
    return {"errorCode": refused.code, "errorMessage": refused.message} if refused else {}
