"""Which headers go on and which do not, in both directions. Pure.

Sources: RFC 9110 §7.6.1 (Connection and what it names), §11.7 (Proxy-*), RFC 9112 §6 (framing); read 2026-11-28.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from app.security.redaction import is_secret_header

HOP_BY_HOP = frozenset(
    {
        "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te", "trailer",
        "transfer-encoding", "upgrade",
    }
)  # fmt: skip
OURS = frozenset(
    {
        "host", "content-length", "expect", "accept-encoding", "forwarded", "via", "cookie", "authorization", "origin",
        "referer", "traceparent", "tracestate", "baggage", "b3", "x-real-ip", "true-client-ip", "x-original-uri", "x-original-url", "x-rewrite-url", "range", "if-range",
    }
)  # fmt: skip
"""Of a request: made anew here, or none of the platform's business.

A range may begin in the middle of the real token, where nobody would find it; so callers get the whole answer, as RFC 9110 §14.2
lets a server do.
"""

OWN_STARTS = ("x-callgate-", "x-forwarded-", "x-b3-", "sec-", "cf-")
NOT_HANDED_ON = frozenset(
    {
        "set-cookie",
        "set-cookie2",
        "alt-svc",
        "clear-site-data",
        "strict-transport-security",
        "public-key-pins",
        "public-key-pins-report-only",
        "expect-ct",
        "nel",
        "report-to",
        "reporting-endpoints",
        "accept-ch",
        "service-worker-allowed",
        "content-encoding",
    }
)
"""Of an answer: they would speak for this gateway's own address; the content encoding has been taken off."""

USUAL_AGENT = "Callgate/0.1"


def headers_out(headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the headers of a request that go on: none of the connection's, none with a credential, none of the gateway's."""
    pairs = list(headers)
    named = _named_by_connection(pairs)
    kept = [(name, value) for name, value in pairs if _goes_out(name.lower(), named)]
    if not any(name.lower() == "user-agent" for name, _ in kept):
        kept.append(("User-Agent", USUAL_AGENT))
    return [*kept, ("Accept-Encoding", "identity")]


def headers_back(headers: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the headers of an answer that are handed on."""
    left_out = HOP_BY_HOP | NOT_HANDED_ON | _named_by_connection(headers)
    if any(name.lower() == "content-encoding" for name, _ in headers):
        left_out |= {"content-length"}
    return [(name, value) for name, value in headers if name.lower() not in left_out]


def _goes_out(name: str, named: frozenset[str]) -> bool:
    is_ours = name in HOP_BY_HOP or name in OURS or name in named or name.startswith(OWN_STARTS)
    return not is_ours and not is_secret_header(name)


def _named_by_connection(headers: Iterable[tuple[str, str]]) -> frozenset[str]:
    return frozenset(
        word.strip().lower()
        for name, value in headers
        if name.lower() == "connection"
        for word in value.split(",")
    )
