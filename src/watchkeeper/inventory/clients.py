"""boto3 clients for reading: kept, thread-safe, with adaptive retries and enough connections for the workers."""

from __future__ import annotations

import re
import threading
from typing import Any

import boto3
from botocore.config import Config

_ACCOUNT_HOST = re.compile(r"^(https?://)\d{12}\.")
_CREATION = threading.Lock()
"""Making a client isn't thread-safe, using one is (boto3 guide, Multithreading)."""


class Clients:
    """A ClientFactory on a session: ``Clients(session, region, endpoint_url)("s3")``. ``client_arguments`` go to every
    client (other credentials on one session, which then loads the service models once)."""

    def __init__(
        self,
        session: boto3.Session,
        region: str,
        endpoint_url: str | None = None,
        *,
        pool: int = 32,
        attempts: int = 8,
        **client_arguments: Any,
    ) -> None:
        self._session = session
        self._arguments = client_arguments
        self._region = region
        self._endpoint = endpoint_url
        self._config = Config(
            retries={"mode": "adaptive", "total_max_attempts": attempts},
            max_pool_connections=pool,
            connect_timeout=10,
            read_timeout=30,
            s3={"addressing_style": "path"} if endpoint_url else {},
            inject_host_prefix=endpoint_url is None,
        )
        self._made: dict[str, Any] = {}

    def __call__(self, service: str) -> Any:
        """The client of a boto3 service."""
        made = self._made.get(service)
        if made is not None:
            return made
        with _CREATION:
            if service not in self._made:
                self._made[service] = self._make(service)
            return self._made[service]

    def _make(self, service: str) -> Any:
        client = self._session.client(
            service, region_name=self._region, endpoint_url=self._endpoint, config=self._config, **self._arguments
        )
        if service == "s3control" and self._endpoint:
            # S3 Control puts the account before the host, even before an address: nothing resolves that.
            client.meta.events.register("before-sign.s3-control", self._without_account)
        return client

    def _without_account(self, request: Any, **_: Any) -> None:
        request.url = _ACCOUNT_HOST.sub(r"\1", request.url, count=1)
