"""Calls of the AWS API for one provider operation: clients that threads share, errors as the engine wants them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import boto3
from botocore.exceptions import BotoCoreError, ClientError, EndpointConnectionError, ParamValidationError

from watchkeeper.aws.arn import arn_of, partition_of
from watchkeeper.clients import CHANGES, Clients
from watchkeeper.pulumi.engine.provider import ProviderError, UncertainError

_GONE = ("NotFound", "NoSuch", "NonExistent", "DoesNotExist", "NotExist", "InvalidParameterValue.NotFound")
_GONE_CODES = frozenset(
    {
        "404",
        "AWS.SimpleQueueService.NonExistentQueue",
        "DBInstanceNotFound",
        "EntityNotFoundException",
        "InvalidAllocationID.NotFound",
        "QueueDoesNotExist",
        "ResourceNotFound",
        "TrailNotFoundException",
    }
)


def is_gone(error: ProviderError) -> bool:
    """Whether AWS says that the thing does not exist (any more)."""
    return error.code in _GONE_CODES or any(mark in error.code for mark in _GONE)


@contextmanager
def translated(service: str) -> Iterator[None]:
    """botocore's errors as :class:`ProviderError`, with the operation and AWS's error code."""
    try:
        yield
    except ClientError as error:
        detail = error.response.get("Error", {})
        code = str(detail.get("Code", ""))
        text = str(detail.get("Message", "")) or code
        raise ProviderError(f"{text}", operation=error.operation_name, code=code) from error
    except ParamValidationError as error:
        raise ProviderError(f"{service}: {error}", operation="", code="ParamValidation") from error
    except BotoCoreError as error:
        never_sent = getattr(error, NEVER_SENT, False)
        kind = ProviderError if never_sent else UncertainError
        raise kind(f"{service}: {error}", operation="", code=type(error).__name__) from error


NEVER_SENT: Final = "watchkeeper_never_sent"
"""Attribute of a botocore error: refused at the first attempt, so that nothing can have been carried out."""


def _give_up_when_refused(caught_exception: Exception | None = None, attempts: int = 1, **_: Any) -> None:
    """Nobody listens on a loopback port: it was stopped or killed. Eight attempts each would be minutes of silence."""
    if isinstance(caught_exception, EndpointConnectionError):
        setattr(caught_exception, NEVER_SENT, attempts == 1)
        raise caught_exception


def clients(endpoint_url: str, region: str, access_key: str, secret_key: str) -> Clients:
    """The clients of the account that the keys belong to; they give up at once where nobody listens."""
    session = boto3.Session(access_key, secret_key, region_name=region)
    session.events.register_first("needs-retry", _give_up_when_refused)
    return Clients(session, region, endpoint_url, CHANGES)


class Aws:
    """What a handler needs for one operation on one resource.

    ``made`` remembers the physical id as soon as the thing exists, so that a failed creation can be undone.
    """

    def __init__(self, clients: Clients, account: str, region: str, name: str = "") -> None:
        self.clients = clients
        self.account = account
        self.region = region
        self.name = name
        self.made: str | None = None
        self.inputs: Mapping[str, Any] = {}
        """The program's own inputs, without what AWS computed: what a deletion may take along."""
        self.partition = partition_of(region)

    def client(self, service: str) -> Any:
        """The boto3 client of a service in this resource's region."""
        return self.clients(service, self.region)

    def call(self, service: str, method: str, **parameters: Any) -> dict[str, Any]:
        """One API call; parameters that are None are left out. Raises ProviderError."""
        client = self.client(service)
        given = {key: value for key, value in parameters.items() if value is not None}
        with translated(service):
            reply: dict[str, Any] = getattr(client, method)(**given)
        return reply

    def find(self, service: str, method: str, **parameters: Any) -> dict[str, Any] | None:
        """Like :meth:`call`, but None where AWS says that it does not exist."""
        try:
            return self.call(service, method, **parameters)
        except ProviderError as error:
            if is_gone(error):
                return None
            raise

    def drop(self, service: str, method: str, **parameters: Any) -> None:
        """Like :meth:`call`, for deletions: what is gone already is fine."""
        self.find(service, method, **parameters)

    def pages(self, service: str, method: str, key: str, **parameters: Any) -> list[Any]:
        """All items under ``key`` of a paged operation."""
        client = self.client(service)
        given = {name: value for name, value in parameters.items() if value is not None}
        with translated(service):
            if not client.can_paginate(method):
                return list(getattr(client, method)(**given).get(key) or ())
            pages = client.get_paginator(method).paginate(**given)
            return [item for page in pages for item in page.get(key) or ()]

    def wait(self, done: Callable[[], bool], seconds: float, what: str) -> None:
        """Ask every 0.2 s until done; ProviderError with code ``Timeout`` after ``seconds``."""
        deadline = time.monotonic() + seconds
        while not done():
            if time.monotonic() > deadline:
                raise ProviderError(f"{what} took longer than {seconds:.0f} s", operation="", code="Timeout")
            time.sleep(0.2)

    def arn(self, service: str, resource: str, *, region: bool = True, account: bool = True) -> str:
        """``arn:aws:service:region:account:resource``."""
        place = self.region if region else ""
        owner = self.account if account else ""
        return arn_of(service, resource, region=place, account=owner, partition=self.partition)
