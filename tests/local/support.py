"""What the gateway's tests do with an embedded AWS all the time."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import dataclass
from typing import Any

import boto3

from watchkeeper.local.server import Running

ACCOUNT = "123456789012"


@dataclass(frozen=True)
class Aws:
    """Clients of an embedded AWS, and what tests do with it all the time."""

    running: Running

    def client(self, service: str, **where: Any) -> Any:
        return boto3.client(service, **self.running.boto(**where))

    def role(self, name: str, service: str, *statements: dict[str, Any]) -> str:
        trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
        iam = self.client("iam")
        arn: str = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document(trust))["Role"]["Arn"]
        if statements:
            iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=document(*statements))
        return arn

    def function(self, name: str, source: str = "def handler(event, context):\n    return event\n", **more: Any) -> str:
        role = self.role(f"{name}-role", "lambda.amazonaws.com")
        made = self.client("lambda").create_function(
            FunctionName=name,
            Runtime="python3.13",
            Role=role,
            Handler="index.handler",
            Code={"ZipFile": archive(source)},
            **more,
        )
        return str(made["FunctionArn"])

    def states(self, resource_type: str, resource_id: str, *, region: str | None = None) -> list[str]:
        """The statuses recorded of a resource, newest first."""
        config = self.client("config", region=region)
        try:
            answer = config.get_resource_config_history(resourceType=resource_type, resourceId=resource_id)
        except config.exceptions.ResourceNotDiscoveredException:
            return []
        return [item["configurationItemStatus"] for item in answer["configurationItems"]]

    def start_recording(self, region: str, bucket: str, *, account: str = ACCOUNT, **group: Any) -> None:
        where = {"region": region, "account": account}
        config = self.client("config", **where)
        role = f"arn:aws:iam::{account}:role/config-recorder"
        config.put_configuration_recorder(
            ConfigurationRecorder={
                "name": "default",
                "roleARN": role,
                "recordingGroup": group or {"allSupported": True, "includeGlobalResourceTypes": True},
            }
        )
        config.put_delivery_channel(DeliveryChannel={"name": "default", "s3BucketName": bucket})
        config.start_configuration_recorder(ConfigurationRecorderName="default")


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def archive(source: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr("index.py", source)
    return buffer.getvalue()


def prepare(aws: Aws, account: str = ACCOUNT) -> str:
    """A role for the recorder and a bucket for the channel."""
    iam, s3 = aws.client("iam", account=account), aws.client("s3", account=account)
    trust = {"Effect": "Allow", "Principal": {"Service": "config.amazonaws.com"}, "Action": "sts:AssumeRole"}
    iam.create_role(RoleName="config-recorder", AssumeRolePolicyDocument=document(trust))
    write = {"Effect": "Allow", "Action": "s3:PutObject", "Resource": "*"}
    iam.put_role_policy(RoleName="config-recorder", PolicyName="deliver", PolicyDocument=document(write))
    s3.create_bucket(Bucket=f"config-{account}")
    return f"config-{account}"
