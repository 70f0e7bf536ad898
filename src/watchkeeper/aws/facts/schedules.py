"""EventBridge schedule expressions: ``rate(…)``, ``cron(…)`` and, for EventBridge Scheduler, ``at(…)``.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_RATE = re.compile(r"rate\(([^()]*)\)")
_CRON = re.compile(r"cron\(([^()]*)\)")
_AT = re.compile(r"at\(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\)")
_UNITS = ("minute", "hour", "day")
_MONTH_NAMES = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DAY_NAMES = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_MONTHS = {name: index for index, name in enumerate(_MONTH_NAMES, 1)}
_DAYS = {name: index for index, name in enumerate(_DAY_NAMES, 1)}
_FIELDS: tuple[tuple[str, int, int, Mapping[str, int]], ...] = (
    ("minutes", 0, 59, {}),
    ("hours", 0, 23, {}),
    ("day of month", 1, 31, {}),
    ("month", 1, 12, _MONTHS),
    ("day of week", 1, 7, _DAYS),
    ("year", 1970, 2199, {}),
)
_DAY_OF_MONTH, _DAY_OF_WEEK = 2, 4
_ENGLISH = re.compile(r"every\s+(\d+)?\s*(minute|hour|day)s?", re.IGNORECASE)


def problem(expression: str, *, scheduler: bool = False) -> tuple[str, str] | None:
    """What is wrong with an expression and what to write instead, or None when it is right."""
    if scheduler and _AT.fullmatch(expression):
        return None
    rate = _RATE.fullmatch(expression)
    if rate:
        return _rate_problem(rate.group(1))
    cron = _CRON.fullmatch(expression)
    if cron:
        return _cron_problem(cron.group(1).split(" "))
    english = _ENGLISH.search(expression)
    if english:
        return (
            "it is neither rate(…) nor cron(…)",
            f"Write {_rate(int(english.group(1) or 1), english.group(2).lower())}.",
        )
    fields = expression.split()
    if len(fields) == 5 and all(re.fullmatch(r"[\d*/,\-]+", field) for field in fields):
        return "it is neither rate(…) nor cron(…)", f"Write {_from_unix(fields)}."
    return "it is neither rate(…) nor cron(…)", "Write it like rate(6 hours) or cron(0 8 * * ? *)."


def _rate(value: int, unit: str) -> str:
    return f"rate({value} {unit if value == 1 else unit + 's'})"


def _rate_problem(inside: str) -> tuple[str, str] | None:
    match = re.fullmatch(r"(\d+) (minute|hour|day)(s?)", inside)
    if match is None:
        loose = re.fullmatch(r"\s*(\d+)\s*(min|minute|hr|hour|h|d|day|m)s?\s*", inside, re.IGNORECASE)
        units = {"m": "minute", "h": "hour", "d": "day"}
        better = _rate(int(loose.group(1)), units[loose.group(2)[0].lower()]) if loose else "rate(6 hours)"
        return "a rate is a positive number and minute(s), hour(s) or day(s)", f"Write {better}."
    value, unit, plural = int(match.group(1)), match.group(2), match.group(3)
    if value < 1:
        return "a rate is at least 1", f"Write {_rate(1, unit)}."
    if (value == 1) == bool(plural):
        return f"the unit for {value} is {unit if value == 1 else unit + 's'}", f"Write {_rate(value, unit)}."
    return None


def _cron_problem(fields: list[str]) -> tuple[str, str] | None:
    if len(fields) != len(_FIELDS):
        better = _from_unix(fields) if len(fields) == 5 else "cron(0 8 * * ? *)"
        names = ", ".join(name for name, *_ in _FIELDS)
        return f"it has {len(fields)} fields; there are six: {names} (no seconds)", f"Write it like {better}."
    questions = [index for index in (_DAY_OF_MONTH, _DAY_OF_WEEK) if fields[index] == "?"]
    if len(questions) != 1:
        fixed = list(fields)
        fixed[_DAY_OF_WEEK if fields[_DAY_OF_WEEK] in ("*", "?") else _DAY_OF_MONTH] = "?"
        if len(questions) == 2:
            fixed[_DAY_OF_MONTH] = "*"
        return (
            "exactly one of day of month and day of week must be ?",
            f"Write cron({' '.join(fixed)}).",
        )
    for index, field in enumerate(fields):
        name, low, high, words = _FIELDS[index]
        if not _field_fits(field, index, low, high, words):
            return f'"{field}" is not a valid {name} ({low} to {high})', "Correct that field."
    return None


def _field_fits(field: str, index: int, low: int, high: int, names: Mapping[str, int]) -> bool:
    if field == "?":
        return index in (_DAY_OF_MONTH, _DAY_OF_WEEK)
    return all(_part_fits(part, index, low, high, names) for part in field.split(","))


def _part_fits(part: str, index: int, low: int, high: int, names: Mapping[str, int]) -> bool:
    if index == _DAY_OF_MONTH and re.fullmatch(r"L|LW|L-\d{1,2}|\d{1,2}W", part):
        return True
    if index == _DAY_OF_WEEK and re.fullmatch(r"L|[1-7A-Z]{1,3}L|[1-7A-Z]{1,3}#[1-5]", part):
        return True
    base, slash, step = part.partition("/")
    if slash and not (step.isdecimal() and int(step) >= 1):
        return False
    if base == "*":
        return True
    first, dash, last = base.partition("-")
    ends = [first, last] if dash else [first]
    return all(_value_fits(end, low, high, names) for end in ends)


def _value_fits(value: str, low: int, high: int, names: Mapping[str, int]) -> bool:
    if value.upper() in names:
        return True
    return value.isascii() and value.isdecimal() and len(value) <= 4 and low <= int(value) <= high


def _from_unix(fields: list[str]) -> str:
    minute, hour, day, month, weekday = fields
    if weekday in ("*", "?"):
        return f"cron({minute} {hour} {day} {month} ? *)"
    return f"cron({minute} {hour} ? {month} {weekday} *)"
