"""A described source as a platform: what a channel with `platform = "<slug>"`, or a description on the spot, is opened by."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import structlog
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from app.core.consoles import Console
from app.core.ports import PlatformSpec
from app.wire.sources.catalogue import Source, check_description, with_what_is_allowed
from app.wire.sources.connector import UNCONFIRMED, DescribedSource, open_source
from app.wire.sources.description import Signature
from app.wire.sources.proof_words import address_end
from app.wire.sources.settings import SourceSettings, settings_model

DOCS = "docs/sources.md"
SHORTEST_MARGIN = 0.5
"""Seconds of a sender's deadline that are left for the way back."""

log = structlog.get_logger(__name__)


def described_platform(source: Source, base_url: str, *, page: str = "") -> PlatformSpec:
    """Return the platform of a source's file; `base_url` is this gateway's public address, `page` is about the source, if there is one."""
    return PlatformSpec(
        slug=source.slug,
        display_name=source.name,
        docs_url=page or source.console or DOCS,
        settings=settings_model(source.signature, source.slug),
        open=partial(_open, source, base_url),
        console=Console(
            source.console,
            checks_address=bool(source.signature.handshakes),
            address_end=address_end(source.signature),
        ),
    )


def _open(source: Source, base_url: str, name: str, settings: SourceSettings) -> DescribedSource:
    is_sure = source.confidence == "source"
    if not is_sure:
        log.warning("unconfirmed_source", channel=name, source=source.slug, detail=UNCONFIRMED)
    opened = open_source(
        source.signature, settings, _address(base_url, name), advice=None if is_sure else UNCONFIRMED
    )
    if source.deadline_s is not None:
        opened.answer_within = max(source.deadline_s - SHORTEST_MARGIN, SHORTEST_MARGIN)
    opened.retries_failed_answers = source.retries
    return opened


def _address(base_url: str, name: str) -> str:
    return f"{base_url}/webhooks/{name}"


class SpotTable(BaseModel):
    """The table of a channel that describes its source itself; the keys beside `signature` are typed by what that says."""

    model_config = ConfigDict(frozen=True, extra="allow", hide_input_in_errors=True)

    signature: Signature = Field(description="The description; docs/sources.md has its words.")

    @field_validator("signature")
    @classmethod
    def _makes_sense(cls, signature: Signature) -> Signature:
        check_description(signature)
        return signature


class SpotSettings:
    """Types the keys of such a channel; stands where other platforms have their model."""

    def __init__(self, kind: str):
        self._kind = kind

    def may_be_empty(self) -> frozenset[str]:
        """Name the keys without which the channel only takes no callbacks."""
        return frozenset({"secret", "public_key", "username", "password", "encrypt_key"})

    def model_validate(self, values: Mapping[str, Any]) -> SourceSettings:
        """Return the typed keys; raises ValidationError with the key at fault and what is allowed there."""
        said = values.get("signature")
        given = (
            {**values, "signature": {"kind": self._kind, **said}} if isinstance(said, dict) else dict(values)
        )
        try:
            table = SpotTable.model_validate(given)
        except ValidationError as error:
            raise with_what_is_allowed(error) from None
        return settings_model(table.signature, "spot").model_validate(table.model_extra or {})


def platform_on_the_spot(kind: str, base_url: str) -> PlatformSpec:
    """Return the platform whose channels describe their source themselves; `kind` is the default of that key."""
    return PlatformSpec(
        slug=kind,
        display_name=f"Described source ({kind})",
        docs_url=DOCS,
        settings=SpotSettings(kind),  # type: ignore[arg-type]  # asked for what a model is asked for
        open=lambda name, settings: open_source(settings.signature, settings, _address(base_url, name)),
    )
