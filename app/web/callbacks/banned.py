"""Banned addresses are answered by the head of a request alone, before its body and anything else is looked at."""

from __future__ import annotations

import math
from typing import NamedTuple

from app.core.identifiers import trace_word
from app.core.values import Reply, json_reply
from app.pipeline.bans import renew_bans
from app.pipeline.services import Services
from app.web.callbacks.reading import Environ, client_address

TOO_MANY_REQUESTS = 429


class Turned(NamedTuple):
    """The answer to a request that is turned away at the door."""

    reply: Reply
    trace_id: str
    headers: tuple[tuple[str, str], ...] = ()
    is_drained: bool = True
    """Whether what the sender goes on sending is thrown away for a while, so that it gets to read the answer."""


def banned_answer(services: Services, environ: Environ) -> Turned | None:
    """Return the answer to a banned address, None for every other. While nobody is banned this looks at nothing."""
    bans, proxies = services.bans, services.settings.trusted_proxies
    if not bans.enabled:
        return None
    if proxies:
        bans.know_proxy(str(environ.get("REMOTE_ADDR") or ""))
    if not bans.has_any:
        return None
    end = bans.end_of(client_address(environ, proxies))
    left = 0.0 if end is None else (end - services.clock.now()).total_seconds()
    return None if left <= 0 else _answer(math.ceil(left))


def _answer(seconds: int) -> Turned:
    trace_id = trace_word()
    content = {
        "error": "banned",
        "message": "Too many requests from your address were refused, so none is taken for a while; Retry-After says how long.",
        "trace_id": trace_id,
    }
    headers = (("Retry-After", str(seconds)), ("Cache-Control", "no-store"))
    return Turned(json_reply(TOO_MANY_REQUESTS, content), trace_id, headers, is_drained=False)


def renew_old_bans(services: Services) -> None:
    """Renew the copy when it is old: the way of a server whose loop does not do it."""
    if services.bans.is_old():
        renew_bans(services)
