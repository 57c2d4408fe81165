"""DingTalk's requests through the whole gateway: answered in its own words and stored once, on every database."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from app.core.values import InboundRequest
from app.factory import create_app
from app.pipeline.operators.events import list_events_page
from app.pipeline.router import Router
from app.pipeline.services import Services
from sandbox.platforms.dingtalk import signer
from tests.platforms.dingtalk.channel import AES_KEY, APP_KEY, TOKEN, event, sealed

CHANNELS = f"""
[channels.dingtalk]
platform = "dingtalk"
app_key = "{APP_KEY}"
token = "{TOKEN}"
aes_key = "{AES_KEY}"
"""


@pytest.fixture
def services(services_with: Callable[..., Services]) -> Services:
    router = Router()
    router.on("*", name="handler")(lambda event, context: None)
    return services_with(router=router, channels=CHANNELS)


def post(services: Services, request: InboundRequest) -> tuple[int, dict[str, Any]]:
    address = f"/webhooks/dingtalk?{request.query_string}"
    answer = create_app(services=services).test_client().post(address, data=request.body)
    content: dict[str, Any] = answer.get_json()
    return answer.status_code, content


def said(answer: tuple[int, dict[str, Any]]) -> bytes:
    assert answer[0] == 200
    return signer.decrypt(answer[1]["encrypt"], AES_KEY, APP_KEY)


def types(services: Services) -> list[str]:
    return [item["type"] for item in list_events_page(services, {}, cursor=None, limit=9)["items"]]


def test_an_event_and_its_copy_are_answered_success_and_stored_once(services: Services) -> None:
    assert [said(post(services, sealed(event()))) for _ in range(2)] == [b"success", b"success"]
    assert types(services) == ["user_modify_org"]


def test_the_check_of_the_address_is_answered_and_not_stored(services: Services) -> None:
    assert said(post(services, sealed(json.dumps({"EventType": "check_url"}).encode()))) == b"success"
    assert types(services) == []


def test_a_forged_event_is_refused_and_not_stored(services: Services) -> None:
    assert post(services, sealed(event(), token="another-token"))[0] == 401
    assert types(services) == []
