"""The frozen values that layers hand to each other: requests, events, replies, tokens, identities."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from app.core.errors import VerificationError
from app.core.exact_json import write_json

JSON = Mapping[str, Any]

COME_AGAIN_SECONDS = 5
"""What Retry-After asks of a sender whose event is not finished yet."""


class InboundRequest(NamedTuple):
    """One delivery, exactly as it arrived; `body` holds the bytes that signatures cover.

    `version` is the interface version for platforms that have several ("v1", "v2"), from the URL or the
    X-API-Version header. `query_string` is still percent-encoded.
    """

    method: str
    path: str
    query_string: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    remote_addr: str
    received_at: datetime
    version: str = "v1"

    def header(self, name: str) -> str | None:
        """Return the only header of that name, None when absent; raises VerificationError when it is repeated."""
        wanted, length = name.lower(), len(name)
        found = [value for key, value in self.headers if len(key) == length and key.lower() == wanted]
        if len(found) > 1:
            raise VerificationError(
                "duplicate_header", f"The header {name} came {len(found)} times; a proxy may add its own."
            )
        return found[0] if found else None

    def query(self, name: str) -> str | None:
        """Return the only query parameter of that name, None when absent; raises VerificationError when repeated."""
        found = [value for key, value in parse_qsl(self.query_string, keep_blank_values=True) if key == name]
        if len(found) > 1:
            raise VerificationError(
                "duplicate_parameter", f"The parameter {name} stands {len(found)} times in the address."
            )
        return found[0] if found else None


class Reply(NamedTuple):
    """An HTTP answer, ready to send; `retry_after` is in seconds."""

    status: int
    body: bytes
    content_type: str = "application/json"
    retry_after: int | None = None
    """Seconds after which the caller should come again."""
    headers: tuple[tuple[str, str], ...] = ()
    """More headers, where a platform's set-up asks for them."""


def json_reply(status: int, content: object) -> Reply:
    """Return a JSON answer."""
    return Reply(status, write_json(content))


def text_reply(status: int, content: str) -> Reply:
    """Return a plain text answer that a browser never takes for HTML."""
    return Reply(status, content.encode(), "text/plain; charset=utf-8")


class Coverage(StrEnum):
    """How much of a request a channel's proof covers; operators are shown it."""

    BODY = "body"
    """Whoever alters the body is found out."""

    ORIGIN = "origin"
    """The caller knows a secret, but the body could be another one (a token, WeChat's plain mode)."""

    NONE = "none"
    """Nothing is proven: the channel is open, as its operator wrote."""


class Requirement(NamedTuple):
    """A value of a proven request that must equal a setting, such as the merchant an Alipay notification names.

    `name` is what the request calls it, `setting` the channel key that holds the `expected` values. The pipeline
    compares them, so that no platform forgets to.
    """

    name: str
    given: str | None
    setting: str
    expected: tuple[str, ...]


class CredentialPlaces(NamedTuple):
    """Where requests carry a credential itself, instead of a signature made with it.

    Names of headers and of parameters of the query, in lower case; `fields` are dotted paths into an event's data. Places that
    many platforms have (Authorization, X-Token, `?token=`) need no mention: app.security.redaction knows them. `path` says
    that one stands behind the channel's name in the address.
    """

    headers: frozenset[str] = frozenset()
    parameters: frozenset[str] = frozenset()
    fields: tuple[str, ...] = ()
    path: bool = False


class Verified(NamedTuple):
    """What a platform learned while proving a request.

    `scheme` says how it was proven (shown to operators); `plaintext` is the body as it reads once it was decrypted or
    unwrapped, and `is_encrypted` says that nobody reads it in the body without a key; `nonce`, when set, must never have been seen on this channel before (the pipeline checks and stores it);
    `nonce_until` is when the request can no longer pass, by the time it signed; with `nonce_bound_to` it may be seen again
    for the same value, as a redelivery;
    `is_challenge` marks a set-up request that must be answered and not stored; `requirements` are compared by the
    pipeline; `context` is the platform's own.
    """

    scheme: str
    plaintext: bytes | None = None
    nonce: str | None = None
    nonce_until: datetime | None = None
    nonce_bound_to: str | None = None
    is_challenge: bool = False
    context: Any = None
    requirements: tuple[Requirement, ...] = ()
    is_encrypted: bool = False


class ParsedEvent(NamedTuple):
    """What happened, in the platform's own words; `key` identifies it on its channel (None: never a duplicate)."""

    type: str
    key: str | None
    data: JSON
    subject: str | None = None
    occurred_at: datetime | None = None


class Event(NamedTuple):
    """A stored event as handlers and destinations see it; `raw` is the body's exact bytes.

    `version` is the interface version it was received with ("v1" where the platform has only one). `masked` names what is
    not as it came, because it held a credential: `header:X-Token`, `query:token`, `data:header.token`, `body` (then `raw`
    is written anew from the data). `path_rest` is what stood behind the channel's name in the address, `/` included; only
    channels with `SubAddresses` (app/core/address_ports.py) have such addresses, and no proof need cover it. `traceparent` is
    the span in which it was taken (core/traces.py), empty where a trace began with the event's own id.
    """

    id: str
    channel: str
    platform: str
    type: str
    key: str
    subject: str | None
    occurred_at: datetime | None
    received_at: datetime
    data: JSON
    raw: bytes
    headers: tuple[tuple[str, str], ...]
    query_string: str = ""
    version: str = "v1"
    masked: tuple[str, ...] = ()
    path_rest: str = ""
    traceparent: str = ""


