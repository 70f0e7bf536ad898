"""What AWS has, MiniStack lacks, and compliance is about: the account's S3 public access block, and what a database
snapshot is shared with. Kept in one JSON file, written before the answer goes out.
"""

from __future__ import annotations

import json
import re
import threading
import uuid
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

from watchkeeper.local import ministack_adapter as adapter
from watchkeeper.local.ministack_adapter import Handler, Response

_FLAGS = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
_BLOCK_PATH = "/v20180820/configuration/publicAccessBlock"
_SHARING = ("DescribeDBSnapshotAttributes", "ModifyDBSnapshotAttribute")


class Additions:
    """Thread-safe; ``install`` puts it into MiniStack."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._state: dict[str, dict[str, Any]] = self._read()

    def install(self) -> None:
        """Answer these requests from now on."""
        adapter.mount_s3_control(_BLOCK_PATH, _block_action, self._public_access_block)
        adapter.wrap_handler("rds", self._around_rds)

    def reset(self) -> None:
        """Forget all."""
        with self._lock:
            self._state = {}
            self._path.unlink(missing_ok=True)

    def _public_access_block(self, method: str, account: str, body: bytes) -> Response:
        """https://docs.aws.amazon.com/AmazonS3/latest/API/API_control_PutPublicAccessBlock.html"""
        if method == "PUT":
            text = body.decode("utf-8", "replace")
            flags = {
                flag: re.search(rf"<{flag}>\s*true\s*</{flag}>", text, re.IGNORECASE) is not None for flag in _FLAGS
            }
            self._put("account-block", account, flags)
            return 201, {"Content-Type": "application/xml"}, b""
        if method == "DELETE":
            self._put("account-block", account, None)
            return 204, {}, b""
        flags = self._get("account-block", account)
        if flags is None:
            message = "The public access block configuration was not found"
            return _s3_error(404, "NoSuchPublicAccessBlockConfiguration", message)
        inner = "".join(f"<{flag}>{str(value).lower()}</{flag}>" for flag, value in flags.items())
        document = f"<PublicAccessBlockConfiguration>{inner}</PublicAccessBlockConfiguration>"
        return 200, {"Content-Type": "application/xml"}, document.encode()

    def _around_rds(self, handler: Handler) -> Handler:
        async def handle(
            method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, list[str]]
        ) -> Any:
            form = dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
            if form.get("Action") not in _SHARING:
                return await handler(method, path, headers, body, query)
            return self._snapshot_sharing(form)

        return handle

    def _snapshot_sharing(self, form: dict[str, str]) -> Response:
        """https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ModifyDBSnapshotAttribute.html"""
        name, action = form.get("DBSnapshotIdentifier", ""), form["Action"]
        account, region = adapter.current_scope()
        if not adapter.database_snapshot_exists(account, region, name):
            message = f"DBSnapshot {escape(name)} not found."
            error = f"<Error><Type>Sender</Type><Code>DBSnapshotNotFound</Code><Message>{message}</Message></Error>"
            return _rds(404, "ErrorResponse", error)
        key = f"{account}/{region}/{name}"
        shared = list(self._get("snapshot-sharing", key) or ())
        if action == "ModifyDBSnapshotAttribute":
            added = [value for field, value in form.items() if field.startswith("ValuesToAdd.")]
            removed = [value for field, value in form.items() if field.startswith("ValuesToRemove.")]
            shared = [value for value in dict.fromkeys([*shared, *added]) if value not in removed]
            self._put("snapshot-sharing", key, shared)
        values = "".join(f"<AttributeValue>{escape(value)}</AttributeValue>" for value in shared)
        result = (
            f"<DBSnapshotAttributesResult><DBSnapshotIdentifier>{escape(name)}</DBSnapshotIdentifier>"
            f"<DBSnapshotAttributes><DBSnapshotAttribute><AttributeName>restore</AttributeName>"
            f"<AttributeValues>{values}</AttributeValues></DBSnapshotAttribute></DBSnapshotAttributes>"
            "</DBSnapshotAttributesResult>"
        )
        return _rds(200, f"{action}Response", f"<{action}Result>{result}</{action}Result>")

    def _get(self, kind: str, key: str) -> Any:
        with self._lock:
            return self._state.get(kind, {}).get(key)

    def _put(self, kind: str, key: str, value: Any) -> None:
        with self._lock:
            entries = self._state.setdefault(kind, {})
            if value is None:
                entries.pop(key, None)
            else:
                entries[key] = value
            draft = self._path.with_suffix(".new")
            draft.write_text(json.dumps(self._state))
            draft.replace(self._path)

    def _read(self) -> dict[str, dict[str, Any]]:
        try:
            state = json.loads(self._path.read_text())
        except FileNotFoundError:
            return {}
        return state if isinstance(state, dict) else {}


def _block_action(method: str) -> str:
    """The IAM action: deleting is putting, in IAM's eyes."""
    return "s3:GetAccountPublicAccessBlock" if method == "GET" else "s3:PutAccountPublicAccessBlock"


def _s3_error(status: int, code: str, message: str) -> Response:
    error = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    text = f"<ErrorResponse>{error}<RequestId>{uuid.uuid4()}</RequestId></ErrorResponse>"
    return status, {"Content-Type": "application/xml"}, text.encode()


def _rds(status: int, root: str, inner: str) -> Response:
    request_id = f"<RequestId>{uuid.uuid4()}</RequestId>"
    tail = f"<ResponseMetadata>{request_id}</ResponseMetadata>" if status == 200 else request_id
    text = f'<{root} xmlns="http://rds.amazonaws.com/doc/2014-10-31/">{inner}{tail}</{root}>'
    return status, {"Content-Type": "text/xml"}, text.encode()
