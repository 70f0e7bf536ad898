"""The S3 keys of what AWS Config delivers: month and day without leading zeros.

https://docs.aws.amazon.com/config/latest/developerguide/example-s3-snapshot.html
"""

from __future__ import annotations

from datetime import UTC, datetime


def writability_key(account: str, prefix: str | None) -> str:
    """The empty object that Config writes to see whether it may."""
    return f"{_root(account, prefix)}/ConfigWritabilityCheckFile"


def snapshot_key(account: str, region: str, prefix: str | None, moment: float, snapshot_id: str) -> str:
    """Where a snapshot goes."""
    folder = f"{_day(account, region, prefix, moment)}/ConfigSnapshot"
    return f"{folder}/{account}_Config_{region}_ConfigSnapshot_{_stamp(moment)}_{snapshot_id}.json.gz"


def history_key(
    account: str, region: str, prefix: str | None, resource_type: str, start: float, end: float, number: int
) -> str:
    """Where the history of one resource type goes, for the time between ``start`` and ``end``."""
    folder = f"{_day(account, region, prefix, end)}/ConfigHistory"
    period = f"{_stamp(start)}_{_stamp(end)}_{number}"
    return f"{folder}/{account}_Config_{region}_ConfigHistory_{resource_type}_{period}.json.gz"


def oversized_key(
    account: str, region: str, prefix: str | None, resource_type: str, resource_id: str, moment: float, unique: str
) -> str:
    """Where the notification of an item that is too big for a message goes."""
    folder = f"{_day(account, region, prefix, moment)}/OversizedChangeNotification/{resource_type}/{resource_id}"
    name = f"{resource_type}_{resource_id}_{_stamp(moment)}_{unique}"
    return f"{folder}/{account}_Config_{region}_ChangeNotification_{name}.json.gz"


def _root(account: str, prefix: str | None) -> str:
    return f"{prefix.strip('/')}/AWSLogs/{account}/Config" if prefix else f"AWSLogs/{account}/Config"


def _day(account: str, region: str, prefix: str | None, moment: float) -> str:
    day = datetime.fromtimestamp(moment, UTC)
    return f"{_root(account, prefix)}/{region}/{day.year}/{day.month}/{day.day}"


def _stamp(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y%m%dT%H%M%SZ")
