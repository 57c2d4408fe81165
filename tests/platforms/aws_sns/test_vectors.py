"""The recorded deliveries of SNS."""

from __future__ import annotations

from typing import Any

import pytest

from tests.platforms.recorded import judged_case, records

RECORD = records(__file__)


@pytest.mark.parametrize("case", RECORD["cases"], ids=lambda case: case["name"])
def test_the_recorded_deliveries_agree(case: dict[str, Any]) -> None:
    judged = judged_case("aws-sns", RECORD, case)
    # What others call a handshake is an event here, so that an operator decides about it.
    expected = "refuse" if case["expect"] == "refuse" else "accept"
    assert (judged.outcome, judged.why == "") == (expected, expected == "accept")
    if expected == "accept":
        assert ",".join(str(event.key) for event in judged.events) == case["event_key"]
        assert ",".join(event.type for event in judged.events) == case["event_type"]
        said = case["decrypted"]
        assert judged.events[0].data == said
