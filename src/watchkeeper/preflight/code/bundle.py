"""The files of a function's package, from inline text, an asset, an archive, a zip file or a folder."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path, PurePosixPath

from watchkeeper.preflight.code import javascript, python
from watchkeeper.preflight.code.facts import Facts
from watchkeeper.pulumi.graph import Archive, Asset

PYTHON = (".py",)
JAVASCRIPT = (".js", ".mjs", ".cjs", ".ts", ".mts", ".cts")
SKIP = {"node_modules", "__pycache__", ".git", "site-packages", "boto3", "botocore", "tests"}
_INTEREST = ("boto3", "botocore", "os.environ", "getenv", "aws_lambda")
LARGEST_FILE = 2_000_000
MOST_FILES = 400
MOST_BYTES = 20_000_000


class Unreadable(Exception):  # noqa: N818 - a fact about a package, not about us
    """The package or a part of it cannot be read; the message says why."""


@lru_cache(maxsize=256)
def _javascript(source: str, name: str) -> Facts:
    return javascript.read(source, name)


def facts_of(code: Asset | Archive, root: Path, runtime: str, handler: str = "") -> Facts:
    """The facts of all source files of a package; what cannot be read is in ``unread``."""
    facts = Facts()
    modules: dict[str, str] = {}
    size = 0
    try:
        for name, content in _files(code, root, _default_name(runtime, handler)):
            if not name.endswith((*PYTHON, *JAVASCRIPT)) or SKIP & set(PurePosixPath(name).parts[:-1]):
                continue
            size += len(content)
            if len(content) > LARGEST_FILE or len(modules) + facts.files >= MOST_FILES or size > MOST_BYTES:
                facts.unread.append(f"{name} and what follows it is too large to be read")
                break
            source = content.decode("utf-8", "replace")
            if name.endswith(PYTHON):
                modules[name] = source
            else:
                facts.merge(_javascript(source, name))
    except (Unreadable, OSError, zipfile.BadZipFile, RuntimeError, NotImplementedError) as error:
        facts.unread.append(str(error))
    if modules:
        facts.merge(
            python.read_package(_of_interest(modules, handler), handler if runtime.startswith("python") else "")
        )
    if not facts.files and not facts.unread:
        facts.unread.append("the package holds no Python, JavaScript or TypeScript file")
    return facts


def _of_interest(modules: dict[str, str], handler: str) -> dict[str, str]:
    """The modules without the libraries among them that speak neither to AWS nor to the environment (templates …)."""
    own = handler.replace("/", ".").partition(".")[0]
    heads = {
        PurePosixPath(name).parts[0] for name, source in modules.items() if any(word in source for word in _INTEREST)
    }
    return {
        name: source
        for name, source in modules.items()
        if "/" not in name or PurePosixPath(name).parts[0] in (own, *heads)
    }


def _default_name(runtime: str, handler: str) -> str:
    """What the one file of an inline function is called: like its handler's module."""
    module = handler.rpartition(".")[0] or "index"
    return f"{module}.js" if runtime.startswith("nodejs") else f"{module}.py"


def _files(code: Asset | Archive, root: Path, name: str) -> Iterator[tuple[str, bytes]]:
    if code.uri is not None:
        raise Unreadable(f"the code is at {code.uri}, which preflight does not fetch")
    if code.hash is not None and code == type(code)(hash=code.hash):
        raise Unreadable("the state has only the hash of the code")
    if isinstance(code, Asset) and code.text is not None:
        yield name, code.text.encode(errors="replace")
    elif isinstance(code, Archive) and code.parts is not None:
        for part, item in sorted(code.parts.items()):
            yield from _part(part, item, root)
    elif code.path is not None:
        yield from _path(root / code.path, name)


def _part(name: str, item: Asset | Archive, root: Path) -> Iterator[tuple[str, bytes]]:
    for inner, content in _files(item, root, name):
        one_file = isinstance(item, Asset)
        yield (name if one_file else str(PurePosixPath(name) / inner)), content


def _path(path: Path, name: str) -> Iterator[tuple[str, bytes]]:
    if path.is_dir():
        for file in sorted(path.rglob("*")):
            relative = file.relative_to(path)
            if file.is_file() and file.suffix in (*PYTHON, *JAVASCRIPT) and not SKIP & set(relative.parts[:-1]):
                yield relative.as_posix(), file.read_bytes()
    elif zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            for info in sorted(archive.infolist(), key=lambda item: item.filename):
                if info.filename.endswith((*PYTHON, *JAVASCRIPT)) and info.file_size <= LARGEST_FILE:
                    yield info.filename, archive.read(info)
    elif path.is_file():
        yield path.name or name, path.read_bytes()
    else:
        raise Unreadable(f"{path.name} is not there")
