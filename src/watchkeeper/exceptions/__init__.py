"""Exceptions: which violations somebody accepted, why, and until when.

``exceptions.yaml`` is the source. :func:`load` reads it, :class:`Exceptions` answers which entry accepts a violation.
An accepted violation is ``EXCEPTED``: it is counted apart and is in no score.
"""

from watchkeeper.exceptions.accepting import Acceptance, subject
from watchkeeper.exceptions.check import Note, check
from watchkeeper.exceptions.entry import Entry, Exceptions, State, Subject
from watchkeeper.exceptions.file import FILE, ExceptionsError, load, read

__all__ = [
    "FILE",
    "Acceptance",
    "Entry",
    "Exceptions",
    "ExceptionsError",
    "Note",
    "State",
    "Subject",
    "check",
    "load",
    "read",
    "subject",
]
