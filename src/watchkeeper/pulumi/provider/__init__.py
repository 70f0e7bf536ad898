"""The embedded AWS's Pulumi provider: classic pulumi-aws resource types over boto3, against any endpoint."""

from watchkeeper.pulumi.provider.provider import AwsProvider

__all__ = ["AwsProvider"]
