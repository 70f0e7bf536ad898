# ruff: noqa: ARG002 (every handler's methods have the same signature)
"""Amazon S3: buckets, what is configured on them, objects, notifications."""

from __future__ import annotations

import base64
import binascii
import mimetypes
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar
from urllib.parse import urlencode

from watchkeeper.pulumi.engine.provider import ProviderError
from watchkeeper.pulumi.graph import Archive, Asset
from watchkeeper.pulumi.provider import archives
from watchkeeper.pulumi.provider.aws import Aws, is_gone
from watchkeeper.pulumi.provider.handler import AutoName, Handler, known
from watchkeeper.pulumi.provider.values import Values, document, moment, request, tag_list, tag_map

EMPTYING = 30.0
"""Seconds in which a bucket that others still write to has to be empty once."""
_HOSTED_ZONES = {
    "us-east-1": "Z3AQBSTGFYJSTF",
    "us-east-2": "Z2O1EMRO9K5GLX",
    "us-west-1": "Z2F56UZL2M1ACD",
    "us-west-2": "Z3BJ6K6RIION7M",
    "eu-west-1": "Z1BKCTXD74EZPE",
    "eu-west-2": "Z3GKZC51ZF0DB4",
    "eu-west-3": "Z3R1K369G5AVDG",
    "eu-central-1": "Z21DNDUVLTQW6Q",
    "eu-north-1": "Z3BAZG2TWCNX0D",
    "ap-southeast-1": "Z3O0J2DXBE1FTB",
    "ap-southeast-2": "Z1WCIGYICN2BYD",
    "ap-northeast-1": "Z2M4EHUR26P7ZW",
    "ap-south-1": "Z11RGJOFQNVJUP",
    "ca-central-1": "Z1QDHH18159H29",
    "sa-east-1": "Z7KQH4QJS55SO",
}
"""Hosted zones of the regions' website endpoints (https://docs.aws.amazon.com/general/latest/gr/s3.html)."""
_BUCKET_NAME = re.compile(r"(?!xn--|sthree-|amzn-s3-demo-)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_IP_ADDRESS = re.compile(r"\d{1,3}(\.\d{1,3}){3}")
_BATCH = 1000


def name_problem(name: str) -> str | None:
    """What S3 has against a bucket name, or None.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
    """
    if name.startswith("arn:"):
        return f"bucket takes a name, not the ARN {name!r}"
    if not _BUCKET_NAME.fullmatch(name) or ".." in name or _IP_ADDRESS.fullmatch(name):
        return (
            f"bucket {name!r} is no bucket name: 3 to 63 lower-case letters, digits, dots and hyphens, "
            "beginning and ending with a letter or digit; AWS would answer InvalidBucketName"
        )
    return None


def _emptied_and_deleted(aws: Aws, bucket: str) -> bool:
    """Whether it is gone. What was written in between (AWS Config delivers when it likes) goes the next time."""
    empty_bucket(aws, bucket)
    try:
        aws.drop("s3", "delete_bucket", Bucket=bucket)
    except ProviderError as error:
        if error.code != "BucketNotEmpty":
            raise
        return False
    return True


def empty_bucket(aws: Aws, bucket: str) -> None:
    """Delete every version, delete marker and unfinished upload in a bucket."""
    for upload in aws.pages("s3", "list_multipart_uploads", "Uploads", Bucket=bucket):
        aws.drop("s3", "abort_multipart_upload", Bucket=bucket, Key=upload["Key"], UploadId=upload["UploadId"])
    for kind in ("Versions", "DeleteMarkers"):
        entries = aws.pages("s3", "list_object_versions", kind, Bucket=bucket)
        _delete_objects(aws, bucket, [{"Key": e["Key"], "VersionId": e.get("VersionId") or "null"} for e in entries])
    rest = aws.pages("s3", "list_objects_v2", "Contents", Bucket=bucket)
    _delete_objects(aws, bucket, [{"Key": entry["Key"]} for entry in rest])


def _delete_objects(aws: Aws, bucket: str, entries: list[dict[str, str]]) -> None:
    for start in range(0, len(entries), _BATCH):
        batch = {"Objects": entries[start : start + _BATCH], "Quiet": True}
        aws.call("s3", "delete_objects", Bucket=bucket, Delete=batch)


def _lifecycle_rules(rules: list[Any]) -> list[Any]:
    """Rules without a filter hold for the whole bucket: S3 wants that said."""
    return [rule if "filter" in rule or "prefix" in rule else {**rule, "filter": {"prefix": ""}} for rule in rules]


def _inline_lifecycle_rule(rule: Values) -> Values:
    """A rule in the bucket's own spelling as one of the separate resource's."""
    found: Values = {"status": "Enabled" if rule.get("enabled") in (True, "true") else "Disabled"}
    found |= {key: rule[key] for key in ("id", "expiration", "transitions") if key in rule}
    prefix, tags = rule.get("prefix", ""), rule.get("tags")
    if tags:
        found["filter"] = {"and": {"prefix": prefix, "tags": tag_list(tags)}}
    else:
        found["filter"] = {"prefix": prefix}
    if "abortIncompleteMultipartUploadDays" in rule:
        found["abortIncompleteMultipartUpload"] = {"daysAfterInitiation": rule["abortIncompleteMultipartUploadDays"]}
    if "noncurrentVersionExpiration" in rule:
        found["noncurrentVersionExpiration"] = {"noncurrentDays": rule["noncurrentVersionExpiration"]["days"]}
    if "noncurrentVersionTransitions" in rule:
        found["noncurrentVersionTransitions"] = [
            {"noncurrentDays": entry["days"], "storageClass": entry["storageClass"]}
            for entry in rule["noncurrentVersionTransitions"]
        ]
    return found


def _put(aws: Aws, operation: str, method: str, bucket: str, values: Values) -> None:
    parameters = request(aws.client("s3"), operation, values)
    if operation == "PutBucketLifecycleConfiguration":
        _tags_of_filters(parameters, values)
    aws.call("s3", method, **{**parameters, "Bucket": bucket})


def _tags_of_filters(parameters: Values, values: Values) -> None:
    """A filter's ``and.tags`` is a map in Pulumi and a list of pairs in the API."""
    rules = values["lifecycleConfiguration"]["rules"]
    for api, rule in zip(parameters["LifecycleConfiguration"]["Rules"], rules, strict=True):
        tags = rule.get("filter", {}).get("and", {}).get("tags")
        if isinstance(tags, Mapping):
            api["Filter"]["And"]["Tags"] = tag_list(tags)


class Bucket(Handler):
    """``id`` is the name. The deprecated inline settings work as well; the rest is refused by name."""

    types = ("aws:s3/bucket:Bucket",)
    service = "s3"
    auto_name = AutoName(property="bucket", prefix_property="bucketPrefix", limit=63, lower=True)
    replace = frozenset({"objectLockEnabled"})
    defaults: ClassVar[dict[str, Any]] = {"forceDestroy": False}
    documents = frozenset({"policy"})
    write_only = frozenset({"forceDestroy", "acl", "lifecycleRules", "corsRules", "logging", "website", "versioning"})
    unsupported = frozenset(
        {
            "accelerationStatus",
            "bucketNamespace",
            "grants",
            "objectLockConfiguration",
            "replicationConfiguration",
            "requestPayer",
        }
    )

    def validate(self, values: Values) -> Iterator[str]:
        name = known(values, "bucket")
        problem = name_problem(name) if isinstance(name, str) else None
        if problem:
            yield problem

    def create(self, aws: Aws, values: Values) -> str:
        name = str(values["bucket"])
        place = None if aws.region == "us-east-1" else {"LocationConstraint": aws.region}
        if place is None and aws.find("s3", "head_bucket", Bucket=name) is not None:
            # us-east-1 answers 200 to one's own bucket; taking it over would lose track of its owner.
            raise ProviderError(
                f"the bucket {name} exists already and is yours",
                operation="CreateBucket",
                code="BucketAlreadyOwnedByYou",
            )
        aws.call(
            "s3",
            "create_bucket",
            Bucket=name,
            CreateBucketConfiguration=place,
            ObjectLockEnabledForBucket=values.get("objectLockEnabled"),
        )
        aws.made = name
        self._configure(aws, name, {}, values)
        return name

    def read(self, aws: Aws, id_: str, values: Values) -> Values | None:
        if aws.find("s3", "head_bucket", Bucket=id_) is None:
            return None
        place = aws.call("s3", "get_bucket_location", Bucket=id_).get("LocationConstraint") or "us-east-1"
        tags = aws.find("s3", "get_bucket_tagging", Bucket=id_) or {}
        found: Values = {
            "bucket": id_,
            "arn": f"arn:{aws.partition}:s3:::{id_}",
            "bucketDomainName": f"{id_}.s3.amazonaws.com",
            "bucketRegionalDomainName": f"{id_}.s3.{place}.amazonaws.com",
            "bucketRegion": place,
            "hostedZoneId": _HOSTED_ZONES.get(place),
            "tags": tag_map(tags.get("TagSet")),
        }
        if "website" in values:
            found["websiteDomain"] = f"s3-website-{place}.amazonaws.com"
            found["websiteEndpoint"] = f"{id_}.s3-website-{place}.amazonaws.com"
        if "policy" in values:
            found["policy"] = (aws.find("s3", "get_bucket_policy", Bucket=id_) or {}).get("Policy", "")
        if "serverSideEncryptionConfiguration" in values:
            reply = aws.find("s3", "get_bucket_encryption", Bucket=id_) or {}
            rules = reply.get("ServerSideEncryptionConfiguration", {}).get("Rules")
            found |= self.outputs({"ServerSideEncryptionConfiguration": {"Rule": rules}}) if rules else {}
        return found

    def update(self, aws: Aws, id_: str, old: Values, new: Values) -> None:
        self._configure(aws, id_, old, new)

    def delete(self, aws: Aws, id_: str, values: Values) -> None:
        if aws.find("s3", "head_bucket", Bucket=id_) is None:
            return
        if values["forceDestroy"] in (True, "true"):
            aws.wait(lambda: _emptied_and_deleted(aws, id_), EMPTYING, f"emptying the bucket {id_}")
        else:
            aws.drop("s3", "delete_bucket", Bucket=id_)

    def _configure(self, aws: Aws, bucket: str, old: Values, new: Values) -> None:
        for name, apply in self._appliers().items():
            if old.get(name) != new.get(name):
                apply(aws, bucket, new.get(name))

    def _appliers(self) -> Mapping[str, Callable[[Aws, str, Any], None]]:
        return {
            "tags": self._tag,
            "versioning": self._version,
            "serverSideEncryptionConfiguration": self._encrypt,
            "lifecycleRules": self._expire,
            "policy": self._police,
            "acl": self._allow,
            "corsRules": self._share,
            "logging": self._log,
            "website": self._serve,
        }

    def _tag(self, aws: Aws, bucket: str, tags: Any) -> None:
        if tags:
            aws.call("s3", "put_bucket_tagging", Bucket=bucket, Tagging={"TagSet": tag_list(tags)})
        else:
            aws.drop("s3", "delete_bucket_tagging", Bucket=bucket)

    def _version(self, aws: Aws, bucket: str, versioning: Any) -> None:
        status = "Enabled" if (versioning or {}).get("enabled") in (True, "true") else "Suspended"
        aws.call("s3", "put_bucket_versioning", Bucket=bucket, VersioningConfiguration={"Status": status})

    def _encrypt(self, aws: Aws, bucket: str, encryption: Any) -> None:
        if encryption:
            values = {"serverSideEncryptionConfiguration": {"rules": [encryption["rule"]]}}
            _put(aws, "PutBucketEncryption", "put_bucket_encryption", bucket, values)
        else:
            aws.drop("s3", "delete_bucket_encryption", Bucket=bucket)

    def _expire(self, aws: Aws, bucket: str, rules: Any) -> None:
        if rules:
            values = {"lifecycleConfiguration": {"rules": [_inline_lifecycle_rule(rule) for rule in rules]}}
            _put(aws, "PutBucketLifecycleConfiguration", "put_bucket_lifecycle_configuration", bucket, values)
        else:
            aws.drop("s3", "delete_bucket_lifecycle", Bucket=bucket)

    def _police(self, aws: Aws, bucket: str, policy: Any) -> None:
        if policy:
            aws.call("s3", "put_bucket_policy", Bucket=bucket, Policy=policy)
        else:
            aws.drop("s3", "delete_bucket_policy", Bucket=bucket)

    def _allow(self, aws: Aws, bucket: str, acl: Any) -> None:
        aws.call("s3", "put_bucket_acl", Bucket=bucket, ACL=acl or "private")

    def _share(self, aws: Aws, bucket: str, rules: Any) -> None:
        if rules:
            _put(aws, "PutBucketCors", "put_bucket_cors", bucket, {"CORSConfiguration": {"CORSRules": rules}})
        else:
            aws.drop("s3", "delete_bucket_cors", Bucket=bucket)

    def _log(self, aws: Aws, bucket: str, logging: Any) -> None:
        status = {"LoggingEnabled": {"targetPrefix": "", **logging}} if logging else {}
        _put(aws, "PutBucketLogging", "put_bucket_logging", bucket, {"BucketLoggingStatus": status})

    def _serve(self, aws: Aws, bucket: str, website: Any) -> None:
        if website:
            _put(aws, "PutBucketWebsite", "put_bucket_website", bucket, {"WebsiteConfiguration": _website(website)})
        else:
            aws.drop("s3", "delete_bucket_website", Bucket=bucket)


class BucketV2(Bucket):
    """A bucket by its older type; its inline settings are refused: each has a resource of its own."""

    types = ("aws:s3/bucketV2:BucketV2",)
    unsupported = Bucket.unsupported - {"bucketNamespace", "objectLockConfiguration", "replicationConfiguration"} | {
        "corsRules",
        "lifecycleRules",
        "loggings",
        "objectLockConfiguration",
        "replicationConfigurations",
        "serverSideEncryptionConfigurations",
        "versionings",
        "websites",
    }
    write_only = frozenset({"forceDestroy", "acl"})


def _website(values: Values) -> Values:
    index, error = values.get("indexDocument"), values.get("errorDocument")
    found: Values = {}
    if index:
        found["IndexDocument"] = index if isinstance(index, dict) else {"Suffix": index}
    if error:
        found["ErrorDocument"] = error if isinstance(error, dict) else {"Key": error}
    if values.get("redirectAllRequestsTo"):
        target = values["redirectAllRequestsTo"]
        found["RedirectAllRequestsTo"] = target if isinstance(target, dict) else {"HostName": target}
    if values.get("routingRules"):
        found["RoutingRules"] = document(values["routingRules"])
    return found


class _BucketPart(Handler):
    """Something configured on a bucket; ``id`` is the bucket's name."""

    identity = "{bucket}"
    service = "s3"
    replace = frozenset({"bucket", "expectedBucketOwner"})
    write_only = frozenset({"expectedBucketOwner", "skipDestroy", "timeouts"})
    put: ClassVar[tuple[str, str]]
    """The operation that sets it, in the API's spelling and in boto3's."""
    get: ClassVar[str]
    drop: ClassVar[str]
    """The boto3 method that removes it; empty where :meth:`delete` is overridden."""

    def wrap(self, values: Values) -> Values:
        """The operation's parameters, in Pulumi's spelling."""
        raise NotImplementedError

    def unwrap(self, reply: Values) -> Values:
        """The outputs in a reply."""
        raise NotImplementedError

    def validate(self, values: Values) -> Iterator[str]:
        bucket = known(values, "bucket")
        problem = name_problem(bucket) if isinstance(bucket, str) else None
        if problem:
            yield problem

    def create(self, aws: Aws, values: Values) -> str:
        bucket = str(values["bucket"])
        _put(aws, *self.put, bucket, self.wrap(values))
        return bucket

    def read(self, aws: Aws, id_: str, values: Values) -> Values | None:
        reply = aws.find("s3", self.get, Bucket=id_)
        if reply is None:
            return None
        found = self.unwrap(reply)
        return {"bucket": id_, **found} if found else None

    def update(self, aws: Aws, id_: str, old: Values, new: Values) -> None:
        self.create(aws, new)

    def delete(self, aws: Aws, id_: str, values: Values) -> None:
        if values.get("skipDestroy") not in (True, "true"):
            aws.drop("s3", self.drop, Bucket=id_)


class BucketVersioning(_BucketPart):
    """Deleting it suspends versioning, if it was on."""

    types = ("aws:s3/bucketVersioning:BucketVersioning", "aws:s3/bucketVersioningV2:BucketVersioningV2")
    put = ("PutBucketVersioning", "put_bucket_versioning")
    get = "get_bucket_versioning"
    drop = ""
    write_only = frozenset({"expectedBucketOwner", "mfa"})

    def validate(self, values: Values) -> Iterator[str]:
        yield from super().validate(values)
        status = known(known(values, "versioningConfiguration") or {}, "status")
        if status is not None and status not in ("Enabled", "Suspended", "Disabled"):
            yield f"versioningConfiguration.status has to be Enabled, Suspended or Disabled, not {status!r}"

    def create(self, aws: Aws, values: Values) -> str:
        if values["versioningConfiguration"].get("status") == "Disabled":
            return str(values["bucket"])
        return super().create(aws, values)

    def wrap(self, values: Values) -> Values:
        return {"versioningConfiguration": values["versioningConfiguration"], "mfa": values.get("mfa")}

    def unwrap(self, reply: Values) -> Values:
        found = {"status": reply.get("Status", "Disabled")}
        if reply.get("MFADelete"):
            found["mfaDelete"] = reply["MFADelete"]
        return {"versioningConfiguration": found}

    def read(self, aws: Aws, id_: str, values: Values) -> Values | None:
        found = super().read(aws, id_, values)
        if found is not None and "mfaDelete" not in values.get("versioningConfiguration", {}):
            found["versioningConfiguration"].pop("mfaDelete", None)
        return found

    def delete(self, aws: Aws, id_: str, values: Values) -> None:
        reply = aws.find("s3", "get_bucket_versioning", Bucket=id_) or {}
        if reply.get("Status") == "Enabled":
            aws.drop("s3", "put_bucket_versioning", Bucket=id_, VersioningConfiguration={"Status": "Suspended"})


class BucketEncryption(_BucketPart):
    """Default encryption. Deleting it gives S3's own, AES256."""

    types = (
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
        "aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2",
    )
    put = ("PutBucketEncryption", "put_bucket_encryption")
    get = "get_bucket_encryption"
    drop = "delete_bucket_encryption"

    def wrap(self, values: Values) -> Values:
        return {"serverSideEncryptionConfiguration": {"rules": values["rules"]}}

    def unwrap(self, reply: Values) -> Values:
        return self.outputs(reply.get("ServerSideEncryptionConfiguration", {}))


class BucketPublicAccessBlock(_BucketPart):
    """The four switches; what isn't given is off, as in AWS."""

    types = ("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",)
    replace = frozenset({"bucket"})
    put = ("PutPublicAccessBlock", "put_public_access_block")
    get = "get_public_access_block"
    drop = "delete_public_access_block"
    defaults: ClassVar[dict[str, Any]] = dict.fromkeys(
        ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"), False
    )

    def wrap(self, values: Values) -> Values:
        return {"publicAccessBlockConfiguration": {name: values[name] for name in self.defaults}}

    def unwrap(self, reply: Values) -> Values:
        return self.outputs(reply["PublicAccessBlockConfiguration"])


class BucketPolicy(_BucketPart):
    """The bucket's resource policy."""

    types = ("aws:s3/bucketPolicy:BucketPolicy",)
    replace = frozenset({"bucket"})
    put = ("PutBucketPolicy", "put_bucket_policy")
    get = "get_bucket_policy"
    drop = "delete_bucket_policy"
    documents = frozenset({"policy"})

    def validate(self, values: Values) -> Iterator[str]:
        yield from super().validate(values)
        policy = known(values, "policy")
        if isinstance(policy, str) and not isinstance(document(policy), Mapping):
            yield "policy is not a JSON document; AWS would answer MalformedPolicy"

    def wrap(self, values: Values) -> Values:
        return {"policy": values["policy"]}

    def unwrap(self, reply: Values) -> Values:
        return {"policy": reply["Policy"]}


class BucketLifecycle(_BucketPart):
    """Lifecycle rules."""

    types = (
        "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
        "aws:s3/bucketLifecycleConfigurationV2:BucketLifecycleConfigurationV2",
    )
    put = ("PutBucketLifecycleConfiguration", "put_bucket_lifecycle_configuration")
    get = "get_bucket_lifecycle_configuration"
    drop = "delete_bucket_lifecycle"
    defaults: ClassVar[dict[str, Any]] = {"transitionDefaultMinimumObjectSize": "all_storage_classes_128K"}
    write_only = frozenset({"expectedBucketOwner", "timeouts", "transitionDefaultMinimumObjectSize"})

    def validate(self, values: Values) -> Iterator[str]:
        yield from super().validate(values)
        for index, rule in enumerate(known(values, "rules") or ()):
            status = known(rule, "status") if isinstance(rule, dict) else None
            if status is not None and status not in ("Enabled", "Disabled"):
                yield f"rules[{index}].status has to be Enabled or Disabled, not {status!r}"

    def wrap(self, values: Values) -> Values:
        return {"lifecycleConfiguration": {"rules": _lifecycle_rules(values["rules"])}}

    def unwrap(self, reply: Values) -> Values:
        return self.outputs(reply)


class BucketOwnership(_BucketPart):
    """Who owns objects, and whether ACLs count."""

    types = ("aws:s3/bucketOwnershipControls:BucketOwnershipControls",)
    replace = frozenset({"bucket"})
    put = ("PutBucketOwnershipControls", "put_bucket_ownership_controls")
    get = "get_bucket_ownership_controls"
    drop = "delete_bucket_ownership_controls"

    def wrap(self, values: Values) -> Values:
        return {"ownershipControls": {"rules": [values["rule"]]}}

    def unwrap(self, reply: Values) -> Values:
        return self.outputs({"Rule": reply["OwnershipControls"]["Rules"][0]})


class BucketCors(_BucketPart):
    """Cross-origin rules."""

    types = (
        "aws:s3/bucketCorsConfiguration:BucketCorsConfiguration",
        "aws:s3/bucketCorsConfigurationV2:BucketCorsConfigurationV2",
    )
    put = ("PutBucketCors", "put_bucket_cors")
    get = "get_bucket_cors"
    drop = "delete_bucket_cors"

    def wrap(self, values: Values) -> Values:
        return {"CORSConfiguration": {"CORSRules": values["corsRules"]}}

    def unwrap(self, reply: Values) -> Values:
        return self.outputs(reply)


class BucketLogging(_BucketPart):
    """Server access logging."""

    types = ("aws:s3/bucketLogging:BucketLogging", "aws:s3/bucketLoggingV2:BucketLoggingV2")
    put = ("PutBucketLogging", "put_bucket_logging")
    get = "get_bucket_logging"
    drop = ""

    def wrap(self, values: Values) -> Values:
        return {"bucketLoggingStatus": {"loggingEnabled": values}}

    def unwrap(self, reply: Values) -> Values:
        return self.outputs(reply.get("LoggingEnabled", {}))

    def delete(self, aws: Aws, id_: str, values: Values) -> None:
        aws.drop("s3", "put_bucket_logging", Bucket=id_, BucketLoggingStatus={})


class BucketWebsite(_BucketPart):
    """Static website hosting."""

    types = (
        "aws:s3/bucketWebsiteConfiguration:BucketWebsiteConfiguration",
        "aws:s3/bucketWebsiteConfigurationV2:BucketWebsiteConfigurationV2",
    )
    put = ("PutBucketWebsite", "put_bucket_website")
    get = "get_bucket_website"
    drop = "delete_bucket_website"
    unsupported = frozenset({"routingRuleDetails"})

    def wrap(self, values: Values) -> Values:
        return {"WebsiteConfiguration": _website(values)}

    def unwrap(self, reply: Values) -> Values:
        return self.outputs(reply)

    def read(self, aws: Aws, id_: str, values: Values) -> Values | None:
        found = super().read(aws, id_, values)
        domain = f"s3-website-{aws.region}.amazonaws.com"
        return None if found is None else {**found, "websiteDomain": domain, "websiteEndpoint": f"{id_}.{domain}"}


class BucketAcl(Handler):
    """A canned ACL; ``id`` is ``<bucket>,<acl>``. Deleting it leaves the ACL, as pulumi-aws does."""

    types = ("aws:s3/bucketAcl:BucketAcl", "aws:s3/bucketAclV2:BucketAclV2")
    identity = "{bucket},{acl}"
    service = "s3"
    replace = frozenset({"bucket", "expectedBucketOwner"})
    unsupported = frozenset({"accessControlPolicy"})
    write_only = frozenset({"acl", "expectedBucketOwner"})

    def create(self, aws: Aws, values: Values) -> str:
        aws.call("s3", "put_bucket_acl", Bucket=values["bucket"], ACL=values["acl"])
        return f"{values['bucket']},{values['acl']}"

    def read(self, aws: Aws, id_: str, values: Values) -> Values | None:
        bucket, _, acl = id_.partition(",")
        reply = aws.find("s3", "get_bucket_acl", Bucket=bucket)
        return None if reply is None else {"bucket": bucket, "acl": values.get("acl", acl)}

    def update(self, aws: Aws, id_: str, old: Values, new: Values) -> None:
        self.create(aws, new)

    def delete(self, aws: Aws, id_: str, values: Values) -> None:
        """An ACL can't be removed, only replaced."""


class BucketNotification(Handler):
    """Where a bucket's events go; ``id`` is the bucket's name. One configuration a bucket."""

    types = ("aws:s3/bucketNotification:BucketNotification",)
    identity = "{bucket}"
    service = "s3"
    replace = frozenset({"bucket"})
    defaults: ClassVar[dict[str, Any]] = {"eventbridge": False}
    _lists: ClassVar[tuple[tuple[str, str, str, str], ...]] = (
        ("lambdaFunctions", "LambdaFunctionConfigurations", "LambdaFunctionArn", "lambdaFunctionArn"),
        ("queues", "QueueConfigurations", "QueueArn", "queueArn"),
        ("topics", "TopicConfigurations", "TopicArn", "topicArn"),
    )

    def create(self, aws: Aws, values: Values) -> str:
        bucket = str(values["bucket"])
        configuration: Values = {
            api: [self._entry(entry, target, source) for entry in values.get(pulumi, ())]
            for pulumi, api, target, source in self._lists
        }
        if values["eventbridge"] in (True, "true"):
            configuration["EventBridgeConfiguration"] = {}
        self._set(aws, bucket, {key: value for key, value in configuration.items() if value != []})
        return bucket

    def read(self, aws: Aws, id_: str, values: Values) -> Values | None:
        reply = aws.find("s3", "get_bucket_notification_configuration", Bucket=id_)
        if reply is None:
            return None
        found: Values = {"bucket": id_, "eventbridge": "EventBridgeConfiguration" in reply}
        for pulumi, api, target, source in self._lists:
            if reply.get(api):
                found[pulumi] = [self._read_entry(entry, target, source) for entry in reply[api]]
        return found

    def update(self, aws: Aws, id_: str, old: Values, new: Values) -> None:
        self.create(aws, new)

    def delete(self, aws: Aws, id_: str, values: Values) -> None:
        try:
            self._set(aws, id_, {})
        except ProviderError as error:
            if not is_gone(error):
                raise

    def _set(self, aws: Aws, bucket: str, configuration: Values) -> None:
        aws.call(
            "s3",
            "put_bucket_notification_configuration",
            Bucket=bucket,
            NotificationConfiguration=configuration,
        )

    def _entry(self, entry: Values, target: str, source: str) -> Values:
        found: Values = {target: entry[source], "Events": list(entry["events"])}
        if "id" in entry:
            found["Id"] = entry["id"]
        filters = [("prefix", entry.get("filterPrefix")), ("suffix", entry.get("filterSuffix"))]
        rules = [{"Name": name, "Value": text} for name, text in filters if text]
        if rules:
            found["Filter"] = {"Key": {"FilterRules": rules}}
        return found

    def _read_entry(self, entry: Values, target: str, source: str) -> Values:
        found: Values = {source: entry[target], "events": list(entry["Events"])}
        if entry.get("Id"):
            found["id"] = entry["Id"]
        for rule in entry.get("Filter", {}).get("Key", {}).get("FilterRules", ()):
            found[f"filter{rule['Name'].title()}"] = rule["Value"]
        return found


class BucketObject(Handler):
    """An object; ``id`` is its key. Deleting one deletes all its versions when ``forceDestroy`` says so."""

    types = ("aws:s3/bucketObject:BucketObject",)
    identity = "{key}"
    service = "s3"
    replace = frozenset({"bucket", "key"})
    defaults: ClassVar[dict[str, Any]] = {"forceDestroy": False}
    write_only = frozenset(
        {"acl", "content", "contentBase64", "forceDestroy", "source", "sourceHash", "checksumAlgorithm", "kmsKeyId"}
    )
    unsupported = frozenset({"objectLockLegalHoldStatus", "objectLockMode", "objectLockRetainUntilDate"})
    rename: ClassVar[dict[str, str]] = {"SSEKMSKeyId": "kmsKeyId", "StorageClass": "storageClass"}

    def validate(self, values: Values) -> Iterator[str]:
        given = [name for name in ("source", "content", "contentBase64") if name in values]
        if len(given) > 1:
            yield f"at most one of source, content and contentBase64 can be given, not {' and '.join(given)}"

    def create(self, aws: Aws, values: Values) -> str:
        body, key = _body(values), str(values.get("key") or aws.name)
        parameters = self.request(aws, "PutObject", {k: v for k, v in values.items() if k != "tags"})
        tags = values.get("tags")
        if tags:
            parameters["Tagging"] = urlencode(tags)
        if "ContentType" not in parameters:
            parameters["ContentType"] = mimetypes.guess_type(key)[0] or "application/octet-stream"
        aws.call("s3", "put_object", **{**parameters, "Key": key, "Body": body})
        return key

    def read(self, aws: Aws, id_: str, values: Values) -> Values | None:
        bucket = values.get("bucket")
        if bucket is None:
            bucket, _, id_ = id_.partition("/")
        reply = aws.find("s3", "head_object", Bucket=bucket, Key=id_)
        if reply is None:
            return None
        tags = aws.call("s3", "get_object_tagging", Bucket=bucket, Key=id_).get("TagSet")
        found: Values = {
            "bucket": bucket,
            "key": id_,
            "arn": f"arn:{aws.partition}:s3:::{bucket}/{id_}",
            "etag": str(reply.get("ETag", "")).strip('"'),
            "versionId": reply.get("VersionId", ""),
            "contentType": reply.get("ContentType"),
            "serverSideEncryption": reply.get("ServerSideEncryption", "AES256"),
            "storageClass": reply.get("StorageClass", "STANDARD"),
            "metadata": reply.get("Metadata", {}),
            "tags": tag_map(tags),
        }
        if isinstance(reply.get("LastModified"), str):
            return found
        return {**found, "lastModified": moment(reply["LastModified"])}

    def update(self, aws: Aws, id_: str, old: Values, new: Values) -> None:
        self.create(aws, {**new, "key": id_})

    def delete(self, aws: Aws, id_: str, values: Values) -> None:
        bucket = values["bucket"]
        if aws.find("s3", "head_bucket", Bucket=bucket) is None:
            return
        entries: list[dict[str, str]] = [{"Key": id_}]
        for kind in ("Versions", "DeleteMarkers"):
            found = aws.pages("s3", "list_object_versions", kind, Bucket=bucket, Prefix=id_)
            entries += [
                {"Key": id_, "VersionId": entry["VersionId"]}
                for entry in found
                if entry["Key"] == id_ and entry.get("VersionId") not in (None, "null")
            ]
        _delete_objects(aws, bucket, entries)


class BucketObjectV2(BucketObject):
    """An object by its newer type."""

    types = ("aws:s3/bucketObjectv2:BucketObjectv2",)
    unsupported = BucketObject.unsupported | {"overrideProvider"}


def _body(values: Values) -> bytes:
    source = values.get("source")
    if isinstance(source, Asset):
        return archives.asset_bytes(source)
    if isinstance(source, Archive):
        return archives.zip_bytes(source)
    if isinstance(source, str):
        return archives.asset_bytes(Asset(path=source))
    if "contentBase64" in values:
        try:
            return base64.b64decode(values["contentBase64"], validate=True)
        except (binascii.Error, ValueError) as error:
            raise ProviderError("contentBase64 is not base64", operation="PutObject", code="BadInput") from error
    return str(values.get("content", "")).encode()


HANDLERS: tuple[Handler, ...] = (
    Bucket(),
    BucketV2(),
    BucketVersioning(),
    BucketEncryption(),
    BucketPublicAccessBlock(),
    BucketPolicy(),
    BucketLifecycle(),
    BucketOwnership(),
    BucketCors(),
    BucketLogging(),
    BucketWebsite(),
    BucketAcl(),
    BucketNotification(),
    BucketObject(),
    BucketObjectV2(),
)
