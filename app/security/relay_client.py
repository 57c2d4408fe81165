"""The way out for calls that are passed on: any usual method, a body from a file, the answer handed back while it arrives.

Bounded as OutboundClient is: known origins alone, no redirect followed, nothing repeated, one deadline for all of it. The
deadline and the connection belong to the thread, so an answer is read and closed by the thread that opened it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import urlsplit

from app.core.errors import UpstreamError
from app.security.outbound import CHUNK, OutboundClient, origin_of
from app.security.outbound_words import class_of, unavailable
from app.security.traced_calls import TracedCall

if TYPE_CHECKING:
    import requests

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
CONNECT_SECONDS = 3.0
WHOLE_SECONDS = 120.0
"""From connecting to the last byte of the answer, a body of 20 MB on its way out included."""

DECODED = frozenset({"", "identity", "gzip", "x-gzip", "deflate"})
"""Encodings that can be taken off; none is asked for."""

FIRST_FINAL = 200


@dataclass(frozen=True, slots=True, repr=False)
class PassedCall:
    """One request as it is to go out; `body` is at its beginning."""

    method: str
    url: str
    headers: Sequence[tuple[str, str]]
    body: IO[bytes] | None = None
    length: int = 0


class PassedAnswer:
    """An answer on its way; `pieces` raises UpstreamUnavailable when it breaks off. Close it in any case."""

    def __init__(self, response: requests.Response, host: str, bounds: ExitStack):
        self.status = response.status_code
        self.headers: list[tuple[str, str]] = list(response.raw.headers.items())
        self._response = response
        self._host = host
        self._bounds = bounds

    def pieces(self) -> Iterator[bytes]:
        """Yield the body as it comes, without its content encoding."""
        import requests
        import urllib3

        try:
            yield from self._response.raw.stream(CHUNK, decode_content=True)
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            raise unavailable(self._host, error) from None

    def close(self) -> None:
        """Give the connection back, or end it when there is more to come."""
        with suppress(AttributeError):
            self._bounds.close()


class RelayClient(OutboundClient):
    """Passes calls on to the origins it was made for."""

    def open(self, call: PassedCall) -> PassedAnswer:
        """Send one request and return its answer as soon as its head is there, whatever its status.

        Raises UpstreamUnavailable for network faults and timeouts, UpstreamError for everything else.
        """
        from app.security.deadline_sockets import deadline

        traced = TracedCall(call.method, call.url, is_known=True)
        prepared = self._written(call)
        prepared.headers.update(traced.headers(are_told=self._tells_trace))
        host = urlsplit(call.url).hostname or ""
        bounds, started = ExitStack(), time.monotonic()
        bounds.enter_context(deadline(CONNECT_SECONDS, WHOLE_SECONDS))
        try:
            response = bounds.enter_context(self._passed(prepared, host))
            _check_head(response, host)
        except BaseException as error:
            bounds.close()
            if isinstance(error, UpstreamError):
                self._observe(host, error.code, time.monotonic() - started)
            traced.end(error=getattr(error, "code", type(error).__name__))
            raise
        self._observe(host, class_of(response.status_code), time.monotonic() - started)
        traced.end(status=response.status_code)
        return PassedAnswer(response, host, bounds)

    def _written(self, call: PassedCall) -> requests.PreparedRequest:
        import requests

        if call.method not in METHODS:
            raise UpstreamError("upstream_request_refused", "This method is not passed on.", http_status=405)
        try:
            origin = origin_of(call.url)
            prepared = requests.Request(call.method, call.url, headers=dict(call.headers)).prepare()
        except (ValueError, TypeError, requests.RequestException):
            raise UpstreamError(
                "upstream_request_refused",
                "The call cannot be passed on; its query or a header is not plain text.",
                http_status=400,
            ) from None
        self._check_origin(origin, call.url)
        prepared.url = call.url
        if call.body is not None and call.length:
            body: Any = call.body
            prepared.body = body
            prepared.headers["Content-Length"] = str(call.length)
        return prepared

    def _passed(self, prepared: requests.PreparedRequest, host: str) -> requests.Response:
        import requests
        import urllib3

        try:
            return self._session().send(
                prepared, stream=True, allow_redirects=False, timeout=(CONNECT_SECONDS, WHOLE_SECONDS)
            )
        except requests.exceptions.InvalidHeader:
            # Ours were judged when the call was written: this is the answer's, such as two lengths that differ.
            raise _odd_answer(host) from None
        except UnicodeError:
            raise UpstreamError(
                "upstream_request_refused", "A header for the platform is not plain text.", http_status=400
            ) from None
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            raise unavailable(host, error) from None


def _check_head(response: requests.Response, host: str) -> None:
    encoding = response.headers.get("Content-Encoding", "").strip().lower()
    if response.status_code < FIRST_FINAL or encoding not in DECODED:
        raise _odd_answer(host)


def _odd_answer(host: str) -> UpstreamError:
    return UpstreamError("upstream_bad_answer", f"The answer of {host} is in a form that was not asked for.")
