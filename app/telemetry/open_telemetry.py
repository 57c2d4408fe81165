"""Spans and HTTP metrics for an OpenTelemetry collector, over HTTP or gRPC; the packages are loaded when this is started, not before.

Sources: OTLP 1.x, the SDK of opentelemetry-python 1.45, the stable HTTP conventions (read 2026-11-29). A collector that is
away costs nothing but spans: they wait in a bounded queue, the oldest go first, and whoever ends a span never waits.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast
from urllib.parse import urlsplit

import structlog

from app.config.settings import Settings
from app.config.tracing import read_headers
from app.core.traces import EndedSpan, Served, Trace
from app.core.version import VERSION
from app.telemetry.sampling import Sampler

if TYPE_CHECKING:
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import ReadableSpan
    from opentelemetry.sdk.util.instrumentation import InstrumentationScope
    from opentelemetry.trace import SpanContext

NEEDED: Final = (
    "opentelemetry.sdk",
    "opentelemetry.exporter.otlp.proto.http",
    "opentelemetry.exporter.otlp.proto.grpc",
)
MISSING: Final = "OTEL_EXPORTER_OTLP_ENDPOINT needs more packages: pip install -r requirements-otel.txt"
STOP_SECONDS: Final = 2.0
CALL_SECONDS: Final = 5.0
BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10)
"""What the conventions advise for both durations, in seconds."""

METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"})
SCOPE: Final = "callgate"
OTHER_METHOD: Final = "_OTHER"

log = structlog.get_logger(__name__)


def is_installed() -> bool:
    """Say whether the packages are there; none is loaded for the answer."""
    try:
        return all(find_spec(name) is not None for name in NEEDED)
    except ModuleNotFoundError:
        return False


@dataclass(frozen=True, slots=True)
class Collector:
    """Where things go, and how."""

    endpoint: str
    protocol: str
    headers: dict[str, str] = field(repr=False)
    ca_file: str | None = None

    @property
    def is_grpc(self) -> bool:
        """Whether gRPC is spoken."""
        return self.protocol == "grpc"

    def options(self, signal: str) -> dict[str, Any]:
        """Return what an exporter of `traces` or `metrics` is made with."""
        common = {"headers": self.headers, "timeout": CALL_SECONDS}
        if not self.is_grpc:
            return common | {"endpoint": f"{self.endpoint}/v1/{signal}", "certificate_file": self.ca_file}
        if urlsplit(self.endpoint).scheme == "http":
            return common | {"endpoint": self.endpoint, "insecure": True}
        return common | {"endpoint": self.endpoint, "insecure": False, "credentials": self._credentials()}

    def _credentials(self) -> Any:
        import grpc  # type: ignore[import-untyped]  # the package has none

        if self.ca_file is None:
            return grpc.ssl_channel_credentials()
        with open(self.ca_file, "rb") as authorities:
            return grpc.ssl_channel_credentials(authorities.read())


class OpenTelemetry:
    """Takes ended spans and counts exchanges; satisfies app.core.traces.Spans. Before `start` everything is dropped."""

    def __init__(self, settings: Settings, *, span_pause: float = 1.0, metric_pause: float = 60.0) -> None:
        ca_file = settings.ca_bundle or None
        self._collector = Collector(
            settings.otel_exporter_otlp_endpoint,
            settings.otel_exporter_otlp_protocol,
            read_headers(settings.otel_exporter_otlp_headers),
            ca_file,
        )
        self._name = settings.otel_service_name
        self._environment = settings.app_env
        self._sampler = Sampler(settings.otel_traces_sampler, settings.otel_traces_sampler_arg)
        self._pauses = (span_pause, metric_pause)
        self._parts: _Parts | None = None

    def start(self) -> None:
        """Load the packages and begin to send; call this in the process that serves or works, once."""
        resource = {
            "service.name": self._name,
            "service.version": VERSION,
            "deployment.environment.name": self._environment,
        }
        self._parts = _Parts(self._collector, resource, *self._pauses)

    def stop(self) -> None:
        """Send what is left, within two seconds; what a collector does not take until then is lost."""
        if self._parts is not None:
            stopping = threading.Thread(target=self._parts.close, name="spans-stop", daemon=True)
            stopping.start()
            stopping.join(STOP_SECONDS)

    def samples(self, trace_id: str, parent: Trace | None) -> bool:
        """Say whether a trace is collected."""
        return self._sampler.samples(trace_id, parent)

    def end(self, span: EndedSpan) -> None:
        """Queue an ended span."""
        if self._parts is not None:
            self._parts.send(span)

    def count(self, served: Served) -> None:
        """Count an exchange."""
        if self._parts is not None:
            self._parts.count(served)


class _Parts:
    """The SDK's parts, once its packages are loaded. Nothing of it is registered globally."""

    def __init__(
        self, collector: Collector, resource: dict[str, str], span_pause: float, metric_pause: float
    ) -> None:
        from opentelemetry.sdk.metrics import MeterProvider
        from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
        from opentelemetry.sdk.util.instrumentation import InstrumentationScope

        spans, metrics = _exporters(collector)
        # It says of each batch and of each span what is said once here.
        logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
        about = Resource.create(resource)
        scope = InstrumentationScope(SCOPE, VERSION)
        exporter = cast("Any", _Exporter(spans, about, scope))
        self._sampled = _context("1", "1")
        self._processor: Any = BatchSpanProcessor(exporter, schedule_delay_millis=span_pause * 1_000)
        reader = PeriodicExportingMetricReader(metrics, export_interval_millis=metric_pause * 1_000)
        self._meters = MeterProvider([reader], about, shutdown_on_exit=False)
        meter = self._meters.get_meter(SCOPE, VERSION)
        self._served, self._called = (
            meter.create_histogram(name, unit="s", explicit_bucket_boundaries_advisory=BUCKETS)
            for name in ("http.server.request.duration", "http.client.request.duration")
        )

    def send(self, span: EndedSpan) -> None:
        """Queue a span."""
        self._processor.on_end(_Queued(self._sampled, span))

    def count(self, served: Served) -> None:
        """Count an exchange under the conventions' names."""
        told = {
            "http.request.method": served.method if served.method in METHODS else OTHER_METHOD,
            "url.scheme": served.scheme,
            "http.response.status_code": served.status,
            "http.route": served.route,
            "error.type": served.error,
        }
        if served.host is not None:
            host, _, port = served.host.rpartition(":")
            told |= {"server.address": host, "server.port": int(port)}
        attributes = {name: value for name, value in told.items() if value is not None}
        (self._served if served.host is None else self._called).record(served.seconds, attributes)

    def close(self) -> None:
        """Send what is left and end the threads."""
        self._processor.shutdown()
        self._meters.shutdown(timeout_millis=STOP_SECONDS * 1_000)


