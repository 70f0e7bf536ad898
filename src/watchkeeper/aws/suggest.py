"""The name that was meant, for one that doesn't exist."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

from watchkeeper.aws import facts


def nearest(name: str, candidates: Iterable[str]) -> str | None:
    """The candidate that somebody who wrote ``name`` most likely meant; None where none is close.

    Words count before letters: DB_BACKUP_RETENTION_PERIOD is answered with DB_INSTANCE_BACKUP_ENABLED.
    """
    options = list(candidates)
    if not options:
        return None
    alias = facts.often_meant().get(name)
    if alias in options:
        return alias
    folded = {_fold(option): option for option in reversed(options)}
    close = difflib.get_close_matches(_fold(name), list(folded), n=1, cutoff=0.72)
    if close:
        return folded[close[0]]
    return _nearest_by_words(name, options)


def nearest_framework(words: str) -> str | None:
    """The name of the framework that somebody who wrote those words most likely meant; None where none is close."""
    known = {name: facts.name_words(name) for name in facts.frameworks()}
    vocabulary = sorted(set().union(*known.values()))
    meant = {nearest(word, vocabulary) or word for word in facts.name_words(words)}
    best = max(known, key=lambda name: (len(meant & known[name]), -len(known[name])))
    return best if meant & known[best] else None


def _nearest_by_words(name: str, options: list[str]) -> str | None:
    wanted = _words(name)
    best = max(options, key=lambda option: (_overlap(wanted, _words(option)), option))
    return best if _overlap(wanted, _words(best)) >= 0.4 else None


def _overlap(left: set[str], right: set[str]) -> float:
    return len(left & right) / len(left | right) if left and right else 0.0


def _words(name: str) -> set[str]:
    return {word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", name)}


def _fold(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
