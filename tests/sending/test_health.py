"""How a channel that sends is doing, as operators see it: in the list of channels and over HTTP."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from app.cli.channels import channels_group
from app.core.errors import StoreUnavailable
from app.factory import create_app
from app.pipeline.operators.sending_health import sending_health
from app.pipeline.services import Services
from tests.builders import FrozenClock
from tests.sending.office import Office, ask, run_due

OPS = {"Authorization": "Bearer ops-token-4d1f8a2b"}


def listed(services: Services) -> str:
    result = CliRunner().invoke(channels_group(services), ["list"])
    assert result.exit_code == 0, result.output
    return result.output


def test_a_channel_that_went_well_says_nothing_of_it(gateway: Services) -> None:
    ask(gateway)
    run_due(gateway)
    assert sending_health(gateway)["post"]["state"] == "ok"
    assert "sending" not in listed(gateway)


def test_a_channel_that_is_left_alone_says_until_when_and_why(
    gateway: Services, office: Office, clock: FrozenClock
) -> None:
    office.answers((429, {"wait": 600}))
    ask(gateway)
    run_due(gateway)
    health = sending_health(gateway)["post"]
    assert (health["state"], health["until"][:19]) == ("left_alone", "2026-11-20T12:10:00")
    assert "left alone until 2026-11-20T12:10:00" in listed(gateway)
    assert "20 a minute are allowed." in listed(gateway)
    clock.advance(minutes=11)
    run_due(gateway)
    assert sending_health(gateway)["post"]["state"] == "ok"


def test_failures_in_a_row_are_counted(gateway: Services, office: Office) -> None:
    office.answers((403, {}), (403, {}))
    ask(gateway), ask(gateway)
    run_due(gateway)
    health = sending_health(gateway)["post"]
    assert (health["state"], health["failures"]) == ("failing", 2)
    assert "2 failures in a row; the last one: The robot was removed" in listed(gateway)


@pytest.mark.backends("sqlite")
def test_it_is_told_over_http_and_left_out_while_the_store_is_away(
    gateway: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = create_app(services=gateway).test_client()
    (item,) = client.get("/api/v1/channels", headers=OPS).get_json()["items"]
    assert item["sending"]["state"] == "ok"

    def away(_: object) -> None:
        raise StoreUnavailable

    monkeypatch.setattr("app.cli.channels.sending_health", away)
    assert "post" in listed(gateway)
