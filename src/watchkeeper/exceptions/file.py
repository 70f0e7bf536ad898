"""``exceptions.yaml``: read, and all that is wrong with it said at once, with its line."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from watchkeeper.aws import facts, suggest
from watchkeeper.exceptions.entry import Entry, Exceptions
from watchkeeper.text import clean

FILE = "exceptions.yaml"
MAXIMUM_DAYS = 365
SELECTORS = ("account", "region", "type", "resource", "tag")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}\Z")
_ACCOUNT = re.compile(r"\d{12}\Z")
_SHOWN = 60
"""Characters of a bad value that are shown."""

FrameworkRules = Callable[[str], Iterable[str]]
"""A framework's name to the identifiers of its rules. Raises ValueError where there is none of that name."""


class ExceptionsError(ValueError):
    """The file can't be used: every problem, one a line, with its place."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        count = len(self.problems)
        super().__init__("\n".join([f"{count} problem{'s' if count > 1 else ''} in the exceptions", *self.problems]))


def load(file: Path, *, at: datetime, frameworks: FrameworkRules, names: Iterable[str] = ()) -> Exceptions:
    """The exceptions of a file. See :func:`read`; raises ExceptionsError for a file that can't be read, too."""
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ExceptionsError([f"{file}: it can't be read: {error}"]) from None
    return read(text, file.name, at=at, frameworks=frameworks, names=names)


def read(
    text: str, source: str = FILE, *, at: datetime, frameworks: FrameworkRules, names: Iterable[str] = ()
) -> Exceptions:
    """The exceptions in a text.

    Parameters
    ----------
    at
        Now: an exception ends at most :data:`MAXIMUM_DAYS` (or the file's ``maximumDays``) after it, or after its own
        beginning.
    names
        Names of the project's rules, which an exception may be about besides AWS's managed rules.

    Raises
    ------
    ExceptionsError
        With everything that is wrong.
    """
    content, lines = _parsed(text, source)
    problems = [f"{source}:{_line(error, lines)}: {_told(error)}" for error in _errors(content)]
    if problems:
        raise ExceptionsError(problems)
    reader = _Reader(source, at, int(content.get("maximumDays", MAXIMUM_DAYS)), frameworks, tuple(names))
    entries = [reader.entry(value, lines[number]) for number, value in enumerate(content["exceptions"])]
    if reader.problems:
        raise ExceptionsError(reader.problems)
    return Exceptions(tuple(entry for entry in entries if entry is not None), source)


def _parsed(text: str, source: str) -> tuple[dict[str, Any], list[int]]:
    """The content, every scalar a text, and the line of each exception."""
    try:
        root = yaml.compose(text, yaml.BaseLoader)
        content = yaml.load(text, yaml.BaseLoader)  # noqa: S506 - makes texts, lists and mappings, nothing else
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ExceptionsError([f"{source}:{line}: {error.problem or error.context}"]) from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ExceptionsError([f"{source}: it is no YAML: {error}"]) from None
    if not isinstance(root, yaml.MappingNode) or not isinstance(content, dict):
        raise ExceptionsError([f"{source}: it has no mapping at its top. Write exceptions: and a list under it."])
    if content.get("exceptions") == "":
        content["exceptions"] = []
    if str(content.get("maximumDays", "")).isdecimal():
        content["maximumDays"] = int(content["maximumDays"])
    nodes = next((value for key, value in root.value if key.value == "exceptions"), None)
    items = nodes.value if isinstance(nodes, yaml.SequenceNode) else []
    return content, [item.start_mark.line + 1 for item in items]


@cache
def schema() -> Mapping[str, Any]:
    """The JSON Schema of the file, for editors too."""
    text = resources.files(__package__).joinpath("exceptions.schema.json").read_text(encoding="utf-8")
    loaded: Mapping[str, Any] = json.loads(text)
    return loaded


def _errors(content: Any) -> Sequence[ValidationError]:
    return sorted(Draft202012Validator(schema()).iter_errors(content), key=lambda error: [*map(str, error.path)])


def _line(error: ValidationError, lines: Sequence[int]) -> int:
    path = list(error.absolute_path)
    return lines[path[1]] if len(path) > 1 and isinstance(path[1], int) and path[1] < len(lines) else 1


_KINDS = {"array": "a list", "object": "a mapping", "string": "a text", "integer": "a whole number"}


def _told(error: ValidationError) -> str:
    at: Any = error.schema
    path = ".".join(str(part) for part in list(error.absolute_path)[2:])
    place = path or (str(error.absolute_path[-1]) if error.absolute_path else "it")
    if error.validator == "additionalProperties":
        known = at["properties"]
        given: Any = error.instance
        return " ".join(_unknown(key, known) for key in given if key not in known)
    if error.validator == "required":
        wanted: Any = error.validator_value
        present: Any = error.instance
        missing = [key for key in wanted if key not in present]
        return f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing."
    if error.validator in ("minLength", "minItems", "minProperties"):
        return f"{place} is empty."
    if error.validator in ("maximum", "minimum"):
        return f"{place} is not between 1 and 3650."
    return f"{place} is not {_KINDS.get(str(error.validator_value), 'a text, or a list of texts')}."


def _unknown(key: str, known: Mapping[str, Any]) -> str:
    near = suggest.nearest(key, known)
    return f'"{_short(key)}" is not a field. ' + (f"Did you mean {near}?" if near else f"Known: {', '.join(known)}.")


