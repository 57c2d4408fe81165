"""Every kind of fault, over a real connection."""

from __future__ import annotations

import gzip
import time
from collections.abc import Callable
from typing import Any

import pytest
import requests

from tests.platforms.oauth2.simulator_client import oauth2_code, oauth2_get, oauth2_token
from tests.sandbox.server import SandboxServer


@pytest.fixture
def token(sandbox: SandboxServer) -> str:
    value: str = oauth2_token(sandbox, code=oauth2_code(sandbox)).json()["access_token"]
    return value


@pytest.fixture
def ask(sandbox: SandboxServer, token: str) -> Callable[[], requests.Response]:
    return lambda: oauth2_get(sandbox, "userinfo", token)


Ask = Callable[[], requests.Response]


def test_status_answers_for_the_next_calls_only(sandbox: SandboxServer, ask: Ask) -> None:
    sandbox.state.faults.add("oauth2.userinfo", "status", 2, status=429, headers={"Retry-After": "3"})
    answers = [ask() for _ in range(3)]
    assert [answer.status_code for answer in answers] == [429, 429, 200]
    assert answers[0].headers["Retry-After"] == "3"


def test_a_fault_without_times_lasts_until_cleared(sandbox: SandboxServer, ask: Ask) -> None:
    sandbox.state.faults.add("oauth2.*", "status", status=503)
    assert {ask().status_code for _ in range(3)} == {503}
    sandbox.state.faults.clear()
    assert ask().status_code == 200


def test_faulty_calls_are_recorded_too(sandbox: SandboxServer, ask: Ask) -> None:
    sandbox.state.faults.add("oauth2.userinfo", "status", 1, status=500)
    ask()
    assert [call.status for call in sandbox.state.calls("oauth2.userinfo")] == [500]


@pytest.mark.parametrize("value", [{"errcode": 40029}, [1, 2], None, {"id": 1e16}])
def test_json_gives_any_value_in_a_200(sandbox: SandboxServer, ask: Ask, value: Any) -> None:
    sandbox.state.faults.add("oauth2.userinfo", "json", 1, json=value)
    answer = ask()
    assert (answer.status_code, answer.json()) == (200, value)


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ("<html>502</html>", "text/html"),
        ("", "application/json"),
        ('{"access_token":"a', "application/json"),
        ('{"id":1,"id":2}', "application/json"),
        ('callback({"error":100016});', "text/html"),
        ("名".encode("gbk"), "application/json; charset=utf-8"),
    ],
)
def test_raw_gives_any_bytes(sandbox: SandboxServer, ask: Ask, body: str | bytes, content_type: str) -> None:
    sandbox.state.faults.add("oauth2.userinfo", "raw", 1, body=body, content_type=content_type)
    answer = ask()
    assert answer.content == (body if isinstance(body, bytes) else body.encode())
    assert answer.headers["Content-Type"] == content_type


def test_big_sends_as_many_bytes_as_asked(sandbox: SandboxServer, ask: Ask) -> None:
    sandbox.state.faults.add("oauth2.userinfo", "big", 1, bytes=3_000_000)
    assert len(ask().content) == 3_000_000


def test_gzip_bomb_is_small_on_the_wire(sandbox: SandboxServer, token: str) -> None:
    sandbox.state.faults.add("oauth2.userinfo", "gzip_bomb", 1, bytes=5_000_000)
    url = f"{sandbox.url}/oauth2/api/oauth2/userinfo"
    with requests.get(url, stream=True, timeout=5) as answer:
        wire = answer.raw.read(decode_content=False)
    assert answer.headers["Content-Encoding"] == "gzip"
    assert len(wire) < 100_000
    assert len(gzip.decompress(wire)) == 5_000_000


def test_hang_outlasts_the_clients_patience(sandbox: SandboxServer, token: str) -> None:
    sandbox.state.faults.add("oauth2.userinfo", "hang", 1, seconds=0.5)
    url = f"{sandbox.url}/oauth2/api/oauth2/userinfo"
    with pytest.raises(requests.ReadTimeout):
        requests.get(url, timeout=0.1)


def test_a_short_hang_still_gives_the_answer(sandbox: SandboxServer, ask: Ask) -> None:
    sandbox.state.faults.add("oauth2.userinfo", "hang", 1, seconds=0.1, after=True)
    started = time.monotonic()
    assert ask().status_code == 200
    assert time.monotonic() - started >= 0.1


def test_drip_sends_the_true_answer_byte_by_byte(sandbox: SandboxServer, ask: Ask) -> None:
    sandbox.state.faults.add("oauth2.userinfo", "drip", 1, seconds=0.001)
    started = time.monotonic()
    answer = ask()
    assert answer.json()["id"] == 10001
    assert time.monotonic() - started >= 0.001 * len(answer.content)


