"""What was recorded can be read back: now, then, by page, across accounts, and by query."""

from __future__ import annotations

import ipaddress
from dataclasses import replace

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from watchkeeper.aws import addresses
from watchkeeper.model import ItemStatus, Relationship

BUCKET = "AWS::S3::Bucket"
OTHER = "210987654321"


@pytest.fixture
def history(running, service, clock, make):
    """One bucket in five states, a minute apart, then deleted."""
    for number in range(5):
        service.record([make.bucket("b", tags={"n": str(number)}, capture_time=clock())])
        clock.forward(minutes=1)
    service.record([make.bucket("b", status=ItemStatus.DELETED, capture_time=clock())])
    return running


def states(config, **request):
    return config.all("GetResourceConfigHistory", "configurationItems", resourceType=BUCKET, resourceId="b", **request)


def test_history_is_newest_first_and_can_be_turned(history):
    newest = states(history, limit=2)
    assert [item["configurationItemStatus"] for item in newest] == [
        "ResourceDeleted",
        *["OK"] * 4,
        "ResourceDiscovered",
    ]
    assert states(history, chronologicalOrder="Forward", limit=4) == newest[::-1]


def test_history_between_two_times(history, clock):
    now = clock.now.timestamp()
    assert [s["tags"] for s in states(history, earlierTime=now - 180, laterTime=now - 60)] == [
        {"n": "4"},
        {"n": "3"},
        {"n": "2"},
    ]
    error = history.refused(
        "GetResourceConfigHistory", resourceType=BUCKET, resourceId="b", earlierTime=now, laterTime=now - 1
    )
    assert error.code == "InvalidTimeRangeException"


def test_a_resource_that_nobody_saw(running):
    error = running.refused("GetResourceConfigHistory", resourceType=BUCKET, resourceId="x")
    assert error.code == "ResourceNotDiscoveredException"


def test_reads_need_a_recorder(config):
    error = config.refused("ListDiscoveredResources", resourceType=BUCKET)
    assert error.code == "NoAvailableConfigurationRecorderException"


def test_deleted_resources_are_listed_only_when_asked_for(history, clock):
    assert history("ListDiscoveredResources", resourceType=BUCKET)["resourceIdentifiers"] == []
    (found,) = history("ListDiscoveredResources", resourceType=BUCKET, includeDeletedResources=True)[
        "resourceIdentifiers"
    ]
    assert found["resourceDeletionTime"] == clock.now.timestamp()


def test_items_in_the_api_spelling(running, service, make):
    edge = Relationship("AWS::KMS::Key", "k-1", "Is encrypted by ")
    service.record([make.bucket("b", tags={"a": "b"}, relationships=(edge,))])
    (item,) = states(running)
    assert orjson.loads(item["configuration"]) == {"name": "b"}
    assert item["relationships"][0]["resourceId"] == "k-1"
    keys = [{"resourceType": BUCKET, "resourceId": "b"}, {"resourceType": BUCKET, "resourceId": "x"}]
    reply = running("BatchGetResourceConfig", resourceKeys=keys)
    assert [each["resourceId"] for each in reply["baseConfigurationItems"]] == ["b"]
    assert reply["unprocessedResourceKeys"] == keys[1:]


def test_third_party_resources(running):
    request = {"ResourceType": "Acme::App::Server", "SchemaVersionId": "00000001", "ResourceId": "s-1"}
    running("PutResourceConfig", **request, Configuration='{"size": 3}', Tags={"a": "b"})
    (found,) = running("ListDiscoveredResources", resourceType="Acme::App::Server")["resourceIdentifiers"]
    assert found["resourceId"] == "s-1"
    running("DeleteResourceConfig", ResourceType="Acme::App::Server", ResourceId="s-1")
    assert running("ListDiscoveredResources", resourceType="Acme::App::Server")["resourceIdentifiers"] == []
    own = {**request, "ResourceType": BUCKET}
    assert running.refused("PutResourceConfig", **own, Configuration="{}").code == "ValidationException"
    assert running.refused("PutResourceConfig", **request, Configuration="[").code == "ValidationException"
    running("StopConfigurationRecorder", ConfigurationRecorderName="default")
    error = running.refused("PutResourceConfig", **request, Configuration="{}")
    assert error.code == "NoRunningConfigurationRecorderException"


