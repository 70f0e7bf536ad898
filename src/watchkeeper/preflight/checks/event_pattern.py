"""event-pattern: an EventBridge rule's pattern is one that EventBridge accepts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from watchkeeper.aws import suggest
from watchkeeper.aws.facts.event_patterns import ENVELOPE, LIMIT, problem
from watchkeeper.preflight.check import ERROR, WARNING, Check, Result
from watchkeeper.preflight.meaning.values import has_unknown, quote
from watchkeeper.preflight.meaning.views import EVENT_RULE, Views
from watchkeeper.pulumi.graph import UNKNOWN, Resource
from watchkeeper.text import clean

PATH = "eventPattern"


def look(views: Views) -> Iterator[Result]:
    """Each rule's pattern, as text or as an object."""
    for rule in views.of_type(EVENT_RULE):
        pattern = views.get(rule, PATH)
        if pattern is UNKNOWN or has_unknown(pattern):
            yield CHECK.unknown(rule, "the event pattern is known only after the deployment")
        elif pattern is not None:
            yield from _look_at(rule, pattern)
        elif views.get(rule, "scheduleExpression") is None:
            yield CHECK.finding(
                rule,
                "the rule has neither an event pattern nor a schedule.",
                aws_does="PutRule answers ValidationException.",
            )


def _look_at(rule: Resource, pattern: Any) -> Iterator[Result]:
    if isinstance(pattern, str):
        if len(pattern) > LIMIT:
            yield CHECK.finding(
                rule, f"the event pattern has {len(pattern)} characters; {LIMIT} are allowed.", path=PATH
            )
            return
        try:
            pattern = json.loads(pattern)
        except (ValueError, RecursionError) as error:
            yield CHECK.finding(rule, f"the event pattern is not JSON: {clean(error)}.", path=PATH)
            return
    wrong = problem(pattern)
    if wrong:
        yield CHECK.finding(rule, f"the event pattern is not valid: {clean(wrong)}.", path=PATH)
        return
    for key in pattern:
        if key not in ENVELOPE and key != "$or":
            nearest = suggest.nearest(str(key), ENVELOPE)
            yield CHECK.finding(
                rule,
                f"events have no field {quote(key)} at the top: the pattern matches none.",
                fix=f"Did you mean {nearest}?" if nearest else "Put it under detail.",
                path=PATH,
                severity=WARNING,
                aws_does="It accepts the rule, which never matches.",
            )


CHECK = Check(
    id="event-pattern",
    severity=ERROR,
    title="Event patterns are valid",
    explanation="A pattern is a JSON object whose leaves are lists: of values, or of objects with one operator each.",
    aws_does="PutRule answers InvalidEventPatternException.",
    fix='Write leaves as lists: {"source": ["aws.config"]}.',
    source="https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html",
    look=look,
    tags=("eventbridge",),
)
