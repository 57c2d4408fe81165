"""Calls through a proxy: everything goes through it, the target is judged all the same, and nobody reads its password."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from app.config.channels import parse_channels
from app.core.errors import ConfigurationError, UpstreamError, UpstreamUnavailable
from app.pipeline.channels import open_channels
from app.platforms import discover
from app.security.public_addresses import AddressGuard
from tests.security.conftest import MisbehavingServer
from tests.security.outbound_client import client_for
from tests.security.proxy_server import SmallProxy
from tests.security.test_outbound_tls import certificate, tls_port

__all__ = ["certificate", "tls_port"]
PASSWORD = "way-out:s3cr%40t"
CHANNEL = """
[channels.x]
platform = "feishu"
app_id = "cli_a"
app_secret = "secret-0123456789"
egress_proxy = "{}"
"""

Starts = Callable[..., SmallProxy]


@pytest.fixture
def start() -> Iterator[Starts]:
    running: list[SmallProxy] = []

    def started(port: int, **options: Any) -> SmallProxy:
        running.append(SmallProxy(("127.0.0.1", port), **options))
        return running[-1]

    yield started
    for proxy in running:
        proxy.close()


def port_of(server: MisbehavingServer) -> int:
    return int(server.origin.rpartition(":")[2])


def test_a_plain_call_goes_through_the_proxy_with_its_password(
    server: MisbehavingServer, start: Starts
) -> None:
    server.answers_json(b'{"a":1}')
    proxy = start(port_of(server), password="way-out:s3cr@t")
    client = client_for("http://platform.example", proxy=f"http://{PASSWORD}@127.0.0.1:{proxy.port}")
    answer = client.request("GET", "http://platform.example/x", params={"q": "1"})
    assert answer.json_object() == {"a": 1}
    assert proxy.asked == ["GET http://platform.example/x?q=1 HTTP/1.1"]


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_call_over_tls_is_tunnelled_and_the_targets_certificate_checked(
    certificate: Path, tls_port: int, start: Starts, scheme: str
) -> None:
    context = None
    if scheme == "https":
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
    proxy = start(tls_port, tls=context)
    address = f"{scheme}://127.0.0.1:{proxy.port}"
    trusting = client_for("https://127.0.0.1:9999", proxy=address, ca_file=str(certificate))
    assert trusting.request("POST", "https://127.0.0.1:9999/x", json={"a": 1}).json_object() == {"ok": True}
    assert [line.rpartition(" ")[0] for line in proxy.asked] == ["CONNECT 127.0.0.1:9999"]
    with pytest.raises(UpstreamUnavailable):
        client_for("https://other.example", proxy=address, ca_file=str(certificate)).request(
            "GET", "https://other.example/x"
        )


def test_a_proxy_that_is_not_there_or_wants_another_password_is_named_without_it(
    server: MisbehavingServer, tls_port: int, start: Starts
) -> None:
    proxy = start(tls_port, password="another:one")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        closed = listener.getsockname()[1]
    for port in (proxy.port, closed):
        for scheme in ("http", "https"):
            client = client_for(f"{scheme}://platform.example", proxy=f"http://{PASSWORD}@127.0.0.1:{port}")
            with structlog.testing.capture_logs() as logs, pytest.raises(UpstreamUnavailable) as caught:
                client.request("GET", f"{scheme}://platform.example/x")
            assert "egress_proxy" in caught.value.message
            assert not caught.value.was_sent
            assert "s3cr" not in f"{caught.value!r}{caught.value.__cause__!r}{logs}"


def test_the_guard_judges_what_stands_behind_the_proxy(
    server: MisbehavingServer, start: Starts, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.answers_json(b"{}")
    proxy = start(port_of(server))
    address = f"http://127.0.0.1:{proxy.port}"
    names = {"public.example": "93.184.216.34", "inside.example": "10.0.0.7"}
    real = socket.getaddrinfo

    def resolved(host: str, port: int, *args: Any, **options: Any) -> Any:
        if host == "unknown.example":
            raise socket.gaierror("no such name")
        return real(names.get(host, host), port, *args, **options)

    monkeypatch.setattr(socket, "getaddrinfo", resolved)
    client = client_for(guard=AddressGuard(), proxy=address)
    assert client.request("GET", "http://public.example/x").status == 200
    for url, word in (
        ("http://inside.example/x", "upstream_address_refused"),
        ("http://127.0.0.1/x", "upstream_address_refused"),
        ("http://unknown.example/x", "upstream_unavailable"),
    ):
        with pytest.raises(UpstreamError) as caught:
            client.request("GET", url)
        assert caught.value.code == word
    allowed = client_for(guard=AddressGuard(["inside.example", "unknown.example"]), proxy=address)
    assert [allowed.request("GET", f"http://{name}.example/x").status for name in ("inside", "unknown")] == [
        200,
        200,
    ]
    assert len(server.requests) == 3


def test_a_channel_calls_through_its_proxy_and_shows_it_to_nobody() -> None:
    file = parse_channels(CHANNEL.format(f"http://{PASSWORD}@proxy.corp.example:3128"), {})
    channels, _ = open_channels(file.channels, discover())
    channel = channels.get("x")
    assert channel is not None
    assert channel.http._proxy.startswith("http://way-out:")  # type: ignore[attr-defined]
    assert "s3cr" not in f"{file!r}{channel!r}{channel.config!r}"


def test_what_is_no_proxy_is_refused_and_not_repeated() -> None:
    for text in (
        "socks5://p:1080",
        "proxy.example:3128",
        "http://",
        "http://s3cret@p:99999",
        "http://p:1/x?y",
        "http://p:1 s3cret",
    ):
        with pytest.raises(ConfigurationError) as caught:
            parse_channels(CHANNEL.format(text), {})
        assert "egress_proxy" in str(caught.value)
        assert "s3cret" not in str(caught.value)
