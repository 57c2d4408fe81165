"""Signs the sample of a described source as the source would: keys, digests, tokens, key pairs; and puts the proof in its place."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import cache
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

from sandbox.sources.draft import Draft
from sandbox.sources.types import UNNAMED, put_type
from sandbox.sources.wording import WORD, signed_text, value_of


@dataclass
class Fired:
    """A signed request, and the keys with which a gateway's channel takes it."""

    method: str
    rest: str
    query_string: str
    headers: dict[str, str]
    body: bytes
    settings: dict[str, Any] = field(default_factory=dict)


def fire(
    source: dict[str, Any],
    *,
    now: float,
    identifier: str,
    address: str,
    settings: dict[str, Any] | None = None,
    event_type: str = UNNAMED,
) -> Fired:
    """Returns the sample of a source, signed at a time; `identifier` makes it a new event, `event_type` another one."""
    sample, signature = source["sample"], source["signature"]
    own = {**sample.get("settings", {}), **(settings or {})}
    words = {"id": identifier, "now": str(int(now)), "now_ms": str(int(now * 1000))}
    draft = Draft(sample, own, words, address)
    put_type(source, draft, event_type)
    extra = public_settings(signature)
    _put_time(signature, draft, now)
    if signature.get("each_is_signed"):
        _sign_each(signature, draft, now)
    else:
        _put_checks(signature, draft, now)
        _sign(signature, draft, now)
    return Fired(draft.method, draft.rest, draft.query_string, draft.headers, draft.body, own | extra)


def time_text(signature: dict[str, Any], now: float) -> str:
    """Returns the signed time as this source writes it."""
    if signature.get("timestamp_is") == "expiry":
        now += 300
    moment = datetime.fromtimestamp(now, UTC)
    return {
        "s": str(int(now)),
        "ms": str(int(now * 1000)),
        "iso": moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "http-date": format_datetime(moment, usegmt=True),
        "beijing": (moment + timedelta(hours=8)).strftime("%Y-%m-%d %H:%M:%S"),
    }[signature.get("timestamp_unit", "s")]


def _put_time(signature: dict[str, Any], draft: Draft, now: float) -> None:
    place = signature.get("timestamp", "").split("|")[0]
    if place and "@" not in place:
        draft.add(place, time_text(signature, now))


def _put_checks(signature: dict[str, Any], draft: Draft, now: float) -> None:
    for place, template in signature.get("checks", {}).items():
        if not place.startswith("json:"):
            draft.add(place, signed_text(template, draft, "", time_text(signature, now)).decode())


def _sign_each(signature: dict[str, Any], draft: Draft, now: float) -> None:
    split = signature["split"]
    if split == "[lines]":
        lines = [json.loads(line) for line in draft.body.splitlines()]
        for draft.element in lines:
            for place, template in signature.get("checks", {}).items():
                draft.add(place, signed_text(template, draft, "", "").decode())
            _sign(signature, draft, now)
        draft.body = "\n".join(json.dumps(line) for line in lines).encode()
        return
    tree = draft.tree()
    for element in tree[split]:
        draft.element = element
        name = signature["signature_place"].rpartition("[].")[2]
        element[name] = secret_of(signature, draft)
    draft.body = json.dumps(tree).encode()


def secret_of(signature: dict[str, Any], draft: Draft) -> str:
    """Returns the secret, the first where there are several."""
    value = draft.settings.get(signature.get("secret_setting", "secret"), "")
    return str(value[0] if isinstance(value, list) else value)


def _sign(signature: dict[str, Any], draft: Draft, now: float) -> None:
    secret, time = secret_of(signature, draft), time_text(signature, now)
    if "@" in signature.get("timestamp", ""):
        time = str(int(now))
    _put_items(signature, draft, now)
    kind = signature.get("kind", "hmac")
    if kind == "basic":
        pair = f"{draft.settings['username']}:{draft.settings['password']}"
        draft.add("header:Authorization", "Basic " + base64.b64encode(pair.encode()).decode())
        return
    if kind == "token":
        text = secret
    elif kind == "jwt":
        text = _token(signature, draft, now)
        if signature["jwt"].get("is_body"):
            draft.body = text.encode()
            return
    else:
        identifier = _identifier(signature, draft)
        message = signed_text(signature.get("signed", "{body}"), draft, secret, time, identifier)
        text = encode(_raw(kind, signature, secret, message), signature.get("encoding", "hex"))
    draft.add(_place(signature, draft), _in_form(signature, draft, text))


def _identifier(signature: dict[str, Any], draft: Draft) -> str:
    place = signature.get("id", "").split("|")[0]
    return value_of(place, draft, "", "", "").decode() if "{id}" in signature.get("signed", "") else ""


def _place(signature: dict[str, Any], draft: Draft) -> str:
    place = signature.get("signature_place") or f"header:{signature['signature_header'].split('|')[0]}"
    for alternative in place.split("|"):
        name = alternative.partition(":")[2]
        if not name.startswith("<") or draft.settings.get(name[1:-1]):
            return alternative
    return place.split("|")[0]


def _in_form(signature: dict[str, Any], draft: Draft, text: str) -> str:
    form = signature.get("item_format", "{sig}")
    form = form if isinstance(form, str) else form[0]
    for match in WORD.finditer(form):
        if match[1].startswith("setting:"):
            form = form.replace(match[0], str(draft.settings[match[1][8:]]))
    item = form.replace("{sig}", text)
    if not draft.items:
        return item
    quote = '"' if '="{sig}"' in form else ""
    named = [
        value if name.isdigit() else f"{name}={quote}{value}{quote}" for name, value in draft.items.items()
    ]
    return signature.get("signature_prefix", "") + signature["separator"].join([*named, item])


