"""AWS Transfer Family: connectors.

Each rule's page: https://docs.aws.amazon.com/config/latest/developerguide/<console name>.html.
"""

# ruff: noqa: ARG001 - every rule has the same signature
from __future__ import annotations

from collections.abc import Sequence

from watchkeeper.model import ConfigurationItem, Severity, Unavailable, Verdict
from watchkeeper.rules.base import Lookup, Parameters, need, not_applicable, one_of, pick, rule, shown, verdict
from watchkeeper.rules.rows import SetRule, register_set

register_set(
    (
        SetRule(
            "TRANSFER_CONNECTOR_LOGGING_ENABLED",
            "AWS::Transfer::Connector",
            "LoggingRole",
            "ConnectorId",
            Severity.MEDIUM,
            "Logging and monitoring",
            "The connector has a logging role.",
            "set LoggingRole",
        ),
    )
)


CONNECTOR = "AWS::Transfer::Connector"
_SIGNING = ("SHA256", "SHA384", "SHA512", "SHA1", "NONE")
_ENCRYPTION = ("AES128_CBC", "AES192_CBC", "AES256_CBC", "NONE", "DES_EDE3_CBC")


def _as2(item: ConfigurationItem, name: str, documented: Sequence[str], approved: Sequence[str]) -> Verdict:
    """Whether the algorithm of that name is approved; a connector for SFTP has none."""
    need(item.configuration, "ConnectorId")
    config = pick(item.configuration, "As2Config")
    if config is None:
        if pick(item.configuration, "SftpConfig") is None:
            raise Unavailable("the item does not say whether the connector is for AS2")
        return not_applicable("The connector is for SFTP.")
    found = one_of(config, name, *documented)
    return verdict(found in approved, f"{name} is {shown(found)}; use one of {', '.join(approved)}.")


@rule(
    "TRANSFER_CONNECTOR_AS2_ENCRYPTION_ALGORITHM_CHECK",
    types=(CONNECTOR,),
    severity=Severity.MEDIUM,
    category="Encryption",
)
def as2_encryption(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """An AS2 connector encrypts by one of approvedEncryptionAlgorithms; without them, by any but DES_EDE3_CBC."""
    approved = parameters.get("approvedEncryptionAlgorithms") or [a for a in _ENCRYPTION if a != "DES_EDE3_CBC"]
    return _as2(item, "EncryptionAlgorithm", _ENCRYPTION, approved)


@rule(
    "TRANSFER_CONNECTOR_AS2_SIGNING_ALGORITHM_CHECK",
    types=(CONNECTOR,),
    severity=Severity.MEDIUM,
    category="Encryption",
)
def as2_signing(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """An AS2 connector signs by one of approvedSigningAlgorithms; without them, by any but NONE."""
    approved = parameters.get("approvedSigningAlgorithms") or [a for a in _SIGNING if a != "NONE"]
    return _as2(item, "SigningAlgorithm", _SIGNING, approved)


@rule(
    "TRANSFER_CONNECTOR_AS2_MDN_SIGNING_ALGORITHM_CHECK",
    types=(CONNECTOR,),
    severity=Severity.MEDIUM,
    category="Encryption",
)
def as2_mdn_signing(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """An AS2 connector asks for MDN responses signed by one of approvedMdnSigningAlgorithms."""
    return _as2(item, "MdnSigningAlgorithm", (*_SIGNING, "DEFAULT"), parameters["approvedMdnSigningAlgorithms"])
