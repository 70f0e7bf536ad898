"""``rules``: what AWS Config's managed rules are, and which can be evaluated here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from watchkeeper.cli.answers import Answer, FormatsOption, OutputOption, Table, check_formats, give
from watchkeeper.cli.chosen import framework_names
from watchkeeper.cli.common import Commands
from watchkeeper.cli.errors import CommandError, Exit
from watchkeeper.cli.options import JsonOption, check_region
from watchkeeper.cli.output import SEVERITY_STYLE, document, note, out, safe, styled, table

if TYPE_CHECKING:
    from watchkeeper.aws.facts import ManagedRule, Parameter

app = Commands(
    no_args_is_help=True,
    rich_markup_mode="rich",
    help="AWS Config's managed rules: what each looks at and takes, and which can be evaluated here.",
)


@app.command("list")
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
    formats: FormatsOption = None,
    output: OutputOption = None,
    as_json: JsonOption = False,
) -> None:
    """List managed rules.

    [dim]Examples:[/]
    watchkeeper rules list encryption --service RDS --logic
    watchkeeper rules list --framework pci-dss-4.0 --no-logic
    """
    from watchkeeper import rules
    from watchkeeper.aws import facts
    from watchkeeper.rules import documents

    check_formats(formats, output)
    if region is not None:
        check_region(region)
    packs = framework_names(framework) if framework is not None else frozenset()

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
    rows = [
        (
            managed.identifier,
            managed.trigger,
            "yes" if managed.identifier in rules.logic() else "no",
            ", ".join(p.name + ("*" if p.required else "") for p in managed.parameters),
        )
        for managed in found
    ]
    columns = ("identifier", "trigger", "logic", "parameters (* required)")

    def show() -> None:
        table("", columns, rows)
        note(f"{len(found)} of {len(facts.managed_rules())} managed rules; {len(rules.logic())} have logic here")

    answer = Answer("rules-list", show, lambda: documents.of_list(found), lambda: Table("Managed rules", columns, rows))
    give(answer, formats, output, as_json)


@app.command("show")
def rules_show(
    identifier: Annotated[str, typer.Argument(help="Identifier or console name.")], as_json: JsonOption = False
) -> None:
    """Show one managed rule: what it looks at, its parameters, where it is offered.

    [dim]Example:[/] watchkeeper rules show DB_INSTANCE_BACKUP_ENABLED
    """
    from watchkeeper import rules
    from watchkeeper.aws import facts, suggest
    from watchkeeper.rules import documents

    known = facts.managed_rules()
    managed = known.get(identifier.upper().replace("-", "_")) or facts.managed_rule_by_name(identifier)
    if managed is None:
        near = suggest.nearest(identifier, known)
        hint = f"Did you mean {near}?" if near else "Search with: watchkeeper rules list WORD"
        raise CommandError(f'"{identifier}" is not an AWS Config managed rule.', hint=hint, code=Exit.USAGE)
    if as_json:
        document(documents.of_shown(managed), "rules-show")
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


@app.command("frameworks")
def rules_frameworks(as_json: JsonOption = False) -> None:
    """List the frameworks whose conformance packs are known, and how many of their rules can be evaluated here.

    [dim]Example:[/] watchkeeper rules frameworks
    """
    from watchkeeper import rules
    from watchkeeper.aws import facts
    from watchkeeper.rules import documents

    packs = facts.frameworks().values()
    if as_json:
        document(documents.of_frameworks(packs), "rules-frameworks")
        return
    rows = [(pack.name, f"{len(rules.logic_of(pack))} of {len(pack.rules)}", pack.licence, pack.read) for pack in packs]
    table("", ("framework", "evaluated here", "licence", "read"), rows)
    note("which rules, and where that stands: watchkeeper rules frameworks --json")


def _regions(managed: ManagedRule) -> str:
    if managed.available_regions:
        return ", ".join(sorted(managed.available_regions))
    if managed.excluded_regions:
        return "all regions but " + ", ".join(sorted(managed.excluded_regions))
    return "all regions"


def _valid(parameter: Parameter) -> str:
    if parameter.values:
        return ", ".join(parameter.values)
    if parameter.minimum is None and parameter.maximum is None:
        return ""
    return f"{parameter.minimum:g} to {parameter.maximum:g}" if parameter.maximum else f"from {parameter.minimum:g}"
