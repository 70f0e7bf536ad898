"""All checks, by id: every module of :mod:`watchkeeper.preflight.checks` holds one, named like its file."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from watchkeeper.aws import facts
from watchkeeper.preflight import checks as package
from watchkeeper.preflight.check import Check
from watchkeeper.preflight.options import Options


@cache
def checks() -> Mapping[str, Check]:
    """Every check by its id, sorted."""
    names = sorted(module.name for module in pkgutil.iter_modules(package.__path__))
    found = [importlib.import_module(f"{package.__name__}.{name}").CHECK for name in names]
    return MappingProxyType({check.id: check for check in found})


def warm_up() -> None:
    """Load what the checks need, while a program runs in its own process: that takes as long as the checks do."""
    checks()
    facts.managed_rules()
    facts.managed_policies()


def unknown_names(names: tuple[str, ...]) -> list[str]:
    """Those of the names that are neither an id nor a tag of a check."""
    if not names:
        return []
    known = set(checks()) | {tag for check in checks().values() for tag in check.tags}
    return [name for name in names if name not in known]


def selected(options: Options) -> list[Check]:
    """The checks to run under ``--select`` and ``--ignore`` (ids or tags)."""
    return [
        check
        for check in checks().values()
        if (not options.select or _named(check, options.select)) and not _named(check, options.ignore)
    ]


def _named(check: Check, names: tuple[str, ...]) -> bool:
    return check.id in names or any(tag in names for tag in check.tags)
