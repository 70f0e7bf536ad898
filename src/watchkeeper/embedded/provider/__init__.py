"""The embedded AWS's Pulumi provider: classic pulumi-aws resource types over boto3, against any endpoint."""

from watchkeeper.embedded.provider.provider import AwsProvider

__all__ = ["AwsProvider"]
