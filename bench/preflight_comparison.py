"""What preflight, cfn-lint and Checkov catch of the known mistakes, and how long each takes; as JSON and as a page.

Each mistake is made alone in a correct CloudFormation template, the same that the tests mutate. A tool catches it when
it says something of that template that it doesn't say of the correct one: what it says is kept, for a reader to judge.
cfn-lint comes from the development environment, Checkov from one of its own that is made on first use.
"""

from __future__ import annotations

import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from bench import environments

ROOT = Path(__file__).resolve().parent.parent
TEMPLATE = ROOT / "tests" / "preflight" / "fixtures" / "reference.yaml"
PAGE = ROOT / "docs" / "preflight-comparison.md"
CHECKOV = "3.3.30"
HOW = (
    "Each mistake is made alone in a correct CloudFormation template, "
    "[the one of the tests](../tests/preflight/fixtures/reference.yaml). A tool catches it when it says something that "
    "it does not say of the correct template; the cell has what it says. Whether that is about the mistake is for you "
    "to judge: a policy that lost a statement may fail a rule that means something else."
)
Said = Mapping[str, frozenset[str]]
"""File to what a tool says of it."""


@dataclass(frozen=True)
class Tool:
    """A tool: its version, how it is started for one template, and what it says of every file."""

    name: str
    version: str
    command: tuple[str, ...]
    said: Said = field(repr=False)


def compare(mistakes: Sequence[tuple[str, Any]], runs: int) -> dict[str, Any]:
    """The table, the counts and the times. ``mistakes`` are checks with what changes a template."""
    with tempfile.TemporaryDirectory() as folder:
        correct, mutated = write(Path(folder), mistakes)
        files = [correct, *(file for _, file in mutated)]
        tools = [watchkeeper(files), cfn_lint(files)]
        gone = ""
        try:
            tools.append(checkov(files))
        except (OSError, subprocess.SubprocessError, ValueError) as error:
            gone = f"{type(error).__name__}: {str(error)[:300]}"
            print(f"checkov is left out: {gone}", file=sys.stderr)
        rows = [
            {"mistake": check, **{tool.name: sorted(tool.said[file] - tool.said[correct]) for tool in tools}}
            for check, file in mutated
        ]
        return {
            "versions": {tool.name: tool.version for tool in tools},
            "left_out": {"checkov": gone} if gone else {},
            "mistakes": len(rows),
            "caught": {tool.name: sum(bool(row[tool.name]) for row in rows) for tool in tools},
            "said_of_the_correct_template": {tool.name: sorted(tool.said[correct]) for tool in tools},
            "seconds": seconds(tools, runs),
            "rows": rows,
        }


def write(folder: Path, mistakes: Sequence[tuple[str, Any]]) -> tuple[str, list[tuple[str, str]]]:
    """The correct template as a file, and one with each mistake."""
    from watchkeeper.preflight.inputs import load

    text = json.dumps(load(TEMPLATE.read_text(), TEMPLATE.name).document)
    correct = folder / "correct.json"
    correct.write_text(text)
    mutated = []
    for number, (check, change) in enumerate(mistakes):
        wrong = json.loads(text)
        change(wrong)
        file = folder / f"{number:02}-{check}.json"
        file.write_text(json.dumps(wrong))
        mutated.append((check, str(file)))
    return str(correct), mutated


def watchkeeper(files: Sequence[str]) -> Tool:
    """Preflight, on this interpreter."""
    from watchkeeper.preflight import inspect

    said = {file: frozenset(f"{item.check}: {item.resource}" for item in inspect(file).findings) for file in files}
    program = str(Path(sys.executable).with_name("watchkeeper"))
    return Tool("watchkeeper", version("watchkeeper"), (program, "preflight"), said)


def cfn_lint(files: Sequence[str]) -> Tool:
    """cfn-lint, on this interpreter, with its informational rules too."""
    from cfnlint.api import ManualArgs, lint

    config = ManualArgs(regions=["eu-west-1"], include_checks=["I"])
    said = {
        file: frozenset(f"{item.rule.id}: {item.message}" for item in lint(Path(file).read_text(), config=config))
        for file in files
    }
    return Tool("cfn-lint", version("cfn-lint"), (str(Path(sys.executable).with_name("cfn-lint")),), said)


