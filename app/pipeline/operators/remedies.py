"""Cause and cure of one kept refusal, with the names of its channel's keys and its address put in."""

from __future__ import annotations

from collections.abc import Sequence

import orjson

from app.pipeline.channels import Channel, DisabledChannel, channel_path
from app.pipeline.operators.channel_keys import inbound_keys
from app.pipeline.operators.cure_words import Cure, Words
from app.pipeline.operators.cures import cure_for, filled
from app.pipeline.services import Services
from app.storage.database.db import StoredRow


def remedy_of(services: Services, row: StoredRow) -> Cure:
    """Return what a refusal means and what helps."""
    word = str(row.reason).partition(": ")[0]
    headers: Sequence[Sequence[str]] = orjson.loads(row.headers)
    cure = cure_for(word, headers, row.body_length)
    keys = _keys_of(services, row.channel)
    address = services.settings.public_base_url + channel_path(row.channel)
    return Cure(filled(cure.cause, keys=keys, address=address), filled(cure.cure, keys=keys, address=address))


def in_both(words: Words | None) -> dict[str, str] | None:
    """Return a sentence as JSON shows it."""
    return None if words is None else {"en": words.english, "zh": words.chinese}


def configured(services: Services, name: str) -> Channel | DisabledChannel | None:
    """Return a channel of the file, whether it takes part or not; None where there is none."""
    channel = services.channels.get(name)
    if channel is not None:
        return channel
    return next((each for each in services.channels.disabled if each.config.name == name), None)


def _keys_of(services: Services, name: str) -> list[str]:
    channel = configured(services, name)
    return [] if channel is None else inbound_keys(channel.config, channel.spec)
