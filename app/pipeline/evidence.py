"""Evidence: what is kept of a delivery. A credential in it is masked, and what stood there is sealed beside the event.

Without a credential a delivery is kept as it came. Who stores, shows or hands on an event gets the masked one; only proving
it again opens what is sealed. Nothing here touches the store.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from app.config.field_paths import value_at
from app.core.exact_json import write_json
from app.core.ports import CredentialBearer
from app.core.values import JSON, CredentialPlaces, Event, InboundRequest, ParsedEvent, Verified
from app.pipeline.channels import Channel, channel_path
from app.security.credentials import (
    Headers,
    MaskedHead,
    bounded_names,
    head_is_plain,
    mask_fields,
    mask_head,
    mask_raw_text,
)
from app.security.redaction import MASK, redact_headers
from app.security.vault import Vault
from app.storage.inbox.rejections import MOST_BODY_BYTES

NO_PLACES = CredentialPlaces()
BODY, PATH = "body", "path"
WEBHOOKS = channel_path("")


class Kept(NamedTuple):
    """What is kept of a delivery that held a credential; `exact` is what was masked as it came, None where only data were.

    `events` has what is kept of each event: its data, the body that says so, and what of it all was masked.
    """

    headers: Headers
    query_string: str
    events: Sequence[tuple[JSON, bytes, tuple[str, ...]]]
    exact: bytes | None

    def applied_to(self, event: Event, position: int) -> Event:
        """Return the event at that position of the delivery as it is kept."""
        data, raw, masked = self.events[position]
        return event._replace(
            headers=self.headers, query_string=self.query_string, data=data, raw=raw, masked=masked
        )


def kept_of(
    channel: Channel, request: InboundRequest, verified: Verified, parsed: Sequence[ParsedEvent]
) -> Kept | None:
    """Return what is kept of a proven delivery, None where it holds no credential and is kept as it came.

    A body that holds one is written anew from the data, unless nobody reads it without a key.
    """
    bearer = channel.as_capability(CredentialBearer)
    places = NO_PLACES if bearer is None else bearer.credential_places(parsed[0].data if parsed else None)
    if not places.fields and head_is_plain(request.headers, request.query_string, places):
        return None
    return _masked(channel, request, verified, [each.data for each in parsed], places)


def _masked(
    channel: Channel,
    request: InboundRequest,
    verified: Verified,
    data: Sequence[JSON],
    places: CredentialPlaces,
) -> Kept:
    """Mask head and data. The first of several events keeps the body, the others their own element."""
    head = mask_head(request.headers, request.query_string, places)
    kept = [mask_fields(each, places_of(channel, each).fields) for each in data]
    shows_it = not verified.is_encrypted and any(masked for _, masked in kept)
    body = _written_anew([each for each, _ in kept]) if shows_it else request.body
    events = [
        (each, write_json(each) if position else body, head.masked + masked)
        for position, (each, masked) in enumerate(kept)
    ]
    if shows_it:
        events[0] = (*events[0][:2], (*events[0][2], BODY))
    return Kept(head.headers, head.query_string, events, _exact(request, head, body))


def kept_head_of(request: InboundRequest) -> tuple[MaskedHead, bytes | None]:
    """Return what is kept of the head of a request whose body holds no credential, and what was masked as it came."""
    head = mask_head(request.headers, request.query_string, NO_PLACES)
    return head, _exact(request, head, request.body)


def places_of(channel: Channel | None, data: JSON | None) -> CredentialPlaces:
    """Return where requests of a channel carry credentials beside the usual places; all of them without data."""
    bearer = None if channel is None else channel.as_capability(CredentialBearer)
    return NO_PLACES if bearer is None else bearer.credential_places(data)


def seal_exact(vault: Vault, event_id: str, exact: bytes | None) -> bytes | None:
    """Seal what was masked for the event it belongs to; nobody else's row opens it."""
    return None if exact is None else vault.seal(exact, place=_place(event_id))


