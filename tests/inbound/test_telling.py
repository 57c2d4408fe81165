"""What is told of each callback: one line, its counts, and a receipt of what the platform was answered."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import pytest
from structlog.testing import capture_logs

from app.core.errors import CallgateError
from app.factory import create_app
from app.pipeline.inbound.receive import receive
from app.pipeline.inbound.telling import ACCEPTED, DUPLICATE, FAILED, REFUSED
from app.pipeline.router import Router
from app.pipeline.services import OverLimit, Services
from app.telemetry.families import DELIVERIES, DELIVERY_SECONDS, DUPLICATES, EVENTS, REJECTIONS
from tests.builders import CALLBACK_CHANNEL, exchange, signed_callback

pytestmark = pytest.mark.backends("sqlite")
TRACE = "0123456789abcdef0123456789abcdef"
STORES = f'{CALLBACK_CHANNEL}unknown_events = "store"\n'


@pytest.fixture
def services(services_with: Callable[..., Services]) -> Services:
    return services_with(channels=STORES)


def counted(services: Services, name: str) -> dict[tuple[str, ...], Any]:
    return services.meters.snapshot()[name].values


def told(act: Callable[[], Any]) -> list[dict[str, Any]]:
    """Return the lines that an act leaves from INFO on."""
    with capture_logs() as lines, contextlib.suppress(CallgateError):
        act()
    return [dict(line) for line in lines if line["log_level"] != "debug"]


def deliver(services: Services, *, channel: str = "callback", **changes: Any) -> Any:
    return receive(services, channel, signed_callback(**changes), trace_id=TRACE)


def test_a_callback_that_is_taken_leaves_one_line(services: Services) -> None:
    (line,) = told(lambda: deliver(services))
    assert line.pop("duration_ms") > 0
    assert len(line.pop("event_id")) == 32
    assert line == {
        "event": "callback", "log_level": "info", "trace_id": TRACE, "method": "POST", "path": "/webhooks/callback",
        "channel": "callback", "type": "user_authorized", "outcome": ACCEPTED, "status": 200,
    }  # fmt: skip


def test_a_copy_says_so(services: Services) -> None:
    deliver(services)
    (line,) = told(lambda: deliver(services))
    assert line["outcome"] == DUPLICATE
    assert counted(services, DUPLICATES.name) == {("callback",): 1.0}
    assert counted(services, EVENTS.name)["callback", "user_authorized", "duplicate"] == 1.0


def test_a_refusal_leaves_one_line_with_its_cause(services: Services) -> None:
    (line,) = told(lambda: deliver(services, headers={"X-Signature": "sha256=" + "0" * 64}))
    assert (line["outcome"], line["status"], line["log_level"]) == (REFUSED, 401, "warning")
    assert line["why"].startswith(line["reason"])
    assert counted(services, REJECTIONS.name) == {("callback", line["reason"]): 1.0}


def test_a_channel_that_is_not_there_is_counted_as_unknown(services: Services) -> None:
    for number in range(3):
        (line,) = told(lambda: deliver(services, channel=f"made-up-{number}"))  # noqa: B023 - called at once
        assert line["channel"] == f"made-up-{number}"
    assert counted(services, DELIVERIES.name) == {("unknown", REFUSED): 3.0}


def test_what_is_turned_away_under_pressure_is_counted_as_such(services: Services) -> None:
    services.runtime.pressure.over = (OverLimit("MAX_WAITING", 1, 2),)
    (line,) = told(lambda: deliver(services))
    assert (line["outcome"], line["status"]) == ("turned_away", 503)


def test_a_failed_inline_handler_is_a_failed_delivery(services_with: Callable[..., Services]) -> None:
    router = Router()

    @router.on("callback", inline=True)
    def fails(_event: Any, _context: Any) -> None:
        raise RuntimeError("no")

    services = services_with(router=router)
    told(lambda: deliver(services))
    assert counted(services, DELIVERIES.name) == {("callback", FAILED): 1.0}
    assert counted(services, EVENTS.name) == {("callback", "user_authorized", "stored"): 1.0}


def test_every_delivery_has_its_seconds(services: Services) -> None:
    deliver(services)
    told(lambda: deliver(services, headers={"X-Signature": "no"}))
    spread = counted(services, DELIVERY_SECONDS.name)["callback",]
    assert sum(spread[:-1]) == 2.0


@pytest.mark.parametrize(
    ("method", "status"), [("PUT", 405), ("POST", 413)], ids=["a wrong method", "a body that is too large"]
)
def test_what_is_refused_by_its_head_leaves_one_line_too(
    services: Services, method: str, status: int
) -> None:
    client = create_app(services=services).test_client()
    body = b"x" * (2 * services.settings.max_body_bytes)
    with capture_logs() as lines:
        answer = client.open("/webhooks/callback", method=method, data=body)
    assert answer.status_code == status
    (line,) = [each for each in lines if each["event"] == "callback"]
    assert (line["status"], line["outcome"], line["method"]) == (status, REFUSED, method)


def test_a_fault_of_ours_leaves_its_line_as_well(services: Services) -> None:
    class Broken:
        def run_many(self, *_: object) -> None:
            raise KeyError("a fault")

    exchange(services, accepts=Broken())
    request = signed_callback()
    client = create_app(services=services).test_client()
    with capture_logs() as lines:
        answer = client.post("/webhooks/callback", data=request.body, headers=list(request.headers))
    assert answer.status_code == 500
    (line,) = [each for each in lines if each["event"] == "callback"]
    assert (line["outcome"], line["status"], line["error"]) == (FAILED, 500, "internal")


def test_what_stands_behind_a_channels_name_is_not_written(services: Services) -> None:
    (line,) = told(lambda: deliver(services, path="/webhooks/callback/s3cret-in-the-path"))
    assert line["path"] == "/webhooks/callback/…"
