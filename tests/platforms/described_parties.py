"""Parties whose callbacks are data and whose sending is code: proof of any body by the simulator's signer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from app.core.values import InboundRequest
from sandbox.sources.files import source
from sandbox.sources.signing import fire
from tests.platforms.deliveries import NOW

ADDRESS = "https://gateway.example/webhooks/"


def prover(slug: str, settings: Mapping[str, Any]) -> Callable[[bytes], InboundRequest]:
    """Return what signs a body as the simulator does; a body is written letter by letter, so that any bytes will do."""

    def prove(body: bytes) -> InboundRequest:
        described = source(slug)
        said = {**described, "sample": {**described["sample"], "body": RawText(body)}}
        made = fire(
            said, now=NOW.timestamp(), identifier="evt-1", address=ADDRESS + slug, settings=dict(settings)
        )
        return InboundRequest(
            "POST", f"/webhooks/{slug}", "", tuple(made.headers.items()), made.body, "203.0.113.9", NOW
        )

    return prove


class RawText(str):
    """Bytes in the place of a sample's text: nothing is filled in, and they come out as they went in."""

    __slots__ = ("raw",)
    raw: bytes

    def __new__(cls, raw: bytes) -> RawText:
        made = super().__new__(cls, raw.decode("latin-1"))
        made.raw = raw
        return made

    def replace(self, *_: Any, **__: Any) -> RawText:
        return self

    def encode(self, *_: Any, **__: Any) -> bytes:
        return self.raw
