"""The services that AWS Config calls, in memory: an AWS of buckets, topics, roles and functions, which refuses nothing.

For whoever uses :class:`watchkeeper.awsconfig.ConfigService` alone, in a test or a notebook.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from watchkeeper.awsconfig.services import ServiceRefused
from watchkeeper.model import ConfigurationItem


@dataclass
class MemoryServices:
    """Implements :class:`watchkeeper.awsconfig.services.Services` for every account and region. What is not here does
    not exist; what Config does is kept where a program can look at it."""

    buckets: dict[str, dict[str, bytes]] = field(default_factory=dict)
    """Bucket to key to content."""
    roles: set[str] = field(default_factory=set)
    """ARNs; each trusts Config."""
    topics: dict[str, list[tuple[str, dict[str, Any]]]] = field(default_factory=dict)
    """ARN to what was published: subject and message."""
    functions: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """ARN to the events that it was invoked with."""
    events: list[dict[str, Any]] = field(default_factory=list)
    """What went to EventBridge, oldest first, each with its account and region."""
    resources: dict[tuple[str, str, str, str], ConfigurationItem] = field(default_factory=dict)
    """Account, region, type and id to the resource as it is now."""
    readable_types: frozenset[str] = frozenset()

    def put_events(self, account: str, region: str, entries: Sequence[Mapping[str, Any]]) -> None:
        """See the protocol."""
        for entry in entries:
            self.events.append({**entry, "Detail": orjson.loads(entry["Detail"]), "account": account, "region": region})

    def invoke_function(self, account: str, region: str, function_arn: str, event: Mapping[str, Any]) -> None:  # noqa: ARG002
        """See the protocol."""
        if function_arn not in self.functions:
            raise ServiceRefused("ResourceNotFoundException", f"Function not found: {function_arn}")
        self.functions[function_arn].append(dict(event))

    def check_bucket(self, account: str, region: str, bucket: str, key: str, role_arn: str | None = None) -> None:  # noqa: ARG002
        """See the protocol."""
        if bucket not in self.buckets:
            raise ServiceRefused("NoSuchBucket", f"The specified bucket does not exist: {bucket}")

    def put_object(
        self,
        account: str,
        region: str,
        bucket: str,
        key: str,
        body: bytes,
        *,
        role_arn: str | None = None,
        kms_key_arn: str | None = None,  # noqa: ARG002
        content_type: str = "",  # noqa: ARG002
    ) -> None:
        """See the protocol."""
        self.check_bucket(account, region, bucket, key, role_arn)
        self.buckets[bucket][key] = body

    def check_topic(self, account: str, region: str, topic_arn: str) -> None:  # noqa: ARG002
        """See the protocol."""
        if topic_arn not in self.topics:
            raise ServiceRefused("NotFound", f"Topic does not exist: {topic_arn}")

    def publish(self, account: str, region: str, topic_arn: str, subject: str, message: str) -> None:
        """See the protocol."""
        self.check_topic(account, region, topic_arn)
        self.topics[topic_arn].append((subject, orjson.loads(message)))

    def role_exists(self, account: str, role_arn: str) -> bool:  # noqa: ARG002
        """See the protocol."""
        return role_arn in self.roles

    def role_trusts_config(self, account: str, role_arn: str) -> bool:
        """See the protocol."""
        return self.role_exists(account, role_arn)

    def function_exists(self, account: str, region: str, function_arn: str) -> bool:  # noqa: ARG002
        """See the protocol."""
        return function_arn in self.functions

    def function_allows_config(self, account: str, region: str, function_arn: str) -> bool:
        """See the protocol."""
        return self.function_exists(account, region, function_arn)

    def read(self, account: str, region: str, types: Collection[str] | None = None) -> Iterator[ConfigurationItem]:
        """See the protocol."""
        for item in list(self.resources.values()):
            if (item.account_id, item.region) == (account, region) and (types is None or item.resource_type in types):
                yield item

    def read_one(self, account: str, region: str, resource_type: str, resource_id: str) -> ConfigurationItem | None:
        """See the protocol."""
        return self.resources.get((account, region, resource_type, resource_id))
