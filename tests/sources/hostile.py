"""What a forger would send, chosen by a source's own scheme: made from its signed sample, each one to be refused."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qsl, quote_plus

from app.core.values import Coverage, InboundRequest
from sandbox.sources.files import source as described
from tests.sources.firing import fired, with_query
from tests.sources.judging import opened

Case = tuple[str, InboundRequest, dict[str, Any]]
Change = Callable[[str], str]


def hostile_cases(slug: str) -> Iterator[Case]:
    """Yield the name of a forgery, the request, and the keys of the channel it is sent to."""
    request, keys = fired(slug)
    yield from _by_proof(slug, request, keys)
    yield from _by_key(slug, request, keys)
    yield from _by_time(slug, keys)
    if opened(slug, keys).signature_covers is Coverage.BODY:
        yield from _by_body(slug, request, keys)


def _by_proof(slug: str, request: InboundRequest, keys: dict[str, Any]) -> Iterator[Case]:
    proof = proof_of(slug, request, keys)
    changes: dict[str, Change] = {
        "empty": lambda _: "",
        "cut": lambda text: text[:-3],
        "prolonged": lambda text: text + "a",
        "first letter changed": lambda text: ("B" if text[0] in "aA" else "A") + text[1:],
        "last letters changed": lambda text: text[:-4] + "".join("1" if each != "1" else "2" for each in text[-4:-1]) + text[-1],
        "a blank": lambda _: " ",
        "not ASCII": lambda _: "é" * 20,
        "a digest without a key": lambda _: hashlib.sha256(request.body).hexdigest(),
        "a star": lambda _: "*",
        "null": lambda _: "null",
    }  # fmt: skip
    yield "missing", with_proof(slug, request, keys, None), keys
    for name, change in changes.items():
        yield name, with_proof(slug, request, keys, change(proof)), keys
    place = place_of(slug, keys)
    if place.startswith("header:"):
        name = header_name(place)
        doubled = request._replace(headers=(*request.headers, (name.upper(), "other")))
        yield "doubled header", doubled, keys
        moved = with_proof(slug, request, keys, None)
        yield "in the query instead", with_query(moved, **{name: proof}), keys


def _by_key(slug: str, request: InboundRequest, keys: dict[str, Any]) -> Iterator[Case]:
    for name in ("secret", "app_token", "path_secret", "password", "username"):
        if isinstance(keys.get(name), str) and name in _own_keys(slug):
            other = _other_secret(keys[name])
            yield f"made with another {name}", request, {**keys, name: other}
    if "secret" in keys:
        yield "no secret but an empty one", request, {**keys, "secret": [""]}
    if "public_key" in keys and "secret" not in keys:
        yield (
            "made with another key",
            request,
            {**keys, "public_key": OTHER_KEYS[described(slug)["signature"]["kind"]]},
        )


def _own_keys(slug: str) -> set[str]:
    signature = described(slug)["signature"]
    return {
        signature.get("secret_setting", "secret"),
        *({"username", "password"} if signature.get("kind") == "basic" else ()),
    }


def _other_secret(secret: str) -> str:
    return secret[:-6] + ("234567" if not secret.endswith("234567") else "765432")


def _by_time(slug: str, keys: dict[str, Any]) -> Iterator[Case]:
    signature = described(slug)["signature"]
    has_window = "tolerance_s" in signature and ("timestamp" in signature)
    if (
        has_window
        or "expires_after" in signature
        or "timestamp_is" in signature
        or signature.get("jwt", {}).get("expires")
    ):
        yield "a day old", fired(slug, seconds=-86_400)[0], keys
    if has_window:
        yield "a day ahead", fired(slug, seconds=86_400)[0], keys


def _by_body(slug: str, request: InboundRequest, keys: dict[str, Any]) -> Iterator[Case]:
    body = request.body
    if not body:
        return
    other = fired(slug, identifier="evt-other")[0].body
    middle = len(body) // 2
    changed = body[:middle] + bytes([body[middle] ^ 1]) + body[middle + 1 :]
    yield "one byte changed", request._replace(body=changed), keys
    yield "half of the body", request._replace(body=body[:middle]), keys
    yield "no body", request._replace(body=b""), keys
    if other != body and place_of(slug, keys).startswith(("header:", "query:")):
        yield "the body of another event", request._replace(body=other), keys


def place_of(slug: str, keys: dict[str, Any]) -> str:
    """Return where the proof stands."""
    signature = described(slug)["signature"]
    if signature.get("kind") == "basic":
        return "header:Authorization"
    if signature.get("jwt", {}).get("is_body"):
        return "body"
    places = (
        signature.get("signature_place") or f"header:{signature['signature_header'].split('|')[0]}"
    ).split("|")
    place = next((each for each in places if not _is_unset(each, keys)), places[0])
    return re.sub(r"<(\w+)>", lambda match: str(keys.get(match[1], "")), place).replace("{n}", "1")


def _is_unset(place: str, keys: dict[str, Any]) -> bool:
    setting = re.search(r"<(\w+)>", place)
    return setting is not None and not keys.get(setting[1])


def header_name(place: str) -> str:
    return place.partition(":")[2]


def proof_of(slug: str, request: InboundRequest, keys: dict[str, Any]) -> str:
    """Return the whole text at the place of the proof."""
    source, _, name = place_of(slug, keys).partition(":")
    if source == "header":
        return next(value for key, value in request.headers if key.lower() == name.lower())
    if source == "body":
        return request.body.decode()
    if source == "path":
        return request.path.rpartition("/")[2]
    if source == "xml":
        return re.findall(rf"<{name}>(.*?)</{name}>", request.body.decode())[0]
    if source in ("query", "form", "params"):
        raw = request.query_string if source == "query" or not request.body else request.body.decode()
        return dict(parse_qsl(raw))[name]
    text = request.body.decode().split("\n", maxsplit=1)[0]
    found: Any = json.loads(text)
    for step in name.replace("[]", ".0").strip(".").split("."):
        found = found[int(step)] if isinstance(found, list) else found if step == "0" else found[step]
    return str(found)


def with_proof(slug: str, request: InboundRequest, keys: dict[str, Any], text: str | None) -> InboundRequest:
    """Return the request with another text, or none, at the place of the proof."""
    source, _, name = place_of(slug, keys).partition(":")
    proof = proof_of(slug, request, keys)
    if source == "header":
        others = tuple(pair for pair in request.headers if pair[0].lower() != name.lower())
        return request._replace(headers=others if text is None else (*others, (name, text)))
    if source == "path":
        return request._replace(path=request.path.rpartition("/")[0] + (f"/{text}" if text else ""))
    if source == "body":
        return request._replace(body=(text or "").encode())
    if source in ("query", "params") and not (source == "params" and request.body):
        return with_query(request, **{name: text})
    body, new = request.body.decode(), text or ""
    if source in ("form", "params"):
        written = f"{name}={quote_plus(proof)}"
        return request._replace(
            body=body.replace(written, f"{name}={quote_plus(new)}" if text is not None else "").encode()
        )
    return request._replace(body=body.replace(proof, new.replace('"', "")).encode())


OTHER_KEYS = {
    "ed25519": "44821895383f72029c9cc2b79a5e863b120fafe38a120f9607143f357f6f00b5",
    "ecdsa": """-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEQWhBtswJL1swSRIyuXlUKI0RZgVk
q5JTJBZlVT0+9FLPV1v5TE54X586BApDIh1vfhI3BHw0rlcU+nwVfqCjSA==
-----END PUBLIC KEY-----""",
    "rsa": """-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAyDVpw8cO5qd3PzRuEUSP
91H3t9R7Pp08Rm9el8VfzfBHMeNoD9yXqP/VfPTCkyn9D44pkgvK1QtULM1TVV4c
OEDFVxyDgfNUQYClpGg5N+kl5DJWfPM0m5XtJbfjoaNfrwVg3KZUifFt7yIhvk1b
vAijC0ru+JDTEL181pEsUn74ZcZiHGdBb++V8th9Epw7TkceqhDurUwoD6bwqT8k
bb+XJPTaME4BMLGtM3DAEHKU8MbCLLwIqG5Db6YqdfsjrJ5Dge+JFeLgRvDbVfT9
LiidxQKDuhWrraiAkOBRblP0CRFfVbXXJaSIZF0qJ83hltFhQ7z/q+XZTQUSONta
ewIDAQAB
-----END PUBLIC KEY-----""",
}
