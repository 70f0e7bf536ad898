"""How a command ends: 0 clean, 1 findings, 2 wrong usage or settings, 3 it could not run."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """Exit codes, the same for every command."""

    CLEAN = 0
    FINDINGS = 1
    USAGE = 2
    FAILED = 3


class CommandError(Exception):
    """A command that ends with a message instead of a result: what was wrong, where, what to do."""

    def __init__(self, message: str, *, hint: str = "", code: Exit = Exit.FAILED) -> None:
        super().__init__(message)
        self.hint = hint
        self.code = code
