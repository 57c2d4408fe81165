"""What is made of a call to the outside when it is over: the headers and JSON of its answer, the words of its failure, and how
it is named in logs and meters. No request is made here.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from app.core.errors import UpstreamError, UpstreamUnavailable
from app.security.strict_json import parse_json_exactly

if TYPE_CHECKING:
    import requests


OPAQUE_SEGMENT = 24


def class_of(status: int) -> str:
    """Return 2xx to 5xx."""
    return f"{status // 100}xx"


def loggable_path(path: str) -> str:
    """Return a path with its opaque parts left out: robot addresses carry their secret as a path segment."""
    return "/".join("…" if _is_opaque(segment) else segment for segment in path.split("/"))


def _is_opaque(segment: str) -> bool:
    """Say whether a segment looks drawn at random: long, and with digits or letters of both cases."""
    has_digit = any(char.isdigit() for char in segment)
    has_both = any(char.isupper() for char in segment) and any(char.islower() for char in segment)
    return len(segment) >= OPAQUE_SEGMENT and (has_digit or has_both)


def answer_headers(response: requests.Response) -> Mapping[str, str]:
    """Return the headers of an answer, to be asked for however they are written."""
    from requests.structures import CaseInsensitiveDict

    return CaseInsensitiveDict(response.headers)


def json_reader(body: bytes, host: str) -> Callable[[], Mapping[str, Any]]:
    """Return what reads an answer as a JSON object, once somebody wants it; that raises UpstreamError."""

    def json_object() -> Mapping[str, Any]:
        try:
            return parse_json_exactly(body)
        except ValueError as error:
            raise UpstreamError(
                "upstream_bad_answer", f"The answer of {host} is not a JSON object."
            ) from error

    return json_object


def unavailable(host: str, error: BaseException) -> UpstreamUnavailable:
    """Say why a host gave no answer, by the cause inside the wrappers that urllib3 and requests put around it.

    A refused port comes wrapped as one of urllib3's time-outs, so the causes are looked through before the time is.
    """
    import urllib3

    causes = list(_causes(error))
    if is_of_proxy(error):
        return proxy_failed(host)
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return UpstreamUnavailable(
                f"The certificate of {host} is not trusted ({cause.verify_message}); "
                "name the authority that signed it in ca_bundle or CA_BUNDLE."
            )
        if isinstance(cause, ConnectionRefusedError):
            return UpstreamUnavailable(f"{host} refuses the connection; is the service running on that port?")
        if isinstance(cause, socket.gaierror):
            return UpstreamUnavailable(f"The name {host} cannot be resolved; check its spelling and the DNS.")
    if any(isinstance(cause, TimeoutError | urllib3.exceptions.TimeoutError) for cause in causes):
        timed_out = UpstreamUnavailable(f"{host} did not answer in time.")
        timed_out.http_status = 504
        return timed_out
    return UpstreamUnavailable(f"{host} cannot be reached, or broke the connection off.")


def is_of_proxy(error: BaseException) -> bool:
    """Say whether a call ended on the way through a proxy, before the platform could be told anything."""
    import urllib3

    return any(isinstance(cause, urllib3.exceptions.ProxyError) for cause in _causes(error))


def proxy_failed(host: str) -> UpstreamUnavailable:
    """Return the error of a proxy that did not do its part."""
    return UpstreamUnavailable(
        f"The proxy in egress_proxy cannot be reached, wants another password, or does not lead to {host}; compare it with the "
        "proxy's own log.",
        was_sent=False,
    )


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and what stands behind it, the wrapped reasons included."""
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        inner = getattr(seen, "reason", None) or next(iter(seen.args), None)
        if isinstance(inner, BaseException) and inner is not seen:
            yield from _causes(inner)
        seen = seen.__cause__ or seen.__context__
