"""Look-ups answer what exists; policy documents come out as Terraform's data source makes them."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.pulumi.engine.provider import ProviderError
from watchkeeper.pulumi.provider import AwsProvider
from watchkeeper.pulumi.provider.policy_document import policy_document
from watchkeeper.pulumi.provider.reference import supported_lookups, supported_types


def test_who_and_where(provider: AwsProvider) -> None:
    assert provider.invoke("aws:index/getCallerIdentity:getCallerIdentity", {})["accountId"] == "000000000000"
    assert provider.invoke("aws:index/getRegion:getRegion", {})["region"] == "us-east-1"
    assert provider.invoke("aws:index/getPartition:getPartition", {})["partition"] == "aws"
    assert "us-east-1a" in provider.invoke("aws:index/getAvailabilityZones:getAvailabilityZones", {})["names"]
    assert "eu-west-1" in provider.invoke("aws:index/getRegions:getRegions", {})["names"]


def test_what_exists_is_read(provider: AwsProvider) -> None:
    state = provider.create("aws:sns/topic:Topic", "looked-up", {"name": "looked-up"})
    try:
        assert provider.invoke("aws:sns/getTopic:getTopic", {"name": "looked-up"})["arn"] == state.id
    finally:
        provider.delete("aws:sns/topic:Topic", state, {})
    key = provider.create("aws:kms/key:Key", "k", {})
    alias = provider.create("aws:kms/alias:Alias", "a", {"name": "alias/looked-up", "targetKeyId": key.id})
    try:
        assert provider.invoke("aws:kms/getKey:getKey", {"keyId": "alias/looked-up"})["arn"] == key.outputs["arn"]
        found = provider.invoke("aws:kms/getAlias:getAlias", {"name": "alias/looked-up"})
        assert found["targetKeyArn"] == key.outputs["arn"]
    finally:
        provider.delete("aws:kms/alias:Alias", alias, {})
        provider.delete("aws:kms/key:Key", key, {})
    vpc = provider.invoke("aws:ec2/getVpc:getVpc", {"default": True})
    assert vpc["id"].startswith("vpc-")
    assert provider.invoke("aws:ec2/getSubnets:getSubnets", {"filters": [{"name": "vpc-id", "values": [vpc["id"]]}]})[
        "ids"
    ]
    images = {"mostRecent": True, "owners": ["amazon"]}
    assert provider.invoke("aws:ec2/getAmi:getAmi", images)["id"].startswith("ami-")


def test_what_does_not_exist_is_said(provider: AwsProvider) -> None:
    with pytest.raises(ProviderError, match="there is no Bucket with bucket 'no-such-bucket'") as caught:
        provider.invoke("aws:s3/getBucket:getBucket", {"bucket": "no-such-bucket"})
    assert caught.value.code == "NotFound"


def test_an_unsupported_look_up_names_those_that_are(provider: AwsProvider) -> None:
    with pytest.raises(
        ProviderError, match=r"unsupported look-up aws:s3/getBuckets:getBuckets\. Did you mean aws:s3/getB"
    ):
        provider.invoke("aws:s3/getBuckets:getBuckets", {})
    assert "aws:iam/getPolicyDocument:getPolicyDocument" in supported_lookups()


def test_the_reference_covers_every_type(provider: AwsProvider) -> None:
    reference = supported_types()
    assert [entry.type for entry in reference] == sorted(provider.types)
    assert all(entry.about for entry in reference)


def test_a_policy_document_is_what_terraform_makes() -> None:
    """The first example of the data source's documentation, with its documented rendering."""
    found = policy_document(
        {
            "statements": [
                {
                    "sid": "1",
                    "actions": ["s3:ListAllMyBuckets", "s3:GetBucketLocation"],
                    "resources": ["arn:aws:s3:::*"],
                },
                {
                    "actions": ["s3:ListBucket"],
                    "resources": ["arn:aws:s3:::bucket"],
                    "conditions": [
                        {"test": "StringLike", "variable": "s3:prefix", "values": ["", "home/&{aws:username}/"]}
                    ],
                },
                {
                    "effect": "Deny",
                    "actions": ["s3:*"],
                    "resources": ["arn:aws:s3:::bucket"],
                    "principals": [{"type": "*", "identifiers": ["*"]}],
                },
            ]
        }
    )
    assert (
        found["json"]
        == """{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Sid": "1",
      "Effect": "Allow",
      "Action": [
        "s3:ListAllMyBuckets",
        "s3:GetBucketLocation"
      ],
      "Resource": "arn:aws:s3:::*"
    },
    {
      "Effect": "Allow",
      "Action": "s3:ListBucket",
      "Resource": "arn:aws:s3:::bucket",
      "Condition": {
        "StringLike": {
          "s3:prefix": [
            "",
            "home/${aws:username}/"
          ]
        }
      }
    },
    {
      "Effect": "Deny",
      "Action": "s3:*",
      "Resource": "arn:aws:s3:::bucket",
      "Principal": "*"
    }
  ]
}"""
    )
    assert json.loads(found["minifiedJson"]) == json.loads(found["json"])


def test_sources_are_merged_and_overridden() -> None:
    def source(sid: str, action: str) -> str:
        return policy_document({"statements": [{"sid": sid, "actions": [action], "resources": ["*"]}]})["json"]

    merged = policy_document(
        {
            "sourcePolicyDocuments": [source("a", "s3:Get*"), source("b", "s3:Put*")],
            "overridePolicyDocuments": [source("b", "s3:List*")],
        }
    )
    actions = {entry["Sid"]: entry["Action"] for entry in json.loads(merged["json"])["Statement"]}
    assert actions == {"a": "s3:Get*", "b": "s3:List*"}
    with pytest.raises(ProviderError, match="in two source documents"):
        policy_document({"sourcePolicyDocuments": [source("a", "x"), source("a", "y")]})
    with pytest.raises(ProviderError, match="not JSON"):
        policy_document({"sourcePolicyDocuments": ["{"]})


names = st.text(min_size=1, max_size=12)


@given(
    st.lists(
        st.fixed_dictionaries(
            {"actions": st.lists(names, max_size=4), "resources": st.lists(names, max_size=4)},
            optional={
                "sid": names,
                "principals": st.lists(
                    st.fixed_dictionaries(
                        {
                            "type": st.sampled_from(["AWS", "Service", "*"]),
                            "identifiers": st.lists(names, min_size=1, max_size=3),
                        }
                    ),
                    max_size=3,
                ),
                "conditions": st.lists(
                    st.fixed_dictionaries(
                        {"test": names, "variable": names, "values": st.lists(names, min_size=1, max_size=3)}
                    ),
                    max_size=3,
                ),
            },
        ),
        max_size=4,
    )
)
def test_any_statements_give_a_document(statements: list[dict[str, object]]) -> None:
    found = policy_document({"statements": statements})
    assert json.loads(found["json"]) == json.loads(found["minifiedJson"])
    assert not {"<", ">", "&"} & set(found["json"])
