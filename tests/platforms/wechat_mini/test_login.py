"""Login of a Mini Program: the code, the session_key that leaves nowhere, and the same person as elsewhere."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from app.core.errors import CallgateError, GrantRejected, UpstreamError, UpstreamUnavailable
from app.core.ports import AppTokenSource, DirectLogin, HttpAnswer, LoginProvider, WebhookSource
from app.core.values import TokenSet
from app.storage.database.db import Database
from tests.builders import FrozenClock, make_services
from tests.login.gateway import Gateway
from tests.login.simulated import ENVIRONMENT
from tests.platforms.wechat_mini.program import APP_ID, opened
from tests.sandbox.server import SandboxServer

SESSION = {"openid": "oPerson", "session_key": "tiihtNczf5v6AKRyjwEUhQ==", "unionid": "uPerson"}


class OneAnswer:
    """Gives one answer and remembers what was asked."""

    def __init__(self, content: Any, status: int = 200):
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.answer = HttpAnswer(status, {}, body, dict)
        self.calls: list[tuple[str, str, Any]] = []

    def request(self, method: str, url: str, **options: Any) -> HttpAnswer:
        self.calls.append((method, url, options))
        return self.answer


def redeemed(content: Any, status: int = 200) -> TokenSet:
    tokens: TokenSet = opened().redeem_code("CODE", OneAnswer(content, status))
    return tokens


def error_of(content: Any, status: int = 200) -> CallgateError:
    with pytest.raises(CallgateError) as caught:
        redeemed(content, status)
    return caught.value


def test_a_code_is_redeemed_with_the_secret_once() -> None:
    http = OneAnswer(SESSION)
    opened().redeem_code("CODE", http)
    params = {"appid": APP_ID, "secret": "s3cret", "js_code": "CODE", "grant_type": "authorization_code"}
    assert http.calls == [("GET", "https://api.weixin.qq.com/sns/jscode2session", {"params": params})]


@pytest.mark.parametrize("extra", [{}, {"errcode": 0, "errmsg": ""}])
def test_the_person_is_known_by_the_programs_open_id(extra: dict[str, Any]) -> None:
    identity = opened().identity(redeemed(SESSION | extra), OneAnswer({}))
    assert (identity.issuer, identity.subject_kind, identity.subject) == (
        f"wechat:{APP_ID}",
        "open_id",
        "oPerson",
    )
    assert (identity.union_id, identity.name) == ("uPerson", None)


def test_a_program_without_an_open_platform_account_has_no_union_id() -> None:
    tokens = redeemed({name: SESSION[name] for name in ("openid", "session_key")})
    assert opened().identity(tokens, OneAnswer({})).union_id is None


def test_the_session_key_is_kept_only_where_it_is_sealed() -> None:
    tokens = redeemed(SESSION)
    assert tokens.extra["session_key"] == SESSION["session_key"]
    assert SESSION["session_key"] not in tokens.access_token
    assert SESSION["session_key"] not in repr(opened().identity(tokens, OneAnswer({})))


@pytest.mark.parametrize("key", [None, "", 5, "short", "é" * 24, "a" * 25, "YQ=="])
def test_a_session_key_that_is_none_is_a_bad_answer(key: object) -> None:
    assert error_of(SESSION | {"session_key": key}).code == "upstream_bad_answer"


@pytest.mark.parametrize("open_id", [None, "", 5])
def test_an_answer_without_an_open_id_is_no_login(open_id: object) -> None:
    assert error_of(SESSION | {"openid": open_id}).code == "upstream_bad_answer"


@pytest.mark.parametrize("code", [40029, 40163])
def test_a_dead_code_asks_for_a_new_login(code: int) -> None:
    assert isinstance(error_of({"errcode": code, "errmsg": "x"}), GrantRejected)


@pytest.mark.parametrize(("code", "key"), [(40013, "app_id"), (40125, "app_secret")])
def test_wrong_credentials_name_their_key(code: int, key: str) -> None:
    error = error_of({"errcode": code, "errmsg": "x"})
    assert error.code == "platform_configuration"
    assert key in error.message


def test_a_blocked_person_is_told_apart() -> None:
    error = error_of({"errcode": 40226, "errmsg": "x"})
    assert isinstance(error, UpstreamError)
    assert "blocks their login" in error.message


@pytest.mark.parametrize("code", [-1, 45011])
def test_a_busy_platform_may_be_asked_again(code: int) -> None:
    assert isinstance(error_of({"errcode": code, "errmsg": "x"}), UpstreamUnavailable)


def test_without_its_secret_a_program_only_takes_callbacks() -> None:
    connector = opened(app_secret="")
    offered = {port for port in (WebhookSource, DirectLogin, AppTokenSource) if isinstance(connector, port)}
    assert offered == {WebhookSource}
    assert isinstance(opened(), DirectLogin)
    assert not isinstance(opened(), LoginProvider)


@pytest.fixture
def gateway(database: Database, clock: FrozenClock, sandbox: SandboxServer) -> Iterator[Gateway]:
    own = sandbox.settings
    channels = f"""
[channels.mini]
platform = "wechat-mini"
app_id = "{own["WECHAT_MINI_APP_ID"]}"
app_secret = "{own["WECHAT_MINI_APP_SECRET"]}"
token = "{own["WECHAT_MINI_TOKEN"]}"
encoding_aes_key = "{own["WECHAT_MINI_ENCODING_AES_KEY"]}"
api_base = "{sandbox.url}/wechat"
"""
    made = Gateway(make_services(database, clock=clock, channels=channels, env=ENVIRONMENT), clock)
    yield made
    made.close()


def code_of(sandbox: SandboxServer) -> str:
    answer = requests.post(f"{sandbox.url}/_sandbox/js_code", json={"person": "maya"}, timeout=5)
    code: str = answer.json()["js_code"]
    return code


def test_a_program_logs_its_person_in_and_no_answer_holds_the_session_key(
    gateway: Gateway, sandbox: SandboxServer
) -> None:
    code = code_of(sandbox)
    browser = gateway.browser()
    answer = browser.post("/api/v1/mini-program/mini/login", json={"code": code})
    assert answer.status_code == 200, answer.text
    told = answer.get_json()
    assert told["user"]["union_id"]
    assert "session_key" not in answer.text
    again = browser.post("/api/v1/mini-program/mini/login", json={"code": code})
    assert again.status_code == 401
    assert gateway.stored_people() == (1, 1, 1, 1)
    assert "session_key" not in gateway.all_stored()


def test_the_app_token_comes_from_the_stable_interface(gateway: Gateway, sandbox: SandboxServer) -> None:
    token = gateway.connector("mini").fetch_app_token(gateway.channel("mini").http, rejected=None)
    assert token.value
    forced = gateway.connector("mini").fetch_app_token(gateway.channel("mini").http, rejected=token.value)
    assert forced.value != token.value
