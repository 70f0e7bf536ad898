"""Pulumi without its CLI: the resource graph, the engine's protocol, the AWS provider's schema, and a provider.

``engine`` runs any Pulumi program against a provider, ``provider`` makes classic pulumi-aws resources over boto3 at any
endpoint, ``automation`` hands a deployment to the Pulumi CLI.
"""
