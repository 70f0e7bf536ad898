"""Amazon Kinesis Data Streams.

Shapes: https://github.com/awslabs/aws-config-resource-schema.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from watchkeeper.inventory.core import Context, Raw, plain
from watchkeeper.inventory.described import Ask, Row, described

_GONE = ("ResourceNotFoundException",)


def _stream(_ctx: Context, raw: Raw) -> Mapping[str, Any]:
    encryption = {"EncryptionType": raw.get("EncryptionType"), "KeyId": raw.get("KeyId")}
    return {
        "Name": raw["StreamName"],
        "Arn": raw["StreamARN"],
        "RetentionPeriodHours": raw.get("RetentionPeriodHours"),
        "ShardCount": raw.get("OpenShardCount"),
        "StreamModeDetails": plain(raw.get("StreamModeDetails") or {}),
        **({"StreamEncryption": encryption} if raw.get("EncryptionType") == "KMS" else {}),
    }


ROWS = (
    Row(
        *("AWS::Kinesis::Stream", "kinesis", "list_streams", "StreamNames"),
        id="StreamName",
        arn="StreamARN",
        name="StreamName",
        detail=Ask(*("describe_stream_summary", "StreamName"), result="StreamDescriptionSummary", absent=_GONE),
        shape=_stream,
        tags=Ask("list_tags_for_resource", "ResourceARN", result="Tags", absent=_GONE),
        created="StreamCreationTimestamp",
        zone="Regional",
    ),
)

READERS = tuple(described(row) for row in ROWS)
