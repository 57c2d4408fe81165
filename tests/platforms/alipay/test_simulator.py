"""Logins against the simulated Alipay over real HTTP: its pages, its gateway, and how it misbehaves."""

from __future__ import annotations

import time

import pytest
import requests

from app.core.errors import GrantRejected, TokenRejected, UpstreamError
from app.core.values import CodeGrant, TokenSet
from app.security.outbound import OutboundClient, configured_origins
from sandbox.people import PEOPLE
from sandbox.platforms.alipay import people
from tests.platforms.alipay.simulator_client import alipay_authorize, alipay_code
from tests.platforms.alipay.test_simulated_events import channel_of
from tests.sandbox.clients import RETURN_ADDRESS, returned
from tests.sandbox.server import SandboxServer

LIN = PEOPLE[0]


def client(sandbox: SandboxServer) -> OutboundClient:
    return OutboundClient(configured_origins(channel_of(sandbox).settings))


def exchanged(sandbox: SandboxServer, code: str | None = None) -> TokenSet:
    grant = CodeGrant(code or alipay_code(sandbox), RETURN_ADDRESS, "v", redeemed_at=time.time())
    return channel_of(sandbox).exchange(grant, client(sandbox))


def test_agreeing_sends_the_code_back_under_alipays_own_name(sandbox: SandboxServer) -> None:
    sandbox.state.auto_person = "linxiao"
    answer = returned(alipay_authorize(sandbox, state="a&b"))
    assert (answer["state"], len(answer["auth_code"]), "code" in answer) == ("a&b", 40, False)


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"app_id": "2021"}, "INVALID_APP_ID"),
        ({"scope": "auth_all"}, "INVALID_SCOPE"),
        ({"redirect_uri": "/relative"}, "REDIRECT_URI_ERROR"),
    ],
)
def test_a_bad_authorize_request_stays_on_the_page(
    sandbox: SandboxServer, changes: dict[str, str], word: str
) -> None:
    response = alipay_authorize(sandbox, **changes)
    assert response.status_code == 400
    assert word in response.text


def test_a_login_names_the_person_by_open_id(sandbox: SandboxServer) -> None:
    tokens = exchanged(sandbox)
    found = channel_of(sandbox).identity(tokens, client(sandbox))
    assert (found.subject_kind, found.subject) == (
        "open_id",
        people.open_id(LIN, sandbox.settings["ALIPAY_APP_ID"]),
    )
    assert (found.name, tokens.expires_in) == (LIN.name_zh, 1_296_000)


def test_an_older_application_gets_the_account_number(sandbox: SandboxServer) -> None:
    sandbox.state.switches["alipay_user_id"] = True
    found = channel_of(sandbox).identity(exchanged(sandbox), client(sandbox))
    assert (found.subject_kind, found.subject) == ("user_id", people.user_id(LIN))


def test_a_code_works_once(sandbox: SandboxServer) -> None:
    code = alipay_code(sandbox)
    exchanged(sandbox, code)
    with pytest.raises(GrantRejected) as caught:
        exchanged(sandbox, code)
    assert caught.value.platform_code == "isv.code-invalid"


def test_a_refresh_gives_new_tokens_and_spends_the_old_one(sandbox: SandboxServer) -> None:
    first = exchanged(sandbox)
    second = channel_of(sandbox).refresh(first, client(sandbox))
    assert second.access_token != first.access_token
    assert second.extra == first.extra
    with pytest.raises(GrantRejected):
        channel_of(sandbox).refresh(first, client(sandbox))


def test_an_expired_token_is_rejected(sandbox: SandboxServer) -> None:
    tokens = exchanged(sandbox)
    sandbox.state.advance(1_296_001)
    with pytest.raises(TokenRejected):
        channel_of(sandbox).identity(tokens, client(sandbox))


def test_an_answer_that_alipay_did_not_sign_logs_nobody_in(sandbox: SandboxServer) -> None:
    sandbox.state.switches["alipay_other_key"] = True
    with pytest.raises(UpstreamError) as caught:
        exchanged(sandbox)
    assert caught.value.platform_code == "bad_signature"


def test_the_silent_scope_has_no_profile(sandbox: SandboxServer) -> None:
    tokens = exchanged(sandbox, alipay_code(sandbox, scope="auth_base"))
    with pytest.raises(UpstreamError) as caught:
        channel_of(sandbox).identity(tokens, client(sandbox))
    assert caught.value.platform_code == "isv.insufficient-isv-permissions"


def test_an_unsigned_request_is_refused_and_the_refusal_is_signed(sandbox: SandboxServer) -> None:
    url = f"{sandbox.url}/alipay/gateway.do"
    own = {"app_id": sandbox.settings["ALIPAY_APP_ID"], "method": "alipay.system.oauth.token"}
    answer = requests.get(url, params=own, timeout=5).json()
    assert (answer["error_response"]["sub_code"], "sign" in answer) == ("isv.invalid-signature", True)
