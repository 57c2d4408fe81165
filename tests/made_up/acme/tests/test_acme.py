"""Acme's connector against the simulated Acme: app token, sending, and a login's two calls."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, cast

import pytest
import requests

from app.core.errors import TokenRejected
from app.core.sending import Lent, Message, Recipient
from app.core.values import CodeGrant
from app.platforms import discover
from app.security.outbound import OutboundClient
from tests.platforms.acme.simulator_client import acme_authorize
from tests.sandbox.clients import RETURN_ADDRESS, VERIFIER, returned
from tests.sandbox.server import SandboxServer

PERSON = "acme-10004"


@pytest.fixture
def acme(sandbox: SandboxServer) -> Any:
    spec = discover()["acme"]
    own = sandbox.settings
    settings = {
        "secret": own["ACME_SECRET"],
        "client_id": own["ACME_CLIENT_ID"],
        "client_secret": own["ACME_CLIENT_SECRET"],
        "api_base": f"{sandbox.url}/acme",
    }
    return spec.open("acme", spec.settings.model_validate(settings))


@pytest.fixture
def http(sandbox: SandboxServer) -> OutboundClient:
    return OutboundClient([sandbox.url])


def send(acme: Any, http: OutboundClient, app_token: str) -> Any:
    (part,) = acme.parts(Message(text="Your parcel is here"), "user_id")
    lent = Lent(http, mail=cast(Any, None), repeat_key="0" * 32, now=datetime.now(UTC), app_token=app_token)
    return acme.send(part, [Recipient("user_id", PERSON)], lent)


def test_a_message_is_read_on_the_simulated_phone(
    sandbox: SandboxServer, acme: Any, http: OutboundClient
) -> None:
    token = acme.fetch_app_token(http, rejected=None)
    assert send(acme, http, token.value).message_id.startswith("acme_msg_")
    page = requests.get(f"{sandbox.url}/phone?platform=acme&person=maya", timeout=5)
    assert "Your parcel is here" in page.text
    assert "Your parcel is here" in requests.get(f"{sandbox.url}/inbox", timeout=5).text


def test_a_stale_app_token_is_told(acme: Any, http: OutboundClient) -> None:
    with pytest.raises(TokenRejected):
        send(acme, http, "old")


def test_a_login_says_who_it_is(sandbox: SandboxServer, acme: Any, http: OutboundClient) -> None:
    sandbox.state.auto_person = "maya"
    code = returned(acme_authorize(sandbox))["code"]
    tokens = acme.exchange(CodeGrant(code, RETURN_ADDRESS, VERIFIER), http)
    assert acme.identity(tokens, http).subject == PERSON
    assert acme.refresh(tokens, http).access_token != tokens.access_token
