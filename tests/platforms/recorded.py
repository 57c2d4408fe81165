"""Recorded deliveries of a platform with code, judged as the pipeline judges: handshake, key, proof, requirements, events.

A file of records has settings of one channel, `remote` (what is at which address), a time, and cases.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from app.core.errors import RequestError, UpstreamError, VerificationError
from app.core.ports import BatchSource, HttpAnswer, KeyFinder, SetUpSource
from app.core.values import InboundRequest, ParsedEvent, Reply, Verified
from app.platforms import discover
from app.security.signatures import matching
from app.security.strict_json import parse_json_exactly


@dataclass
class Remote:
    """Has one text at each address, says 404 elsewhere, and remembers what was asked."""

    texts: dict[str, str]
    status: int = 200
    asked: list[str] = field(default_factory=list)

    def request(self, method: str, url: str, **_: Any) -> HttpAnswer:
        self.asked.append(f"{method} {url}")
        text = self.texts.get(url)
        body = b"" if text is None else text.encode()
        return HttpAnswer(404 if text is None else self.status, {}, body, lambda: _read(body))


def _read(body: bytes) -> Any:
    try:
        return parse_json_exactly(body)
    except ValueError as error:
        raise UpstreamError("upstream_bad_answer", "This is not JSON.") from error


@dataclass(frozen=True)
class Judged:
    """`outcome` is accept, refuse or handshake."""

    outcome: str
    events: tuple[ParsedEvent, ...] = ()
    reply: Reply | None = None
    why: str = ""


def records(beside: str) -> dict[str, Any]:
    """Return the file of records in a test's folder."""
    found: dict[str, Any] = json.loads(Path(beside).with_name("vectors.json").read_text("utf-8"))
    return found


def opened(slug: str, settings: dict[str, Any]) -> Any:
    spec = discover()[slug]
    own = {name: value for name, value in settings.items() if name != "remote"}
    return spec.open("sample", spec.settings.model_validate(own))


def proven(source: Any, request: InboundRequest, http: Any) -> Verified:
    """Prove a request as the pipeline does; raises VerificationError."""
    now = request.received_at
    claim = source.claimed_key(request) if isinstance(source, KeyFinder) else None
    if claim is None:
        verified = source.verify(request, now)
    else:
        key = source.fetch_keys(claim, http, now).get(claim)
        if key is None:
            raise VerificationError("unknown_key")
        verified = source.verify_with_key(request, now, key)
    for each in verified.requirements:
        if each.given is None or matching(each.given, [value for value in each.expected if value]) is None:
            raise VerificationError(f"wrong_{each.name}")
    assert isinstance(verified, Verified)
    return verified


def judge(source: Any, request: InboundRequest, http: Any = None) -> Judged:
    """Say what becomes of a request, and why it was refused."""
    try:
        for each in source.handshakes if isinstance(source, SetUpSource) else ():
            if (reply := each.answer(request, request.received_at)) is not None:
                return Judged("handshake", reply=reply)
        verified = proven(source, request, http)
        if isinstance(source, BatchSource):
            return Judged("accept", tuple(source.parse_batch(request, verified)))
        return Judged("accept", (source.parse(request, verified),))
    except RequestError as error:
        return Judged("refuse", why=getattr(error, "reason", error.code))


def request_of(record: dict[str, Any], case: dict[str, Any]) -> InboundRequest:
    return InboundRequest(
        method=case["method"],
        path=case["path"],
        query_string=case["query"],
        headers=tuple(case["headers"].items()),
        body=base64.b64decode(case["body_base64"]),
        remote_addr="203.0.113.9",
        received_at=datetime.fromtimestamp(case.get("now", record["now"]), UTC),
    )


def judged_case(slug: str, record: dict[str, Any], case: dict[str, Any]) -> Judged:
    """Judge one case with the keys that are at the recorded addresses, those of the wrong hosts included."""
    source = opened(slug, record["settings"])
    return judge(source, request_of(record, case), Remote(record["settings"].get("remote", {})))
