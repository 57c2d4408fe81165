"""Who may make which relayed call: judged by its head alone, before a body is read.

A caller proves itself with an API token behind `Authorization: Bearer`, or with a relay token where the platform has its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote_plus

from app.core.errors import CallgateError, RefusedError, RequestError
from app.core.relay import RelaySource, TokenPlace
from app.core.values import Reply
from app.pipeline.api_tokens import Caller, caller_of_id, check_rate, find_caller
from app.pipeline.channels import Channel
from app.pipeline.relay.paths import judged_path, judged_query
from app.pipeline.relay.relay_tokens import START, open_relay_token
from app.pipeline.relay.token_forms import USUAL_RATE, no_paths
from app.pipeline.services import Services
from app.storage.login.identities import StoredIdentity, find_identity

IDENTITY_HEADER = "x-callgate-identity"
BEARER = "Bearer "


class NotProven(RefusedError):
    """The call carries no token of ours that works; the caller's address is charged with it."""

    def __init__(self) -> None:
        super().__init__(
            "unauthorized",
            "Send `Authorization: Bearer <API token>`, or a relay token of this channel where the platform has its token; "
            "one whose API token was revoked or changed has ended.",
            http_status=401,
        )


class RelayTokenEnded(CallgateError):
    """The relay token's time is over; `reply` says so in the platform's own words, so that an SDK fetches the next one."""

    def __init__(self, reply: Reply):
        super().__init__("token_ended", "The relay token's time is over.", http_status=401)
        self.reply = reply


@dataclass(frozen=True, slots=True)
class CallHead:
    """A relayed call without its body: header names in small letters, a path that begins with a slash."""

    channel: str
    method: str
    path: str
    query: str
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True, repr=False)
class Admitted:
    """A call that may be made. `query` is without the platform's token; `given` is the relay token it came with."""

    head: CallHead
    channel: Channel
    source: RelaySource
    caller: Caller
    place: TokenPlace
    query: str
    given: str | None
    identity: StoredIdentity | None


def admit_call(services: Services, head: CallHead) -> Admitted:
    """Judge the head of a call.

    1. Whose call it is: the token's place at this platform first, then the API token.
    2. The channel, and the caller's leave for it.
    3. The caller's rate.
    4. The path, against the caller's patterns.
    5. The person in whose name it is made, where one is named.

    Raises NotProven, RelayTokenEnded, RefusedError, RequestError.
    """
    known = services.channels.get(head.channel)
    port = None if known is None else known.as_capability(RelaySource)
    place = None if port is None else port.token_place(head.path)
    query, in_query = _without_token(judged_query(head.query), place)
    given = in_query or _in_header(head, place)
    caller = _caller(services, head, port, given)
    caller.require("relay")
    caller.require_channel(head.channel)
    channel, source = services.channels.with_capability(head.channel, RelaySource)
    check_rate(services, caller, "relay", usual=USUAL_RATE)
    _check_path(caller, head)
    credential = given or head.headers.get("authorization", "").removeprefix(BEARER)
    if credential and credential in unquote_plus(query):
        raise RequestError("bad_query", "The query holds the token that proves the call; take it out.")
    place, identity = source.token_place(head.path), _identity(services, caller, head)
    if place.is_persons and identity is None:
        raise RequestError(
            "identity_needed", "This call takes a person's token; name the person in X-Callgate-Identity."
        )
    return Admitted(
        head=head,
        channel=channel,
        source=source,
        caller=caller,
        place=place,
        query=query,
        given=given if given is not None and given.startswith(START) else None,
        identity=identity,
    )


def is_proven(services: Services, head: CallHead) -> bool:
    """Say whether a call carries a token of ours that works: before that, no large body of it is read."""
    known = services.channels.get(head.channel)
    port = None if known is None else known.as_capability(RelaySource)
    place = None if port is None else port.token_place(head.path)
    try:
        _, in_query = _without_token(judged_query(head.query), place)
        _caller(services, head, port, in_query or _in_header(head, place))
    except CallgateError:
        return False
    return True


def _without_token(query: str, place: TokenPlace | None) -> tuple[str, str | None]:
    """Return the query without the platform's token, and the token; two of them are refused."""
    if place is None or not place.query:
        return query, None
    parts = query.split("&") if query else []
    own = [part for part in parts if unquote_plus(part.partition("=")[0]).lower() == place.query]
    if len(own) > 1:
        raise RequestError("bad_query", f"The query holds {place.query} more than once.")
    rest = "&".join(part for part in parts if part not in own)
    return rest, (unquote_plus(own[0].partition("=")[2]) or None) if own else None


def _in_header(head: CallHead, place: TokenPlace | None) -> str | None:
    if place is None or not place.header:
        return None
    value = head.headers.get(place.header.lower(), "")
    if place.scheme:
        start = f"{place.scheme} "
        value = value.removeprefix(start) if value.startswith(start) else ""
    return value or None


def _caller(services: Services, head: CallHead, source: RelaySource | None, given: str | None) -> Caller:
    """Return whose call it is; raises NotProven, RelayTokenEnded."""
    opened = None if given is None else open_relay_token(services, head.channel, given)
    if opened is not None and source is not None:
        caller = caller_of_id(services, opened.caller_id)
        if caller is None:
            raise NotProven
        if services.clock.now() >= opened.ends_at:
            raise RelayTokenEnded(source.stale_answer(head.path))
        return caller
    header = head.headers.get("authorization", "")
    if given is not None and header.removeprefix(BEARER) != given:
        # Something stands where the platform has its token, and it is none of ours: that is a mistake, or a trial.
        raise NotProven
    found = find_caller(services, header.removeprefix(BEARER)) if header.startswith(BEARER) else None
    if found is None:
        raise NotProven
    return found


def _check_path(caller: Caller, head: CallHead) -> None:
    path = judged_path(head.path)
    if not caller.paths:
        raise no_paths()
    if not any(pattern.matches(head.method, path) for pattern in caller.paths):
        raise RefusedError(
            "path_not_allowed",
            f"This token may not call {head.method} {path[:200]}; add it to the token's paths.",
        )


def _identity(services: Services, caller: Caller, head: CallHead) -> StoredIdentity | None:
    """Return in whose name the call is made; raises RefusedError 403, 404."""
    wanted = head.headers.get(IDENTITY_HEADER)
    if wanted is None:
        return None
    caller.require("user-token")
    with services.database.read() as tx:
        found = find_identity(tx, wanted[:64])
    if found is None or found.channel != head.channel:
        raise RefusedError(
            "unknown_identity",
            "No identity of this channel has that id; /api/v1/me lists a person's.",
            http_status=404,
        )
    return found
