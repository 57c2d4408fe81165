"""The keys of a WeCom channel: what is refused with a sentence, and what half a configuration still offers."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from app.core.ports import AppTokenLogin, AppTokenSource, LoginPages, LoginProvider, WebhookSource
from app.platforms.wecom import PLATFORM
from tests.platforms.wecom.application import settings

PORTS = (WebhookSource, AppTokenSource, LoginProvider, LoginPages, AppTokenLogin)


def offered(**keys: Any) -> set[type]:
    connector = PLATFORM.open("wecom", settings(**keys))
    return {port for port in PORTS if isinstance(connector, port)}


def test_a_complete_channel_offers_everything() -> None:
    assert offered() == set(PORTS)


def test_without_its_secret_a_channel_takes_callbacks_only() -> None:
    assert offered(secret="") == {WebhookSource}
    assert settings(secret="").missing_login_secret() == "secret"


def test_without_an_agent_id_nobody_is_logged_in() -> None:
    assert offered(agent_id="") == {WebhookSource, AppTokenSource}
    assert settings(agent_id="").missing_login_secret() == "agent_id"


@pytest.mark.parametrize("name", ["token", "encoding_aes_key"])
def test_the_key_that_callbacks_lack_is_named(name: str) -> None:
    assert settings(**{name: ""}).missing_signature_secret() == name


def test_an_agent_id_may_be_written_as_a_number() -> None:
    assert settings(agent_id=1000002).agent_id == "1000002"


@pytest.mark.parametrize(
    "keys",
    [
        {"corp_id": ""},
        {"agent_id": "my app"},
        {"agent_id": "١٢"},
        {"agent_id": True},
        {"token": "two words"},
        {"encoding_aes_key": "short"},
        {"allow_unsigned": True},
        {"scope": "snsapi_userinfo"},
        {"unknown": "x"},
    ],
    ids=str,
)
def test_a_value_that_cannot_be_right_is_refused(keys: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        settings(**keys)
