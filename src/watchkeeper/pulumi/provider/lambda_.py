# ruff: noqa: ARG002 (every handler's methods have the same signature)
"""AWS Lambda: functions, permissions, asynchronous invocation, aliases, layers, event source mappings."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from watchkeeper.pulumi.engine.provider import ProviderError
from watchkeeper.pulumi.graph import Archive, Asset
from watchkeeper.pulumi.provider import archives
from watchkeeper.pulumi.provider.aws import Aws, is_gone
from watchkeeper.pulumi.provider.handler import AutoName, Handler, known
from watchkeeper.pulumi.provider.tagging import change_tags
from watchkeeper.pulumi.provider.values import Values, base64_text, document, moment, same

_WAIT_SECONDS = 60.0
_MAX_INLINE_ZIP = 50 * 1024 * 1024


def _code(values: Values) -> Values:
    """Where the code is, as CreateFunction and PublishLayerVersion take it. Raises ProviderError when it is too big."""
    code = values.get("code")
    if isinstance(code, (Archive, Asset)):
        data = archives.zip_bytes(code)
        if len(data) > _MAX_INLINE_ZIP:
            size = len(data) // 1024 // 1024
            raise ProviderError(
                f"the code is {size} MiB zipped; Lambda takes 50 MiB: put it into S3 and give s3Bucket and s3Key",
                operation="CreateFunction",
                code="RequestEntityTooLargeException",
            )
        return {"ZipFile": data}
    if "imageUri" in values:
        return {"ImageUri": values["imageUri"]}
    names = {"s3Bucket": "S3Bucket", "s3Key": "S3Key", "s3ObjectVersion": "S3ObjectVersion"}
    return {member: values[name] for name, member in names.items() if name in values}


def _content(values: Values, sha256: str) -> Values:
    """The fingerprint of the code that AWS has, in the framework's form."""
    if not isinstance(values.get("code"), (Archive, Asset)) or not sha256:
        return {}
    return {"__content": {"code": base64.b64decode(sha256).hex()}}


