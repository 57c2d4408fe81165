"""The judge of the engine and of the catalogue: requests that were made, or published, by somebody else."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from app.core.values import InboundRequest, Reply
from app.wire.sources.connector import open_source
from app.wire.sources.description import Signature
from app.wire.sources.settings import settings_model
from tests.sources.judging import SLUGS, Judged, judge, opened

VECTORS = Path(__file__).parent / "vectors"
RECORDS = json.loads((VECTORS / "sources.json").read_text(encoding="utf-8"))
SCHEMES = json.loads((VECTORS / "hmac-schemes.json").read_text(encoding="utf-8"))
WITH_CODE = {
    "github", "gitlab-token", "gitlab-signing", "dingtalk-robot", "alertmanager", "standard-webhooks", "google-pubsub",
}  # fmt: skip
"""What a platform with code does; their records are its own tests' business."""


def slug_of(record: dict[str, Any]) -> str:
    return record["slug"].replace("_", "-")


DESCRIBED = [record for record in RECORDS if slug_of(record) not in WITH_CODE]


def keys_of(given: dict[str, Any]) -> dict[str, Any]:
    """Return a channel's keys for what a record calls settings."""
    names = {"secrets": "secret", "url": "signed_url"}
    return {names.get(name, name): value for name, value in given.items()}


def request_of(case: dict[str, Any], slug: str, now: datetime) -> InboundRequest:
    path, _, query = case["path_and_query"].partition("?")
    body = base64.b64decode(case["body_base64"]) if "body_base64" in case else case["body_utf8"].encode()
    headers = tuple((name, value) for name, value in case["headers"])
    return InboundRequest(case["method"], f"/webhooks/{slug}{path}", query, headers, body, "203.0.113.9", now)


def judged_case(record: dict[str, Any], case: dict[str, Any]) -> Judged:
    slug = slug_of(record)
    now = datetime.fromtimestamp(case.get("now", record["now"]), UTC)
    settings = keys_of(record["settings"] | case.get("settings", {}))
    if not case["url"].startswith("https://gateway.example/"):
        settings["signed_url"] = case["url"].removesuffix(case["path_and_query"])
    source = opened(slug, settings, f"https://gateway.example/webhooks/{record['slug']}")
    return judge(source, request_of(case, record["slug"], now), now)


def fault_of(record: dict[str, Any], case: dict[str, Any]) -> str | None:
    judged = judged_case(record, case)
    if case.get("signature_only") and case["expect"] == "accept":
        return None if judged.is_proven else f"not proven ({judged.why})"
    if judged.outcome not in (case["expect"], *case.get("also_ok", ())):
        return f"{judged.outcome} instead of {case['expect']} ({judged.why})"
    if judged.outcome == "handshake" and "reply" in case and judged.reply is not None:
        return fault_of_reply(judged.reply, case["reply"])
    return fault_of_events(judged, case) if judged.outcome == "accept" == case["expect"] else None


def fault_of_reply(reply: Reply, wanted: dict[str, Any]) -> str | None:
    names = {name.lower() for name, _ in reply.headers} | {"content-type"}
    said = {name.lower(): value for name, value in reply.headers} | {
        "content-type": reply.content_type.partition(";")[0],
        "x-content-type-options": "nosniff",
    }
    if reply.status != wanted["status"]:
        return f"status {reply.status}"
    if "json" in wanted and json.loads(reply.body) != wanted["json"]:
        return f"body {reply.body!r}"
    if "body" in wanted and reply.body != wanted["body"].encode():
        return f"body {reply.body!r}"
    for name, value in wanted.get("headers", {}).items():
        if said.get(name.lower()) != value:
            return f"{name}: {said.get(name.lower())}"
    lacking = [name for name in wanted.get("headers_present", []) if name.lower() not in names]
    return f"{lacking} lack" if lacking else None


def fault_of_events(judged: Judged, case: dict[str, Any]) -> str | None:
    wanted = case.get("events") or [{"event_key": case["event_key"], "event_type": case["event_type"]}]
    if len(judged.events) != len(wanted):
        return f"{len(judged.events)} events"
    for event, said in zip(judged.events, wanted, strict=True):
        if said["event_key"] is not None and event.key != said["event_key"]:
            return f"key {event.key} instead of {said['event_key']}"
        if said["event_type"] is not None and event.type != said["event_type"]:
            return f"type {event.type} instead of {said['event_type']}"
    return None


@pytest.mark.parametrize("record", DESCRIBED, ids=slug_of)
def test_every_recorded_request_is_judged_as_its_record_says(record: dict[str, Any]) -> None:
    faults = {
        case["name"]: fault for case in record["cases"] if (fault := fault_of(record, case)) is not None
    }
    assert faults == {}


def test_every_record_has_its_description() -> None:
    assert sorted({slug_of(record) for record in DESCRIBED} - set(SLUGS)) == []
    assert len(DESCRIBED) > 100


@pytest.mark.parametrize("profile", SCHEMES["profiles"])
def test_every_published_scheme_is_judged_on_the_spot(profile: str) -> None:
    signature = Signature.model_validate(SCHEMES["profiles"][profile])
    key = "public_key" if signature.kind == "ed25519" else "secret"
    cases = [case for case in SCHEMES["cases"] if case["profile"] == profile]
    for case in cases:
        model = settings_model(signature, "spot").model_validate({key: case["secrets"]})
        source = open_source(signature, model, "https://gateway.example/webhooks/spot")
        given, now = case["request"], datetime.fromtimestamp(case["now"], UTC)
        request = InboundRequest(
            given["method"], "/webhooks/spot", given.get("query", ""), tuple(given["headers"].items()),
            base64.b64decode(given["body_base64"]), "203.0.113.9", now,
        )  # fmt: skip
        judged = judge(source, request, now)
        assert judged.is_proven is case["expect"]["valid"], case["name"]
        if judged.outcome == "accept" and "event_id" in case["expect"]:
            assert judged.events[0].key == case["expect"]["event_id"], case["name"]
