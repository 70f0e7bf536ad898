"""Conformance packs, organization rules, and remediation."""

from __future__ import annotations

import pytest

from watchkeeper.awsconfig.services import ServiceRefused

OTHER = "210987654321"
BUCKET = "AWS::S3::Bucket"
TEMPLATE = """
Parameters:
  Age: {Type: String, Default: '90'}
  Mfa: {Type: String, Default: ''}
Conditions:
  hasMfa: !Not [!Equals ['', !Ref Mfa]]
Resources:
  Versioning:
    Type: AWS::Config::ConfigRule
    Properties:
      ConfigRuleName: versioning
      InputParameters:
        isMfaDeleteEnabled: {'Fn::If': [hasMfa, {Ref: Mfa}, {Ref: 'AWS::NoValue'}]}
      Scope: {ComplianceResourceTypes: ['AWS::S3::Bucket']}
      Source: {Owner: AWS, SourceIdentifier: S3_BUCKET_VERSIONING_ENABLED}
  Keys:
    Type: AWS::Config::ConfigRule
    Properties:
      ConfigRuleName: keys
      InputParameters: {maxAccessKeyAge: !Ref Age}
      Source: {Owner: AWS, SourceIdentifier: ACCESS_KEYS_ROTATED}
  Repair:
    Type: AWS::Config::RemediationConfiguration
    Properties:
      ConfigRuleName: versioning
      TargetId: AWS-ConfigureS3BucketVersioning
      TargetType: SSM_DOCUMENT
      Parameters:
        BucketName: {ResourceValue: {Value: RESOURCE_ID}}
"""
REPAIR = {
    "ConfigRuleName": "v",
    "TargetType": "SSM_DOCUMENT",
    "TargetId": "AWS-ConfigureS3BucketVersioning",
    "Parameters": {
        "AutomationAssumeRole": {"StaticValue": {"Values": ["arn:aws:iam::123456789012:role/repair"]}},
        "BucketName": {"ResourceValue": {"Value": "RESOURCE_ID"}},
    },
}


@pytest.fixture
def packed(running):
    running("PutConformancePack", ConformancePackName="base", TemplateBody=TEMPLATE)
    return running


def rule_named(config, own):
    return next(r for r in config("DescribeConfigRules")["ConfigRules"] if r["ConfigRuleName"].startswith(f"{own}-"))


def test_a_pack_makes_its_rules(packed):
    (status,) = packed("DescribeConformancePackStatus")["ConformancePackStatusDetails"]
    assert status["ConformancePackState"] == "CREATE_COMPLETE"
    (pack,) = packed("DescribeConformancePacks")["ConformancePackDetails"]
    rule = rule_named(packed, "versioning")
    assert rule["ConfigRuleName"] == f"versioning-{pack['ConformancePackId']}"
    assert pack["ConformancePackId"].startswith("conformance-pack-")
    assert rule["InputParameters"] == "{}"
    assert rule_named(packed, "keys")["InputParameters"] == '{"maxAccessKeyAge":"90"}'
    found = packed("DescribeRemediationConfigurations", ConfigRuleNames=[rule["ConfigRuleName"]])
    assert found["RemediationConfigurations"][0]["TargetId"] == "AWS-ConfigureS3BucketVersioning"
    assert packed.refused("DeleteConfigRule", ConfigRuleName=rule["ConfigRuleName"]).code == "ResourceInUseException"


