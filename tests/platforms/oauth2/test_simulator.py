"""The simulated OAuth2 server answers as its integration page says."""

from __future__ import annotations

import re

import pytest
import requests

from tests.platforms.oauth2.simulator_client import (
    oauth2_authorize,
    oauth2_code,
    oauth2_get,
    oauth2_token,
)
from tests.sandbox.clients import CHALLENGE, VERIFIER, returned
from tests.sandbox.server import SandboxServer


def press(sandbox: SandboxServer, page: str, **form: str) -> requests.Response:
    found = re.search(r'action="(/login/[^"]+)"', page)
    assert found is not None
    url = sandbox.url + found.group(1)
    return requests.post(url, data=form, allow_redirects=False, timeout=5)


def test_a_person_signs_in_and_then_allows(sandbox: SandboxServer) -> None:
    consent = press(sandbox, oauth2_authorize(sandbox).text, person="maya", decision="allow")
    assert consent.status_code == 200
    code = returned(press(sandbox, consent.text, decision="allow"))["code"]
    token = oauth2_token(sandbox, code=code).json()["access_token"]
    assert oauth2_get(sandbox, "userinfo", token).json()["username"] == "maya"


def test_auto_authorize_skips_the_consent_step(sandbox: SandboxServer) -> None:
    page = oauth2_authorize(sandbox, auto_authorize="true").text
    assert "code" in returned(press(sandbox, page, person="maya", decision="allow"))


def test_refusing_returns_access_denied(sandbox: SandboxServer) -> None:
    answer = returned(press(sandbox, oauth2_authorize(sandbox).text, person="maya", decision="deny"))
    assert (answer["error"], answer["state"]) == ("access_denied", "s1")


def test_a_login_page_can_be_answered_once(sandbox: SandboxServer) -> None:
    page = oauth2_authorize(sandbox, auto_authorize="true").text
    press(sandbox, page, person="maya", decision="allow")
    assert press(sandbox, page, person="maya", decision="allow").status_code == 410


@pytest.mark.parametrize(
    "changes",
    [{"client_id": "x"}, {"state": ""}, {"redirect_uri": "javascript:alert(1)"}, {"response_type": "token"}],
)
def test_a_bad_authorize_request_stays_on_the_page(sandbox: SandboxServer, changes: dict[str, str]) -> None:
    assert oauth2_authorize(sandbox, **changes).status_code == 400


def test_a_code_becomes_tokens_and_a_profile(sandbox: SandboxServer) -> None:
    answer = oauth2_token(sandbox, code=oauth2_code(sandbox)).json()
    assert answer["expires_in"] == 7200
    assert answer["refresh_token"].startswith("refresh_")
    profile = oauth2_get(sandbox, "userinfo", answer["access_token"]).json()
    assert profile == {
        "id": 10001,
        "username": "linxiao",
        "email": "linxiao@example.com",
        "created_time": 1640995200,
        "status": 1,
        "quota": 1000000,
        "used_quota": 250000,
        "balance_formatted": "750.00",
    }


def test_the_balance_needs_its_scope(sandbox: SandboxServer) -> None:
    token = oauth2_token(sandbox, code=oauth2_code(sandbox, scope="profile")).json()["access_token"]
    assert "quota" not in oauth2_get(sandbox, "userinfo", token).json()


@pytest.mark.parametrize(
    ("fields", "status", "word"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"code": "unknown"}, 400, "invalid_grant"),
        ({"redirect_uri": "http://shop.example/other"}, 400, "invalid_grant"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"grant_type": "refresh_token", "refresh_token": "x"}, 400, "invalid_grant"),
    ],
)
def test_token_errors(sandbox: SandboxServer, fields: dict[str, str], status: int, word: str) -> None:
    response = oauth2_token(sandbox, **{"code": oauth2_code(sandbox), **fields})
    assert (response.status_code, response.json()["error"]) == (status, word)


def test_a_reused_code_kills_the_tokens_it_gave(sandbox: SandboxServer) -> None:
    code = oauth2_code(sandbox)
    token = oauth2_token(sandbox, code=code).json()["access_token"]
    assert oauth2_token(sandbox, code=code).json()["error"] == "invalid_grant"
    assert oauth2_get(sandbox, "userinfo", token).status_code == 401


def test_pkce_is_honoured(sandbox: SandboxServer) -> None:
    code = oauth2_code(sandbox, code_challenge=CHALLENGE, code_challenge_method="S256")
    assert oauth2_token(sandbox, code=code).status_code == 400
    assert oauth2_token(sandbox, code=code, code_verifier=VERIFIER).status_code == 200
    assert oauth2_authorize(sandbox, code_challenge=CHALLENGE).status_code == 400


def test_refresh_tokens_rotate(sandbox: SandboxServer) -> None:
    first = oauth2_token(sandbox, code=oauth2_code(sandbox)).json()
    fields = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
    second = oauth2_token(sandbox, **fields).json()
    assert second["access_token"] != first["access_token"]
    assert oauth2_token(sandbox, **fields).status_code == 400


def test_token_lifetime_can_be_set(sandbox: SandboxServer) -> None:
    sandbox.state.lifetimes["oauth2.access_token"] = 299
    answer = oauth2_token(sandbox, code=oauth2_code(sandbox)).json()
    assert answer["expires_in"] == 299
    sandbox.state.advance(300)
    late = oauth2_get(sandbox, "userinfo", answer["access_token"])
    assert (late.status_code, late.headers["WWW-Authenticate"]) == (401, 'Bearer error="invalid_token"')


def test_topping_up_changes_the_balance(sandbox: SandboxServer) -> None:
    token = oauth2_token(sandbox, code=oauth2_code(sandbox)).json()["access_token"]
    url = oauth2_get(sandbox, "topup", token).json()["topup_url"]
    requests.post(url, data={"amount": "50"}, timeout=5)
    assert oauth2_get(sandbox, "userinfo", token).json()["balance_formatted"] == "800.00"


def test_revoking_ends_access_and_refresh(sandbox: SandboxServer) -> None:
    tokens = oauth2_token(sandbox, code=oauth2_code(sandbox)).json()
    body = {
        "client_id": sandbox.settings["OAUTH2_CLIENT_ID"],
        "client_secret": sandbox.settings["OAUTH2_CLIENT_SECRET"],
        "token": tokens["refresh_token"],
    }
    assert requests.post(f"{sandbox.url}/oauth2/api/oauth2/revoke", data=body, timeout=5).status_code == 200
    assert oauth2_get(sandbox, "userinfo", tokens["access_token"]).status_code == 401


def test_the_top_up_page_speaks_chinese(sandbox: SandboxServer) -> None:
    url = f"{sandbox.url}/oauth2/topup/maya"
    page = requests.get(url, headers={"Accept-Language": "zh-CN,zh;q=0.9"}, timeout=5)
    assert 'lang="zh-CN"' in page.text
    assert "充值" in page.text
