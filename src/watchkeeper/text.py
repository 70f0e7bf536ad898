"""Text from resources, made safe to show. Standard library only: whatever prints may import it."""

from __future__ import annotations

import unicodedata


def clean(text: object) -> str:
    """Text that can't move the cursor, colour the terminal, hide itself or reverse its direction.

    Control (Cc), format (Cf), surrogate (Cs) and unassigned characters become U+FFFD; line breaks and tabs a space.
    """
    shown = str(text)
    if shown.isprintable():
        return shown
    return "".join(_visible(character) for character in shown)


def _visible(character: str) -> str:
    if character in "\n\r\t":
        return " "
    return "\N{REPLACEMENT CHARACTER}" if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Cn") else character
