"""Amazon SQS: queues and their policies."""

# ruff: noqa: ARG002 (every handler's methods have the same signature)
from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from watchkeeper.pulumi.provider.aws import Aws
from watchkeeper.pulumi.provider.handler import AutoName, Handler, known
from watchkeeper.pulumi.provider.sns import attribute_text, json_problem, typed
from watchkeeper.pulumi.provider.tagging import change_tags, read_tags
from watchkeeper.pulumi.provider.values import Values

_QUEUE_ATTRIBUTES: Mapping[str, str] = {
    "contentBasedDeduplication": "ContentBasedDeduplication",
    "deduplicationScope": "DeduplicationScope",
    "delaySeconds": "DelaySeconds",
    "fifoThroughputLimit": "FifoThroughputLimit",
    "kmsDataKeyReusePeriodSeconds": "KmsDataKeyReusePeriodSeconds",
    "kmsMasterKeyId": "KmsMasterKeyId",
    "maxMessageSize": "MaximumMessageSize",
    "messageRetentionSeconds": "MessageRetentionPeriod",
    "policy": "Policy",
    "receiveWaitTimeSeconds": "ReceiveMessageWaitTimeSeconds",
    "redriveAllowPolicy": "RedriveAllowPolicy",
    "redrivePolicy": "RedrivePolicy",
    "sqsManagedSseEnabled": "SqsManagedSseEnabled",
    "visibilityTimeoutSeconds": "VisibilityTimeout",
}

_FIFO_ONLY = frozenset({"contentBasedDeduplication", "deduplicationScope", "fifoThroughputLimit"})

_QUEUE_LIMITS: Mapping[str, tuple[int, int]] = {
    "delaySeconds": (0, 900),
    "maxMessageSize": (1024, 1048576),
    "messageRetentionSeconds": (60, 1209600),
    "receiveWaitTimeSeconds": (0, 20),
    "visibilityTimeoutSeconds": (0, 43200),
}
"""https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html"""


class Queue(Handler):
    """``id`` is the URL."""

    types = ("aws:sqs/queue:Queue",)
    service = "sqs"
    auto_name = AutoName(limit=80, fifo="fifoQueue")
    replace = frozenset({"fifoQueue"})
    defaults: ClassVar[dict[str, Any]] = {
        "contentBasedDeduplication": False,
        "delaySeconds": 0,
        "fifoQueue": False,
        "messageRetentionSeconds": 345600,
        "receiveWaitTimeSeconds": 0,
        "visibilityTimeoutSeconds": 30,
    }
    documents = frozenset({"policy", "redrivePolicy", "redriveAllowPolicy"})

    def validate(self, values: Values) -> Iterator[str]:
        for name in self.documents:
            yield from json_problem(values, name)
        for name, (low, high) in _QUEUE_LIMITS.items():
            number = known(values, name)
            if number is not None and not low <= int(number) <= high:
                yield f"{name} has to be between {low} and {high}, not {number}"
        name_, fifo = known(values, "name"), values.get("fifoQueue") in (True, "true")
        if isinstance(name_, str) and name_.endswith(".fifo") != fifo:
            yield f"name {name_!r}: a FIFO queue's name ends with .fifo, and only a FIFO queue's"

    def identify(self, aws: Aws, values: Values) -> str | None:
        reply = aws.find("sqs", "get_queue_url", QueueName=values["name"]) if "name" in values else None
        return None if reply is None else str(reply["QueueUrl"])

    def create(self, aws: Aws, values: Values) -> str:
        attributes = self._attributes(values)
        if values["fifoQueue"] in (True, "true"):
            attributes["FifoQueue"] = "true"
        tags = values.get("tags") or None
        return str(
            aws.call("sqs", "create_queue", QueueName=values["name"], Attributes=attributes, tags=tags)["QueueUrl"]
        )

    def read(self, aws: Aws, id_: str, values: Values) -> Values | None:
        reply = aws.find("sqs", "get_queue_attributes", QueueUrl=id_, AttributeNames=["All"])
        if reply is None:
            return None
        attributes = reply.get("Attributes", {})
        inputs = self.schema.inputs
        found = {
            name: typed(attributes[key], inputs[name]["type"])
            for name, key in _QUEUE_ATTRIBUTES.items()
            if attributes.get(key) not in (None, "")
        }
        return {
            **found,
            "arn": attributes["QueueArn"],
            "name": attributes["QueueArn"].rsplit(":", 1)[-1],
            "url": id_,
            "fifoQueue": attributes.get("FifoQueue") == "true",
            "tags": read_tags(aws, "sqs", id_),
        }

    def update(self, aws: Aws, id_: str, old: Values, new: Values) -> None:
        before, after = self._attributes(old), self._attributes(new)
        changed = {key: value for key, value in after.items() if before.get(key) != value}
        changed |= dict.fromkeys(before.keys() - after.keys(), "")
        if changed:
            aws.call("sqs", "set_queue_attributes", QueueUrl=id_, Attributes=changed)
        change_tags(aws, "sqs", id_, old, new)

    def delete(self, aws: Aws, id_: str, values: Values) -> None:
        aws.drop("sqs", "delete_queue", QueueUrl=id_)

    def _attributes(self, values: Values) -> dict[str, str]:
        fifo = values.get("fifoQueue") in (True, "true")
        return {
            key: attribute_text(values[name])
            for name, key in _QUEUE_ATTRIBUTES.items()
            if values.get(name) is not None and (fifo or name not in _FIFO_ONLY)
        }


class QueuePolicy(Handler):
    """``id`` is the queue's URL."""

    types = ("aws:sqs/queuePolicy:QueuePolicy",)
    identity = "{queueUrl}"
    service = "sqs"
    replace = frozenset({"queueUrl"})
    documents = frozenset({"policy"})

    def validate(self, values: Values) -> Iterator[str]:
        yield from json_problem(values, "policy")

    def create(self, aws: Aws, values: Values) -> str:
        url = str(values["queueUrl"])
        aws.call("sqs", "set_queue_attributes", QueueUrl=url, Attributes={"Policy": values["policy"]})
        return url

    def read(self, aws: Aws, id_: str, values: Values) -> Values | None:
        reply = aws.find("sqs", "get_queue_attributes", QueueUrl=id_, AttributeNames=["Policy"])
        policy = (reply or {}).get("Attributes", {}).get("Policy")
        return {"queueUrl": id_, "policy": policy} if policy else None

    def update(self, aws: Aws, id_: str, old: Values, new: Values) -> None:
        self.create(aws, {**new, "queueUrl": id_})

    def delete(self, aws: Aws, id_: str, values: Values) -> None:
        aws.drop("sqs", "set_queue_attributes", QueueUrl=id_, Attributes={"Policy": ""})


HANDLERS = (
    Queue(),
    QueuePolicy(),
)
