"""A requests session whose every socket operation ends at one deadline, and that never reads what nobody asked for.

The deadline belongs to the thread, and so do the connections: a session made here must not be shared by threads.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
from certifi import where
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import NameResolutionError, NewConnectionError
from urllib3.util.ssl_ import create_urllib3_context

from app.core.errors import UpstreamError

MOST_CONTEXTS = 64

Permits = Callable[[str, int, str], bool]
"""Says whether a socket for this host and port may be connected to this IP address."""

CONTINUE, SWITCHING_PROTOCOLS, FIRST_FINAL_STATUS = 100, 101, 200
MOST_INTERIM_ANSWERS = 20

_call = threading.local()


@contextmanager
def deadline(connect_timeout: float, total_timeout: float, permits: Permits | None = None) -> Iterator[None]:
    """Bound every socket operation of this thread inside the block; the block itself is not interrupted.

    With `permits`, connections are opened only to addresses it agrees to.
    """
    _call.connect_timeout = connect_timeout
    _call.ends = time.monotonic() + total_timeout
    _call.permits = permits
    _call.has_written = False
    try:
        yield
    finally:
        del _call.ends, _call.connect_timeout, _call.permits


def has_written() -> bool:
    """Say whether any byte of a request went out since this thread's last deadline began; TLS handshakes do not count."""
    written: bool = getattr(_call, "has_written", True)
    return written


def end_within(seconds: float) -> None:
    """Bring the end of the running deadline forward."""
    _call.ends = min(_call.ends, time.monotonic() + seconds)


def _remaining() -> float:
    remaining: float = _call.ends - time.monotonic()
    if remaining <= 0:
        raise TimeoutError("deadline passed")
    return remaining


def address_refused(host: str) -> UpstreamError:
    """Return the refusal of a host whose address is none that may be connected to."""
    return UpstreamError(
        "upstream_address_refused",
        f"{host} is not at a public address (CALLBACK_ALLOWED_HOSTS; allowed_hosts of a login channel).",
    )


class _DeadlineSocket(socket.socket):
    def connect(self, address: Any, /) -> None:
        self.settimeout(min(_call.connect_timeout, _remaining()))
        super().connect(address)

    def recv_into(self, *args: Any, **options: Any) -> int:
        self.settimeout(_remaining())
        return super().recv_into(*args, **options)

    def sendall(self, *args: Any, **options: Any) -> None:
        self.settimeout(_remaining())
        _call.has_written = True
        super().sendall(*args, **options)


class _DeadlineTlsSocket(ssl.SSLSocket):
    def do_handshake(self, block: bool = False) -> None:
        self.settimeout(min(_call.connect_timeout, _remaining()))
        super().do_handshake(block)

    def recv(self, *args: Any, **options: Any) -> bytes:
        # TLS inside of TLS, as through a proxy that speaks it, reads the outer one so.
        self.settimeout(_remaining())
        return super().recv(*args, **options)

    def recv_into(self, *args: Any, **options: Any) -> int:
        self.settimeout(_remaining())
        return super().recv_into(*args, **options)

    def send(self, *args: Any, **options: Any) -> int:
        # sendall() of a TLS socket goes through here piece by piece.
        self.settimeout(_remaining())
        _call.has_written = True
        return super().send(*args, **options)


class _FinalAnswer(http.client.HTTPResponse):
    """The answer that counts: interim ones (102, 103 …) come before it and say nothing about it (RFC 9110 §15.2)."""

    def _read_status(self) -> tuple[str, int, str]:
        for _ in range(MOST_INTERIM_ANSWERS):
            found: tuple[str, int, str] = super()._read_status()  # type: ignore[misc]
            if not CONTINUE < found[1] < FIRST_FINAL_STATUS or found[1] == SWITCHING_PROTOCOLS:
                return found
            http.client.parse_headers(self.fp)
        raise http.client.HTTPException("interim answers without end")


