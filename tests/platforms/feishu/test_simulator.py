"""The simulated Feishu answers as the protocol notes say."""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests

from tests.platforms.feishu.simulator_client import (
    feishu_authorize,
    feishu_code,
    feishu_fields,
    feishu_token,
)
from tests.sandbox.clients import CHALLENGE, RETURN_ADDRESS, VERIFIER, returned
from tests.sandbox.server import SandboxServer


def tenant_token(sandbox: SandboxServer, secret: str | None = None) -> dict[str, Any]:
    body = {
        "app_id": sandbox.settings["FEISHU_APP_ID"],
        "app_secret": secret or sandbox.settings["FEISHU_APP_SECRET"],
    }
    url = f"{sandbox.url}/feishu/open-apis/auth/v3/tenant_access_token/internal"
    response = requests.post(url, json=body, timeout=5)
    assert response.status_code == 200
    answer: dict[str, Any] = response.json()
    return answer


def user_info(sandbox: SandboxServer, token: str | None) -> requests.Response:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    url = f"{sandbox.url}/feishu/open-apis/authen/v1/user_info"
    return requests.get(url, headers=headers, timeout=5)


def test_allow_returns_code_and_state_and_keeps_the_query(sandbox: SandboxServer) -> None:
    sandbox.state.auto_person = "linxiao"
    answer = returned(feishu_authorize(sandbox, state="a&b#c"))
    assert (answer["keep"], answer["state"]) == ("1", "a&b#c")
    assert len(answer["code"]) >= 32


def test_deny_returns_access_denied(sandbox: SandboxServer) -> None:
    sandbox.state.auto_person, sandbox.state.auto_decision = "linxiao", "deny"
    assert returned(feishu_authorize(sandbox)) == {"keep": "1", "error": "access_denied", "state": "s1"}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"client_id": "cli_other"}, "20048"),
        ({"redirect_uri": "/relative"}, "20029"),
        ({"response_type": "token"}, "20001"),
        ({"scope": " ".join(f"s{n}" for n in range(51))}, "20027"),
    ],
)
def test_a_bad_authorize_request_stays_on_the_page(
    sandbox: SandboxServer, changes: dict[str, str], code: str
) -> None:
    response = feishu_authorize(sandbox, **changes)
    assert response.status_code == 400
    assert code in response.text


@pytest.mark.parametrize("form", ["data", "json"])
def test_a_code_becomes_tokens(sandbox: SandboxServer, form: str) -> None:
    code = feishu_code(sandbox, code_challenge=CHALLENGE, code_challenge_method="S256")
    fields = feishu_fields(sandbox, code=code, redirect_uri=RETURN_ADDRESS, code_verifier=VERIFIER)
    url = f"{sandbox.url}/feishu/oauth/v3/token"
    answer = requests.request("POST", url, timeout=5, **{form: fields}).json()  # type: ignore[arg-type]
    assert answer["code"] == 0
    assert (answer["expires_in"], answer["refresh_token_expires_in"]) == (7200, 604800)
    assert 1000 <= len(answer["access_token"]) <= 2048
    assert [call.endpoint for call in sandbox.state.calls("feishu.token")] == ["feishu.token"]


def test_refresh_token_needs_offline_access(sandbox: SandboxServer) -> None:
    answer = feishu_token(sandbox, code=feishu_code(sandbox, scope="")).json()
    assert "refresh_token" not in answer


def test_a_code_works_once(sandbox: SandboxServer) -> None:
    code = feishu_code(sandbox)
    assert feishu_token(sandbox, code=code).json()["code"] == 0
    assert feishu_token(sandbox, code=code).json()["code"] == 20065


def test_a_code_expires_after_five_minutes(sandbox: SandboxServer) -> None:
    code = feishu_code(sandbox)
    sandbox.state.advance(301)
    assert feishu_token(sandbox, code=code).json()["code"] == 20004


@pytest.mark.parametrize(
    ("fields", "code", "word"),
    [
        ({"client_secret": "wrong"}, 20002, "invalid_client"),
        ({"client_id": "cli_other"}, 20048, "invalid_client"),
        ({"code": "unknown"}, 20003, "invalid_grant"),
        ({"code": ""}, 20001, "invalid_request"),
        ({"redirect_uri": "http://shop.example/other"}, 20071, "invalid_grant"),
        ({"code_verifier": VERIFIER}, 20049, "invalid_grant"),
        ({"grant_type": "password"}, 20036, "unsupported_grant_type"),
        ({"scope": "a a"}, 20067, "invalid_scope"),
        ({"scope": "never.granted"}, 20068, "invalid_scope"),
        ({"grant_type": "refresh_token", "refresh_token": "unknown"}, 20026, "invalid_grant"),
    ],
)
def test_token_errors_are_http_400_with_a_code(
    sandbox: SandboxServer, fields: dict[str, str], code: int, word: str
) -> None:
    response = feishu_token(sandbox, **{"code": feishu_code(sandbox), **fields})
    assert response.status_code == 400
    assert (response.json()["code"], response.json()["error"]) == (code, word)


def test_an_s256_challenge_without_its_method_counts_as_plain(sandbox: SandboxServer) -> None:
    code = feishu_code(sandbox, code_challenge=CHALLENGE)
    assert feishu_token(sandbox, code=code, code_verifier=VERIFIER).json()["code"] == 20049
    assert feishu_token(sandbox, code=code, code_verifier=CHALLENGE).json()["code"] == 0


