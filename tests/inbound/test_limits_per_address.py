"""What one address may do: unknown channels are slowed, a channel's own rate counts it, and no flood hides another's refusal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from app.core.errors import RefusedError, RequestError
from app.core.values import InboundRequest
from app.pipeline.inbound.receive import receive
from app.pipeline.operators.rejections import list_rejections_page
from app.pipeline.services import Services
from app.storage.inbox import rejections as table
from tests.builders import CALLBACK_CHANNEL, envelope, signed_callback

MakeServices = Callable[..., Services]
OPEN = CALLBACK_CHANNEL + 'unknown_events = "store"\n'


def status(services: Services, channel: str, request: InboundRequest) -> int:
    try:
        return receive(services, channel, request, trace_id="t").status
    except RequestError as error:
        return error.http_status


def rejected(services: Services, channel: str | None = None) -> list[dict[str, Any]]:
    return list(list_rejections_page(services, channel, cursor=None, limit=200)["items"])


def test_unknown_channels_are_slowed_for_each_address_and_leave_no_row_then(services: Services) -> None:
    asked = [status(services, f"guess-{number}", signed_callback()) for number in range(40)]
    assert asked == [404] * 30 + [429] * 10
    assert len(rejected(services)) == 30
    assert status(services, "guess", signed_callback(remote_addr="203.0.113.8")) == 404


@pytest.mark.backends("sqlite")
def test_an_ipv6_network_is_one_address_there(services: Services) -> None:
    asked = [
        status(services, "guess", signed_callback(remote_addr=f"2001:db8:0:1::{number:x}"))
        for number in range(1, 36)
    ]
    assert asked == [404] * 30 + [429] * 5
    assert status(services, "guess", signed_callback(remote_addr="2001:db8:0:2::1")) == 404


def test_a_flood_from_one_address_hides_nobodys_refusal(
    services_with: MakeServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table, "MOST_PER_CHANNEL", 20)
    monkeypatch.setattr(table, "PRUNE_EVERY", 1)
    services = services_with(channels=OPEN)
    genuine = signed_callback(headers={"X-Signature": "0" * 64}, remote_addr="198.51.100.7")
    assert status(services, "callback", genuine) == 401
    assert status(services, "typo", genuine) == 404
    for number in range(60):
        wrong = signed_callback()._replace(method="PUT")
        assert status(services, "callback", wrong) == 405, number
        assert status(services, "typo", signed_callback()) in (404, 429)
    for channel in ("callback", "(unknown)"):
        found = {item["remote_addr"] for item in rejected(services, channel)}
        assert found == {"198.51.100.7", "203.0.113.7"}


@pytest.mark.backends("sqlite")
def test_whoever_is_refused_very_often_does_not_keep_the_store_busy(services_with: MakeServices) -> None:
    services = services_with(channels=OPEN)
    wrong = signed_callback()._replace(method="PUT")
    assert [status(services, "callback", wrong) for _ in range(70)] == [405] * 70
    assert len(rejected(services)) == 60
    status(services, "callback", wrong._replace(remote_addr="203.0.113.8"))
    assert len(rejected(services)) == 61


@pytest.mark.backends("sqlite")
def test_a_rate_for_each_address_slows_one_and_no_other(services_with: MakeServices) -> None:
    services = services_with(channels=OPEN + 'rate_limit_per_address = "9 per day"\n')
    one = [status(services, "callback", signed_callback(envelope(f"evt_{number}"))) for number in range(11)]
    other = status(services, "callback", signed_callback(envelope("evt_9"), remote_addr="203.0.113.8"))
    assert (one, other) == ([200] * 9 + [429] * 2, 200)


@pytest.mark.backends("sqlite")
def test_what_one_address_has_too_much_uses_up_nothing_of_the_channels_rate(
    services_with: MakeServices,
) -> None:
    rates = 'rate_limit = "12 per day"\nrate_limit_per_address = "10 per day"\n'
    services = services_with(channels=OPEN + rates)
    for number in range(20):
        status(services, "callback", signed_callback(envelope(f"evt_{number}")))
    assert status(services, "callback", signed_callback(envelope("evt_x"), remote_addr="203.0.113.8")) == 200


@pytest.mark.backends("sqlite")
def test_a_burst_is_slowed_before_the_rate_is_reached(services_with: MakeServices) -> None:
    services = services_with(channels=OPEN + 'rate_limit_per_address = "1000 per hour, burst 2"\n')
    asked = [status(services, "callback", signed_callback(envelope(f"evt_{number}"))) for number in range(9)]
    assert asked[0] == 200
    assert 429 in asked


@pytest.mark.backends("sqlite")
def test_the_refusal_of_a_rate_says_how_long_to_wait(services_with: MakeServices) -> None:
    services = services_with(channels=OPEN + 'rate_limit_per_address = "2 per hour"\n')
    for _ in range(3):
        status(services, "callback", signed_callback())
    with pytest.raises(RefusedError) as caught:
        receive(services, "callback", signed_callback(envelope("evt_2")), trace_id="t")
    assert caught.value.code == "rate_limited"
    assert caught.value.retry_after is not None
    assert 0 < caught.value.retry_after <= 7200
