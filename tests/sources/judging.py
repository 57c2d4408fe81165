"""Puts one request through a described source as the gateway's pipeline does, and says what became of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from app.core.errors import RequestError
from app.core.ports import BatchSource, SetUpSource
from app.core.values import InboundRequest, ParsedEvent, Reply
from app.platforms import catalogue
from app.security.signatures import matching
from app.wire.sources.catalogue import Source
from app.wire.sources.connector import DescribedSource, open_source
from app.wire.sources.settings import settings_model

SLUGS = sorted(catalogue())


def source_of(slug: str) -> Source:
    return catalogue()[slug]


@cache
def model_of(slug: str) -> Any:
    return settings_model(source_of(slug).signature, slug)


def opened(slug: str, settings: dict[str, Any], address: str | None = None) -> DescribedSource:
    return _opened(slug, json.dumps(settings), address or f"https://gateway.example/webhooks/{slug}")


@cache
def _opened(slug: str, settings: str, address: str) -> DescribedSource:
    return open_source(
        source_of(slug).signature, model_of(slug).model_validate(json.loads(settings)), address
    )


@dataclass(frozen=True)
class Judged:
    """`outcome` is accept, refuse or handshake; `is_proven` says that only the reading of the event failed."""

    outcome: str
    reply: Reply | None = None
    events: tuple[ParsedEvent, ...] = ()
    why: str = ""
    is_proven: bool = False


def judge(source: Any, request: InboundRequest, now: datetime) -> Judged:
    is_proven = False
    try:
        if request.method not in source.methods:
            return Judged("refuse", why="method")
        for each in source.handshakes if isinstance(source, SetUpSource) else ():
            if (reply := each.answer(request, now)) is not None:
                return Judged("handshake", reply)
        verified = source.verify(request, now)
        for each in verified.requirements:
            expected = [value for value in each.expected if value]
            if each.given is None or matching(each.given, expected) is None:
                return Judged("refuse", why=f"wrong_{each.name}")
        is_proven = True
        if (reply := source.challenge(request, verified)) is not None:
            return Judged("handshake", reply)
        events = (
            tuple(source.parse_batch(request, verified))
            if isinstance(source, BatchSource)
            else (source.parse(request, verified),)
        )
    except RequestError as error:
        return Judged(
            "refuse", why=f"{getattr(error, 'reason', error.code)}: {error.explain()}", is_proven=is_proven
        )
    return Judged("accept", events=events, is_proven=True)
