"""What a resource is called never reaches the terminal as anything but text."""

from __future__ import annotations

import io
import unicodedata

from hypothesis import example, given
from hypothesis import strategies as st
from rich.console import Console
from rich.text import Text

from watchkeeper.cli.output import safe, styled
from watchkeeper.text import clean


@given(st.text())
@example("\x1b]0;owned\x07\x1b[2J")
@example("\u202etxt.exe")
def test_clean_text_has_no_control_characters(text: str) -> None:
    assert not any(unicodedata.category(character) in ("Cc", "Cf", "Cs") for character in clean(text))


@given(st.text(st.characters(exclude_categories=("Cc", "Cf", "Cs", "Cn"))))
def test_ordinary_text_is_left_as_it_is(text: str) -> None:
    assert clean(text) == text


@given(st.text(alphabet="[]/bold red\\link=", max_size=30))
def test_safe_text_is_never_markup(text: str) -> None:
    console = Console(file=io.StringIO(), width=200)
    console.print("[red]name[/]", safe(text))
    assert console.file.getvalue() == f"name {clean(text)}\n"


def test_a_known_word_gets_its_colour_and_an_unknown_one_none() -> None:
    assert styled("HIGH", {"HIGH": "red"}).style == "red"
    assert styled("[blink]", {"HIGH": "red"}) == Text("[blink]")
