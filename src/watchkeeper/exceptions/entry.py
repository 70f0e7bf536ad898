"""An exception, whether it holds at a moment, and which violations it accepts. Standard library only."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from fnmatch import translate
from functools import cached_property
from typing import NamedTuple

ANY = re.compile(r"[*?\[]")
"""What makes a text a pattern."""


class State(StrEnum):
    """What an exception is at a moment."""

    ACTIVE = "active"
    PENDING = "pending"
    """Nobody approved it: it has no effect."""
    FUTURE = "future"
    """It begins later."""
    EXPIRED = "expired"


class Subject(NamedTuple):
    """A violation, as an exception is compared with it."""

    identifier: str
    """The managed rule's."""
    rule: str
    """The name under which the rule is configured or deployed."""
    account: str
    region: str
    resource_type: str
    resource_id: str
    resource_name: str = ""
    arn: str = ""
    tags: Mapping[str, str] | None = None
    """None: not known, and an exception that asks for a tag does not hold."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One exception. Empty selectors select everything; at least one is not empty."""

    rules: frozenset[str]
    """Identifiers, or names of rules, that it is about; those of its framework where it names one."""
    owner: str
    reason: str
    until: datetime
    """The first moment at which it does not hold any more."""
    rule: str = ""
    """As it is written; empty where a framework is named."""
    framework: str = ""
    accounts: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    """Ids, names or ARNs; with ``*``, ``?`` and ``[…]`` patterns, with case."""
    tags: Mapping[str, str] = field(default_factory=dict)
    """Tag to value; ``*`` stands for any value."""
    starts: datetime | None = None
    approved_by: str = ""
    compensating_control: str = ""
    ticket: str = ""
    where: str = ""
    """``exceptions.yaml:12``."""

    def state(self, at: datetime) -> State:
        """What it is then. Exact: it holds from :attr:`starts` to just before :attr:`until`."""
        if at >= self.until:
            return State.EXPIRED
        if not self.approved_by:
            return State.PENDING
        return State.FUTURE if self.starts is not None and at < self.starts else State.ACTIVE

    def selects(self, subject: Subject) -> bool:
        """Whether it is about this violation, whatever the time."""
        return self.concerns(subject.identifier, subject.rule) and self.covers(subject)

    def concerns(self, identifier: str, name: str) -> bool:
        """Whether it is about the rule: by its identifier, or by its name with or without an environment's suffix."""
        return identifier in self.rules or name in self.rules or name.rpartition("-")[0] in self.rules

    def covers(self, subject: Subject) -> bool:
        """Whether its selectors select the resource."""
        return (
            (not self.accounts or subject.account in self.accounts)
            and (not self.regions or subject.region in self.regions)
            and (not self.types or subject.resource_type in self.types)
            and (not self.resources or self._names(subject))
            and all(_has(subject.tags, name, value) for name, value in self.tags.items())
        )

    def _names(self, subject: Subject) -> bool:
        names = (subject.resource_id, subject.resource_name, subject.arn)
        return any(name and matches(pattern, name) for pattern in self.resources for name in names)

    @property
    def told(self) -> str:
        """Why a violation is accepted, for people."""
        return f"Accepted until {self.until:%Y-%m-%d %H:%M} UTC by {self.owner}: {self.reason}"

    @property
    def selection(self) -> str:
        """What its selectors say, for people: ``account 111122223333; resource scratch-*``."""
        said = (
            ("account", self.accounts),
            ("region", self.regions),
            ("type", self.types),
            ("resource", self.resources),
            ("tag", tuple(f"{name}={value}" for name, value in self.tags.items())),
        )
        return "; ".join(f"{name} {', '.join(values)}" for name, values in said if values)

    @property
    def subject(self) -> str:
        """What it is about, for people: ``S3_BUCKET_VERSIONING_ENABLED``."""
        return self.rule or self.framework


_compiled: dict[str, re.Pattern[str]] = {}


def matches(pattern: str, name: str) -> bool:
    """Whether a name is the text or what the pattern describes."""
    if not ANY.search(pattern):
        return pattern == name
    if pattern not in _compiled:
        _compiled[pattern] = re.compile(translate(pattern))
    return _compiled[pattern].match(name) is not None


def _has(tags: Mapping[str, str] | None, name: str, value: str) -> bool:
    return tags is not None and name in tags and value in ("*", tags[name])


@dataclass(frozen=True)
class Exceptions:
    """Entries, laid out so that most violations are compared with few of them."""

    entries: tuple[Entry, ...] = ()
    source: str = ""
    """The file, for people."""

    def accepts(self, subject: Subject, at: datetime) -> Entry | None:
        """The entry that accepts the violation then: the one that holds longest."""
        held = [entry for entry in self.about(subject) if entry.state(at) is State.ACTIVE]
        return max(held, key=lambda entry: entry.until, default=None)

    def about(self, subject: Subject) -> Iterator[Entry]:
        """The entries that select the violation, whatever the time."""
        for name in {subject.identifier, subject.rule, subject.rule.rpartition("-")[0]}:
            exact, wide = self._by_rule.get(name, (_NONE, ()))
            for key in {subject.resource_id, subject.resource_name, subject.arn}:
                yield from (entry for entry in exact.get(key, ()) if entry.covers(subject))
            yield from (entry for entry in wide if entry.covers(subject))

    def concerns(self, identifier: str, name: str) -> bool:
        """Whether an entry is about the rule."""
        return any(key in self._by_rule for key in (identifier, name, name.rpartition("-")[0]))

    @property
    def needs_tags(self) -> bool:
        """Whether an entry asks for a resource's tags."""
        return any(entry.tags for entry in self.entries)

    def in_state(self, state: State, at: datetime) -> Sequence[Entry]:
        """The entries in that state."""
        return [entry for entry in self.entries if entry.state(at) is state]

    @cached_property
    def _by_rule(self) -> Mapping[str, tuple[Mapping[str, list[Entry]], list[Entry]]]:
        """Rule to the entries about it: by a resource that they name, and the others."""
        found: dict[str, tuple[dict[str, list[Entry]], list[Entry]]] = {}
        for entry in self.entries:
            exact = entry.resources if entry.resources and not any(map(ANY.search, entry.resources)) else ()
            for rule in entry.rules:
                by_resource, wide = found.setdefault(rule, ({}, []))
                for name in exact:
                    by_resource.setdefault(name, []).append(entry)
                if not exact:
                    wide.append(entry)
        return found


_NONE: Mapping[str, list[Entry]] = {}


def overlapping(entries: Iterable[Entry]) -> Iterator[tuple[Entry, Entry]]:
    """Pairs of which the first selects everything that the second one does, by what they say."""
    ordered = tuple(entries)
    for number, first in enumerate(ordered):
        for other, second in enumerate(ordered):
            if number != other and _contains(first, second) and (other > number or not _contains(second, first)):
                yield first, second


def _contains(wide: Entry, narrow: Entry) -> bool:
    return (
        narrow.rules <= wide.rules
        and _within(wide.accounts, narrow.accounts)
        and _within(wide.regions, narrow.regions)
        and _within(wide.types, narrow.types)
        and (not wide.resources or (bool(narrow.resources) and all(_covered(wide, name) for name in narrow.resources)))
        and all(narrow.tags.get(name) == value for name, value in wide.tags.items())
    )


def _covered(wide: Entry, name: str) -> bool:
    return any(pattern == name or (not ANY.search(name) and matches(pattern, name)) for pattern in wide.resources)


def _within(wide: Sequence[str], narrow: Sequence[str]) -> bool:
    return not wide or (bool(narrow) and set(narrow) <= set(wide))