def open_exact(vault: Vault, event: Event, sealed: bytes | None) -> Event:
    """Return an event with headers, query and body as they came; raises VaultError where the key is gone."""
    if sealed is None:
        return event
    head, _, body = vault.open(sealed, place=_place(event.id)).partition(b"\n")
    found: dict[str, Any] = json.loads(head)
    headers, query = dict(found["headers"]), found["query_string"]
    return event._replace(
        headers=tuple((name, headers.get(at, kept)) for at, (name, kept) in enumerate(event.headers)),
        query_string=event.query_string if query is None else query,
        raw=body if found["has_body"] else event.raw,
    )


def without_credentials(channel: Channel | None, event: Event) -> Event:
    """Return an event as it may be shown or sent: what was stored before credentials were masked is masked now."""
    places = places_of(channel, event.data)
    head = mask_head(event.headers, event.query_string, places)
    data, masked = mask_fields(event.data, places.fields)
    rest = f"/{MASK}" if _hides_path(channel) and event.path_rest.strip("/") else event.path_rest
    if not head.masked and not masked and rest == event.path_rest:
        return event
    shows_it = any(_stands_in(event.raw, value_at(event.data, field)) for field in places.fields)
    told = [*event.masked, *head.masked, *masked]
    told += [name for name, is_hidden in ((BODY, shows_it), (PATH, rest != event.path_rest)) if is_hidden]
    return event._replace(
        headers=_without_rest(head.headers, event.path_rest) if rest != event.path_rest else head.headers,
        query_string=head.query_string,
        data=data,
        raw=write_json(data) if shows_it else event.raw,
        masked=bounded_names(told),
        path_rest=rest,
    )


def refused_evidence(channel: Channel | None, request: InboundRequest) -> tuple[Headers, bytes]:
    """Return the headers and the beginning of the body of a refused delivery as they may be stored."""
    head = mask_head(request.headers, request.query_string[:MOST_BODY_BYTES], places_of(channel, None))
    headers = head.headers
    if refused_path(channel, request.path) != request.path:
        headers = _without_rest(headers, request.path.removeprefix(WEBHOOKS).partition("/")[2])
    return redact_headers(headers), refused_body(channel, request.body[:MOST_BODY_BYTES])


def refused_body(channel: Channel | None, start: bytes) -> bytes:
    """Return the beginning of a refused body as it may be stored or shown; what is masked already stays."""
    return mask_raw_text(start, places_of(channel, None))


def refused_path(channel: Channel | None, path: str) -> str:
    """Return the path of a refused delivery as it may be stored or shown: what stands behind a name may be a secret."""
    name, _, rest = path.removeprefix(WEBHOOKS).partition("/")
    if not path.startswith(WEBHOOKS) or not rest.strip("/") or not _hides_path(channel):
        return path
    return f"{WEBHOOKS}{name}/{MASK}"


def _without_rest(headers: Headers, rest: str) -> Headers:
    """Return headers without the end of an address, which a proxy may repeat in one of its own (X-Original-URI)."""
    secret = rest.strip("/")
    return tuple((name, value.replace(secret, MASK)) for name, value in headers)


def _hides_path(channel: Channel | None) -> bool:
    return channel is None or places_of(channel, None).path


def _written_anew(data: Sequence[JSON]) -> bytes:
    return write_json(data[0] if len(data) == 1 else data)


def _exact(request: InboundRequest, head: MaskedHead, body: bytes) -> bytes | None:
    """Pack what was masked as it came: a line of JSON, and the body behind it where it is another one now.

    Of the headers the line holds the masked ones only, with their positions.
    """
    has_body = body is not request.body
    if not head.masked and not has_body:
        return None
    headers = [
        (position, value)
        for position, ((_, value), (_, kept)) in enumerate(zip(request.headers, head.headers, strict=True))
        if value != kept
    ]
    query = None if head.query_string == request.query_string else request.query_string
    parts = {"headers": headers, "query_string": query, "has_body": has_body}
    return json.dumps(parts).encode() + b"\n" + (request.body if has_body else b"")


def _stands_in(raw: bytes, value: object) -> bool:
    return isinstance(value, str) and value not in ("", MASK) and value.encode("utf-8", "replace") in raw


def _place(event_id: str) -> str:
    return f"events/{event_id}/evidence"
