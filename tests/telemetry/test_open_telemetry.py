"""What a collector gets: spans of a callback and of whatever comes of it, HTTP metrics by the stable names, and nothing secret."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator

import pytest

from app.config.settings import load_settings
from app.core.errors import ConfigurationError
from app.core.identifiers import new_id
from app.core.traces import EndedSpan, SpanKind, Spans, Trace
from app.core.values import Event
from app.factory import create_app
from app.pipeline.router import Context, Router
from app.pipeline.services import Services
from app.telemetry import open_telemetry
from app.telemetry.open_telemetry import OpenTelemetry
from app.telemetry.sampling import Sampler
from app.web.callbacks.loop_front import LoopFront
from tests.builders import NOW, FrozenClock, envelope, environment, signed_callback
from tests.forwarding.receiver import Receiver, forwarding_to, run_once
from tests.sending.office import Clerk, Office, open_channels
from tests.telemetry.collector import Collector
from tests.web.loop_stage import ask
from tests.web.test_callbacks_before_flask import OPEN_TO_ALL

pytestmark = pytest.mark.backends("sqlite")
MakeServices = Callable[..., Services]
SERVER, CLIENT, CONSUMER, INTERNAL = 2, 3, 5, 1
TRACE_ID, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
API = {"Authorization": "Bearer ops-token-4d1f8a2b", "Content-Type": "application/json"}


@pytest.fixture(params=["http/protobuf", "grpc"])
def collector(request: pytest.FixtureRequest) -> Iterator[Collector]:
    with Collector(request.param) as running:
        yield running


@pytest.fixture
def http_collector() -> Iterator[Collector]:
    with Collector("http/protobuf") as running:
        yield running


def collecting(collector: Collector, **more: str) -> dict[str, str]:
    return {
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
        "OTEL_EXPORTER_OTLP_PROTOCOL": collector.protocol,
        **more,
    }


def started(services: Services) -> Spans:
    assert services.spans is not None
    services.spans.start()
    return services.spans


def deliver(services: Services, *headers: tuple[str, str], path: str = "/webhooks/callback") -> int:
    request = signed_callback(envelope())
    front = LoopFront(create_app(services=services), services)
    named = [*request.headers, *headers]
    return ask(front, "POST", path, request.body, headers=named).status


def failing_once() -> Router:
    router = Router()

    @router.on("callback", name="handle")
    def handler(event: Event, context: Context) -> None:
        if context.attempt == 1:
            raise LookupError("token=4f2a9c71d1e2 is wrong")

    return router


def test_a_callback_with_its_retry_and_its_forward_is_one_trace(
    services_with: MakeServices, collector: Collector, receiver: Receiver, clock: FrozenClock
) -> None:
    channels = forwarding_to(receiver.url)
    services = services_with(channels=channels, router=failing_once(), env=collecting(collector))
    spans = started(services)
    assert deliver(services, ("traceparent", f"00-{TRACE_ID}-{SPAN}-01")) == 200
    run_once(services)
    clock.advance(hours=1)
    run_once(services)
    spans.stop()
    assert {span.trace_id for span in collector.spans} == {TRACE_ID}
    _is_right(collector, receiver)


def _is_right(collector: Collector, receiver: Receiver) -> None:
    (server,) = collector.named("POST /webhooks/<channel>")
    assert (server.kind, server.parent_id) == (SERVER, SPAN)
    (store,) = collector.named("store")
    assert (store.kind, store.parent_id) == (INTERNAL, server.span_id)
    first, second = collector.named("run handle")
    assert first.kind == second.kind == CONSUMER
    assert first.parent_id == second.parent_id == server.span_id
    assert first.links == [(TRACE_ID, server.span_id)]
    assert second.links == [(TRACE_ID, server.span_id), (TRACE_ID, first.span_id)]
    assert (first.is_error, first.attributes["error.type"]) == (True, "LookupError")
    assert (second.is_error, second.attributes["callgate.state"]) == (False, "succeeded")
    (forward,) = collector.named("run destination:crm")
    (call,) = collector.named("POST")
    assert (call.kind, call.parent_id) == (CLIENT, forward.span_id)
    assert call.attributes["http.response.status_code"] == 204
    assert receiver.received[0].headers["traceparent"] == f"00-{TRACE_ID}-{call.span_id}-01"
    assert all(span.nanoseconds >= 0 for span in collector.spans)


def test_a_collector_is_told_which_gateway_speaks_and_the_headers_it_wants(
    services_with: MakeServices, collector: Collector
) -> None:
    env = collecting(
        collector, OTEL_SERVICE_NAME="gate-1", OTEL_EXPORTER_OTLP_HEADERS="x-key=a%20b,x-team=ops"
    )
    services = services_with(channels=OPEN_TO_ALL, env=env)
    spans = started(services)
    assert deliver(services) == 200
    spans.stop()
    about = collector.spans[0].resource
    assert (about["service.name"], about["deployment.environment.name"]) == ("gate-1", "dev")
    assert (collector.headers[0]["x-key"], collector.headers[0]["x-team"]) == ("a b", "ops")


def test_http_durations_have_the_stable_names(services_with: MakeServices, collector: Collector) -> None:
    services = services_with(env=collecting(collector))
    spans = started(services)
    app = create_app(services=services)
    for _ in range(3):
        app.test_client().get("/api/v1/events/0190", headers=API)
    spans.stop()
    ((name, attributes, count),) = collector.points
    assert (name, count) == ("http.server.request.duration", 3)
    assert attributes == {
        "http.request.method": "GET",
        "http.response.status_code": 404,
        "http.route": "/api/v1/events/<event_id>",
        "url.scheme": "http",
    }


def test_a_part_of_a_message_has_its_platform_call_below_it(
    services_with: MakeServices, http_collector: Collector, office: Office, clerk: Clerk
) -> None:
    services = services_with(env=collecting(http_collector))
    open_channels(services, office, clerk)
    spans = started(services)
    body = json.dumps({"channel": "post", "to": {"user_id": "u1"}, "text": "hello"})
    client = create_app(services=services).test_client()
    assert client.post("/api/v1/messages", data=body, headers=API).status_code == 202
    run_once(services)
    spans.stop()
    (asked,) = http_collector.named("POST /api/v1/messages")
    (run,) = http_collector.named("run messages:post")
    (part,) = http_collector.named("send message part")
    (call,) = http_collector.named("POST")
    assert [each.parent_id for each in (run, part, call)] == [asked.span_id, run.span_id, part.span_id]
    assert {each.trace_id for each in (asked, run, part, call)} == {asked.trace_id}
    assert (part.attributes["callgate.channel"], part.attributes["callgate.outcome"]) == ("post", "taken")


def test_refusals_are_spans_of_their_route_and_status(
    services_with: MakeServices, http_collector: Collector
) -> None:
    services = services_with(env=collecting(http_collector))
    spans = started(services)
    front = LoopFront(create_app(services=services), services)
    ask(front, "POST", "/webhooks/callback", b"{}")
    again = LoopFront(create_app(services=services), services)
    ask(again, "POST", "/webhooks/nobody", b"{}")
    spans.stop()
    statuses = [
        span.attributes["http.response.status_code"]
        for span in http_collector.named("POST /webhooks/<channel>")
    ]
    assert statuses == [401, 404]


SECRETS = (
    "kept-in-query-5d1c",
    "kept-in-body-8e2f",
    "kept-in-header-3a7b",
    "4f2a9c71d1e2",
    "callback-3f9d1c7b5a",
)


def test_nothing_secret_leaves_with_a_span(
    services_with: MakeServices, http_collector: Collector, receiver: Receiver
) -> None:
    channels = forwarding_to(f"{receiver.url}/x?key={SECRETS[0]}")
    services = services_with(channels=channels, router=failing_once(), env=collecting(http_collector))
    spans = started(services)
    front = LoopFront(create_app(services=services), services)
    signed = signed_callback(envelope(data={"password": SECRETS[1]}))
    headers = [*signed.headers, ("X-Token", SECRETS[2])]
    sent = ask(
        front, "POST", "/webhooks/callback", signed.body, headers=headers, query_string=f"code={SECRETS[0]}"
    )
    assert sent.status == 200
    run_once(services)
    create_app(services=services).test_client().get(f"/send/{SECRETS[2]}?title={SECRETS[1]}")
    spans.stop()
    assert len(http_collector.spans) >= 5
    assert not [secret for secret in SECRETS if secret.encode() in http_collector.raw]


def test_half_of_the_traces_are_collected_by_every_process_alike() -> None:
    one, other = Sampler("traceidratio", 0.5), Sampler("parentbased_traceidratio", 0.5)
    ids = [f"019{number:04x}000070008{number * 7_919 % (1 << 60):015x}" for number in range(2_000)]
    kept = [trace_id for trace_id in ids if one.samples(trace_id, None)]
    assert [trace_id for trace_id in ids if other.samples(trace_id, None)] == kept


@pytest.mark.parametrize(
    ("name", "alone", "with_sampled", "with_unsampled"),
    [
        ("always_on", True, True, True),
        ("always_off", False, False, False),
        ("parentbased_always_on", True, True, False),
        ("parentbased_always_off", False, True, False),
    ],
)
def test_a_sampler_follows_its_caller_where_it_says_so(
    name: str, alone: bool, with_sampled: bool, with_unsampled: bool
) -> None:
    sampler, parent = Sampler(name, 1.0), Trace(TRACE_ID, SPAN)
    assert sampler.samples(TRACE_ID, None) is alone
    assert sampler.samples(TRACE_ID, parent) is with_sampled
    assert sampler.samples(TRACE_ID, parent._replace(is_sampled=False)) is with_unsampled


def test_new_ids_are_shared_out_evenly() -> None:
    sampler = Sampler("traceidratio", 0.25)
    kept = sum(sampler.samples(new_id(NOW), None) for _ in range(4_000))
    assert 800 < kept < 1_200


def test_what_is_not_sampled_is_not_sent_and_told_on_as_such(
    services_with: MakeServices, http_collector: Collector, receiver: Receiver
) -> None:
    env = collecting(http_collector, OTEL_TRACES_SAMPLER="always_off")
    services = services_with(channels=forwarding_to(receiver.url), env=env)
    spans = started(services)
    deliver(services)
    run_once(services)
    spans.stop()
    assert http_collector.spans == []
    assert receiver.received[0].headers["traceparent"].endswith("-00")


def a_span() -> EndedSpan:
    return EndedSpan("x", SpanKind.INTERNAL, Trace(TRACE_ID, SPAN), 1, 2, {})


@pytest.fixture
def nobody() -> Iterator[str]:
    """Return the address of something that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


