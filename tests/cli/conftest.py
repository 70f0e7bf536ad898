"""The same user as in the end-to-end tests."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "end_to_end"))

from cli_user import User, user_in


@pytest.fixture
def user(tmp_path: Path) -> Iterator[User]:
    """In an empty folder."""
    with user_in(tmp_path) as somebody:
        yield somebody