def test_the_compliance_and_the_score_of_a_pack(packed, service, make):
    def score():
        return packed("ListConformancePackComplianceScores")["ConformancePackComplianceScores"][0]["Score"]

    assert score() == "INSUFFICIENT_DATA"
    service.record([make.bucket("a"), make.bucket("b"), make.bucket("c", "Off")])
    assert score() == "66.67"
    name = {"ConformancePackName": "base"}
    listed = packed("DescribeConformancePackCompliance", **name)["ConformancePackRuleComplianceList"]
    assert [each["ComplianceType"] for each in listed] == ["INSUFFICIENT_DATA", "NON_COMPLIANT"]
    details = packed.all("GetConformancePackComplianceDetails", "ConformancePackRuleEvaluationResults", **name, Limit=2)
    assert len(details) == 3
    filters = {"ConfigRuleNames": ["versioning"], "ResourceType": BUCKET, "ResourceIds": ["c"]}
    (only,) = packed.all(
        "GetConformancePackComplianceDetails", "ConformancePackRuleEvaluationResults", **name, Filters=filters
    )
    assert only["ComplianceType"] == "NON_COMPLIANT"
    summary = packed("GetConformancePackComplianceSummary", ConformancePackNames=["base"])
    assert summary["ConformancePackComplianceSummaryList"][0]["ConformancePackComplianceStatus"] == "NON_COMPLIANT"
    source = {"AccountIds": [packed.account], "AllAwsRegions": True}
    packed("PutConfigurationAggregator", ConfigurationAggregatorName="all", AccountAggregationSources=[source])
    aggregated = packed("DescribeAggregateComplianceByConformancePacks", ConfigurationAggregatorName="all")
    assert aggregated["AggregateComplianceByConformancePacks"][0]["Compliance"]["TotalRuleCount"] == 2
    grouped = packed(
        "GetAggregateConformancePackComplianceSummary", ConfigurationAggregatorName="all", GroupByKey="AWS_REGION"
    )
    assert (
        grouped["AggregateConformancePackComplianceSummaries"][0]["ComplianceSummary"][
            "NonCompliantConformancePackCount"
        ]
        == 1
    )


def test_parameters_and_changes_of_a_pack(packed):
    parameters = [{"ParameterName": "Mfa", "ParameterValue": "true"}]
    shorter = (
        TEMPLATE.replace("SourceIdentifier: ACCESS_KEYS_ROTATED", "SourceIdentifier: IAM_PASSWORD_POLICY")
        .replace("      InputParameters: {maxAccessKeyAge: !Ref Age}\n", "")
        .replace("ConfigRuleName: keys", "ConfigRuleName: passwords")
    )
    packed(
        "PutConformancePack",
        ConformancePackName="base",
        TemplateBody=shorter,
        ConformancePackInputParameters=parameters,
    )
    assert rule_named(packed, "versioning")["InputParameters"] == '{"isMfaDeleteEnabled":"true"}'
    names = [r["ConfigRuleName"].split("-")[0] for r in packed("DescribeConfigRules")["ConfigRules"]]
    assert names == ["passwords", "versioning"]
    packed("DeleteConformancePack", ConformancePackName="base")
    assert packed("DescribeConfigRules")["ConfigRules"] == []
    assert packed.refused("DeleteConformancePack", ConformancePackName="base").code == "NoSuchConformancePackException"


@pytest.mark.parametrize(
    "template",
    [
        "[",
        "a",
        "Resources: {}",
        "Resources: {A: {Type: 'AWS::S3::Bucket'}}",
        "Resources: {A: {Type: 'AWS::Config::ConfigRule', Properties: {Source: !Ref Nowhere}}}",
        "Parameters: {A: {Type: String}}\nResources: {A: {Type: 'AWS::Config::ConfigRule'}}",
        "Resources: {A: {Type: 'AWS::Config::ConfigRule', Properties: {Source: !If [nope, 1, 2]}}}",
    ],
)
def test_a_template_that_is_none(running, template):
    error = running.refused("PutConformancePack", ConformancePackName="p", TemplateBody=template)
    assert error.code == "ConformancePackTemplateValidationException"


def test_a_pack_with_a_rule_that_aws_refuses_fails_as_a_whole(running):
    template = TEMPLATE.replace("ACCESS_KEYS_ROTATED", "NO_SUCH_RULE")
    running("PutConformancePack", ConformancePackName="p", TemplateBody=template)
    (status,) = running("DescribeConformancePackStatus")["ConformancePackStatusDetails"]
    assert status["ConformancePackState"] == "CREATE_FAILED"
    assert "NO_SUCH_RULE" in status["ConformancePackStatusReason"]
    assert running("DescribeConfigRules")["ConfigRules"] == []