def test_compliance_by_resource(running, service, make):
    running.put_managed("v", "S3_BUCKET_VERSIONING_ENABLED")
    service.record([make.bucket(f"b{n}", "Off" if n % 2 else "Enabled") for n in range(6)])
    request = {"ComplianceTypes": ["NON_COMPLIANT"], "Limit": 2}
    found = running.all("DescribeComplianceByResource", "ComplianceByResources", **request)
    assert [each["ResourceId"] for each in found] == ["b1", "b3", "b5"]
    (detail,) = running("GetComplianceDetailsByResource", ResourceType=BUCKET, ResourceId="b1")["EvaluationResults"]
    assert detail["ComplianceType"] == "NON_COMPLIANT"
    assert detail["Annotation"]
    (total,) = running("GetComplianceSummaryByResourceType")["ComplianceSummariesByResourceType"]
    assert total["ComplianceSummary"]["NonCompliantResourceCount"] == {"CappedCount": 3, "CapExceeded": False}
    by_type = running("GetComplianceSummaryByResourceType", ResourceTypes=[BUCKET])
    assert by_type["ComplianceSummariesByResourceType"][0]["ResourceType"] == BUCKET


def test_summaries_stop_counting_at_25(running, service, make):
    running.put_managed("v", "S3_BUCKET_VERSIONING_ENABLED")
    service.record([make.bucket(f"b{n:02}", "Off") for n in range(26)])
    (compliance,) = running("DescribeComplianceByConfigRule")["ComplianceByConfigRules"]
    assert compliance["Compliance"]["ComplianceContributorCount"] == {"CappedCount": 25, "CapExceeded": True}
    summary = running("GetComplianceSummaryByConfigRule")["ComplianceSummary"]
    assert summary["NonCompliantResourceCount"] == {"CappedCount": 1, "CapExceeded": False}


_names = st.text(alphabet="abc", min_size=1, max_size=3)


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    before=st.sets(_names, max_size=12),
    between=st.lists(st.tuples(_names, st.booleans()), max_size=6),
    limit=st.integers(1, 4),
)
def test_pages_hold_what_was_there_all_along_once_each(running, service, make, before, between, limit):
    """Resources come and go between the pages: none that stayed is missed or shown twice."""
    service.reset()
    running.set_up()
    running.put_managed("v", "S3_BUCKET_VERSIONING_ENABLED")
    service.record([make.bucket(name) for name in sorted(before)])
    seen, token, changes = [], None, list(between)
    while True:
        more = {"NextToken": token} if token else {}
        reply = running("GetComplianceDetailsByConfigRule", ConfigRuleName="v", Limit=limit, **more)
        rows = [
            r["EvaluationResultIdentifier"]["EvaluationResultQualifier"]["ResourceId"]
            for r in reply["EvaluationResults"]
        ]
        seen += rows
        token = reply.get("NextToken")
        if not token:
            break
        if changes:
            name, deleted = changes.pop()
            service.record([make.bucket(name, status=ItemStatus.DELETED if deleted else ItemStatus.OK)])
    assert len(seen) == len(set(seen))
    assert seen == sorted(seen)
    assert before - {name for name, _ in between} <= set(seen)


@pytest.fixture
def fleet(running, service, make):
    """Instances of two kinds, with nested lists, and a bucket."""
    for number, kind in enumerate(["t3.micro", "t3.micro", "m5.large"]):
        configuration = {
            "instanceId": f"i-{number}",
            "instanceType": kind,
            "cpu": {"cores": number + 1},
            "securityGroups": [
                {"groupId": f"sg-{number}", "groupName": "g"},
                {"groupId": "sg-all", "groupName": "all"},
            ],
            "ebsOptimized": number == 2,
        }
        service.record(
            [make.instance(f"i-{number}", configuration=configuration, tags={"Env": "dev" if number else "prod"})]
        )
    service.record([make.bucket("b")])
    return running