def _put_items(signature: dict[str, Any], draft: Draft, now: float) -> None:
    """Makes up the parts that stand beside the signature and are signed."""
    for word in WORD.findall(signature.get("signed", "")):
        name = word.removeprefix("item:")
        if name != word and name not in draft.items:
            made = {
                "timestamp": str(int(now * 1000)),
                "nonce": hashlib.sha256(str(now).encode()).hexdigest()[:12],
            }
            draft.items[name] = made.get(name, str(draft.settings.get(name, "x")))


def key_of(form: str, secret: str) -> bytes:
    """Returns the key behind a secret."""
    if form == "hex":
        return bytes.fromhex(secret)
    if form == "sha1":
        return hashlib.sha1(secret.encode()).digest()
    if form == "md5hex":
        return hashlib.md5(secret.encode()).hexdigest().encode()
    if form.startswith("base64"):
        return base64.b64decode(secret.removeprefix(form[7:]))
    return secret.encode()


def _raw(kind: str, signature: dict[str, Any], secret: str, message: bytes) -> bytes:
    digest = signature.get("digest", "sha256")
    if kind == "hmac":
        return hmac.digest(key_of(signature.get("key", "text"), secret), message, digest)
    if kind == "digest":
        return hashlib.new(digest, message).digest()
    if kind == "ed25519":
        return (
            _seeded(secret).sign(message)
            if signature.get("key") == "repeat32"
            else _pairs()["ed25519"].sign(message)
        )
    chosen = hashes.SHA1() if digest == "sha1" else hashes.SHA256()  # noqa: S303 - as the platform does
    if kind == "ecdsa":
        return _pairs()["ecdsa"].sign(message, ec.ECDSA(chosen))
    return _pairs()["rsa"].sign(message, padding.PKCS1v15(), chosen)


def _seeded(secret: str) -> Any:
    seed = secret
    while len(seed) < 32:
        seed += seed
    return ed25519.Ed25519PrivateKey.from_private_bytes(seed[:32].encode())


@cache
def _pairs() -> dict[str, Any]:
    return {
        "ed25519": ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(32))),
        "ecdsa": ec.derive_private_key(0x1234567890ABCDEF, ec.SECP256R1()),
        "rsa": rsa.generate_private_key(65537, 2048),
    }


def encode(raw: bytes, encoding: str) -> str:
    """Writes a signature."""
    if encoding == "hex":
        return raw.hex()
    if encoding == "base64-hex":
        return base64.b64encode(raw.hex().encode()).decode()
    text = base64.b64encode(raw).decode()
    return text.translate(str.maketrans("+/", "-_")) if encoding == "base64url" else text


def public_settings(signature: dict[str, Any]) -> dict[str, Any]:
    """Returns the public halves that the gateway's channel needs."""
    kind = signature.get("kind", "hmac")
    if kind == "jwt" and signature.get("jwt", {}).get("algorithm", "HS256") != "HS256":
        numbers = _pairs()["rsa"].public_key().public_numbers()
        return {
            "jwks": {
                "keys": [
                    {
                        "kty": "RSA",
                        "kid": "sandbox",
                        "alg": "RS256",
                        "use": "sig",
                        "n": _number(numbers.n),
                        "e": _number(numbers.e),
                    }
                ]
            }
        }
    if kind in ("ed25519", "ecdsa", "rsa") and signature.get("key") != "repeat32":
        public = _pairs()[kind].public_key()
        pem = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        return {"public_key": pem.decode()}
    return {}


def _number(value: int) -> str:
    return encode(value.to_bytes((value.bit_length() + 7) // 8, "big"), "base64url").rstrip("=")


def _token(signature: dict[str, Any], draft: Draft, now: float) -> str:
    rule = signature["jwt"]
    claims: dict[str, Any] = {"iat": int(now), "exp": int(now) + 60}
    fill = lambda text: signed_text(text, draft, "", "").decode()  # noqa: E731
    issuer = rule.get("issuer", "")
    issuer = issuer if isinstance(issuer, str) else issuer[0]
    if issuer:
        claims["iss"] = fill(issuer)
    if rule.get("audience"):
        claims["aud"] = fill(rule["audience"])
    for name, template in rule.get("claims", {}).items():
        claims[name] = True if template == "true" else fill(template)
    if rule.get("is_body"):
        claims = draft.claims_of_body() | claims | {"event_id": draft.settings.get("event", f"event_{now}")}
        claims |= draft.claims
    algorithm = rule.get("algorithm", "HS256")
    header = {"alg": algorithm, "typ": "JWT"} | ({} if algorithm == "HS256" else {"kid": "sandbox"})
    parts = [encode(json.dumps(part).encode(), "base64url").rstrip("=") for part in (header, claims)]
    message = ".".join(parts).encode()
    if algorithm == "HS256":
        raw = hmac.digest(secret_of(signature, draft).encode(), message, "sha256")
    else:
        raw = _pairs()["rsa"].sign(message, padding.PKCS1v15(), hashes.SHA256())
    return f"{message.decode()}.{encode(raw, 'base64url').rstrip('=')}"
