"""``evaluate``: the rules over AWS Config's files."""

from __future__ import annotations

from datetime import UTC, datetime

import typer

from watchkeeper.cli import chosen
from watchkeeper.cli.accepting import ExceptionsOption, NoExceptionsOption, accepted_by
from watchkeeper.cli.answers import (
    Answer,
    BaselineOption,
    ExitZeroOption,
    FailOnOption,
    FormatsOption,
    OutputOption,
    check_formats,
    failing,
    give,
)
from watchkeeper.cli.errors import Exit
from watchkeeper.cli.files import EndpointOption, FilesArgument, ListedOption, file_errors, sources
from watchkeeper.cli.options import EnvOption, JsonOption, ProjectOption, Target, TargetOption
from watchkeeper.cli.output import note
from watchkeeper.cli.progress import byte_progress


def evaluate(
    files: FilesArgument,
    rules: chosen.RulesOption = None,
    framework: chosen.FrameworkOption = None,
    pack: chosen.PackOption = None,
    pack_parameter: chosen.PackParameterOption = None,
    every: chosen.AllRulesOption = False,
    formats: FormatsOption = None,
    output: OutputOption = None,
    as_json: JsonOption = False,
    fail_on: FailOnOption = None,
    baseline: BaselineOption = None,
    exit_zero: ExitZeroOption = False,
    exceptions: ExceptionsOption = None,
    no_exceptions: NoExceptionsOption = False,
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

    check_formats(formats, output)
    counts = failing(fail_on, baseline, exit_zero)
    wanted = chosen.chosen_rules(chosen.Asked(rules, framework, pack, pack_parameter, every), project, env)
    accept = accepted_by(exceptions, no_exceptions, project, env, datetime.now(UTC))
    with file_errors():
        found = sources(files, target, endpoint_url, project)
        with byte_progress("evaluating") as tell:
            result = evaluate_sources(found, wanted, tell, accept=accept)

    def show() -> None:
        results.print_rules(result.rules)
        results.print_violations("Violations", result.violations, result.rules, violations, result.non_compliant)
        note(f"{result.coverage}; {result.items} items in {result.files} files, {result.non_compliant} violations")

    problems = [f"{each.file}: {each.message}" for each in result.problems]
    unlisted = result.non_compliant - len(result.violations)
    findings = results.findings(
        "Evaluation of files", result.rules, result.violations, unlisted=unlisted, notes=problems
    )
    give(Answer("evaluate", show, lambda: documents.of_files(result), lambda: findings), formats, output, as_json)
    results.note_excepted(result.excepted)
    results.note_unknown(result.rules)
    results.note_superseded(result.superseded)
    results.note_problems(result.problems, result.problem_count)
    if result.incomplete or result.misread:
        raise typer.Exit(Exit.FAILED)
    raise typer.Exit(counts.exit_code(findings))
