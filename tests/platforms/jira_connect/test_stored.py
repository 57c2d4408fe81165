"""An installation of a Connect app through the whole pipeline: proven, stored once, its secret masked everywhere."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from app import platforms
from app.config.channels import ChannelConfig
from app.core.errors import VerificationError
from app.pipeline.channels import open_channels
from app.pipeline.inbound.receive import receive
from app.pipeline.operators.events import event_detail, list_events_page
from app.pipeline.operators.verification import verify_event
from app.pipeline.services import Services
from app.storage.inbox.events import events
from tests.builders import exchange
from tests.platforms.jira_connect.sample import (
    INSTALLED,
    SECRET,
    SETTINGS,
    WEBHOOK,
    lifecycle,
    signed,
    webhook,
)


@pytest.fixture
def app_of_connect(services_with: Callable[..., Services]) -> Services:
    """Return services with one channel called `open`."""
    services = services_with(channels="")
    config = ChannelConfig(name="open", platform="jira-connect", options=SETTINGS)
    opened, _ = open_channels([config], platforms.discover())
    exchange(services, channels=opened)
    return services


def stored(services: Services) -> list[dict[str, object]]:
    return list_events_page(services, {}, cursor=None, limit=9)["items"]


def test_the_secret_of_an_installation_is_masked_in_what_is_stored(app_of_connect: Services) -> None:
    assert receive(app_of_connect, "open", lifecycle(INSTALLED), trace_id="").status == 200
    (item,) = stored(app_of_connect)
    detail = event_detail(app_of_connect, str(item["id"]))
    assert detail is not None
    assert "data:sharedSecret" in detail["masked"]
    assert "a-new-shared-secret" not in json.dumps(detail)


def test_a_webhook_that_comes_again_is_stored_once(app_of_connect: Services) -> None:
    for _ in range(2):
        request = signed(WEBHOOK, headers={"X-Atlassian-Webhook-Identifier": "id-1"})
        assert receive(app_of_connect, "open", request, trace_id="").status == 200
    assert [item["type"] for item in stored(app_of_connect)] == ["jira:issue_created"]


def test_a_tenants_own_signature_brings_no_new_secret(app_of_connect: Services) -> None:
    with pytest.raises(VerificationError):
        receive(app_of_connect, "open", signed(INSTALLED, below="/installed"), trace_id="")
    assert stored(app_of_connect) == []


def test_the_secrets_of_tenants_are_masked_where_people_look(app_of_connect: Services) -> None:
    channel = app_of_connect.channels.get("open")
    assert channel is not None
    assert SECRET in channel.secrets
    assert receive(app_of_connect, "open", webhook(WEBHOOK), trace_id="").status == 200


def only_event(services: Services) -> str:
    (item,) = stored(services)
    return str(item["id"])


@pytest.mark.parametrize(("below", "rest"), [("/webhook", "/webhook"), ("/a:b/c", "/a:b/c"), ("/", "")])
def test_an_event_is_proven_again_with_the_address_it_came_at(
    app_of_connect: Services, below: str, rest: str
) -> None:
    request = signed(WEBHOOK, below=below, query="issue=A-1")
    request = request._replace(path=request.path.rstrip("/"))
    assert receive(app_of_connect, "open", request, trace_id="").status == 200
    event_id = only_event(app_of_connect)
    assert verify_event(app_of_connect, event_id)["verified"] is True
    detail = event_detail(app_of_connect, event_id)
    assert detail is not None
    assert detail["path_rest"] == rest


def test_an_event_without_the_rest_of_its_address_says_why_it_is_not_proven(app_of_connect: Services) -> None:
    receive(app_of_connect, "open", signed(WEBHOOK), trace_id="")
    with app_of_connect.database.begin() as tx:
        tx.execute(events.update().values(path_rest=None))
    said = verify_event(app_of_connect, only_event(app_of_connect))
    assert said["verified"] is False
    assert "older than the release that keeps it" in said["reason"]
