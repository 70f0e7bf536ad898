"""``whatif``: what further rules would say of AWS Config's files, and what they would cost."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated

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
from watchkeeper.cli.errors import CommandError, Exit
from watchkeeper.cli.files import EndpointOption, FilesArgument, ListedOption, file_errors, sources
from watchkeeper.cli.options import EnvOption, JsonOption, ProjectOption, Target, TargetOption
from watchkeeper.cli.output import note, safe
from watchkeeper.cli.progress import byte_progress


def whatif(
    files: FilesArgument,
    rules: chosen.RulesOption = None,
    framework: chosen.FrameworkOption = None,
    pack: chosen.PackOption = None,
    pack_parameter: chosen.PackParameterOption = None,
    every: chosen.AllRulesOption = False,
    enabled: Annotated[
        list[str] | None,
        typer.Option(
            "--enabled",
            metavar="ID[:param=value,…]",
            help="A rule that is enabled now; may be given again. Default: the project's rules.",
            show_default=False,
        ),
    ] = None,
    changes: Annotated[
        float, typer.Option("--changes", help="How often a resource changes a month, for the cost.", min=0)
    ] = 4.0,
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
    """Tell what rules would change beside those enabled now: what would newly fail, and the cost of a month.

    Exits 1 when a resource would newly fail, 3 when something in the files could not be read.

    [dim]Example:[/] watchkeeper whatif snapshot.json.gz --rules S3_BUCKET_VERSIONING_ENABLED
    """
    from watchkeeper.cli import results
    from watchkeeper.evaluation import documents
    from watchkeeper.evaluation.whatif import PRICE_SOURCE, what_if

    check_formats(formats, output)
    counts = failing(fail_on, baseline, exit_zero)
    if not (rules or framework or pack or every):
        hint = "Name one with --rules, --framework, --pack or --all-rules."
        raise CommandError("No rule to try.", hint=hint, code=Exit.USAGE)
    candidates = chosen.chosen_rules(chosen.Asked(rules, framework, pack, pack_parameter, every), project, env)
    now = chosen.selected(enabled) if enabled else chosen.project_rules(project, env)
    # A rule may be tried with other parameters than it is enabled with: its name must not stand for both.
    now = [replace(rule, name=f"{rule.name} (enabled)") for rule in now]
    accept = accepted_by(exceptions, no_exceptions, project, env, datetime.now(UTC))
    with file_errors():
        found = sources(files, target, endpoint_url, project)
        with byte_progress("evaluating") as tell:
            answer = what_if(found, candidates, now, tell, changes_per_resource=changes, accept=accept)
    result, cost = answer.result, answer.cost

    def show() -> None:
        results.print_rules(result.rules)
        count = len(answer.newly_failing)
        results.print_violations("Would newly fail", answer.newly_failing, result.rules, violations, count)
        note(f"{count} would newly fail; {result.coverage}")
        if not answer.exact:
            note("[yellow]not exact[/]", "more violations than can be compared: some that would newly fail are missing")
        note(f"{cost.usd:.2f} USD a month: {cost.evaluations} evaluations at {changes:g} changes of a resource")
        note(safe(PRICE_SOURCE, "dim"))

    problems = [f"{each.file}: {each.message}" for each in result.problems]
    findings = results.findings("Would newly fail", result.rules, answer.newly_failing, notes=problems)
    give(Answer("whatif", show, lambda: documents.of_what_if(answer), lambda: findings), formats, output, as_json)
    results.note_excepted(result.excepted)
    results.note_unknown(result.rules)
    results.note_superseded(result.superseded)
    results.note_problems(result.problems, result.problem_count)
    if result.incomplete or result.misread:
        raise typer.Exit(Exit.FAILED)
    raise typer.Exit(counts.exit_code(findings, unknown=False))
