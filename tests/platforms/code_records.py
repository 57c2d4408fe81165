"""Judges recorded requests of a platform as their record says: outcome, keys, types, content and the answer.

A record is `{platform, settings, now, cases}`; each folder keeps its own as `vectors.json`. Who made them is said in `checked_with`.
"""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from app.core.values import InboundRequest, Outcome, Situation
from app.platforms import discover
from tests.sources.judging import Judged, judge

Record = dict[str, Any]


def records_beside(file: str) -> dict[str, Record]:
    """Return the records of a folder by the name of their platform."""
    listed = json.loads(Path(file).with_name("vectors.json").read_text("utf-8"))
    return {record["platform"]: record for record in listed}


def cases_of(*records: Record) -> list[Any]:
    """Return pairs of record and case, ready for parametrize with `ids=case_id`."""
    return [(record, case) for record in records for case in record["cases"]]


def case_id(value: Any) -> str:
    return value.get("name") or value["platform"] if isinstance(value, dict) else str(value)


def opened(slug: str, settings: dict[str, Any]) -> Any:
    spec = discover()[slug]
    return spec.open("recorded", spec.settings.model_validate(settings))


def request_of(case: dict[str, Any], now: datetime, path: str = "/webhooks/recorded") -> InboundRequest:
    return InboundRequest(
        method=case["method"],
        path=path,
        query_string=urlsplit(case["url"]).query,
        headers=tuple(case["headers"].items()),
        body=base64.b64decode(case["body_base64"]),
        remote_addr="203.0.113.9",
        received_at=now,
    )


def moment_of(record: Record, case: dict[str, Any]) -> datetime:
    return datetime.fromtimestamp(case.get("now") or record["now"], UTC)


def fault_of(
    source: Any, record: Record, case: dict[str, Any], path: str = "/webhooks/recorded"
) -> str | None:
    """Return what differs from the record, None when all is as it says."""
    now = moment_of(record, case)
    request = request_of(case, now, path)
    judged = judge(source, request, now)
    if judged.outcome != case["expect"]:
        return f"{judged.outcome} instead of {case['expect']} ({judged.why})"
    if judged.outcome == "refuse":
        return None
    return _fault_of_events(judged, case) or _fault_of_reply(source, request, now, judged, case)


def _fault_of_events(judged: Judged, case: dict[str, Any]) -> str | None:
    if judged.outcome != "accept":
        return None
    said = [
        ",".join(str(event.key) for event in judged.events),
        ",".join(event.type for event in judged.events),
    ]
    wanted = [case["event_key"], case["event_type"]]
    return None if said == wanted else f"{said} instead of {wanted}"


def _fault_of_reply(
    source: Any, request: InboundRequest, now: datetime, judged: Judged, case: dict[str, Any]
) -> str | None:
    wanted, reply = case["reply"], judged.reply
    if reply is None:
        outcome = Outcome(Situation.SUCCESS, "evt", judged.events[0], now=now, trace_id="t")
        reply = source.acknowledge(request, source.verify(request, now), outcome)
    if reply.status != wanted["status"]:
        return f"status {reply.status}"
    if wanted.get("match") == "json":
        return _fault_of_json(json.loads(reply.body), json.loads(wanted["body"]))
    if wanted["body"] and reply.body.decode() != wanted["body"]:
        return f"answered {reply.body!r}"
    kind = wanted.get("content_type", "")
    return None if reply.content_type.startswith(kind) else f"content type {reply.content_type}"


def _fault_of_json(said: Any, wanted: Any) -> str | None:
    if isinstance(wanted, dict) and isinstance(said, dict):
        # A star stands for a value that differs each time, such as a signature with a random number in it.
        said = {name: "*" if wanted.get(name) == "*" and value else value for name, value in said.items()}
    return None if said == wanted else f"answered {said}"
