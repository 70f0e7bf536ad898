"""``rules``: AWS Config's managed rules, what they take and which have logic here."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from watchkeeper.cli.errors import CommandError, Exit
from watchkeeper.cli.options import JsonOption
from watchkeeper.cli.output import SEVERITY_STYLE, document, note, out, safe, styled, table

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
    as_json: JsonOption = False,
) -> None:
    """List managed rules.

    [dim]Example:[/] watchkeeper rules list encryption --service RDS --logic
    """
    from watchkeeper import catalog, rules

    words = search.lower().split()
    found = [
        managed
        for managed in catalog.managed_rules().values()
        if all(word in f"{managed.identifier} {managed.name} {managed.description}".lower() for word in words)
        and (service is None or managed.service.lower() == service.lower())
        and (resource_type is None or resource_type.lower() in map(str.lower, managed.resource_types))
        and (trigger is None or managed.trigger == trigger)
        and (with_logic is None or (managed.identifier in rules.logic()) is with_logic)
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
    note(f"{len(found)} of {len(catalog.managed_rules())} managed rules; {len(rules.logic())} have logic here")


@rules_app.command("show")
def rules_show(
    identifier: Annotated[str, typer.Argument(help="Identifier or console name.")], as_json: JsonOption = False
) -> None:
    """Show one managed rule: what it looks at, its parameters, where it is offered.

    [dim]Example:[/] watchkeeper rules show DB_INSTANCE_BACKUP_ENABLED
    """
    from watchkeeper import catalog, rules

    known = catalog.managed_rules()
    managed = known.get(identifier.upper().replace("-", "_")) or catalog.managed_rule_by_name(identifier)
    if managed is None:
        near = catalog.nearest(identifier, known)
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
        ("evaluated here", logic.summary if logic else "no: counted as not evaluated"),
        ("documentation", managed.url),
    ]
    table("", ("", ""), rows)
    if managed.parameters:
        out.print()
        table(
            "Parameters",
            ("name", "type", "required", "default", "valid"),
            [(p.name, p.type, "yes" if p.required else "no", p.default or "", _valid(p)) for p in managed.parameters],
        )


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
