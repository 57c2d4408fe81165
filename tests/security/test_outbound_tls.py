"""The HTTP client over TLS."""

from __future__ import annotations

import contextlib
import re
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.core.errors import UpstreamUnavailable
from app.security.outbound import OutboundClient
from app.security.public_addresses import AddressGuard
from tests.security.conftest import MisbehavingServer
from tests.security.outbound_client import MOST_SECONDS, OK, TOTAL, client_for, drip


@pytest.fixture
def tls_port(certificate: Path) -> Iterator[int]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_serve_tls, args=(listener, context), daemon=True).start()
        yield listener.getsockname()[1]


def _serve_tls(listener: socket.socket, context: ssl.SSLContext) -> None:
    while True:
        try:
            plain, _ = listener.accept()
        except OSError:
            return
        with contextlib.suppress(OSError), context.wrap_socket(plain, server_side=True) as connection:
            request = _read_whole(connection)
            if b"/drip" in request:
                drip(connection, b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", b"a")
            connection.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 11\r\n\r\n" + OK)


def _read_whole(connection: ssl.SSLSocket) -> bytes:
    """One request with its body, which comes in a record of its own.

    Closing a socket that still holds unread bytes resets it, and the client may then lose the answer.
    """
    request = b""
    while more := connection.recv(65536):
        request += more
        head, end, body = request.partition(b"\r\n\r\n")
        length = re.search(rb"content-length: *(\d+)", head, re.IGNORECASE)
        if end and len(body) >= (int(length[1]) if length else 0):
            break
    return request


class TestTls:
    def test_a_trusted_certificate_is_accepted(self, tls_port: int, certificate: Path) -> None:
        origin = f"https://127.0.0.1:{tls_port}"
        client = client_for(origin, ca_file=str(certificate), total_timeout=5)
        assert client.request("GET", origin).json_object() == {"ok": True}

    def test_an_unknown_certificate_is_refused(self, tls_port: int) -> None:
        origin = f"https://127.0.0.1:{tls_port}"
        with pytest.raises(UpstreamUnavailable):
            client_for(origin).request("GET", origin)

    def test_a_certificate_for_another_name_is_refused(self, tls_port: int, certificate: Path) -> None:
        origin = f"https://localhost:{tls_port}"
        with pytest.raises(UpstreamUnavailable):
            client_for(origin, ca_file=str(certificate)).request("GET", origin)

    def test_behind_the_guard_the_certificate_is_still_the_names(
        self, tls_port: int, certificate: Path
    ) -> None:
        guard = AddressGuard(("127.0.0.1", "localhost"))
        client = OutboundClient(guard=guard, ca_file=str(certificate), total_timeout=5)
        assert client.request("POST", f"https://127.0.0.1:{tls_port}", content=b"{}").status == 200
        with pytest.raises(UpstreamUnavailable):
            client.request("POST", f"https://localhost:{tls_port}", content=b"{}")

    def test_the_deadline_holds_inside_tls(self, tls_port: int, certificate: Path) -> None:
        origin = f"https://127.0.0.1:{tls_port}"
        started = time.monotonic()
        with pytest.raises(UpstreamUnavailable):
            client_for(origin, ca_file=str(certificate), total_timeout=TOTAL).request("GET", origin + "/drip")
        assert time.monotonic() - started < MOST_SECONDS

    def test_a_handshake_that_never_ends_is_given_up(self, server: MisbehavingServer) -> None:
        with socket.create_server(("127.0.0.1", 0)) as silent:
            origin = f"https://127.0.0.1:{silent.getsockname()[1]}"
            started = time.monotonic()
            with pytest.raises(UpstreamUnavailable) as caught:
                client_for(origin, total_timeout=TOTAL).request("GET", origin)
            assert time.monotonic() - started < MOST_SECONDS
            assert caught.value.was_sent is False


def test_a_certificate_that_is_not_trusted_is_said_so(tls_port: int) -> None:
    address = f"https://127.0.0.1:{tls_port}"
    with pytest.raises(
        UpstreamUnavailable, match=r"certificate of 127\.0\.0\.1 is not trusted.*CA_BUNDLE"
    ) as caught:
        OutboundClient([address]).request("GET", f"{address}/")
    assert caught.value.was_sent is False


def test_a_private_authority_is_trusted_beside_the_known_ones(tls_port: int, certificate: Path) -> None:
    address = f"https://127.0.0.1:{tls_port}"
    client = OutboundClient([address], ca_file=str(certificate), total_timeout=5.0)
    assert client.request("GET", f"{address}/").status == 200
    assert len(client._tls_context().get_ca_certs()) > 50


def test_a_destination_may_ask_for_a_certificate_of_ours(certificate: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    context.load_verify_locations(certificate)
    context.verify_mode = ssl.CERT_REQUIRED
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_serve_tls, args=(listener, context), daemon=True).start()
        address = f"https://127.0.0.1:{listener.getsockname()[1]}"
        bare = OutboundClient([address], ca_file=str(certificate), total_timeout=5.0)
        with pytest.raises(UpstreamUnavailable):
            bare.request("GET", f"{address}/")
        pair = (str(certificate), str(certificate))
        shown = OutboundClient(
            [address], ca_file=str(certificate), client_certificate=pair, total_timeout=5.0
        )
        assert shown.request("GET", f"{address}/").status == 200
