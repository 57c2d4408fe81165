"""Recorded logins: the calls that are made, and what comes of the answers once Alipay's key signs them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from app.core.errors import GrantRejected, UpstreamError
from app.core.ports import HttpAnswer
from app.core.values import CodeGrant, Identity, TokenSet
from sandbox.platforms.alipay import signer
from tests.platforms.alipay.channel import ALIPAY_KEY, FakeHttp, connector
from tests.platforms.answering import answer

RECORDED: dict[str, Any] = json.loads(Path(__file__).with_name("logins.json").read_text(encoding="utf-8"))
CASES = {case["name"]: case for case in RECORDED["cases"]}
GOOD = [name for name in CASES if "expect" in CASES[name]]
KINDS = {"grant_rejected": GrantRejected, "config": UpstreamError}


def signed(body: str) -> HttpAnswer:
    """Put a real signature in the place of the recorded stand-in."""
    name, content = next(iter(json.loads(body).items()))
    text = body[body.index(":") + 1 : body.rindex(',"sign"')]
    assert json.loads(text) == content
    return answer(signer.answer(name, text, ALIPAY_KEY).encode())


def log_in(case: dict[str, Any]) -> tuple[FakeHttp, TokenSet, Identity]:
    source = connector(app_id=RECORDED["settings"]["client_id"])
    http = FakeHttp([signed(exchange["answer"]["body"]) for exchange in case["exchanges"]])
    grant = CodeGrant(
        case["callback"]["params"]["auth_code"],
        RECORDED["settings"]["redirect_uri"],
        "v",
        redeemed_at=RECORDED["now"],
    )
    tokens = source.exchange(grant, http)
    return http, tokens, source.identity(tokens, http)


@pytest.mark.parametrize("name", GOOD)
def test_a_recorded_login_names_the_person(name: str) -> None:
    expected = CASES[name]["expect"]
    http, tokens, found = log_in(CASES[name])
    assert (found.subject, found.union_id, found.name, found.avatar_url) == (
        expected["subject"], expected["union_id"], expected["name"], expected["avatar"]
    )  # fmt: skip
    assert (tokens.expires_in, tokens.refresh_token) == (expected["expires_in"], expected["refresh_token"])
    for (method, url, fields), exchange in zip(http.calls, CASES[name]["exchanges"], strict=True):
        asked = exchange["request"]
        assert (method, url) == (asked["method"], asked["url"])
        assert asked["query"].items() <= fields.items()


@pytest.mark.parametrize("name", [name for name in CASES if name not in GOOD])
def test_a_recorded_failure_is_of_its_kind_and_keeps_its_word(name: str) -> None:
    expected = CASES[name]["expect_error"]
    with pytest.raises(UpstreamError) as caught:
        log_in(CASES[name])
    assert (type(caught.value), caught.value.platform_code) == (KINDS[expected["class"]], expected["code"])
