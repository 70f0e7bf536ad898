"""What reaches S3 and SNS, where, and what is seen when it doesn't."""

from __future__ import annotations

import gzip

import orjson

ACCOUNT, REGION = "123456789012", "eu-west-1"
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:config"


def keys(services, part):
    return [key for key in services.buckets["config"] if part in key]


def content(services, key):
    return orjson.loads(gzip.decompress(services.buckets["config"][key]))


def delivery_status(config):
    return config("DescribeDeliveryChannelStatus")["DeliveryChannelsStatus"][0]


def test_the_writability_check_is_written_when_the_channel_is_put(running, services):
    assert services.buckets["config"] == {f"AWSLogs/{ACCOUNT}/Config/ConfigWritabilityCheckFile": b""}


def test_a_snapshot_on_demand(running, service, services, make):
    service.record([make.bucket("b", tags={"a": "b"})])
    snapshot_id = running("DeliverConfigSnapshot", deliveryChannelName="default")["configSnapshotId"]
    (key,) = keys(services, "ConfigSnapshot")
    assert key == (
        f"AWSLogs/{ACCOUNT}/Config/{REGION}/2026/9/27/ConfigSnapshot/"
        f"{ACCOUNT}_Config_{REGION}_ConfigSnapshot_20260927T080000Z_{snapshot_id}.json.gz"
    )
    snapshot = content(services, key)
    assert snapshot["configSnapshotId"] == snapshot_id
    (item,) = snapshot["configurationItems"]
    assert (item["resourceId"], item["awsAccountId"], item["tags"]) == ("b", ACCOUNT, {"a": "b"})
    assert item["configuration"] == {"name": "b"}
    assert delivery_status(running)["configSnapshotDeliveryInfo"]["lastStatus"] == "Success"
    subjects = [subject for subject, _ in services.topics[TOPIC]]
    assert f"[AWS Config:{REGION}] Configuration Snapshot Delivery Completed for Account {ACCOUNT}" in subjects


def test_snapshots_by_the_clock_and_history_every_six_hours(config, service, services, clock, make):
    config.put_recorder()
    channel = {
        "s3BucketName": "config",
        "s3KeyPrefix": "audit",
        "configSnapshotDeliveryProperties": {"deliveryFrequency": "One_Hour"},
    }
    config("PutDeliveryChannel", DeliveryChannel=channel)
    config("StartConfigurationRecorder", ConfigurationRecorderName="default")
    service.tick()
    service.record([make.bucket("b"), make.instance("i-1")])
    for _ in range(7):
        clock.forward(hours=1)
        service.tick()
    assert len(keys(services, "_ConfigSnapshot_")) == 7
    histories = keys(services, "_ConfigHistory_")
    assert sorted(key.split("_")[4] for key in histories) == ["AWS::EC2::Instance", "AWS::S3::Bucket"]
    assert all(key.startswith(f"audit/AWSLogs/{ACCOUNT}/Config/{REGION}/2026/9/27/ConfigHistory/") for key in histories)
    clock.forward(hours=7)
    service.tick()
    assert len(keys(services, "_ConfigHistory_")) == 2


def test_a_snapshot_needs_a_channel_and_a_running_recorder(config):
    request = {"deliveryChannelName": "default"}
    assert config.refused("DeliverConfigSnapshot", **request).code == "NoSuchDeliveryChannelException"
    config.put_recorder()
    config("PutDeliveryChannel", DeliveryChannel={"s3BucketName": "config"})
    assert config.refused("DeliverConfigSnapshot", **request).code == "NoRunningConfigurationRecorderException"


def test_a_bucket_closed_later_loses_the_delivery_and_the_status_says_so(running, services):
    services.closed_buckets.add("config")
    running("DeliverConfigSnapshot", deliveryChannelName="default")
    info = delivery_status(running)["configSnapshotDeliveryInfo"]
    assert (info["lastStatus"], info["lastErrorCode"]) == ("Failure", "AccessDenied")


def test_an_encrypted_topic_loses_the_notifications_and_the_status_says_so(running, service, services, make):
    services.encrypted_topics.add(TOPIC)
    service.record([make.bucket("b")])
    assert services.topics[TOPIC] == []
    info = delivery_status(running)["configStreamDeliveryInfo"]
    assert (info["lastStatus"], info["lastErrorCode"]) == ("Failure", "KMSEncryptedTopic")
    assert services.of_type("Config Configuration Item Change")


def test_the_topic_gets_what_the_bus_gets(running, service, services, make):
    running.put_managed("v", "S3_BUCKET_VERSIONING_ENABLED")
    service.record([make.bucket("b", "Off")])
    subjects = [subject for subject, _ in services.topics[TOPIC]]
    assert f"[AWS Config:{REGION}] AWS::S3::Bucket b Created in Account {ACCOUNT}" in subjects
    assert f"[AWS Config:{REGION}] AWS::S3::Bucket b is NON_COMPLIANT with v in Account {ACCOUNT}" in subjects
    assert [m for _, m in services.topics[TOPIC]] == [event["Detail"] for event in services.events]
    assert delivery_status(running)["configStreamDeliveryInfo"]["lastStatus"] == "Success"


def test_a_channel_put_again_is_the_same_channel(running):
    running("PutDeliveryChannel", DeliveryChannel={"s3BucketName": "config"})
    (channel,) = running("DescribeDeliveryChannels")["DeliveryChannels"]
    assert channel == {"name": "default", "s3BucketName": "config"}
    error = running.refused("DescribeDeliveryChannels", DeliveryChannelNames=["x"])
    assert error.code == "NoSuchDeliveryChannelException"