def rows(config, expression, **more):
    return [orjson.loads(row) for row in config.all("SelectResourceConfig", "Results", Expression=expression, **more)]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("SELECT resourceId WHERE resourceType = 'AWS::S3::Bucket'", [{"resourceId": "b"}]),
        (
            "SELECT resourceId, configuration.instanceType WHERE configuration.instanceType = 'm5.large'",
            [{"resourceId": "i-2", "configuration": {"instanceType": "m5.large"}}],
        ),
        (
            "SELECT configuration.instanceType, COUNT(*) WHERE resourceType = 'AWS::EC2::Instance' "
            "GROUP BY configuration.instanceType ORDER BY COUNT(*) DESC",
            [
                {"configuration": {"instanceType": "t3.micro"}, "COUNT(*)": 2},
                {"configuration": {"instanceType": "m5.large"}, "COUNT(*)": 1},
            ],
        ),
        ("SELECT COUNT(*)", [{"COUNT(*)": 4}]),
        (
            "SELECT SUM(configuration.cpu.cores), AVG(configuration.cpu.cores)",
            [{"SUM(configuration.cpu.cores)": 6, "AVG(configuration.cpu.cores)": 2.0}],
        ),
        ("SELECT resourceId WHERE tags.key = 'Env' AND tags.value = 'prod'", [{"resourceId": "i-0"}]),
        ("SELECT resourceId WHERE tags.tag = 'Env=prod'", [{"resourceId": "i-0"}]),
        ("SELECT resourceId WHERE configuration.securityGroups.groupId = 'sg-1'", [{"resourceId": "i-1"}]),
        (
            "SELECT configuration.securityGroups.groupId WHERE resourceId = 'i-1'",
            [{"configuration": {"securityGroups": [{"groupId": "sg-1"}, {"groupId": "sg-all"}]}}],
        ),
        ("SELECT COUNT(*) WHERE configuration.cpu.cores BETWEEN 2 AND 3", [{"COUNT(*)": 2}]),
        ("SELECT MAX(configuration.cpu.cores)", [{"MAX(configuration.cpu.cores)": 3}]),
        (
            "SELECT resourceId WHERE resourceType LIKE 'AWS::EC2::%' AND NOT resourceId IN ('i-0', 'i-1')",
            [{"resourceId": "i-2"}],
        ),
        ("SELECT COUNT(*) WHERE (configuration.cpu.cores > 2 OR resourceId = 'b')", [{"COUNT(*)": 2}]),
        ("SELECT resourceId WHERE configuration.ebsOptimized = true", [{"resourceId": "i-2"}]),
        ("SELECT resourceId ORDER BY resourceId DESC", [{"resourceId": name} for name in ("i-2", "i-1", "i-0", "b")]),
    ],
)  # fmt: skip
def test_queries(fleet, expression, expected):
    assert rows(fleet, expression, Limit=2) == expected


def test_a_star_selects_the_simple_properties(fleet):
    reply = fleet("SelectResourceConfig", Expression="SELECT * WHERE resourceId = 'b'")
    row = orjson.loads(reply["Results"][0])
    assert row["arn"] == "arn:aws:s3:::b"
    assert set(row) <= {
        "accountId",
        "arn",
        "availabilityZone",
        "awsRegion",
        "configurationItemCaptureTime",
        "resourceCreationTime",
        "resourceId",
        "resourceName",
        "resourceType",
        "version",
    }
    assert {"Name": "resourceId"} in reply["QueryInfo"]["SelectFields"]


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("SELECT", ""),
        ("nonsense (", "parsed"),
        ("DELETE FROM x", "SELECT"),
        ("SELECT a FROM b", "FROM"),
        ("SELECT DISTINCT a", "DISTINCT"),
        ("SELECT a LIMIT 3", "LIMIT"),
        ("SELECT a, COUNT(*)", "GROUP BY"),
        ("SELECT a WHERE b IS NULL", "WHERE"),
        ("SELECT a WHERE b = c", "value"),
        ("SELECT UPPER(a)", "property"),
        ("SELECT a GROUP BY a HAVING COUNT(*) > 1", "HAVING"),
        ("SELECT a; SELECT b", "one SELECT"),
        ("SELECT a WHERE b LIKE '%::Bucket'", "suffix wildcards"),
        ("SELECT a WHERE b LIKE '_bcd'", "suffix wildcards"),
        ("SELECT a WHERE b LIKE 'ab%'", "3 characters"),
        ("SELECT a WHERE b LIKE 'ab_'", "3 characters"),
        ("SELECT COUNT(a, b)", "one property"),
        ("SELECT COUNT(DISTINCT a)", "DISTINCT"),
        ("SELECT COUNT(MAX(a))", "property"),
        ("SELECT a, b, c, d, COUNT(*) GROUP BY a, b, c, d", "3 properties"),
        ("SELECT a, b, COUNT(*) GROUP BY a, b ORDER BY COUNT(*)", "1 property"),
        ("SELECT a AS b", "property"),
        ("SELECT a UNION SELECT b", "one SELECT"),
        ("SELECT a JOIN b", "JOIN"),
        ("SELECT a WHERE b = NULL", "value"),
        ("SELECT CASE WHEN a = 1 THEN 2 END", "property"),
        ("SELECT c.ipAddress WHERE c.ipaddressPermissions = 'x'", "upper and lower case"),
    ],
)
def test_what_a_query_must_not_hold(running, expression, said):
    error = running.refused("SelectResourceConfig", Expression=expression)
    assert error.code == "InvalidExpressionException"
    assert said in error.message
    assert "\x1b" not in error.message


