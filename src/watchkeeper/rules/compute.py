"""Auto Scaling, ACM, CodeBuild, ElastiCache, CloudFront and SageMaker.

Each rule's page: https://docs.aws.amazon.com/config/latest/developerguide/<console name>.html.
"""

# ruff: noqa: ARG001 - every rule has the same signature
from __future__ import annotations

from watchkeeper.model import ConfigurationItem, Severity, Verdict
from watchkeeper.rules.base import (
    COMPLIANT,
    FlagRule,
    Lookup,
    Parameters,
    array,
    days_between,
    dig,
    flag,
    listed,
    moment,
    need,
    needed_array,
    not_applicable,
    number,
    pick,
    register_flags,
    rule,
    shown,
    text,
    verdict,
    violation,
)
from watchkeeper.rules.s3 import same_key

GROUP = "AWS::AutoScaling::AutoScalingGroup"
LAUNCH = "AWS::AutoScaling::LaunchConfiguration"
CERTIFICATE = "AWS::ACM::Certificate"
PROJECT = "AWS::CodeBuild::Project"
CACHE = "AWS::ElastiCache::ReplicationGroup"
DISTRIBUTION = "AWS::CloudFront::Distribution"
NOTEBOOK = "AWS::SageMaker::NotebookInstance"

register_flags(
    (
        FlagRule("AUTOSCALING_LAUNCH_CONFIG_PUBLIC_IP_DISABLED", (LAUNCH,), "associatePublicIpAddress", False,
                 Severity.HIGH, "Public access", "Instances of the launch configuration get no public address.",
                 "use a launch configuration without public addresses", False),
        FlagRule("ELASTICACHE_REPL_GRP_ENCRYPTED_IN_TRANSIT", (CACHE,), "TransitEncryptionEnabled", True,
                 Severity.MEDIUM, "Encryption", "Traffic is encrypted in transit.", "enable it", False),
    )
)  # fmt: skip


