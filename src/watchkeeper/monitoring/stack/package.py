"""The functions' deployment package as a Pulumi archive: what they import of this package, and nothing else.

The files are those of :mod:`watchkeeper.monitoring.functions.bundle`. Before they are handed over, their imports are
read: a module that is deployed may use the standard library, boto3 (the Lambda runtime has it) and what the package
carries.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import pulumi

from watchkeeper.monitoring.functions.bundle import VENDORED, bundle_files

OWN = "watchkeeper"
HERE = Path(__file__).parents[2]
"""The folder of this package."""
RUNTIME_HAS = frozenset({"boto3", "botocore"})
BODIES = ("body", "orelse", "finalbody", "handlers", "cases")
"""The fields of Python's syntax tree that hold statements."""


class PackageError(Exception):
    """The functions import what their package doesn't carry."""


def archive(extra: Mapping[str, str] | None = None) -> pulumi.AssetArchive:
    """The package; ``extra`` has more text files, archive path → content. Raises PackageError."""
    files = bundle_files()
    problems = missing_imports(files)
    if problems:
        raise PackageError("the functions can't be deployed:\n" + "\n".join(f"  {problem}" for problem in problems))
    assets: dict[str, pulumi.Asset | pulumi.Archive] = {
        name: pulumi.FileAsset(str(path)) for name, path in files.items()
    }
    assets.update({name: pulumi.StringAsset(text) for name, text in (extra or {}).items()})
    return pulumi.AssetArchive(assets)


def missing_imports(files: Mapping[str, Path]) -> list[str]:
    """A sentence for each import of our own modules that the deployed package could not follow."""
    carried = {_module(name) for name in files if name.endswith(".py")}
    own = {name: path for name, path in files.items() if name.startswith(f"{OWN}/") and name.endswith(".py")}
    return [
        f"{name} imports {module}, which is not in the package"
        for name, path in own.items()
        for module in sorted(set(_imports(path, _package(name))))
        if not _available(module, carried)
    ]


def _available(module: str, carried: set[str]) -> bool:
    top = module.split(".", 1)[0]
    if top == OWN:
        return module in carried
    return top in sys.stdlib_module_names or top in RUNTIME_HAS or top in VENDORED


def _module(name: str) -> str:
    return name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _package(name: str) -> str:
    return name.rsplit("/", 1)[0].replace("/", ".")


def _imports(path: Path, package: str) -> Iterator[str]:
    """Modules that a file imports anywhere in it, for type checking only excepted."""
    tree = ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
    for node in _at_run_time(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from _from(node, package)


def _from(node: ast.ImportFrom, package: str) -> Iterator[str]:
    steps = package.split(".")
    base = ".".join(steps[: len(steps) - node.level + 1]) if node.level else ""
    module = ".".join(part for part in (base, node.module or "") if part)
    yield module
    # `from watchkeeper.aws import facts` names a module; `from watchkeeper.model import Finding` does not.
    yield from filter(_is_own_module, (f"{module}.{alias.name}" for alias in node.names))


def _is_own_module(dotted: str) -> bool:
    top, _, rest = dotted.partition(".")
    path = HERE.joinpath(*rest.split("."))
    return top == OWN and (path.with_suffix(".py").is_file() or (path / "__init__.py").is_file())


def _at_run_time(node: ast.AST) -> Iterator[ast.AST]:
    """The statements in it, however deep; an import is one, so that expressions need not be looked into."""
    if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
        inside: Iterable[ast.AST] = node.orelse
    else:
        yield node
        inside = (child for part in BODIES for child in getattr(node, part, ()))
    for child in inside:
        yield from _at_run_time(child)
