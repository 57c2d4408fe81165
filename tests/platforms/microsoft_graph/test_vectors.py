"""The recorded deliveries of Graph."""

from __future__ import annotations

from typing import Any

import pytest

from tests.platforms.recorded import judged_case, records

RECORD = records(__file__)


@pytest.mark.parametrize("case", RECORD["cases"], ids=lambda case: case["name"])
def test_the_recorded_deliveries_agree(case: dict[str, Any]) -> None:
    judged = judged_case("microsoft-graph", RECORD, case)
    assert (judged.outcome, judged.why == "") == (case["expect"], case["expect"] != "refuse")
    if case["expect"] == "accept":
        assert ",".join(str(event.key) for event in judged.events) == case["event_key"]
        assert ",".join(event.type for event in judged.events) == case["event_type"]
        assert [event.data.get("content", event.data) for event in judged.events] == case["decrypted"]
    if judged.reply is not None:
        assert (judged.reply.status, judged.reply.body.decode()) == (200, case["reply"]["body"])
        assert judged.reply.content_type.startswith("text/plain")
