"""What AWS Config needs of the rest of AWS: the seam between our Config service and whatever is around it.

Config asks as the service principal ``config.amazonaws.com``, or with the recorder's role. Where AWS would refuse, so
does this, with AWS's error code; nothing here swallows a refusal, the caller decides what AWS does with it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from watchkeeper.model import ConfigurationItem

CONFIG_PRINCIPAL = "config.amazonaws.com"


class ServiceRefused(Exception):  # noqa: N818 - a refusal of AWS's, told to Config, is no failure of ours
    """AWS would not let Config do this. ``code`` is AWS's: ``NoSuchBucket``, ``AccessDenied``, ``KMSAccessDenied``,
    ``NotFound`` (topic), ``KMSEncryptedTopic``, ``ResourceNotFoundException`` (function)."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class RecordingScope:
    """What the recorder of an account and region records now."""

    types: frozenset[str] | None = None
    """Resource types; None: every supported one."""
    excluded: frozenset[str] = field(default_factory=frozenset)
    global_types: bool = False
    """Whether IAM users, groups, roles and customer managed policies are recorded too."""

    def records(self, resource_type: str) -> bool:
        """Whether a change of this type becomes a configuration item."""
        if resource_type in self.excluded:
            return False
        if self.types is not None:
            return resource_type in self.types
        return self.global_types or resource_type not in GLOBAL_TYPES


GLOBAL_TYPES = frozenset({"AWS::IAM::User", "AWS::IAM::Group", "AWS::IAM::Role", "AWS::IAM::Policy"})
"""What ``includeGlobalResourceTypes`` is about (AWS Config API reference, RecordingGroup)."""


class Services(Protocol):
    """Every method may be called from several threads. ``region`` is where Config acts."""

    def put_events(self, account: str, region: str, entries: Sequence[Mapping[str, Any]]) -> None:
        """Put events on the default bus, as PutEvents takes them (Source, DetailType, Detail as JSON text, Resources);
        unlike PutEvents from outside, ``aws.config`` is allowed as source. Any number of entries."""

    def invoke_function(self, account: str, region: str, function_arn: str, event: Mapping[str, Any]) -> None:
        """Invoke a rule's function with AWS's event, asynchronously as Config does: returns at once. Raises
        ServiceRefused: no such function, or its resource policy doesn't let Config in (``AccessDenied``)."""

    def check_bucket(self, account: str, region: str, bucket: str, key: str, role_arn: str | None = None) -> None:
        """Whether ``key`` could be written there: the bucket exists (``NoSuchBucket``) and the bucket policy lets
        Config in, or the role may write (``AccessDenied``). Keys are not looked at, as PutDeliveryChannel doesn't."""

    def put_object(
        self,
        account: str,
        region: str,
        bucket: str,
        key: str,
        body: bytes,
        *,
        role_arn: str | None = None,
        kms_key_arn: str | None = None,
        content_type: str = "application/octet-stream",
    ) -> None:
        """Write as Config. Raises ServiceRefused: as ``check_bucket``, and ``KMSAccessDenied`` where the bucket's
        (or the given) key opens neither to Config nor to the role."""

    def check_topic(self, account: str, region: str, topic_arn: str) -> None:
        """Whether the topic exists (``NotFound``)."""

    def publish(self, account: str, region: str, topic_arn: str, subject: str, message: str) -> None:
        """Publish as Config. Raises ServiceRefused: ``NotFound``, ``AccessDenied`` (topic policy),
        ``KMSEncryptedTopic`` (Config supports no encrypted topics). Counted as a silent loss as well."""

    def role_exists(self, account: str, role_arn: str) -> bool:
        """Whether the role is there."""

    def role_trusts_config(self, account: str, role_arn: str) -> bool:
        """Whether its trust policy lets ``config.amazonaws.com`` assume it."""

    def function_exists(self, account: str, region: str, function_arn: str) -> bool:
        """Whether the function is there."""

    def function_allows_config(self, account: str, region: str, function_arn: str) -> bool:
        """Whether its resource policy lets ``config.amazonaws.com`` invoke it for this account."""

    def read(self, account: str, region: str, types: Collection[str] | None = None) -> Iterator[ConfigurationItem]:
        """Every resource that exists now, of these types or of all that can be read."""

    def read_one(self, account: str, region: str, resource_type: str, resource_id: str) -> ConfigurationItem | None:
        """One resource as it is now; None if it is gone."""

    @property
    def readable_types(self) -> frozenset[str]:
        """The resource types that can be read at all."""
