"""What a resource will be called: names and ARNs that follow from its inputs, before it exists.

A name that AWS or Pulumi makes up gets a recognisable stand-in, so that a policy which mentions it can still be read
and its ARN traced back to the resource. ARN formats: Service Authorization Reference,
https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from watchkeeper.pulumi.graph import STAND_IN, UNKNOWN, Reference, Resource, Secret

ACCOUNT = "123456789012"
"""Stands for the account where the program did not say which."""
REGION = "wkgen-region"
"""Stands for the region where nobody says which."""
KEY_STAND_IN = "00000000-0000-4000-8000-"
"""How a made-up key id starts."""
STAND_INS = re.compile(rf"{STAND_IN}[0-9a-f]{{16}}|{REGION}|{KEY_STAND_IN}[0-9a-f]{{12}}")


@dataclass(frozen=True, slots=True)
class Identity:
    """How a type is named: the input with its name, its ARN, and what its id is (``name``, ``arn`` or ``url``)."""

    name: str
    arn: str
    id: str = "name"
    also: tuple[str, ...] = ()
    """Further outputs that hold the name."""


def _regional(service: str, rest: str) -> str:
    return f"arn:aws:{service}:{{region}}:{{account}}:{rest}"


BUCKET_TYPES = ("aws:s3/bucket:Bucket", "aws:s3/bucketV2:BucketV2")
IDENTITIES: Mapping[str, Identity] = {
    **{kind: Identity("bucket", "arn:aws:s3:::{name}", also=("bucket",)) for kind in BUCKET_TYPES},
    "aws:sns/topic:Topic": Identity("name", _regional("sns", "{name}"), "arn", ("name",)),
    "aws:sqs/queue:Queue": Identity("name", _regional("sqs", "{name}"), "url", ("name",)),
    "aws:iam/role:Role": Identity("name", "arn:aws:iam::{account}:role{path}{name}", also=("name",)),
    "aws:iam/policy:Policy": Identity("name", "arn:aws:iam::{account}:policy{path}{name}", "arn", ("name",)),
    "aws:iam/user:User": Identity("name", "arn:aws:iam::{account}:user{path}{name}", also=("name",)),
    "aws:lambda/function:Function": Identity("name", _regional("lambda", "function:{name}"), also=("name",)),
    "aws:kms/key:Key": Identity("", _regional("kms", "key/{name}"), also=("keyId",)),
    "aws:kms/alias:Alias": Identity("name", _regional("kms", "{name}"), also=("name",)),
    "aws:cloudwatch/logGroup:LogGroup": Identity("name", _regional("logs", "log-group:{name}"), also=("name",)),
    "aws:cloudwatch/eventRule:EventRule": Identity("name", _regional("events", "rule/{name}"), also=("name",)),
    "aws:cloudwatch/eventBus:EventBus": Identity("name", _regional("events", "event-bus/{name}"), also=("name",)),
    "aws:cloudwatch/metricAlarm:MetricAlarm": Identity("name", _regional("cloudwatch", "alarm:{name}"), also=("name",)),
    "aws:cloudwatch/dashboard:Dashboard": Identity(
        "dashboardName", "arn:aws:cloudwatch::{account}:dashboard/{name}", also=("dashboardName",)
    ),
    "aws:cfg/recorder:Recorder": Identity("name", _regional("config", "configuration-recorder/{name}"), also=("name",)),
    "aws:cfg/recorderStatus:RecorderStatus": Identity("name", "", also=("name",)),
    "aws:cfg/deliveryChannel:DeliveryChannel": Identity("name", "", also=("name",)),
    "aws:cfg/rule:Rule": Identity("name", _regional("config", "config-rule/{name}"), also=("name",)),
    "aws:cfg/configurationAggregator:ConfigurationAggregator": Identity(
        "name", _regional("config", "config-aggregator/{name}"), also=("name",)
    ),
    "aws:cfg/conformancePack:ConformancePack": Identity("name", _regional("config", "conformance-pack/{name}")),
    "aws:dynamodb/table:Table": Identity("name", _regional("dynamodb", "table/{name}"), also=("name",)),
    "aws:scheduler/schedule:Schedule": Identity("name", _regional("scheduler", "schedule/default/{name}")),
    "aws:sfn/stateMachine:StateMachine": Identity("name", _regional("states", "stateMachine:{name}"), "arn", ("name",)),
    "aws:athena/workgroup:Workgroup": Identity("name", _regional("athena", "workgroup/{name}"), also=("name",)),
    "aws:glue/catalogDatabase:CatalogDatabase": Identity("name", _regional("glue", "database/{name}"), also=("name",)),
    "aws:ssm/parameter:Parameter": Identity("name", _regional("ssm", "parameter/{name}"), also=("name",)),
    "aws:secretsmanager/secret:Secret": Identity("name", _regional("secretsmanager", "secret:{name}"), "arn"),
}


def stand_in(resource: Resource) -> str:
    """A name for a resource whose name AWS or Pulumi makes up: stable, and no two resources share one."""
    digest = hashlib.sha256(resource.urn.encode(errors="backslashreplace")).hexdigest()
    if resource.type == "aws:kms/key:Key":
        return f"{KEY_STAND_IN}{digest[:12]}"
    return f"{STAND_IN}{digest[:16]}"


def stand_ins(resource: Resource) -> tuple[str, str]:
    """The made-up names by which texts may mention a resource: by its URN, and as a program in preview is told."""
    return stand_in(resource), stand_in(replace(resource, urn=f"{resource.type}::{resource.name}"))


def is_stand_in(text: str) -> bool:
    """Whether a text holds a made-up name, so that its exact value says nothing."""
    return STAND_IN in text or KEY_STAND_IN in text


def known_name(resource: Resource) -> str | None:
    """The physical name the program chose, or None when AWS or Pulumi makes one up or it is unknown."""
    identity = IDENTITIES.get(resource.type)
    if identity is None or not identity.name:
        return None
    value = resource.inputs.get(identity.name)
    value = value.value if isinstance(value, Secret) else value
    return value if isinstance(value, str) and value else None


def outputs_of(resource: Resource, region: str | None, account: str, name: str | None = None) -> dict[str, Any]:
    """The outputs that follow from a resource's inputs: ``arn``, ``id``, its name and the key id.

    Outputs that the source knows win. Properties that do not follow from the inputs are absent.
    """
    identity = IDENTITIES.get(resource.type)
    known = {key: _bare(value) for key, value in resource.outputs.items() if _said(value)}
    if resource.id:
        known.setdefault("id", resource.id)
    if identity is None:
        return known
    name = name or known_name(resource) or _text(known, identity.also) or stand_in(resource)
    made: dict[str, Any] = dict.fromkeys(identity.also, name)
    arn = arn_of(resource, region, account, name)
    if arn:
        made["arn"] = arn
    if identity.id == "url":
        made["id"] = made["url"] = f"https://sqs.{region or REGION}.amazonaws.com/{account}/{name}"
    else:
        made["id"] = arn if identity.id == "arn" else name
    return {**made, **known}


def arn_of(resource: Resource, region: str | None, account: str, name: str) -> str:
    """The ARN under a name; empty for a type that has none, or that is not known here."""
    identity = IDENTITIES.get(resource.type)
    path = resource.inputs.get("path")
    region = _text(resource.inputs, ("region",)) or region
    return (identity.arn if identity else "").format(
        region=region or REGION, account=account, name=name, path=path if isinstance(path, str) else "/"
    )


def _text(known: Mapping[str, Any], properties: tuple[str, ...]) -> str | None:
    return next((known[key] for key in properties if isinstance(known.get(key), str)), None)


def _said(value: Any) -> bool:
    value = _bare(value)
    return value is not UNKNOWN and value is not None and value != "" and not isinstance(value, Reference)


def _bare(value: Any) -> Any:
    return value.value if isinstance(value, Secret) else value
