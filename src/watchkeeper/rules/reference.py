"""The reference of managed rules, from the catalog and the logic themselves: what ``docs/rules.md`` is made of."""

from __future__ import annotations

from collections.abc import Iterator

from watchkeeper.aws import facts
from watchkeeper.aws.facts import Framework, ManagedRule, Parameter
from watchkeeper.rules import logic, logic_of


def rules_markdown() -> str:
    """The whole page: how many rules have logic, each of them with its parameters, and the names of the others."""
    known, rules = logic(), facts.managed_rules()
    read = sum(bool(rules[identifier].verified) for identifier in known)
    missing = [rule for identifier, rule in rules.items() if identifier not in known]
    source = next(s for s in facts.sources() if s.file.startswith("managed_rules"))
    lines = [
        "# Managed rules",
        "",
        f"Watchkeeper knows {len(rules)} AWS Config managed rules ({source.source} {source.version}, "
        f"{source.generated}) and evaluates {len(known)} of them itself. "
        "A rule without logic is NOT_EVALUATED, never compliant. "
        f"{read} were read against AWS's page on the day in the last column. "
        "A severity is that of AWS Security Hub's control where one is of the rule, else ours.",
        "",
        "Generated from the catalog and the logic; do not edit.",
        "",
        "## Conformance packs",
        "",
        "How many of the managed rules in AWS's sample packs are evaluated here; `watchkeeper rules frameworks` shows "
        "the same. `watchkeeper rules list --framework pci-dss-4.0` lists a pack's rules, "
        "`watchkeeper scan --framework pci-dss-4.0` evaluates them; words that only its name has are enough. "
        "A pack is known as of the commit that its link names.",
        "",
        "| Pack | Evaluated here | Licence | Read |",
        "|---|---|---|---|",
        *map(_pack, facts.frameworks().values()),
        "",
        "## Rules with logic",
        "",
        "| Rule | Compliant when | Severity | Category | Trigger | Types | Parameters | Needs beside the item "
        "| Page read |",
        "|---|---|---|---|---|---|---|---|---|",
        *(_row(rules[identifier]) for identifier in known),
        "",
        "## Rules without logic",
        "",
        *_by_service(missing),
    ]
    return "\n".join(lines) + "\n"


def _pack(pack: Framework) -> str:
    licence = f"[{pack.licence}]({pack.licence_source})"
    return f"| [{pack.name}]({pack.source}) | {len(logic_of(pack))} of {len(pack.rules)} | {licence} | {pack.read} |"


def _row(rule: ManagedRule) -> str:
    known = logic()[rule.identifier]
    types = known.types if len(known.types) <= 4 else (*known.types[:3], f"and {len(known.types) - 3} more")
    cells = (
        f"[{rule.identifier}]({rule.url})",
        known.summary,
        known.severity.value,
        known.category,
        rule.trigger,
        ", ".join(types),
        "<br>".join(map(_parameter, rule.parameters)) or "none",
        "<br>".join(known.needs) or "nothing",
        rule.verified or "not yet",
    )
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _parameter(parameter: Parameter) -> str:
    notes = [parameter.type, "required" if parameter.required else "optional"]
    if parameter.default is not None:
        notes.append(f"console default {parameter.default}")
    if parameter.minimum is not None or parameter.maximum is not None:
        notes.append(_range(parameter))
    if parameter.most is not None:
        notes.append(f"{parameter.most} at the most")
    if parameter.values:
        notes.append("one of " + " ".join(dict.fromkeys(value.lower() if value.lower() in ("true", "false") else value
                                                        for value in parameter.values)))  # fmt: skip
    return f"`{parameter.name}` ({', '.join(notes)})"


def _range(parameter: Parameter) -> str:
    if parameter.maximum is None:
        return f"{parameter.minimum:g} or more"
    return f"{parameter.minimum:g} to {parameter.maximum:g}"


def _by_service(rules: list[ManagedRule]) -> Iterator[str]:
    for service in sorted({rule.service for rule in rules}):
        names = ", ".join(f"[{rule.identifier}]({rule.url})" for rule in rules if rule.service == service)
        yield f"- **{service}**: {names}"
