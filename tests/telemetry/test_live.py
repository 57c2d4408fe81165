"""A served gateway and its collector: what it sends while it runs and when it is stopped, and what is loaded where nobody collects."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import requests

from tests.builders import envelope, signed_callback
from tests.live import ROOT, LiveGateway
from tests.telemetry.collector import Collector

pytestmark = pytest.mark.backends("sqlite")


@pytest.mark.parametrize("protocol", ["http/protobuf", "grpc"])
def test_a_stopped_gateway_has_sent_what_it_did(tmp_path: Path, protocol: str) -> None:
    with Collector(protocol) as collector:
        env = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_EXPORTER_OTLP_PROTOCOL": protocol}
        with LiveGateway(tmp_path, env=env) as gateway:
            request = signed_callback(envelope())
            address = f"{gateway.url}/webhooks/callback"
            answer = requests.post(address, request.body, headers=dict(request.headers), timeout=10)
        trace_id = answer.headers["X-Trace-Id"]
        mine = [span for span in collector.spans if span.trace_id == trace_id]
        assert {"POST /webhooks/<channel>", "store"} <= {span.name for span in mine}
        assert any(name == "http.server.request.duration" for name, _, _ in collector.points)


def test_nothing_of_opentelemetry_is_loaded_where_nobody_collects() -> None:
    code = (
        "import sys, app.serving.process, app.worker.celery_tasks, app.cli.serve;"
        "print([name for name in sys.modules if name.startswith(('opentelemetry', 'grpc', 'google'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
