"""config-kms-access: the delivery bucket's key is open to Config."""

from __future__ import annotations

from collections.abc import Iterator

from watchkeeper.preflight.check import ERROR, Check, Result
from watchkeeper.preflight.meaning.delivery import KEY_USE, deliveries, key_by_role, key_of, service_answer
from watchkeeper.preflight.meaning.values import quote
from watchkeeper.preflight.meaning.views import Views


def look(views: Views) -> Iterator[Result]:
    """Each channel whose files are encrypted with a customer key."""
    for delivery in deliveries(views):
        link, key = key_of(views, delivery)
        if not link.present or (link.text or "").endswith("alias/aws/s3"):
            continue
        if key is None:
            yield CHECK.unknown(delivery.channel, "the key of its bucket is not in the program")
            continue
        answers = [service_answer(key.documents, action, None) for action in KEY_USE]
        role = key_by_role(delivery, key)
        if all(answers) or role is True:
            continue
        if any(answer is None for answer in answers) or role is None:
            yield CHECK.unknown(key.resource, "whether Config may use the key is known only after the deployment")
            continue
        yield CHECK.finding(
            key.resource,
            f"neither this key's policy nor the recorder's role lets AWS Config use it for the files of the delivery "
            f"channel {quote(delivery.channel.name)}.",
            path="policy",
        )


CHECK = Check(
    id="config-kms-access",
    severity=ERROR,
    title="Config may use the key of the delivery bucket",
    explanation="Files in an SSE-KMS bucket are written with kms:GenerateDataKey, by the recorder's role or by "
    "config.amazonaws.com. The service-linked role cannot use KMS itself.",
    aws_does="Nothing is delivered (AccessDenied in the delivery status).",
    fix="Allow config.amazonaws.com kms:Decrypt and kms:GenerateDataKey in the key policy, with StringEquals "
    "AWS:SourceAccount.",
    source="https://docs.aws.amazon.com/config/latest/developerguide/s3-kms-key-policy.html",
    look=look,
    tags=("config", "kms", "iam"),
    needs_all=True,
)
