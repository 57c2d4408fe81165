"""The reasons of refusals in the reader's language: what happened, and what to do about it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from app.pipeline.channels import channel_path
from app.pipeline.operators.channel_keys import inbound_keys
from app.pipeline.operators.cure_words import Words
from app.pipeline.operators.cures import cure_for, filled
from app.pipeline.services import Services
from app.web.languages import LANGUAGES, current_language


class Remedy(NamedTuple):
    """A cause and what cures it, in one language; what is typed as it stands is between backticks."""

    cause: str
    cure: str


class Refusal(NamedTuple):
    """What was refused: the word of its reason, its channel, and what its headers and its body's length tell."""

    reason: str
    channel: str
    headers: Sequence[Sequence[str]] = ()
    body_length: int = 0


def remedy_for(services: Services, refusal: Refusal) -> Remedy:
    """Return what a refusal means and what helps."""
    found = cure_for(refusal.reason, refusal.headers, refusal.body_length)
    channel = services.channels.get(refusal.channel)
    keys = [] if channel is None else inbound_keys(channel.config, channel.spec)
    address = services.settings.public_base_url + channel_path(refusal.channel)
    cause, cure = (_said(filled(words, keys=keys, address=address)) for words in (found.cause, found.cure))
    return Remedy(cause, cure)


def _said(words: Words) -> str:
    return words.english if current_language() == LANGUAGES[0] else words.chinese