def test_reset_breaks_the_connection_mid_way(sandbox: SandboxServer, ask: Ask) -> None:
    sandbox.state.faults.add("oauth2.userinfo", "reset", 1)
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        ask()
    assert ask().status_code == 200


def test_redirect_names_another_place(sandbox: SandboxServer, token: str) -> None:
    sandbox.state.faults.add("oauth2.userinfo", "redirect", 1, location="http://169.254.169.254/")
    url = f"{sandbox.url}/oauth2/api/oauth2/userinfo"
    answer = requests.get(url, allow_redirects=False, timeout=5)
    assert (answer.status_code, answer.headers["Location"]) == (302, "http://169.254.169.254/")


def test_headers_are_added_to_the_real_answer(sandbox: SandboxServer, ask: Ask) -> None:
    policy = {"Cross-Origin-Opener-Policy": "same-origin"}
    sandbox.state.faults.add("oauth2.userinfo", "headers", 1, headers=policy)
    answers = [ask() for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert [answer.headers.get("Cross-Origin-Opener-Policy") for answer in answers] == ["same-origin", None]


def test_a_lost_answer_still_rotates_the_refresh_token(sandbox: SandboxServer) -> None:
    first = oauth2_token(sandbox, code=oauth2_code(sandbox)).json()
    fields = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
    sandbox.state.faults.add("oauth2.token", "lost_answer", 1)
    with pytest.raises(requests.ConnectionError):
        oauth2_token(sandbox, **fields)
    assert oauth2_token(sandbox, **fields).json()["error"] == "invalid_grant"


@pytest.mark.parametrize("odd", ["7200", 0, -1, 10**12])
def test_merge_replaces_and_removes_members(sandbox: SandboxServer, odd: Any) -> None:
    changes = {"replace": {"expires_in": odd}, "remove": ["refresh_token"], "headers": {"Set-Cookie": "a=1"}}
    sandbox.state.faults.add("oauth2.token", "merge", 1, **changes)
    response = oauth2_token(sandbox, code=oauth2_code(sandbox))
    answer = response.json()
    assert answer["expires_in"] == odd
    assert "refresh_token" not in answer
    assert answer["access_token"].startswith("eyJ")
    assert response.cookies["a"] == "1"


@pytest.mark.parametrize(
    ("path", "status", "member", "value"),
    [
        ("/oauth2/api/oauth2/userinfo", 401, "error", "invalid_token"),
        ("/feishu/open-apis/authen/v1/user_info", 400, "code", 99991677),
        ("/wechat/sns/userinfo", 200, "errcode", 42001),
    ],
)
def test_expire_token_speaks_each_platforms_words_once(
    sandbox: SandboxServer, path: str, status: int, member: str, value: object
) -> None:
    sandbox.state.faults.add("*", "expire_token")
    answer = requests.get(sandbox.url + path, timeout=5)
    assert (answer.status_code, answer.json()[member]) == (status, value)
    assert sandbox.state.faults.waiting() == []


def test_skip_and_when_choose_the_calls(sandbox: SandboxServer) -> None:
    when = {"grant_type": "refresh_token"}
    sandbox.state.faults.add("oauth2.token", "status", 1, status=500, skip=1, when=when)
    tokens = oauth2_token(sandbox, code=oauth2_code(sandbox)).json()
    fields = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    second = oauth2_token(sandbox, **fields)
    fields["refresh_token"] = second.json()["refresh_token"]
    assert (second.status_code, oauth2_token(sandbox, **fields).status_code) == (200, 500)


def test_faults_are_scripted_over_http(sandbox: SandboxServer, ask: Ask) -> None:
    url = f"{sandbox.url}/_sandbox/faults"
    fault = {"endpoint": "oauth2.userinfo", "kind": "status", "times": 1, "status": 418}
    assert requests.post(url, json=fault, timeout=5).json() == [fault]
    assert ask().status_code == 418
    requests.post(url, json=[fault, fault], timeout=5)
    assert requests.delete(f"{url}?endpoint=oauth2.userinfo", timeout=5).json() == []


@pytest.mark.parametrize("fault", [{"endpoint": "x", "kind": "nonsense"}, {"kind": "status"}])
def test_an_unknown_fault_is_explained(sandbox: SandboxServer, fault: dict[str, str]) -> None:
    answer = requests.post(f"{sandbox.url}/_sandbox/faults", json=fault, timeout=5)
    assert (answer.status_code, answer.json()["error"]) == (400, "bad_request")
