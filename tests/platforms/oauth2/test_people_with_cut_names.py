"""A person whose nickname ends in half a character can log in; an id that does cannot."""

from __future__ import annotations

import pytest

from app.core.errors import UpstreamError
from app.platforms.oauth2 import PLATFORM
from app.security.outbound import OutboundClient
from tests.platforms.oauth2.server import SERVER, TOKENS
from tests.security.conftest import MisbehavingServer, server

__all__ = ["server"]


def identify(server: MisbehavingServer, body: bytes):
    server.answers_json(body)
    keys = SERVER | {"userinfo_url": f"{server.origin}/userinfo"}
    opened = PLATFORM.open("x", PLATFORM.settings.model_validate(keys))
    return opened.identity(TOKENS, OutboundClient([server.origin]))  # type: ignore[attr-defined]


def test_a_cut_nickname_is_no_reason_to_refuse_a_login(server: MisbehavingServer) -> None:
    person = identify(server, rb'{"id":7,"username":"cut \ud83d"}')
    assert (person.subject, person.name) == ("7", "cut \ufffd")


def test_an_id_with_half_a_character_is_nobody(server: MisbehavingServer) -> None:
    with pytest.raises(UpstreamError) as caught:
        identify(server, rb'{"id":"ada\ud83d","username":"ada"}')
    assert caught.value.code == "upstream_no_subject"
