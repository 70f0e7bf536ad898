"""What goes into the functions' deployment package: our own few modules, their data files, Jinja2 and MarkupSafe.

One package serves every function. boto3 is left to the Lambda runtime, which carries it. MarkupSafe's C accelerator is
left out: it would be built for this machine, and the package falls back to its Python form by itself.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path

OWN_PARTS = ("__init__.py", "model.py", "monitoring/__init__.py", "monitoring/functions", "reports")
VENDORED = ("jinja2", "markupsafe")
SUFFIXES = frozenset({".py", ".json", ".html", ".css", ".md"})
NOT_DEPLOYED = frozenset({"watchkeeper/monitoring/functions/bundle.py"})

_EPOCH = (1980, 1, 1, 0, 0, 0)
"""A fixed time for every entry: the same sources give the same bytes, so an unchanged package is not deployed again."""


def bundle_files() -> Mapping[str, Path]:
    """Every file of the package: its path inside the archive (``/`` separated, sorted) and where it is here.

    Raises
    ------
    ModuleNotFoundError
        When Jinja2 or MarkupSafe is not installed here.
    """
    own = _package_folder("watchkeeper")
    files = {
        f"watchkeeper/{path.relative_to(own).as_posix()}": path for part in OWN_PARTS for path in _walk(own / part)
    }
    for name in VENDORED:
        folder = _package_folder(name)
        files.update({f"{name}/{path.relative_to(folder).as_posix()}": path for path in _walk(folder)})
    return {name: files[name] for name in sorted(files) if name not in NOT_DEPLOYED}


def bundle_zip(extra: Mapping[str, str] | None = None) -> bytes:
    """The package as a zip archive, byte for byte the same for the same sources.

    Parameters
    ----------
    extra
        More text files, archive path -> content, such as the rules when they do not fit into the environment.
    """
    content = {name: path.read_bytes() for name, path in bundle_files().items()}
    content.update({name: text.encode() for name, text in (extra or {}).items()})
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(content):
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, content[name])
    return buffer.getvalue()


def _package_folder(name: str) -> Path:
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"{name} is not installed here; the functions' package carries it", name=name)
    return Path(spec.origin).parent


def _walk(path: Path) -> Iterator[Path]:
    if path.is_file():
        yield path
        return
    for child in sorted(path.rglob("*")):
        if child.is_file() and child.suffix in SUFFIXES and "__pycache__" not in child.parts:
            yield child
