"""One folder with a project and one embedded AWS, for the examples of all pages."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.docs.support import Shell


@pytest.fixture(scope="session")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    """In a folder where ``watchkeeper init`` and ``watchkeeper local start`` were run."""
    made = Shell(tmp_path_factory.mktemp("reader"))
    made.forget()
    for command in ("watchkeeper init", "watchkeeper local start"):
        code, output = made.run(command)
        assert code == 0, output
    yield made
    made.run("watchkeeper local stop")
