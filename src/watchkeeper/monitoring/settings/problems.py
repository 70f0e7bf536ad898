"""What is wrong with settings: where it stands, what it is, and what to write instead."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from watchkeeper.aws import suggest

NAMESPACE: Final = "watchkeeper"
"""The Pulumi configuration namespace, and the name of the Pulumi project."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with the settings: where (``rules[0].identifier``), what, and what to write instead."""

    path: str
    message: str
    fix: str = ""

    def __str__(self) -> str:
        place = f"{NAMESPACE}:{self.path}" if self.path else "settings"
        return f"{place}: {self.message}" + (f" {self.fix}" if self.fix else "")


class SettingsError(ValueError):
    """The settings can't be used. ``problems`` has all of what is wrong, not the first only."""

    def __init__(self, problems: Iterable[Problem], source: str = "") -> None:
        self.problems: tuple[Problem, ...] = tuple(problems)
        self.source = source
        head = f"{len(self.problems)} problem{'s' * (len(self.problems) != 1)} in the settings"
        lines = [head + (f" ({source})" if source else ""), *(f"  {problem}" for problem in self.problems)]
        super().__init__("\n".join(lines))


class WrongError(ValueError):
    """A problem found by a validator, with its fix apart; pydantic hands it through."""

    def __init__(self, message: str, fix: str = "") -> None:
        super().__init__(message)
        self.fix = fix


def nearest(word: str, known: Iterable[str]) -> str:
    """A sentence that names the nearest known word, or lists the known ones when there are few; empty otherwise."""
    names = list(known)
    close = suggest.nearest(word, names)
    if close:
        return f"Did you mean {close}?"
    return f"Known: {listed(names)}." if 0 < len(names) <= 30 else ""


def listed(values: Iterable[Any]) -> str:
    return ", ".join(str(value) for value in values)


def short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
