"""An example of each mistake with its correction, as a difference: what is wrong with ``-``, what is right with ``+``.

``<check>.yaml.diff`` is a part of a CloudFormation template: ``scripts/template_examples.py`` makes it from a mistake
that the tests make. ``<check>.py.diff`` is a whole Pulumi program, written by hand; a test runs both of its sides.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources

FORMS = {"py": "a Pulumi program", "yaml": "a CloudFormation template"}


@dataclass(frozen=True, slots=True)
class Example:
    """A mistake and its correction, in one text."""

    check: str
    form: str
    """``py`` or ``yaml``."""
    text: str

    @property
    def wrong(self) -> str:
        """The text with the mistake."""
        return _without("+", self.text)

    @property
    def right(self) -> str:
        """The text as it should be."""
        return _without("-", self.text)


def _without(mark: str, text: str) -> str:
    return "".join(f"{line[1:]}\n" for line in text.splitlines() if not line.startswith(mark))


@cache
def examples() -> dict[str, Example]:
    """Every example by its check."""
    found: dict[str, Example] = {}
    for file in sorted(resources.files(__package__).iterdir(), key=lambda item: item.name):
        check, _, form = file.name.removesuffix(".diff").rpartition(".")
        if file.name.endswith(".diff") and form in FORMS:
            found[check] = Example(check, form, file.read_text(encoding="utf-8"))
    return found