def _exporters(collector: Collector) -> tuple[Any, Any]:
    spans: Callable[..., Any]
    metrics: Callable[..., Any]
    if collector.is_grpc:
        from opentelemetry.exporter.otlp.proto.grpc import metric_exporter as grpc_metrics
        from opentelemetry.exporter.otlp.proto.grpc import trace_exporter as grpc_traces

        spans, metrics = grpc_traces.OTLPSpanExporter, grpc_metrics.OTLPMetricExporter
    else:
        from opentelemetry.exporter.otlp.proto.http import metric_exporter as http_metrics
        from opentelemetry.exporter.otlp.proto.http import trace_exporter as http_traces

        spans, metrics = http_traces.OTLPSpanExporter, http_metrics.OTLPMetricExporter
    return spans(**collector.options("traces")), metrics(**collector.options("metrics"))


class _Queued(NamedTuple):
    """An ended span as it waits: what the queue looks at, and the span, which is put into the SDK's form by its thread."""

    context: SpanContext
    span: EndedSpan


class _Exporter:
    """Puts spans into the SDK's form and sends them; says in our log, once each time, that a collector is away and that it is back."""

    def __init__(self, exporter: Any, resource: Resource, scope: InstrumentationScope) -> None:
        self._exporter = exporter
        self._resource = resource
        self._scope = scope
        self._is_failing = False

    def export(self, queued: Sequence[_Queued]) -> Any:
        """Send a batch."""
        result = self._exporter.export([self._readable(each.span) for each in queued])
        is_failing = result.name != "SUCCESS"
        if is_failing != self._is_failing:
            self._is_failing = is_failing
            log.warning("spans_not_taken" if is_failing else "spans_taken_again", spans=len(queued))
        return result

    def shutdown(self) -> None:
        """End."""
        self._exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Say that nothing is kept here."""
        return True

    def _readable(self, span: EndedSpan) -> ReadableSpan:
        from opentelemetry.sdk.trace import ReadableSpan
        from opentelemetry.trace import Link, SpanKind
        from opentelemetry.trace.status import Status, StatusCode

        trace, attributes = span.trace, dict(span.attributes)
        if span.error is not None:
            attributes["error.type"] = span.error
        return ReadableSpan(
            name=span.name,
            context=_context(trace.trace_id, trace.span_id, is_remote=False),
            parent=None if trace.parent_id is None else _context(trace.trace_id, trace.parent_id),
            resource=self._resource,
            attributes=attributes,
            links=[Link(_context(*link)) for link in span.links],
            kind=SpanKind[span.kind.name],
            status=Status(StatusCode.UNSET if span.error is None else StatusCode.ERROR),
            start_time=span.began,
            end_time=span.ended,
            instrumentation_scope=self._scope,
        )


def _context(trace_id: str, span_id: str, *, is_remote: bool = True) -> SpanContext:
    from opentelemetry.trace import SpanContext, TraceFlags

    return SpanContext(int(trace_id, 16), int(span_id, 16), is_remote, TraceFlags(TraceFlags.SAMPLED))
