"""Readers: each turns one kind of input into a graph. ``read_target`` finds out which kind it is.

A reader is imported when there is something for it to read: a template needs no engine, a program no template's reader.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from watchkeeper.preflight.inputs.target import Target, TargetError
from watchkeeper.preflight.inputs.template_text import load
from watchkeeper.preflight.suppressions import in_metadata

__all__ = ["Target", "TargetError", "is_project", "load", "read_document", "read_target"]

LARGEST = 200_000_000
KINDS = (
    "a folder with Pulumi.yaml, the output of `pulumi preview --json` or `pulumi stack export`, a "
    "CloudFormation template, "
    "or `terraform show -json` of a plan"
)


def read_target(
    path: Path | str, *, stack: str = "", region: str | None = None, meanwhile: Callable[[], None] | None = None
) -> Target:
    """The graph of a target, whichever kind it is.

    ``stack`` names the Pulumi stack (else dev, or the only one); ``region`` says which region is meant where the
    target does not. ``meanwhile`` is called while a program runs in its own process.

    Raises
    ------
    TargetError
        It is not there, or nothing that can be read; the message lists what can.
    """
    path = Path(path)
    if is_project(path):
        from watchkeeper.preflight.inputs import pulumi_program

        return pulumi_program.read(path if path.is_dir() else path.parent, stack, region, meanwhile)
    if not path.is_file():
        raise TargetError(f"{path} is not there; give {KINDS}")
    target = _read_file(path, region)
    return replace(target, graph=replace(target.graph, region=region)) if region else target


def is_project(path: Path) -> bool:
    """Whether a target is a Pulumi project: its folder, or its project file."""
    return path.is_dir() or path.name in ("Pulumi.yaml", "Pulumi.yml")


def _read_file(path: Path, region: str | None) -> Target:
    from watchkeeper.pulumi.engine.program import read_problem

    if path.stat().st_size > LARGEST:
        raise TargetError(f"{path} has more than {LARGEST} bytes")
    try:
        content = path.read_bytes()
        # PowerShell's `>` writes UTF-16, and says so in the first two bytes.
        text = content.decode("utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise TargetError(f"{path} cannot be read: {read_problem(error)}") from None
    if not text.strip():
        raise TargetError(f"{path} is empty; give {KINDS}")
    loaded = load(text, path.name)
    target = read_document(loaded.document, path.name, loaded.lines, region, loaded.notes)
    return replace(target, root=str(path.parent), file=path.name)


def read_document(
    document: Any,
    name: str,
    lines: Mapping[str, int] | None = None,
    region: str | None = None,
    notes: tuple[str, ...] = (),
) -> Target:
    """The graph of a document that was read already. Raises TargetError when it is of no kind that is known.

    ``lines`` and ``notes`` are what :func:`load` says of the text.
    """
    from watchkeeper.preflight.inputs import cloudformation, pulumi_state, terraform

    if isinstance(document, Mapping):
        if pulumi_state.is_preview(document):
            return Target(pulumi_state.read_preview(document, name), config=pulumi_state.config_of(document))
        if pulumi_state.is_export(document):
            return Target(pulumi_state.read_export(document, name))
        if terraform.is_raw_state(document):
            raise TargetError(f"{name} is a Terraform state file: give the output of `terraform show -json`")
        if terraform.is_plan(document):
            return Target(terraform.read(document, name, region))
        if cloudformation.is_template(document):
            accepted = tuple(in_metadata(document, name, lines or {}))
            return Target(cloudformation.read(document, name, lines, region, notes), suppressions=accepted)
    raise TargetError(f"{name} is none of what preflight reads: give {KINDS}")
