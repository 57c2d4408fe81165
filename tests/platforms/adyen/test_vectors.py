"""The recorded deliveries of this platform, with the keys that its network would answer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from app.platforms.adyen import PLATFORM
from tests.platforms.recorded_cases import check_case

VECTORS = json.loads(Path(__file__).with_name("vectors.json").read_text("utf-8"))
SETTINGS = {name: value for name, value in VECTORS["settings"].items() if name != "remote"}


@pytest.mark.parametrize("case", VECTORS["cases"], ids=lambda case: case["name"])
def test_the_recorded_deliveries_agree(case: dict[str, Any]) -> None:
    source = PLATFORM.open("recorded", PLATFORM.settings.model_validate(SETTINGS))
    now = case.get("now") or VECTORS["now"]
    check_case(source, case, now, VECTORS["settings"].get("remote", {}))
