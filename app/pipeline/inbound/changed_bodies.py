"""Whether the signature of a refused request fits another form of its body: then something on the way changed it.

Proxies trim, add line ends, write JSON anew, or unpack. Only called for a refusal that is kept, because each form is proven
once more. Decides nothing: what is found is told to operators.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import orjson
import structlog

from app.core.errors import RequestError, VerificationError
from app.core.ports import KeyFinder, WebhookSource
from app.core.values import InboundRequest
from app.pipeline.channels import Channel
from app.security.strict_json import parse_json_object
from app.wire.wrapped_bodies import gunzip

BODY_CHANGED = "body_changed"
ABOUT_THE_BODY = frozenset({"bad_signature", "signature_mismatch"})
MOST_BYTES = 65_536

log = structlog.get_logger(__name__)

BLANKS, LINE_END, LINES, WRITTEN, UNPACKED = (
    "without the blanks at its ends",
    "with a line end behind it",
    "with the other kind of line ends",
    "when its JSON is written in another way",
    "unpacked",
)


def name_a_changed_body(channel: Channel | None, request: InboundRequest, error: RequestError) -> None:
    """Let a refused signature say how the body was changed, where that is found out. The caller's answer stays the same."""
    if not isinstance(error, VerificationError) or error.reason not in ABOUT_THE_BODY or channel is None:
        return
    try:
        form = _fitting_form(channel, request)
    except Exception:
        log.exception("changed_body_not_looked_for", channel=channel.name)
        return
    if form is not None:
        error.reason = BODY_CHANGED
        error.detail = f"The signature fits the body {form}: the keys are right, and something changed it after it was signed."


def _fitting_form(channel: Channel, request: InboundRequest) -> str | None:
    source, finder = channel.as_capability(WebhookSource), channel.as_capability(KeyFinder)
    if source is None or not 0 < len(request.body) <= MOST_BYTES:
        return None
    if finder is not None and finder.claimed_key(request) is not None:
        return None
    return next((how for how, body in _other_forms(request.body) if _fits(source, request, body)), None)


def _fits(source: WebhookSource, request: InboundRequest, body: bytes) -> bool:
    try:
        source.verify(request._replace(body=body), request.received_at)
    except RequestError:
        return False
    return True


def _other_forms(body: bytes) -> Iterator[tuple[str, bytes]]:
    for how, form in _all_forms(body):
        if form != body:
            yield how, form


def _all_forms(body: bytes) -> Iterator[tuple[str, bytes]]:
    yield BLANKS, body.strip()
    yield LINE_END, body + b"\n"
    yield LINE_END, body + b"\r\n"
    plain = body.replace(b"\r\n", b"\n")
    yield LINES, plain
    yield LINES, plain.replace(b"\n", b"\r\n")
    for form in _written_anew(body):
        yield WRITTEN, form
    if body[:2] == b"\x1f\x8b":
        yield UNPACKED, _unpacked(body)


def _written_anew(body: bytes) -> Iterator[bytes]:
    try:
        content = parse_json_object(body)
        yield orjson.dumps(content)
        yield json.dumps(content).encode()
        yield json.dumps(content, ensure_ascii=False).encode("utf-8", "replace")
        yield json.dumps(content, indent=2, ensure_ascii=False).encode("utf-8", "replace")
    except (ValueError, TypeError):
        return


def _unpacked(body: bytes) -> bytes:
    try:
        return gunzip(body, limit=MOST_BYTES)
    except ValueError:
        return body
