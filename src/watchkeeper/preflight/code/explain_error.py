"""Why a program stopped, in words that say what to write instead."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from watchkeeper.aws import suggest
from watchkeeper.pulumi.engine.program import ProgramError

RESOURCE_OPTIONS = frozenset(
    [
        "additional_secret_outputs",
        "aliases",
        "custom_timeouts",
        "delete_before_replace",
        "deleted_with",
        "depends_on",
        "dependsOn",
        "env_var_mappings",
        "hide_diffs",
        "hooks",
        "ignore_changes",
        "ignoreChanges",
        "import_",
        "merge",
        "parent",
        "plugin_download_url",
        "protect",
        "provider",
        "providers",
        "replace_on_changes",
        "replace_with",
        "replacement_trigger",
        "retain_on_delete",
        "retainOnDelete",
        "state_migrations",
        "transformations",
        "transforms",
        "version",
    ]
)
"""Arguments of pulumi.ResourceOptions, which people write among a resource's own."""
SHORTEST_SUFFIX = 4
NOT_CALLABLE = " is not a "
"""How Node says that a class or function doesn't exist: "aws.cfg.X is not a constructor"."""
IN_A_FILE = re.compile(r"^pulumi_aws\.(\w+)\.\w+\.(?=[A-Z])")
"""``pulumi_aws.cfg.recorder.Recorder``, which programs write ``aws.cfg.Recorder``."""


OUTPUT = "An output's value is known only later: work with it inside .apply(lambda value: …)."
HINTS: tuple[tuple[str, str], ...] = (
    (
        r"Missing required configuration variable '([^']+)'",
        "Set it, as `pulumi config set {0} <value>` does: under config in Pulumi.<stack>.yaml.",
    ),
    (r"Configuration '([^']+)' value .* is not a valid '(\w+)'", "Make {0} in Pulumi.<stack>.yaml a valid {1}."),
    (r"'Output' object is not|object of type 'Output' has no len", OUTPUT),
    (r"Object of type Output is not JSON serializable", "Write pulumi.Output.json_dumps(…) in place of json.dumps(…)."),
    (
        r"Expected opts2 to be a ResourceOptions",
        "Give opts=pulumi.ResourceOptions(…), and the resource's own arguments by their names.",
    ),
    (
        r"Unable to locate credentials|NoCredentialsError",
        "Preflight runs the program without AWS: take it from a look-up (aws.get_…) or the configuration.",
    ),
    (
        r"No such file or directory: '([^']+)'",
        "{0} is looked for from the project's folder.",
    ),
    (r"Cannot find module '(\.[^']+)'", "It is a file of your own: write the path that it has from this one."),
    (r"Cannot find module '([^']+)'", "Install it beside the program: npm install {0}."),
    (
        r"Cannot read properties of undefined \(reading '\w+'\)",
        "What is before the dot does not exist: look for its name in the SDK's documentation.",
    ),
    (r"Duplicate resource URN", "Give each of the two its own name."),
    (r"missing .* argument: 'resource_name'", 'Give the resource its name first: …("name", …).'),
    (r"missing .* arguments?: (.+)", "Give the argument {0}."),
    (r"^aws\.lambda\.", "lambda is a word of Python's own: write aws.lambda_."),
    (r"^.*os\.environ\[['\"](\w+)", "Set {0} where the program runs, or give a default: os.environ.get(…, …)."),
)
"""What a message (or the line that it is about) holds, and what to do."""
MODULES: Mapping[str, str] = {
    "awsconfig": "cfg",
    "cloudwatchlogs": "cloudwatch",
    "config_service": "cfg",
    "configservice": "cfg",
    "elb": "lb",
    "elbv2": "lb",
    "eventbridge": "cloudwatch",
    "events": "cloudwatch",
    "logs": "cloudwatch",
    "stepfunctions": "sfn",
}
"""Modules that people expect by AWS's names, and where the Pulumi AWS provider has what they look for."""
PULUMI = frozenset(
    {
        "Alias",
        "AssetArchive",
        "ComponentResource",
        "Config",
        "CustomResource",
        "CustomTimeouts",
        "FileArchive",
        "FileAsset",
        "Input",
        "InvokeOptions",
        "Output",
        "ProviderResource",
        "Resource",
        "ResourceOptions",
        "StackReference",
        "StringAsset",
        "export",
        "get_project",
        "get_stack",
    }
)
"""What programs take from the package ``pulumi`` itself."""
NOISE = re.compile(r"^Awaitable|Result$|Args$|ArgsDict$")
"""Classes beside those that a program makes."""
WRONG_TYPE = re.compile(
    r"expected a value of type `<class '(?P<wanted>\w+)'>` but got a value of type `<class '(?P<given>\w+)'>` at "
    r"resource `(?P<resource>[^`]+)`, property `(?P<property>[^`]+)`"
)
WRONG_INPUT = re.compile(
    r"While processing resource: '(?P<resource>[^']+)'.*?While processing input: '(?P<property>[^']+)', type <class "
    r"'(?P<wanted>\w+)'>, value (?P<value>[^\n]{1,80})",
    re.DOTALL,
)
KINDS = {"str": "text", "dict": "an object", "list": "a list", "bool": "True or False", "int": "a number"}


@dataclass(frozen=True, slots=True)
class Reason:
    """What was wrong, what to write, the nearest name that exists, and the resource when one is to blame."""

    what: str
    fix: str = ""
    nearest: str = ""
    resource: str = ""


