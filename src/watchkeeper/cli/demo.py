"""``watchkeeper demo``: the whole system once through, without an AWS account."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.padding import Padding
from rich.text import Text

from watchkeeper.cli.errors import CommandError
from watchkeeper.cli.options import EnvOption, JsonOption, ProjectOption
from watchkeeper.cli.output import SEVERITY_STYLE, document, err, note, out, safe, styled, table
from watchkeeper.cli.projects import find_project, load_project

if TYPE_CHECKING:
    from watchkeeper.demo.story import Demo, Record

Group = tuple[str, ...]
"""What alerts or decisions that are told in one line have in common."""
OUTPUT = Path("watchkeeper-demo")
TITLES = {
    "start": "Start",
    "sample": "Sample account",
    "deploy": "Deploy",
    "evaluate": "Evaluate",
    "remediate": "Remediate",
    "live": "Live change",
    "report": "Report",
    "done": "Collect",
}

DONE = {
    "start": "an embedded AWS on loopback, with IAM enforced",
    "deploy": "the monitoring, by an unmodified Pulumi program",
    "evaluate": "every sample resource judged by AWS Config",
    "remediate": "a decision on every violation, the safe ones fixed",
    "live": "a new bucket that violates a rule",
    "report": "detailed report, daily score, executive summary",
    "done": "what was sent, and what was done",
}
"""What a step was, once it ended; the others are remembered by their last sentence."""
OUTCOME_STYLE: Mapping[str, str] = {
    "applied": "green",
    "scheduled": "green",
    "failed": "bold red",
    "needs-person": "yellow",
    "dry-run": "cyan",
    "exempt": "dim",
}
TIMINGS = {
    "start": "embedded AWS started",
    "deploy": "stack deployed",
    "first_evaluation": "then, until every rule had judged every resource",
    "change_to_non_compliant": "new bucket → NON_COMPLIANT",
    "non_compliant_to_compliant": "NON_COMPLIANT → fixed and COMPLIANT",
    "total": "all of it",
}


def demo(
    project: ProjectOption = None,
    env: EnvOption = "dev",
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder for the report files.")] = OUTPUT,
    keep: Annotated[bool, typer.Option("--keep", help="Leave the embedded AWS running afterwards.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Run the whole system on this machine: no AWS account, nothing left running.

    Starts an embedded AWS, makes a sample account with known violations, deploys the monitoring, and shows what it
    finds, alerts on, fixes and reports. Takes about half a minute.

    [dim]Example:[/] watchkeeper demo --keep
    """
    from watchkeeper.demo import story as playing
    from watchkeeper.local import server
    from watchkeeper.pulumi.engine.program import ProjectError
    from watchkeeper.pulumi.engine.state import StateError

    folder = Path(tempfile.mkdtemp(prefix="watchkeeper-demo-"))
    loaded = load_project(_project(project, folder), env)
    teller = _Teller()
    try:
        with teller:
            seen = playing.run(loaded, folder, output, teller.say, keep=keep)
    except (playing.DemoError, server.EmbeddedError, ProjectError, StateError) as error:
        raise CommandError(str(error)) from error
    if as_json:
        document(seen.document, "demo")
    else:
        _show(seen, output)
    if keep:
        note(f"It goes on running on [bold]{seen.endpoint}[/]; its data is in {folder}.")


def _project(given: Path | None, folder: Path) -> Path:
    """The project named, else the one here, else the one that `init` would make."""
    from watchkeeper.monitoring import scaffold

    try:
        return find_project(given)
    except CommandError:
        if given is not None:
            raise
        scaffold.write(folder / "infra")
        return folder / "infra"


class _Teller:
    """Shows where the demo is: a spinner with the latest sentence, and a line for each step that ended."""

    def __init__(self) -> None:
        from rich.status import Status

        self._status = Status("", console=err)
        self._step = ""
        self._sentence = ""
        self._since = 0.0

    def __enter__(self) -> _Teller:
        if err.is_terminal:
            self._status.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._status.stop()
        if kind is None:
            self._ended()

    def say(self, step: str, sentence: str) -> None:
        """Called at the beginning of a step, and for each thing in it."""
        if step != self._step:
            self._ended()
            self._step, self._since = step, time.monotonic()
            if not err.is_terminal:
                err.print(f"{TITLES[step]} …")
        self._sentence = sentence
        line = safe(f"{TITLES[step]}: {sentence}")
        line.truncate(err.width - 4, overflow="ellipsis")
        self._status.update(line)

    def _ended(self) -> None:
        if not self._step or not err.is_terminal:
            return
        line = safe(f"{TITLES[self._step]:<16}{DONE.get(self._step, self._sentence)}")
        line.truncate(err.width - 12, overflow="ellipsis")
        line.pad_right(max(0, err.width - 12 - line.cell_len))
        err.print(Text("✓ ", "green"), line, safe(f"{time.monotonic() - self._since:6.1f} s", "dim"), sep="")


