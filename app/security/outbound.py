"""The only HTTP client of the gateway: bounded in time and size, no redirects, no retries, known origins only.

Built on requests (documentation read 2026-11-20). requests bounds single reads, not the whole call, and reads the
body of a redirect it does not follow; the sockets and the session in deadline_sockets.py close both gaps. The package is loaded with the
first call: commands of a terminal that call nobody start a tenth of a second sooner.
"""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import structlog
from pydantic import BaseModel, SecretStr

from app.core.clock import SystemClock
from app.core.errors import UpstreamError, UpstreamUnavailable
from app.core.exact_json import write_json
from app.core.media import UploadFile
from app.core.ports import HttpAnswer
from app.security.far_clocks import FAR_CLOCKS
from app.security.outbound_words import (
    answer_headers,
    class_of,
    is_of_proxy,
    json_reader,
    loggable_path,
    proxy_failed,
    unavailable,
)
from app.security.public_addresses import AddressGuard
from app.security.traced_calls import DEFAULT_PORTS, TracedCall

if TYPE_CHECKING:
    import requests

    from app.security.deadline_sockets import Permits

MAX_BODY = 1_048_576
FILE_SECONDS = 60.0
CHUNK = 65_536
MAX_RETRY_AFTER = 86_400
METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})
PROXY_WANTS_PASSWORD = 407

logger = structlog.get_logger(__name__)


Observer = Callable[[str, str, float], None]
"""Takes host, outcome (2xx to 5xx, or the word of a failure) and seconds of a call."""


def origin_of(address: str) -> str:
    """Return scheme://host:port of an http(s) address, the port always written; raises ValueError.

    User names, backslashes, blanks and anything outside printable ASCII are refused, because parsers disagree
    about which host such an address names.
    """
    if not address.isascii() or not address.isprintable() or " " in address or "\\" in address:
        raise ValueError("not a plain address")
    parts = urlsplit(address)
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname or "@" in parts.netloc:
        raise ValueError("not an http(s) address")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}:{parts.port or DEFAULT_PORTS[parts.scheme]}"


def configured_origins(settings: BaseModel) -> frozenset[str]:
    """Return the origins of all http(s) addresses in a channel's settings, nested tables and secrets included."""
    found = set()
    for text in _texts(settings):
        try:
            found.add(origin_of(text))
        except ValueError:
            continue
    return frozenset(found)


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, SecretStr):
        yield value.get_secret_value()
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _texts(getattr(value, name))
    elif isinstance(value, Mapping):
        yield from _texts(list(value.values()))
    elif isinstance(value, list | tuple | set | frozenset):
        for item in value:
            yield from _texts(item)


def retry_after(answer: HttpAnswer) -> int | None:
    """Return the seconds an answer's Retry-After asks for (a number or an HTTP date), None when it names none.

    Source: RFC 9110 §10.2.3 (read 2026-11-20). Bounded to a day; a date in the past is 0.
    """
    text = answer.headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        return min(int(text[:10]), MAX_RETRY_AFTER)
    try:
        ahead = parsedate_to_datetime(text) - SystemClock().now()
    except (ValueError, TypeError, OverflowError):
        return None
    return max(0, min(int(ahead.total_seconds()), MAX_RETRY_AFTER))


