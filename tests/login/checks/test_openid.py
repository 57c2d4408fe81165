"""Checks 34, 50, 51, 53, 69 and 70: discovery, ID tokens and keys of an OpenID Connect server that misbehaves."""

from __future__ import annotations

import socket
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from pydantic import ValidationError
from werkzeug.test import TestResponse

from app.core.ports import HttpAnswer, HttpClient
from app.pipeline.channels import Channels
from app.platforms import discover
from app.platforms.oauth2.discovery import IssuersServer
from tests.builders import FrozenClock, exchange
from tests.login.browser import SESSION_COOKIE, cookies_set
from tests.login.simulated import SimulatedGateway, VisitingBrowser

pytestmark = pytest.mark.backends("sqlite")

NOBODY = (0, 0, 0, 0)
ID_TOKEN_FAULTS = {
    "id_token_wrong_nonce": "nonce",
    "id_token_no_nonce": "nonce",
    "id_token_wrong_iss": "iss",
    "id_token_wrong_aud": "aud",
    "id_token_two_aud": "azp",
    "id_token_wrong_azp": "azp",
    "id_token_expired": "exp",
    "id_token_hs256": "alg",
    "id_token_unsigned": "signed JWT",
    "id_token_wrong_at_hash": "at_hash",
    "id_token_missing": "there is none",
}
ENDPOINTS = ("authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri")
BAD_ADDRESSES = (
    "http://id.example.com/x",
    "https://127.0.0.1/x",
    "https://169.254.169.254/x",
    "https://10.1.2.3/x",
    "https://[::1]/x",
    "https://id.corp.internal/x",
    "https://2130706433/x",
    "https://user@id.example.com/x",
    "https://id.example.com/x#part",
    "file:///etc/passwd",
    7,
)


@pytest.fixture
def gateway(gateway: SimulatedGateway) -> SimulatedGateway:
    """Return the gateway with a simulator whose clock agrees with it: ID tokens carry times."""
    state = gateway.sandbox.state
    state.advance(gateway.clock.now().timestamp() - state.now())
    return gateway


def switch_on(gateway: SimulatedGateway, *names: str) -> None:
    gateway.sandbox.state.switches.update(dict.fromkeys(names, True))


def misdescribe(gateway: SimulatedGateway, **changes: Any) -> None:
    """Let the discovery document say something else, as often as it is asked for."""
    gateway.sandbox.state.faults.add("oauth2.discovery", "merge", replace=changes)


def try_login(browser: VisitingBrowser) -> TestResponse:
    return browser.callback(browser.approve(browser.start("openid")))


def assert_nobody(gateway: SimulatedGateway, answer: TestResponse, word: str, says: str = "") -> None:
    assert answer.status_code == 502, answer.text
    assert answer.get_json()["error"] == word
    assert says in answer.get_json()["message"]
    assert SESSION_COOKIE not in cookies_set(answer)
    assert gateway.stored_people() == NOBODY


def assert_not_started(gateway: SimulatedGateway, browser: VisitingBrowser, says: str) -> None:
    answer = browser.get("/oauth/openid/start")
    assert_nobody(gateway, answer, "bad_discovery", says)
    assert gateway.token_calls() == []
    assert {call.endpoint for call in gateway.calls()} == {"oauth2.discovery"}


def test_check_51a_a_document_of_another_issuer_starts_no_login(
    gateway: SimulatedGateway, browser: VisitingBrowser
):
    misdescribe(gateway, issuer=f"{gateway.sandbox.url}/oauth2/")
    assert_not_started(gateway, browser, "another issuer")


@pytest.mark.parametrize("address", BAD_ADDRESSES)
@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_check_51b_a_document_with_an_address_that_is_not_https_or_not_public_starts_no_login(
    gateway: SimulatedGateway, browser: VisitingBrowser, endpoint: str, address: Any
):
    misdescribe(gateway, **{endpoint: address})
    assert_not_started(gateway, browser, endpoint)


