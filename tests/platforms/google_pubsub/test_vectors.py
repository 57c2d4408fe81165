"""The recorded deliveries of Pub/Sub."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from app.core.values import InboundRequest
from tests.platforms.recorded import judge, judged_case, opened, records

RECORD = records(__file__)
OTHER_RECORDS = Path(__file__).parents[2] / "sources" / "vectors" / "sources.json"
OTHER = next(each for each in json.loads(OTHER_RECORDS.read_text("utf-8")) if each["slug"] == "google_pubsub")
"""Requests that somebody else made, for a channel with keys of its own and without subscriptions."""


@pytest.mark.parametrize("case", RECORD["cases"], ids=lambda case: case["name"])
def test_the_recorded_deliveries_agree(case: dict[str, Any]) -> None:
    judged = judged_case("google-pubsub", RECORD, case)
    assert (judged.outcome, judged.why == "") == (case["expect"], case["expect"] != "refuse")
    if case["expect"] == "accept":
        assert ",".join(str(event.key) for event in judged.events) == case["event_key"]
        assert ",".join(event.type for event in judged.events) == case["event_type"]
        assert judged.events[0].data["content"] == case["decrypted"]


@pytest.mark.parametrize("case", OTHER["cases"], ids=lambda case: case["name"])
def test_the_other_recorded_deliveries_agree(case: dict[str, Any]) -> None:
    settings = {name: value for name, value in OTHER["settings"].items() if name != "jwks_url"}
    now = datetime.fromtimestamp(case.get("now", OTHER["now"]), UTC)
    headers = tuple((name, value) for name, value in case["headers"])
    request = InboundRequest("POST", "/", "", headers, case["body_utf8"].encode(), "203.0.113.9", now)
    judged = judge(opened("google-pubsub", settings), request)
    assert judged.outcome == case["expect"]
    if judged.events:
        assert (judged.events[0].key, judged.events[0].type) == (case["event_key"], case["event_type"])