class OutboundClient:
    """Sends requests to the origins it was made for; satisfies app.core.ports.HttpClient.

    With a `guard` it is for addresses that callers supply: any origin, but only where the guard lets it connect.
    `total_timeout` covers connecting, TLS, sending and the whole answer; only the system's name resolution is
    beyond its reach. With a `proxy` (http:// or https://, a password in it) everything goes through that one; the guard then
    judges what the target's name resolves to here, and the proxy resolves it once more. One client is shared by all threads; each thread has its own connections.
    """

    def __init__(
        self,
        allowed_origins: Iterable[str] = (),
        *,
        guard: AddressGuard | None = None,
        connect_timeout: float = 3.0,
        total_timeout: float = 8.0,
        max_body: int = MAX_BODY,
        user_agent: str = "Callgate/0.1",
        ca_file: str | None = None,
        client_certificate: tuple[str, str] | None = None,
        proxy: str = "",
        tells_trace: bool = False,
    ) -> None:
        self.allowed_origins = frozenset(origin_of(origin) for origin in allowed_origins)
        self._guard = guard
        self._connect_timeout = connect_timeout
        self._total_timeout = total_timeout
        self._max_body = max_body
        self._user_agent = user_agent
        self._ca_file = ca_file
        self._client_certificate = client_certificate
        self._proxy = proxy
        self._tells_trace = tells_trace
        self._tls: ssl.SSLContext | None = None
        self._tls_lock = threading.Lock()
        self._threads = threading.local()
        self._observe: Observer = _nobody_looks

    def observed_by(self, observe: Observer) -> None:
        """Tell somebody of every call from now on."""
        self._observe = observe

    def request(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
        json: Any = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> HttpAnswer:
        """Send one request and return the answer whatever its status, redirects excepted.

        `content` is sent byte for byte; its Content-Type is the caller's to name.
        Raises UpstreamUnavailable for network faults and timeouts, UpstreamError for everything else. `was_sent` of the
        first is False when not one byte of the request went out.
        """
        call = TracedCall(method, url, is_known=self._guard is None)
        told = {**call.headers(are_told=self._tells_trace), **(headers or {})}
        prepared = self._prepare(
            method, url, params=params, form=form, json=json, content=content, headers=told
        )
        return self._carry_out(prepared, self._total_timeout, call)

    def post_file(
        self,
        url: str,
        file: UploadFile,
        *,
        fields: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> HttpAnswer:
        """Send one file as a form does; it has more time than other requests. Raises as `request`."""
        form = {
            "data": dict(fields or {}),
            "files": {file.field: (file.name, file.content, file.content_type)},
        }
        call = TracedCall("POST", url, is_known=self._guard is None)
        told = {**call.headers(are_told=self._tells_trace), **(headers or {})}
        prepared = self._prepared("POST", url, {"params": params, **form}, told)
        return self._carry_out(prepared, FILE_SECONDS, call)

    def _carry_out(self, prepared: requests.PreparedRequest, seconds: float, call: TracedCall) -> HttpAnswer:
        from app.security.deadline_sockets import deadline

        target = urlsplit(prepared.url or "")
        log = logger.bind(host=target.netloc, path=loggable_path(target.path), method=prepared.method)
        started = time.monotonic()
        try:
            with deadline(self._connect_timeout, seconds, self._permits()):
                self._judge_behind_proxy(target.hostname or "", target.port or DEFAULT_PORTS[target.scheme])
                answer = self._send(prepared, target.hostname or "", seconds)
        except UpstreamError as error:
            self._observe(target.hostname or "", error.code, time.monotonic() - started)
            log.warning("outbound_failed", error=error.code, milliseconds=_milliseconds_since(started))
            call.end(error=error.code)
            raise
        self._observe(target.hostname or "", class_of(answer.status), time.monotonic() - started)
        call.end(status=answer.status)
        log.info("outbound_request", status=answer.status, milliseconds=_milliseconds_since(started))
        return answer

    def _prepare(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, str] | None,
        form: Mapping[str, str] | None,
        json: Any,
        content: bytes | None,
        headers: Mapping[str, str] | None,
    ) -> requests.PreparedRequest:

        if method not in METHODS:
            raise UpstreamError(
                "upstream_request_refused", f"The method {method!r} is not used by this client."
            )
        own = {}
        data: bytes | Mapping[str, str] | None = content if content is not None else form
        if json is not None:
            # UTF-8 instead of backslash escapes, which some platforms show to people as they are.
            data = write_json(json)
            own["Content-Type"] = "application/json; charset=utf-8"
        return self._prepared(method, url, {"params": params, "data": data}, own | dict(headers or {}))

    def _prepared(
        self, method: str, url: str, parts: Mapping[str, Any], headers: Mapping[str, str] | None
    ) -> requests.PreparedRequest:
        import requests

        own = {"User-Agent": self._user_agent, "Accept": "application/json", "Accept-Encoding": "gzip"}
        try:
            origin_of(url)
            prepared = requests.Request(method, url, headers=own | dict(headers or {}), **parts).prepare()
            origin = origin_of(prepared.url or "")
        except (ValueError, TypeError, requests.RequestException):
            raise UpstreamError(
                "upstream_request_refused",
                "The request to the platform cannot be written down; check its address.",
            ) from None
        self._check_origin(origin, prepared.url or "")
        return prepared

    def _check_origin(self, origin: str, url: str) -> None:
        if self._guard is not None:
            try:
                self._guard.check_url(url)
            except ValueError as error:
                raise UpstreamError("upstream_address_refused", f"{origin} is refused: {error}.") from error
        elif origin not in self.allowed_origins:
            raise UpstreamError(
                "upstream_origin_refused", f"{origin} is not an address this channel's configuration names."
            )

    def _permits(self) -> Permits | None:
        """Return what judges the addresses that are connected to; that of a proxy is the operator's choice."""
        return self._guard.permits if self._guard is not None and not self._proxy else None

    def _judge_behind_proxy(self, host: str, port: int) -> None:
        """Refuse a target behind the proxy that a direct call would refuse too; raises UpstreamError and its kin."""
        from app.security.deadline_sockets import address_refused

        if self._guard is None or not self._proxy or self._guard.is_allowed(host, port):
            return
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            raise UpstreamUnavailable(
                f"The name {host} cannot be resolved here, so nothing says that it is public; name it in allowed_hosts if it may be called "
                "through egress_proxy all the same.",
                was_sent=False,
            ) from None
        if not all(self._guard.permits(host, port, str(item[4][0])) for item in found):
            raise address_refused(host)

    def _send(self, prepared: requests.PreparedRequest, host: str, seconds: float) -> HttpAnswer:
        import requests
        import urllib3

        from app.security.deadline_sockets import has_written

        try:
            with self._session().send(
                prepared,
                stream=True,
                allow_redirects=False,
                timeout=(self._connect_timeout, seconds),
            ) as response:
                self._hear_clock(response, host)
                if self._proxy and response.status_code == PROXY_WANTS_PASSWORD:
                    raise proxy_failed(host)
                if 300 <= response.status_code < 400:  # noqa: PLR2004
                    raise UpstreamError(
                        "upstream_redirect", f"{host} answered with a redirect; none is followed."
                    )
                body = self._read(response, host)
        except (requests.exceptions.ContentDecodingError, urllib3.exceptions.DecodeError):
            raise UpstreamError(
                "upstream_bad_answer", f"The answer of {host} cannot be decompressed."
            ) from None
        except (UnicodeError, requests.exceptions.InvalidHeader):
            raise UpstreamError(
                "upstream_request_refused", "A header for the platform is not plain text."
            ) from None
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            # Not as its cause: the packages' texts repeat the whole address, and with it what platforms want in a query.
            failure = unavailable(host, error)
            # What a proxy was told to reach the platform is no part of the request.
            failure.was_sent = has_written() and not is_of_proxy(error)
            raise failure from None
        return HttpAnswer(response.status_code, answer_headers(response), body, json_reader(body, host))

    def _hear_clock(self, response: requests.Response, host: str) -> None:
        """Compare a platform's clock with ours; addresses that callers supply say nothing about the time."""
        if self._guard is None:
            FAR_CLOCKS.note(host, response.headers.get("Date"), age=response.headers.get("Age"))

    def _read(self, response: requests.Response, host: str) -> bytes:
        body = bytearray()
        while chunk := response.raw.read(CHUNK, decode_content=True):
            body += chunk
            if len(body) > self._max_body:
                # Closing (by the caller's `with`) instead of draining drops the connection with the rest.
                raise UpstreamError(
                    "upstream_bad_answer", f"The answer of {host} is larger than {self._max_body} bytes."
                )
        return bytes(body)

    def _session(self) -> requests.Session:
        from app.security.deadline_sockets import bounded_session

        session: requests.Session | None = getattr(self._threads, "session", None)
        if session is None:
            session = self._threads.session = bounded_session(self._tls_context(), self._proxy)
        return session

    def _tls_context(self) -> ssl.SSLContext:
        from app.security.deadline_sockets import tls_context

        with self._tls_lock:
            if self._tls is None:
                self._tls = tls_context(self._ca_file, self._client_certificate)
            return self._tls


def _nobody_looks(_host: str, _outcome: str, _seconds: float) -> None:
    """Stand in where nobody counts calls."""


def _milliseconds_since(started: float) -> int:
    return round((time.monotonic() - started) * 1000)
