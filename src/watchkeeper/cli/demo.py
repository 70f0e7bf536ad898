"""``watchkeeper demo``: the whole system once through, without an AWS account."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.padding import Padding
from rich.status import Status

from watchkeeper.cli.errors import CommandError
from watchkeeper.cli.options import EnvOption, JsonOption, ProjectOption
from watchkeeper.cli.output import SEVERITY_STYLE, document, err, note, out, safe, styled, table

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
    from watchkeeper import demo as playing
    from watchkeeper.cli.deploy import load_project
    from watchkeeper.embedded import server
    from watchkeeper.engine.program import ProjectError
    from watchkeeper.engine.state import StateError

    folder = Path(tempfile.mkdtemp(prefix="watchkeeper-demo-"))
    loaded = load_project(_project(project, folder), env)
    teller = _Teller()
    try:
        with teller:
            seen = playing.run(loaded, folder, output, teller.say, keep=keep)
    except (playing.DemoError, server.EmbeddedError, ProjectError, StateError) as error:
        raise CommandError(str(error)) from error
    if as_json:
        document(_as_json(seen))
    else:
        _show(seen, output)
    if keep:
        note(f"It goes on running on [bold]{seen.endpoint}[/]; its data is in {folder}.")


def _project(given: Path | None, folder: Path) -> Path:
    """The project named, else the one here, else the one that `init` would make."""
    from watchkeeper import scaffold
    from watchkeeper.cli.options import find_project

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
        self._status = Status("", console=err)
        self._step = ""

    def __enter__(self) -> _Teller:
        if err.is_terminal:
            self._status.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._status.stop()

    def say(self, step: str, sentence: str) -> None:
        title = TITLES[step]
        if step != self._step and not err.is_terminal:
            err.print(f"{title} …")
        self._step = step
        self._status.update(safe(f"{title}: {sentence}"))


def _show(seen: Any, output: Path) -> None:
    out.print()
    _show_compliance(seen)
    _show_alerts(seen.alerts)
    _show_remediations(seen.remediations)
    _show_summary(seen.summary)
    _show_timings(seen.timings)
    out.print("[bold]Report files[/]")
    for file in seen.files:
        out.print(safe(f"  {file}"), soft_wrap=True)
    out.print()
    out.print("[bold]What to try next[/]")
    page = next((file for file in seen.files if file.endswith(".html") and "executive" in file), output)
    for what, command in (
        ("the page for management, in a browser", f"open {page}"),
        ("your own project, on an embedded AWS that stays", "watchkeeper init && watchkeeper up"),
        ("any AWS client on it; then: watchkeeper status", 'eval "$(watchkeeper local env)"'),
        ("what would sink a deployment, before it starts", "watchkeeper preflight"),
    ):
        out.print(safe(f"  {command}"), soft_wrap=True)
        out.print(safe(f"      {what}", "dim"))


def _show_compliance(seen: Any) -> None:
    rows = [
        (
            rule,
            _change(before.compliant, seen.compliance_after[rule].compliant),
            _change(before.non_compliant, seen.compliance_after[rule].non_compliant),
            _change(before.not_evaluated, seen.compliance_after[rule].not_evaluated),
        )
        for rule, before in sorted(seen.compliance_before.items())
    ]
    columns = ("rule", "compliant", "violations", "unknown")
    table("Compliance: before → after remediation", columns, rows, right=columns[1:])
    out.print()


def _change(before: int, after: int) -> str:
    return f"{before} → {after}"


def _show_alerts(alerts: Any) -> None:
    """One line for each rule: a line for each alert would be pages of the same."""
    grouped = _grouped(alerts, lambda alert: (alert["level"], alert["kind"], alert["rule"]["name"]))
    rows = [
        (str(len(these)), styled(level, SEVERITY_STYLE), kind, rule) for (level, kind, rule), these in grouped.items()
    ]
    title = f"Alerts: {len(alerts)} went out"
    table(title, ("alerts", "level", "what", "rule"), rows, right=("alerts",))
    _show_example(f"{alert['resource_id']}: {alert['annotation']}" for alert in alerts if alert["annotation"])


def _show_remediations(records: Any) -> None:
    grouped = _grouped(
        records, lambda record: (record["outcome"], record["action"], _state(record["before"]), _state(record["after"]))
    )
    rows = [(str(len(these)), *key) for key, these in grouped.items()]
    columns = ("decisions", "outcome", "action", "before", "after")
    table(f"Remediations: {len(records)} decisions", columns, rows, right=("decisions",))
    _show_example(f"{record['resource_id']}: {record['reason']}" for record in records)


def _grouped(items: Any, key: Any) -> dict[Any, list[Any]]:
    groups: dict[Any, list[Any]] = {}
    for item in items:
        groups.setdefault(key(item), []).append(item)
    return dict(sorted(groups.items(), key=lambda group: -len(group[1])))


def _show_example(texts: Iterator[str]) -> None:
    example = next(texts, None)
    if example:
        out.print(Padding(safe(f"e.g. {example}", "dim"), (0, 0, 0, 1)))
    out.print()


def _state(values: Any) -> str:
    return ", ".join(str(value) for value in values.values())


def _show_summary(summary: Any) -> None:
    out.print("[bold]Executive summary[/]")
    out.print(safe(f"  {summary['headline']}"))
    out.print()


def _show_timings(timings: Any) -> None:
    table(
        "Timings", ("step", "seconds"), [(name, f"{value:.2f}") for name, value in timings.items()], right=("seconds",)
    )
    out.print()


def _as_json(seen: Any) -> dict[str, Any]:
    document_ = asdict(seen)
    document_["timings"] = {name: round(value, 3) for name, value in seen.timings.items()}
    return document_
