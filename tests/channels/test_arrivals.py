"""What arrives at a channel is shown newest first, and what was refused with its cause and its cure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from click.testing import CliRunner, Result
from flask.testing import FlaskClient

from app.cli.channels import channels_group
from app.core.errors import CallgateError, RefusedError, RequestError
from app.factory import create_app
from app.pipeline.inbound import set_up_checks
from app.pipeline.inbound.receive import receive
from app.pipeline.inbound.set_up_checks import write_noted_checks
from app.pipeline.operators.arrivals import arrivals
from app.pipeline.services import Services
from app.storage import channel_checks
from app.storage.channel_checks import list_checks
from tests.builders import FrozenClock, signed_callback
from tests.channels.stage import ENV, FEISHU, OPS, READER, challenge, event, refuse, take
from tests.platforms.feishu import channel as feishu

MakeServices = Callable[..., Services]


@pytest.fixture
def services(services_with: MakeServices) -> Services:
    return services_with(channels=FEISHU, env=ENV)


@pytest.fixture
def client(services: Services) -> FlaskClient:
    return create_app(services=services).test_client()


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(set_up_checks, "SECONDS_BETWEEN", 0.0)


def test_a_check_an_event_and_a_refusal_come_newest_first(services: Services, clock: FrozenClock) -> None:
    take(services, challenge())
    clock.advance(seconds=1)
    refuse(services, event(token="another"))
    clock.advance(seconds=1)
    take(services, event())
    found = arrivals(services, "feishu")
    assert [(each.kind, each.outcome) for each in found] == [
        ("event", "ignored"),
        ("refused", "wrong_verification_token"),
        ("check", "passed"),
    ]
    assert found[2].what == "challenge"
    refused = found[1]
    assert "token is none of ours" in refused.detail
    assert refused.cure is not None
    assert "`verification_token`" in refused.cure.english
    assert "`verification_token`" in refused.cure.chinese


def test_of_many_checks_the_newest_twenty_are_kept(services: Services) -> None:
    for _ in range(channel_checks.MOST_PER_CHANNEL + 3):
        take(services, challenge())
    write_noted_checks(services)
    with services.database.read() as tx:
        assert len(list_checks(tx, "feishu")) == channel_checks.MOST_PER_CHANNEL


@pytest.mark.backends("sqlite")
def test_a_flood_of_checks_is_one_row_a_second(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(set_up_checks, "SECONDS_BETWEEN", 60.0)
    for _ in range(5):
        take(services, challenge())
    assert len(arrivals(services, "feishu")) == 1


@pytest.mark.backends("sqlite")
def test_checks_wait_while_the_store_is_away(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    take(services, challenge())
    with monkeypatch.context() as patched:
        patched.setattr(type(services.database), "begin", lambda _: (_ for _ in ()).throw(OSError("away")))
        write_noted_checks(services)
    assert [each.kind for each in arrivals(services, "feishu")] == ["check"]


@pytest.mark.backends("sqlite")
def test_a_wrong_letter_at_the_platform_is_found(services: Services) -> None:
    for path in ("/webhooks/feishuu", "/webhooks/something-else"):
        with pytest.raises(CallgateError):
            receive(services, path.rpartition("/")[2], signed_callback(path=path), trace_id="")
    (found,) = arrivals(services, "feishu")
    assert (found.kind, found.detail) == ("elsewhere", "/webhooks/feishuu")


@pytest.mark.backends("sqlite")
def test_a_body_that_arrives_cut_off_says_so(services: Services) -> None:
    request = event()
    cut = request._replace(
        body=request.body[:-3], headers=(*request.headers, ("Content-Length", str(len(request.body))))
    )
    refuse(services, cut)
    (found,) = arrivals(services, "feishu")
    assert found.cause is not None
    assert "Content-Length" in found.cause.english


@pytest.mark.backends("sqlite")
def test_only_what_came_after_is_asked_for(services: Services, clock: FrozenClock) -> None:
    take(services, event())
    clock.advance(seconds=60)
    take(services, feishu.sealed(feishu.v2_event(event_id="later")))
    assert len(arrivals(services, "feishu")) == 2
    assert len(arrivals(services, "feishu", "2026-11-20T12:00:30Z")) == 1
    with pytest.raises(RequestError, match="after must be a time"):
        arrivals(services, "feishu", "yesterday")
    with pytest.raises(RefusedError, match="no such channel"):
        arrivals(services, "nobody")


@pytest.mark.backends("sqlite")
def test_over_http_cause_and_cure_come_in_both_languages(services: Services, client: FlaskClient) -> None:
    refuse(services, event(app_id="cli_other"))
    page: Any = client.get("/api/v1/channels/feishu/arrivals", headers=READER).get_json()
    (item,) = page["items"]
    assert item["cause"]["en"].startswith("The proof fits, and the request is for another account")
    assert item["cure"]["zh"].startswith(
        "请在本渠道所属的账号或应用中填写 `http://localhost:5003/webhooks/feishu`"
    )
    assert page["after"] == item["at"] == "2026-11-20T12:00:00.000Z"
    assert client.get("/api/v1/channels/nobody/arrivals", headers=READER).status_code == 404
    assert client.get("/api/v1/channels/feishu/arrivals?after=x", headers=READER).status_code == 400


@pytest.mark.backends("sqlite")
def test_the_list_of_rejections_tells_cause_and_cure_too(services: Services, client: FlaskClient) -> None:
    refuse(services, event(token="another"))
    (item,) = client.get("/api/v1/rejections", headers=READER).get_json()["items"]
    assert "`verification_token`" in item["cure"]["en"]
    assert item["cause"]["zh"] == "收到的令牌或密码与本渠道的不同。"


def terminal(services: Services, *words: str) -> Result:
    return CliRunner().invoke(channels_group(services), words)


@pytest.mark.backends("sqlite")
def test_the_terminal_shows_what_comes(services: Services) -> None:
    take(services, challenge())
    refuse(services, event(token="another"))
    told = terminal(services, "watch", "feishu", "--seconds", "0").output
    assert "check     passed" in told
    assert "refused   wrong_verification_token" in told
    assert "cure: Enter the same text on both sides" in told
    assert "no such channel" in terminal(services, "watch", "nobody").output


@pytest.mark.backends("sqlite")
def test_a_check_of_the_keys_is_asked_for_over_http(services: Services, client: FlaskClient) -> None:
    answer = client.post("/api/v1/channels/nobody/check", headers=OPS)
    assert (answer.status_code, answer.get_json()["error"]) == (404, "unknown_channel")
    assert client.post("/api/v1/channels/feishu/check", headers=READER).get_json()["error"] == "missing_scope"
