"""Python as it would be in an environment that holds nothing but some packages and what these require.

``python -m tests.support.bare orjson,botocore MODULE FILE.py …`` imports each module and runs each file. Whatever else
is installed can't be imported.
"""

from __future__ import annotations

import importlib
import importlib.abc
import re
import runpy
import sys
from collections.abc import Iterable, Sequence
from importlib import metadata
from typing import Any

OWN = {"watchkeeper", "tests", "__main__"}


def closure(packages: Iterable[str]) -> set[str]:
    """The packages and all that they require, by their normalized names."""
    found: set[str] = set()
    waiting = [_normalized(name) for name in packages]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        try:
            requires = metadata.requires(name) or []
        except metadata.PackageNotFoundError:
            continue
        found.add(name)
        wanted = (line for line in requires if "extra ==" not in line)
        waiting += [_normalized(re.split(r"[^\w.-]", line, maxsplit=1)[0]) for line in wanted]
    return found


def modules_of(packages: set[str]) -> set[str]:
    """The top-level modules that the packages bring."""
    return {
        module
        for module, sources in metadata.packages_distributions().items()
        if packages & {_normalized(source) for source in sources}
    }


def _normalized(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


class Only(importlib.abc.MetaPathFinder):
    """Refuses every module but those."""

    def __init__(self, modules: set[str]) -> None:
        self._modules = modules

    def find_spec(self, name: str, path: Sequence[str] | None = None, target: Any = None) -> None:
        top = name.partition(".")[0]
        if top not in self._modules and top not in OWN and top not in sys.stdlib_module_names:
            raise ModuleNotFoundError(f"No module named {top!r}: it is not among what is said to be needed", name=top)


def main(packages: str, *things: str) -> None:
    sys.meta_path.insert(0, Only(modules_of(closure(filter(None, packages.split(","))))))
    for thing in things:
        if thing.endswith(".py"):
            runpy.run_path(thing, run_name="__main__")
        else:
            importlib.import_module(thing)


if __name__ == "__main__":
    main(*sys.argv[1:])
