"""Who sent a notification of Alertmanager: Bearer and Basic, the recorded cases, and what is refused."""

from __future__ import annotations

import json
from base64 import b64encode
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from app.core.errors import VerificationError
from app.core.values import Coverage
from tests.platforms.alertmanager.notifying import TOKEN, channel, group, notification, refusal
from tests.platforms.deliveries import NOW, delivery

SOURCE = json.loads(Path(__file__).with_name("vectors.json").read_text("utf-8"))["source"]


def basic(pair: str) -> str:
    return "Basic " + b64encode(pair.encode()).decode()


@pytest.mark.parametrize("case", SOURCE["cases"], ids=lambda case: case["name"])
def test_the_recorded_deliveries_agree(case: dict[str, Any]) -> None:
    secrets = case.get("settings", SOURCE["settings"])["secrets"]
    request = delivery(case["body_utf8"].encode(), dict(case["headers"]))
    request = request._replace(query_string=urlsplit(case["path_and_query"]).query)
    try:
        verified = channel(token=secrets).verify(request, NOW)
    except VerificationError:
        verified = None
    assert (verified is not None) is (case["expect"] == "accept")


def test_the_scheme_says_how_the_token_came() -> None:
    found = [
        channel().verify(notification(group(), authorization=each), NOW).scheme
        for each in (f"bearer {TOKEN}", basic(f"anybody:{TOKEN}"))
    ]
    assert found == ["bearer", "basic"]


@pytest.mark.parametrize(
    "authorization",
    [
        "Bearer",
        "Bearer ",
        "Bearer é",
        f"Token {TOKEN}",
        TOKEN,
        f"Bearer {TOKEN}x",
        "Basic",
        "Basic *",
        "Basic é",
        basic(TOKEN),
        basic(f"am:{TOKEN}x"),
        basic(f":{TOKEN[:-1]}"),
        basic("am:"),
        "Bearer " + "x" * 100_000,
        "Basic " + "A" * 100_000,
    ],
    ids=[*"abcdefghijklmno"],
)
def test_a_wrong_token_is_refused(authorization: str) -> None:
    assert refusal(authorization) == "bad_token"


def test_no_token_at_all_is_refused_by_its_own_word() -> None:
    assert refusal("") == "missing_token"


def test_the_user_name_counts_where_it_is_set() -> None:
    assert refusal(basic(f"other:{TOKEN}"), username="am") == "bad_token"
    assert channel(username="am").verify(notification(group(), authorization=basic(f"am:{TOKEN}")), NOW)


@pytest.mark.parametrize("authorization", ["Bearer ", basic("am:"), basic(":")])
def test_without_a_token_nothing_is_proven(authorization: str) -> None:
    assert refusal(authorization, token="") == "bad_token"
    assert channel(token="").settings.missing_signature_secret() == "token"


def test_the_token_covers_no_body_and_open_channels_say_so() -> None:
    assert channel().signature_covers is Coverage.ORIGIN
    assert channel(token="", allow_unsigned=True).signature_covers is Coverage.NONE
    assert refusal("Bearer wrong", allow_unsigned=True) == "bad_token"
