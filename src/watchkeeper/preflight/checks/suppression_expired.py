"""suppression-expired: what was accepted until a day is looked at again after it."""

from __future__ import annotations

from collections.abc import Iterator

from watchkeeper.preflight.check import ERROR, Check, Result
from watchkeeper.preflight.meaning.values import quote
from watchkeeper.preflight.meaning.views import Views


def look(views: Views) -> Iterator[Result]:
    """Each suppression whose last day is over, wherever it stands; it accepts nothing any more."""
    day = views.options.day
    for item in views.options.suppressions:
        if not item.problem and item.until is not None and item.until < day:
            said = f"the suppression of {item.check} ({quote(item.reason)}) ended on {item.until}."
            yield CHECK.about(item, said)


CHECK = Check(
    id="suppression-expired",
    severity=ERROR,
    title="Accepted findings are looked at again",
    explanation="A suppression with a date says that somebody means to correct the finding by then. After the date the "
    "finding counts again, and the suppression is one too.",
    aws_does="Nothing: suppressions are preflight's own.",
    fix="Correct what the check says and remove the suppression, or renew the date with a reason that still holds.",
    source="https://github.com/watchkeeper/watchkeeper/blob/main/docs/preflight.md#accept-a-finding",
    look=look,
    tags=("suppressions",),
)