def checkov(files: Sequence[str]) -> Tool:
    """Checkov, on its own interpreter, started once. Raises OSError or SubprocessError when it can't be had."""
    programs = environments.binaries("checkov", CHECKOV, "checkov")
    scan = str(Path(__file__).with_name("checkov_scan.py"))
    told = json.loads(environments.quiet([str(programs / "python"), scan, *files]))
    command = (
        str(programs / "checkov"),
        "--skip-download",
        "--quiet",
        "--compact",
        "--framework",
        "cloudformation",
        "-f",
    )
    return Tool("checkov", CHECKOV, command, {file: frozenset(items) for file, items in told.items()})


def seconds(tools: Sequence[Tool], runs: int) -> dict[str, Any]:
    """The least of alternating runs over the correct template, from the start of the process to its end.

    CPU time beside wall time: other work on the machine stretches the one and hardly the other.
    """
    least: dict[str, dict[str, float]] = {tool.name: {"wall": float("inf"), "cpu": float("inf")} for tool in tools}
    for _ in range(runs):
        for tool in tools:
            for kind, value in _timed([*tool.command, str(TEMPLATE)]).items():
                least[tool.name][kind] = min(least[tool.name][kind], value)
    ours = least["watchkeeper"]
    return {
        name: {
            **{kind: round(value, 2) for kind, value in taken.items()},
            **{f"{kind}_ratio": round(value / ours[kind], 1) for kind, value in taken.items()},
        }
        for name, taken in least.items()
    }


def _timed(command: list[str]) -> dict[str, float]:
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    # Bytecode is kept, as for whoever uses the tool twice; the first of the runs writes it.
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    subprocess.run(command, capture_output=True, check=False, env=environment, cwd=ROOT)
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    return {"wall": wall, "cpu": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime}


def page(found: Mapping[str, Any], program: Mapping[str, Any], elsewhere: Sequence[str]) -> str:
    """The comparison for readers. ``program`` counts the same for a Pulumi program, ``elsewhere`` the mistakes that a
    template can't hold."""
    return "\n".join(_page(found, program, elsewhere)) + "\n"


def _page(found: Mapping[str, Any], program: Mapping[str, Any], elsewhere: Sequence[str]) -> Iterator[str]:
    names = list(found["versions"])
    heads = [f"{name} {number}" for name, number in found["versions"].items()]
    total = found["mistakes"]
    yield "<!-- generated by `python -m bench preflight`; do not edit -->"
    yield "# What preflight and other tools catch"
    yield ""
    yield f"Measured on {datetime.now(UTC).date()}, Python {platform.python_version()}, {os.cpu_count()} cores."
    yield ""
    yield HOW
    yield ""
    yield _row(["", *heads])
    yield _row(["---"] * (len(heads) + 1))
    yield _row(["caught", *(f"{found['caught'][name]} of {total}" for name in names)])
    yield _row(
        ["said of the correct template", *(str(len(found["said_of_the_correct_template"][name])) for name in names)]
    )
    for kind, what in (("wall", "seconds, start to end"), ("cpu", "of which CPU")):
        cells = [found["seconds"][name] for name in names]
        yield _row([what, *(f"{cell[kind]} ({cell[f'{kind}_ratio']} ×)" for cell in cells)])
    yield ""
    yield (
        f"In a Pulumi program, which the other tools don't read, preflight catches {program['caught']} of "
        f"{program['mistakes']} mistakes and finds {program['unmutated_findings'] or 'nothing'} in the correct one. "
        f"These are made in the program only: {', '.join(elsewhere)}."
    )
    yield ""
    yield "## Mistake by mistake"
    yield ""
    yield _row(["mistake", *heads])
    yield _row(["---"] * (len(heads) + 1))
    for row in found["rows"]:
        link = f"[{row['mistake']}](checks/{row['mistake']}.md)"
        yield _row([link, *("<br>".join(_cell(text) for text in row[name]) or "–" for name in names)])


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(text: str) -> str:
    """The rule, and what it says in short."""
    rule, _, rest = text.partition(": ")
    shown = rest if len(rest) <= 90 else f"{rest[:89]}…"
    return f"`{rule}` {shown}".replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*").strip()