def test_a_pack_needs_one_template_and_from_s3_it_is_not_supported(running):
    assert running.refused("PutConformancePack", ConformancePackName="p").code == "InvalidParameterValueException"
    error = running.refused("PutConformancePack", ConformancePackName="p", TemplateS3Uri="s3://b/k")
    assert error.code == "UnsupportedOperationException"


def test_fifty_packs(running):
    source = "{Owner: AWS, SourceIdentifier: IAM_PASSWORD_POLICY}"
    small = f"Resources: {{A: {{Type: 'AWS::Config::ConfigRule', Properties: {{Source: {source}}}}}}}"
    for number in range(50):
        running("PutConformancePack", ConformancePackName=f"p{number}", TemplateBody=small)
    error = running.refused("PutConformancePack", ConformancePackName="q", TemplateBody=small)
    assert error.code == "MaxNumberOfConformancePacksExceededException"


def test_an_organization_rule_is_put_into_every_account(running):
    other = running.elsewhere(OTHER).set_up()
    metadata = {"RuleIdentifier": "S3_BUCKET_VERSIONING_ENABLED"}
    put = {"OrganizationConfigRuleName": "v", "OrganizationManagedRuleMetadata": metadata}
    running("PutOrganizationConfigRule", **put)
    (rule,) = other("DescribeConfigRules")["ConfigRules"]
    assert rule["ConfigRuleName"].startswith("OrgConfigRule-v-")
    assert other.refused("DeleteConfigRule", ConfigRuleName=rule["ConfigRuleName"]).code == "ResourceInUseException"
    statuses = running.all(
        "GetOrganizationConfigRuleDetailedStatus",
        "OrganizationConfigRuleDetailedStatus",
        OrganizationConfigRuleName="v",
        Limit=1,
    )
    assert [s["MemberAccountRuleStatus"] for s in statuses] == ["CREATE_SUCCESSFUL"] * 2
    running("PutOrganizationConfigRule", **put, ExcludedAccounts=[OTHER])
    assert other("DescribeConfigRules")["ConfigRules"] == []
    (shape,) = running("DescribeOrganizationConfigRules")["OrganizationConfigRules"]
    assert shape["ExcludedAccounts"] == [OTHER]
    running("DeleteOrganizationConfigRule", OrganizationConfigRuleName="v")
    assert running("DescribeConfigRules")["ConfigRules"] == []
    error = running.refused("DescribeOrganizationConfigRules", OrganizationConfigRuleNames=["v"])
    assert error.code == "NoSuchOrganizationConfigRuleException"


def test_an_organization_rule_that_fails_in_one_account_says_where(running, services):
    running.elsewhere(OTHER).set_up()
    function = next(iter(services.functions))
    services.function_exists = lambda account, region, arn: account != OTHER
    metadata = {
        "LambdaFunctionArn": function,
        "OrganizationConfigRuleTriggerTypes": ["ConfigurationItemChangeNotification"],
    }
    running("PutOrganizationConfigRule", OrganizationConfigRuleName="v", OrganizationCustomRuleMetadata=metadata)
    (status,) = running("DescribeOrganizationConfigRuleStatuses")["OrganizationConfigRuleStatuses"]
    assert (status["OrganizationRuleStatus"], status["ErrorCode"]) == (
        "CREATE_FAILED",
        "InsufficientPermissionsException",
    )


def test_an_organization_pack(running):
    other = running.elsewhere(OTHER).set_up()
    running("PutOrganizationConformancePack", OrganizationConformancePackName="base", TemplateBody=TEMPLATE)
    assert len(other("DescribeConformancePacks")["ConformancePackDetails"]) == 1
    (status,) = running("DescribeOrganizationConformancePackStatuses")["OrganizationConformancePackStatuses"]
    assert status["Status"] == "CREATE_SUCCESSFUL"
    details = running("GetOrganizationConformancePackDetailedStatus", OrganizationConformancePackName="base")
    assert len(details["OrganizationConformancePackDetailedStatuses"]) == 2
    assert len(running("DescribeOrganizationConformancePacks")["OrganizationConformancePacks"]) == 1
    running("DeleteOrganizationConformancePack", OrganizationConformancePackName="base")
    assert other("DescribeConfigRules")["ConfigRules"] == []


