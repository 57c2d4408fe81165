"""Keys that programs send with: where the messages of a key go, and sending one. How each habit words it is in app.web.compat.

A key is a [[push_keys]] table, or was made for an app: then its messages go to everybody bound to that app. Keys of apps are
not stored: they hold the app's name and a proof made with SECRET_KEY.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import b32encode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from app.core.errors import RefusedError, RequestError
from app.core.sending import Sender
from app.core.visible import one_line
from app.pipeline.bans import WRONG_TOKEN, note_refused
from app.pipeline.sending.accept import Order, accept_message
from app.pipeline.services import Services
from app.security.addresses import address_group
from app.security.signatures import same_secret
from app.storage.binding.openids import channels_of_app

PROOF_LENGTH = 26
"""Letters of Base32: 130 bits."""

LONGEST_KEY = 192
APP_RATE = "60/minute"
WRONG_KEYS_PER_ADDRESS = "30 per minute"
OPEN_ID = "open_id"


@dataclass(frozen=True, slots=True)
class PushTarget:
    """Where the messages of a key go; `name` is what lists and logs call it, never the key."""

    name: str
    channels: tuple[str, ...]
    to: tuple[dict[str, Any], ...]
    rate: str
    fallback: bool = False


@dataclass(frozen=True, slots=True)
class Said:
    """What a program said."""

    title: str = ""
    text: str = ""
    format: str = "markdown"


def app_key(services: Services, app: str) -> str:
    """Return the key of an app; it changes with SECRET_KEY, whose older values keep older keys good."""
    return f"{app}.{_proof(services.settings.secret_key[0], app)}"


def target_of(services: Services, key: object, remote_addr: str) -> PushTarget:
    """Return where the messages of a key go; raises RefusedError 401 for a wrong one, and 429 for whoever guesses."""
    group = address_group(remote_addr)
    target = _found(services, key) if isinstance(key, str) and 0 < len(key) <= LONGEST_KEY else None
    if target is None:
        wait = services.rate_limits.hit(WRONG_KEYS_PER_ADDRESS, "wrong_push_key", group)
        note_refused(services, remote_addr, reason=WRONG_TOKEN)
        if wait is not None:
            raise _too_many(wait)
        raise RefusedError(
            "unauthorized", "This key is not known here; compare it with [[push_keys]].", http_status=401
        )
    wait = services.rate_limits.hit(target.rate.replace("/", " per "), "push_key", target.name)
    if wait is not None:
        raise _too_many(wait)
    return target


def push(services: Services, target: PushTarget, said: Said, *, idempotency_key: str | None = None) -> str:
    """Store a message for a key's recipients and return its id; raises RequestError in words."""
    if not target.channels:
        raise RequestError("no_recipient", "Nobody is bound to this app on a channel that sends.")
    body: dict[str, Any] = {
        "channels": list(target.channels),
        "title": one_line(said.title),
        "text": said.text,
        "format": said.format,
    }
    if target.to:
        body["to"] = list(target.to)
    if target.fallback:
        body["fallback"] = True
    return accept_message(services, body, Order(f"push:{target.name}", idempotency_key)).id


def _found(services: Services, key: str) -> PushTarget | None:
    """Compare with every key, so that the time says nothing about which one was nearly right."""
    found = None
    for each in services.push_keys:
        if same_secret(key, each.key.get_secret_value()) and found is None:
            found = PushTarget(each.name, each.channels, each.to, each.rate, each.fallback)
    return found or _target_of_app(services, key)


def _target_of_app(services: Services, key: str) -> PushTarget | None:
    app, _, proof = key.rpartition(".")
    fitting = [secret for secret in services.settings.secret_key if same_secret(proof, _proof(secret, app))]
    if not app or not fitting:
        return None
    with services.database.read() as tx:
        bound: Sequence[str] = channels_of_app(tx, app)
    able = tuple(name for name in bound if _sends_to_people(services, name))
    return PushTarget(f"app:{app}", able, ({"app": app},), APP_RATE)


def _sends_to_people(services: Services, name: str) -> bool:
    channel = services.channels.get(name)
    sender = None if channel is None else channel.as_capability(Sender)
    return sender is not None and OPEN_ID in sender.recipient_kinds


def _proof(secret: str, app: str) -> str:
    digest = hmac.digest(secret.encode(), b"callgate app key\x00" + app.encode(), hashlib.sha256)
    return b32encode(digest).decode()[:PROOF_LENGTH].lower()


def _too_many(wait: int) -> RefusedError:
    message = "Too many messages or wrong keys; wait a little."
    return RefusedError("rate_limited", message, http_status=429, retry_after=wait)
