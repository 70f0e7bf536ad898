"""Requests, records and the service's own thread at once."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

from tests.support.waiting import until


def wait_until_done(service):
    until("nothing is left to do", lambda: service.pending() == 0, 0.01)


def test_calls_from_many_threads_lose_nothing(running, service, services, make):
    running.put_managed("v", "S3_BUCKET_VERSIONING_ENABLED")
    query = {"QueryName": "q", "Expression": "SELECT resourceId"}

    def work(number):
        service.record([make.bucket(f"b{number}-{n}", "Off") for n in range(5)])
        running("PutStoredQuery", StoredQuery=query)
        running("DescribeComplianceByConfigRule")
        return len(running.compliance("v")) >= 5

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(16)))
    wait_until_done(service)
    assert len(running.compliance("v")) == 80
    assert len(services.of_type("Config Rules Compliance Change")) == 80


def test_a_thread_of_its_own_does_what_follows(running, service, services, clock, make):
    service.start()
    running.put_managed("v", "S3_BUCKET_VERSIONING_ENABLED")
    service.record([make.bucket("b", "Off")])
    wait_until_done(service)
    assert running.compliance("v") == {"b": "NON_COMPLIANT"}
    assert services.of_type("Config Rules Compliance Change")


def test_a_function_may_answer_while_it_is_invoked(running, service, services, clock, make):
    """A function that runs at once calls PutEvaluations from another thread before its invocation returns."""
    running.put_custom("mine", "ConfigurationItemChangeNotification")
    evaluation = {
        "ComplianceResourceType": "AWS::S3::Bucket",
        "ComplianceResourceId": "b",
        "ComplianceType": "NON_COMPLIANT",
        "OrderingTimestamp": clock.now.timestamp(),
    }

    def invoke(account, region, arn, event):
        answer = threading.Thread(
            target=lambda: running("PutEvaluations", Evaluations=[evaluation], ResultToken=event["resultToken"])
        )
        answer.start()
        answer.join()
        assert not answer.is_alive()

    services.invoke_function = invoke
    service.record([make.bucket("b")])
    wait_until_done(service)
    assert running.compliance("mine") == {"b": "NON_COMPLIANT"}
    assert services.of_type("Config Rules Compliance Change")


def test_a_reset_while_work_is_waiting(running, service, services, clock, make):
    running.put_managed("v", "S3_BUCKET_VERSIONING_ENABLED")
    services.broken_bus = True
    service.record([make.bucket("b", "Off")])
    service.reset()
    assert service.pending() == 0
    services.broken_bus = False
    clock.forward(minutes=5)
    service.tick()
    assert services.of_type("Config Rules Compliance Change") == []
