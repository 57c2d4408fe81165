"""Whatever text a client or an operator sends is kept, bounded or refused by the issuer's tables, on every database alike."""

from __future__ import annotations

from contextlib import suppress

from app.core.errors import RequestError
from app.pipeline.issuer.clients import find_client, list_clients, register_client
from app.pipeline.services import Services
from tests.builders import exchange
from tests.issuer.clients import CHALLENGE, Person
from tests.odd_text import ODD_TEXTS


def registering(services: Services) -> Services:
    exchange(services, settings=services.settings.model_copy(update={"client_registration": True}))
    return services


def test_what_an_operator_calls_a_client(services: Services) -> None:
    made = 0
    for text in ODD_TEXTS.values():
        keys = {"title": text, "redirect_uris": ["https://crm.example/cb"]}
        with suppress(RequestError):
            client, _ = register_client(registering(services), keys, actor=text)
            assert find_client(services, client.client_id) == client
            made += 1
    assert len(list_clients(services)) == made > 0


def test_where_an_operator_sends_browsers(services: Services) -> None:
    for text in ODD_TEXTS.values():
        keys = {
            "redirect_uris": [f"https://crm.example/{text}"],
            "backchannel_logout_uri": f"https://crm.example/{text}",
        }
        with suppress(RequestError):
            client, _ = register_client(registering(services), keys, actor="test")
            assert find_client(services, client.client_id) == client


def test_what_a_client_asks_for(person: Person) -> None:
    for text in ODD_TEXTS.values():
        asked = text.encode("utf-8", "replace").decode()[:1000]
        answer = person.authorize(
            "shop",
            redirect_uri="https://shop.example/cb",
            scope=f"openid {asked}",
            nonce=asked,
            code_challenge=CHALLENGE,
        )
        assert answer.status_code in (303, 400, 414)