RANGES = {
    "wide": "0.0.0.0/0",
    "ten": "10.0.0.0/16",
    "nine": "9.0.0.0/24",
    "one": "192.168.0.2/32",
    "six": "2001:db8::/32",
}


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("{p} = '10.0.4.7'", ["ten", "wide"]),
        ("{p} = '10.0.0.0/16'", ["ten", "wide"]),
        ("{p} = '2001:db8::1'", ["six"]),
        ("{p} IN ('10.0.4.7', '2001:db8::1')", ["six", "ten", "wide"]),
        ("{p} BETWEEN '9.0.0.0' AND '10.0.0.255'", ["nine", "ten", "wide"]),
        ("{p} BETWEEN '9.0.0.0' AND '9.0.0.255' AND NOT {p} < '9.0.0.0' AND NOT {p} > '9.0.0.255'", ["nine"]),
        ("{p} = '192.168.0.2' AND NOT {p} > '192.168.0.2' AND NOT {p} < '192.168.0.2'", ["one"]),
        ("{p} > '10.0.0.0'", ["one", "ten", "wide"]),
        ("{p} < '9.0.0.9'", ["nine", "wide"]),
        ("{p} LIKE '10.0.%'", ["ten"]),
        ("{p} = 'ten'", []),
    ],
)
def test_an_address_is_found_in_the_ranges_that_hold_it(running, service, make, condition, expected):
    for name, cidr in RANGES.items():
        configuration = {"ipPermissions": [{"ipProtocol": "tcp", "ipRanges": [cidr]}]}
        group = make.instance(name, configuration=configuration)
        service.record([replace(group, resource_type="AWS::EC2::SecurityGroup")])
    where = condition.format(p="configuration.ipPermissions.ipRanges")
    found = rows(running, f"SELECT resourceId WHERE resourceType = 'AWS::EC2::SecurityGroup' AND {where}")
    assert sorted(row["resourceId"] for row in found) == expected


networks = st.ip_addresses(v=4).flatmap(
    lambda address: st.integers(0, 32).map(lambda size: ipaddress.ip_network(f"{address}/{size}", strict=False))
)


@given(network=networks, address=st.ip_addresses(v=4))
def test_ranges_compare_as_the_addresses_in_them(network, address):
    assert addresses.compared("=", str(network), str(address)) is (address in network)
    assert addresses.compared("!=", str(network), str(address)) is (address not in network)
    assert addresses.compared("<", str(network), str(address)) is (network[0] < address)
    assert addresses.compared(">", str(network), str(address)) is (network[-1] > address)
    assert addresses.held_in(str(network), str(address), str(address)) is (address in network)


