"""AWS Secrets Manager: secrets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from watchkeeper.inventory.core import Context, Raw, Reader, edges, listed, make_item, plain, tag_map
from watchkeeper.model import ConfigurationItem

KEY = "AWS::KMS::Key"
SECRET = "AWS::SecretsManager::Secret"  # noqa: S105 - a resource type


def _secret(ctx: Context, raw: Raw) -> ConfigurationItem | None:
    if raw.get("DeletedDate"):
        return None
    tags = raw.get("Tags") or []
    volatile = ("LastAccessedDate", "ResponseMetadata", "SecretVersionsToStages", "VersionIdsToStages")
    return make_item(
        ctx,
        SECRET,
        raw["ARN"],
        name=raw.get("Name"),
        arn=raw["ARN"],
        # The CloudFormation shape, as Config records types of its registry; what rules look at beside it.
        configuration=plain({key: value for key, value in raw.items() if key not in volatile}) | {"Id": raw["ARN"]},
        relationships=edges("Is encrypted with ", KEY, [str(raw.get("KmsKeyId") or "").rpartition("/")[2]]),
        tags=tag_map(tags),
        created=raw.get("CreatedDate"),
    )


def _some_secrets(ctx: Context, keys: Sequence[str]) -> Iterator[Raw]:
    for key in keys:
        found = ctx.ask("secretsmanager", "describe_secret", SecretId=key, absent=("ResourceNotFoundException",))
        if found:
            yield found


READERS = (
    Reader(
        SECRET,
        "secretsmanager",
        all=listed("secretsmanager", "list_secrets", "SecretList"),
        some=_some_secrets,
        item=_secret,
    ),
)
