"""What every habit shares: reading fields wherever a client puts them, and storing one message for a key."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from flask import Response, request

from app.core.errors import CallgateError, RefusedError, RequestError
from app.pipeline.sending.push import PushTarget, Said, push, target_of
from app.pipeline.services import Services
from app.security.strict_json import parse_json_object
from app.web.callbacks.reading import client_address, read_body

MOST_BYTES = 1_048_576
MOST_FIELDS = 200

Fields = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a client said, in our words."""

    key: object
    said: Said


def fields(*, lower: bool = False) -> dict[str, Any]:
    """Return the fields of the query with those of the body (JSON object or form) over them; raises RequestError 400.

    `lower` takes names of any case (Bark).
    """
    raw = read_body(request.environ, MOST_BYTES)
    found: dict[str, Any] = dict(request.args.items()) | _of_body(raw)
    if len(found) > MOST_FIELDS:
        raise RequestError("bad_request", f"More than {MOST_FIELDS} fields.")
    return {name.lower(): value for name, value in found.items()} if lower else found


def _of_body(raw: bytes) -> dict[str, Any]:
    text = raw.strip()
    if not text:
        return {}
    if text.startswith(b"{"):
        try:
            return parse_json_object(raw)
        except ValueError as error:
            raise RequestError("bad_json", f"The body must be one JSON object in UTF-8: {error}.") from error
    try:
        pairs = parse_qsl(
            raw.decode("utf-8"), keep_blank_values=True, strict_parsing=False, max_num_fields=MOST_FIELDS
        )
    except ValueError as error:
        raise RequestError(
            "bad_request", f"The form cannot be read; it must be UTF-8 and have {MOST_FIELDS} fields at most."
        ) from error
    return dict(pairs)


def text_of(found: Fields, *names: str) -> str:
    """Return the first of these fields that says something; numbers as text, everything else as nothing."""
    for name in names:
        value = found.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return str(value)
        if isinstance(value, str) and value.strip():
            return value
    return ""


def target(services: Services, key: object) -> PushTarget:
    """Return where the messages of a key go; raises RefusedError 401 and 429."""
    return target_of(services, key, client_address(request.environ, services.settings.trusted_proxies))


def store(services: Services, asked: Asked) -> str:
    """Store one message and return its id; raises CallgateError."""
    found = target(services, asked.key)
    return push(services, found, asked.said, idempotency_key=request.headers.get("Idempotency-Key"))


def answered(work: Callable[[], Response], refused: Callable[[CallgateError], Response]) -> Response:
    """Return a habit's answer, or its words for a refusal, with when to come again; what is wrong here (500) stays ours to tell."""
    try:
        return work()
    except (RequestError, RefusedError) as error:
        response = refused(error)
        if error.retry_after is not None:
            response.headers["Retry-After"] = str(error.retry_after)
        return response