def connected_socket(host: str, port: int) -> socket.socket:
    """Return a socket connected within the running deadline to the first address of a host that takes the connection.

    Raises socket.gaierror for a name without an address, OSError when none takes it, and UpstreamError when the running
    deadline permits none of them.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    failure = OSError("no address")
    permitted = [item for item in found if _permits(host, port, item[4])]
    if found and not permitted:
        raise address_refused(host.rstrip("."))
    for family, kind, protocol, _, address in permitted:
        connection = _DeadlineSocket(family, kind, protocol)
        try:
            connection.connect(address)
            _check_peer(connection, host, port)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return connection
        except OSError as error:
            connection.close()
            failure = error
    raise failure


def _permits(host: str, port: int, address: Any) -> bool:
    permits: Permits | None = _call.permits
    return permits is None or permits(host, port, address[0])


def _check_peer(connection: socket.socket, host: str, port: int) -> None:
    """Judge where the socket arrived, before anything is sent: some addresses stand for others."""
    if not _permits(host, port, connection.getpeername()):
        connection.close()
        raise address_refused(host.rstrip("."))


class _PlainConnection(HTTPConnection):
    response_class = _FinalAnswer

    def _new_conn(self) -> socket.socket:
        """Connect to the host as it is resolved, not as it is shown: a dot at its end counts."""
        try:
            return connected_socket(self._dns_host, self.port or self.default_port)
        except socket.gaierror as error:
            raise NameResolutionError(self.host, self, error) from error
        except OSError as error:
            raise NewConnectionError(self, "no address could be connected to") from error


class _TlsConnection(_PlainConnection, HTTPSConnection):
    pass


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _PlainConnection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


POOLS = {"http": _PlainPool, "https": _TlsPool}


class _DeadlineAdapter(HTTPAdapter):
    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        super().__init__()

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **options: Any) -> None:
        super().init_poolmanager(connections, maxsize, block, ssl_context=self._context, **options)
        self.poolmanager.pool_classes_by_scheme = POOLS

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        """Return what connects through a proxy, with sockets of ours and the same trust on the way to it and behind it."""
        known = proxy in self.proxy_manager
        manager = super().proxy_manager_for(
            proxy,
            **({} if known else {"ssl_context": self._context, "proxy_ssl_context": self._context}),
            **options,
        )
        manager.pool_classes_by_scheme = POOLS
        return manager

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """Leave the certificates to the context, which demands and checks them; loading them per call is slow."""


class _PlainSession(requests.Session):
    def get_redirect_target(self, resp: requests.Response) -> str | None:
        """Never name one: even with allow_redirects=False requests reads the whole body of a redirect."""
        return None


@lru_cache(maxsize=MOST_CONTEXTS)
def tls_context(ca_file: str | None, client: tuple[str, str] | None = None) -> ssl.SSLContext:
    """Return a context that demands a certificate for the host's name; clients with the same files share one.

    The well-known authorities are trusted, and those in `ca_file` (PEM). `client` names the files of the certificate and
    the key that this side shows. Raises OSError for a file that cannot be used. Reading the authorities takes 20 to 40 ms.
    """
    context = create_urllib3_context(cert_reqs=ssl.CERT_REQUIRED)
    context.load_verify_locations(where())
    if ca_file is not None:
        context.load_verify_locations(ca_file)
    if client is not None:
        context.load_cert_chain(*client)
    context.sslsocket_class = _DeadlineTlsSocket
    return context


def bounded_session(context: ssl.SSLContext, proxy: str = "") -> requests.Session:
    """Return a session for the calling thread: no proxies or credentials from the environment, no cookies kept.

    With `proxy` all goes through that one.
    """
    session = _PlainSession()
    session.trust_env = False
    session.proxies = {"http": proxy, "https": proxy} if proxy else {}
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))
    adapter = _DeadlineAdapter(context)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session
