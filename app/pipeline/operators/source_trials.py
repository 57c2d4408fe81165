"""Trying one request at a described source, for the console: a pasted one, a stored event, or one that was refused.

Keys are made up, typed for this once, or those of a channel. Nothing is stored, and what is given is kept nowhere.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, quote_plus

import orjson

from app.core.errors import RefusedError, RequestError
from app.core.storable import is_storable
from app.core.values import InboundRequest, ParsedEvent
from app.pipeline.channels import Channel
from app.pipeline.evidence import places_of
from app.pipeline.operators.filters import filter_time
from app.pipeline.operators.pages import DIGITS
from app.pipeline.operators.sources import every_source, judge, open_with_keys, read_request, secrets_of_keys
from app.pipeline.operators.verification import delivery_of_event
from app.pipeline.services import Services
from app.security.credentials import mask_fields, mask_head
from app.security.redaction import MASK, mask_values
from app.storage.database.db import StoredRow
from app.storage.inbox.rejections import NO_CHANNEL, find_rejection
from app.wire.sources.catalogue import Source
from app.wire.sources.connector import DescribedSource
from app.wire.sources.explaining import Trial

MOST_REQUEST = 131_072
ID_LENGTH = 32
LONGEST_METHOD = 20
NO_KEYS = "This channel's platform is another one; choose a channel of this source, or give keys."
LINE_ENDS = "Its body was read with a carriage return before each line feed, which pages cannot tell apart."
CUT = "Only the first {kept} of {length} bytes of its body are kept, so it cannot be proven; paste the whole request."
MASKED = "What is kept of it is masked in: {places}. Where the proof is there, it cannot be proven again; paste the request."
OTHER_SOURCE = (
    "It came to a channel of another source, or to one that is off, so its credentials cannot be told here; "
    "try it at its own source, or paste the request."
)
NO_QUERY = "The query of a refused request's address is not kept."


@dataclass(frozen=True, slots=True)
class Wish:
    """What an operator wants to try: one of request, event and rejection; and by which keys."""

    request: str = field(default="", repr=False)
    """The request as it stands on the wire, or its headers and body alone."""
    in_base64: bool = False
    event: str = ""
    rejection: str = ""
    at: str = ""
    """When a pasted request came; now where it is empty."""
    channel: str = ""
    """The channel whose keys are used; the event's or rejection's own one where it is empty."""
    keys: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class _Recorded:
    """A request, the channel it came to, what has to be said about it when it is refused, and the same read otherwise."""

    request: InboundRequest
    channel: str = ""
    notes: tuple[str, ...] = ()
    otherwise: InboundRequest | None = None


def channels_of_source(services: Services, source: Source) -> list[str]:
    """Return the channels of a source that are on; their keys can be used for a trial."""
    return sorted(each.name for each in services.channels if _is_of(each, source))


def source_of_channel(services: Services, name: str) -> str | None:
    """Return the slug of the source that a channel's callbacks come from, None where it is off or its platform has code."""
    channel = services.channels.get(name)
    is_described = channel is not None and isinstance(channel.connector, DescribedSource)
    slug = channel.config.platform.replace("_", "-") if channel is not None and is_described else None
    return slug if slug in every_source() else None


def try_at_source(services: Services, source: Source, wish: Wish) -> Trial:
    """Judge one request by a source; raises RequestError for what cannot be read, RefusedError 404 or 409 for what is not kept or of another source."""
    recorded = _recorded(services, source, wish)
    channel = _channel(services, source, wish, recorded)
    trial = _judged(_opened(services, source, wish, recorded, channel), recorded)
    hidden = _hidden(services, source, wish, recorded, channel)
    return Trial(
        trial.is_taken,
        [_without(hidden, each) for each in trial.sentences],
        None if trial.event is None else _shown(trial.event, hidden, services.channels.get(recorded.channel)),
    )


def _hidden(
    services: Services, source: Source, wish: Wish, recorded: _Recorded, channel: Channel | None
) -> frozenset[str]:
    """Return what nobody may read in a trial: secrets of both channels, typed keys, and credentials that were sealed."""
    own = services.channels.get(recorded.channel)
    secrets = [each.secrets for each in (channel, own) if each is not None]
    secrets += [secrets_of_keys(source, wish.keys)] if wish.keys else []
    head = recorded.request.headers
    masked = mask_head(head, recorded.request.query_string, places_of(own, None)).headers
    sealed = {value for (_, value), (_, kept) in zip(head, masked, strict=True) if value != kept}
    return frozenset().union(*secrets, sealed if recorded.channel else ())


def _shown(event: ParsedEvent, hidden: frozenset[str], own: Channel | None) -> ParsedEvent:
    """Return what a request was read as, without what nobody may read."""
    data, _ = mask_fields(mask_values(event.data, hidden), places_of(own, event.data).fields)
    key, subject = (None if each is None else _without(hidden, each) for each in (event.key, event.subject))
    return event._replace(type=_without(hidden, event.type), key=key, subject=subject, data=data)


