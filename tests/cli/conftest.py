"""The same user as in the end-to-end tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.user import User, user_in


@pytest.fixture
def user(tmp_path: Path) -> Iterator[User]:
    """In an empty folder."""
    with user_in(tmp_path) as somebody:
        yield somebody
