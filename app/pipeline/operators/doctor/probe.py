"""The gateway's question to itself: a request whose bytes it knows, sent through its own public address.

Who asks signs a token with SECRET_KEY; the gateway that takes it answers what arrived, as digests, and proves that it has the same key.
A token works once, for a minute, and for nothing else.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from app.core.errors import RefusedError
from app.core.values import InboundRequest
from app.pipeline.services import Services
from app.security.addresses import address_group
from app.security.signatures import hmac_sha256, same_secret, sha256_hex
from app.security.vault import derive_key
from app.storage.inbox.nonces import use_nonce

WELL_KNOWN, BESIDE_CALLBACKS = "/.well-known/callgate-probe", "/webhooks/callgate-probe"
"""Where a gateway answers: like its pages, and like its callbacks, since a proxy may send one way and not the other."""

PURPOSE = "callgate probe"
PROBES_PER_ADDRESS = "30 per minute"
NONCE_CHANNEL = "(probe)"
"""No channel can be called so."""

LIFETIME_SECONDS = 60
NONCE_BYTES = 16
LONGEST_TOKEN = 128
MOST_BODY = 16_384
TOKEN_HEADER, TOKEN_QUERY = "X-Callgate-Probe", "probe"
"""Two places, so that a proxy which takes one away is found out and not taken for another gateway."""

BODY = (
    '{"text":"飞书 企业微信 é \\u00e9 \\/","spaces":  [ 1 , 2.0, 1e3 ],\r\n"html":"<b>&amp;</b> a+b%20c",\t"empty":""}\n'
    + "x" * 2048
).encode()
"""What proxies, firewalls and gateways of others like to tidy: blanks, line ends, escapes, numbers, markup, an odd end."""

PRETENDED = "192.0.2.77"
"""An address of documentation (RFC 5737): no gateway may take it for the caller's because the caller says so."""

HEADERS: Mapping[str, str] = {
    "Content-Type": "application/json; charset=utf-8",
    "Authorization": "Bearer callgate-probe",
    "X-Signature": "sha256=" + "5f" * 32,
    "X-Hub-Signature-256": "sha256=" + "6a" * 32,
    "X-Lark-Signature": "7b" * 32,
    "Webhook-Signature": "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=",
    "Wechatpay-Signature": "mfI1CPqvBrgcXfgXMFjdNIhBf27ACE2YyeWsWV9ZI7T7RU0vHvbQpu9Z32ogzc+k" * 5,
    "Stripe-Signature": "t=1492774577,v1=" + "8c" * 32 + ",v0=" + "9d" * 32,
}
"""Headers as platforms send their proofs in: their shapes are what proxies trip over."""


class Refused(RefusedError):
    """The token of a probe is none of ours, was used before, or its minute is over."""


class Echo(NamedTuple):
    """What a gateway says that arrived."""

    headers: Mapping[str, str]
    body: str
    length: int
    is_secure: bool
    address: str
    hops: int
    is_pretended_kept: bool
    environment: str


@dataclass(frozen=True, slots=True)
class Probe:
    """One question: its token, and what proves the answer."""

    token: str
    proof: str
    headers: Mapping[str, str] = field(default_factory=dict)


def make_probe(services: Services) -> Probe:
    """Return a question that this gateway, and every other with the same SECRET_KEY, answers once."""
    key = _keys(services)[0]
    nonce = secrets.token_hex(NONCE_BYTES)
    ends = int(services.clock.now().timestamp()) + LIFETIME_SECONDS
    token = f"{nonce}.{ends}.{_mac(key, 'token', nonce, str(ends))}"
    headers = {**HEADERS, TOKEN_HEADER: token, "X-Forwarded-For": PRETENDED}
    return Probe(token, _mac(key, "answer", nonce, str(ends)), headers)


def answer_probe(
    services: Services, request: InboundRequest, token: str, *, is_secure: bool
) -> dict[str, Any]:
    """Return what arrived, for a token of ours; raises Refused, or RefusedError 429 for an address that asks too often."""
    caller = address_group(request.remote_addr)
    wait = services.rate_limits.hit(PROBES_PER_ADDRESS, "probe", caller)
    if wait is not None:
        raise RefusedError(
            "rate_limited", "Too many probes from your address.", http_status=429, retry_after=wait
        )
    proof = _spend(services, token)
    arrived = {name.lower(): value for name, value in request.headers}
    hops = [part.strip() for part in arrived.get("x-forwarded-for", "").split(",") if part.strip()]
    return {
        "proof": proof,
        "environment": services.settings.app_env,
        "headers": {
            name: sha256_hex(arrived[name.lower()].encode("utf-8", "surrogatepass"))
            for name in HEADERS
            if name.lower() in arrived
        },
        "body": sha256_hex(request.body),
        "length": len(request.body),
        "is_secure": is_secure,
        "address": request.remote_addr,
        "hops": len(hops),
        "is_pretended_kept": PRETENDED in hops,
    }


def _spend(services: Services, token: str) -> str:
    """Return the proof of the answer to a token, which then works no more; raises Refused."""
    parts = token.split(".") if len(token) <= LONGEST_TOKEN else []
    keys = [key for key in _keys(services) if len(parts) == 3 and _is_of(key, parts)]  # noqa: PLR2004 - nonce.end.mac
    if not keys:
        raise _refused()
    now = services.clock.now()
    ends = int(parts[1])
    if not now.timestamp() <= ends <= now.timestamp() + LIFETIME_SECONDS * 2:
        raise _refused()
    expires_at = now.fromtimestamp(ends + LIFETIME_SECONDS, now.tzinfo)
    with services.database.begin() as tx:
        if not use_nonce(tx, NONCE_CHANNEL, parts[0], expires_at):
            raise _refused()
    return _mac(keys[0], "answer", parts[0], parts[1])


def _is_of(key: bytes, parts: Sequence[str]) -> bool:
    nonce, ends, mac = parts
    return same_secret(mac, _mac(key, "token", nonce, ends)) and ends.isascii() and ends.isdigit()


def _refused() -> Refused:
    return Refused(
        "bad_probe",
        "This is no probe of this gateway, or one that was used; `flask doctor` sends them.",
        http_status=403,
    )


def _keys(services: Services) -> list[bytes]:
    return [derive_key(secret, PURPOSE) for secret in services.settings.secret_key]


def _mac(key: bytes, *words: str) -> str:
    return hmac_sha256(key, "\0".join(words).encode("utf-8", "surrogatepass")).hex()


def read_echo(probe: Probe, content: Mapping[str, Any]) -> Echo | None:
    """Return what arrived; None where the answer is not of a gateway with this SECRET_KEY."""
    if not same_secret(str(content.get("proof", "")), probe.proof):
        return None
    headers = content.get("headers")
    return Echo(
        headers=headers if isinstance(headers, Mapping) else {},
        body=str(content.get("body", "")),
        length=int(content.get("length", 0)),
        is_secure=content.get("is_secure") is True,
        address=str(content.get("address", ""))[:64],
        hops=int(content.get("hops", 0)),
        is_pretended_kept=content.get("is_pretended_kept") is True,
        environment=str(content.get("environment", ""))[:16],
    )


def changed_headers(echo: Echo) -> list[str]:
    """Return the names of headers that did not arrive as they were sent."""
    return [name for name, value in HEADERS.items() if echo.headers.get(name) != sha256_hex(value.encode())]


def is_body_changed(echo: Echo) -> bool:
    """Say whether the body arrived with other bytes."""
    return echo.body != sha256_hex(BODY)
