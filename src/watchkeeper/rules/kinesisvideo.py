"""Amazon Kinesis Video Streams: streams.

Each rule's page: https://docs.aws.amazon.com/config/latest/developerguide/<console name>.html.
"""

# ruff: noqa: ARG001 - every rule has the same signature
from __future__ import annotations

from watchkeeper.model import ConfigurationItem, Severity, Verdict
from watchkeeper.rules.base import Lookup, Parameters, number, rule, verdict


@rule(
    "KINESIS_VIDEO_STREAM_MINIMUM_DATA_RETENTION",
    types=("AWS::KinesisVideo::Stream",),
    severity=Severity.LOW,
    category="Backup and recovery",
)
def video_retention(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """Data is kept for minDataRetentionInHours or longer."""
    hours, least = number(item.configuration, "DataRetentionInHours"), int(parameters["minDataRetentionInHours"])
    return verdict(hours >= least, f"Data is kept for {hours:g} hours; keep it for {least} or more.")
