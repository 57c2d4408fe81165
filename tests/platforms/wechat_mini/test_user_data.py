"""What a Mini Program hands over about its person: sealed data with its watermark, and the code for a phone number."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from werkzeug.test import TestResponse

from app.core.errors import GrantRejected, RequestError, TokenRejected, UpstreamError
from app.core.values import TokenSet
from app.storage.database.db import Database
from sandbox.platforms.wechat.mini import sealed_data
from tests.builders import FrozenClock, make_services
from tests.login.browser import Browser
from tests.login.gateway import Gateway
from tests.login.simulated import ENVIRONMENT
from tests.platforms.deliveries import NOW
from tests.platforms.wechat_mini.program import APP_ID, opened
from tests.platforms.wechat_mini.test_login import OneAnswer, code_of
from tests.sandbox.server import SandboxServer

CASES: Mapping[str, Any] = {
    case["id"]: case
    for case in json.loads(Path(__file__).with_name("vectors.json").read_text("utf-8"))["cases"]
}
SESSION_KEY = b64encode(b"0123456789abcdef").decode()
TOKENS = TokenSet("none", extra={"openid": "oPerson", "session_key": SESSION_KEY})
MARK: dict[str, Any] = {"timestamp": int(NOW.timestamp()), "appid": APP_ID}
PHONE = {
    "errcode": 0,
    "phone_info": {"phoneNumber": "+8613900000000", "purePhoneNumber": "13900000000", "countryCode": "86"},
}


def read(content: Any, now: datetime = NOW, **changes: str) -> Any:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    given = sealed_data(body, SESSION_KEY)
    named = {"encrypted_data": given["encryptedData"], "iv": given["iv"]} | changes
    return opened().open_user_data(TOKENS, now=now, **named)


def test_the_official_sample_is_read_at_its_own_time() -> None:
    case = CASES["M1"]
    tokens = TokenSet("none", extra={"session_key": case["session_key"]})
    now = datetime.fromtimestamp(case["plain"]["watermark"]["timestamp"], UTC)
    found = opened(app_id=case["appid"]).open_user_data(
        tokens, encrypted_data=case["encrypted_data"], iv=case["iv"], now=now
    )
    assert found == case["plain"]


def test_wechatpy_reads_the_same() -> None:
    crypto = pytest.importorskip("wechatpy.crypto")
    given = sealed_data(json.dumps({"a": 1, "watermark": MARK}).encode(), SESSION_KEY)
    theirs = crypto.WeChatWxaCrypto(SESSION_KEY, given["iv"], APP_ID).decrypt_message(given["encryptedData"])
    ours = opened().open_user_data(TOKENS, encrypted_data=given["encryptedData"], iv=given["iv"], now=NOW)
    assert ours == theirs


@pytest.mark.parametrize(
    "content",
    [
        {"watermark": MARK | {"appid": "wxffffffffffffffff"}},
        {"watermark": {"timestamp": MARK["timestamp"]}},
        {"watermark": MARK | {"timestamp": MARK["timestamp"] - 601}},
        {"watermark": MARK | {"timestamp": MARK["timestamp"] + 601}},
        {"watermark": MARK | {"timestamp": str(MARK["timestamp"])}},
        {"watermark": MARK | {"timestamp": True}},
        {"watermark": None},
        {},
        b"[]",
        b"not JSON",
        b"\xff\xfe",
        b'{"watermark":1,"watermark":2}',
        b"",
    ],
    ids=repr,
)
def test_data_of_another_program_or_time_is_refused(content: Any) -> None:
    with pytest.raises(RequestError) as caught:
        read(content)
    assert caught.value.code == "bad_user_data"


@pytest.mark.parametrize(
    "changes",
    [
        {"encrypted_data": ""},
        {"encrypted_data": "YQ=="},
        {"encrypted_data": "é"},
        {"encrypted_data": "A" * 20_000},
        {"iv": "YQ=="},
        {"iv": "not Base64"},
        {"iv": b64encode(b"fedcba9876543210").decode()},
    ],
    ids=str,
)
def test_whatever_is_wrong_the_refusal_is_the_same(changes: dict[str, str]) -> None:
    refusals = set()
    attempts: tuple[tuple[Any, dict[str, Any]], ...] = (({"watermark": MARK}, dict(changes)), ({}, {}))
    for content, more in attempts:
        with pytest.raises(RequestError) as caught:
            read(content, **more)
        refusals.add((caught.value.code, caught.value.message, caught.value.explain()))
    assert len(refusals) == 1


def test_data_sealed_with_the_session_of_an_earlier_login_is_refused() -> None:
    given = sealed_data(json.dumps({"watermark": MARK}).encode(), b64encode(b"another session!").decode())
    with pytest.raises(RequestError):
        opened().open_user_data(TOKENS, encrypted_data=given["encryptedData"], iv=given["iv"], now=NOW)


def test_data_may_be_ten_minutes_old() -> None:
    assert read({"watermark": MARK}, now=NOW + timedelta(seconds=600))


def test_a_phone_number_is_read_with_the_app_token() -> None:
    http = OneAnswer(PHONE)
    found = opened().phone_number("CODE", "APP", http)
    assert found == {
        "phone_number": "+8613900000000",
        "pure_phone_number": "13900000000",
        "country_code": "86",
    }
    url = "https://api.weixin.qq.com/wxa/business/getuserphonenumber"
    assert http.calls == [("POST", url, {"params": {"access_token": "APP"}, "json": {"code": "CODE"}})]


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ({"errcode": 40029}, GrantRejected),
        ({"errcode": 42001}, TokenRejected),
        ({"errcode": 40001}, TokenRejected),
        ({"errcode": 0}, UpstreamError),
        ({"errcode": 0, "phone_info": []}, UpstreamError),
        ({"errcode": 0, "phone_info": {"phoneNumber": 5}}, UpstreamError),
    ],
)
def test_an_answer_without_a_number_is_an_error(answer: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        opened().phone_number("CODE", "APP", OneAnswer(answer))


@pytest.fixture
def gateway(database: Database, clock: FrozenClock, sandbox: SandboxServer) -> Iterator[Gateway]:
    own = sandbox.settings
    table = f"""
