"""AWS's edge with documented answers, for what neither the embedded AWS nor moto has.

Requests are validated by botocore before they get here, replies against botocore's model of the operation, so that an
answer that AWS could not give fails the test."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

import boto3
from botocore.validate import ParamValidator

from watchkeeper.clients import Clients, Profile

Answer = Callable[[dict[str, Any]], Mapping[str, Any]]
"""Gives the reply to a request's parameters, or raises Refusal."""


_SESSION = boto3.Session("test", "test", region_name="us-east-1")


class Refusal(Exception):  # noqa: N818 - it is AWS's answer
    """An error that AWS answers."""

    def __init__(self, code: str, message: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.message = message


class Edge(Clients):
    """Clients whose every request is answered from ``answers``: ``service:Operation`` to a function, or a reply."""

    def __init__(self, answers: Mapping[str, Answer | Mapping[str, Any]], region: str = "us-east-1") -> None:
        super().__init__(_SESSION, region, profile=Profile(1))
        self.answers = answers
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self._asking = threading.local()
        """What this thread asks for: readers call from several."""

    def _make(self, service: str, region: str) -> Any:
        client = super()._make(service, region)
        client.meta.events.register("provide-client-params.*.*", self._note)
        client.meta.events.register("before-call.*.*", lambda model, **_: self._reply(service, model))
        return client

    def _note(self, params: dict[str, Any], model: Any, **_: Any) -> None:
        self.asked.append((model.name, params))
        self._asking.now = (model.name, params)

    def _reply(self, service: str, model: Any) -> tuple[Any, dict[str, Any]]:
        name, asked = self._asking.now
        found = self.answers.get(f"{service}:{name}")
        if found is None:
            raise AssertionError(f"{service}:{name} was asked for with {asked}")
        try:
            reply = dict(found(asked) if callable(found) else found)
        except Refusal as refusal:
            error = {"Error": {"Code": refusal.code, "Message": refusal.message}, "ResponseMetadata": {}}
            return SimpleNamespace(status_code=400), error
        if model.output_shape:
            report = ParamValidator().validate(reply, model.output_shape)
            assert not report.has_errors(), report.generate_report()
        return SimpleNamespace(status_code=200), reply | {"ResponseMetadata": {"HTTPStatusCode": 200}}
