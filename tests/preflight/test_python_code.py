"""What is read of Python code in the styles in which people write it: the calls, what is dynamic, and nothing more."""

from __future__ import annotations

import pytest

from watchkeeper.preflight.code.python import read_package

STYLES: dict[str, tuple[str, set[str]]] = {
    "a client": (
        """
s3 = boto3.client("s3")
def handler(e, c):
    s3.put_object()
""",
        {"s3 PutObject"},
    ),
    "a constant's client": (
        """
NAME = "sns"
def handler(e, c):
    boto3.client(NAME).publish()
""",
        {"sns Publish"},
    ),
    "an imported maker": (
        """
from boto3 import client as make
def handler(e, c):
    make("sqs").send_message()
""",
        {"sqs SendMessage"},
    ),
    "a maker's other name": (
        """
make = boto3.client
def handler(e, c):
    make("sqs").send_message()
""",
        {"sqs SendMessage"},
    ),
    "a partial": (
        """
from functools import partial
make = partial(boto3.client, config=None)
def handler(e, c):
    make("kms").encrypt()
""",
        {"kms Encrypt"},
    ),
    "a lambda": (
        """
get = lambda: boto3.client("kms")
def handler(e, c):
    get().encrypt()
""",
        {"kms Encrypt"},
    ),
    "a session": (
        """
session = boto3.Session(region_name="eu-west-1")
def handler(e, c):
    session.client("sns").publish()
""",
        {"sns Publish"},
    ),
    "somebody else's session": (
        """
def clients(assumed):
    return assumed.client("ec2")
def handler(e, c):
    clients(e).describe_instances()
""",
        {"ec2 DescribeInstances"},
    ),
    "made when first asked for": (
        """
_client = None
def get():
    global _client
    if _client is None:
        _client = boto3.client("logs")
    return _client
def handler(e, c):
    get().put_log_events()
""",
        {"logs PutLogEvents"},
    ),
    "an attribute": (
        """
class A:
    def __init__(self):
        self.sns = boto3.client("sns")
    def tell(self):
        self.sns.publish()
def handler(e, c):
    A().tell()
""",
        {"sns Publish"},
    ),
    "a cached property": (
        """
class A:
    @functools.cached_property
    def config(self):
        return boto3.client("config")
    def rules(self):
        return self.config.describe_config_rules()
def handler(e, c):
    A().rules()
""",
        {"config DescribeConfigRules"},
    ),
    "a dataclass's field": (
        """
@dataclass
class A:
    s3: object = field(default_factory=lambda: boto3.client("s3"))
    def get(self):
        self.s3.get_object()
def handler(e, c):
    A().get()
""",
        {"s3 GetObject"},
    ),
    "one attribute of two classes": (
        """
class A:
    def __init__(self):
        self.client = boto3.client("s3")
    def get(self):
        self.client.get_object()
class B:
    def __init__(self):
        self.client = boto3.client("sns")
    def tell(self):
        self.client.publish()
def handler(e, c):
    A().get()
    B().tell()
""",
        {"s3 GetObject", "sns Publish"},
    ),
    "a paginator": (
        """
config = boto3.client("config")
def handler(e, c):
    for p in config.get_paginator("describe_config_rules").paginate():
        print(p)
""",
        {"config DescribeConfigRules"},
    ),
    "a table": (
        """
table = boto3.resource("dynamodb").Table("t")
def handler(e, c):
    table.put_item(Item={})
    table.query()
""",
        {"dynamodb PutItem", "dynamodb Query"},
    ),
    "an object of a bucket": (
        """
s3 = boto3.resource("s3")
def handler(e, c):
    s3.Object("b", "k").put(Body=b"")
    s3.Bucket("b").upload_file("x", "y")
""",
        {"s3 PutObject"},
    ),
    "a collection": (
        """
bucket = boto3.resource("s3").Bucket("b")
def handler(e, c):
    for item in bucket.objects.filter(Prefix="x"):
        print(item)
""",
        {"s3 ListObjects"},
    ),
    "a queue by its name": (
        """
sqs = boto3.resource("sqs")
def handler(e, c):
    queue = sqs.get_queue_by_name(QueueName="q")
    queue.send_message()
""",
        {"sqs GetQueueUrl", "sqs SendMessage"},
    ),
    "no client at all": (
        """
class Settings:
    config = {}
settings = Settings()
def handler(e, c):
    settings.config.get("x")
    e.client("x").get("y")
""",
        set(),
    ),
}
DYNAMIC = {
    "a service from the event": "def handler(e, c):\n    boto3.client(e['service']).start()",
    "a method that a resource may have": "def handler(e, c):\n    boto3.resource('ec2').Instance('i').frobnicate()",
}
IMPORTS = "import boto3\nimport functools\nfrom dataclasses import dataclass, field\n"


@pytest.mark.parametrize("name", STYLES)
def test_calls_are_read_in_every_style(name: str) -> None:
    code, calls = STYLES[name]
    facts = read_package({"index.py": IMPORTS + code + "\n"}, "index.handler")
    assert {f"{call.service} {call.operation}" for call in facts.calls} == calls
    assert all(call.exists for call in facts.calls)
    assert not facts.dynamic_calls
    assert facts.unread == []


@pytest.mark.parametrize("name", DYNAMIC)
def test_a_call_that_is_not_written_out_is_said(name: str) -> None:
    facts = read_package({"index.py": IMPORTS + DYNAMIC[name] + "\n"}, "index.handler")
    assert facts.dynamic_calls
    assert facts.calls == []
