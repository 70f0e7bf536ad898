"""Amazon OpenSearch Service: domains.

Shapes: https://github.com/awslabs/aws-config-resource-schema.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from watchkeeper.inventory.core import Context, Raw, plain
from watchkeeper.inventory.es import domain_reader, domain_row


def _domain(_ctx: Context, raw: Raw) -> Mapping[str, Any]:
    """Config's domain of OpenSearch: the properties of CloudFormation, the access policy as an object."""
    renamed = {"DomainId": "Id", "ARN": "Arn"}
    held = {renamed.get(key, key): value for key, value in raw.items()}
    policy = raw.get("AccessPolicies")
    spelled: Mapping[str, Any] = plain({**held, "AccessPolicies": json.loads(policy) if policy else None})
    return spelled


_OPENSEARCH = "AWS::OpenSearch::Domain"

READERS = (
    domain_reader(
        *(_OPENSEARCH, "opensearch", "OpenSearch"),
        domain_row(_OPENSEARCH, "opensearch", "DomainName", shape=_domain, zone="Regional"),
    ),
)
