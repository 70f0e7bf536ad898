"""config-bucket-policy: the bucket's policy or the recorder's role lets Config deliver."""

from __future__ import annotations

from collections.abc import Iterator

from watchkeeper.preflight.check import ERROR, UNSURE, Check, Result
from watchkeeper.preflight.meaning.delivery import by_role, deliveries, missing_in_policy
from watchkeeper.preflight.meaning.values import quote
from watchkeeper.preflight.meaning.views import Views

CONFIRM = "s3:ListBucket"
"""With it Config asks whether the bucket is there (HeadBucket)."""
STILL_DELIVERS = (
    "It delivers all the same; CloudTrail shows AccessDenied where Config asks whether the bucket is there."
)


def look(views: Views) -> Iterator[Result]:
    """Each channel's bucket."""
    for delivery in deliveries(views):
        if delivery.bucket is None:
            if delivery.link.present:
                yield CHECK.unknown(
                    delivery.channel, "its bucket is not in the program; if its policy lets Config in is not known"
                )
            continue
        missing, unknown = missing_in_policy(views, delivery)
        role = by_role(views, delivery)
        if (not missing and not unknown) or role is True:
            continue
        if unknown or role is None:
            yield CHECK.unknown(
                delivery.bucket.resource,
                "a policy that decides whether Config may deliver is not known before the deployment",
            )
            continue
        unconfirmed = missing == [CONFIRM]
        yield CHECK.finding(
            delivery.bucket.resource,
            f"neither the policy of this bucket nor the recorder's role lets AWS Config do {', '.join(missing)} "
            f"for the delivery channel {quote(delivery.channel.name)}.",
            path="policy",
            severity=UNSURE if unconfirmed else None,
            aws_does=STILL_DELIVERS if unconfirmed else "",
        )


CHECK = Check(
    id="config-bucket-policy",
    severity=ERROR,
    title="Config may deliver to the bucket",
    explanation="Config writes with the recorder's role, or as config.amazonaws.com where the bucket's policy "
    "lets it. In "
    "one account a custom role with S3 write is enough; the service-linked role needs the policy. AWS's guide "
    "asks for s3:ListBucket too, and says that Config delivers without: its absence alone is reported as unsure.",
    aws_does="PutDeliveryChannel answers InsufficientDeliveryPolicyException.",
    fix="Allow config.amazonaws.com s3:GetBucketAcl and s3:ListBucket on the bucket and s3:PutObject on "
    "<bucket>/[prefix/]AWSLogs/<account>/Config/*, each with StringEquals AWS:SourceAccount.",
    source="https://docs.aws.amazon.com/config/latest/developerguide/s3-bucket-policy.html",
    look=look,
    tags=("config", "s3", "iam"),
    needs_all=True,
)
