"""Whatever the bytes, a described source raises our own errors or nothing; also when the bytes are signed."""

from __future__ import annotations

from typing import Any

import pytest

from app.core.values import InboundRequest
from sandbox.sources.files import source as described
from sandbox.sources.signing import fire
from tests.platforms.test_every_platform import HOSTILE_BODIES, HOSTILE_VALUES
from tests.sources.firing import NOW, fired
from tests.sources.judging import judge, opened
from tests.sources.shares import CHUNKS, schemes_of, shared_out

BODIES = {name: body for name, body in HOSTILE_BODIES.items() if len(body) < 200_000}


def signed_as(slug: str, body: str) -> InboundRequest | None:
    """Return the source's request around another body, None where its proof stands in a body that is none."""
    said = described(slug)
    try:
        made: Any = fire(
            said | {"sample": said["sample"] | {"body": body}},
            now=NOW.timestamp(), identifier="e", address=f"https://gateway.example/webhooks/{slug}",
        )  # fmt: skip
    except (ValueError, TypeError, KeyError, AttributeError, IndexError, RecursionError, LookupError):
        return None
    path = f"/webhooks/{slug}" + (f"/{made.rest}" if made.rest else "")
    return InboundRequest(
        made.method, path, made.query_string, tuple(made.headers.items()), made.body, "", NOW
    )


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_odd_bodies_with_and_without_proof_meet_our_own_errors(chunk: int) -> None:
    for slugs in schemes_of(chunk):
        for slug, names in shared_out({slug: list(BODIES) for slug in slugs}).items():
            request, keys = fired(slug)
            source = opened(slug, keys)
            for body in (BODIES[name] for name in names):
                judge(source, request._replace(body=body), NOW)
                signed = signed_as(slug, body.decode("utf-8", "replace").replace("\ufffd", "?"))
                if signed is not None:
                    judge(source, signed, NOW)


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_odd_headers_and_parameters_meet_our_own_errors(chunk: int) -> None:
    for slugs in schemes_of(chunk):
        for slug, values in shared_out(dict.fromkeys(slugs, HOSTILE_VALUES)).items():
            request, keys = fired(slug)
            source = opened(slug, keys)
            for value in values:
                for name, _ in request.headers:
                    others = tuple(pair for pair in request.headers if pair[0] != name)
                    judge(source, request._replace(headers=(*others, (name, value))), NOW)
                judge(source, request._replace(query_string=f"{request.query_string}&a={value}"), NOW)
                judge(source, request._replace(path=f"{request.path}/{value}"), NOW)
