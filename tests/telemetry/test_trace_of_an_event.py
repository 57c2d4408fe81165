"""One trace from a callback to whatever comes of it: the answer, the log, handlers, retries, forwards, messages; and who is told of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextvars import Context as Variables
from typing import Any

import pytest
from structlog.testing import capture_logs

from app.core.traces import TRACE, entered, parse_traceparent, trace_of_stored
from app.core.values import Event
from app.factory import create_app
from app.pipeline.operators.events import list_events_page
from app.pipeline.router import Context, Router
from app.pipeline.services import Services
from app.security.outbound import OutboundClient
from app.storage.inbox.events import events
from app.web.callbacks.loop_front import LoopFront
from tests.builders import envelope, signed_callback
from tests.forwarding.receiver import Receiver, forwarding_to, run_once
from tests.sending.office import Clerk, Office, open_channels
from tests.web.loop_stage import ask
from tests.web.test_callbacks_before_flask import OPEN_TO_ALL

MakeServices = Callable[..., Services]
TRACE_ID, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
TOLD = ("traceparent", f"00-{TRACE_ID}-{SPAN}-01")
API = [("Authorization", "Bearer ops-token-4d1f8a2b")]


def deliver(services: Services, *headers: tuple[str, str], key: str = "evt_1", by_loop: bool = True) -> str:
    """Deliver a callback and return the trace id of its answer."""
    request = signed_callback(envelope(key))
    app = create_app(services=services)
    if not by_loop:
        own = dict([*request.headers, *headers])
        answer = app.test_client().post("/webhooks/callback", data=request.body, headers=own)
        assert answer.status_code == 200
        return str(answer.headers["X-Trace-Id"])
    told = ask(
        LoopFront(app, services),
        "POST",
        "/webhooks/callback",
        request.body,
        headers=[*request.headers, *headers],
    )
    assert told.status == 200
    return str(told.headers["x-trace-id"])


def stored(services: Services) -> Any:
    with services.database.read() as tx:
        return tx.execute(events.select()).one()


@pytest.fixture
def seen() -> list[Context]:
    return []


@pytest.fixture
def handled(services_with: MakeServices, seen: list[Context]) -> Services:
    """Return a gateway whose handler fails once and remembers its contexts."""
    router = Router()

    @router.on("callback")
    def handler(event: Event, context: Context) -> None:
        seen.append(context)
        if context.attempt == 1:
            raise LookupError("the first one")

    return services_with(router=router)


@pytest.mark.parametrize("by_loop", [True, False], ids=["loop", "wsgi"])
def test_a_callers_trace_is_that_of_answer_and_handlers(
    handled: Services, seen: list[Context], by_loop: bool
) -> None:
    assert deliver(handled, TOLD, by_loop=by_loop) == TRACE_ID
    run_once(handled)
    assert [context.trace_id for context in seen] == [TRACE_ID]


@pytest.mark.backends("sqlite")
def test_a_retry_is_in_the_same_trace_with_a_span_of_its_own(
    handled: Services, seen: list[Context], clock: Any
) -> None:
    deliver(handled, TOLD)
    run_once(handled)
    clock.advance(hours=1)
    run_once(handled)
    first, second = (parse_traceparent(context.traceparent) for context in seen)
    assert first is not None
    assert second is not None
    assert first.trace_id == second.trace_id == TRACE_ID
    assert first.span_id != second.span_id


def test_without_a_header_the_events_own_id_is_the_trace(handled: Services, seen: list[Context]) -> None:
    trace_id = deliver(handled)
    run_once(handled)
    row = stored(handled)
    assert row.id == trace_id == seen[0].trace_id
    assert row.traceparent is None


@pytest.mark.backends("sqlite")
def test_a_header_that_is_not_valid_begins_a_new_trace(handled: Services) -> None:
    assert deliver(handled, ("traceparent", f"00-{'0' * 32}-{SPAN}-01")) == stored(handled).id


@pytest.mark.backends("sqlite")
def test_two_events_of_one_trace_are_two_events(services_with: MakeServices) -> None:
    services = services_with(channels=OPEN_TO_ALL)
    assert deliver(services, TOLD, key="evt_1") == deliver(services, TOLD, key="evt_2")
    assert len(list_events_page(services, {}, cursor=None, limit=10)["items"]) == 2


@pytest.mark.backends("sqlite")
def test_a_refusal_is_in_its_callers_trace(services: Services) -> None:
    front = LoopFront(create_app(services=services), services)
    answer = ask(front, "POST", "/webhooks/callback", b"{}", headers=[TOLD])
    assert answer.json()["trace_id"] == TRACE_ID


@pytest.mark.backends("sqlite")
def test_pages_and_api_go_on_with_their_callers_trace(services: Services) -> None:
    answer = create_app(services=services).test_client().get("/api/v1/nothing", headers=dict([TOLD]))
    assert answer.json is not None
    assert answer.json["trace_id"] == TRACE_ID


@pytest.mark.backends("sqlite")
def test_what_a_handler_logs_has_trace_and_span(handled: Services) -> None:
    deliver(handled, TOLD)
    with capture_logs(processors=[_with_trace]) as logs:
        run_once(handled)
    (line,) = [line for line in logs if line["event"] == "dispatch_failed"]
    assert line["trace"] == TRACE_ID


def _with_trace(_logger: Any, _method: str, line: Any) -> Any:
    trace = TRACE.get()
    return line if trace is None else line | {"trace": trace.trace_id}


@pytest.mark.backends("sqlite")
def test_a_destination_is_told_the_trace_and_the_attempt(
    services_with: MakeServices, receiver: Receiver
) -> None:
    services = services_with(channels=forwarding_to(receiver.url))
    trace_id = deliver(services)
    run_once(services)
    (received,) = receiver.received
    told = parse_traceparent(received.headers["traceparent"])
    assert told is not None
    assert told.trace_id == trace_id
    assert told.span_id != trace_id[-16:]


@pytest.mark.backends("sqlite")
def test_a_message_is_in_the_trace_of_who_asked_for_it(
    services_with: MakeServices, office: Office, clerk: Clerk
) -> None:
    services = services_with()
    open_channels(services, office, clerk)
    body = json.dumps({"channel": "post", "to": {"user_id": "u1"}, "text": "hello"})
    headers = dict([*API, TOLD, ("Content-Type", "application/json")])
    assert (
        create_app(services=services)
        .test_client()
        .post("/api/v1/messages", data=body, headers=headers)
        .status_code
        == 202
    )
    with capture_logs(processors=[_with_trace]) as logs:
        run_once(services)
    (line,) = [line for line in logs if line["event"] == "message_part"]
    assert line["trace"] == TRACE_ID


@pytest.mark.backends("sqlite")
@pytest.mark.parametrize("tells", [False, True])
def test_a_platform_is_told_where_its_channel_says_so(receiver: Receiver, tells: bool) -> None:
    client = OutboundClient([receiver.url], tells_trace=tells)
    with entered(trace_of_stored(TRACE_ID, "", None)):
        client.request("GET", f"{receiver.url}/x")
    (received,) = receiver.received
    assert ("traceparent" in {name.lower() for name in received.headers}) is tells


@pytest.mark.backends("sqlite")
@pytest.mark.parametrize(("line", "tells"), [("", False), ("send_traceparent = true\n", True)])
def test_a_channel_says_so_with_a_key(
    services_with: MakeServices, receiver: Receiver, line: str, tells: bool
) -> None:
    file = (
        f'[channels.shop]\nplatform = "feishu"\nrobot_hook = "{receiver.url}/open-apis/bot/v2/hook/1"\n{line}'
    )
    channel = services_with(channels=file).channels.get("shop")
    assert channel is not None
    with entered(trace_of_stored(TRACE_ID, "", None)):
        channel.http.request("POST", f"{receiver.url}/open-apis/bot/v2/hook/1", json={})
    (received,) = receiver.received
    assert ("traceparent" in {name.lower() for name in received.headers}) is tells


@pytest.mark.backends("sqlite")
def test_a_call_in_no_trace_tells_none(receiver: Receiver) -> None:
    client = OutboundClient([receiver.url], tells_trace=True)
    Variables().run(client.request, "GET", f"{receiver.url}/x")
    (received,) = receiver.received
    assert "traceparent" not in {name.lower() for name in received.headers}
