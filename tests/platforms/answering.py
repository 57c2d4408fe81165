"""Platforms that answer from a list, for tests of calls to the outside: answers made by hand, and what was asked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from app.core.errors import UpstreamError
from app.core.ports import HttpAnswer


@dataclass
class FakeApi:
    """Gives its answers one after another and remembers what was asked."""

    answers: list[Any]
    calls: list[dict[str, Any]] = field(default_factory=list)

    def request(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
        json: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> HttpAnswer:
        self.calls.append({"method": method, "url": url, "params": dict(params or {}), "json": json})
        answer = self.answers.pop(0)
        return answer if isinstance(answer, HttpAnswer) else http_answer(answer)


def api(*answers: Any) -> FakeApi:
    return FakeApi(list(answers))


def http_answer(content: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> HttpAnswer:
    body = content if isinstance(content, bytes) else json.dumps(content, ensure_ascii=False).encode()
    return HttpAnswer(status, headers or {}, body, lambda: json.loads(body))


def answer(content: object, status: int = 200, headers: Mapping[str, str] | None = None) -> HttpAnswer:
    """Return an answer that reads its body as the gateway's own client does: anything but an object is a fault of the platform."""
    body = content if isinstance(content, bytes) else json.dumps(content).encode()

    def json_object() -> Mapping[str, Any]:
        try:
            value = json.loads(body)
        except ValueError:
            value = None
        if not isinstance(value, dict):
            raise UpstreamError("upstream_bad_answer", "The answer is not a JSON object.")
        return value

    return HttpAnswer(status, headers or {}, body, json_object)