def _judged(opened: DescribedSource, recorded: _Recorded) -> Trial:
    request = recorded.request
    trial = judge(opened, request, request.received_at)
    if not trial.is_taken and recorded.otherwise is not None:
        second = judge(opened, recorded.otherwise, request.received_at)
        if second.is_taken:
            return second._replace(sentences=[*second.sentences, LINE_ENDS])
    return trial if trial.is_taken else trial._replace(sentences=[*trial.sentences, *recorded.notes])


def _recorded(services: Services, source: Source, wish: Wish) -> _Recorded:
    if sum(map(bool, (wish.request.strip(), wish.event, wish.rejection))) != 1:
        raise RequestError(
            "bad_request", "Paste a request, or give the id of an event or of a rejection: one of the three."
        )
    if wish.event:
        event_id = wish.event if is_storable(wish.event, ID_LENGTH) else ""
        request = delivery_of_event(services, event_id)
        return _of_source(services, source, _Recorded(request, channel=request.path.split("/")[2]))
    if wish.rejection:
        return _of_source(services, source, _refused(services, wish.rejection))
    return _pasted(services, source, wish)


def _of_source(services: Services, source: Source, recorded: _Recorded) -> _Recorded:
    channel = services.channels.get(recorded.channel)
    if recorded.channel != NO_CHANNEL and (channel is None or not _is_of(channel, source)):
        raise RefusedError("other_source", OTHER_SOURCE, http_status=409)
    return recorded


def _pasted(services: Services, source: Source, wish: Wish) -> _Recorded:
    if len(wish.request) > MOST_REQUEST:
        raise RequestError("bad_request", f"A request may have {MOST_REQUEST} characters here.")
    now = (filter_time("at", wish.at) if wish.at else None) or services.clock.now()
    if wish.in_base64:
        try:
            return _Recorded(read_request(base64.b64decode(wish.request, validate=False), now))
        except (binascii.Error, ValueError):
            raise RequestError("bad_request", "This is not Base64.") from None
    # A browser sends every line end of a form as CR LF, whatever was pasted.
    text = wish.request.replace("\r\n", "\n").lstrip("\n")
    method, _, rest = text[:LONGEST_METHOD].partition(" ")
    if not (method.isalpha() and rest.startswith("/")):
        text = f"POST /webhooks/{wish.channel or source.slug} HTTP/1.1\n{text}"
    request = read_request(text.encode("utf-8", "replace"), now)
    with_returns = request._replace(body=request.body.replace(b"\n", b"\r\n"))
    return _Recorded(request, otherwise=with_returns if with_returns.body != request.body else None)


def _refused(services: Services, rejection_id: str) -> _Recorded:
    is_number = rejection_id.isascii() and rejection_id.isdigit() and len(rejection_id) < DIGITS
    with services.database.read() as tx:
        row = find_rejection(tx, int(rejection_id)) if is_number else None
    if row is None:
        message = "There is no refused delivery of this number any more."
        raise RefusedError("unknown_rejection", message, http_status=404)
    headers = tuple((str(name), str(value)) for name, value in orjson.loads(row.headers))
    body = bytes(row.body_start)
    request = InboundRequest(row.method, row.path, "", headers, body, row.remote_addr, row.received_at)
    return _Recorded(request, channel=row.channel, notes=_notes(row, request))


def _notes(row: StoredRow, request: InboundRequest) -> tuple[str, ...]:
    """Say what is missing in what is kept of a refused request."""
    masked = [name for name, value in request.headers if MASK in value]
    masked += ["body"] if MASK.encode() in request.body else []
    masked += ["path"] if MASK in request.path else []
    notes = [NO_QUERY]
    if masked:
        notes.append(MASKED.format(places=", ".join(masked)))
    if row.body_length > len(request.body):
        notes.append(CUT.format(kept=len(request.body), length=row.body_length))
    return tuple(notes)


def _channel(services: Services, source: Source, wish: Wish, recorded: _Recorded) -> Channel | None:
    """Return the channel whose keys are used, None where they are given or made up."""
    if wish.keys:
        return None
    channel = services.channels.get(wish.channel or recorded.channel)
    if channel is not None and _is_of(channel, source):
        return channel
    if wish.channel:
        raise RequestError("bad_keys", NO_KEYS)
    return None


def _opened(
    services: Services, source: Source, wish: Wish, recorded: _Recorded, channel: Channel | None
) -> DescribedSource:
    if channel is not None:
        assert isinstance(channel.connector, DescribedSource)
        return channel.connector
    return open_with_keys(source, wish.keys, recorded.request, base=services.settings.public_base_url)


def _without(secrets: frozenset[str], sentence: str) -> str:
    """Return a sentence without secrets, however they are quoted: a signed text may hold one."""
    for secret in sorted({form for each in secrets for form in _forms(each)}, key=len, reverse=True):
        sentence = sentence.replace(secret, MASK) if secret else sentence
    return sentence


def _forms(secret: str) -> tuple[str, ...]:
    written = (json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1], repr(secret)[1:-1])
    return (secret, quote(secret), quote(secret, safe=""), quote_plus(secret), *written)


def _is_of(channel: Channel, source: Source) -> bool:
    is_named = channel.config.platform.replace("_", "-") == source.slug
    return is_named and isinstance(channel.connector, DescribedSource)
