"""boto3 clients: one factory for whoever calls AWS, with a named profile for how patient it is.

The deployed functions have a factory of their own (:mod:`watchkeeper.monitoring.functions.runtime`): in Lambda a call
must give up before the function's time ends.
"""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

_ACCOUNT_HOST = re.compile(r"^(https?://)\d{12}\.")
_CREATION = threading.Lock()
"""Making a client isn't thread-safe, using one is (boto3 guide, Multithreading)."""
_LOG = logging.getLogger("watchkeeper.api")
"""Each call's outcome at INFO, its parameters at DEBUG; nothing below WARNING is shown unless somebody asks."""
_SECRET = re.compile(
    r"secret|password|passphrase|token|credential|privatekey|plaintext|variables|payload|userdata|message",
    re.IGNORECASE,
)
_SHOWN = 300
"""Characters of a call's parameters that are logged."""
_POOL = 32
"""Connections of one client: enough for the workers that share it."""


@dataclass(frozen=True, slots=True)
class Profile:
    """How long calls are tried. Adaptive slows down where AWS throttles instead of failing
    (https://docs.aws.amazon.com/boto3/latest/guide/retries.html)."""

    attempts: int
    """The first one included."""
    mode: str = "adaptive"
    connect_timeout: float = 10
    """Seconds."""
    read_timeout: float = 30
    """Seconds."""


READING = Profile(8)
"""Many reads of an account that others use too."""
FIRST_CONTACT = Profile(3)
"""The first calls of a run: an endpoint that isn't there should be reported soon."""
LOOPBACK = Profile(2)
"""Calls to a server on this machine, which answers or is gone."""
QUESTIONS = Profile(9, connect_timeout=5, read_timeout=60)
"""A person waits for the answer."""
CHANGES = Profile(9, "standard", read_timeout=70)
"""Creations and deletions: some take AWS a minute."""


class EndpointError(Exception):
    """AWS can't be asked: what was wrong, and in ``hint`` what to do about it."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class Clients:
    """The clients of one account: ``Clients(session, region, endpoint_url)("s3")``. Made once each, shared by threads.

    ``client_arguments`` go to every client (other credentials on one session, which then loads the service models
    once).
    """

    def __init__(
        self,
        session: boto3.Session,
        region: str,
        endpoint_url: str | None = None,
        profile: Profile = READING,
        **client_arguments: Any,
    ) -> None:
        self.region = region
        self.endpoint_url = endpoint_url
        self._session = session
        self._arguments = client_arguments
        self._config = Config(
            retries={"mode": profile.mode, "total_max_attempts": profile.attempts},
            max_pool_connections=_POOL,
            connect_timeout=profile.connect_timeout,
            read_timeout=profile.read_timeout,
            s3={"addressing_style": "path"} if endpoint_url else {},
            inject_host_prefix=endpoint_url is None,
        )
        self._made: dict[tuple[str, str], Any] = {}

    def __call__(self, service: str, region: str | None = None) -> Any:
        """The client of a boto3 service, in the factory's region unless another is named."""
        key = (service, region or self.region)
        made = self._made.get(key)
        if made is not None:
            return made
        with _CREATION:
            if key not in self._made:
                self._made[key] = self._make(*key)
            return self._made[key]

    @property
    def account(self) -> str:
        """The account id, asked of STS. Raises EndpointError where the endpoint does not let the caller in."""
        try:
            return str(self("sts").get_caller_identity()["Account"])
        except (ClientError, BotoCoreError) as error:
            raise EndpointError(
                f"AWS does not answer: {error}", "Check credentials with: aws sts get-caller-identity"
            ) from error

    def _make(self, service: str, region: str) -> Any:
        client = self._session.client(
            service, region_name=region, endpoint_url=self.endpoint_url, config=self._config, **self._arguments
        )
        if service == "s3control" and self.endpoint_url:
            # S3 Control puts the account before the host, even before an address: nothing resolves that.
            client.meta.events.register("before-sign.s3-control", self._without_account)
        if _LOG.isEnabledFor(logging.INFO):
            client.meta.events.register("before-call.*.*", _begin)
            client.meta.events.register("after-call.*.*", _end)
            client.meta.events.register("after-call-error.*.*", _break_off)
            client.meta.events.register("before-parameter-build.*.*", _parameters)
        return client

    def _without_account(self, request: Any, **_: Any) -> None:
        request.url = _ACCOUNT_HOST.sub(r"\1", request.url, count=1)


def of_caller(region: str | None = None) -> Clients:
    """AWS itself, with the caller's own credentials. Raises EndpointError where no region is set."""
    session = boto3.Session(region_name=region)
    if session.region_name is None:
        raise EndpointError("No AWS region is set.", "Name one with --region, AWS_REGION or aws configure.")
    return Clients(session, session.region_name, profile=QUESTIONS)


def masked(value: Any, name: str = "") -> Any:
    """Parameters of a call with what may be secret taken out: by the name of the field, and all that is binary."""
    if value and _SECRET.search(name):
        return "***"
    if isinstance(value, Mapping):
        return {key: masked(inner, str(key)) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [masked(inner, name) for inner in value]
    return value if isinstance(value, str | int | float | bool | None) else f"<{type(value).__name__}>"


def _parameters(params: Any, model: Any, **_: Any) -> None:
    _LOG.debug("%s %s %s", model.service_model.service_name, model.name, str(masked(params))[:_SHOWN])


def _begin(context: dict[str, Any], **_: Any) -> None:
    context["watchkeeper.began"] = time.monotonic()


def _end(http_response: Any, parsed: Any, model: Any, context: dict[str, Any], **_: Any) -> None:
    said = parsed.get("Error", {}).get("Code", "") if isinstance(parsed, Mapping) else ""
    _log_call(model, context, f"{http_response.status_code} {said}".strip())


def _break_off(exception: Exception, event_name: str, **_: Any) -> None:
    _LOG.info("%s %s", event_name.removeprefix("after-call-error."), type(exception).__name__)


def _log_call(model: Any, context: Mapping[str, Any], outcome: str) -> None:
    region = context.get("client_region") or ""
    took = 1000 * (time.monotonic() - context.get("watchkeeper.began", time.monotonic()))
    _LOG.info(
        "%s", " ".join(filter(None, (model.service_model.service_name, model.name, region, outcome, f"{took:.0f} ms")))
    )
