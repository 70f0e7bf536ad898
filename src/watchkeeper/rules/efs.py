"""Amazon EFS: file systems and access points.

Each rule's page: https://docs.aws.amazon.com/config/latest/developerguide/<console name>.html.
"""

# ruff: noqa: ARG001 - every rule has the same signature
from __future__ import annotations

from watchkeeper.model import ConfigurationItem, Severity, Verdict
from watchkeeper.rules.base import Lookup, Parameters, flag, listed, need, pick, rule, shown, verdict, violation
from watchkeeper.rules.kms import among_keys

FILE_SYSTEM = "AWS::EFS::FileSystem"
ACCESS_POINT = "AWS::EFS::AccessPoint"


@rule("EFS_ENCRYPTED_CHECK", types=(FILE_SYSTEM,), severity=Severity.MEDIUM, category="Encryption")
def efs_encrypted(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The file system is encrypted, with KmsKeyId where it is given."""
    wanted = parameters.get("KmsKeyId")
    return _encrypted(item, (wanted,) if wanted else ())


@rule("EFS_FILESYSTEM_CT_ENCRYPTED", types=(FILE_SYSTEM,), severity=Severity.MEDIUM, category="Encryption")
def efs_ct_encrypted(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The file system is encrypted, with one of kmsKeyArns where they are given."""
    return _encrypted(item, tuple(a.strip() for a in parameters.get("kmsKeyArns", "").split(",") if a.strip()))


def _encrypted(item: ConfigurationItem, allowed: tuple[str, ...]) -> Verdict:
    if not flag(item.configuration, "Encrypted"):
        return violation("The file system is not encrypted; create an encrypted one and move the files.")
    key = pick(item.configuration, "KmsKeyId")
    fits = not allowed or among_keys(key, allowed)
    return verdict(fits, f"It is encrypted with {shown(key, 90)}; use {listed(allowed, 1)}.")


@rule("EFS_AUTOMATIC_BACKUPS_ENABLED", types=(FILE_SYSTEM,), severity=Severity.MEDIUM, category="Backup and recovery")
def efs_backups(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """Automatic backups are on."""
    status = need(pick(item.configuration, "BackupPolicy"), "Status")
    return verdict(status in ("ENABLED", "ENABLING"), "Automatic backups are off; enable the backup policy.")


@rule("EFS_ACCESS_POINT_ENFORCE_ROOT_DIRECTORY", types=(ACCESS_POINT,), severity=Severity.MEDIUM, category="Identity")
def access_point_root(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The access point's root directory is not /, one of approvedDirectories where they are given."""
    path = pick(pick(item.configuration, "RootDirectory"), "Path") or "/"
    need(item.configuration, "AccessPointId", "Arn", "FileSystemId")
    allowed = parameters.get("approvedDirectories", ())
    fits = path != "/" and (not allowed or path in allowed)
    return verdict(fits, f"The root directory is {shown(path)}; make it a directory of its own.")


@rule("EFS_ACCESS_POINT_ENFORCE_USER_IDENTITY", types=(ACCESS_POINT,), severity=Severity.MEDIUM, category="Identity")
def access_point_user(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The access point enforces a user, of approvedUids and approvedGids where they are given."""
    need(item.configuration, "AccessPointId", "Arn", "FileSystemId")
    user = pick(item.configuration, "PosixUser")
    if not user:
        return violation("No user is enforced; set a POSIX user.")
    for name, key in (("approvedUids", "Uid"), ("approvedGids", "Gid")):
        allowed = parameters.get(name, ())
        if allowed and str(pick(user, key)) not in allowed:
            return violation(f"{key} is {shown(pick(user, key))}; use one of {listed(allowed)}.")
    return verdict(pick(user, "Uid") is not None, "No user is enforced; set a POSIX user.")
