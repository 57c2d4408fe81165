"""Sources, senders that are described by data, as operators see them; judging one recorded request by a description.

Nothing is stored and nobody is called. Keys that are given for a trial are used for it and kept nowhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError

from app import platforms
from app.config.channels import fault_sentences
from app.config.environment import read_environment
from app.config.home import SOURCES_FOLDER, home_of
from app.config.platform_settings import configured_secrets
from app.core.errors import RefusedError, RequestError
from app.core.values import InboundRequest
from app.wire.sources.catalogue import Source
from app.wire.sources.connector import DescribedSource, open_source
from app.wire.sources.coverage import coverage_of
from app.wire.sources.explaining import Trial, try_request
from app.wire.sources.settings import SourceSettings, settings_model

NEEDED_PARTS = 2
MOST_HEADERS = 200
LINE_END = (
    "Without the line end at the end of the request's file it is taken: record the body exactly as it came."
)


def every_source() -> Mapping[str, Source]:
    """Return every source by its slug, an operator's own ones first."""
    own = platforms.own_catalogue(home_of(read_environment()) / SOURCES_FOLDER)
    return {slug: source for each in (own, platforms.catalogue()) for slug, source in each.items()}


def find_source(slug: str) -> Source:
    """Return one source; raises RefusedError 404 with slugs that are alike."""
    known = every_source()
    found = known.get(slug.replace("_", "-"))
    if found is None:
        alike = get_close_matches(slug[:64], known, n=3)
        guess = f" Do you mean {' or '.join(alike)}?" if alike else ""
        raise RefusedError(
            "unknown_source",
            f"There is no source {slug[:64]!r}; see `flask sources list`.{guess}",
            http_status=404,
        )
    return found


def source_line(source: Source) -> dict[str, Any]:
    """Return a source as lists show it."""
    named = ("slug", "name", "name_zh", "region", "confidence")
    return {name: getattr(source, name) for name in named} | {"kind": source.signature.kind}


def source_view(source: Source, base: str) -> dict[str, Any]:
    """Return one source: its proof, its address, its keys, and where the facts come from."""
    return source_line(source) | {
        "callback_url": f"{base}/webhooks/<channel>",
        "console": source.console or None,
        "covers": coverage_of(source.signature).value,
        "event_key": source.signature.id or None,
        "event_type": source.signature.type or None,
        "deadline_s": source.deadline_s,
        "facts": source.facts or None,
        "read": source.read or None,
        "note": source.note or None,
        "note_zh": source.note_zh or None,
        "keys": {
            name: field.description or ""
            for name, field in settings_model(source.signature, source.slug).model_fields.items()
        },
    }


def try_source(source: Source, raw: bytes, keys: Mapping[str, str], *, now: datetime, base: str) -> Trial:
    """Judge one request, given as it stands on the wire, and say what was signed; keys that are not given are made-up ones.

    Raises RequestError for a request or keys that cannot be read.
    """
    request = read_request(raw, now)
    return judge(open_with_keys(source, keys, request, base=base), request, now)


def open_with_keys(
    source: Source, keys: Mapping[str, str], request: InboundRequest, *, base: str
) -> DescribedSource:
    """Open a source for one request; keys that are not given are made-up ones. Raises RequestError for bad keys."""
    settings = _settings(source, dict(source.sample.settings) | dict(keys))
    channel = request.path.split("/")[2] if request.path.startswith("/webhooks/") else source.slug
    return open_source(source.signature, settings, f"{base}/webhooks/{channel}")


def secrets_of_keys(source: Source, keys: Mapping[str, str]) -> frozenset[str]:
    """Return the secrets among keys that are given for a trial; raises RequestError for bad keys."""
    return configured_secrets(_settings(source, dict(source.sample.settings) | dict(keys)))


def judge(opened: DescribedSource, request: InboundRequest, now: datetime) -> Trial:
    """Judge one request by an opened source; where only a line end too many stands in its way, that is said."""
    trial = try_request(opened, request, now)
    shorter = request._replace(body=request.body.rstrip(b"\r\n"))
    if not trial.is_taken and shorter.body != request.body and try_request(opened, shorter, now).is_taken:
        return trial._replace(sentences=[*trial.sentences, LINE_END])
    return trial


def _settings(source: Source, given: Mapping[str, Any]) -> SourceSettings:
    model = settings_model(source.signature, source.slug)
    try:
        settings = model.model_validate(given)
    except ValidationError as error:
        known = f"Known keys: {', '.join(model.model_fields)}."
        raise RequestError("bad_keys", "\n".join([*fault_sentences(error), known])) from None
    if (missing := settings.missing_signature_secret()) is not None:
        raise RequestError("bad_keys", f"{missing} is not given; add --set {missing}=…")
    return settings


def read_request(raw: bytes, now: datetime) -> InboundRequest:
    """Read a request as it stands on the wire; the lines of its head may end without a carriage return. Raises RequestError."""
    marks = [(raw.find(mark), len(mark)) for mark in (b"\r\n\r\n", b"\n\n")]
    at, length = min((each for each in marks if each[0] >= 0), default=(len(raw), 0))
    first, *lines = raw[:at].decode("latin-1").splitlines() or [""]
    words = first.split(" ")
    if len(words) < NEEDED_PARTS:
        raise RequestError(
            "bad_request", "A request begins with a line such as `POST /webhooks/shop HTTP/1.1`."
        )
    path, _, query = words[1].partition("?")
    headers = tuple(
        (name.strip(), value.strip())
        for name, _, value in (line.partition(":") for line in lines[:MOST_HEADERS])
    )
    return InboundRequest(words[0], path, query, headers, raw[at + length :], "127.0.0.1", now)