class Function(Handler):
    """``id`` is the name. Creation and updates wait until the function can be invoked."""

    types = ("aws:lambda/function:Function",)
    service = "lambda"
    auto_name = AutoName(limit=64)
    replace = frozenset({"packageType", "tenancyConfig"})
    defaults: ClassVar[dict[str, Any]] = {
        "memorySize": 128,
        "packageType": "Zip",
        "publish": False,
        "reservedConcurrentExecutions": -1,
        "skipDestroy": False,
        "timeout": 3,
    }
    ordered = frozenset({"layers"})
    rename: ClassVar[dict[str, str]] = {"FunctionName": "name", "KMSKeyArn": "kmsKeyArn", "FileSystemConfigs": "fsc"}
    write_only = frozenset(
        {
            "code",
            "publish",
            "replaceSecurityGroupsOnDestroy",
            "replacementSecurityGroupIds",
            "reservedConcurrentExecutions",
            "s3Bucket",
            "s3Key",
            "s3ObjectVersion",
            "skipDestroy",
            "sourceCodeHash",
            "useResourceTimeoutForPropagation",
            "imageUri",
        }
    )
    unsupported = frozenset({"capacityProviderConfig", "durableConfig", "publishTo", "tenancyConfig"})

    def validate(self, values: Values) -> Iterator[str]:
        sources = [name for name in ("code", "s3Bucket", "imageUri") if name in values]
        if len(sources) != 1:
            what = "none is" if not sources else f"{' and '.join(sources)} are"
            yield f"exactly one of code, s3Bucket and imageUri has to be given; {what}"
        if values.get("packageType") == "Zip":
            missing = [name for name in ("handler", "runtime") if name not in values]
            yield from (f"{name} is required for a function from a zip" for name in missing)
        timeout, memory = known(values, "timeout"), known(values, "memorySize")
        if timeout is not None and not 1 <= int(timeout) <= 900:
            yield f"timeout has to be between 1 and 900 seconds, not {timeout}"
        if memory is not None and not 128 <= int(memory) <= 10240:
            yield f"memorySize has to be between 128 and 10240 MB, not {memory}"
        role = known(values, "role")
        if isinstance(role, str) and not re.fullmatch(r"arn:aws[\w-]*:iam::\d{12}:role/.+", role):
            yield f"role has to be a role's ARN, not {role!r}"
        yield from _code_problem(values)

    def create(self, aws: Aws, values: Values) -> str:
        name = str(values["name"])
        body = self.request(aws, "CreateFunction", self._configuration(values))
        body |= {"Code": _code(values), "Publish": values["publish"] in (True, "true")}
        body["Tags"] = values.get("tags") or None
        aws.call("lambda", "create_function", **body)
        aws.made = name
        self._ready(aws, name)
        self._reserve(aws, name, values)
        return name

    def read(self, aws: Aws, id_: str, values: Values) -> Values | None:
        reply = aws.find("lambda", "get_function", FunctionName=id_)
        if reply is None:
            return None
        about = reply["Configuration"]
        found = self.outputs({k: v for k, v in about.items() if k not in ("Layers", "Environment", "VpcConfig")})
        arn, sha256 = about["FunctionArn"], about.get("CodeSha256", "")
        invoke = f"arn:{aws.partition}:apigateway:{aws.region}:lambda:path/2015-03-31/functions"
        version = self._latest(aws, id_) if values.get("publish") in (True, "true") else "$LATEST"
        found |= {
            "arn": arn,
            "name": about["FunctionName"],
            "invokeArn": f"{invoke}/{arn}/invocations",
            "responseStreamingInvokeArn": f"{invoke.replace('2015-03-31', '2021-11-15')}/{arn}/"
            "response-streaming-invocations",
            "qualifiedArn": f"{arn}:{version}",
            "qualifiedInvokeArn": f"{invoke}/{arn}:{version}/invocations",
            "version": version,
            "lastModified": about.get("LastModified", ""),
            "sourceCodeSize": about.get("CodeSize", 0),
            "sourceCodeHash": sha256,
            "codeSha256": sha256,
            "layers": [layer["Arn"] for layer in about.get("Layers", ())],
            "tags": dict(reply.get("Tags") or {}),
        }
        variables = about.get("Environment", {}).get("Variables")
        if variables:
            found["environment"] = {"variables": variables}
        if values.get("vpcConfig") and about.get("VpcConfig"):
            found |= self.outputs({"VpcConfig": about["VpcConfig"]})
        return {**found, **_content(values, sha256)}

    def update(self, aws: Aws, id_: str, old: Values, new: Values) -> None:
        publish = new["publish"] in (True, "true")
        if self._code_changed(aws, id_, old, new):
            aws.call("lambda", "update_function_code", FunctionName=id_, **_code(new), **self._architecture(new))
            self._ready(aws, id_)
        before, after = self._configuration(old), self._configuration(new)
        if not same(before, after):
            # What the program no longer sets has to be taken away explicitly.
            empty: Mapping[str, Any] = {
                "description": "",
                "environment": {"variables": {}},
                "layers": [],
                "kmsKeyArn": "",
                "deadLetterConfig": {"targetArn": ""},
                "tracingConfig": {"mode": "PassThrough"},
                "vpcConfig": {"subnetIds": [], "securityGroupIds": []},
            }
            cleared = {name: value for name, value in empty.items() if name in before and name not in after}
            body = self.request(aws, "UpdateFunctionConfiguration", {**after, **cleared, "name": id_})
            aws.call("lambda", "update_function_configuration", **body)
            self._ready(aws, id_)
        self._reserve(aws, id_, new, old)
        if publish:
            aws.call("lambda", "publish_version", FunctionName=id_)
        if old.get("tags") != new.get("tags"):
            arn = aws.call("lambda", "get_function_configuration", FunctionName=id_)["FunctionArn"]
            change_tags(aws, "lambda", str(arn), old, new)

    def delete(self, aws: Aws, id_: str, values: Values) -> None:
        if values["skipDestroy"] not in (True, "true"):
            aws.drop("lambda", "delete_function", FunctionName=id_)

    def _configuration(self, values: Values) -> Values:
        apart = {"code", "tags", "publish", "s3Bucket", "s3Key", "s3ObjectVersion", "imageUri", "sourceCodeHash"}
        found = {key: value for key, value in values.items() if key not in apart}
        if "fileSystemConfig" in found:
            found["fsc"] = [found.pop("fileSystemConfig")]
        if found.get("imageConfig"):
            image = found["imageConfig"]
            names = {"commands": "command", "entryPoints": "entryPoint", "workingDirectory": "workingDirectory"}
            found["imageConfig"] = {new: image[old] for old, new in names.items() if old in image}
        if "snapStart" in found:
            found["snapStart"] = {"applyOn": found["snapStart"].get("applyOn")}
        return found

    def _architecture(self, values: Values) -> Values:
        return {"Architectures": list(values["architectures"])} if values.get("architectures") else {}

    def _code_changed(self, aws: Aws, name: str, old: Values, new: Values) -> bool:
        code = _code(new)
        if "ZipFile" not in code:
            watched = ("s3Bucket", "s3Key", "s3ObjectVersion", "imageUri", "sourceCodeHash", "code")
            return any(old.get(key) != new.get(key) for key in watched)
        about = aws.call("lambda", "get_function_configuration", FunctionName=name)
        shipped = base64_text(hashlib.sha256(code["ZipFile"]).digest())
        return about.get("CodeSha256") != shipped or not same(old.get("architectures"), new.get("architectures"))

    def _reserve(self, aws: Aws, name: str, new: Values, old: Values | None = None) -> None:
        wanted = int(new["reservedConcurrentExecutions"])
        before = int((old or self.defaults)["reservedConcurrentExecutions"])
        if wanted == before:
            return
        if wanted >= 0:
            method = "put_function_concurrency"
            aws.call("lambda", method, FunctionName=name, ReservedConcurrentExecutions=wanted)
        else:
            aws.drop("lambda", "delete_function_concurrency", FunctionName=name)

    def _latest(self, aws: Aws, name: str) -> str:
        versions = aws.pages("lambda", "list_versions_by_function", "Versions", FunctionName=name)
        numbers = [int(version["Version"]) for version in versions if version["Version"].isdigit()]
        return str(max(numbers)) if numbers else "$LATEST"

    def _ready(self, aws: Aws, name: str) -> None:
        aws.wait(lambda: self._is_ready(aws, name), _WAIT_SECONDS, f"the function {name}")

    def _is_ready(self, aws: Aws, name: str) -> bool:
        about = aws.call("lambda", "get_function_configuration", FunctionName=name)
        if "Failed" in (about.get("State"), about.get("LastUpdateStatus")):
            reason = str(about.get("StateReason") or about.get("LastUpdateStatusReason") or "the function failed")
            raise ProviderError(reason, operation="GetFunctionConfiguration", code="Failed")
        return about.get("State") != "Pending" and about.get("LastUpdateStatus") != "InProgress"


