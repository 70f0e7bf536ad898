"""``rules``, ``evaluate``, ``whatif`` and ``scan``: what AWS Config's managed rules are, and what they would say."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer

from watchkeeper.cli.errors import CommandError, Exit
from watchkeeper.cli.options import EnvOption, JsonOption, ProjectOption, Target, TargetOption, find_project
from watchkeeper.cli.output import SEVERITY_STYLE, document, err, note, out, safe, styled, table

MISSION = (
    "S3_BUCKET_SERVER_SIDE_ENCRYPTION_ENABLED",
    "S3_DEFAULT_ENCRYPTION_KMS",
    "DESIRED_INSTANCE_TYPE:instanceType=t3.micro",
    "DB_INSTANCE_BACKUP_ENABLED",
)
"""The rules where neither an option nor a project names any."""


class Format(StrEnum):
    """How results are printed."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


FilesArgument = Annotated[
    list[str],
    typer.Argument(metavar="FILE…", help="Snapshot or history files, folders of them, or s3://bucket/prefix."),
]
RulesOption = Annotated[
    list[str] | None,
    typer.Option(
        "--rules",
        "--rule",
        "-r",
        metavar="ID[:param=value,…]",
        help="A managed rule; may be given again. Default: the project's rules, else those of the mission.",
        show_default=False,
    ),
]
PackOption = Annotated[
    Path | None,
    typer.Option("--pack", help="The rules of a conformance pack's YAML.", show_default=False, dir_okay=False),
]
PackParameterOption = Annotated[
    list[str] | None,
    typer.Option(
        "--pack-parameter",
        metavar="NAME=VALUE",
        help="A value for a parameter of the pack, instead of its default; may be given again.",
        show_default=False,
    ),
]
FrameworkOption = Annotated[
    list[str] | None,
    typer.Option(
        "--framework",
        metavar="NAME",
        help="The rules of AWS's conformance pack of this name (words that only it has), with the console's defaults; "
        "may be given again. See: rules frameworks.",
        show_default=False,
    ),
]
AllRulesOption = Annotated[bool, typer.Option("--all-rules", help="Every rule that has logic here.")]
FormatOption = Annotated[Format, typer.Option("--format", "-f", help="How to print.", case_sensitive=False)]
EndpointOption = Annotated[
    str | None, typer.Option("--endpoint-url", help="Any AWS endpoint, with the caller's own credentials.")
]
ListedOption = Annotated[int, typer.Option("--violations", help="How many violations a terminal lists.", min=0)]

rules_app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="rich",
    help="AWS Config's managed rules: what each looks at and takes, and which can be evaluated here.",
)


