"""A collector: takes OTLP over HTTP and over gRPC as its published protobuf files say, and keeps what came."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

import grpc  # type: ignore[import-untyped]  # the package has none
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2, metrics_service_pb2_grpc
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2, trace_service_pb2_grpc

TracesRequest = trace_service_pb2.ExportTraceServiceRequest
TracesAnswer = trace_service_pb2.ExportTraceServiceResponse
MetricsRequest = metrics_service_pb2.ExportMetricsServiceRequest
MetricsAnswer = metrics_service_pb2.ExportMetricsServiceResponse


class Seen:
    """One span, as tests ask about it."""

    def __init__(self, span: Any, resource: dict[str, Any]):
        self.name: str = span.name
        self.kind: int = span.kind
        self.trace_id: str = span.trace_id.hex()
        self.span_id: str = span.span_id.hex()
        self.parent_id: str = span.parent_span_id.hex()
        self.links = [(link.trace_id.hex(), link.span_id.hex()) for link in span.links]
        self.attributes = values_of(span.attributes)
        self.is_error = span.status.code == span.status.STATUS_CODE_ERROR
        self.nanoseconds: int = span.end_time_unix_nano - span.start_time_unix_nano
        self.resource = resource


def values_of(attributes: Any) -> dict[str, Any]:
    """Return attributes as a mapping."""
    return {each.key: getattr(each.value, each.value.WhichOneof("value")) for each in attributes}


class Collector:
    """Keeps spans and points of histograms; a context manager. `protocol` is as in the setting."""

    def __init__(self, protocol: str):
        self.protocol = protocol
        self.spans: list[Seen] = []
        self.points: list[tuple[str, dict[str, Any], int]] = []
        self.headers: list[dict[str, str]] = []
        self.raw = b""
        self._server = _Grpc(self) if protocol == "grpc" else _Http(self)
        self.url = f"http://127.0.0.1:{self._server.port}"

    def take_traces(self, raw: bytes) -> None:
        """Keep what a request holds."""
        self.raw += raw
        for of_resource in TracesRequest.FromString(raw).resource_spans:
            about = values_of(of_resource.resource.attributes)
            self.spans += [Seen(span, about) for each in of_resource.scope_spans for span in each.spans]

    def take_metrics(self, raw: bytes) -> None:
        """Keep what a request holds."""
        self.raw += raw
        for of_resource in MetricsRequest.FromString(raw).resource_metrics:
            for metric in (metric for each in of_resource.scope_metrics for metric in each.metrics):
                points = metric.histogram.data_points
                self.points += [(metric.name, values_of(point.attributes), point.count) for point in points]

    def named(self, name: str) -> list[Seen]:
        """Return the spans of a name, in the order in which they came."""
        return [span for span in self.spans if span.name == name]

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop()


class _Http:
    def __init__(self, collector: Collector):
        takers = {"/v1/traces": collector.take_traces, "/v1/metrics": collector.take_metrics}

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                collector.headers.append({name.lower(): value for name, value in self.headers.items()})
                takers[self.path](body)
                self.send_response(200)
                self.send_header("Content-Type", "application/x-protobuf")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_port

    def start(self) -> None:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Grpc:
    def __init__(self, collector: Collector):
        def note(context: Any) -> None:
            collector.headers.append({name: str(value) for name, value in context.invocation_metadata()})

        class Traces(trace_service_pb2_grpc.TraceServiceServicer):
            def Export(self, request: Any, context: Any) -> Any:  # noqa: N802 - its name in the protocol
                note(context)
                collector.take_traces(request.SerializeToString())
                return TracesAnswer()

        class Metrics(metrics_service_pb2_grpc.MetricsServiceServicer):
            def Export(self, request: Any, context: Any) -> Any:  # noqa: N802 - its name in the protocol
                collector.take_metrics(request.SerializeToString())
                return MetricsAnswer()

        self._server = grpc.server(ThreadPoolExecutor(2))
        trace_service_pb2_grpc.add_TraceServiceServicer_to_server(Traces(), self._server)
        metrics_service_pb2_grpc.add_MetricsServiceServicer_to_server(Metrics(), self._server)
        self.port = self._server.add_insecure_port("127.0.0.1:0")

    def start(self) -> None:
        self._server.start()

    def stop(self) -> None:
        self._server.stop(None)
