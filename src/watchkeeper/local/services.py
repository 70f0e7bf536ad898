"""The services that our Config service calls, where MiniStack is the rest of AWS."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any

import boto3

from watchkeeper import inventory
from watchkeeper.aws import facts
from watchkeeper.awsconfig.services import CONFIG_PRINCIPAL, ServiceRefused
from watchkeeper.clients import LOOPBACK, Clients
from watchkeeper.inventory import Gap
from watchkeeper.inventory.account import facts as account_facts
from watchkeeper.local import automation
from watchkeeper.local import ministack_adapter as adapter
from watchkeeper.local.losses import UNDELIVERED, UNINVOKED, UNPUBLISHED, Losses
from watchkeeper.local.readable import READABLE
from watchkeeper.model import ConfigurationItem

_WRITER_KEYS = {"s3:x-amz-acl": "bucket-owner-full-control"}
"""Config writes with this canned ACL; AWS's own bucket policy asks for it."""


def managed_policy_document(arn: str) -> str | None:
    """The document of an AWS managed policy as JSON text, None if AWS has none of that ARN."""
    policy = facts.managed_policy(arn)
    return json.dumps(policy.document, default=dict) if policy is not None and policy.arn == arn else None


class MiniStackServices:
    """Implements :class:`watchkeeper.awsconfig.services.Services`; with ``iam`` off nothing is refused for a
    policy."""

    def __init__(self, endpoint: str, losses: Losses, *, iam: bool, on_gap: Callable[[Gap], None]) -> None:
        self._endpoint = endpoint
        self._losses = losses
        self._iam = iam
        self._on_gap = on_gap
        self._clients: dict[tuple[str, str], Clients] = {}
        self._lock = threading.Lock()
        self._session = boto3.Session()

    def warm_up(self, account: str, region: str) -> None:
        """Make the clients that the first change will need: loading the service models takes a second."""
        clients = self.clients(account, region)
        for service in ("s3", "ec2", "rds", "s3control"):
            clients(service)

    @property
    def readable_types(self) -> frozenset[str]:
        """The types that can exist here and that ``inventory`` has readers for."""
        return READABLE

    def clients(self, account: str, region: str) -> Clients:
        """Clients of the account's root, through the gateway."""
        with self._lock:
            made = self._clients.get((account, region))
            if made is None:
                made = self._clients[account, region] = Clients(
                    self._session,
                    region,
                    self._endpoint,
                    # A stopping server must not be waited for.
                    LOOPBACK,
                    aws_access_key_id=account,
                    aws_secret_access_key=adapter.root_secret(),
                )
            return made

    def put_events(self, account: str, region: str, entries: Sequence[Mapping[str, Any]]) -> None:
        """See the protocol."""
        adapter.put_events(account, region, entries)

    def invoke_function(self, account: str, region: str, function_arn: str, event: Mapping[str, Any]) -> None:
        """See the protocol."""
        if not self.function_exists(account, region, function_arn):
            raise ServiceRefused("ResourceNotFoundException", f"Function not found: {function_arn}")
        source = str(event.get("configRuleArn", ""))
        if not self._function_open(account, region, function_arn, source):
            self._losses.add(
                UNINVOKED,
                source or "AWS Config",
                function_arn,
                f"the function's resource policy doesn't allow lambda:InvokeFunction to {CONFIG_PRINCIPAL}",
                account,
                region,
            )
            raise ServiceRefused(
                "AccessDenied", f"{CONFIG_PRINCIPAL} is not allowed lambda:InvokeFunction on {function_arn}"
            )
        adapter.invoke(account, region, function_arn, dict(event))

    def check_bucket(self, account: str, region: str, bucket: str, key: str, role_arn: str | None = None) -> None:
        """See the protocol."""
        found = adapter.bucket(account, bucket)
        if found is None:
            raise ServiceRefused("NoSuchBucket", f"The specified bucket does not exist: {bucket}")
        if self._may_write(account, region, bucket, key, found, role_arn) is None:
            raise ServiceRefused(
                "AccessDenied",
                f"Neither the bucket policy of {bucket} nor the role {role_arn or '(none)'} lets Config write {key}.",
            )

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
        """See the protocol."""
        try:
            self._check_write(account, region, bucket, key, role_arn, kms_key_arn)
        except ServiceRefused as refusal:
            self._losses.add(UNDELIVERED, "AWS Config", f"s3://{bucket}/{key}", refusal.message, account, region)
            raise
        encryption = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": kms_key_arn} if kms_key_arn else {}
        self.clients(account, region)("s3").put_object(
            Bucket=bucket, Key=key, Body=body, ContentType=content_type, **encryption
        )

    def check_topic(self, account: str, region: str, topic_arn: str) -> None:
        """See the protocol."""
        if adapter.topic(account, region, topic_arn) is None:
            raise ServiceRefused("NotFound", f"Topic does not exist: {topic_arn}")

    def publish(self, account: str, region: str, topic_arn: str, subject: str, message: str) -> None:
        """See the protocol."""
        try:
            self._check_publish(account, region, topic_arn)
        except ServiceRefused as refusal:
            self._losses.add(UNPUBLISHED, "AWS Config", topic_arn, refusal.message, account, region)
            raise
        adapter.publish(account, region, topic_arn, subject, message)

    def role_exists(self, account: str, role_arn: str) -> bool:
        """See the protocol."""
        return adapter.role(account, role_arn) is not None

    def role_trusts_config(self, account: str, role_arn: str) -> bool:
        """See the protocol."""
        role = adapter.role(account, role_arn)
        return role is not None and adapter.trusts(role, CONFIG_PRINCIPAL)

    def function_exists(self, account: str, region: str, function_arn: str) -> bool:
        """See the protocol."""
        return adapter.function_policy(account, region, function_arn) is not None

    def function_allows_config(self, account: str, region: str, function_arn: str) -> bool:
        """See the protocol."""
        return self._function_open(account, region, function_arn, "")

    def read(self, account: str, region: str, types: Collection[str] | None = None) -> Iterator[ConfigurationItem]:
        """See the protocol. One type after the other, so that changes that come in meanwhile aren't kept waiting."""
        for type_ in sorted(READABLE if types is None else types):
            yield from self.read_all(account, region, [type_], self._on_gap)

    def read_one(self, account: str, region: str, resource_type: str, resource_id: str) -> ConfigurationItem | None:
        """See the protocol."""
        clients = self.clients(account, region)
        return inventory.read_one(
            clients, resource_type, resource_id, account=account, region=region, on_gap=self._on_gap
        )

    def account_fact(self, account: str, region: str, name: str) -> Any:
        """A fact of the account, read now; see ``inventory.account.facts``. Raises Unavailable with the reason."""
        return account_facts(self.clients(account, region), region=region)(name)

    def run_automation(
        self,
        account: str,
        region: str,
        document: str,
        version: str | None,
        parameters: Mapping[str, Sequence[str]],
        role_arn: str | None,
    ) -> None:
        """Run an SSM document as its role, or, without one, as the account's root; see ``automation.run_document``.
        Raises ServiceRefused, also for a role that isn't there or doesn't trust ``ssm.amazonaws.com``."""
        automation.check_document(document, version, parameters)
        clients = self._role_clients(account, region, role_arn) if role_arn else self.clients(account, region)
        automation.run_document(clients, account, document, version, parameters)

    def _role_clients(self, account: str, region: str, role_arn: str) -> Clients:
        role = adapter.role(account, role_arn)
        if role is None or (self._iam and not adapter.trusts(role, automation.PRINCIPAL)):
            raise ServiceRefused(
                automation.INVALID,
                f"The defined assume role is unable to be assumed: {role_arn} must exist and let "
                f"{automation.PRINCIPAL} assume it.",
            )
        credentials: dict[str, Any] = {**adapter.service_session(account, role_arn, "Automation")}
        return Clients(self._session, region, self._endpoint, LOOPBACK, **credentials)

    def read_some(
        self, account: str, region: str, resource_type: str, keys: Sequence[str], on_gap: Callable[[Gap], None]
    ) -> list[ConfigurationItem]:
        """The resources with these keys, for the recorder; see ``inventory.read_some``."""
        clients = self.clients(account, region)
        return inventory.read_some(clients, resource_type, keys, account=account, region=region, on_gap=on_gap)

    def read_all(
        self, account: str, region: str, types: Collection[str], on_gap: Callable[[Gap], None]
    ) -> Iterator[ConfigurationItem]:
        """Everything of these types, for the recorder; see ``inventory.read``."""
        clients = self.clients(account, region)
        return inventory.read(clients, types, account=account, region=region, on_gap=on_gap, workers=4)

    def _function_open(self, account: str, region: str, function_arn: str, source_arn: str) -> bool:
        policy = adapter.function_policy(account, region, function_arn)
        if policy is None:
            return False
        return not self._iam or adapter.service_allowed(
            CONFIG_PRINCIPAL,
            "lambda:InvokeFunction",
            function_arn,
            policy,
            account=account,
            region=region,
            source_arn=source_arn,
        )

    def _may_write(
        self, account: str, region: str, bucket: str, key: str, found: adapter.Bucket, role_arn: str | None
    ) -> str | None:
        """Who may: ``service`` (by the bucket policy), ``role``, or nobody."""
        if not self._iam:
            return "service"
        arn = f"arn:aws:s3:::{bucket}/{key}"
        if adapter.service_allowed(
            CONFIG_PRINCIPAL, "s3:PutObject", arn, found.policy, account=account, region=region, keys=_WRITER_KEYS
        ):
            return "service"
        if role_arn and adapter.role_allowed(
            role_arn,
            "s3:PutObject",
            arn,
            account=account,
            region=region,
            policy=found.policy or None,
            keys=_WRITER_KEYS,
        ):
            return "role"
        return None

    def _check_write(
        self, account: str, region: str, bucket: str, key: str, role_arn: str | None, kms_key_arn: str | None
    ) -> None:
        self.check_bucket(account, region, bucket, key, role_arn)
        found = adapter.bucket(account, bucket)
        if found is None or not self._iam or not (kms_key_arn or found.kms):
            return
        wanted = kms_key_arn or found.key
        if not self._key_open(account, region, bucket, key, found, role_arn, wanted):
            raise ServiceRefused(
                "KMSAccessDenied",
                f"Neither AWS Config nor the role {role_arn or '(none)'} may kms:GenerateDataKey with "
                f"{wanted or 'alias/aws/s3'}, the key of {bucket}.",
            )

    def _key_open(
        self,
        account: str,
        region: str,
        bucket: str,
        key: str,
        found: adapter.Bucket,
        role_arn: str | None,
        wanted: str,
    ) -> bool:
        if not wanted or wanted.endswith("alias/aws/s3"):
            # S3's own key serves the account's principals, through S3; it can't be opened to a service.
            return bool(role_arn) and self._may_write(account, region, bucket, key, found, role_arn) == "role"
        record = adapter.key_policy(account, region, wanted)
        if record is None:
            return False
        arn, policy = record
        if adapter.service_allowed(
            CONFIG_PRINCIPAL, "kms:GenerateDataKey", arn, policy, account=account, region=region
        ):
            return True
        return bool(role_arn) and adapter.role_allowed(
            role_arn or "",
            "kms:GenerateDataKey",
            arn,
            account=account,
            region=region,
            policy=policy,
            policy_required=True,
        )

    def _check_publish(self, account: str, region: str, topic_arn: str) -> None:
        attributes = adapter.topic(account, region, topic_arn)
        if attributes is None:
            raise ServiceRefused("NotFound", f"Topic does not exist: {topic_arn}")
        if not self._iam:
            return
        if attributes.get("KmsMasterKeyId"):
            raise ServiceRefused("KMSEncryptedTopic", f"AWS Config can't publish to an encrypted topic: {topic_arn}")
        policy = attributes.get("Policy")
        if not adapter.service_allowed(
            CONFIG_PRINCIPAL, "sns:Publish", topic_arn, policy, account=account, region=region
        ):
            raise ServiceRefused(
                "AccessDenied", f"The policy of {topic_arn} doesn't allow sns:Publish to {CONFIG_PRINCIPAL}."
            )
