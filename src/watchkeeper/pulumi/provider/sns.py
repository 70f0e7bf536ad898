"""Amazon SNS: topics, their policies, subscriptions."""

# ruff: noqa: ARG002 (every handler's methods have the same signature)
from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from watchkeeper.pulumi.engine.provider import ProviderError
from watchkeeper.pulumi.provider.aws import Aws, is_gone
from watchkeeper.pulumi.provider.handler import AutoName, Handler, known
from watchkeeper.pulumi.provider.tagging import change_tags, read_tags
from watchkeeper.pulumi.provider.values import Values, document, tag_list

_UPPER = {"http": "HTTP", "sqs": "SQS"}


def _attribute(name: str) -> str:
    """SNS's attribute for a property: ``httpSuccessFeedbackRoleArn`` → ``HTTPSuccessFeedbackRoleArn``."""
    for prefix, upper in _UPPER.items():
        if name.startswith(prefix):
            return upper + name[len(prefix) :]
    return name[:1].upper() + name[1:]


def attribute_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value) if isinstance(value, (dict, list)) else str(value)


def typed(text: str, type_: Any) -> Any:
    if type_ == "boolean":
        return text == "true"
    return int(text) if type_ == "integer" and text.lstrip("-").isdigit() else text


def json_problem(values: Values, name: str) -> Iterator[str]:
    text = known(values, name)
    if isinstance(text, str) and text and not isinstance(document(text), Mapping):
        yield f"{name} is not a JSON document; AWS would answer InvalidParameter"


class Topic(Handler):
    """``id`` is the ARN."""

    types = ("aws:sns/topic:Topic",)
    identity = "arn:aws:sns:{region}:{account}:{name}"
    service = "sns"
    auto_name = AutoName(limit=256, fifo="fifoTopic")
    replace = frozenset({"fifoTopic"})
    defaults: ClassVar[dict[str, Any]] = {"fifoTopic": False, "contentBasedDeduplication": False}
    documents = frozenset({"policy", "deliveryPolicy", "archivePolicy"})
    _apart = frozenset({"name", "namePrefix", "region", "tags", "fifoTopic", "contentBasedDeduplication"})

    def validate(self, values: Values) -> Iterator[str]:
        yield from json_problem(values, "policy")
        yield from json_problem(values, "deliveryPolicy")
        name, fifo = known(values, "name"), values.get("fifoTopic") in (True, "true")
        if isinstance(name, str) and name.endswith(".fifo") != fifo:
            yield f"name {name!r}: a FIFO topic's name ends with .fifo, and only a FIFO topic's"

    def create(self, aws: Aws, values: Values) -> str:
        attributes = self._attributes(values)
        if values["fifoTopic"] in (True, "true"):
            attributes |= {
                "FifoTopic": "true",
                "ContentBasedDeduplication": attribute_text(values["contentBasedDeduplication"]),
            }
        reply = aws.call(
            "sns",
            "create_topic",
            Name=values["name"],
            Attributes=attributes or None,
            Tags=tag_list(values.get("tags")) or None,
        )
        return str(reply["TopicArn"])

    def read(self, aws: Aws, id_: str, values: Values) -> Values | None:
        reply = aws.find("sns", "get_topic_attributes", TopicArn=id_)
        if reply is None:
            return None
        attributes = reply["Attributes"]
        inputs = self.schema.inputs
        found = {
            name: typed(attributes[_attribute(name)], entry["type"])
            for name, entry in inputs.items()
            if attributes.get(_attribute(name)) not in (None, "")
        }
        return {
            **found,
            "arn": id_,
            "name": id_.rsplit(":", 1)[-1],
            "owner": attributes.get("Owner", aws.account),
            "tags": read_tags(aws, "sns", id_),
        }

    def update(self, aws: Aws, id_: str, old: Values, new: Values) -> None:
        before, after = self._attributes(old), self._attributes(new)
        for name in sorted(before.keys() | after.keys()):
            if before.get(name) != after.get(name):
                value = after.get(name, "")
                aws.call("sns", "set_topic_attributes", TopicArn=id_, AttributeName=name, AttributeValue=value)
        change_tags(aws, "sns", id_, old, new)

    def delete(self, aws: Aws, id_: str, values: Values) -> None:
        aws.drop("sns", "delete_topic", TopicArn=id_)

    def _attributes(self, values: Values) -> dict[str, str]:
        inputs = self.schema.inputs
        return {
            _attribute(name): attribute_text(value)
            for name, value in values.items()
            if name in inputs and name not in self._apart
        }


class TopicPolicy(Handler):
    """``id`` is the topic's ARN. Deleting it gives the topic AWS's default policy back."""

    types = ("aws:sns/topicPolicy:TopicPolicy",)
    identity = "{arn}"
    service = "sns"
    replace = frozenset({"arn"})
    documents = frozenset({"policy"})

    def validate(self, values: Values) -> Iterator[str]:
        yield from json_problem(values, "policy")
        arn = known(values, "arn")
        if isinstance(arn, str) and not arn.startswith("arn:"):
            yield f"arn has to be the topic's ARN, not {arn!r}"

    def create(self, aws: Aws, values: Values) -> str:
        self._set(aws, values["arn"], values["policy"])
        return str(values["arn"])

    def read(self, aws: Aws, id_: str, values: Values) -> Values | None:
        reply = aws.find("sns", "get_topic_attributes", TopicArn=id_)
        if reply is None:
            return None
        attributes = reply["Attributes"]
        owner = attributes.get("Owner", aws.account)
        return {"arn": id_, "policy": attributes.get("Policy", ""), "owner": owner}

    def update(self, aws: Aws, id_: str, old: Values, new: Values) -> None:
        self._set(aws, id_, new["policy"])

    def delete(self, aws: Aws, id_: str, values: Values) -> None:
        try:
            self._set(aws, id_, default_topic_policy(aws, id_))
        except ProviderError as error:
            if not is_gone(error):
                raise

    def _set(self, aws: Aws, topic: str, policy: str) -> None:
        aws.call("sns", "set_topic_attributes", TopicArn=topic, AttributeName="Policy", AttributeValue=policy)