def _show(seen: Demo, output: Path) -> None:
    out.print()
    _show_headline(seen)
    _show_compliance(seen)
    _show_alerts(seen.alerts)
    _show_remediations(seen.remediations)
    _show_timings(seen.timings)
    out.print("[bold]Report files[/]")
    for file in seen.files:
        out.print(safe(f"  {file}"), soft_wrap=True)
    out.print()
    out.print("[bold]What to try next[/]")
    page = next((file for file in seen.files if file.endswith(".html") and "executive" in file), output)
    steps = (
        (f"open {page}", "the page for management"),
        ("watchkeeper init && watchkeeper up", "your own project, on an embedded AWS that stays"),
        ('eval "$(watchkeeper local env)"', "any AWS client on it; then: watchkeeper status"),
        ("watchkeeper preflight", "what would sink a deployment, before it starts"),
    )
    for command, what in steps:
        out.print(safe(f"  {command}"), soft_wrap=True)
        out.print(safe(f"      {what}", "dim"))


def _show_headline(seen: Demo) -> None:
    before = sum(counts.non_compliant for counts in seen.compliance_before.values())
    fixed = sum(record["outcome"] == "applied" for record in seen.remediations)
    out.print(safe(seen.summary["headline"], "bold"))
    deployed = f"{len(seen.deployed)} resources deployed"
    out.print(safe(f"{deployed}, {before} violations found, {len(seen.alerts)} alerts sent, {fixed} fixed."))
    out.print()


def _show_compliance(seen: Demo) -> None:
    rows = [
        (
            rule,
            _change(before.compliant, seen.compliance_after[rule].compliant, "green"),
            _change(before.non_compliant, seen.compliance_after[rule].non_compliant, "red"),
            _change(before.not_evaluated, seen.compliance_after[rule].not_evaluated, "yellow"),
        )
        for rule, before in sorted(seen.compliance_before.items())
    ]
    columns = ("rule", "compliant", "violations", "unknown")
    table("Compliance: before → after remediation", columns, rows, right=columns[1:])
    out.print()


def _change(before: int, after: int, style: str) -> Text:
    """Two numbers; dim where there was nothing, the latter in its colour where something is."""
    change = safe(f"{before:>2} → ", "" if before or after else "dim")
    return change.append_text(safe(f"{after:>2}", style if after else "dim"))


def _show_alerts(alerts: Sequence[Record]) -> None:
    """One line for each rule: a line for each alert would be pages of the same."""
    grouped = _grouped(alerts, lambda alert: (alert["level"], alert["kind"], alert["rule"]["name"]))
    order = [*SEVERITY_STYLE, "INFO"]
    rows = [
        (str(len(these)), styled(level, SEVERITY_STYLE), kind, rule)
        for (level, kind, rule), these in sorted(grouped.items(), key=lambda group: order.index(group[0][0]))
    ]
    title = f"Alerts: {len(alerts)} went out"
    table(title, ("alerts", "level", "what", "rule"), rows, right=("alerts",))
    worst = sorted((alert for alert in alerts if alert["annotation"]), key=lambda alert: order.index(alert["level"]))
    _show_example(f"{alert['resource_id']}: {alert['annotation']}" for alert in worst)


def _show_remediations(records: Sequence[Record]) -> None:
    grouped = _grouped(records, lambda record: (record["outcome"], record["action"]))
    rows = [
        (str(len(these)), styled(outcome, OUTCOME_STYLE), _action(action), _states(these, "before"), _after(these))
        for (outcome, action), these in grouped.items()
    ]
    columns = ("number", "outcome", "action", "before", "after")
    table(f"Remediations: {len(records)} decisions", columns, rows, right=("number",))
    _show_example(f"{record['resource_id']}: {record['reason']}" for record in records)


def _grouped(items: Sequence[Record], key: Callable[[Record], Group]) -> dict[Group, list[Record]]:
    groups: dict[Group, list[Record]] = {}
    for item in items:
        groups.setdefault(key(item), []).append(item)
    return dict(sorted(groups.items(), key=lambda group: -len(group[1])))


def _show_example(texts: Iterable[str]) -> None:
    example = next(iter(texts), None)
    if example:
        out.print(Padding(safe(f"e.g. {example}", "dim"), (0, 0, 0, 1)))
    out.print()


def _action(name: str) -> str:
    return "a person has to look" if name == "none" else name


def _after(records: Sequence[Record]) -> str:
    if not any(record["after"] for record in records):
        return ""
    return "unchanged" if all(record["before"] == record["after"] for record in records) else _states(records, "after")


def _states(records: Sequence[Record], when: str) -> str:
    return " or ".join(sorted({_state(record[when]) for record in records}))


def _state(values: Record) -> str:
    """What a resource's settings were, briefly: one word for switches that are all alike."""
    if values and all(isinstance(value, bool) for value in values.values()):
        on = sum(values.values())
        return f"{on or 'none'} of {len(values)} on" if on < len(values) else f"all {on} on"
    return ", ".join(str(value) for value in values.values())


def _show_timings(timings: Mapping[str, float]) -> None:
    rows = [(TIMINGS.get(name, name), f"{value:.2f}") for name, value in timings.items()]
    table("Timings", ("what", "seconds"), rows, right=("seconds",))
    out.print()
