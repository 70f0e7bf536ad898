"""AWS Certificate Manager: certificates.

Shapes: https://github.com/awslabs/aws-config-resource-schema.
"""

from __future__ import annotations

from watchkeeper.inventory.described import Ask, Row, described

_KEY_TYPES = (
    *("RSA_1024", "RSA_2048", "RSA_3072", "RSA_4096"),
    *("EC_prime256v1", "EC_secp384r1", "EC_secp521r1"),
)
"""Without them ListCertificates leaves all but RSA_1024 and RSA_2048 out
(https://docs.aws.amazon.com/acm/latest/APIReference/API_Filters.html)."""

ROWS = (
    Row(
        *("AWS::ACM::Certificate", "acm", "list_certificates", "CertificateSummaryList"),
        arguments={"Includes": {"keyTypes": list(_KEY_TYPES)}},
        id="CertificateArn",
        arn="CertificateArn",
        detail=Ask(
            *("describe_certificate", "CertificateArn", "CertificateArn"),
            result="Certificate",
            absent=("ResourceNotFoundException",),
        ),
        tags=Ask("list_tags_for_certificate", "CertificateArn", result="Tags", absent=("ResourceNotFoundException",)),
        tags_beside=True,
        created="CreatedAt",
        zone="Regional",
    ),
)

READERS = tuple(described(row) for row in ROWS)
