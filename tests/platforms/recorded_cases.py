"""Recorded deliveries of platforms whose keys are found while running: one judge for all, with a network of recorded answers."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest

from app.core.errors import PayloadError, UpstreamError, VerificationError
from app.core.ports import BatchSource, HttpAnswer, KeyFinder, SetUpSource
from app.core.values import InboundRequest, Outcome, ParsedEvent, Reply, Situation
from app.security.signatures import matching
from app.security.strict_json import parse_json_exactly
from tests.sandbox.conftest import Received


@dataclass
class RecordedNetwork:
    """Answers by address, as the guarded client hands them over; remembers what was asked."""

    answers: Mapping[str, str] = field(default_factory=dict)
    status: int = 200
    calls: list[dict[str, Any]] = field(default_factory=list)

    def request(self, method: str, url: str, **parts: Any) -> HttpAnswer:
        self.calls.append({"method": method, "url": url, **parts})
        asked = dict(parts.get("json") or {})
        names = (f"{method} {url} key_id={asked.get('key_id')}", f"{method} {url}", url)
        text = next((self.answers[name] for name in names if name in self.answers), None)
        return answer(b"" if text is None else text.encode(), 404 if text is None else self.status)


def answer(body: bytes, status: int = 200) -> HttpAnswer:
    """Return an answer of a platform."""

    def json_object() -> Mapping[str, Any]:
        try:
            return parse_json_exactly(body)
        except ValueError as error:
            raise UpstreamError("upstream_bad_answer", "This is not JSON.") from error

    return HttpAnswer(status, {}, body, json_object)


def request_of(case: Mapping[str, Any], now: float) -> InboundRequest:
    """Return a recorded delivery."""
    body = b64decode(case["body_base64"]) if "body_base64" in case else case["body_utf8"].encode()
    headers = case["headers"]
    pairs = headers.items() if isinstance(headers, Mapping) else headers
    return InboundRequest(
        method=case["method"],
        path=case.get("path", "/webhooks/x"),
        query_string=case.get("query", ""),
        headers=tuple((name, value) for name, value in pairs),
        body=body,
        remote_addr="203.0.113.9",
        received_at=datetime.fromtimestamp(now, UTC),
    )


def events_of(source: Any, request: InboundRequest, http: Any) -> list[ParsedEvent] | Reply:
    """Take a delivery as the pipeline does: handshakes, the key, the proof, what must equal a setting, the events."""
    now = request.received_at
    for handshake in source.handshakes if isinstance(source, SetUpSource) else ():
        if (reply := handshake.answer(request, now)) is not None:
            return reply
    claim = source.claimed_key(request) if isinstance(source, KeyFinder) else None
    if claim is None:
        verified = source.verify(request, now)
    else:
        found = source.fetch_keys(claim, http, now)
        if claim not in found:
            raise VerificationError("unknown_key")
        verified = source.verify_with_key(request, now, found[claim])
    for each in verified.requirements:
        if each.given is None or matching(each.given, each.expected) is None:
            raise VerificationError(f"wrong_{each.name}")
    if isinstance(source, BatchSource):
        return list(source.parse_batch(request, verified))
    return [source.parse(request, verified)]


def judged(source: Any, request: InboundRequest, http: Any) -> list[ParsedEvent] | Reply | None:
    """Return what came of a delivery, None when it was refused by one of our own two errors."""
    try:
        return events_of(source, request, http)
    except (VerificationError, PayloadError):
        return None


def check_case(source: Any, case: Mapping[str, Any], now: float, remote: Mapping[str, str]) -> None:
    """Compare one recorded delivery with what becomes of it here."""
    request = request_of(case, now)
    http = RecordedNetwork(remote)
    found = judged(source, request, http)
    if case["expect"] == "refuse":
        assert found is None
        return
    if case["expect"] == "handshake":
        assert isinstance(found, Reply)
        assert (found.status, json.loads(found.body)) == (200, json.loads(case["reply"]["body"]))
        return
    assert isinstance(found, list)
    assert ",".join(str(event.key) for event in found) == case["event_key"] or "events" in case
    assert ",".join(event.type for event in found) == case["event_type"] or "events" in case
    if "events" in case:
        expected = [(each["event_key"], each["event_type"]) for each in case["events"]]
        assert [(event.key, event.type) for event in found] == expected
    told = case.get("decrypted")
    if isinstance(told, dict):
        assert [event.data for event in found] == [told]
    check_answer(source, request, found[0], case.get("reply"))


def check_answer(source: Any, request: InboundRequest, event: ParsedEvent, reply: Any) -> None:
    """Compare the status of what a stored event is answered with."""
    if not isinstance(reply, Mapping):
        return
    outcome = Outcome(Situation.ACCEPTED, "evt", event, now=request.received_at, trace_id="t")
    given = source.acknowledge(request, None, outcome)
    allowed = {200, 204} if reply["status"] in (200, 204) and not reply["body"] else {reply["status"]}
    assert given.status in allowed
    if reply["body"]:
        assert given.body.decode() == reply["body"]


def as_request(seen: Received) -> InboundRequest:
    """Return what the stand-in gateway received as the web layer would hand it over, now."""
    return InboundRequest(
        method=seen.method,
        path=seen.path,
        query_string=urlencode(seen.query),
        headers=tuple(seen.headers.items()),
        body=seen.body,
        remote_addr="203.0.113.9",
        received_at=datetime.now(UTC),
    )


def refusal(source: Any, request: InboundRequest) -> str:
    """Return the short reason for which a delivery is refused; fails where it is taken."""
    with pytest.raises((VerificationError, PayloadError)) as caught:
        events_of(source, request, RecordedNetwork())
    return str(getattr(caught.value, "reason", ""))


def event(source: Any, request: InboundRequest) -> ParsedEvent:
    """Return the first event of a delivery that is taken."""
    found = events_of(source, request, RecordedNetwork())
    assert isinstance(found, list)
    return found[0]