def _code_problem(values: Values) -> Iterator[str]:
    code = values.get("code")
    if not isinstance(code, (Archive, Asset)):
        return
    try:
        archives.content_hash(code)
    except archives.ArchiveError as error:
        yield f"code: {error}"


class Permission(Handler):
    """A statement of a function's resource policy; ``id`` is the statement's id."""

    types = ("aws:lambda/permission:Permission",)
    service = "lambda"
    auto_name = AutoName(property="statementId", prefix_property="statementIdPrefix", limit=100)
    replace = frozenset(
        {
            "action",
            "eventSourceToken",
            "function",
            "functionUrlAuthType",
            "invokedViaFunctionUrl",
            "principal",
            "principalOrgId",
            "qualifier",
            "sourceAccount",
            "sourceArn",
        }
    )
    write_only = replace - {"action"}
    rename: ClassVar[dict[str, str]] = {"FunctionName": "function", "PrincipalOrgID": "principalOrgId"}

    def validate(self, values: Values) -> Iterator[str]:
        action = known(values, "action")
        if isinstance(action, str) and not re.fullmatch(r"(lambda:\*|lambda:[a-zA-Z]+|\*)", action):
            yield f"action has to be like lambda:InvokeFunction, not {action!r}"
        statement = known(values, "statementId")
        if isinstance(statement, str) and not re.fullmatch(r"[\w-]{1,100}", statement):
            yield f"statementId {statement!r} may have letters, digits, _ and - only, 100 at most"

    def create(self, aws: Aws, values: Values) -> str:
        aws.call("lambda", "add_permission", **self.request(aws, "AddPermission", values))
        return str(values["statementId"])

    def read(self, aws: Aws, id_: str, values: Values) -> Values | None:
        if "function" not in values:
            return None
        reply = aws.find("lambda", "get_policy", FunctionName=values["function"], Qualifier=values.get("qualifier"))
        for statement in document((reply or {}).get("Policy", "{}")).get("Statement", ()):
            if statement.get("Sid") == id_:
                return {"statementId": id_, "action": statement["Action"]}
        return None

    def update(self, aws: Aws, id_: str, old: Values, new: Values) -> None:
        """Everything forces a replacement."""

    def delete(self, aws: Aws, id_: str, values: Values) -> None:
        key: Values = {"FunctionName": values["function"], "Qualifier": values.get("qualifier")}
        aws.drop("lambda", "remove_permission", **key, StatementId=id_)