@pytest.fixture
def violated(running, service, make):
    running.put_managed("v", "S3_BUCKET_VERSIONING_ENABLED")
    service.record([make.bucket("bad", "Off")])
    return running


def executions(config):
    return config("DescribeRemediationExecutionStatus", ConfigRuleName="v")["RemediationExecutionStatuses"]


KEY = {"resourceType": BUCKET, "resourceId": "bad"}


def test_a_document_that_can_not_run_here_says_so(violated):
    violated("PutRemediationConfigurations", RemediationConfigurations=[REPAIR])
    violated("StartRemediationExecution", ConfigRuleName="v", ResourceKeys=[KEY])
    (execution,) = executions(violated)
    assert execution["State"] == "FAILED"
    assert "AWS-ConfigureS3BucketVersioning" in execution["StepDetails"][0]["ErrorMessage"]


def test_automatic_remediation_runs_the_document_on_a_violation(running, service, services, make):
    ran = []
    services.run_automation = lambda *arguments: ran.append(arguments)
    running.put_managed("v", "S3_BUCKET_VERSIONING_ENABLED")
    running("PutRemediationConfigurations", RemediationConfigurations=[{**REPAIR, "Automatic": True}])
    service.record([make.bucket("good"), make.bucket("bad", "Off")])
    (arguments,) = ran
    assert arguments[2] == "AWS-ConfigureS3BucketVersioning"
    assert arguments[4]["BucketName"] == ["bad"]
    assert arguments[5] == "arn:aws:iam::123456789012:role/repair"
    assert executions(running)[0]["State"] == "SUCCEEDED"


def test_after_five_failures_in_a_minute_aws_gives_up(violated, service, services, clock):
    def refuse(*_):
        raise ServiceRefused("AccessDenied", "the role may not")

    services.run_automation = refuse
    violated("PutRemediationConfigurations", RemediationConfigurations=[{**REPAIR, "Automatic": True}])
    for _ in range(20):
        clock.forward(seconds=7)
        service.tick()
    (exception,) = violated("DescribeRemediationExceptions", ConfigRuleName="v")["RemediationExceptions"]
    assert exception["ResourceId"] == "bad"
    assert service.pending() == 0


def test_an_exempt_resource_is_left_alone(violated, services, service, clock, make):
    ran = []
    services.run_automation = lambda *arguments: ran.append(arguments)
    key = {"ResourceType": BUCKET, "ResourceId": "bad"}
    violated("PutRemediationExceptions", ConfigRuleName="v", ResourceKeys=[key], Message="agreed")
    violated("PutRemediationConfigurations", RemediationConfigurations=[{**REPAIR, "Automatic": True}])
    assert ran == []
    violated("DeleteRemediationExceptions", ConfigRuleName="v", ResourceKeys=[key])
    error = violated.refused("DeleteRemediationExceptions", ConfigRuleName="v", ResourceKeys=[key])
    assert error.code == "NoSuchRemediationExceptionException"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"ConfigRuleName": "x"}, "NoSuchConfigRuleException"),
        ({"Automatic": True, "Parameters": {}}, "InvalidParameterValueException"),
        ({"Parameters": {"A": {}}}, "InvalidParameterValueException"),
        ({"TargetType": "OTHER"}, "ValidationException"),
    ],
)
def test_a_remediation_that_aws_refuses(violated, change, code):
    assert (
        violated.refused("PutRemediationConfigurations", RemediationConfigurations=[{**REPAIR, **change}]).code == code
    )


def test_a_remediation_that_is_not_there(violated):
    for operation in ("DeleteRemediationConfiguration", "DescribeRemediationExecutionStatus"):
        assert violated.refused(operation, ConfigRuleName="v").code == "NoSuchRemediationConfigurationException"
    assert violated("DescribeRemediationConfigurations", ConfigRuleNames=["v"])["RemediationConfigurations"] == []
