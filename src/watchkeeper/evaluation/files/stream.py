"""A file as a stream of chunks of whole items, whatever its form and wherever it is damaged.

Read are what Config writes (``{"fileVersion": …, "configurationItems": […]}``, several one after the other too), a list
of items, and objects one after the other, as in JSON lines: items, or events with an item. Plain or gzip, of one member
or many. At no time is more held than :data:`MAX_ITEM` and a chunk.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

import orjson

from watchkeeper.evaluation.files.sources import Source
from watchkeeper.rules.base import shown

CHUNK = 1 << 20
"""Bytes of unpacked items that are parsed at once: what a core's cache takes with the objects that come of them."""
MAX_ITEM = 64 << 20
"""Bytes of the largest item that is evaluated; AWS's own are below a few MB."""

_BOM = b"\xef\xbb\xbf"
_GZIP = b"\x1f\x8b"
_ITEMS = re.compile(rb'"configurationItems"\s*:\s*\[')
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*+"|"|[{}\[\]]', re.DOTALL)
_BETWEEN = re.compile(rb"\}\s*,?\s*(?=\{)")
_SEPARATOR = re.compile(rb"\s*,?\s*")
_SPACE = b", \t\r\n"
_LINES = re.compile(rb"\}[ \t\r]*\n\s*\{")
_MARKS = ("configurationItem", "configurationState")
"""How the keys begin that an item has and what is inside an item hasn't: configurationItemStatus and the like."""
FAR = 256 << 10
"""Bytes of the largest item that is recognized by its keys; larger ones are found one token at a time."""

OnBytes = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Chunk:
    """Items one after the other, and what makes JSON of them."""

    data: bytes
    before: bytes = b"["
    after: bytes = b"]"
    lines: bool = False
    """Whether line ends part the items, not commas."""
    last: bool = False
    """Whether the file ends here."""

    def parsed(self) -> list[Any]:
        """The items. Raises orjson.JSONDecodeError where the chunk is not whole JSON."""
        data = _LINES.sub(b"},{", self.data) if self.lines else self.data
        found = orjson.loads(self.before + data + self.after)
        items: list[Any] = found["items"] if isinstance(found, dict) else found
        return items

    def pieces(self) -> Iterator[tuple[Any, str]]:
        """Each item, or what is wrong with it: the slower way, for a chunk that is not whole JSON."""
        for piece, last in _pieces(self.data):
            yield from _piece(piece, last and self.last, b"" if self.after else self.before)


class Reader:
    """Unpacks one source and hands out chunks of whole items."""

    def __init__(self, source: Source, on_bytes: OnBytes) -> None:
        self.source = source
        self.problems: list[str] = []
        """What is wrong with the file itself."""
        self._on_bytes = on_bytes

    def chunks(self) -> Iterator[Chunk]:
        """The items, in order. What can't be read ends them and is in :attr:`problems`."""
        blocks = self._blocks()
        buffer = b""
        for block in blocks:
            buffer += block
            if len(buffer) >= CHUNK:
                break
        buffer = buffer.removeprefix(_BOM).lstrip()
        if not buffer:
            self.problems = self.problems or ["the file is empty"]
            return
        found = _ITEMS.search(buffer)
        if found and not _LINES.search(buffer, 0, found.start()):
            yield from self._cut(buffer[found.end() :], blocks, Chunk(b"", before=b'{"items":[', after=b"", last=True))
        elif buffer.startswith(b"["):
            yield from self._cut(buffer[1:], blocks, Chunk(b"", after=b"", last=True))
        else:
            yield from self._cut(buffer, blocks, Chunk(b"", lines=True, last=True))

    def _cut(self, buffer: bytes, blocks: Iterator[bytes], end: Chunk) -> Iterator[Chunk]:
        """Chunks of about :data:`CHUNK` bytes that end with an item; the last one has the form of ``end``."""
        enough = CHUNK
        for block in blocks:
            if len(buffer) >= enough:
                parted = _last_boundary(buffer)
                if parted:
                    yield Chunk(buffer[: parted[0]], lines=end.lines)
                    buffer = buffer[parted[1] :]
                elif len(buffer) >= MAX_ITEM:
                    self.problems.append(f"an item of more than {MAX_ITEM >> 20} MiB is left out")
                    buffer = _behind(buffer, blocks)
                # Each attempt goes through the whole buffer: twice as much until one succeeds.
                enough = CHUNK if parted else 2 * len(buffer)
            buffer += block
        yield Chunk(buffer, end.before, end.after, end.lines, last=True)

    def _blocks(self) -> Iterator[bytes]:
        """The unpacked bytes, at most :data:`CHUNK` at once."""
        try:
            with self.source.open() as raw:
                first = self._read(raw)
                yield from self._unpacked(first, raw) if first[:2] == _GZIP else self._plain(first, raw)
        except (OSError, zlib.error, EOFError) as error:
            self.problems.append(f"could not be read to its end: {error}")

    def _read(self, raw: BinaryIO) -> bytes:
        block = raw.read(CHUNK)
        self._on_bytes(len(block))
        return block

    def _plain(self, first: bytes, raw: BinaryIO) -> Iterator[bytes]:
        block = first
        while block:
            yield block
            block = self._read(raw)

    def _unpacked(self, first: bytes, raw: BinaryIO) -> Iterator[bytes]:
        stream, packed = zlib.decompressobj(wbits=31), first
        while True:
            block = stream.decompress(packed, CHUNK)
            yield block
            if stream.eof:
                packed = (stream.unused_data or self._read(raw)).lstrip(b"\0")
                packed += self._read(raw) if len(packed) == 1 else b""
                if packed and packed[:2] != _GZIP:
                    self.problems.append("what follows the end of the gzip stream is none, and is left out")
                if packed[:2] != _GZIP:
                    return
                stream = zlib.decompressobj(wbits=31)
                continue
            packed = stream.unconsumed_tail or self._read(raw)
            if not packed and not block:
                self.problems.append("the gzip stream is cut: its end is missing")
                return


