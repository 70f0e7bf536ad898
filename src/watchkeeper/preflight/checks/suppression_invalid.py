"""suppression-invalid: a suppression names a check that there is, a reason, and a day that there is."""

from __future__ import annotations

from collections.abc import Iterator

from watchkeeper.preflight.check import ERROR, Check, Result
from watchkeeper.preflight.meaning.views import Views


def look(views: Views) -> Iterator[Result]:
    """Each suppression that is not written as one, wherever it stands; it accepts nothing."""
    for item in views.options.suppressions:
        if item.problem:
            yield CHECK.about(item, f"the suppression accepts nothing: {item.problem}.")


CHECK = Check(
    id="suppression-invalid",
    severity=ERROR,
    title="Suppressions name a check and a reason",
    explanation="A finding that is accepted without a reason can't be judged by whoever reads it next, and a "
    "misspelled check accepts nothing. Neither silences a finding.",
    aws_does="Nothing: suppressions are preflight's own.",
    fix="Write the check's id and the reason: ignore[bucket-versioning] scratch data until 2027-01-01.",
    source="https://github.com/watchkeeper/watchkeeper/blob/main/docs/preflight.md#accept-a-finding",
    look=look,
    tags=("suppressions",),
)
