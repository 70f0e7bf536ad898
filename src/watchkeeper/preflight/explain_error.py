"""Why a program stopped, in words that say what to write instead."""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass

from watchkeeper import catalog
from watchkeeper.engine.program import ProgramError

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
SHORTEST_SUFFIX = 5
NOT_CALLABLE = " is not a "
"""How Node says that a class or function doesn't exist: "aws.cfg.X is not a constructor"."""
IN_A_FILE = re.compile(r"^pulumi_aws\.(\w+)\.\w+\.(?=[A-Z])")
"""``pulumi_aws.cfg.recorder.Recorder``, which programs write ``aws.cfg.Recorder``."""


@dataclass(frozen=True, slots=True)
class Reason:
    """What was wrong, what to write, and the nearest name that exists."""

    what: str
    fix: str = ""
    nearest: str = ""


def explain(error: ProgramError) -> Reason:
    """The reason behind an exception, as far as its message and what the SDK has tell."""
    first = next(iter(error.message.splitlines()), "")
    if not error.name:
        return Reason(first, _by_kind(error))
    if error.kind == "TypeError" and first.startswith("Missing required property"):
        return Reason(first, f"Give {_call(error.owner)} the argument {error.name}.")
    if error.name in RESOURCE_OPTIONS and error.kind == "TypeError":
        return Reason(
            first,
            f"{error.name} belongs in ResourceOptions: {_call(error.owner)}(…, "
            f"opts=pulumi.ResourceOptions({error.name}=…)).",
        )
    nearest = nearest_name(error.name, error.valid)
    if not nearest:
        valid = ", ".join(error.valid[:20])
        return Reason(first, f"There are {valid}." if valid else _by_kind(error))
    of_owner = error.kind == "AttributeError" or NOT_CALLABLE in error.message
    owner = f"{_short(error.owner)}." if of_owner and error.owner else ""
    return Reason(first, f"Did you mean {owner}{nearest}?", nearest)


def nearest_name(name: str, valid: tuple[str, ...]) -> str:
    """The name that was meant, most likely: one that the wrong one ends with, or the closest; empty for none."""
    ending = [
        item for item in valid if len(item) >= SHORTEST_SUFFIX and name.lower().endswith(item.lower()) and item != name
    ]
    if ending:
        return max(ending, key=len)
    return catalog.nearest(name, [item for item in valid if item != name]) or ""


def _by_kind(error: ProgramError) -> str:
    if error.kind in ("ModuleNotFoundError", "ImportError"):
        return f"Install it where the program runs: pip install {error.name or 'the package'}."
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
