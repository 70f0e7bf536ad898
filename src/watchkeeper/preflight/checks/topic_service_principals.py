"""topic-service-principals: a topic's or queue's policy lets in the services that publish to it."""

from __future__ import annotations

from collections.abc import Iterator

from watchkeeper.preflight.check import ERROR, Check, Result
from watchkeeper.preflight.meaning.delivery import service_answer, service_linked
from watchkeeper.preflight.meaning.publishing import CLOUDWATCH, CONFIG, Publication, publications
from watchkeeper.preflight.meaning.values import any_of, quote
from watchkeeper.preflight.meaning.views import QUEUE, QUEUE_POLICY, TOPIC, Document, Views


def look(views: Views) -> Iterator[Result]:
    """Each topic and queue against every service that publishes to it."""
    seen: set[tuple[str, str]] = set()
    for publication in publications(views):
        mark = (publication.target.urn, publication.service)
        if mark in seen:
            continue
        seen.add(mark)
        yield from _look_at(views, publication)


def _look_at(views: Views, publication: Publication) -> Iterator[Result]:
    target, service = publication.target, publication.service
    documents = _documents(views, publication)
    if not documents and service == CLOUDWATCH and target.type == TOPIC:
        return  # SNS's default policy lets alarms of the same account in
    action = "sns:Publish" if target.type == TOPIC else "sqs:SendMessage"
    answer = service_answer(documents, action, views.arn(target), service)
    if answer is not True and service == CONFIG:
        answer = _or(answer, _by_recorder_role(views, views.arn(target)))
    if answer is None:
        yield CHECK.unknown(target, f"whether its policy lets {service} in is known only after the deployment")
    elif not answer:
        yield CHECK.finding(
            target,
            f"no policy of it lets {service} do {action}, which {quote(publication.source.name)} needs.",
            fix=f'Allow {action} for the principal {{"Service": "{service}"}}, conditioned on the source.',
            path="policy",
            data={"service": service},
        )


def _documents(views: Views, publication: Publication) -> tuple[Document, ...]:
    target = publication.target
    if target.type == TOPIC:
        return next(topic.policies for topic in views.topics if topic.resource.urn == target.urn)
    parts = [
        part
        for part in views.of_type(QUEUE_POLICY)
        if (link := views.link(part, "queueUrl", QUEUE)).unknown or (link.resource and link.resource.urn == target.urn)
    ]
    inline = target.inputs.get("policy")
    own = () if inline is None else (views.document(target, "policy", inline),)
    return (*own, *views.documents(parts))


def _by_recorder_role(views: Views, arn: str) -> bool | None:
    """Whether a recorder's role may publish. The service-linked role may not: with it, the policy has to let Config in.

    https://docs.aws.amazon.com/config/latest/developerguide/sns-topic-policy.html
    """
    return any_of(
        False if service_linked(link) else role.allows("sns:Publish", arn) if role else None
        for _, link, role in views.recorder_roles()
        if link.present
    )


def _or(left: bool | None, right: bool | None) -> bool | None:
    if left or right:
        return True
    return None if left is None or right is None else False


CHECK = Check(
    id="topic-service-principals",
    severity=ERROR,
    title="Topic and queue policies let in the services that publish",
    explanation="EventBridge, S3, SNS and Config publish as services; the topic's or queue's policy has to name them. "
    "CloudWatch alarms of the same account need it only where the default policy was replaced.",
    aws_does="The message is lost, silently.",
    fix="Name the service as a principal in the topic's or queue's policy.",
    source="https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html",
    look=look,
    tags=("sns", "sqs", "iam"),
    needs_all=True,
)