def test_basic_and_body_credentials_together_are_refused(sandbox: SandboxServer) -> None:
    body = {
        "grant_type": "authorization_code",
        "client_id": sandbox.settings["FEISHU_APP_ID"],
        "client_secret": sandbox.settings["FEISHU_APP_SECRET"],
        "code": feishu_code(sandbox),
    }
    response = requests.post(f"{sandbox.url}/feishu/oauth/v3/token", data=body, auth=("a", "b"), timeout=5)
    assert response.json()["code"] == 20070


def test_refreshing_rotates_and_keeps_the_old_access_token(sandbox: SandboxServer) -> None:
    first = feishu_token(sandbox, code=feishu_code(sandbox)).json()
    fields = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
    second = feishu_token(sandbox, **fields).json()
    assert second["refresh_token"] != first["refresh_token"]
    assert feishu_token(sandbox, **fields).json()["code"] == 20073
    assert user_info(sandbox, first["access_token"]).json()["code"] == 0


def test_a_revoked_refresh_token_is_named_so(sandbox: SandboxServer) -> None:
    tokens = feishu_token(sandbox, code=feishu_code(sandbox)).json()
    body = {
        "client_id": sandbox.settings["FEISHU_APP_ID"],
        "client_secret": sandbox.settings["FEISHU_APP_SECRET"],
        "token": tokens["refresh_token"],
        "token_type_hint": "refresh_token",
    }
    assert requests.post(f"{sandbox.url}/feishu/oauth/v1/revoke", data=body, timeout=5).status_code == 200
    fields = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    assert feishu_token(sandbox, **fields).json()["code"] == 20064


def test_user_info_shows_only_what_was_granted(sandbox: SandboxServer) -> None:
    poor = feishu_token(sandbox, code=feishu_code(sandbox, scope="")).json()
    rich = feishu_token(sandbox, code=feishu_code(sandbox, scope="contact:user.email:readonly")).json()
    assert "email" not in user_info(sandbox, poor["access_token"]).json()["data"]
    data = user_info(sandbox, rich["access_token"]).json()["data"]
    assert (data["name"], data["email"]) == ("林晓", "linxiao@example.com")
    assert data["open_id"].startswith("ou_")


def test_user_info_refuses_missing_unknown_and_expired_tokens(sandbox: SandboxServer) -> None:
    token = feishu_token(sandbox, code=feishu_code(sandbox)).json()["access_token"]
    assert user_info(sandbox, None).json()["code"] == 99991661
    assert user_info(sandbox, "eyJx").json()["code"] == 99991668
    sandbox.state.advance(7201)
    expired = user_info(sandbox, token)
    assert (expired.status_code, expired.json()["code"]) == (400, 99991677)


def test_the_tenant_token_stays_the_same_until_thirty_minutes_are_left(sandbox: SandboxServer) -> None:
    first = tenant_token(sandbox)
    sandbox.state.advance(5000)
    again = tenant_token(sandbox)
    assert again["tenant_access_token"] == first["tenant_access_token"]
    assert again["expire"] <= 2200
    sandbox.state.advance(500)
    assert tenant_token(sandbox)["tenant_access_token"] != first["tenant_access_token"]


def test_tenant_token_errors_are_http_200_with_a_code(sandbox: SandboxServer) -> None:
    assert tenant_token(sandbox, "wrong")["code"] == 10014
    url = f"{sandbox.url}/feishu/open-apis/auth/v3/tenant_access_token/internal/"
    assert requests.post(url, data="{", timeout=5).json()["code"] == 10003


def test_a_wrong_path_answers_plain_text(sandbox: SandboxServer) -> None:
    response = requests.get(f"{sandbox.url}/feishu/oauth/v3/token", timeout=5)
    assert (response.status_code, response.text) == (404, "404 page not found")


def test_a_message_is_sent_once_per_uuid(sandbox: SandboxServer) -> None:
    token = tenant_token(sandbox)["tenant_access_token"]
    person = requests.get(f"{sandbox.url}/_sandbox/people", timeout=5).json()[0]
    body = {
        "receive_id": person["feishu_open_id"],
        "msg_type": "text",
        "content": json.dumps({"text": "hi"}),
        "uuid": "u-1",
    }
    url = f"{sandbox.url}/feishu/open-apis/im/v1/messages?receive_id_type=open_id"
    headers = {"Authorization": f"Bearer {token}"}
    answers = [requests.post(url, json=body, headers=headers, timeout=5).json() for _ in range(2)]
    assert answers[0]["data"]["message_id"] == answers[1]["data"]["message_id"]
    assert len(sandbox.state.messages) == 1
    assert requests.post(url, json=body, timeout=5).json()["code"] == 99991661


def test_the_robot_is_known_by_its_address_and_checks_a_signature(sandbox: SandboxServer) -> None:
    hooks = f"{sandbox.url}/feishu/open-apis/bot/v2/hook"
    plain = {"msg_type": "text", "content": {"text": "hi"}}
    assert requests.post(f"{hooks}/demo", json=plain, timeout=5).json()["code"] == 19001
    url = f"{hooks}/sandbox-robot-0001"
    assert requests.post(url, json=plain, timeout=5).json()["code"] == 19021
    signed = {**plain, "timestamp": "1599360473", "sign": "x"}
    assert requests.post(url, json=signed, timeout=5).json()["code"] == 19021
    assert requests.post(url, json={}, timeout=5).json()["code"] == 19002
