"""Why a host gave no answer, in a sentence for operators: read from what the packages wrap around the cause."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator

from app.core.errors import UpstreamUnavailable


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
    """Return the error of a call that its proxy did not carry out."""
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