def explain(error: ProgramError) -> Reason:
    """The reason behind an exception, as far as its message and what the SDK has tell."""
    first = next(iter(error.message.splitlines()), "")
    mistyped = _mistyped(error.message)
    if mistyped is not None:
        return mistyped
    if error.kind == "Error" and first.startswith("Missing required property"):
        snake = re.sub(r"([A-Z])", r"_\1", error.name).lower()
        instead = f" in place of {snake}" if snake != error.name and snake in error.source else ""
        return Reason(first, f"Give the argument {error.name}{instead}.")
    if not error.name or error.kind == "KeyError":
        return Reason(first, _by_kind(error))
    if error.kind == "TypeError" and first.startswith("Missing required property"):
        return Reason(first, f"Give {_call(error.owner)} the argument {error.name}.")
    if error.kind == "NameError" and error.name in PULUMI:
        name = f"pulumi.{error.name}"
        return Reason(first, f"Write {name}: {error.name} is not imported.", name)
    if error.name in RESOURCE_OPTIONS and error.kind == "TypeError":
        return Reason(
            first,
            f"{error.name} belongs in ResourceOptions: {_call(error.owner)}(…, "
            f"opts=pulumi.ResourceOptions({error.name}=…)).",
        )
    elsewhere = _elsewhere(error)
    if elsewhere:
        return Reason(first, f"Did you mean {elsewhere}?", elsewhere)
    nearest = nearest_name(error.name, error.valid)
    if not nearest:
        hint = _hint(error)
        if hint:
            return Reason(first, hint)
        valid = ", ".join([name for name in error.valid if not NOISE.search(name)][:20])
        return Reason(first, f"There are {valid}." if valid else _by_kind(error))
    of_owner = error.kind == "AttributeError" or NOT_CALLABLE in error.message
    owner = f"{_short(error.owner)}." if of_owner and error.owner else ""
    return Reason(first, f"Did you mean {owner}{nearest}?", nearest)


def nearest_name(name: str, valid: tuple[str, ...]) -> str:
    """The name that was meant, most likely: one that the wrong one ends with, or the closest; empty for none."""
    others = [item for item in valid if item != name]
    alike = [item for item in others if item[:1].isupper() == name[:1].isupper()]
    ending = [item for item in alike if len(item) >= SHORTEST_SUFFIX and name.lower().endswith(item.lower())]
    if ending:
        return max(ending, key=len)
    return suggest.nearest(name, alike) or suggest.nearest(name, others) or ""


def _mistyped(message: str) -> Reason | None:
    """A value of the wrong type in a resource, which the SDK tells in a chain of assertions."""
    found = WRONG_TYPE.search(message) or WRONG_INPUT.search(message)
    if found is None:
        return None
    parts = found.groupdict()
    wanted, name = KINDS.get(parts["wanted"], parts["wanted"]), parts["property"]
    given = KINDS.get(parts.get("given") or "", parts.get("given")) or parts["value"]
    fix = f"Give {name} {wanted}."
    if wanted == "text" and parts.get("given") in ("dict", "list"):
        fix = f"Write it as JSON: {name}=json.dumps(…), or pulumi.Output.json_dumps(…) where it holds outputs."
    return Reason(
        f'the resource "{parts["resource"]}" has {given} for {name}, which takes {wanted}',
        fix,
        resource=parts["resource"],
    )


def _elsewhere(error: ProgramError) -> str:
    """Where the SDK has a class or a module that was looked for: ``aws.cfg.Recorder`` for ``aws.config.Recorder``."""
    if error.kind != "AttributeError" and NOT_CALLABLE not in error.message:
        return ""
    if not re.fullmatch(r"(pulumi_)?aws(\.\w+)?", error.owner):
        return ""
    if "." not in error.owner:
        module = MODULES.get(error.name.lower(), "")
        return f"aws.{module}" if module else ""
    if error.name in error.valid or nearest_name(error.name, error.valid):
        return ""
    spec = find_spec("pulumi_aws")
    folder = Path(next(iter(spec.submodule_search_locations or ()), "")) if spec else Path()
    file = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", error.name).lower()
    found = sorted(path.parent.name for path in folder.glob(f"*/{file}.py")) if spec else []
    return f"aws.{found[0]}.{error.name}" if len(found) == 1 else ""


def _hint(error: ProgramError) -> str:
    for text in (error.message, error.source):
        for pattern, hint in HINTS:
            found = re.search(pattern, text)
            if found is not None:
                return hint.format(*found.groups())
    return ""


def _by_kind(error: ProgramError) -> str:
    hint = _hint(error)
    if hint:
        return hint
    if error.kind in ("ModuleNotFoundError", "ImportError"):
        name = error.name or "the package"
        own = f" A module of your own is looked for beside the program: {name}.py." if "pulumi" not in name else ""
        return f"Install it where the program runs: pip install {name}.{own}"
    if error.kind == "timeout":
        return "The program did not end in time: look for a loop, or for something that waits for the network."
    return ""


def _short(owner: str) -> str:
    """``pulumi_aws.cfg`` as programs write it."""
    return IN_A_FILE.sub(r"aws.\1.", owner) if IN_A_FILE.match(owner) else re.sub(r"^pulumi_aws\b", "aws", owner)


def _call(owner: str) -> str:
    return _short(owner.removesuffix(".__init__").removesuffix("._internal_init")) or "Resource"


def options_of_sdk() -> frozenset[str]:
    """The arguments of the installed pulumi.ResourceOptions: a test keeps the table above complete with it."""
    from pulumi import ResourceOptions

    return frozenset(inspect.signature(ResourceOptions.__init__).parameters) - {"self"}
