"""Every setting: its type, default, limits and help. Read from the Pulumi stack configuration, all errors at once.

Settings live in ``Pulumi.<env>.yaml`` under the namespace ``watchkeeper:``. A structured one is YAML there, and arrives
in the program as JSON text; :func:`from_pulumi_config` takes either. Nothing here knows Pulumi or AWS.
"""

from watchkeeper.monitoring.settings.fields import DELIVERY_PREFIX, LOG_RETENTIONS, OWN_TAGS
from watchkeeper.monitoring.settings.groups import (
    SUFFIX_LIMIT,
    Aggregator,
    AlertEmail,
    Recording,
    RecordingOverride,
    RemediationMode,
    RuleSetting,
    Schedules,
    check_schedule,
)
from watchkeeper.monitoring.settings.problems import NAMESPACE, Problem, SettingsError
from watchkeeper.monitoring.settings.reading import from_pulumi_config, load, read_config
from watchkeeper.monitoring.settings.reference import json_schema, reference
from watchkeeper.monitoring.settings.settings import Settings

__all__ = [
    "DELIVERY_PREFIX",
    "LOG_RETENTIONS",
    "NAMESPACE",
    "OWN_TAGS",
    "SUFFIX_LIMIT",
    "Aggregator",
    "AlertEmail",
    "Problem",
    "Recording",
    "RecordingOverride",
    "RemediationMode",
    "RuleSetting",
    "Schedules",
    "Settings",
    "SettingsError",
    "check_schedule",
    "from_pulumi_config",
    "json_schema",
    "load",
    "read_config",
    "reference",
]
