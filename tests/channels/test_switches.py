"""A channel that an operator switches off takes nothing more in, in every process, until it is switched on again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from click.testing import CliRunner, Result

from app.cli.channels import channels_group
from app.core.errors import RefusedError, RequestError
from app.factory import create_app
from app.pipeline.login.groups import offered_logins
from app.pipeline.operators.channels import channel_view
from app.pipeline.operators.switches import SwitchOrder, switch_off, switch_on
from app.pipeline.services import Services
from app.pipeline.upkeep.shared_copies import renew_copies
from app.storage.audit import list_audit
from app.storage.database.db import Database
from tests.bans.stage import Answer, Ask, by_loop, by_wsgi
from tests.builders import CALLBACK_CHANNEL, make_services, signed_callback

MakeServices = Callable[..., Services]
Front = Callable[[Services], Ask]
LOGIN = """
[channels.corp]
platform = "oauth2"
client_id = "gate"
client_secret = "client-secret-91f7"
authorize_url = "https://id.corp.example/authorize"
token_url = "https://id.corp.example/token"
userinfo_url = "https://id.corp.example/me"
"""
CHANNELS = CALLBACK_CHANNEL + 'unknown_events = "store"\n' + LOGIN
ORDER = SwitchOrder("ops", "the secret leaked")
ENV = {"API_TOKENS": "ops:ops-token-4d1f8a2b:read+operate,reader:reader-token-77aa12:read"}
OPS = {"Authorization": "Bearer ops-token-4d1f8a2b"}
READER = {"Authorization": "Bearer reader-token-77aa12"}


@pytest.fixture(params=[by_loop, by_wsgi], ids=["loop", "wsgi"])
def front(request: pytest.FixtureRequest) -> Front:
    found: Front = request.param
    return found


@pytest.fixture
def services(services_with: MakeServices) -> Services:
    return services_with(channels=CHANNELS, env=ENV)


def deliver(services: Services, front: Front, event_id: str = "evt_1") -> Answer:
    request = signed_callback({"event_id": event_id, "event_type": "x", "timestamp": 1763640000, "data": {}})
    return front(services)("POST", "/webhooks/callback", request.body, **dict(request.headers))


def test_callbacks_of_a_switched_off_channel_are_told_to_come_again(services: Services, front: Front) -> None:
    assert deliver(services, front).status == 200
    switch_off(services, "callback", ORDER)
    answer = deliver(services, front, "evt_2")
    assert (answer.status, answer.json["error"]) == (503, "channel_disabled")
    assert answer.headers["retry-after"] == "300"
    switch_on(services, "callback", ORDER)
    assert deliver(services, front, "evt_2").status == 200


def test_another_process_hears_of_it(services: Services, database: Database, front: Front) -> None:
    other = make_services(database, channels=CHANNELS, env=ENV)
    switch_off(services, "callback", ORDER)
    renew_copies(other)
    assert deliver(other, front).status == 503
    switch_on(services, "callback", ORDER)
    renew_copies(other)
    assert deliver(other, front).status == 200


@pytest.mark.backends("sqlite")
def test_a_login_is_neither_offered_nor_started(services: Services) -> None:
    client = create_app(services=services).test_client()
    assert [login.name for login in offered_logins(services)] == ["corp"]
    assert client.get("/oauth/corp/start?next=/").status_code == 303
    switch_off(services, "corp", ORDER)
    assert offered_logins(services) == []
    answer = client.get("/oauth/corp/start?next=/", headers={"Accept": "application/json"})
    assert (answer.status_code, answer.get_json()["error"]) == (503, "channel_disabled")


@pytest.mark.backends("sqlite")
def test_a_login_under_way_is_not_finished(services: Services) -> None:
    client = create_app(services=services).test_client()
    switch_off(services, "corp", ORDER)
    answer = client.get("/oauth/corp/callback?code=c&state=s", headers={"Accept": "application/json"})
    assert (answer.status_code, answer.get_json()["error"]) == (503, "channel_disabled")


@pytest.mark.backends("sqlite")
def test_commands_of_its_senders_are_refused_too(services: Services) -> None:
    client = create_app(services=services).test_client()
    switch_off(services, "callback", ORDER)
    answer = client.post("/api/v1/commands", json={})
    assert (answer.status_code, answer.get_json()["error"]) == (503, "channel_disabled")


def test_the_list_says_who_switched_it_off_and_keeps_its_addresses(services: Services) -> None:
    switch_off(services, "callback", ORDER)
    (item,) = (each for each in channel_view(services) if each["name"] == "callback")
    assert (item["enabled"], item["urls"]["callback_url"]) == (
        False,
        "http://localhost:5003/webhooks/callback",
    )
    assert item["reason"] == "switched off by ops at 2026-11-20 12:00 UTC: the secret leaked"
    assert item["override"] == {
        "enabled": False,
        "by": "ops",
        "reason": "the secret leaked",
        "at": "2026-11-20T12:00:00.000Z",
    }


def test_both_ways_are_audited(services: Services) -> None:
    switch_off(services, "callback", ORDER)
    switch_on(services, "callback", SwitchOrder("anna", "a new secret is set"))
    with services.database.read() as tx:
        entries = [(row.actor, row.action, row.target) for row in list_audit(tx, before=None, limit=9)]
    assert entries == [
        ("anna", "channel.enabled", "callback"),
        ("ops", "channel.disabled", "callback"),
    ]


@pytest.mark.backends("sqlite")
@pytest.mark.parametrize("reason", ["", "  ", "x" * 501, "a\x00b", None, 7])
def test_a_switch_needs_a_reason(services: Services, reason: Any) -> None:
    with pytest.raises(RequestError, match="reason must say why"):
        switch_off(services, "callback", SwitchOrder("ops", reason))


@pytest.mark.backends("sqlite")
def test_a_channel_that_is_not_in_the_file_has_no_switch(services: Services) -> None:
    with pytest.raises(RefusedError, match="no channel 'nobody'"):
        switch_off(services, "nobody", ORDER)


@pytest.mark.backends("sqlite")
def test_what_is_off_in_the_file_stays_off(services_with: MakeServices) -> None:
    services = services_with(channels=CALLBACK_CHANNEL + "enabled = false\n")
    switch_on(services, "callback", ORDER)
    (item,) = channel_view(services)
    assert (item["enabled"], item["reason"]) == (False, "enabled = false is written in the channels file")
    told = terminal(services, "enable", "callback", "--reason", "try")
    assert "takes no part all the same: enabled = false is written" in told.output


@pytest.mark.backends("sqlite")
def test_over_http_the_scope_operate_is_needed(services: Services) -> None:
    client = create_app(services=services).test_client()
    path, body = "/api/v1/channels/callback/disable", {"reason": "the secret leaked"}
    assert client.post(path, json=body, headers=READER).get_json()["error"] == "missing_scope"
    answer = client.post(path, json=body, headers=OPS)
    assert (answer.status_code, answer.get_json()["override"]["by"]) == (200, "ops")
    answer = client.post(path.replace("disable", "enable"), json=body, headers=OPS)
    assert answer.get_json()["override"]["enabled"] is True
    assert client.post(path, json={"why": 1}, headers=OPS).get_json()["error"] == "unknown_field"
    assert client.post(path, json={}, headers=OPS).get_json()["error"] == "bad_reason"


def terminal(services: Services, *words: str) -> Result:
    return CliRunner().invoke(channels_group(services), words)


@pytest.mark.backends("sqlite")
def test_the_terminal_switches_too(services: Services) -> None:
    told = terminal(services, "disable", "callback", "--reason", "the secret leaked")
    assert told.output.endswith("callback is off, in every process within 3 seconds.\n")
    assert "disabled: switched off by terminal" in terminal(services, "list").output
    told = terminal(services, "enable", "callback", "--reason", "mended")
    assert told.output.endswith("callback is on, in every process within 3 seconds.\n")
    told = terminal(services, "disable", "nobody", "--reason", "x")
    assert (told.exit_code, "There is no channel 'nobody'" in told.output) == (1, True)