@given(text=st.text(max_size=20))
def test_what_is_no_address_compares_as_text(text):
    assert addresses.compared("=", "t3.micro", text) is None
    assert addresses.held_in("10.0.0.1", text or "x", "ten") is None
    assert addresses.compared("=", "10.0.0.0/8", "::1") is False
    assert addresses.compared("!=", "10.0.0.0/8", "::1") is True


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    text=st.text(max_size=60)
    | st.lists(
        st.sampled_from(["SELECT", "a.b", "WHERE", "=", "'x'", "COUNT", "(", "*", ")", "GROUP BY", ",", "3", "-"]),
        max_size=14,
    ).map(" ".join)
)
def test_any_text_is_a_query_or_refused(text):
    from watchkeeper.awsconfig import ConfigError
    from watchkeeper.awsconfig.select_query import parse_query, run_query

    try:
        query = parse_query(text)
    except ConfigError as error:
        assert error.code == "InvalidExpressionException"
    else:
        run_query(query, [{"a": {"b": "x"}}, {"a": {"b": [1, "x"]}}])


def test_stored_queries(running):
    query = {"QueryName": "mine", "Description": "d", "Expression": "SELECT resourceId"}
    arn = running("PutStoredQuery", StoredQuery=query)["QueryArn"]
    assert running("PutStoredQuery", StoredQuery=query)["QueryArn"] == arn
    assert running("GetStoredQuery", QueryName="mine")["StoredQuery"]["Expression"] == "SELECT resourceId"
    assert [each["QueryName"] for each in running("ListStoredQueries")["StoredQueryMetadata"]] == ["mine"]
    running("DeleteStoredQuery", QueryName="mine")
    assert running.refused("GetStoredQuery", QueryName="mine").code == "ResourceNotFoundException"


@pytest.fixture
def aggregated(running, service, make):
    """Two accounts and a second region with a rule and buckets each, and an aggregator over all of them."""
    for account, region in [(running.account, running.region), (running.account, "us-east-1"), (OTHER, "us-east-1")]:
        there = running.elsewhere(account, region).set_up()
        there.put_managed("v", "S3_BUCKET_VERSIONING_ENABLED")
        place = {"account_id": account, "region": region}
        service.record([make.bucket("good", **place), make.bucket(f"bad-{account}-{region}", "Off", **place)])
    source = {"AccountIds": [running.account, OTHER], "AllAwsRegions": True}
    running("PutConfigurationAggregator", ConfigurationAggregatorName="all", AccountAggregationSources=[source])
    return running


def test_an_aggregator_needs_the_other_accounts_authorization(aggregated):
    other = aggregated.elsewhere(OTHER, "us-east-1")
    request = {"ConfigurationAggregatorName": "all"}

    def rules():
        operation, key = "DescribeAggregateComplianceByConfigRules", "AggregateComplianceByConfigRules"
        return aggregated.all(operation, key, **request, Limit=1)

    assert {each["AccountId"] for each in rules()} == {aggregated.account}
    statuses = aggregated("DescribeConfigurationAggregatorSourcesStatus", **request)["AggregatedSourceStatusList"]
    assert [s["LastUpdateStatus"] for s in statuses] == ["SUCCEEDED", "SUCCEEDED", "FAILED"]
    (pending,) = other("DescribePendingAggregationRequests")["PendingAggregationRequests"]
    assert pending == {"RequesterAccountId": aggregated.account, "RequesterAwsRegion": aggregated.region}

    other("PutAggregationAuthorization", AuthorizedAccountId=aggregated.account, AuthorizedAwsRegion=aggregated.region)

    assert len(rules()) == 3
    assert other("DescribePendingAggregationRequests")["PendingAggregationRequests"] == []
    assert len(other("DescribeAggregationAuthorizations")["AggregationAuthorizations"]) == 1
    other(
        "DeleteAggregationAuthorization", AuthorizedAccountId=aggregated.account, AuthorizedAwsRegion=aggregated.region
    )
    assert len(rules()) == 2


