"""Parameters of managed rules: types, ranges, names, and every problem at once."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.aws.facts import managed_rules
from watchkeeper.rules import ParameterError, parse_parameters, parse_value


@pytest.mark.parametrize(
    ("identifier", "raw", "parsed"),
    [
        ("DESIRED_INSTANCE_TYPE", {"instanceType": "t3.micro, t3.small"}, {"instanceType": ("t3.micro", "t3.small")}),
        ("DESIRED_INSTANCE_TYPE", '{"instanceType":"t3.micro"}', {"instanceType": ("t3.micro",)}),
        ("DB_INSTANCE_BACKUP_ENABLED", {"backupRetentionPeriod": "7"}, {"backupRetentionPeriod": 7}),
        ("DB_INSTANCE_BACKUP_ENABLED", {"checkReadReplicas": "True"}, {"checkReadReplicas": True}),
        ("DB_INSTANCE_BACKUP_ENABLED", {"backupRetentionPeriod": 7}, {"backupRetentionPeriod": 7}),
        ("AURORA_MYSQL_BACKTRACKING_ENABLED", {"BacktrackWindowInHours": "1.5"}, {"BacktrackWindowInHours": 1.5}),
        ("S3_BUCKET_SERVER_SIDE_ENCRYPTION_ENABLED", "", {}),
        ("RDS_LOGGING_ENABLED", {"additionalLogs": "postgres:upgrade"}, {"additionalLogs": {"postgres": "upgrade"}}),
        (
            "RDS_LOGGING_ENABLED",
            {"additionalLogs": "oracle: general, slowquery ; aurora: alert, slowquery"},
            {"additionalLogs": {"oracle": "general, slowquery", "aurora": "alert, slowquery"}},
        ),
        ("RDS_LOGGING_ENABLED", {"additionalLogs": "a:b,c:d;"}, {"additionalLogs": {"a": "b", "c": "d"}}),
        ("DESIRED_INSTANCE_TENANCY", {"tenancy": "DEDICATED"}, {"tenancy": "DEDICATED"}),
        (
            "APPROVED_AMIS_BY_ID",
            {"amiIds": ",".join(["ami-1"] * 21)},
            {"amiIds": ("ami-1",) * 21},
        ),
        ("RESTRICTED_INCOMING_TRAFFIC", {"blockedPorts": "0, 65535"}, {"blockedPorts": ("0", "65535")}),
        ("IAM_PASSWORD_POLICY", {"RequireSymbols": "true"}, {"RequireSymbols": True}),
        ("IAM_PASSWORD_POLICY", {"RequireSymbols": True}, {"RequireSymbols": True}),
    ],
)
def test_values_by_type(identifier: str, raw: Any, parsed: Any) -> None:
    assert parse_parameters(identifier, raw) == parsed


@pytest.mark.parametrize(
    ("identifier", "raw", "problem"),
    [
        ("DESIRED_INSTANCE_TYPE", {}, "instanceType is required and missing"),
        ("DESIRED_INSTANCE_TYPE", {"instanceType": ""}, "instanceType is empty"),
        ("DESIRED_INSTANCE_TYPE", {"instanceType": "big!"}, "not of the form"),
        ("DB_INSTANCE_BACKUP_ENABLED", {"backupRetentionPeriod": "36"}, "the most is 35"),
        ("DB_INSTANCE_BACKUP_ENABLED", {"backupRetentionPeriod": "seven"}, "whole number"),
        ("DB_INSTANCE_BACKUP_ENABLED", {"checkReadReplicas": "yes"}, "true or false"),
        ("DB_INSTANCE_BACKUP_ENABLED", {"preferredBackupWindow": "25:00-26:00"}, "not of the form"),
        ("DB_INSTANCE_BACKUP_ENABLED", {"backupRetention": "7"}, "did you mean backupRetentionPeriod?"),
        ("S3_BUCKET_SERVER_SIDE_ENCRYPTION_ENABLED", {"x": "1"}, "the rule has no parameters"),
        ("EC2_INSTANCE_TYPE_ALLOWED", {}, "did you mean DESIRED_INSTANCE_TYPE?"),
        ("ALB_DESYNC_MODE_CHECK", {"desyncMode": "monitor,defensive,strictest"}, "takes 2 at the most"),
        ("KINESIS_STREAM_BACKUP_RETENTION_CHECK", {"minimumBackupRetentionPeriod": "8761"}, "the most is 8760"),
        ("KINESIS_STREAM_BACKUP_RETENTION_CHECK", {"minimumBackupRetentionPeriod": "a week"}, "has to be a number"),
        ("ECR_REPOSITORY_TAGGED", {"requiredKeyTags": "Owner,aws:x"}, "not of the form"),
        ("CW_LOGGROUP_RETENTION_PERIOD_CHECK", {"MinRetentionTime": "0"}, "the least is 1"),
        ("CLOUDWATCH_ALARM_ACTION_CHECK", {"alarmActionRequired": "yes"}, "AWS documents true, false"),
        ("GUARDDUTY_ENABLED_CENTRALIZED", {"CentralMonitoringAccount": "me"}, "not of the form"),
        ("EKS_CLUSTER_SUPPORTED_VERSION", {"oldestVersionSupported": "latest"}, "not of the form"),
        ("APPROVED_AMIS_BY_ID", {"amiIds": ",".join(["ami-1"] * 22)}, "takes 21 at the most"),
        ("RESTRICTED_INCOMING_TRAFFIC", {"blockedPorts": "80,65536"}, "the most is 65535"),
        ("VPC_SG_OPEN_ONLY_TO_AUTHORIZED_PORTS", {"authorizedTcpPorts": "443,1020-70000"}, "not of the form"),
        ("IAM_PASSWORD_POLICY", {"RequireSymbols": "True"}, "write true"),
        ("RDS_INSTANCE_DEFAULT_ADMIN_CHECK", {"validAdminUserNames": "owner,admin"}, "not of the form"),
        ("RDS_POSTGRESQL_LOGS_TO_CLOUDWATCH", {"logTypes": "error"}, "AWS documents postgresql, upgrade"),
        ("AURORA_MYSQL_BACKTRACKING_ENABLED", {"BacktrackWindowInHours": "72.5"}, "the most is 72"),
        ("DESIRED_INSTANCE_TYPE", "[]", "not a JSON object"),
        ("DESIRED_INSTANCE_TYPE", "{", "not JSON"),
        ("DESIRED_INSTANCE_TYPE", " " * 1025, "AWS takes 1024"),
    ],
)
def test_what_is_wrong_is_said(identifier: str, raw: Any, problem: str) -> None:
    with pytest.raises(ParameterError) as error:
        parse_parameters(identifier, raw)
    assert problem in str(error.value)


def test_every_problem_at_once() -> None:
    with pytest.raises(ParameterError) as error:
        parse_parameters("DB_INSTANCE_BACKUP_ENABLED", {"backupRetentionPeriod": "x", "checkReadReplicas": 1, "z": ""})
    assert len(error.value.problems) == 3


def test_defaults_are_the_consoles_and_only_on_request() -> None:
    with pytest.raises(ParameterError):
        parse_parameters("ACCESS_KEYS_ROTATED", {})
    assert parse_parameters("ACCESS_KEYS_ROTATED", {}, fill_defaults=True) == {"maxAccessKeyAge": 90}


PARAMETERS = [p for rule in managed_rules().values() for p in rule.parameters]
LIMITED = [p for p in PARAMETERS if p.minimum is not None or p.maximum is not None]


@pytest.mark.parametrize("parameter", LIMITED, ids=lambda p: p.name)
def test_boundaries_of_ranges(parameter: Any) -> None:
    for limit, step in ((parameter.minimum, -1), (parameter.maximum, 1)):
        if limit is None:
            continue
        parsed = parse_value(parameter, str(int(limit)))
        assert float(parsed[0] if isinstance(parsed, tuple) else parsed) == limit
        with pytest.raises(ValueError, match=parameter.name):
            parse_value(parameter, str(int(limit) + step))


@given(
    parameter=st.sampled_from(PARAMETERS),
    raw=st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.text()),
)
def test_a_value_is_parsed_or_refused_with_its_name(parameter: Any, raw: Any) -> None:
    try:
        parse_value(parameter, raw)
    except ValueError as error:
        assert parameter.name in str(error)


@pytest.mark.parametrize(
    ("identifier", "raw"),
    [
        ("CW_LOGGROUP_RETENTION_PERIOD_CHECK", {"MinRetentionTime": "1095"}),
        ("S3_BUCKET_DEFAULT_LOCK_ENABLED", {"mode": "Governance"}),
        ("DESIRED_INSTANCE_TYPE", {"instanceType": "p3"}),
        ("DESIRED_INSTANCE_TENANCY", {"tenancy": "default,dedicated"}),
        ("SECRETSMANAGER_ROTATION_ENABLED_CHECK", {"maximumAllowedRotationFrequency": "2160"}),
        ("ALB_DESYNC_MODE_CHECK", {"desyncMode": "defensive'"}),
    ],
)
def test_what_awss_own_packs_ship_is_taken(identifier: str, raw: dict[str, str]) -> None:
    """AWS checks types only, so that a rule with such a value is deployed: awslabs/aws-config-rules, sample packs."""
    assert parse_parameters(identifier, raw)