platform = "wechat-mini"
app_id = "{own["WECHAT_MINI_APP_ID"]}"
app_secret = "{own["WECHAT_MINI_APP_SECRET"]}"
api_base = "{sandbox.url}/wechat"
"""
    channels = f"[channels.mini]{table}[channels.second]{table}"
    sandbox.state.advance(clock.now().timestamp() - sandbox.state.now())
    made = Gateway(make_services(database, clock=clock, channels=channels, env=ENVIRONMENT), clock)
    yield made
    made.close()


@pytest.fixture
def browser(gateway: Gateway, sandbox: SandboxServer) -> Browser:
    """Return the program of somebody who has logged in."""
    made = gateway.browser()
    answer = made.post("/api/v1/mini-program/mini/login", json={"code": code_of(sandbox)})
    made.headers = {"Authorization": f"Bearer {answer.get_json()['token']}"}  # type: ignore[attr-defined]
    return made


def asked(browser: Browser, what: str, body: Any, channel: str = "mini") -> TestResponse:
    headers = getattr(browser, "headers", {})
    return browser.post(f"/api/v1/mini-program/{channel}/{what}", json=body, headers=headers)


def control(sandbox: SandboxServer, name: str, person: str = "maya") -> Any:
    return requests.post(f"{sandbox.url}/_sandbox/{name}", json={"person": person}, timeout=5).json()


def test_a_program_gets_its_persons_data_through_the_gateway(
    browser: Browser, sandbox: SandboxServer
) -> None:
    answer = asked(browser, "user-data", control(sandbox, "user_data"))
    assert answer.status_code == 200, answer.text
    assert answer.get_json()["data"]["nickName"]
    assert "no-store" in answer.headers["Cache-Control"]


def test_a_phone_number_goes_to_the_program_and_is_stored_nowhere(
    browser: Browser, sandbox: SandboxServer, gateway: Gateway
) -> None:
    answer = asked(browser, "phone-number", control(sandbox, "phone_code"))
    assert answer.get_json() == {
        "phone_number": "13900000000",
        "pure_phone_number": "13900000000",
        "country_code": "86",
    }
    assert "13900000000" not in gateway.all_stored()


def test_data_about_another_person_is_refused(browser: Browser, sandbox: SandboxServer) -> None:
    keys = sandbox.state.shelf("wechat.session_keys")
    keys["linxiao"] = keys["maya"]
    answer = asked(browser, "user-data", control(sandbox, "user_data", "linxiao"))
    assert (answer.status_code, answer.get_json()["error"]) == (400, "bad_user_data")


@pytest.mark.parametrize("what", ["user-data", "phone-number"])
def test_nobody_asks_without_a_session(gateway: Gateway, what: str) -> None:
    assert asked(gateway.browser(), what, {}).status_code == 401


@pytest.mark.parametrize("what", ["user-data", "phone-number"])
def test_a_session_of_another_channel_is_refused(browser: Browser, what: str) -> None:
    answer = asked(
        browser,
        what,
        {"code": "c"} if what == "phone-number" else {"encryptedData": "a", "iv": "b"},
        "second",
    )
    assert (answer.status_code, answer.get_json()["error"]) == (403, "other_channel")


@pytest.mark.parametrize(
    ("what", "body", "status"),
    [
        ("user-data", {}, 400),
        ("user-data", {"encryptedData": 5, "iv": "x"}, 400),
        ("user-data", {"encryptedData": "x" * 20_000, "iv": "x"}, 400),
        ("user-data", {"encryptedData": "x", "iv": "\x00"}, 400),
        ("phone-number", {"code": ""}, 400),
        ("phone-number", {"code": "c", "more": 1}, 400),
        ("phone-number", {"code": "unknown"}, 401),
    ],
)
def test_bad_input_has_its_word_and_is_no_crash(browser: Browser, what: str, body: Any, status: int) -> None:
    answer = asked(browser, what, body)
    assert answer.status_code == status, answer.text
    assert answer.get_json()["error"]