class Situation(StrEnum):
    """What became of a proven request; the platform words its answer from it.

    COME_AGAIN is for a copy that cannot be told how its first one ended, because that one's inline handler runs or was
    lost with its process.
    """

    ACCEPTED = "accepted"
    SUCCESS = "success"
    ALREADY_PROCESSED = "already_processed"
    STILL_RUNNING = "still_running"
    COME_AGAIN = "come_again"
    HANDLER_FAILED = "handler_failed"
    UNKNOWN_EVENT_TYPE = "unknown_event_type"


class Outcome(NamedTuple):
    """A situation with what is needed to answer it; `data` is what the inline handler returned."""

    situation: Situation
    event_id: str | None
    event: ParsedEvent
    data: Any = None
    now: datetime | None = None
    trace_id: str = ""


def default_acknowledgement(outcome: Outcome) -> Reply:
    """Word the unified answer of CONTRACT §5 for platforms without a wording of their own."""
    situation = outcome.situation
    if situation is Situation.UNKNOWN_EVENT_TYPE:
        message = f"No route takes events of type {outcome.event.type!r}; check event_type or add a handler."
        return json_reply(
            400, {"error": "unknown_event_type", "message": message, "trace_id": outcome.trace_id}
        )
    if situation is Situation.HANDLER_FAILED:
        message = "The event is stored, but its handler failed; send it again or wait for the retry."
        content = {"error": "handler_failed", "message": message, "event_id": outcome.event_id}
        return json_reply(500, content | {"trace_id": outcome.trace_id})
    if situation is Situation.COME_AGAIN:
        message = "The event is stored and its handler has not ended; send it again to be told how it ended."
        content = {"error": "still_running", "message": message, "event_id": outcome.event_id}
        reply = json_reply(503, content | {"trace_id": outcome.trace_id})
        return reply._replace(retry_after=COME_AGAIN_SECONDS)
    if situation is Situation.SUCCESS:
        return json_reply(200, {"status": "success", "event_id": outcome.event_id, "data": outcome.data})
    status = Situation.ACCEPTED if situation is Situation.STILL_RUNNING else situation
    content = {"status": status.value, "event_id": outcome.event_id}
    return json_reply(200, content if outcome.data is None else content | {"data": outcome.data})


def quiet_acknowledgement(outcome: Outcome, *, status: int) -> Reply:
    """Answer what is stored with that status and an empty body, for senders that read nothing else; the rest as usual."""
    if outcome.situation in (Situation.UNKNOWN_EVENT_TYPE, Situation.HANDLER_FAILED, Situation.COME_AGAIN):
        return default_acknowledgement(outcome)
    return text_reply(status, "")


@dataclass(frozen=True, slots=True, repr=False)
class CodeGrant:
    """A code that came back from a login page, with what it was asked for with.

    `page` is the kind of login page, where a channel has several; `parameters` are the other parameters of the return
    that the platform declared; `app_token` is the application's own token where the login needs it; `nonce` is the one that
    the login page was asked with; `redeemed_at` is now, in Unix seconds, for what a platform dates.
    """

    code: str
    redirect_uri: str
    code_verifier: str
    page: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)
    app_token: str | None = None
    nonce: str = ""
    redeemed_at: float = 0.0


@dataclass(frozen=True, slots=True, repr=False)
class TokenSet:
    """Tokens as a platform issued them; lifetimes are seconds from now, None when the platform did not say."""

    access_token: str
    expires_in: int | None = None
    refresh_token: str | None = None
    refresh_expires_in: int | None = None
    scope: str | None = None
    token_type: str = "Bearer"  # noqa: S105 - the scheme's name, not a secret
    extra: Mapping[str, str] = field(default_factory=dict)
    app_token: str | None = None
    """The application's own token, lent by the pipeline to a login that needs it; never stored."""
    asked_at: float = field(default=0.0, compare=False)
    """Now, in Unix seconds, set by the pipeline for calls that a platform dates (Alipay signs the time); never stored."""

    def __repr__(self) -> str:
        return f"TokenSet(access_token=…, expires_in={self.expires_in}, scope={self.scope!r})"


@dataclass(frozen=True, slots=True)
class Identity:
    """A person as a platform knows them.

    `issuer` names platform and application or tenant ("feishu:cli_123"), because ids are only unique inside one;
    `subject_kind` keeps two id namespaces of one platform apart ("open_id", "user_id"); `subject` is exact text.
    `union_id` joins accounts of one developer where the platform has such a thing. `profile` is what may be shown.
    """

    issuer: str
    subject_kind: str
    subject: str
    name: str | None = None
    avatar_url: str | None = None
    union_id: str | None = None
    profile: JSON = field(default_factory=dict)


@dataclass(frozen=True, slots=True, repr=False)
class AppToken:
    """A token of the application itself; `expires_in` is seconds from now."""

    value: str
    expires_in: int

    def __repr__(self) -> str:
        return f"AppToken(…, expires_in={self.expires_in})"


@dataclass(frozen=True, slots=True)
class SceneCode:
    """A QR code the platform made for a scene: what to draw, and until when it works (seconds)."""

    content: str
    image_url: str | None
    expires_in: int


@dataclass(frozen=True, slots=True)
class BindSignal:
    """What an event says about binding: a scanned scene, a typed code, or a follower leaving or coming back."""

    open_id: str
    scene: str | None = None
    code: str | None = None
    subscribed: bool | None = None
    union_id: str | None = None
