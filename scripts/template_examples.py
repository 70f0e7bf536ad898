"""Examples of mistakes in CloudFormation templates, made from those that the tests make in a correct one.

An example shows the lines that differ, with those above them that say where they stand.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from tests.preflight import mutations
from watchkeeper.preflight.inputs import load

TESTS = Path(__file__).resolve().parent.parent / "tests" / "preflight"
LONGEST = 110


class _Dumper(yaml.SafeDumper):
    """Lists are indented, so that what a line belongs to is always indented less."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002
        super().increase_indent(flow, indentless=False)

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        return True


def template_examples() -> dict[str, str]:
    """The example of each check that has a mistake in the template."""
    document = load((TESTS / "fixtures" / "reference.yaml").read_text(), "reference.yaml").document
    text = json.dumps(document["Resources"])
    found: dict[str, str] = {}
    for check, change in mutations.TEMPLATE_MUTATIONS:
        wrong = {**document, "Resources": json.loads(text)}
        change(wrong)
        found.setdefault(check, example(wrong["Resources"], json.loads(text)))
    return found


def example(wrong: Any, right: Any) -> str:
    """The difference between two sets of resources."""
    parts = [
        line
        for name in dict.fromkeys((*right, *wrong))
        if wrong.get(name) != right.get(name)
        for line in _difference(_lines(name, wrong), _lines(name, right))
    ]
    return "\n".join(parts) + "\n"


def _lines(name: str, resources: Any) -> list[str]:
    if name not in resources:
        return []
    return yaml.dump({name: resources[name]}, Dumper=_Dumper, sort_keys=False, width=10_000).splitlines()


def _difference(wrong: list[str], right: list[str]) -> Iterator[str]:
    """The lines that differ, each after the lines that it stands under; the resource's type always."""
    if _statements(wrong) != _statements(right):
        wrong, right = _by_statement(wrong), _by_statement(right)
    lines = [f"{mark}{line}" for mark, block in _blocks(wrong, right) for text in block for line in text.splitlines()]
    kept = {index for index, line in enumerate(lines) if line[0] != " " or line.startswith("   Type:")}
    for index in sorted(kept):
        kept |= {near for near in (index - 1, index + 1) if _siblings(lines, index, near)}
        depth = _indent(lines[index])
        for above in range(index - 1, -1, -1):
            if lines[above][0] in (" ", lines[index][0]) and _indent(lines[above]) < depth:
                depth = _indent(lines[above])
                kept.add(above)
    shown = [lines[index] for index in sorted(kept)]
    yield from (_short(line, shown) for line in shown)


def _blocks(wrong: list[str], right: list[str]) -> Iterator[tuple[str, list[str]]]:
    for kind, *(a, b, c, d) in difflib.SequenceMatcher(None, wrong, right, autojunk=False).get_opcodes():
        if kind == "equal":
            yield " ", wrong[a:b]
        else:
            yield "-", wrong[a:b]
            yield "+", right[c:d]


def _statements(lines: list[str]) -> int:
    return sum(line.lstrip().startswith("- Effect:") for line in lines)


def _by_statement(lines: list[str]) -> list[str]:
    """The lines of a policy's statement together, so that one that is missing is not found in parts of others."""
    found: list[str] = []
    depth: int | None = None
    for line in lines:
        indent = len(line) - len(line.lstrip())
        if depth is not None and indent > depth:
            found[-1] += f"\n{line}"
            continue
        depth = indent if line.lstrip().startswith("- Effect:") else None
        found.append(line)
    return found


def _siblings(lines: list[str], index: int, near: int) -> bool:
    """Whether two lines are items of one list of plain values: what is twice shows only beside its double."""
    if not 0 <= near < len(lines) or _indent(lines[near]) != _indent(lines[index]):
        return False
    return all(lines[one][1:].lstrip().startswith("- ") and ": " not in lines[one] for one in (index, near))


def _indent(line: str) -> int:
    return len(line) - len(line[1:].lstrip())


def _short(line: str, others: list[str]) -> str:
    """The line, or of a long one what is before and after the place where it differs from its counterpart."""
    if len(line) <= LONGEST:
        return line
    key = line[1:].partition(": ")[0]
    twin = next((other for other in others if other[0] != line[0] and other[1:].startswith(f"{key}: ")), line)
    same = next((n for n, (a, b) in enumerate(zip(line[1:], twin[1:], strict=False)) if a != b), len(key))
    start = max(len(key) + 3, same - 30)
    return f"{line[: len(key) + 2]} …{line[start : same + 50]}…"
