"""``evaluate``: the rules over AWS Config's files."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from watchkeeper.cli import chosen
from watchkeeper.cli.errors import Exit
from watchkeeper.cli.files import EndpointOption, FilesArgument, ListedOption, file_errors, sources
from watchkeeper.cli.options import EnvOption, JsonOption, ProjectOption, Target, TargetOption
from watchkeeper.cli.output import document, note
from watchkeeper.cli.progress import byte_progress


class Format(StrEnum):
    """How results are printed."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


FormatOption = Annotated[Format, typer.Option("--format", "-f", help="How to print.", case_sensitive=False)]


def evaluate(
    files: FilesArgument,
    rules: chosen.RulesOption = None,
    framework: chosen.FrameworkOption = None,
    pack: chosen.PackOption = None,
    pack_parameter: chosen.PackParameterOption = None,
    every: chosen.AllRulesOption = False,
    fmt: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
    violations: ListedOption = 20,
    project: ProjectOption = None,
    env: EnvOption = "dev",
    target: TargetOption = Target.AWS,
    endpoint_url: EndpointOption = None,
) -> None:
    """Evaluate AWS Config snapshot and history files, without AWS.

    Exits 1 when a rule is violated or could not judge, 3 when something in the files could not be read; what could be
    read is evaluated all the same, and printed.

    [dim]Examples:[/]
    watchkeeper evaluate snapshot.json.gz
    watchkeeper evaluate s3://config-bucket/AWSLogs --pack pack.yaml --format csv
    """
    from watchkeeper.cli import results
    from watchkeeper.evaluation import documents
    from watchkeeper.evaluation.files.running import evaluate_sources

    wanted = chosen.chosen_rules(chosen.Asked(rules, framework, pack, pack_parameter, every), project, env)
    with file_errors():
        found = sources(files, target, endpoint_url, project)
        with byte_progress("evaluating") as tell:
            result = evaluate_sources(found, wanted, tell)
    if as_json or fmt is Format.JSON:
        document(documents.of_files(result))
    elif fmt is Format.CSV:
        results.print_csv(result.violations, result.rules)
    else:
        results.print_rules(result.rules)
        results.print_violations("Violations", result.violations, result.rules, violations, result.non_compliant)
        note(f"{result.coverage}; {result.items} items in {result.files} files, {result.non_compliant} violations")
    results.note_unknown(result.rules)
    results.note_superseded(result.superseded)
    results.note_problems(result.problems, result.problem_count)
    if result.incomplete or result.misread:
        raise typer.Exit(Exit.FAILED)
    if result.non_compliant or any(entry.not_evaluated for entry in result.rules):
        raise typer.Exit(Exit.FINDINGS)