class EventInvokeConfig(Handler):
    """What happens to asynchronous events; ``id`` is the function's name, ``:qualifier`` behind it if there is one."""

    types = ("aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig",)
    service = "lambda"
    replace = frozenset({"functionName", "qualifier"})
    defaults: ClassVar[dict[str, Any]] = {"maximumRetryAttempts": 2}
    write_only = frozenset({"functionName", "qualifier"})

    def validate(self, values: Values) -> Iterator[str]:
        retries, age = known(values, "maximumRetryAttempts"), known(values, "maximumEventAgeInSeconds")
        if retries is not None and not 0 <= int(retries) <= 2:
            yield f"maximumRetryAttempts has to be 0, 1 or 2, not {retries}"
        if age is not None and not 60 <= int(age) <= 21600:
            yield f"maximumEventAgeInSeconds has to be between 60 and 21600, not {age}"

    def identify(self, aws: Aws, values: Values) -> str | None:
        qualifier = values.get("qualifier")
        return f"{values['functionName']}:{qualifier}" if qualifier else str(values["functionName"])

    def create(self, aws: Aws, values: Values) -> str:
        body = self.request(aws, "PutFunctionEventInvokeConfig", values)
        aws.call("lambda", "put_function_event_invoke_config", **body)
        qualifier = values.get("qualifier")
        return f"{values['functionName']}:{qualifier}" if qualifier else str(values["functionName"])

    def read(self, aws: Aws, id_: str, values: Values) -> Values | None:
        function, qualifier = self._key(id_, values)
        method = "get_function_event_invoke_config"
        reply = aws.find("lambda", method, FunctionName=function, Qualifier=qualifier)
        if reply is None:
            return None
        targets = {key: value for key, value in (reply.get("DestinationConfig") or {}).items() if value}
        found = self.outputs({**reply, "DestinationConfig": targets or None})
        return {"functionName": function, **found}

    def update(self, aws: Aws, id_: str, old: Values, new: Values) -> None:
        self.create(aws, new)

    def delete(self, aws: Aws, id_: str, values: Values) -> None:
        function, qualifier = self._key(id_, values)
        aws.drop("lambda", "delete_function_event_invoke_config", FunctionName=function, Qualifier=qualifier)

    def _key(self, id_: str, values: Values) -> tuple[str, str | None]:
        if "functionName" in values:
            return str(values["functionName"]), values.get("qualifier")
        function, _, qualifier = id_.partition(":")
        return function, qualifier or None


class FunctionAlias(Handler):
    """``id`` is the alias's ARN."""

    types = ("aws:lambda/alias:Alias",)
    identity = "arn:aws:lambda:{region}:{account}:function:{functionName}:{name}"
    service = "lambda"
    auto_name = AutoName(limit=128)
    replace = frozenset({"functionName"})
    write_only = frozenset({"functionName"})

    def create(self, aws: Aws, values: Values) -> str:
        return str(aws.call("lambda", "create_alias", **self.request(aws, "CreateAlias", values))["AliasArn"])

    def read(self, aws: Aws, id_: str, values: Values) -> Values | None:
        function, name = id_.split(":")[6:8]
        reply = aws.find("lambda", "get_alias", FunctionName=function, Name=name)
        if reply is None:
            return None
        arn = reply["AliasArn"]
        invoke = f"arn:{aws.partition}:apigateway:{aws.region}:lambda:path/2015-03-31/functions/{arn}/invocations"
        return {"functionName": function, **self.outputs(reply), "arn": arn, "invokeArn": invoke}

    def update(self, aws: Aws, id_: str, old: Values, new: Values) -> None:
        body = self.request(aws, "UpdateAlias", {"description": "", **new})
        if "routingConfig" in old and "routingConfig" not in new:
            body["RoutingConfig"] = {"AdditionalVersionWeights": {}}
        aws.call("lambda", "update_alias", **body)

    def delete(self, aws: Aws, id_: str, values: Values) -> None:
        function, name = id_.split(":")[6:8]
        aws.drop("lambda", "delete_alias", FunctionName=function, Name=name)


