"""What ends with a session, an account or a person: tokens at once, and clients are told."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from app.pipeline.dispatch.attempts import claim_work
from app.pipeline.issuer.logout import TELL_CLIENT, TELL_ROUTE
from app.pipeline.operators.people import disable_person, enable_person, remove_identity
from app.pipeline.operators.personal_data import erase_person
from app.storage.inbox.events import events
from app.storage.issuer.consents import issuer_consents
from app.storage.issuer.grants import issuer_grants
from tests.builders import run_stored_claim
from tests.issuer.clients import BackEnd, Person, shop_of
from tests.issuer.test_refreshing import user_of
from tests.login.browser import BASE_URL
from tests.login.in_memory import InMemoryGateway

HERE = pytest.mark.backends("sqlite")
OFFLINE = "openid profile offline_access"


def log_out(person: Person) -> None:
    said: Any = person.browser.get("/api/v1/me").json
    fields = {"csrf_token": said["csrf_token"], "next": "/"}
    assert person.browser.post("/oauth/logout", data=fields, headers={"Origin": BASE_URL}).status_code == 303


@HERE
def test_tokens_without_offline_access_end_with_their_session(person: Person, wiki: BackEnd) -> None:
    stays = wiki.tokens(person.code(scope=OFFLINE))
    ends = wiki.tokens(person.code(scope="openid profile"))["access_token"]
    plain = wiki.tokens(person.code(scope="profile"))["refresh_token"]
    unused = person.code(scope="openid profile")
    log_out(person)
    assert wiki.user_info(ends).status_code == 401
    assert wiki.refresh(plain).status_code == 400
    assert wiki.redeem(unused).status_code == 400
    assert wiki.user_info(stays["access_token"]).status_code == 200


def clients_told(gateway: InMemoryGateway) -> list[str]:
    """Run what finds whom to tell, without telling anybody, and return those who will be told."""
    for claim in claim_work(gateway.services, limit=10):
        if claim.route != TELL_ROUTE:
            run_stored_claim(gateway.services, claim)
    with gateway.services.database.read() as tx:
        return list(tx.execute(select(events.c.subject).where(events.c.type == TELL_CLIENT)).scalars())


def log_in_once_more(person: Person, user_id: str, identity_id: str) -> None:
    person.log_in()


def lose_the_account(person: Person, user_id: str, identity_id: str) -> None:
    remove_identity(person.gateway.services, user_id, identity_id, actor="test")


def be_forgotten(person: Person, user_id: str, identity_id: str) -> None:
    erase_person(person.gateway.services, user_id, reason="asked", actor="test")
    for table in (issuer_grants, issuer_consents):
        with person.gateway.services.database.read() as tx:
            assert tx.execute(select(table)).all() == []


@HERE
@pytest.mark.parametrize("end", [log_in_once_more, lose_the_account, be_forgotten])
def test_however_a_session_ends_its_clients_are_told(
    gateway: InMemoryGateway, person: Person, wiki: BackEnd, end: Any
) -> None:
    wiki.tokens(person.code())
    shop_of(gateway).tokens(person.code("shop", scope="openid profile"))
    assert clients_told(gateway) == []
    end(person, *user_of(gateway))
    assert clients_told(gateway) == ["shop"]


@HERE
def test_who_was_disabled_has_let_nobody_in_when_they_come_back(
    gateway: InMemoryGateway, person: Person
) -> None:
    shop, (user_id, _) = shop_of(gateway), user_of(gateway)
    stays = shop.tokens(person.code("shop", scope=OFFLINE))
    disable_person(gateway.services, user_id, actor="test")
    assert clients_told(gateway) == ["shop"]
    enable_person(gateway.services, user_id, actor="test")
    assert shop.refresh(stays["refresh_token"]).status_code == 400
