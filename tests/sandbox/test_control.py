"""The control API: recorded calls, automatic logins, switches, reset."""

from __future__ import annotations

import re

import requests

from sandbox.fire import firing_platforms
from sandbox.sources.files import slugs
from tests.platforms.feishu.simulator_client import feishu_authorize
from tests.platforms.oauth2.simulator_client import oauth2_authorize, oauth2_code, oauth2_token
from tests.sandbox.clients import returned
from tests.sandbox.server import SandboxServer


def post(sandbox: SandboxServer, name: str, body: object) -> requests.Response:
    return requests.post(f"{sandbox.url}/_sandbox/{name}", json=body, timeout=5)


def test_calls_are_recorded_with_everything_sent(sandbox: SandboxServer) -> None:
    oauth2_token(sandbox, code=oauth2_code(sandbox))
    url = f"{sandbox.url}/_sandbox/calls"
    (call,) = requests.get(url, params={"endpoint": "oauth2.token"}, timeout=5).json()
    assert (call["method"], call["status"]) == ("POST", 200)
    assert call["form"]["grant_type"] == "authorization_code"
    assert "Authorization" not in call["headers"]
    assert len(requests.get(url, timeout=5).json()) == 2
    requests.delete(url, timeout=5)
    assert sandbox.state.calls() == []


def test_auto_answers_login_pages_until_it_is_ended(sandbox: SandboxServer) -> None:
    post(sandbox, "auto", {"person": "maya"})
    assert "code" in returned(feishu_authorize(sandbox))
    post(sandbox, "auto", {"person": "maya", "decision": "deny"})
    assert returned(oauth2_authorize(sandbox))["error"] == "access_denied"
    post(sandbox, "auto", {"person": None})
    assert oauth2_authorize(sandbox).status_code == 200
    assert post(sandbox, "auto", {"person": "nobody"}).status_code == 400


def test_switches_move_the_clock_and_lifetimes(sandbox: SandboxServer) -> None:
    before = post(sandbox, "switches", {}).json()["clock"]
    body = {"advance": 100, "lifetimes": {"oauth2.access_token": 5}, "snapshot": True}
    after = post(sandbox, "switches", body).json()
    assert after["clock"] - before >= 100
    assert (after["lifetimes"]["oauth2.access_token"], after["snapshot"]) == (5, True)
    assert post(sandbox, "switches", {"lifetimes": {"x": 1}}).status_code == 400


def test_reset_forgets_everything(sandbox: SandboxServer) -> None:
    oauth2_code(sandbox)
    sandbox.state.faults.add("*", "status")
    sandbox.state.advance(1000)
    post(sandbox, "reset", {})
    state = sandbox.state
    assert (state.calls(), state.codes, state.faults.waiting(), state.clock_offset) == ([], {}, [], 0.0)


def test_a_form_from_another_site_is_refused(sandbox: SandboxServer) -> None:
    headers = {"Origin": "https://evil.example"}
    for path in ("/fire", "/faults", "/phone/act", "/login/x", "/_sandbox/fire"):
        assert requests.post(sandbox.url + path, headers=headers, timeout=5).status_code == 403


def test_a_control_post_must_be_json(sandbox: SandboxServer) -> None:
    answer = requests.post(f"{sandbox.url}/_sandbox/fire", data="{}", timeout=5)
    assert answer.status_code == 415


def test_samples_are_titled_in_both_languages(sandbox: SandboxServer) -> None:
    samples = requests.get(f"{sandbox.url}/_sandbox/samples", timeout=5).json()
    assert {sample["platform"] for sample in samples} == {each.slug for each in firing_platforms()} | set(
        slugs()
    )
    assert all(sample["title"]["en"] and sample["title"]["zh"] for sample in samples)


def test_endpoints_and_kinds_of_faults_are_listed(sandbox: SandboxServer) -> None:
    listed = requests.get(f"{sandbox.url}/_sandbox/endpoints", timeout=5).json()
    assert {"feishu.token", "wechat.stable_token", "oauth2.userinfo", "fire.feishu"} <= set(
        listed["endpoints"]
    )
    assert {"lost_answer", "merge", "duplicate"} <= set(listed["kinds"])


def test_no_two_faults_of_the_front_page_read_the_same(sandbox: SandboxServer) -> None:
    page = requests.get(f"{sandbox.url}/", timeout=5).text
    labels = re.findall(r'<button name="preset" value="[^"]+">(.*?)</button>', page)
    assert len(labels) > 10
    assert sorted(set(labels)) == sorted(labels)