@rule("AUTOSCALING_CAPACITY_REBALANCING", types=(GROUP,), severity=Severity.LOW, category="Backup and recovery")
def capacity_rebalancing(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """A group with several instance types has capacity rebalancing; others are not applicable."""
    types = _instance_types(item)
    if types is not None and len(types) < 2:
        return not_applicable("The group does not use several instance types.")
    on = flag(item.configuration, "capacityRebalance", default=False)
    return verdict(on, "Capacity rebalancing is off; enable it.")


@rule("AUTOSCALING_MULTIPLE_INSTANCE_TYPES", types=(GROUP,), severity=Severity.MEDIUM, category="Backup and recovery")
def multiple_types(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The group uses several instance types; one that chooses them by attributes is not applicable."""
    types = _instance_types(item)
    if types is None:
        return not_applicable("The group chooses its instance types by attributes.")
    return verdict(len(types) > 1, "The group has one instance type; add others to its mixed instances policy.")


def _instance_types(item: ConfigurationItem) -> set[str] | None:
    """The instance types that override the launch template's; None where attributes choose them."""
    need(item.configuration, "autoScalingGroupName")
    overrides = array(dig(item.configuration, "mixedInstancesPolicy", "launchTemplate"), "overrides")
    if any(pick(entry, "instanceRequirements") for entry in overrides):
        return None
    return {str(pick(entry, "instanceType")) for entry in overrides}


@rule("AUTOSCALING_GROUP_ELB_HEALTHCHECK_REQUIRED", types=(GROUP,), severity=Severity.LOW,
      category="Logging and monitoring")  # fmt: skip
def elb_health_check(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """A group behind a load balancer uses its health checks; others are not applicable."""
    if not array(item.configuration, "loadBalancerNames") and not array(item.configuration, "targetGroupARNs"):
        return not_applicable("The group is behind no load balancer.")
    kind = text(item.configuration, "healthCheckType")
    return verdict("ELB" in kind.split(","), f"The health check type is {shown(kind)}; set it to ELB.")


@rule("AUTOSCALING_MULTIPLE_AZ", types=(GROUP,), severity=Severity.MEDIUM, category="Backup and recovery")
def multiple_zones(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The group spans at least minAvailabilityZones (2)."""
    zones, least = len(needed_array(item.configuration, "availabilityZones")), parameters.get("minAvailabilityZones", 2)
    return verdict(zones >= least, f"The group is in {zones} availability zones; add subnets until it is in {least}.")


@rule("AUTOSCALING_LAUNCH_TEMPLATE", types=(GROUP,), severity=Severity.MEDIUM, category="Configuration")
def launch_template(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The group is created from a launch template."""
    need(item.configuration, "autoScalingGroupName")
    used = any(item.configuration.get(key) for key in ("launchTemplate", "mixedInstancesPolicy"))
    return verdict(used, "The group uses a launch configuration; use a launch template.")


@rule("AUTOSCALING_LAUNCHCONFIG_REQUIRES_IMDSV2", types=(LAUNCH,), severity=Severity.HIGH, category="Identity")
def launch_imdsv2(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """Instances of the launch configuration take IMDSv2 only."""
    need(item.configuration, "launchConfigurationName", "launchConfigurationARN")
    tokens = dig(item.configuration, "metadataOptions", "httpTokens")
    return verdict(tokens == "required", f"httpTokens is {shown(tokens or 'not set')}; set it to required (IMDSv2).")


@rule("AUTOSCALING_LAUNCH_CONFIG_HOP_LIMIT", types=(LAUNCH,), severity=Severity.HIGH, category="Identity")
def launch_hop_limit(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The metadata hop limit is at most 1."""
    need(item.configuration, "launchConfigurationName", "launchConfigurationARN")
    hops = number(item.configuration.get("metadataOptions"), "httpPutResponseHopLimit", default=1)
    return verdict(hops <= 1, f"The metadata hop limit is {hops:g}; set it to 1.")


@rule("ACM_CERTIFICATE_EXPIRATION_CHECK", types=(CERTIFICATE,), severity=Severity.MEDIUM, category="Encryption")
def certificate_expiration(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """An issued certificate does not expire in the next daysToExpiration (14) days, and has not expired."""
    if text(item.configuration, "status") not in ("ISSUED", "EXPIRED"):
        return not_applicable(f"The certificate is {shown(item.configuration.get('status'))}.")
    left = days_between(lookup.now(), moment(need(item.configuration, "notAfter")))
    limit = parameters.get("daysToExpiration", 14)
    when = f"expires in {int(left)} days" if left > 0 else "has expired"
    return verdict(left > limit, f"The certificate {when}; renew it.")


@rule("ACM_CERTIFICATE_RSA_CHECK", types=(CERTIFICATE,), severity=Severity.HIGH, category="Encryption")
def certificate_rsa(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """An RSA certificate has a key of 2048 bits or more."""
    algorithm = text(item.configuration, "keyAlgorithm").replace("_", "-")
    if not algorithm.startswith("RSA-"):
        return not_applicable("The certificate's key is not RSA.")
    bits = algorithm.removeprefix("RSA-")
    return verdict(bits.isdigit() and int(bits) >= 2048, f"The key is {shown(algorithm)}; use 2048 bits or more.")


@rule("ACM_CERTIFICATE_TRANSPARENT_LOGGING_ENABLED", types=(CERTIFICATE,), severity=Severity.LOW,
      category="Logging and monitoring")  # fmt: skip
def certificate_logging(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """Certificate transparency logging is not disabled."""
    value = dig(need(item.configuration, "options"), "certificateTransparencyLoggingPreference")
    return verdict(value != "DISABLED", "Transparency logging is off; enable it.")


@rule("CODEBUILD_PROJECT_ENVIRONMENT_PRIVILEGED_CHECK", types=(PROJECT,), severity=Severity.HIGH,
      category="Configuration")  # fmt: skip
def build_privileged(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The project's environment is not privileged, unless it is in exemptedProjects."""
    on = flag(need(item.configuration, "environment"), "privilegedMode", default=False)
    exempt = text(item.configuration, "name") in parameters.get("exemptedProjects", ())
    return verdict(not on or exempt, "The build environment is privileged; turn privileged mode off.")


@rule("CODEBUILD_PROJECT_ENVVAR_AWSCRED_CHECK", types=(PROJECT,), severity=Severity.CRITICAL, category="Identity")
def build_credentials(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """No plain text environment variable holds AWS credentials."""
    names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    variables = array(need(item.configuration, "environment"), "environmentVariables")
    bad = [str(dig(v, "name")) for v in variables if dig(v, "name") in names and dig(v, "type") in (None, "PLAINTEXT")]
    return verdict(not bad, f"Plain text credentials: {listed(bad)}; use the project's role or Secrets Manager.")


@rule("CODEBUILD_PROJECT_ARTIFACT_ENCRYPTION", types=(PROJECT,), severity=Severity.MEDIUM, category="Encryption")
def build_artifacts(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The project's artifacts are encrypted."""
    held = need(item.configuration, "artifacts")
    found = (held if isinstance(held, list) else [held]) + array(item.configuration, "secondaryArtifacts")
    bad = any(flag(artifact, "encryptionDisabled", default=False) for artifact in found)
    return verdict(not bad, "Artifacts are not encrypted; turn encryption on.")


@rule("CODEBUILD_PROJECT_S3_LOGS_ENCRYPTED", types=(PROJECT,), severity=Severity.LOW, category="Encryption")
def build_logs_encrypted(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The project's S3 logs are encrypted, unless it is in exemptedProjects; one without is not applicable."""
    logs = dig(item.configuration, "logsConfig", "s3Logs")
    exempt = text(item.configuration, "name") in parameters.get("exemptedProjects", ())
    if dig(logs, "status") != "ENABLED":
        return not_applicable("The project writes no logs to S3.")
    plain = flag(logs, "encryptionDisabled", default=False)
    return verdict(not plain or exempt, "S3 logs are not encrypted; turn encryption on.")


@rule("CODEBUILD_PROJECT_SOURCE_REPO_URL_CHECK", types=(PROJECT,), severity=Severity.CRITICAL, category="Identity")
def build_source(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The URL of a Bitbucket source holds no credentials; a project without such a source is not applicable."""
    sources = [need(item.configuration, "source"), *array(item.configuration, "secondarySources")]
    urls = [text(source, "location") for source in sources if dig(source, "type") == "BITBUCKET"]
    if not urls:
        return not_applicable("The project has no Bitbucket source.")
    signed_in = any("@" in url.partition("://")[2].partition("/")[0] for url in urls)
    return verdict(not signed_in, "A source's URL holds credentials; connect Bitbucket by OAuth and leave them out.")


@rule("CODEBUILD_PROJECT_LOGGING_ENABLED", types=(PROJECT,), severity=Severity.MEDIUM,
      category="Logging and monitoring")  # fmt: skip
def build_logging(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The project logs to S3 or CloudWatch Logs, only to s3BucketNames and cloudWatchGroupNames where given."""
    text(item.configuration, "name")
    logs = item.configuration.get("logsConfig")
    found = {name: log for name in ("s3Logs", "cloudWatchLogs") if dig(log := dig(logs, name), "status") == "ENABLED"}
    if not found:
        return violation("The project logs nowhere; enable S3 or CloudWatch logs.")
    places = {
        "s3BucketNames": str(dig(found.get("s3Logs"), "location") or "").removeprefix("arn:aws:s3:::").split("/")[0],
        "cloudWatchGroupNames": str(dig(found.get("cloudWatchLogs"), "groupName") or ""),
    }
    for name, place in places.items():
        allowed = [part.strip() for part in parameters.get(name, "").split(",") if part.strip()]
        if place and allowed and place not in allowed:
            return violation(f"The project logs to {shown(place)}; use one of {listed(allowed)}.")
    return COMPLIANT


@rule("ELASTICACHE_REPL_GRP_ENCRYPTED_AT_REST", types=(CACHE,), severity=Severity.MEDIUM, category="Encryption")
def cache_encrypted(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The replication group is encrypted at rest, with one of approvedKMSKeyIds where they are given."""
    need(item.configuration, "ReplicationGroupId", "Arn")
    if not flag(item.configuration, "AtRestEncryptionEnabled", default=False):
        return violation("Encryption at rest is off; recreate the group with it.")
    key, allowed = pick(item.configuration, "KmsKeyId") or "", parameters.get("approvedKMSKeyIds", ())
    fits = not allowed or any(same_key(key, entry) or same_key(entry, key) for entry in allowed)
    return verdict(fits, f"It is encrypted with {shown(key, 90)}; use an approved key.")


@rule("ELASTICACHE_REPL_GRP_AUTO_FAILOVER_ENABLED", types=(CACHE,), severity=Severity.MEDIUM,
      category="Backup and recovery")  # fmt: skip
def cache_failover(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """Automatic failover is on."""
    need(item.configuration, "ReplicationGroupId", "Arn")
    held = pick(item.configuration, "AutomaticFailover", "AutomaticFailoverEnabled")
    return verdict(held in ("enabled", True), "Automatic failover is off; enable it.")


@rule("CLOUDFRONT_VIEWER_POLICY_HTTPS", types=(DISTRIBUTION,), severity=Severity.MEDIUM, category="Encryption")
def viewer_https(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """Viewers use HTTPS for every cache behavior."""
    config = need(item.configuration, "distributionConfig")
    others = pick(config, "cacheBehaviors")
    listing = array(others, "items") if isinstance(others, dict) else array(config, "cacheBehaviors")
    behaviors = [need(config, "defaultCacheBehavior"), *listing]
    bad = [b for b in behaviors if need(b, "viewerProtocolPolicy") == "allow-all"]
    return verdict(not bad, "A cache behavior allows HTTP; redirect it to HTTPS.")


@rule("CLOUDFRONT_DEFAULT_ROOT_OBJECT_CONFIGURED", types=(DISTRIBUTION,), severity=Severity.HIGH,
      category="Configuration")  # fmt: skip
def default_root_object(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The distribution has a default root object."""
    held = pick(need(item.configuration, "distributionConfig"), "defaultRootObject")
    return verdict(bool(held), "No default root object; set one, e.g. index.html.")


@rule("CLOUDFRONT_ACCESSLOGS_ENABLED", types=(DISTRIBUTION,), severity=Severity.MEDIUM,
      category="Logging and monitoring")  # fmt: skip
def distribution_logs(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """Access logs are on, to S3BucketName where it is given."""
    logging = pick(need(item.configuration, "distributionConfig"), "logging")
    if not flag(logging, "enabled", default=bool(pick(logging, "bucket"))):
        return violation("Access logs are off; enable them.")
    wanted, bucket = parameters.get("S3BucketName"), str(pick(logging, "bucket") or "").split(".")[0]
    return verdict(not wanted or bucket == wanted, f"Access logs go to {shown(bucket)}; send them to {shown(wanted)}.")


@rule("CLOUDFRONT_ASSOCIATED_WITH_WAF", types=(DISTRIBUTION,), severity=Severity.MEDIUM, category="Network")
def distribution_waf(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The distribution has a web ACL, one of wafWebAclIds where they are given."""
    acl = pick(need(item.configuration, "distributionConfig"), "webACLId")
    allowed = parameters.get("wafWebAclIds", ())
    if not acl:
        return violation("No web ACL is associated; associate one.")
    return verdict(not allowed or acl in allowed, f"The web ACL is {shown(acl, 110)}; associate an allowed one.")


@rule("SAGEMAKER_NOTEBOOK_NO_DIRECT_INTERNET_ACCESS", types=(NOTEBOOK,), severity=Severity.HIGH,
      category="Public access")  # fmt: skip
def notebook_internet(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The notebook has no direct internet access."""
    value = text(item.configuration, "DirectInternetAccess")
    return verdict(value == "Disabled", "Direct internet access is on; recreate the notebook in a VPC without it.")


@rule("SAGEMAKER_NOTEBOOK_INSTANCE_INSIDE_VPC", types=(NOTEBOOK,), severity=Severity.HIGH, category="Network")
def notebook_in_vpc(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The notebook is in a VPC, in one of SubnetIds where they are given."""
    need(item.configuration, "NotebookInstanceName", "Arn")
    subnet, allowed = pick(item.configuration, "SubnetId"), parameters.get("SubnetIds", ())
    if not subnet:
        return violation("The notebook is in no VPC; recreate it in one.")
    return verdict(
        not allowed or subnet in allowed, f"The notebook is in {shown(subnet)}; use one of {listed(allowed)}."
    )


@rule("SAGEMAKER_MODEL_IN_VPC", types=("AWS::SageMaker::Model",), severity=Severity.MEDIUM, category="Network")
def model_in_vpc(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """The model's containers reach the network through a VPC."""
    need(item.configuration, "ModelName", "ExecutionRoleArn")
    on = bool(pick(item.configuration, "VpcConfig"))
    return verdict(on, "The model uses no VPC; recreate it with subnets and security groups.")


@rule("SAGEMAKER_NOTEBOOK_INSTANCE_ROOT_ACCESS_CHECK", types=(NOTEBOOK,), severity=Severity.HIGH, category="Identity")
def notebook_root(item: ConfigurationItem, parameters: Parameters, lookup: Lookup) -> Verdict:
    """Users of the notebook have no root access."""
    value = text(item.configuration, "RootAccess", default="Enabled")
    need(item.configuration, "NotebookInstanceName", "Arn")
    return verdict(value == "Disabled", "Root access is on; turn it off.")