def test_check_51c_a_name_that_turns_out_to_be_private_is_not_connected_to(
    gateway: SimulatedGateway, browser: VisitingBrowser, monkeypatch: pytest.MonkeyPatch
):
    port = urlsplit(gateway.sandbox.url).port
    misdescribe(gateway, token_endpoint=f"https://id.example.com:{port}/oauth2/api/oauth2/token")
    resolve = socket.getaddrinfo

    def mislead(host: Any, *rest: Any, **options: Any) -> Any:
        return resolve("127.0.0.1" if host == "id.example.com" else host, *rest, **options)

    monkeypatch.setattr(socket, "getaddrinfo", mislead)
    assert_nobody(gateway, try_login(browser), "upstream_address_refused")
    assert gateway.token_calls() == []


@pytest.mark.parametrize(
    "issuer",
    [
        "http://id.example.com",
        "https://10.1.2.3",
        "https://id.corp.internal",
        "https://id.example.com/?a=1",
        "https://id.example.com/#a",
        "https://user@id.example.com",
        "file:///etc/passwd",
        f"https://id.example.com/{'a' * 200}",
    ],
)
def test_check_51d_an_issuer_that_cannot_be_asked_is_refused_when_the_configuration_is_loaded(issuer: str):
    settings = discover()["oauth2"].settings
    with pytest.raises(ValidationError) as caught:
        settings.model_validate({"client_id": "c", "client_secret": "s", "issuer": issuer})
    assert [fault["loc"] for fault in caught.value.errors()] == [("issuer",)]


def test_check_51e_a_private_host_is_taken_where_the_operator_has_named_it():
    keys = {"client_id": "c", "client_secret": "s", "issuer": "https://id.corp.internal/realms/a"}
    opened: Any = discover()["oauth2"].settings.model_validate(keys | {"allowed_hosts": ["ID.corp.internal"]})
    assert opened.allowed_hosts == ("id.corp.internal",)


@pytest.mark.parametrize("endpoint", ["oauth2.discovery", "oauth2.jwks"])
@pytest.mark.parametrize("location", ["http://127.0.0.1:9/", "http://169.254.169.254/", "file:///etc/passwd"])
def test_check_50e_no_redirect_of_a_document_or_key_set_is_followed(
    gateway: SimulatedGateway, browser: VisitingBrowser, endpoint: str, location: str
):
    gateway.sandbox.state.faults.add(endpoint, "redirect", location=location)
    assert_nobody(gateway, browser.get("/oauth/openid/start"), "upstream_redirect")


def test_a_login_at_an_openid_server_ends_in_a_session(gateway: SimulatedGateway, browser: VisitingBrowser):
    browser.log_in("openid")
    identity = browser.me()["identity"]
    assert identity["issuer"] == f"oauth2:{gateway.sandbox.url}/oauth2"
    assert identity["subject_kind"] == "sub"
    assert identity["subject"].startswith("person-")
    assert identity["name"] == "Lin Xiao"
    assert browser.fresh().status_code == 200


@pytest.mark.parametrize("promised", [True, False])
def test_check_34d_a_return_that_names_another_issuer_of_the_same_server_is_rejected(
    gateway: SimulatedGateway, browser: VisitingBrowser, promised: bool
):
    misdescribe(gateway, authorization_response_iss_parameter_supported=promised)
    own = f"{gateway.sandbox.url}/oauth2"
    for issuer in (f"{own}/", f"{own}/realms/other", gateway.sandbox.url):
        returned = browser.approve(browser.start("openid"))
        answer = browser.callback(returned.with_changes(iss=issuer))
        assert (answer.status_code, answer.get_json()["error"]) == (400, "wrong_issuer")
    bare = browser.callback(browser.approve(browser.start("openid")))
    assert bare.status_code == (400 if promised else 303)
    returned = browser.approve(browser.start("openid"))
    assert browser.callback(returned.with_changes(iss=own)).status_code == 303


def test_check_69a_every_login_asks_with_a_nonce_of_its_own(
    gateway: SimulatedGateway, browser: VisitingBrowser
):
    nonces = {browser.start("openid").query["nonce"] for _ in range(3)}
    assert len(nonces) == 3
    assert all(len(nonce) == 64 for nonce in nonces)
    assert "nonce" not in parse_qs(urlsplit(browser.start("account").authorize_url).query)


@pytest.mark.parametrize("fault", ID_TOKEN_FAULTS)
def test_check_69b_a_login_with_a_false_id_token_is_refused(
    gateway: SimulatedGateway, browser: VisitingBrowser, fault: str
):
    switch_on(gateway, fault)
    assert_nobody(gateway, try_login(browser), "bad_id_token", ID_TOKEN_FAULTS[fault])
    assert gateway.last_audit().outcome == "bad_id_token"


