"""The code flow from a client's first redirect to its user info, and what goes wrong on the way (checks 101 to 104)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from joserfc import jws

from tests.builders import FrozenClock
from tests.issuer.clients import (
    CHALLENGE,
    VERIFIER,
    BackEnd,
    Person,
    claims_of,
    hidden_fields,
    left_half,
    parameters,
    query_of,
    shop_of,
)
from tests.login.browser import BASE_URL
from tests.login.in_memory import InMemoryGateway

HERE = pytest.mark.backends("sqlite")


def test_a_person_is_asked_once_and_the_client_learns_who_it_is(
    gateway: InMemoryGateway, person: Person, wiki: BackEnd
) -> None:
    page = person.authorize()
    assert "The wiki" in page.get_data(as_text=True)
    answer = person.allow(page)
    assert answer.headers["Location"].startswith("https://wiki.example/cb?")
    said = parameters(answer)
    assert (said["state"], said["iss"]) == ("st-1", BASE_URL)
    tokens = wiki.tokens(said["code"])
    claims = claims_of(gateway, tokens["id_token"])
    assert (claims["iss"], claims["aud"], claims["nonce"]) == (BASE_URL, "wiki", "n-1")
    assert claims["at_hash"] == left_half(tokens["access_token"])
    assert claims["amr"] == ["fake"]
    info = wiki.user_info(tokens["access_token"]).json
    assert info["sub"] == claims["sub"]
    assert (info["name"], info["picture"]) == ("Ada", "https://pic.example/a.png")
    assert "idp_sub" not in info
    assert parameters(person.authorize())["code"], "the second time nobody is asked"


@HERE
def test_a_first_party_client_asks_nothing_and_may_do_without_pkce(
    gateway: InMemoryGateway, person: Person
) -> None:
    code = person.code("shop", code_challenge=None, code_challenge_method=None)
    tokens = shop_of(gateway).tokens(code, code_verifier=None)
    assert jws.extract_compact(tokens["id_token"].encode()).headers()["alg"] == "ES256"


@HERE
def test_a_public_client_proves_itself_by_its_verifier(gateway: InMemoryGateway, person: Person) -> None:
    app = BackEnd(gateway, "app", None, "http://localhost:9000/cb")
    assert app.tokens(person.code("app"))["token_type"] == "Bearer"
    assert app.redeem(person.code("app"), code_verifier=None).status_code == 400


@HERE
def test_a_secret_in_the_form_counts_too(person: Person, wiki: BackEnd) -> None:
    assert wiki.redeem(person.code(), basic=False).status_code == 200


@HERE
def test_a_stranger_logs_in_first_and_comes_to_the_same_place(
    gateway: InMemoryGateway, stranger: Person
) -> None:
    page = stranger.authorize().get_data(as_text=True)
    assert "/oauth/fake/start?next=%2Foidc%2Fauthorize%3F" in page
    stranger.log_in()
    assert "The wiki" in stranger.authorize().get_data(as_text=True)


# 101: another redirect address, however near.
@HERE
@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/cb",
        "https://wiki.example/cb/",
        "https://wiki.example/c",
        "https://wiki.example/cb?x=1",
        "https://wiki.example:8443/cb",
        "https://wiki.example/cb#f",
        "https://wiki.example/cb2",
        "http://wiki.example/cb",
        "https://wiki.example/CB",
        "javascript:alert(1)",
        "",
    ],
)
def test_an_address_that_is_not_registered_gets_no_redirect(person: Person, address: str) -> None:
    answer = person.authorize(redirect_uri=address)
    assert answer.status_code == 400
    assert "Location" not in answer.headers
    assert 'href="https://evil' not in answer.get_data(as_text=True)


@HERE
@pytest.mark.parametrize("changes", [{"redirect_uri": None}, {"client_id": "nobody"}, {"client_id": None}])
def test_without_client_or_address_there_is_no_redirect(person: Person, changes: dict[str, Any]) -> None:
    answer = person.authorize(**changes)
    assert (answer.status_code, answer.headers.get("Location")) == (400, None)


@HERE
def test_an_address_said_twice_gets_no_redirect(person: Person) -> None:
    twice = ["https://wiki.example/cb", "https://evil.example/cb"]
    assert person.authorize(redirect_uri=twice).status_code == 400


# 102: no or another response type together with a bad address.
@HERE
@pytest.mark.parametrize("kind", [None, "token", "id_token", "code token", "nonsense"])
def test_a_bad_response_type_redirects_only_to_a_good_address(person: Person, kind: str | None) -> None:
    bad = person.authorize(response_type=kind, redirect_uri="https://evil.example/cb")
    assert (bad.status_code, bad.headers.get("Location")) == (400, None)
    good = parameters(person.authorize(response_type=kind))
    assert (good["error"], good["state"], good["iss"]) == ("unsupported_response_type", "st-1", BASE_URL)


# 103: a code counts once, for its client, its address, its time and its verifier.
def test_a_code_used_again_ends_what_it_gave(person: Person, wiki: BackEnd) -> None:
    code = person.code(scope="openid offline_access")
    tokens = wiki.tokens(code)
    assert wiki.redeem(code).json == {
        "error": "invalid_grant",
        "error_description": "Invalid 'code' in request.",
    }
    assert wiki.user_info(tokens["access_token"]).status_code == 401
    assert wiki.refresh(tokens["refresh_token"]).status_code == 400


def test_of_twenty_at_once_one_wins_at_most(person: Person, wiki: BackEnd) -> None:
    code = person.code()
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: wiki.redeem(code).status_code, range(20)))
    assert answers.count(200) == 1
    assert set(answers) == {200, 400}


@HERE
def test_another_client_can_neither_use_nor_spoil_a_code(
    gateway: InMemoryGateway, person: Person, wiki: BackEnd
) -> None:
    code = person.code()
    thief = shop_of(gateway)
    assert thief.redeem(code, redirect_uri="https://wiki.example/cb").status_code == 400
    assert wiki.redeem(code).status_code == 200


@HERE
@pytest.mark.parametrize(
    "changes",
    [
        {"redirect_uri": "https://wiki.example/cb2?x=1"},
        {"redirect_uri": None},
        {"code_verifier": "x" * 43},
        {"code_verifier": None},
        {"code_verifier": "short"},
    ],
)
def test_another_address_or_verifier_is_refused(
    person: Person, wiki: BackEnd, changes: dict[str, Any]
) -> None:
    assert wiki.redeem(person.code(), **changes).json["error"] in ("invalid_grant", "invalid_request")


@HERE
def test_a_verifier_without_a_challenge_is_refused(gateway: InMemoryGateway, person: Person) -> None:
    code = person.code("shop", code_challenge=None, code_challenge_method=None)
    assert shop_of(gateway).redeem(code, code_verifier=VERIFIER).status_code == 400


@HERE
def test_a_code_is_good_for_two_minutes(person: Person, wiki: BackEnd, clock: FrozenClock) -> None:
    code = person.code()
    clock.advance(seconds=121)
    assert wiki.redeem(code).json["error"] == "invalid_grant"


# 104: plain, or no challenge.
@HERE
@pytest.mark.parametrize(
    "changes",
    [
        {"code_challenge_method": "plain"},
        {"code_challenge_method": None},
        {"code_challenge": None, "code_challenge_method": None},
        {"code_challenge": "too-short"},
        {"code_challenge": CHALLENGE + "="},
        {"code_challenge": [CHALLENGE, CHALLENGE]},
    ],
)
def test_only_s256_is_taken(person: Person, changes: dict[str, Any]) -> None:
    assert parameters(person.authorize(**changes))["error"] == "invalid_request"


@HERE
@pytest.mark.parametrize(("secret", "status"), [("wrong-secret-1234567", 401), ("", 401)])
def test_a_wrong_secret_gets_nothing(
    gateway: InMemoryGateway, person: Person, secret: str, status: int
) -> None:
    answer = BackEnd(gateway, secret=secret).redeem(person.code())
    assert (answer.status_code, answer.json["error"]) == (status, "invalid_client")


@HERE
def test_a_confidential_client_cannot_come_without_its_secret(
    gateway: InMemoryGateway, person: Person
) -> None:
    assert BackEnd(gateway, secret=None).redeem(person.code()).json["error"] == "invalid_client"


@HERE
def test_an_answer_may_come_as_a_form(person: Person) -> None:
    person.code()
    page = person.authorize(response_mode="form_post")
    assert page.status_code == 200
    fields = hidden_fields(page)
    assert {"code", "state", "iss"} == set(fields)
    assert 'action="https://wiki.example/cb"' in page.get_data(as_text=True)
    assert "form-action 'self' https://wiki.example" in page.headers["Content-Security-Policy"]


@HERE
def test_a_request_as_a_form_is_repeated_as_a_visit(person: Person) -> None:
    answer = person.browser.post("/oidc/authorize", data={"client_id": "wiki", "state": "a&b"})
    assert answer.headers["Location"] == "/oidc/authorize?client_id=wiki&state=a%26b"


@HERE
def test_an_unknown_parameter_changes_nothing(person: Person) -> None:
    assert person.authorize(acr_values="1", ui_locales="fr", extra="x", display="popup").status_code == 200


@HERE
def test_scopes_that_a_client_may_not_have_are_left_out(person: Person, wiki: BackEnd) -> None:
    tokens = wiki.tokens(person.code(scope="openid admin profile openid"))
    assert tokens["scope"] == "openid profile"
    assert parameters(person.authorize(scope="admin"))["error"] == "invalid_scope"


@HERE
def test_the_address_of_a_client_keeps_its_own_query(person: Person) -> None:
    answer = person.authorize(redirect_uri="https://wiki.example/cb2?x=1")
    answer = person.allow(answer)
    assert query_of(answer.headers["Location"])["x"] == ["1"]