def default_topic_policy(aws: Aws, topic: str) -> str:
    """The policy that a new topic has: its own account's requests only.

    https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html
    """
    actions = ("GetTopicAttributes", "SetTopicAttributes", "AddPermission", "RemovePermission", "DeleteTopic")
    more = ("Subscribe", "ListSubscriptionsByTopic", "Publish")
    statement = {
        "Sid": "__default_statement_ID",
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": [f"SNS:{action}" for action in (*actions, *more)],
        "Resource": topic,
        "Condition": {"StringEquals": {"AWS:SourceOwner": aws.account}},
    }
    return json.dumps({"Version": "2008-10-17", "Id": "__default_policy_ID", "Statement": [statement]})


class Subscription(Handler):
    """``id`` is the subscription's ARN, of a pending one too; that one is left to expire, as AWS does."""

    types = ("aws:sns/topicSubscription:TopicSubscription",)
    service = "sns"
    replace = frozenset({"endpoint", "protocol", "topic"})
    defaults: ClassVar[dict[str, Any]] = {"rawMessageDelivery": False}
    documents = frozenset({"filterPolicy", "redrivePolicy", "deliveryPolicy", "replayPolicy"})
    write_only = frozenset({"confirmationTimeoutInMinutes", "endpointAutoConfirms"})
    _attributes = (
        "deliveryPolicy",
        "filterPolicy",
        "filterPolicyScope",
        "rawMessageDelivery",
        "redrivePolicy",
        "replayPolicy",
        "subscriptionRoleArn",
    )
    _protocols = frozenset(
        {"application", "email", "email-json", "firehose", "http", "https", "lambda", "sms", "sqs"},
    )

    def validate(self, values: Values) -> Iterator[str]:
        protocol = known(values, "protocol")
        if protocol is not None and protocol not in self._protocols:
            yield f"protocol has to be one of {', '.join(sorted(self._protocols))}, not {protocol!r}"
        topic = known(values, "topic")
        if isinstance(topic, str) and not topic.startswith("arn:"):
            yield f"topic has to be the topic's ARN, not {topic!r}"
        for name in self.documents:
            yield from json_problem(values, name)

    def identify(self, aws: Aws, values: Values) -> str | None:
        topic = values.get("topic")
        if aws.find("sns", "get_topic_attributes", TopicArn=topic) is None:
            return None
        wanted = (values.get("protocol"), values.get("endpoint"))
        entries = aws.pages("sns", "list_subscriptions_by_topic", "Subscriptions", TopicArn=topic)
        same_target = (
            entry["SubscriptionArn"] for entry in entries if (entry["Protocol"], entry["Endpoint"]) == wanted
        )
        return next((arn for arn in same_target if arn.startswith("arn:")), None)

    def create(self, aws: Aws, values: Values) -> str:
        reply = aws.call(
            "sns",
            "subscribe",
            TopicArn=values["topic"],
            Protocol=values["protocol"],
            Endpoint=values["endpoint"],
            Attributes=self._given(values) or None,
            ReturnSubscriptionArn=True,
        )
        return str(reply["SubscriptionArn"])

    def read(self, aws: Aws, id_: str, values: Values) -> Values | None:
        reply = aws.find("sns", "get_subscription_attributes", SubscriptionArn=id_)
        if reply is None:
            return None
        attributes = reply["Attributes"]
        inputs = self.schema.inputs
        found = {
            name: typed(attributes[_attribute(name)], inputs[name]["type"])
            for name in self._attributes
            if attributes.get(_attribute(name)) not in (None, "")
        }
        return {
            **found,
            "arn": id_,
            "topic": attributes["TopicArn"],
            "protocol": attributes["Protocol"],
            "endpoint": attributes["Endpoint"],
            "ownerId": attributes.get("Owner", aws.account),
            "pendingConfirmation": attributes.get("PendingConfirmation") == "true",
            "confirmationWasAuthenticated": attributes.get("ConfirmationWasAuthenticated") == "true",
        }

    def update(self, aws: Aws, id_: str, old: Values, new: Values) -> None:
        before, after = self._given(old), self._given(new)
        for name in sorted(before.keys() | after.keys()):
            if before.get(name) != after.get(name):
                aws.call(
                    "sns",
                    "set_subscription_attributes",
                    SubscriptionArn=id_,
                    AttributeName=name,
                    AttributeValue=after.get(name, "{}" if name.endswith("Policy") else ""),
                )

    def delete(self, aws: Aws, id_: str, values: Values) -> None:
        try:
            aws.drop("sns", "unsubscribe", SubscriptionArn=id_)
        except ProviderError as error:
            if error.code != "InvalidParameter":
                raise

    def _given(self, values: Values) -> dict[str, str]:
        names = [name for name in self._attributes if values.get(name) not in (None, "")]
        given = {_attribute(name): attribute_text(values[name]) for name in names}
        return {key: value for key, value in given.items() if (key, value) != ("RawMessageDelivery", "false")}


HANDLERS = (
    Topic(),
    TopicPolicy(),
    Subscription(),
)