def test_every_aggregate_read(aggregated):
    other = aggregated.elsewhere(OTHER, "us-east-1")
    other("PutAggregationAuthorization", AuthorizedAccountId=aggregated.account, AuthorizedAwsRegion=aggregated.region)
    request = {"ConfigurationAggregatorName": "all"}
    details = aggregated(
        "GetAggregateComplianceDetailsByConfigRule",
        **request, ConfigRuleName="v", AccountId=OTHER, AwsRegion="us-east-1",
        ComplianceType="NON_COMPLIANT",
    )["AggregateEvaluationResults"]  # fmt: skip
    assert [each["AccountId"] for each in details] == [OTHER]
    summary = aggregated("GetAggregateConfigRuleComplianceSummary", **request, GroupByKey="ACCOUNT_ID")
    counts = {
        c["GroupName"]: c["ComplianceSummary"]["NonCompliantResourceCount"]["CappedCount"]
        for c in summary["AggregateComplianceCounts"]
    }
    assert counts == {aggregated.account: 2, OTHER: 1}
    grouped = aggregated(
        "GetAggregateDiscoveredResourceCounts", **request, GroupByKey="RESOURCE_TYPE", Filters={"ResourceType": BUCKET}
    )
    assert grouped["TotalDiscoveredResources"] == 6
    listed = aggregated.all(
        "ListAggregateDiscoveredResources", "ResourceIdentifiers", **request, ResourceType=BUCKET, Limit=2
    )
    assert len(listed) == 6
    (named,) = aggregated.all(
        "ListAggregateDiscoveredResources",
        "ResourceIdentifiers",
        **request,
        ResourceType=BUCKET,
        Filters={"AccountId": OTHER, "ResourceId": "good"},
    )
    item = aggregated("GetAggregateResourceConfig", **request, ResourceIdentifier=named)["ConfigurationItem"]
    assert item["accountId"] == OTHER
    missing = {**named, "ResourceId": "none"}
    batch = aggregated("BatchGetAggregateResourceConfig", **request, ResourceIdentifiers=[named, missing])
    assert len(batch["BaseConfigurationItems"]) == 1
    assert batch["UnprocessedResourceIdentifiers"] == [missing]
    query = "SELECT accountId, COUNT(*) WHERE resourceType = 'AWS::S3::Bucket' GROUP BY accountId ORDER BY accountId"
    results = aggregated("SelectAggregateResourceConfig", **request, Expression=query)["Results"]
    assert [orjson.loads(r)["COUNT(*)"] for r in results] == [4, 2]


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        ({}, "missing either"),
        ({"AccountAggregationSources": [{"AccountIds": [OTHER]}]}, "any regions"),
        ({"AccountAggregationSources": [{"AccountIds": [OTHER], "AwsRegions": ["mars-1"]}]}, "mars-1"),
        ({"AccountAggregationSources": [{"AccountIds": [OTHER], "AwsRegions": ["x"], "AllAwsRegions": True}]}, "both"),
    ],
)  # fmt: skip
def test_an_aggregator_that_aws_refuses(config, request_, said):
    error = config.refused("PutConfigurationAggregator", ConfigurationAggregatorName="a", **request_)
    assert error.code == "InvalidParameterValueException"
    assert said in error.message


def test_aggregators_have_a_limit_and_duplicate_regions_are_taken(config):
    source = {"AccountIds": [OTHER], "AwsRegions": ["eu-west-1", "eu-west-1"]}
    for number in range(50):
        config(
            "PutConfigurationAggregator", ConfigurationAggregatorName=f"a{number}", AccountAggregationSources=[source]
        )
    error = config.refused(
        "PutConfigurationAggregator", ConfigurationAggregatorName="b", AccountAggregationSources=[source]
    )
    assert error.code == "LimitExceededException"
    assert len(config.all("DescribeConfigurationAggregators", "ConfigurationAggregators", Limit=7)) == 50
    config("DeleteConfigurationAggregator", ConfigurationAggregatorName="a0")
    error = config.refused("DeleteConfigurationAggregator", ConfigurationAggregatorName="a0")
    assert error.code == "NoSuchConfigurationAggregatorException"


def test_an_organization_source_needs_a_role_and_no_authorization(aggregated, services):
    source = {"RoleArn": f"arn:aws:iam::{aggregated.account}:role/org", "AllAwsRegions": True}
    request = {"ConfigurationAggregatorName": "org", "OrganizationAggregationSource": source}
    assert aggregated.refused("PutConfigurationAggregator", **request).code == "InvalidRoleException"
    services.roles.add(source["RoleArn"])
    aggregated("PutConfigurationAggregator", **request)
    rules = aggregated("DescribeAggregateComplianceByConfigRules", ConfigurationAggregatorName="org")
    assert len(rules["AggregateComplianceByConfigRules"]) == 3
