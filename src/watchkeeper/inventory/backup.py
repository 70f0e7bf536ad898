"""AWS Backup: recovery points.

Shapes: https://github.com/awslabs/aws-config-resource-schema.
"""

from __future__ import annotations

from watchkeeper.inventory.core import plain
from watchkeeper.inventory.described import Ask, Row, Within, described

ROWS = (
    Row(
        *("AWS::Backup::RecoveryPoint", "backup", "list_recovery_points_by_backup_vault", "RecoveryPoints"),
        within=Within("list_backup_vaults", "BackupVaultList", "BackupVaultName", "BackupVaultName"),
        id="RecoveryPointArn",
        arn="RecoveryPointArn",
        spelling=plain,
        tags=Ask("list_tags", "ResourceArn", result="Tags", absent=("ResourceNotFoundException",)),
        left_out=lambda _ctx, raw: raw.get("Status") in ("DELETING", "EXPIRED"),
        created="CreationDate",
    ),
)

READERS = tuple(described(row) for row in ROWS)