@pytest.mark.parametrize("protocol", ["http/protobuf", "grpc"])
def test_a_collector_that_hangs_keeps_nobody_waiting(nobody: str, protocol: str) -> None:
    env = environment(OTEL_EXPORTER_OTLP_ENDPOINT=nobody, OTEL_EXPORTER_OTLP_PROTOCOL=protocol)
    spans = OpenTelemetry(load_settings(env), span_pause=0.01)
    spans.start()
    began = time.thread_time()
    for _ in range(20_000):
        spans.end(a_span())
    assert time.thread_time() - began < 5
    began_to_stop = time.monotonic()
    spans.stop()
    assert time.monotonic() - began_to_stop < open_telemetry.STOP_SECONDS + 2
    assert len(spans._parts._processor._batch_processor._queue) <= 2_048  # type: ignore[union-attr]


def test_a_callback_is_taken_whether_or_not_the_collector_is_there(
    services_with: MakeServices, nobody: str
) -> None:
    services = services_with(channels=OPEN_TO_ALL, env={"OTEL_EXPORTER_OTLP_ENDPOINT": nobody})
    spans = started(services)
    assert deliver(services) == 200
    spans.stop()


def test_without_a_collector_nothing_is_made_or_loaded(services_with: MakeServices) -> None:
    assert services_with().spans is None


def test_before_it_is_started_spans_are_dropped() -> None:
    spans = OpenTelemetry(load_settings(environment(OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:9")))
    spans.end(a_span())
    spans.stop()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "localhost:4318"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "x-key"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "x-key=a%0d%0ab"),
        ("OTEL_TRACES_SAMPLER", "jaeger_remote"),
        ("OTEL_TRACES_SAMPLER_ARG", "2"),
    ],
)
def test_a_setting_that_cannot_be_meant_stops_the_start(name: str, value: str) -> None:
    with pytest.raises(ConfigurationError, match=name):
        load_settings(environment(**{name: value}))