class _Reader:
    """Turns what follows the schema into entries, and collects what is wrong all the same."""

    def __init__(self, source: str, at: datetime, days: int, frameworks: FrameworkRules, names: Sequence[str]) -> None:
        self.problems: list[str] = []
        self._source = source
        self._at = at
        self._days = days
        self._frameworks = frameworks
        self._names = names

    def entry(self, value: Mapping[str, Any], line: int) -> Entry | None:
        """The entry, or None where something is wrong with it."""
        before = len(self.problems)
        where = f"{self._source}:{line}"
        texts = {key: _list(value.get(key)) for key in ("account", "region", "type", "resource")}
        tags: Mapping[str, str] = value.get("tag") or {}
        starts = self._moment(where, "from", value.get("from"), last=False)
        until = self._moment(where, "until", value["until"], last=True)
        self._say(where, self._of_selectors(texts, tags))
        self._say(where, self._of_time(starts, until))
        rules = self._rules(where, value.get("rule"), value.get("framework"))
        if len(self.problems) > before or until is None:
            return None
        return Entry(
            rules=rules,
            owner=clean(value["owner"]),
            reason=clean(value["reason"]),
            until=until,
            rule=value.get("rule", ""),
            framework=value.get("framework", ""),
            accounts=texts["account"],
            regions=texts["region"],
            types=texts["type"],
            resources=texts["resource"],
            tags=dict(tags),
            starts=starts,
            approved_by=clean(value.get("approvedBy", "")),
            compensating_control=clean(value.get("compensatingControl", "")),
            ticket=clean(value.get("ticket", "")),
            where=where,
        )

    def _say(self, where: str, problems: Iterable[str]) -> None:
        self.problems += [f"{where}: {problem}" for problem in problems]

    def _of_selectors(self, texts: Mapping[str, Sequence[str]], tags: Mapping[str, str]) -> Iterator[str]:
        if not any(texts.values()) and not tags:
            yield f"it selects nothing. Give at least one of {', '.join(SELECTORS)}."
        only = [name for name, found in texts.items() if found] == ["resource"] and not tags
        if only and all(not pattern.strip("*?") for pattern in texts["resource"]):
            yield "its only selector matches every resource. Name resources, an account, a region or a tag."
        for account in texts["account"]:
            if not _ACCOUNT.match(account):
                yield f'account "{_short(account)}" is not an account id: 12 digits.'
        for region in texts["region"]:
            if region not in facts.regions():
                yield f'region "{_short(region)}" is not an AWS region.{_near(region, facts.regions())}'
        for kind in texts["type"]:
            if kind.count("::") != 2:
                yield f'type "{_short(kind)}" is not a resource type, such as AWS::S3::Bucket.'

    def _of_time(self, starts: datetime | None, until: datetime | None) -> Iterator[str]:
        if until is None:
            return
        if starts is not None and starts >= until:
            yield "until is not after from."
        latest = max(starts or self._at, self._at) + timedelta(days=self._days + 1)
        if until > latest:
            yield (
                f"until is more than {self._days} days ahead. Name an earlier day, or set maximumDays at the top of "
                "the file."
            )

    def _moment(self, where: str, field: str, text: str | None, *, last: bool) -> datetime | None:
        """A day's beginning, or with ``last`` its end; or the moment that is named."""
        if text is None:
            return None
        try:
            if _DAY.match(text):
                day = datetime.combine(date.fromisoformat(text), datetime.min.time(), UTC)
                return day + timedelta(days=1) if last else day
            moment = datetime.fromisoformat(text)
        except (ValueError, OverflowError):
            self._say(where, [f'{field} "{_short(text)}" is no day such as 2027-01-31.'])
            return None
        if moment.tzinfo is None:
            self._say(where, [f"{field} {_short(text)} has no time zone. Write {_short(text)}Z for UTC."])
            return None
        return moment.astimezone(UTC)

    def _rules(self, where: str, rule: str | None, framework: str | None) -> frozenset[str]:
        if (rule is None) == (framework is None):
            both = "it names a rule and a framework. Give one of them."
            self._say(where, ["it names no rule. Give rule or framework." if rule is None else both])
            return frozenset()
        if framework is not None:
            return self._rules_of(where, framework)
        rule = str(rule)
        managed = facts.managed_rules().get(rule) or facts.managed_rule_by_name(rule)
        if managed is not None:
            return frozenset({managed.identifier, rule})
        if rule in self._names:
            return frozenset({rule})
        known = (*facts.managed_rules(), *(each.name for each in facts.managed_rules().values()), *self._names)
        self._say(where, [f'rule "{_short(rule)}" is no managed rule and no rule of the project.{_near(rule, known)}'])
        return frozenset()

    def _rules_of(self, where: str, framework: str) -> frozenset[str]:
        try:
            return frozenset(self._frameworks(framework))
        except ValueError as error:
            self._say(where, [f"framework: {error}."])
            return frozenset()


def _list(value: str | Sequence[str] | None) -> tuple[str, ...]:
    return () if value is None else (value,) if isinstance(value, str) else tuple(value)


def _near(name: str, known: Iterable[str]) -> str:
    near = suggest.nearest(name, known)
    return f" Did you mean {near}?" if near else ""


def _short(text: str) -> str:
    plain = clean(str(text))
    return plain if len(plain) <= _SHOWN else plain[: _SHOWN - 1] + "…"
