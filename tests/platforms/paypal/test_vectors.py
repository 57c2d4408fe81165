"""The recorded deliveries of PayPal."""

from __future__ import annotations

from typing import Any

import pytest

from tests.platforms.recorded import judged_case, records

RECORD = records(__file__)


@pytest.mark.parametrize("case", RECORD["cases"], ids=lambda case: case["name"])
def test_the_recorded_deliveries_agree(case: dict[str, Any]) -> None:
    judged = judged_case("paypal", RECORD, case)
    assert (judged.outcome, judged.why == "") == (case["expect"], case["expect"] != "refuse")
    if case["expect"] == "accept":
        assert ",".join(str(event.key) for event in judged.events) == case["event_key"]
        assert ",".join(event.type for event in judged.events) == case["event_type"]
        assert judged.events[0].data == case["decrypted"]
