"""What OpenID certification asks of a provider, one test for each module: Basic OP, and Form Post, which is the same list again.

Module names are those of the conformance suite, release 5.2 (plans oidcc-basic-certification-test-plan and
oidcc-formpost-basic-certification-test-plan, read 2026-11-29); they stand above each test. Every test runs with both ways
of answering.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest
from joserfc import jws, jwt
from joserfc.jwk import KeySet
from werkzeug.test import TestResponse

from tests.builders import FrozenClock
from tests.issuer.clients import BackEnd, Person, claims_of, hidden_fields, left_half, parameters
from tests.issuer.reauthentication import log_in_again
from tests.login.browser import BASE_URL

pytestmark = pytest.mark.backends("sqlite")


@dataclass
class Suite:
    """A client as the suite plays it, with one way of getting its answers."""

    person: Person
    back_end: BackEnd
    mode: str

    def ask(self, **changes: Any) -> TestResponse:
        """Open the authorize address; the first time the person allows it."""
        page: TestResponse = self.person.authorize(response_mode=self.mode_of(changes), **changes)
        if 'action="/oidc/consent"' in page.get_data(as_text=True):
            page = self.person.allow(page)
        return page

    def mode_of(self, changes: dict[str, Any]) -> str | None:
        mode: str | None = changes.pop("mode", None if self.mode == "query" else self.mode)
        return mode

    def said(self, answer: TestResponse) -> dict[str, str]:
        """Return what the client is told, by the way it asked for."""
        if self.mode == "query":
            return parameters(answer)
        text = answer.get_data(as_text=True)
        assert answer.status_code == 200, text
        assert '<form id="form-post" method="post" action="https://wiki.example/cb">' in text
        return hidden_fields(answer)

    def flow(self, **changes: Any) -> dict[str, Any]:
        """Go through a whole flow and return the tokens; what is in every answer is looked at here."""
        said = self.said(self.ask(**changes))
        assert (said["state"], said["iss"]) == ("st-1", BASE_URL)
        tokens = self.back_end.tokens(said["code"])
        assert tokens["token_type"] == "Bearer"
        return tokens

    def claims(self, tokens: dict[str, Any]) -> dict[str, Any]:
        return claims_of(self.back_end.gateway, tokens["id_token"])

    def info(self, tokens: dict[str, Any], **options: Any) -> dict[str, Any]:
        found: dict[str, Any] = self.back_end.user_info(tokens["access_token"], **options).json
        return found


@pytest.fixture(params=["query", "form_post"])
def suite(request: pytest.FixtureRequest, person: Person, wiki: BackEnd) -> Suite:
    return Suite(person, wiki, request.param)


@pytest.fixture(params=["query", "form_post"])
def nobody(request: pytest.FixtureRequest, stranger: Person, wiki: BackEnd) -> Suite:
    """The same client with a browser where nobody is logged in."""
    return Suite(stranger, wiki, request.param)


# oidcc-server
def test_a_flow_gives_an_id_token_that_names_issuer_client_nonce_and_person(
    suite: Suite, clock: FrozenClock
) -> None:
    tokens = suite.flow()
    claims, now = suite.claims(tokens), int(clock.now().timestamp())
    assert (claims["iss"], claims["aud"], claims["nonce"]) == (BASE_URL, "wiki", "n-1")
    assert claims["at_hash"] == left_half(tokens["access_token"])
    assert claims["iat"] <= now < claims["exp"]
    assert claims["sub"].isascii()
    assert 0 < len(claims["sub"]) <= 255


# oidcc-response-type-missing
def test_a_missing_response_type_is_told_to_the_client(suite: Suite) -> None:
    said = suite.said(suite.ask(response_type=None))
    assert (said["error"], said["state"]) == ("unsupported_response_type", "st-1")


# oidcc-idtoken-signature
def test_an_id_token_is_signed_with_a_published_rsa_key_named_by_kid(suite: Suite) -> None:
    tokens = suite.flow()
    header = jws.extract_compact(tokens["id_token"].encode()).headers()
    document: Any = suite.back_end.gateway.app.test_client().get("/oidc/jwks", base_url=BASE_URL).json
    [key] = [each for each in document["keys"] if each["kid"] == header["kid"]]
    assert (header["alg"], key["kty"], key["use"], key["alg"]) == ("RS256", "RSA", "sig", "RS256")
    assert "d" not in key
    assert jwt.decode(tokens["id_token"], KeySet.import_key_set({"keys": [key]}), algorithms=["RS256"])


# oidcc-idtoken-unsigned: an unsigned ID token may be had only where the provider offers it; this one does not.
def test_unsigned_id_tokens_are_not_on_offer(suite: Suite) -> None:
    document: Any = (
        suite.back_end.gateway.app.test_client()
        .get("/.well-known/openid-configuration", base_url=BASE_URL)
        .json
    )
    assert "none" not in document["id_token_signing_alg_values_supported"]
    head, _body, _signature = suite.flow()["id_token"].split(".")
    assert "none" not in json.dumps(jws.extract_compact(f"{head}.e30.".encode()).headers())


# oidcc-userinfo-get, oidcc-userinfo-post-header
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_user_info_takes_the_token_of_the_header(suite: Suite, method: str) -> None:
    tokens = suite.flow()
    info = suite.info(tokens, method=method) if method == "GET" else posted(suite, tokens).json
    assert info["sub"] == suite.claims(tokens)["sub"]


# oidcc-userinfo-post-body: in a body it is refused, as the provider's rule has it (RFC 6750 §2.2 is a MAY).
def test_user_info_refuses_a_token_in_the_body_in_the_protocols_words(suite: Suite) -> None:
    form = {"access_token": suite.flow()["access_token"]}
    answer = suite.back_end.gateway.app.test_client().post("/oidc/userinfo", data=form, base_url=BASE_URL)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith('Bearer error="invalid_token"')


# oidcc-ensure-request-without-nonce-succeeds-for-code-flow
def test_the_code_flow_needs_no_nonce(suite: Suite) -> None:
    assert "nonce" not in suite.claims(suite.flow(nonce=None))


# oidcc-scope-profile, -email, -address, -phone, -all: user info tells what is known of a scope; an unknown scope is left out.
@pytest.mark.parametrize(
    ("scope", "given"),
    [
        ("openid profile", {"name", "picture", "updated_at"}),
        ("openid email", set()),
        ("openid phone", set()),
        ("openid address", set()),
        ("openid profile email address phone", {"name", "picture", "updated_at"}),
    ],
)
def test_scopes_are_answered_with_what_is_known(suite: Suite, scope: str, given: set[str]) -> None:
    tokens = suite.flow(scope=scope)
    assert set(suite.info(tokens)) == {"sub"} | given
    assert set(tokens["scope"].split()) == set(scope.split()) - {"address"}


# oidcc-alternate-happy-flow
def test_a_second_flow_of_the_same_person_gives_the_same_subject_and_other_tokens(suite: Suite) -> None:
    first, second = suite.flow(nonce="n-1"), suite.flow(nonce="n-2")
    assert suite.claims(first)["sub"] == suite.claims(second)["sub"]
    assert suite.claims(second)["nonce"] == "n-2"
    assert first["access_token"] != second["access_token"]


# oidcc-display-page, oidcc-display-popup, oidcc-login-hint, oidcc-ui-locales, oidcc-claims-locales,
# oidcc-ensure-request-with-acr-values-succeeds, oidcc-ensure-request-with-unknown-parameter-succeeds
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("display", "page"),
        ("display", "popup"),
        ("login_hint", "somebody@example.com"),
        ("ui_locales", "se fr"),
        ("claims_locales", "se"),
        ("acr_values", "1 2"),
        ("extra", "foobar"),
    ],
)
def test_what_a_provider_need_not_heed_stops_nobody(suite: Suite, name: str, value: str) -> None:
    assert suite.claims(suite.flow(**{name: value}))["nonce"] == "n-1"


# oidcc-prompt-login
def test_prompt_login_has_the_person_log_in_anew(suite: Suite, clock: FrozenClock) -> None:
    before = suite.claims(suite.flow())
    clock.advance(seconds=5)
    page = suite.ask(prompt="login").get_data(as_text=True)
    clock.advance(seconds=5)
    said = suite.said(suite.person.browser.get(log_in_again(suite.person, page)))
    after = suite.claims(suite.back_end.tokens(said["code"]))
    assert after["sub"] == before["sub"]
    assert after["auth_time"] == before["auth_time"] + 10


# oidcc-prompt-none-not-logged-in
def test_prompt_none_without_a_session_is_login_required(nobody: Suite) -> None:
    said = nobody.said(nobody.ask(prompt="none"))
    assert (said["error"], said["state"]) == ("login_required", "st-1")


# oidcc-prompt-none-logged-in
def test_prompt_none_with_a_session_gives_the_same_person_and_login(suite: Suite) -> None:
    before, after = suite.claims(suite.flow()), suite.claims(suite.flow(prompt="none"))
    assert (after["sub"], after["auth_time"]) == (before["sub"], before["auth_time"])


# oidcc-max-age-1
def test_max_age_has_the_person_log_in_when_their_login_is_older(suite: Suite, clock: FrozenClock) -> None:
    suite.flow()
    clock.advance(seconds=2)
    page = suite.ask(max_age="1").get_data(as_text=True)
    said = suite.said(suite.person.browser.get(log_in_again(suite.person, page)))
    assert suite.claims(suite.back_end.tokens(said["code"]))["auth_time"] == int(clock.now().timestamp())


# The same with a slow way back, and with max_age=0, which is prompt=login in other words (Core §3.1.2.1).
@pytest.mark.parametrize("age", ["0", "1"])
def test_a_login_that_max_age_asked_for_is_not_asked_for_again(
    suite: Suite, clock: FrozenClock, age: str
) -> None:
    suite.flow()
    clock.advance(seconds=2)
    back = log_in_again(suite.person, suite.ask(max_age=age).get_data(as_text=True))
    clock.advance(seconds=3)
    assert suite.said(suite.person.browser.get(back))["code"]


def test_the_way_back_from_a_login_is_good_for_a_quarter_of_an_hour(suite: Suite, clock: FrozenClock) -> None:
    suite.flow()
    clock.advance(seconds=2)
    back = log_in_again(suite.person, suite.ask(max_age="1").get_data(as_text=True))
    for _ in range(2):
        clock.advance(minutes=8)
        assert suite.said(suite.ask())["code"], "the session itself goes on"
    assert "Log in to go on" in suite.person.browser.get(back).get_data(as_text=True)


# oidcc-max-age-10000
def test_max_age_lets_a_younger_login_pass_and_says_when_it_was(suite: Suite, clock: FrozenClock) -> None:
    before = suite.claims(suite.flow())
    clock.advance(seconds=100)
    assert suite.claims(suite.flow(max_age="10000"))["auth_time"] == before["auth_time"]


# oidcc-id-token-hint
def test_a_hint_at_the_person_who_is_there_lets_prompt_none_pass(suite: Suite) -> None:
    first = suite.flow()
    second = suite.flow(id_token_hint=first["id_token"], prompt="none")
    assert suite.claims(first)["sub"] == suite.claims(second)["sub"]


# oidcc-codereuse
def test_a_code_used_at_once_again_is_an_invalid_grant(suite: Suite) -> None:
    code = suite.said(suite.ask())["code"]
    suite.back_end.tokens(code)
    again = suite.back_end.redeem(code)
    assert (again.status_code, again.json["error"]) == (400, "invalid_grant")


# oidcc-codereuse-30seconds
def test_a_code_used_again_later_ends_the_access_it_gave(suite: Suite, clock: FrozenClock) -> None:
    code = suite.said(suite.ask())["code"]
    tokens = suite.back_end.tokens(code)
    clock.advance(seconds=30)
    assert suite.back_end.redeem(code).json["error"] == "invalid_grant"
    assert suite.back_end.user_info(tokens["access_token"]).status_code == 401


# oidcc-ensure-registered-redirect-uri
def test_an_unregistered_address_gets_a_page_of_ours(suite: Suite) -> None:
    answer = suite.ask(redirect_uri="https://wiki.example/cb/other")
    assert (answer.status_code, answer.headers.get("Location")) == (400, None)
    assert answer.mimetype == "text/html"
    assert 'id="form-post"' not in answer.get_data(as_text=True)


# oidcc-ensure-post-request-succeeds
def test_a_request_by_post_succeeds(suite: Suite) -> None:
    suite.flow()
    form = {
        "client_id": "wiki",
        "response_type": "code",
        "redirect_uri": "https://wiki.example/cb",
        "scope": "openid profile",
        "state": "st-1",
        "response_mode": suite.mode,
        "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        "code_challenge_method": "S256",
    }
    first = suite.person.browser.post("/oidc/authorize", data=form)
    assert first.status_code == 303
    assert suite.back_end.tokens(suite.said(suite.person.browser.get(first.headers["Location"]))["code"])


# oidcc-server-client-secret-post
def test_a_secret_in_the_form_is_taken(suite: Suite) -> None:
    code = suite.said(suite.ask())["code"]
    assert suite.back_end.redeem(code, basic=False).status_code == 200


# oidcc-request-uri-unsigned-supported-correctly-or-rejected-as-unsupported,
# oidcc-unsigned-request-object-supported-correctly-or-rejected-as-unsupported
@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("request_uri", "https://wiki.example/request.jwt", "request_uri_not_supported"),
        ("request", "eyJhbGciOiJub25lIn0.eyJzY29wZSI6Im9wZW5pZCJ9.", "request_not_supported"),
    ],
)
def test_request_objects_are_refused_as_unsupported(suite: Suite, name: str, value: str, error: str) -> None:
    said = suite.said(suite.ask(**{name: value}))
    assert (said["error"], said["state"]) == (error, "st-1")


# oidcc-ensure-request-object-with-redirect-uri
def test_an_address_inside_a_request_object_is_never_gone_to(suite: Suite) -> None:
    inside = jwt.encode(
        {"alg": "HS256"}, {"redirect_uri": "https://evil.example/cb"}, KeySet.import_key_set(OCT).keys[0]
    )
    assert suite.said(suite.ask(request=inside))["error"] == "request_not_supported"
    outside = suite.ask(request=inside, redirect_uri="https://evil.example/cb")
    assert (outside.status_code, outside.headers.get("Location")) == (400, None)


OCT: Any = {"keys": [{"kty": "oct", "k": "c29tZSBrZXkgdGhhdCBpcyBsb25nIGVub3VnaCBmb3IgSFM", "kid": "x"}]}


# oidcc-claims-essential
def test_an_essential_claim_may_be_asked_for(suite: Suite) -> None:
    wanted = json.dumps({"userinfo": {"name": {"essential": True}}})
    assert suite.info(suite.flow(claims=wanted))["name"] == "Ada"


# oidcc-refresh-token
def test_a_refreshed_id_token_is_of_the_same_issuer_person_client_and_login(
    suite: Suite, clock: FrozenClock
) -> None:
    tokens = suite.flow(scope="openid offline_access", prompt="consent")
    clock.advance(seconds=60)
    fresh = suite.back_end.refresh(tokens["refresh_token"]).json
    before, after = suite.claims(tokens), suite.claims(fresh)
    same = ("iss", "sub", "aud", "auth_time")
    assert [after[name] for name in same] == [before[name] for name in same]
    assert after["iat"] == before["iat"] + 60
    assert suite.info(fresh)["sub"] == before["sub"]


# oidcc-ensure-request-with-valid-pkce-succeeds: every flow here has a challenge; a wrong verifier is refused.
def test_pkce_is_heeded(suite: Suite) -> None:
    code = suite.said(suite.ask())["code"]
    assert suite.back_end.redeem(code, code_verifier="y" * 43).json["error"] == "invalid_grant"
    assert suite.flow()["access_token"]


def posted(suite: Suite, tokens: dict[str, Any]) -> Any:
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    return suite.back_end.gateway.app.test_client().post("/oidc/userinfo", headers=headers, base_url=BASE_URL)