def test_check_69c_the_id_token_of_another_login_logs_nobody_in(
    gateway: SimulatedGateway, browser: VisitingBrowser
):
    answers: list[HttpAnswer] = []
    gateway.use_http("openid", KeepingHttp(gateway.channel("openid").http, answers))
    gateway.browser().log_in("openid", "chenyutong")
    stolen = next(answer.json_object()["id_token"] for answer in answers if b'"id_token":' in answer.body)
    people = gateway.stored_people()
    gateway.sandbox.state.faults.add("oauth2.token", "merge", 1, replace={"id_token": stolen})
    answer = try_login(browser)
    assert (answer.status_code, answer.get_json()["error"]) == (502, "bad_id_token")
    assert "nonce" in answer.get_json()["message"]
    assert gateway.stored_people() == people


def test_check_70a_a_rotated_key_is_found_with_one_more_look_at_the_key_set(
    gateway: SimulatedGateway, browser: VisitingBrowser
):
    keep_by(gateway, clock := FrozenClock())
    browser.log_in("openid")
    switch_on(gateway, "jwks_rotated")
    gateway.forget_calls()
    clock.advance(seconds=61)
    assert try_login(browser).status_code == 303
    assert len(gateway.calls("oauth2.jwks")) == 1


def test_check_70b_an_unknown_key_makes_one_look_in_an_interval(
    gateway: SimulatedGateway, browser: VisitingBrowser
):
    keep_by(gateway, clock := FrozenClock())
    browser.log_in("openid")
    browser.log_out()
    switch_on(gateway, "jwks_rotated")
    # The set still shows the old key alone: the token's key stays unknown however often it is looked for.
    gateway.sandbox.state.faults.add("oauth2.jwks", "json", json={"keys": []})
    clock.advance(seconds=61)
    gateway.forget_calls()
    for _ in range(3):
        answer = try_login(browser)
        assert (answer.status_code, answer.get_json()["error"]) == (502, "bad_id_token")
    assert len(gateway.calls("oauth2.jwks")) == 1


@pytest.mark.parametrize("fault", ["jwks_odd_keys", "jwks_same_kid"])
def test_check_70c_unreadable_keys_and_a_second_key_of_the_same_name_hinder_nobody(
    gateway: SimulatedGateway, browser: VisitingBrowser, fault: str
):
    switch_on(gateway, fault)
    assert try_login(browser).status_code == 303


@pytest.mark.parametrize("fault", ["jwks_encryption_key", "jwks_symmetric_key"])
def test_check_70d_a_key_for_encryption_and_a_symmetric_key_prove_nothing(
    gateway: SimulatedGateway, browser: VisitingBrowser, fault: str
):
    switch_on(gateway, fault)
    assert_nobody(gateway, try_login(browser), "bad_id_token")


def test_check_53e_user_information_about_another_person_than_the_id_tokens_is_refused(
    gateway: SimulatedGateway, browser: VisitingBrowser
):
    switch_on(gateway, "id_token_other_person")
    assert_nobody(gateway, try_login(browser), "upstream_bad_identity", "sub")


def test_check_53f_no_user_information_without_a_subject_is_taken(
    gateway: SimulatedGateway, browser: VisitingBrowser
):
    gateway.sandbox.state.faults.add("oauth2.userinfo", "merge", remove=["sub"])
    assert_nobody(gateway, try_login(browser), "upstream_no_subject")


def keep_by(gateway: SimulatedGateway, clock: FrozenClock) -> None:
    """Let the channel `openid` count by this clock how long it keeps what its server said."""
    own = gateway.connector("openid")
    counted = replace(own, server=IssuersServer(own.settings, lambda: clock.now().timestamp()))
    kept = [
        replace(each, connector=counted) if each.name == "openid" else each
        for each in gateway.services.channels
    ]
    exchange(gateway.services, channels=Channels(kept, gateway.services.channels.disabled))


class KeepingHttp:
    """A client that keeps every answer."""

    def __init__(self, real: HttpClient, answers: list[HttpAnswer]):
        self._real, self._answers = real, answers

    def request(self, method: str, url: str, **options: Any) -> HttpAnswer:
        self._answers.append(self._real.request(method, url, **options))
        return self._answers[-1]
