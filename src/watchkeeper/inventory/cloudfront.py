"""Amazon CloudFront: distributions.

Shapes: https://github.com/awslabs/aws-config-resource-schema.
"""

from __future__ import annotations

import re
from typing import Any

from watchkeeper.inventory.core import respelled
from watchkeeper.inventory.described import Ask, Row, described

_ACRONYM = re.compile(r"^[A-Z]+(?=[A-Z][a-z])|^[A-Z]+$|^[A-Z]")


def _distribution_spelling(value: Any) -> Any:
    """CloudFront's own way in Config: ``httpPort``, ``acmCertificateArn``, ``arn``, ``webACLId``."""
    return respelled(value, lambda key: _ACRONYM.sub(lambda found: found[0].lower(), key))


ROWS = (
    Row(
        *("AWS::CloudFront::Distribution", "cloudfront", "list_distributions", "DistributionList.Items"),
        id="Id",
        arn="ARN",
        # The listing lacks the default root object and the logging.
        detail=Ask("get_distribution", "Id", "Id", result="Distribution", absent=("NoSuchDistribution",)),
        spelling=_distribution_spelling,
        without=("InProgressInvalidationBatches", "Status"),
        tags=Ask("list_tags_for_resource", "Resource", result="Tags.Items", absent=("NoSuchResource",)),
        global_type=True,
    ),
)

READERS = tuple(described(row) for row in ROWS)