def _last_boundary(buffer: bytes) -> tuple[int, int] | None:
    """Where the last item but one ends and the last begins, as far as that is certain."""
    end, width = len(buffer), 1 << 16
    while end > 0:
        begin = max(0, end - width)
        for found in reversed(list(_BETWEEN.finditer(buffer, begin, min(end + 64, len(buffer))))):
            if _begins_item(buffer, found.end()):
                return found.start() + 1, found.end()
        end, width = begin, width * 8
    return _exact_boundary(buffer)


def _begins_item(data: bytes, at: int) -> bool:
    """Whether the object that begins there certainly is an item: whole, valid, with a key that nothing inside an item
    has. No text can pass for one: what is quoted in it would not be valid outside."""
    try:
        value = orjson.loads(data[at : _end(data, at)])
    except orjson.JSONDecodeError:
        return False
    return any(key.startswith(_MARKS) and key != "configurationItems" for key in value)


def _end(data: bytes, at: int) -> int:
    """Where the object that begins there ends; where it begins, if that is too far to see."""
    depth = 0
    for token in _TOKEN.finditer(data, at, at + FAR):
        mark = token[0]
        if mark in (b"{", b"["):
            depth += 1
        elif mark in (b"}", b"]"):
            depth -= 1
            if depth <= 0:
                return token.end()
    return at


def _exact_boundary(buffer: bytes) -> tuple[int, int] | None:
    """As :func:`_last_boundary`, for objects that don't look like items: one token at a time, so ten times slower."""
    spans, _ = _spans(buffer)
    for _, end in reversed(spans):
        separator = _SEPARATOR.match(buffer, end)
        following = separator.end() if separator else end
        if buffer[following : following + 1] not in (b"", b"]"):
            return end, following
    return None


def _spans(data: bytes) -> tuple[list[tuple[int, int]], int]:
    """Where the whole objects at the start of ``data`` stand, and where what is left begins: an object that has no end,
    or the bracket that closes them."""
    found: list[tuple[int, int]] = []
    depth, begin, end = 0, 0, 0
    for token in _TOKEN.finditer(data):
        mark = token[0]
        if mark == b'"':
            break
        if mark in (b"{", b"["):
            begin = token.start() if depth == 0 else begin
            depth += 1
        elif mark in (b"}", b"]"):
            if depth == 0:
                return found, token.start()
            depth -= 1
            if depth == 0:
                end = token.end()
                found.append((begin, end))
    return found, begin if depth else end


def _behind(buffer: bytes, blocks: Iterator[bytes]) -> bytes:
    """What stands from the next certain item on, behind one that is too large."""
    for block in blocks:
        buffer = buffer[-FAR:] + block
        for found in _BETWEEN.finditer(buffer):
            if _begins_item(buffer, found.end()):
                return buffer[found.end() :]
    return b""


def _pieces(data: bytes) -> Iterator[tuple[bytes, bool]]:
    """The data, parted wherever an item certainly begins; and whether the piece is the last."""
    start = 0
    for found in _BETWEEN.finditer(data):
        if _begins_item(data, found.end()):
            yield data[start : found.start() + 1], False
            start = found.end()
    yield data[start:], True


def _piece(piece: bytes, last: bool, opened: bytes) -> Iterator[tuple[Any, str]]:
    """The items of a piece, each or what is wrong with it. ``opened``: what has to be closed at its end."""
    spans, left = _spans(piece)
    at, whole = 0, True
    for begin, end in spans:
        if piece[at:begin].strip(_SPACE):
            yield None, f"what stands here is no item: {shown(piece[at:begin].decode(errors='replace'))}"
        try:
            yield orjson.loads(piece[begin:end]), ""
        except orjson.JSONDecodeError as error:
            whole = False
            yield None, f"the item is not JSON: {error}"
        at = end
    rest = piece[left:].strip(_SPACE)
    following = _ITEMS.search(rest) if rest.startswith(b"]") else None
    if following:
        yield from _piece(rest[following.end() :], last, opened)
    elif rest and not rest.startswith(b"]"):
        yield None, f"the item is cut: its end is missing after {len(rest)} bytes" if last else "the item is not JSON"
    elif last and opened and whole and not _closes(opened, rest):
        yield None, "the file is cut, or is not JSON, after its last item"


def _closes(before: bytes, rest: bytes) -> bool:
    """Whether that is how the list, or the document, ends."""
    try:
        orjson.loads(before + rest)
    except orjson.JSONDecodeError:
        return False
    return True
