"""Login again, consent, silence and the page of authorised apps (checks 107, 108, 109)."""

from __future__ import annotations

from typing import Any

import pytest

from app.core.values import Identity
from tests.builders import FrozenClock
from tests.issuer.clients import BackEnd, Person, claims_of, hidden_fields, parameters, shop_of
from tests.issuer.reauthentication import log_in_again
from tests.login.browser import BASE_URL
from tests.login.in_memory import InMemoryGateway

pytestmark = pytest.mark.backends("sqlite")


# 107: silence counts with a first-party client or a standing consent of no less scope.
@pytest.mark.parametrize("changes", [{"prompt": "none"}, {"auto_authorize": "true", "prompt": "none"}])
def test_silence_without_a_consent_is_refused(person: Person, changes: dict[str, Any]) -> None:
    assert parameters(person.authorize(**changes))["error"] == "consent_required"


def test_auto_authorize_alone_shows_the_consent_page(person: Person) -> None:
    assert "Allow The wiki?" in person.authorize(auto_authorize="true").get_data(as_text=True)


def test_silence_counts_with_a_standing_consent_of_no_less_scope(person: Person) -> None:
    person.code()
    assert "code" in parameters(person.authorize(prompt="none"))
    assert "code" in parameters(person.authorize(prompt="none", scope="openid"))
    assert (
        parameters(person.authorize(prompt="none", scope="openid profile email"))["error"]
        == "consent_required"
    )


def test_silence_without_a_session_is_refused(stranger: Person) -> None:
    assert parameters(stranger.authorize(prompt="none"))["error"] == "login_required"


def test_a_first_party_client_is_silent(person: Person) -> None:
    assert "code" in parameters(person.authorize("shop", prompt="none"))


def test_whoever_asks_for_consent_gets_the_page_each_time(person: Person) -> None:
    person.code()
    assert person.authorize(prompt="consent").status_code == 200
    assert person.authorize("shop", prompt="consent").status_code == 200


def test_a_no_goes_to_the_client_and_is_not_kept(person: Person) -> None:
    said = parameters(person.allow(person.authorize(), "deny"))
    assert (said["error"], said["state"], said["iss"]) == ("access_denied", "st-1", BASE_URL)
    assert person.authorize().status_code == 200


# 108: the page in a frame, an approval without its token, or one that was altered.
def test_the_consent_page_is_shown_in_no_frame(person: Person) -> None:
    assert "frame-ancestors 'none'" in person.authorize().headers["Content-Security-Policy"]


@pytest.mark.parametrize("field", ["csrf_token", "shown", "request"])
def test_an_approval_without_all_of_its_fields_is_refused(person: Person, field: str) -> None:
    answer = person.allow(person.authorize(), **{field: ""})
    assert answer.status_code in (400, 403)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("scope=openid+profile", "scope=openid+profile+email"),
        ("client_id=wiki", "client_id=shop"),
        ("wiki.example%2Fcb", "wiki.example%2Fcb2%3Fx%3D1"),
        ("state=st-1", "state=st-2"),
    ],
)
def test_an_approval_that_was_altered_is_refused(person: Person, old: str, new: str) -> None:
    page = person.authorize()
    query = hidden_fields(page)["request"]
    assert old in query
    assert person.allow(page, request=query.replace(old, new)).status_code in (400, 403)


def test_an_approval_counts_for_its_own_session_alone(gateway: InMemoryGateway, person: Person) -> None:
    page = person.authorize()
    other = Person(gateway)
    other.log_in()
    fields = hidden_fields(page)
    own = hidden_fields(other.authorize())
    answer = other.allow(page, csrf_token=own["csrf_token"], shown=fields["shown"])
    assert answer.status_code == 403


def test_another_sites_form_allows_nothing(person: Person) -> None:
    fields = hidden_fields(person.authorize()) | {"decision": "allow"}
    answer = person.browser.post("/oidc/consent", data=fields, headers={"Origin": "https://evil.example"})
    assert answer.status_code == 403


def test_prompt_login_asks_for_a_login_after_the_request(
    gateway: InMemoryGateway, person: Person, clock: FrozenClock
) -> None:
    person.code()
    clock.advance(seconds=60)
    page = person.authorize(prompt="login")
    assert "Log in to go on" in page.get_data(as_text=True)
    clock.advance(seconds=5)
    back = log_in_again(person, page.get_data(as_text=True))
    said = parameters(person.browser.get(back))
    assert claims_of(gateway, BackEnd(gateway).tokens(said["code"])["id_token"])["auth_time"] == int(
        clock.now().timestamp()
    )


