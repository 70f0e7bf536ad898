"""Adds entries to ``exceptions.yaml`` and changes their dates, and leaves everything else as somebody wrote it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

HEAD = "# Violations that somebody accepts, why and until when. watchkeeper exceptions check\nexceptions:\n"


def added(text: str, entries: Iterable[Mapping[str, Any]]) -> str:
    """The file's text with entries at its end. ``text`` is empty, or has been read without an error."""
    blocks = "".join(_block(entry) for entry in entries)
    if not text.strip():
        return HEAD + blocks
    if not text.endswith("\n"):
        text += "\n"
    node = _list_node(text)
    if node is None or not node.value:
        lines = text.splitlines(keepends=True)
        number = next(n for n, line in enumerate(lines) if line.startswith("exceptions:"))
        return "".join([*lines[:number], "exceptions:\n", blocks, *lines[number + 1 :]])
    if node.flow_style:
        raise ValueError(
            "its exceptions are written in brackets. Write them as a list of lines that begin with a dash."
        )
    column = node.value[0].start_mark.column - 2
    indented = "".join(" " * max(column, 0) + line for line in _dedented(blocks).splitlines(keepends=True))
    end = _end_of_list(text, node)
    return text[:end] + indented + text[end:]


def with_until(text: str, number: int, until: str) -> str:
    """The file's text with another end of the entry of that number (from 0)."""
    node = _list_node(text)
    if node is None:
        raise ValueError("there are no exceptions in it.")
    value = next(value for key, value in node.value[number].value if key.value == "until")
    return text[: value.start_mark.index] + until + text[value.end_mark.index :]


def write(file: Path, text: str) -> None:
    """Write the whole file or none of it. Raises OSError."""
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f".{file.name}.new")
    try:
        with draft.open("w", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        draft.replace(file)
    finally:
        draft.unlink(missing_ok=True)


def _list_node(text: str) -> yaml.SequenceNode | None:
    root = yaml.compose(text, yaml.BaseLoader)
    pairs = root.value if isinstance(root, yaml.MappingNode) else ()
    found = next((value for key, value in pairs if key.value == "exceptions"), None)
    return found if isinstance(found, yaml.SequenceNode) else None


def _end_of_list(text: str, node: yaml.SequenceNode) -> int:
    """Where the last entry's last line ends: comments and keys below it stay below."""
    last = _last_scalar(node.value[-1])
    index = last.end_mark.index
    # A block scalar's end is the next line's beginning already.
    end = text.find("\n", index - 1 if text[index - 1 : index] == "\n" else index)
    return len(text) if end < 0 else end + 1


def _last_scalar(node: yaml.Node) -> yaml.Node:
    if isinstance(node, yaml.MappingNode) and node.value:
        return _last_scalar(node.value[-1][1])
    if isinstance(node, yaml.SequenceNode) and node.value and not node.flow_style:
        return _last_scalar(node.value[-1])
    return node


def _block(entry: Mapping[str, Any]) -> str:
    lines = [line for key, value in entry.items() for line in _lines(key, value)]
    return "".join(f"  {'- ' if number == 0 else '  '}{line}\n" for number, line in enumerate(lines))


def _lines(key: str, value: Any) -> Sequence[str]:
    if isinstance(value, Mapping):
        return [f"{key}:", *(f"  {_scalar(name)}: {_scalar(text)}" for name, text in value.items())]
    if isinstance(value, str):
        return [f"{key}: {_scalar(value)}"]
    if len(value) == 1:
        return [f"{key}: {_scalar(value[0])}"]
    return [f"{key}:", *(f"  - {_scalar(text)}" for text in value)]


def _scalar(text: str) -> str:
    """A text as YAML: plain where it stays the same text when it is read, quoted otherwise."""
    try:
        plain = yaml.load(f"x: {text}", yaml.BaseLoader) == {"x": text}  # noqa: S506 - makes texts only
    except yaml.YAMLError:
        plain = False
    if plain and text and not text.isdecimal() and text.isprintable():
        return text
    quoted: str = yaml.safe_dump(text, default_style='"', width=sys.maxsize)
    return quoted.rstrip("\n")


def _dedented(blocks: str) -> str:
    return "".join(line[2:] for line in blocks.splitlines(keepends=True))