class LayerVersion(Handler):
    """``id`` is the version's ARN. Every change makes a new version."""

    types = ("aws:lambda/layerVersion:LayerVersion",)
    chosen_by_aws = True
    service = "lambda"
    replace = frozenset(
        {
            "code",
            "compatibleArchitectures",
            "compatibleRuntimes",
            "description",
            "layerName",
            "licenseInfo",
            "s3Bucket",
            "s3Key",
            "s3ObjectVersion",
            "sourceCodeHash",
        }
    )
    defaults: ClassVar[dict[str, Any]] = {"skipDestroy": False}
    write_only = frozenset({"code", "s3Bucket", "s3Key", "s3ObjectVersion", "skipDestroy", "sourceCodeHash"})

    def validate(self, values: Values) -> Iterator[str]:
        yield from _code_problem(values)

    def create(self, aws: Aws, values: Values) -> str:
        body = self.request(aws, "PublishLayerVersion", values)
        reply = aws.call("lambda", "publish_layer_version", **{**body, "Content": _code(values)})
        return str(reply["LayerVersionArn"])

    def read(self, aws: Aws, id_: str, values: Values) -> Values | None:
        layer, _, version = id_.rpartition(":")
        name = layer.rsplit(":", 1)[-1]
        reply = aws.find("lambda", "get_layer_version", LayerName=name, VersionNumber=int(version))
        if reply is None:
            return None
        content = reply.get("Content", {})
        sha256 = content.get("CodeSha256", "")
        found = self.outputs({key: value for key, value in reply.items() if value not in ("", [])})
        return {
            **found,
            "arn": id_,
            "layerArn": layer,
            "layerName": name,
            "version": version,
            "createdDate": reply.get("CreatedDate"),
            "sourceCodeHash": sha256,
            "codeSha256": sha256,
            "sourceCodeSize": content.get("CodeSize", 0),
            **_content(values, sha256),
        }

    def update(self, aws: Aws, id_: str, old: Values, new: Values) -> None:
        """Only ``skipDestroy`` can change in place: the provider's own business."""

    def delete(self, aws: Aws, id_: str, values: Values) -> None:
        if values["skipDestroy"] in (True, "true"):
            return
        layer, _, version = id_.rpartition(":")
        aws.drop("lambda", "delete_layer_version", LayerName=layer.rsplit(":", 1)[-1], VersionNumber=int(version))


class EventSourceMapping(Handler):
    """A queue or stream that a function reads; ``id`` is the mapping's UUID."""

    types = ("aws:lambda/eventSourceMapping:EventSourceMapping",)
    chosen_by_aws = True
    service = "lambda"
    replace = frozenset({"eventSourceArn", "startingPosition", "startingPositionTimestamp"})
    defaults: ClassVar[dict[str, Any]] = {"enabled": True}
    write_only = frozenset({"functionName", "enabled", "startingPosition", "startingPositionTimestamp"})
    unsupported = frozenset(
        {
            "amazonManagedKafkaEventSourceConfig",
            "documentDbEventSourceConfig",
            "metricsConfig",
            "provisionedPollerConfig",
            "selfManagedEventSource",
            "selfManagedKafkaEventSourceConfig",
            "sourceAccessConfigurations",
        }
    )

    def create(self, aws: Aws, values: Values) -> str:
        body = self.request(aws, "CreateEventSourceMapping", values)
        return str(aws.call("lambda", "create_event_source_mapping", **body)["UUID"])

    def read(self, aws: Aws, id_: str, values: Values) -> Values | None:
        reply = aws.find("lambda", "get_event_source_mapping", UUID=id_)
        if reply is None or reply.get("State") == "Deleting":
            return None
        found = self.outputs({key: value for key, value in reply.items() if value not in (None, [], {})})
        modified = reply.get("LastModified")
        return {
            **found,
            "uuid": id_,
            "functionArn": reply.get("FunctionArn"),
            "state": reply.get("State"),
            "lastModified": moment(modified) if modified is not None else None,
        }

    def update(self, aws: Aws, id_: str, old: Values, new: Values) -> None:
        body = self.request(aws, "UpdateEventSourceMapping", new)
        aws.call("lambda", "update_event_source_mapping", **{**body, "UUID": id_})

    def delete(self, aws: Aws, id_: str, values: Values) -> None:
        try:
            aws.drop("lambda", "delete_event_source_mapping", UUID=id_)
        except ProviderError as error:
            # Being deleted already.
            if error.code != "ResourceInUseException" and not is_gone(error):
                raise


HANDLERS: tuple[Handler, ...] = (
    Function(),
    Permission(),
    EventInvokeConfig(),
    FunctionAlias(),
    LayerVersion(),
    EventSourceMapping(),
)