def test_a_login_that_was_claimed_is_no_login(person: Person, clock: FrozenClock) -> None:
    person.code()
    page = person.authorize(prompt="login", login_after="1.0000")
    assert "Log in to go on" in page.get_data(as_text=True)


def test_max_age_asks_again_when_the_login_is_too_old(person: Person, clock: FrozenClock) -> None:
    person.code()
    assert "code" in parameters(person.authorize(max_age="10000"))
    clock.advance(seconds=10)
    assert "Log in to go on" in person.authorize(max_age="1").get_data(as_text=True)
    assert parameters(person.authorize(max_age="1", prompt="none"))["error"] == "login_required"
    assert parameters(person.authorize(max_age="-1"))["error"] == "invalid_request"


def test_a_hint_at_somebody_else_asks_for_a_login(
    gateway: InMemoryGateway, person: Person, wiki: BackEnd
) -> None:
    token = wiki.tokens(person.code())["id_token"]
    assert "code" in parameters(person.authorize(id_token_hint=token, prompt="none"))
    assert parameters(person.authorize(id_token_hint="nonsense", prompt="none"))["error"] == "login_required"


def test_who_logs_in_and_is_still_another_is_told_to_the_client(
    gateway: InMemoryGateway, person: Person, wiki: BackEnd
) -> None:
    token = wiki.tokens(person.code())["id_token"]
    other = Person(gateway)
    gateway.fake.person = Identity("fake:1", "user_id", "u2", "Bob")
    page = other.authorize(id_token_hint=token)
    back = log_in_again(other, page.get_data(as_text=True))
    assert parameters(other.browser.get(back))["error"] == "login_required"


def test_a_long_state_survives_the_login_and_what_is_not_heeded_takes_no_room(stranger: Person) -> None:
    state = "s" * 1200
    page = stranger.authorize(state=state, prompt="login", unheeded="x" * 2000)
    back = log_in_again(stranger, page.get_data(as_text=True))
    assert parameters(stranger.allow(stranger.browser.get(back)))["state"] == state


def test_a_request_that_no_login_can_keep_is_told_to_the_client(stranger: Person) -> None:
    said = parameters(stranger.authorize(state="s" * 1900))
    assert (said["error"], said["state"]) == ("invalid_request", "s" * 1900)


def test_a_client_may_offer_only_some_logins(gateway: InMemoryGateway, stranger: Person) -> None:
    page = stranger.authorize().get_data(as_text=True)
    assert "/oauth/fake/start" in page
    assert "/oauth/other/start" in page


def test_what_was_allowed_is_shown_and_taken_back(
    gateway: InMemoryGateway, person: Person, wiki: BackEnd
) -> None:
    tokens = wiki.tokens(person.code(scope="openid profile offline_access"))
    page = person.browser.get("/me/apps")
    assert "The wiki" in page.get_data(as_text=True)
    token = hidden_fields(page)["csrf_token"]
    refused = person.browser.post("/me/apps/wiki/take-back", headers={"Origin": BASE_URL})
    assert refused.status_code == 403
    done = person.browser.post(
        "/me/apps/wiki/take-back", data={"csrf_token": token}, headers={"Origin": BASE_URL}
    )
    assert done.status_code == 303
    assert wiki.user_info(tokens["access_token"]).status_code == 401
    assert wiki.refresh(tokens["refresh_token"]).status_code == 400
    assert person.authorize().status_code == 200


def test_claims_come_by_scope(gateway: InMemoryGateway, person: Person, wiki: BackEnd) -> None:
    bare = wiki.user_info(wiki.tokens(person.code(scope="openid"))["access_token"]).json
    assert set(bare) == {"sub"}
    full = wiki.user_info(wiki.tokens(person.code(scope="openid platform"))["access_token"]).json
    assert (full["idp"], full["idp_sub"]) == ("fake", "u1")


def test_a_hook_says_what_only_the_company_knows(gateway: InMemoryGateway, person: Person) -> None:
    @gateway.services.router.claims("balance")
    def balance(who: dict[str, Any]) -> dict[str, Any]:
        return {"balance": "750.00", "sub": "somebody else", "iss": "x", "name_seen": who["name"]}

    @gateway.services.router.claims("balance")
    def broken(who: dict[str, Any]) -> dict[str, Any]:
        raise OSError("the accounts are away")

    shop = shop_of(gateway)
    info = shop.user_info(shop.tokens(person.code("shop", scope="openid balance"))["access_token"]).json
    assert (info["balance"], info["name_seen"]) == ("750.00", "Ada")
    assert info["sub"] != "somebody else"
    assert "iss" not in info
