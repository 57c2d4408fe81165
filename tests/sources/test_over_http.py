"""Described sources at a whole gateway, in process: addresses, methods, set-up requests, batches, answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from app.factory import create_app
from app.pipeline.services import Services
from tests.sources.firing import fired

CHANNELS = """
[channels.trello]
platform = "trello"
secret = "a-secret-of-trello-0123456789"

[channels.ce]
platform = "cloudevents-webhook"
secret = "sandbox-source-secret-0123456789"

[channels.meituan]
platform = "meituan"
secret = "sandbox-source-secret-0123456789"
signed_url = "https://gateway.example/webhooks/meituan"

[channels.line]
platform = "line"
secret = "sandbox-source-secret-0123456789"

[channels.plain]
platform = "checkr"
secret = "sandbox-source-secret-0123456789"
"""


@pytest.fixture
def client(services_with: Callable[..., Services]) -> Any:
    return create_app(services=services_with(channels=CHANNELS)).test_client()


def post(client: Any, slug: str) -> Any:
    request, _ = fired(slug)
    address = request.path + (f"?{request.query_string}" if request.query_string else "")
    return client.post(address, data=request.body, headers=list(request.headers))


def test_a_head_request_is_answered_where_the_description_has_one(client: Any) -> None:
    assert client.head("/webhooks/trello").status_code == 200
    assert client.head("/webhooks/plain").status_code == 405


def test_an_options_request_is_answered_with_the_headers_of_its_description(client: Any) -> None:
    headers = {
        "WebHook-Request-Origin": "sender.example",
        "Authorization": "Bearer sandbox-source-secret-0123456789",
    }
    answer = client.options("/webhooks/ce", headers=headers)
    assert (answer.status_code, answer.headers["WebHook-Allowed-Origin"]) == (200, "sender.example")
    assert client.options("/webhooks/ce", headers=headers | {"Authorization": "Bearer x"}).status_code == 401


def test_an_address_goes_on_behind_the_channel_only_where_the_source_needs_it(client: Any) -> None:
    answer = post(client, "meituan")
    assert (answer.status_code, answer.json) == (200, {"data": "ok"})
    assert client.post("/webhooks/plain/order", data=b"{}").status_code == 404


def test_several_events_of_one_delivery_are_stored_and_a_copy_is_known(client: Any) -> None:
    assert post(client, "line").status_code == 200
    assert post(client, "line").json["status"] == "already_processed"
