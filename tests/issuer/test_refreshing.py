"""Refresh tokens, user info, introspection and revocation (checks 105, 106, 110)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from app.pipeline.operators.people import disable_person, remove_identity
from app.security.session_tokens import TOKEN_TYPE
from app.storage.login.identities import list_identities
from tests.builders import FrozenClock
from tests.issuer.clients import BackEnd, Person, claims_of, shop_of
from tests.login.browser import BASE_URL
from tests.login.in_memory import InMemoryGateway

HERE = pytest.mark.backends("sqlite")
OFFLINE = "openid profile offline_access"


@pytest.fixture
def tokens(person: Person, wiki: BackEnd) -> dict[str, Any]:
    """Tokens of the wiki that go on without the person."""
    return wiki.tokens(person.code(scope=OFFLINE))


def user_of(gateway: InMemoryGateway) -> tuple[str, str]:
    with gateway.services.database.read() as tx:
        identity = list_identities(tx, before=None, limit=1)[0]
    return identity.user_id, identity.id


@HERE
def test_without_offline_access_there_is_no_refresh_token(person: Person, wiki: BackEnd) -> None:
    assert "refresh_token" not in wiki.tokens(person.code())


def test_each_refresh_gives_a_new_refresh_token_and_an_id_token_without_nonce(
    gateway: InMemoryGateway, wiki: BackEnd, tokens: dict[str, Any]
) -> None:
    fresh = wiki.refresh(tokens["refresh_token"]).json
    assert fresh["refresh_token"] != tokens["refresh_token"]
    before, after = (claims_of(gateway, each["id_token"]) for each in (tokens, fresh))
    assert (after["sub"], after["auth_time"], after["sid"]) == (
        before["sub"],
        before["auth_time"],
        before["sid"],
    )
    assert wiki.refresh(fresh["refresh_token"]).status_code == 200


def test_a_used_refresh_token_ends_the_whole_family(wiki: BackEnd, tokens: dict[str, Any]) -> None:
    fresh = wiki.refresh(tokens["refresh_token"]).json
    assert wiki.refresh(tokens["refresh_token"]).json["error"] == "invalid_grant"
    assert wiki.refresh(fresh["refresh_token"]).json["error"] == "invalid_grant"
    assert wiki.user_info(fresh["access_token"]).status_code == 401


def test_of_many_refreshes_at_once_one_wins_at_most(wiki: BackEnd, tokens: dict[str, Any]) -> None:
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda _: wiki.refresh(tokens["refresh_token"]).status_code, range(10)))
    assert answers.count(200) <= 1
    assert set(answers) <= {200, 400}


@HERE
def test_refreshing_ends_thirty_days_after_the_login_however_often_it_is_used(
    wiki: BackEnd, tokens: dict[str, Any], clock: FrozenClock
) -> None:
    for _ in range(5):
        clock.advance(days=5)
        tokens = wiki.refresh(tokens["refresh_token"]).json
    clock.advance(days=5, seconds=1)
    assert wiki.refresh(tokens["refresh_token"]).json["error"] == "invalid_grant"


@HERE
def test_a_refresh_may_ask_for_less_and_never_for_more(wiki: BackEnd, tokens: dict[str, Any]) -> None:
    assert wiki.refresh(tokens["refresh_token"], scope="openid email").json["error"] == "invalid_scope"
    assert wiki.refresh(tokens["refresh_token"], scope="openid").json["scope"] == "openid"


@HERE
def test_another_clients_refresh_token_is_refused_and_stays_good(
    gateway: InMemoryGateway, wiki: BackEnd, tokens: dict[str, Any]
) -> None:
    assert shop_of(gateway).refresh(tokens["refresh_token"]).json["error"] == "invalid_grant"
    assert wiki.refresh(tokens["refresh_token"]).status_code == 200


@HERE
def test_a_disabled_person_is_out_of_every_client(
    gateway: InMemoryGateway, wiki: BackEnd, tokens: dict[str, Any]
) -> None:
    disable_person(gateway.services, user_of(gateway)[0], actor="test")
    assert wiki.user_info(tokens["access_token"]).status_code == 401
    assert wiki.refresh(tokens["refresh_token"]).status_code == 400


@HERE
def test_an_account_that_was_taken_away_refreshes_nothing(
    gateway: InMemoryGateway, wiki: BackEnd, tokens: dict[str, Any]
) -> None:
    remove_identity(gateway.services, *user_of(gateway), actor="test")
    assert wiki.refresh(tokens["refresh_token"]).status_code == 400


@HERE
def test_a_code_of_a_disabled_person_is_worth_nothing(
    gateway: InMemoryGateway, person: Person, wiki: BackEnd
) -> None:
    code = person.code()
    disable_person(gateway.services, user_of(gateway)[0], actor="test")
    assert wiki.redeem(code).json["error"] == "invalid_grant"


# 110: tokens without openid, over, of another kind, in the address.
@HERE
def test_user_info_needs_openid(gateway: InMemoryGateway, person: Person) -> None:
    shop = shop_of(gateway)
    token = shop.tokens(person.code("shop", scope="profile"))["access_token"]
    answer = shop.user_info(token)
    assert answer.status_code == 403
    assert 'error="insufficient_scope"' in answer.headers["WWW-Authenticate"]


@HERE
def test_an_access_token_is_good_for_two_hours(
    wiki: BackEnd, tokens: dict[str, Any], clock: FrozenClock
) -> None:
    clock.advance(seconds=7199)
    assert wiki.user_info(tokens["access_token"]).status_code == 200
    clock.advance(seconds=1)
    assert wiki.user_info(tokens["access_token"]).status_code == 401


@HERE
def test_a_token_counts_in_the_header_alone(gateway: InMemoryGateway, tokens: dict[str, Any]) -> None:
    client, token = gateway.app.test_client(), tokens["access_token"]
    in_query = client.get(f"/oidc/userinfo?access_token={token}", base_url=BASE_URL)
    in_form = client.post("/oidc/userinfo", data={"access_token": token}, base_url=BASE_URL)
    assert (in_query.status_code, in_form.status_code) == (401, 401)
    in_header = client.post("/oidc/userinfo", headers={"Authorization": f"Bearer {token}"}, base_url=BASE_URL)
    assert in_header.status_code == 200


@HERE
def test_no_kind_of_token_passes_for_another(
    gateway: InMemoryGateway, person: Person, wiki: BackEnd, tokens: dict[str, Any]
) -> None:
    assert TOKEN_TYPE not in ("at+jwt", "JWT", "logout+jwt")
    said: Any = person.browser.post("/api/v1/session/refresh", headers={"Origin": BASE_URL}).json
    session = said["token"]
    for wrong in (tokens["id_token"], session, tokens["refresh_token"], "x", ""):
        assert wiki.user_info(wrong).status_code == 401
    for wrong in (tokens["access_token"], tokens["id_token"], tokens["refresh_token"]):
        headers = {"Authorization": f"Bearer {wrong}"}
        assert (
            gateway.app.test_client().get("/api/v1/me", headers=headers, base_url=BASE_URL).status_code == 401
        )


@HERE
def test_introspection_tells_a_client_about_its_own_tokens_alone(
    gateway: InMemoryGateway, wiki: BackEnd, tokens: dict[str, Any]
) -> None:
    own = wiki.post("/oidc/introspect", {"token": tokens["access_token"]}).json
    assert (own["active"], own["client_id"], own["scope"]) == (True, "wiki", OFFLINE)
    assert wiki.post("/oidc/introspect", {"token": tokens["refresh_token"]}).json["active"] is True
    for token in (tokens["access_token"], tokens["refresh_token"], "x"):
        assert shop_of(gateway).post("/oidc/introspect", {"token": token}).json == {"active": False}
    assert (
        BackEnd(gateway, secret="wrong-secret-1234567").post("/oidc/introspect", {"token": "x"}).status_code
        == 401
    )


@HERE
@pytest.mark.parametrize("which", ["access_token", "refresh_token"])
def test_revoking_one_token_ends_its_family(wiki: BackEnd, tokens: dict[str, Any], which: str) -> None:
    assert wiki.post("/oidc/revoke", {"token": tokens[which]}).status_code == 200
    assert wiki.user_info(tokens["access_token"]).status_code == 401
    assert wiki.refresh(tokens["refresh_token"]).status_code == 400
    assert wiki.post("/oidc/revoke", {"token": "nobody knows it"}).status_code == 200


@HERE
def test_nobody_revokes_anothers_token(
    gateway: InMemoryGateway, wiki: BackEnd, tokens: dict[str, Any]
) -> None:
    shop_of(gateway).post("/oidc/revoke", {"token": tokens["refresh_token"]})
    assert wiki.refresh(tokens["refresh_token"]).status_code == 200


@HERE
@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"x": "1"}, "unsupported_grant_type"),
        ({"grant_type": "password", "username": "a", "password": "b"}, "unsupported_grant_type"),
        ({"grant_type": "client_credentials"}, "unsupported_grant_type"),
        ({"grant_type": "authorization_code"}, "invalid_request"),
        ({"grant_type": "refresh_token"}, "invalid_request"),
        ({"grant_type": "refresh_token", "refresh_token": "x" * 5000}, "invalid_grant"),
        ({"grant_type": "authorization_code", "code": "\ud83d"}, "invalid_grant"),
    ],
)
def test_every_fault_is_said_in_the_protocols_words(wiki: BackEnd, form: dict[str, str], error: str) -> None:
    encoded = {name: value.encode("utf-8", "surrogatepass") for name, value in form.items()}
    answer = wiki.post("/oidc/token", encoded)
    assert (answer.status_code, answer.json["error"]) == (400, error)
    assert answer.headers["Cache-Control"] == "no-store"


@HERE
def test_introspection_calls_no_refresh_token_active_that_would_be_refused(
    gateway: InMemoryGateway, wiki: BackEnd, tokens: dict[str, Any]
) -> None:
    fresh = wiki.refresh(tokens["refresh_token"]).json["refresh_token"]
    assert wiki.post("/oidc/introspect", {"token": tokens["refresh_token"]}).json == {"active": False}
    assert wiki.post("/oidc/introspect", {"token": fresh}).json["active"] is True
    remove_identity(gateway.services, *user_of(gateway), actor="test")
    assert wiki.post("/oidc/introspect", {"token": fresh}).json == {"active": False}