@rules_app.command("list")
def rules_list(
    search: Annotated[str, typer.Argument(help="Only rules with these words in identifier or description.")] = "",
    service: Annotated[str | None, typer.Option(help="Only this service, e.g. S3.")] = None,
    resource_type: Annotated[str | None, typer.Option("--type", help="Only this resource type.")] = None,
    trigger: Annotated[str | None, typer.Option(help="Only change, periodic or both.")] = None,
    with_logic: Annotated[bool | None, typer.Option("--logic/--no-logic", help="Only with, or without, logic.")] = None,
    category: Annotated[str | None, typer.Option(help="Only this category, e.g. Encryption.")] = None,
    region: Annotated[str | None, typer.Option(help="Only what AWS offers in this region.")] = None,
    framework: Annotated[
        str | None, typer.Option(help="Only the rules of this conformance pack of AWS; words of its name are enough.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """List managed rules.

    [dim]Examples:[/]
    watchkeeper rules list encryption --service RDS --logic
    watchkeeper rules list --framework pci-dss-4.0 --no-logic
    """
    from watchkeeper import rules
    from watchkeeper.aws import facts

    if region is not None:
        _known_regions([region], "")
    packs = _framework_names(framework) if framework is not None else frozenset()

    words = search.lower().split()
    found = [
        managed
        for managed in facts.managed_rules().values()
        if all(word in f"{managed.identifier} {managed.name} {managed.description}".lower() for word in words)
        and (service is None or managed.service.lower() == service.lower())
        and (resource_type is None or resource_type.lower() in map(str.lower, managed.resource_types))
        and (trigger is None or managed.trigger == trigger)
        and (with_logic is None or (managed.identifier in rules.logic()) is with_logic)
        and (category is None or rules.category(managed.identifier).lower() == category.lower())
        and (region is None or managed.in_region(region))
        and (framework is None or packs.intersection(managed.frameworks))
    ]
    if as_json:
        document([_rule(managed) for managed in found])
        return
    rows = [
        (
            managed.identifier,
            managed.trigger,
            "yes" if managed.identifier in rules.logic() else "no",
            ", ".join(p.name + ("*" if p.required else "") for p in managed.parameters),
        )
        for managed in found
    ]
    table("", ("identifier", "trigger", "logic", "parameters (* required)"), rows)
    note(f"{len(found)} of {len(facts.managed_rules())} managed rules; {len(rules.logic())} have logic here")


@rules_app.command("show")
def rules_show(
    identifier: Annotated[str, typer.Argument(help="Identifier or console name.")], as_json: JsonOption = False
) -> None:
    """Show one managed rule: what it looks at, its parameters, where it is offered.

    [dim]Example:[/] watchkeeper rules show DB_INSTANCE_BACKUP_ENABLED
    """
    from watchkeeper import rules
    from watchkeeper.aws import facts, suggest

    known = facts.managed_rules()
    managed = known.get(identifier.upper().replace("-", "_")) or facts.managed_rule_by_name(identifier)
    if managed is None:
        near = suggest.nearest(identifier, known)
        hint = f"Did you mean {near}?" if near else "Search with: watchkeeper rules list WORD"
        raise CommandError(f'"{identifier}" is not an AWS Config managed rule.', hint=hint, code=Exit.USAGE)
    if as_json:
        document(_rule(managed))
        return
    logic = rules.logic().get(managed.identifier)
    out.print("[bold]" + managed.identifier + "[/]", styled(rules.severity(managed.identifier).value, SEVERITY_STYLE))
    out.print(safe(managed.description))
    rows = [
        ("console name", managed.name),
        ("trigger", managed.trigger),
        ("resource types", ", ".join(managed.resource_types) or "the account"),
        ("category", rules.category(managed.identifier)),
        ("offered in", _regions(managed)),
        ("conformance packs", "; ".join(managed.frameworks) or "none of those known here"),
        ("evaluated here", logic.summary if logic else "no: counted as not evaluated"),
        ("documentation", managed.url),
        ("read against it", managed.verified or "not yet"),
    ]
    table("", ("", ""), rows)
    if managed.parameters:
        out.print()
        table(
            "Parameters",
            ("name", "type", "required", "default", "valid"),
            [(p.name, p.type, "yes" if p.required else "no", p.default or "", _valid(p)) for p in managed.parameters],
        )


@rules_app.command("frameworks")
def rules_frameworks(as_json: JsonOption = False) -> None:
    """List the frameworks whose conformance packs are known, and how many of their rules can be evaluated here.

    [dim]Example:[/] watchkeeper rules frameworks
    """
    from watchkeeper import rules
    from watchkeeper.aws import facts

    packs = facts.frameworks().values()
    if as_json:
        document([_framework(pack) for pack in packs])
        return
    rows = [(pack.name, f"{len(rules.logic_of(pack))} of {len(pack.rules)}", pack.licence, pack.read) for pack in packs]
    table("", ("framework", "evaluated here", "licence", "read"), rows)
    note("which rules, and where that stands: watchkeeper rules frameworks --json")


def _framework(pack: Any) -> dict[str, Any]:
    from watchkeeper import rules

    evaluated = rules.logic_of(pack)
    return {
        "name": pack.name,
        "rules": pack.rules,
        "evaluated": len(evaluated),
        "not_evaluated": [identifier for identifier in pack.rules if identifier not in evaluated],
        "source": pack.source,
        "read": pack.read,
        "licence": {"name": pack.licence, "source": pack.licence_source},
    }


def _framework_names(words: str) -> frozenset[str]:
    """The conformance packs with those words in their names. Raises CommandError where there is none."""
    from watchkeeper.evaluation.selection import find_frameworks

    with _framework_errors():
        return frozenset(pack.name for pack in find_frameworks(words))


@contextmanager
def _framework_errors() -> Iterator[None]:
    from watchkeeper.aws import facts
    from watchkeeper.evaluation.selection import SelectionError

    try:
        yield
    except SelectionError as error:
        known = "; ".join(facts.frameworks())
        raise CommandError(str(error), hint=f"Known are: {known}", code=Exit.USAGE) from error


def _rule(managed: Any) -> dict[str, Any]:
    from watchkeeper import rules

    return {
        "identifier": managed.identifier,
        "name": managed.name,
        "description": managed.description,
        "trigger": managed.trigger,
        "resource_types": managed.resource_types,
        "service": managed.service,
        "category": rules.category(managed.identifier),
        "severity": rules.severity(managed.identifier).value,
        "logic": managed.identifier in rules.logic(),
        "frameworks": managed.frameworks,
        "parameters": [
            {
                "name": p.name,
                "type": p.type,
                "required": p.required,
                "default": p.default,
                "minimum": p.minimum,
                "maximum": p.maximum,
                "values": p.values,
            }
            for p in managed.parameters
        ],
        "regions": {"available": managed.available_regions, "excluded": managed.excluded_regions},
        "url": managed.url,
        "verified": managed.verified or None,
    }


def _regions(managed: Any) -> str:
    if managed.available_regions:
        return ", ".join(sorted(managed.available_regions))
    if managed.excluded_regions:
        return "all regions but " + ", ".join(sorted(managed.excluded_regions))
    return "all regions"


def _valid(parameter: Any) -> str:
    if parameter.values:
        return ", ".join(parameter.values)
    if parameter.minimum is None and parameter.maximum is None:
        return ""
    return f"{parameter.minimum:g} to {parameter.maximum:g}" if parameter.maximum else f"from {parameter.minimum:g}"


def evaluate(
    files: FilesArgument,
    rules: RulesOption = None,
    framework: FrameworkOption = None,
    pack: PackOption = None,
    pack_parameter: PackParameterOption = None,
    every: AllRulesOption = False,
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
    from watchkeeper.cli import findings
    from watchkeeper.evaluation.files.running import evaluate_sources

    chosen = _chosen(Asked(rules, framework, pack, pack_parameter, every), project, env)
    with _file_errors():
        sources = _sources(files, target, endpoint_url, project)
        with _byte_progress("evaluating") as tell:
            result = evaluate_sources(sources, chosen, tell)
    if as_json or fmt is Format.JSON:
        document(_evaluated(result))
    elif fmt is Format.CSV:
        findings.print_csv(result.violations, result.rules)
    else:
        findings.print_rules(result.rules)
        findings.print_violations("Violations", result.violations, result.rules, violations, result.non_compliant)
        note(f"{result.coverage}; {result.items} items in {result.files} files, {result.non_compliant} violations")
    findings.note_unknown(result.rules)
    findings.note_superseded(result.superseded)
    findings.note_problems(result.problems, result.problem_count)
    if result.incomplete or _unreadable(result):
        raise typer.Exit(Exit.FAILED)
    if result.non_compliant or any(not_evaluated(entry) for entry in result.rules):
        raise typer.Exit(Exit.FINDINGS)


def whatif(
    files: FilesArgument,
    rules: RulesOption = None,
    framework: FrameworkOption = None,
    pack: PackOption = None,
    pack_parameter: PackParameterOption = None,
    every: AllRulesOption = False,
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
    as_json: JsonOption = False,
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
    import dataclasses

    from watchkeeper.cli import findings
    from watchkeeper.evaluation.whatif import PRICE_SOURCE, what_if

    if not (rules or framework or pack or every):
        hint = "Name one with --rules, --framework, --pack or --all-rules."
        raise CommandError("No rule to try.", hint=hint, code=Exit.USAGE)
    candidates = _chosen(Asked(rules, framework, pack, pack_parameter, every), project, env)
    now = _selected(enabled) if enabled else _project_rules(project, env)
    # A rule may be tried with other parameters than it is enabled with: its name must not stand for both.
    now = [dataclasses.replace(rule, name=f"{rule.name} (enabled)") for rule in now]
    with _file_errors():
        sources = _sources(files, target, endpoint_url, project)
        with _byte_progress("evaluating") as tell:
            answer = what_if(sources, candidates, now, tell, changes_per_resource=changes)
    result, cost = answer.result, answer.cost
    if as_json:
        document(
            {
                **_evaluated(result),
                "exact": answer.exact,
                "newly_failing": findings.violation_documents(answer.newly_failing, result.rules),
                "cost": {
                    "usd_per_month": cost.usd,
                    "evaluations_per_month": cost.evaluations,
                    "changes_per_resource": cost.changes_per_resource,
                    "source": cost.source,
                },
            }
        )
    else:
        findings.print_rules(result.rules)
        count = len(answer.newly_failing)
        findings.print_violations("Would newly fail", answer.newly_failing, result.rules, violations, count)
        note(f"{count} would newly fail; {result.coverage}")
        if not answer.exact:
            note("[yellow]not exact[/]", "more violations than can be compared: some that would newly fail are missing")
        note(f"{cost.usd:.2f} USD a month: {cost.evaluations} evaluations at {changes:g} changes of a resource")
        note(safe(PRICE_SOURCE, "dim"))
    findings.note_unknown(result.rules)
    findings.note_superseded(result.superseded)
    findings.note_problems(result.problems, result.problem_count)
    if result.incomplete or _unreadable(result):
        raise typer.Exit(Exit.FAILED)
    if answer.newly_failing:
        raise typer.Exit(Exit.FINDINGS)


def scan(
    rules: RulesOption = None,
    framework: FrameworkOption = None,
    pack: PackOption = None,
    pack_parameter: PackParameterOption = None,
    every: AllRulesOption = False,
    region: Annotated[
        list[str] | None,
        typer.Option("--region", help="AWS region, or all; may be given again. Default: the target's own."),
    ] = None,
    role: Annotated[
        list[str] | None,
        typer.Option(
            "--role", metavar="ARN", help="Scan the account of this role, by assuming it; may be given again."
        ),
    ] = None,
    target: TargetOption = Target.LOCAL,
    endpoint_url: EndpointOption = None,
    violations: ListedOption = 20,
    project: ProjectOption = None,
    env: EnvOption = "dev",
    as_json: JsonOption = False,
) -> None:
    """Scan accounts that have no recorder: reads what the rules look at, with the fewest calls, and evaluates it.

    Only reads: AWS's policy ReadOnlyAccess is enough. Less will do for some rules; most rules on tags go through Cloud
    Control (cloudformation:ListResources and GetResource). A call that AWS refuses is shown as a gap, never as
    compliant. Exits 1 when a rule is violated or could not judge, 3 when nothing could be read.

    [dim]Examples:[/]
    watchkeeper scan --target aws --region all --framework pci-dss-4.0
    watchkeeper scan --rule DESIRED_INSTANCE_TYPE:instanceType=t3.micro,t3.small --json
    """
    from watchkeeper.cli import findings
    from watchkeeper.evaluation import scan as scanning

    chosen = _chosen(Asked(rules, framework, pack, pack_parameter, every), project, env)
    session, url, account, home = _endpoint(target, endpoint_url, project, region)
    names = region or [home]
    _known_regions(names, scanning.ALL_REGIONS)
    with _file_errors():
        try:
            reached = scanning.reach(session, names, roles=role or (), endpoint_url=url, account=account)
        except ValueError as error:
            raise CommandError(str(error), code=Exit.USAGE) from error
        with _scan_progress() as tell:
            result = scanning.scan(reached.places, chosen, gaps=reached.gaps, calls=reached.calls, on_progress=tell)
    if as_json:
        document(_scanned(result))
    else:
        findings.print_rules(result.rules)
        findings.print_violations("Violations", result.violations, result.rules, violations, result.non_compliant)
        note(
            f"{result.resources} resources in {_places(result)}, {result.api_calls} API calls, {result.seconds:.1f} s; "
            f"{result.non_compliant} violations, {result.not_evaluated} not evaluated"
        )
    _note_gaps(result)
    findings.note_without_resources(result.rules)
    findings.note_unknown(result.rules)
    if result.nothing_read or not reached.places:
        raise CommandError("Nothing could be read.", hint="The gaps above say which calls were refused.")
    if result.non_compliant or result.not_evaluated:
        raise typer.Exit(Exit.FINDINGS)


def not_evaluated(entry: Any) -> int:
    """How much a rule could not judge."""
    from watchkeeper.model import ComplianceType

    return int(entry.counts.get(ComplianceType.NOT_EVALUATED, 0)) or (0 if entry.evaluated else 1)


def _unreadable(result: Any) -> bool:
    """Whether a rule that needs nothing but the item could not make sense of one."""
    from watchkeeper.evaluation.item import prepare

    return any(
        not_evaluated(entry) and rule.logic is not None and not rule.logic.needs and not rule.problem
        for entry, rule in zip(result.rules, prepare(entry.rule for entry in result.rules).rules, strict=True)
    )


def _evaluated(result: Any) -> dict[str, Any]:
    from watchkeeper.cli import findings

    return {
        "items": result.items,
        "files": result.files,
        "coverage": {"rules": len(result.rules), "evaluated": result.evaluated_rules, "text": result.coverage},
        "rules": findings.rules_document(result.rules),
        "violations": findings.violation_documents(result.violations, result.rules),
        "violation_count": result.non_compliant,
        "resource_types": dict(result.resource_types),
        "problems": [{"file": p.file, "item": p.item, "message": p.message} for p in result.problems],
        "problem_count": result.problem_count,
        "superseded": list(result.superseded),
    }


def _scanned(result: Any) -> dict[str, Any]:
    from watchkeeper.cli import findings

    return {
        "rules": findings.rules_document(result.rules),
        "resources": result.resources,
        "resource_types": dict(result.resource_types),
        "violations": findings.violation_documents(result.violations, result.rules),
        "gaps": [
            {
                "account": placed.account,
                "region": placed.region,
                "resource_type": placed.gap.resource_type,
                "resource_id": placed.gap.resource_id,
                "operation": placed.gap.operation,
                "code": placed.gap.code,
                "message": placed.gap.message,
            }
            for placed in result.gaps
        ],
        "places": [{"account": account, "region": name} for account, name in result.places],
        "api_calls": result.api_calls,
        "seconds": round(result.seconds, 3),
    }


def _places(result: Any) -> str:
    if len(result.places) == 1:
        account, region = result.places[0]
        return f"{account} {region}"
    return f"{len(result.places)} accounts and regions"


_MEANS = {
    "AuthFailure": "the credentials don't count in this region; is it enabled for the account?",
    "UnrecognizedClientException": "the credentials don't count in this region; is it enabled for the account?",
    "OptInRequired": "the account has not enabled this",
    "InvalidClientTokenId": "AWS doesn't know this access key, or the region isn't enabled for the account",
    "ExpiredToken": "the credentials have expired; get new ones",
    "ExpiredTokenException": "the credentials have expired; get new ones",
    "RequestExpired": "the credentials have expired, or this machine's clock is wrong",
    "NoCredentialsError": "no AWS credentials were found; set AWS_PROFILE, or AWS_ACCESS_KEY_ID and its secret",
}
"""Error code to what it means to somebody who scans."""


def _note_gaps(result: Any) -> None:
    """Each refused call once: how often, and what it means or what was said; a denial is told by its name."""
    from collections import Counter

    gaps = Counter((g.account, g.region, g.gap.resource_type, g.gap.operation, g.gap.code) for g in result.gaps)
    said = {(g.gap.operation, g.gap.code): g.gap.message for g in result.gaps}
    for (account, region, type_, operation, code), count in gaps.items():
        times = f", {count} times" if count > 1 else ""
        place = " ".join(word for word in (account, region, type_) if word)
        why = _MEANS.get(code) or ("" if "Denied" in code or "Unauthorized" in code else said[operation, code][:200])
        note("[yellow]gap[/]", safe(f"{place}: {operation}: {code}{times}{why and f' ({why})'}"))


# --- choosing -------------------------------------------------------------------------------------------------------


class Asked(NamedTuple):
    """The options that name rules."""

    rules: Sequence[str] | None
    frameworks: Sequence[str] | None
    pack: Path | None
    pack_parameters: Sequence[str] | None
    every: bool


def _chosen(asked: Asked, project: Path | None, env: str) -> list[Any]:
    """The rules that the options name, else the project's, else the mission's. Raises CommandError."""
    from watchkeeper.evaluation.selection import all_rules, rules_of_frameworks

    chosen = _selected(asked.rules or ()) + _pack_rules(asked.pack, asked.pack_parameters or ())
    with _framework_errors():
        defaults = rules_of_frameworks(asked.frameworks or ())
    if asked.every:
        defaults += all_rules()
    named = {rule.identifier for rule in chosen}
    chosen += {rule.identifier: rule for rule in defaults if rule.identifier not in named}.values()
    return chosen or _project_rules(project, env) or _selected(MISSION)


def _pack_rules(pack: Path | None, parameters: Sequence[str]) -> list[Any]:
    from watchkeeper.evaluation.selection import SelectionError, pack_parameters, rules_of_pack
    from watchkeeper.rules.pack import PackError, PackParameterError

    try:
        given = pack_parameters(parameters)
        if pack is not None:
            return rules_of_pack(pack.read_text(encoding="utf-8"), given)
    except SelectionError as error:
        raise CommandError(f"--pack-parameter: {error}", code=Exit.USAGE) from error
    except PackParameterError as error:
        hint = "Give a value with --pack-parameter NAME=VALUE."
        raise CommandError(f"{pack}: {error}", hint=hint, code=Exit.USAGE) from error
    except (PackError, UnicodeDecodeError) as error:
        raise CommandError(f"{pack}: {error}", code=Exit.USAGE) from error
    except OSError as error:
        raise CommandError(f"{pack} can't be read: {error.strerror}", code=Exit.USAGE) from error
    if given:
        raise CommandError("--pack-parameter without a pack.", hint="Name it with --pack FILE.", code=Exit.USAGE)
    return []


def _selected(rules: Sequence[str]) -> list[Any]:
    from watchkeeper.evaluation.selection import SelectionError, select_rules

    try:
        return select_rules(rules)
    except SelectionError as error:
        raise CommandError(str(error), hint="Search with: watchkeeper rules list WORD", code=Exit.USAGE) from error


def _project_rules(project: Path | None, env: str) -> list[Any]:
    """The rules of the project's settings; none where there is no project, or no settings of ours in it."""
    from watchkeeper.cli.deploy import load_project
    from watchkeeper.evaluation.item import ConfiguredRule
    from watchkeeper.monitoring.settings import NAMESPACE, from_pulumi_config

    try:
        folder = find_project(project)
    except CommandError:
        if project is not None:
            raise
        return []
    if project is None and not any((folder / f"Pulumi.{env}.{ending}").is_file() for ending in ("yaml", "yml")):
        return []
    config = load_project(folder, env).config
    if not any(key.startswith(f"{NAMESPACE}:") for key in config):
        return []
    return [
        ConfiguredRule(rule.name, rule.identifier, rule.parameters, severity=rule.severity, category=rule.category)
        for rule in from_pulumi_config(config).all_rules
    ]


def _sources(files: Sequence[str], target: Target, endpoint_url: str | None, project: Path | None) -> list[Any]:
    from watchkeeper.evaluation.files.sources import file_sources, s3_sources

    found: list[Any] = []
    buckets = [name.removeprefix("s3://").partition("/") for name in files if name.startswith("s3://")]
    if buckets:
        session, url, _, _ = _endpoint(target, endpoint_url, project, ["any"])
        client = session.client("s3", endpoint_url=url)
        found += [source for bucket, _, prefix in buckets for source in s3_sources(client, bucket, prefix)]
    found += file_sources(name for name in files if not name.startswith("s3://"))
    if not found:
        raise CommandError(
            f"There is no snapshot or history file in {', '.join(files)}.",
            hint="They end in .json, .jsonl or .ndjson, or in one of these and .gz.",
            code=Exit.USAGE,
        )
    return found


@contextmanager
def _file_errors() -> Iterator[None]:
    from watchkeeper.cli.monitor import aws_errors

    try:
        with aws_errors():
            yield
    except FileNotFoundError as error:
        raise CommandError(str(error), code=Exit.USAGE) from error


def _endpoint(target: Target, url: str | None, project: Path | None, regions: Sequence[str] | None) -> Any:
    """Session, endpoint, account where it is known without asking, and the region where none is named."""
    import boto3

    from watchkeeper.cli.local import project_folder, running_server

    if url is not None and not re.match(r"https?://[^/\s]", url):
        raise CommandError(f'"{url}" is not an endpoint.', hint="Write it as http://127.0.0.1:4566", code=Exit.USAGE)
    if url is None and target is Target.LOCAL:
        aws = running_server(project_folder(project))
        keys = aws.boto()
        session = boto3.Session(keys["aws_access_key_id"], keys["aws_secret_access_key"], region_name=aws.region)
        return session, aws.endpoint, aws.account, aws.region
    session = boto3.Session()
    if session.region_name is None and not regions:
        raise CommandError("No AWS region is set.", hint="Name one with --region, or all.", code=Exit.USAGE)
    return session, url, "", session.region_name


def _known_regions(names: Sequence[str], everything: str) -> None:
    from watchkeeper.aws import facts, suggest

    for name in names:
        if name == everything or name in facts.regions():
            continue
        near = suggest.nearest(name, facts.regions())
        hint = f"Did you mean {near}?" if near else "Name one such as eu-west-1, or all."
        raise CommandError(f'"{name}" is not an AWS region.', hint=hint, code=Exit.USAGE)


# --- progress -------------------------------------------------------------------------------------------------------


@contextmanager
def _byte_progress(title: str) -> Iterator[Any]:
    """A bar of bytes on a terminal, nothing elsewhere."""
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as progress:
        task = progress.add_task(title, total=None)

        def tell(done: int, total: int, items: int) -> None:
            progress.update(task, completed=done, total=total or None, description=f"{title}: {items} items")

        yield tell


@contextmanager
def _scan_progress() -> Iterator[Any]:
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as progress:
        task = progress.add_task("reading", total=None)

        def tell(place: str, resources: int, calls: int) -> None:
            progress.update(task, description=safe(f"{place}: {resources} resources, {calls} calls").plain)

        yield tell
