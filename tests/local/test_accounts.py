"""Two accounts and two regions in one process: resources, recorders, rules and events apart, aggregated on request."""

from __future__ import annotations

import json

from tests.local.support import Aws, document, prepare
from tests.support.waiting import eventually
from watchkeeper.local.server import running

HOME, OTHER = "111111111111", "222222222222"
PLACES = [(account, region) for account in (HOME, OTHER) for region in ("us-east-1", "eu-west-1")]
RULE = "versioning"


def bucket_of(account: str, region: str) -> str:
    return f"own-{account}-{region}"


def test_everything_is_kept_apart_and_aggregated_with_authorization() -> None:
    with running(account=HOME) as server:
        aws = Aws(server)
        channels = {account: prepare(aws, account) for account in (HOME, OTHER)}
        for account, region in PLACES:
            aws.start_recording(region, channels[account], account=account)
            source = {"Owner": "AWS", "SourceIdentifier": "S3_BUCKET_VERSIONING_ENABLED"}
            rule = {"ConfigRuleName": RULE, "Source": source}
            aws.client("config", account=account, region=region).put_config_rule(ConfigRule=rule)
            where = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
            aws.client("s3", account=account, region=region).create_bucket(Bucket=bucket_of(account, region), **where)
            listen(aws, account, region)
        assert server.wait_until_idle()

        for account, region in PLACES:
            config = aws.client("config", account=account, region=region)
            seen = config.list_discovered_resources(resourceType="AWS::S3::Bucket")["resourceIdentifiers"]
            own = {bucket_of(account, region)} | ({channels[account]} if region == "us-east-1" else set())
            assert {entry["resourceId"] for entry in seen} == own
            found = config.get_compliance_details_by_config_rule(ConfigRuleName=RULE)["EvaluationResults"]
            named = [entry["EvaluationResultIdentifier"]["EvaluationResultQualifier"] for entry in found]
            assert {entry["ResourceId"] for entry in named} == own
        versioning = {"Status": "Enabled"}
        aws.client("s3", account=OTHER, region="eu-west-1").put_bucket_versioning(
            Bucket=bucket_of(OTHER, "eu-west-1"), VersioningConfiguration=versioning
        )
        assert eventually(lambda: compliance(aws, OTHER, "eu-west-1")) == "COMPLIANT"
        assert {compliance(aws, *place) for place in PLACES if place != (OTHER, "eu-west-1")} == {"NON_COMPLIANT"}

        for account, region in PLACES:
            details = heard(aws, account, region)
            assert details
            assert {(detail["awsAccountId"], detail["awsRegion"]) for detail in details} == {(account, region)}

        aggregated(aws)


def compliance(aws: Aws, account: str, region: str) -> str:
    assert aws.running.wait_until_idle()
    config = aws.client("config", account=account, region=region)
    rule = config.describe_compliance_by_config_rule(ConfigRuleNames=[RULE])["ComplianceByConfigRules"][0]
    return str(rule["Compliance"]["ComplianceType"])


def listen(aws: Aws, account: str, region: str) -> None:
    """A queue for the compliance changes of a place."""
    where = {"account": account, "region": region}
    sqs, events = aws.client("sqs", **where), aws.client("events", **where)
    url = sqs.create_queue(QueueName="heard")["QueueUrl"]
    arn = f"arn:aws:sqs:{region}:{account}:heard"
    allow = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:SendMessage"}
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": document({**allow, "Resource": arn})})
    pattern = json.dumps({"source": ["aws.config"], "detail-type": ["Config Rules Compliance Change"]})
    events.put_rule(Name="heard", EventPattern=pattern)
    events.put_targets(Rule="heard", Targets=[{"Id": "1", "Arn": arn}])


def heard(aws: Aws, account: str, region: str) -> list[dict[str, str]]:
    """The details of the compliance changes; one is made now, so that there is one."""
    where = {"account": account, "region": region}
    bucket = f"late-{account}-{region}"
    constraint = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    aws.client("s3", **where).create_bucket(Bucket=bucket, **constraint)
    assert aws.running.wait_until_idle()
    sqs = aws.client("sqs", **where)
    url = sqs.get_queue_url(QueueName="heard")["QueueUrl"]
    found: list[dict[str, str]] = []
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=0).get("Messages"):
        found += [json.loads(message["Body"])["detail"] for message in messages]
        for message in messages:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return found


def aggregated(aws: Aws) -> None:
    """From the other account only once it has authorized the aggregator, in each of its regions."""
    config = aws.client("config", account=HOME)
    sources = [{"AccountIds": [HOME, OTHER], "AllAwsRegions": False, "AwsRegions": ["us-east-1", "eu-west-1"]}]
    config.put_configuration_aggregator(ConfigurationAggregatorName="all", AccountAggregationSources=sources)

    def seen() -> set[tuple[str, str]]:
        answer = config.describe_aggregate_compliance_by_config_rules(ConfigurationAggregatorName="all", Limit=100)
        return {(rule["AccountId"], rule["AwsRegion"]) for rule in answer["AggregateComplianceByConfigRules"]}

    assert seen() == {place for place in PLACES if place[0] == HOME}
    for _, region in (place for place in PLACES if place[0] == OTHER):
        aws.client("config", account=OTHER, region=region).put_aggregation_authorization(
            AuthorizedAccountId=HOME, AuthorizedAwsRegion="us-east-1"
        )
    assert seen() == set(PLACES)
