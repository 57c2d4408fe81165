"""What the simulator fires for a described source: a sample of each documented type, signed with the made-up keys of its file, or with those of an order."""

from __future__ import annotations

import secrets
from functools import cache
from typing import Any

from sandbox.simulated import Callbacks, Moment, Order, Outgoing, Sample
from sandbox.sources.files import slugs, source
from sandbox.sources.signing import fire
from sandbox.sources.types import types_of
from sandbox.state import SandboxState
from sandbox.words import Words


@cache
def callbacks_of(slug: str) -> Callbacks | None:
    """Returns what a source sends, None where no file has that slug."""
    name = slug.replace("_", "-")
    if name not in slugs():
        return None
    said = source(name)
    title = Words(said["name"], said["name_zh"])
    return Callbacks(samples=tuple(Sample(each, title, no_fields) for each in types_of(said)), sign=_sign)


def no_fields(_moment: Moment) -> dict[str, Any]:
    """Returns nothing: the body stands in the file."""
    return {}


def _sign(state: SandboxState, order: Order, _fields: dict[str, Any], path: str) -> Outgoing:
    """Signs for the gateway's public address; `keys` of the order are the channel's, `public_url` its address."""
    keys = order.options.get("keys", {})
    base = str(order.options.get("public_url") or state.settings.gateway_url)
    if not isinstance(keys, dict):
        raise ValueError("keys must be an object, the keys of the channel")
    identifier = secrets.token_hex(8)
    made = fire(
        source(order.platform.replace("_", "-")),
        now=state.now(),
        identifier=identifier,
        address=base + path,
        settings=keys,
        event_type=order.type,
    )
    whole = (
        path + (f"/{made.rest}" if made.rest else "") + (f"?{made.query_string}" if made.query_string else "")
    )
    return Outgoing(made.method, whole, made.headers, made.body, identifier)
