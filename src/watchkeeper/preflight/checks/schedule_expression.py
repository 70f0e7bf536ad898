"""schedule-expression: EventBridge refuses anything but rate(…) and six-field cron(…)."""

from __future__ import annotations

from collections.abc import Iterator

from watchkeeper.aws.facts.schedules import problem
from watchkeeper.preflight.check import ERROR, Check, Result
from watchkeeper.preflight.meaning.values import quote, text
from watchkeeper.preflight.meaning.views import EVENT_RULE, SCHEDULE, Views
from watchkeeper.pulumi.graph import UNKNOWN


def look(views: Views) -> Iterator[Result]:
    """Every schedule of a rule or of EventBridge Scheduler."""
    for resource in views.of_type(EVENT_RULE, SCHEDULE):
        value = views.get(resource, "scheduleExpression")
        if value is UNKNOWN:
            yield CHECK.unknown(resource, "the schedule expression is known only after the deployment")
            continue
        expression = text(value)
        wrong = problem(expression, scheduler=resource.type == SCHEDULE) if expression else None
        if wrong:
            message = f"{quote(expression)} is not a schedule: {wrong[0]}."
            yield CHECK.finding(resource, message, fix=wrong[1], path="scheduleExpression")


CHECK = Check(
    id="schedule-expression",
    severity=ERROR,
    title="Schedule expressions are rate(…) or six-field cron(…)",
    explanation="A schedule is rate(value unit), singular for 1, or cron with six fields of which exactly one of day "
    "of month and day of week is ?.",
    aws_does="PutRule answers ValidationException: Parameter ScheduleExpression is not valid.",
    fix="Write it like rate(6 hours) or cron(0 8 * * ? *).",
    source="https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html",
    look=look,
    tags=("eventbridge",),
)
