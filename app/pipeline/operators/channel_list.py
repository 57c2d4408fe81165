"""Every channel on one line: does it take part, what came last, what was refused last, what its proof covers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from app.pipeline.channels import Channel, DisabledChannel
from app.pipeline.operators.channels import coverage_of
from app.pipeline.operators.cure_words import Words
from app.pipeline.operators.cures import cure_for
from app.pipeline.operators.switches import overrides_of
from app.pipeline.services import Services
from app.storage.channel_overrides import Override
from app.storage.database.db import StoredRow
from app.storage.inbox.events import newest_events
from app.storage.inbox.rejections import newest_rejections

State = Literal["on", "partly", "switched_off", "begun", "off"]
"""`partly` lacks a key for something; `begun` has some of its keys and takes no part; `off` is off in the file, or nobody set it up."""


@dataclass(frozen=True, slots=True)
class ListedChannel:
    """One channel. `reason` says why it is not wholly on; `cause` what the last refusal means."""

    name: str
    platform: str
    title: str
    state: State
    reason: str
    override: Override | None
    covers: str | None
    event_type: str = ""
    event_at: datetime | None = None
    refused: str = ""
    refused_at: datetime | None = None
    cause: Words | None = None


def list_channels(services: Services) -> list[ListedChannel]:
    """Return the channels in the order of the file's kinds: those that are on, then the others."""
    everyone: list[Channel | DisabledChannel] = [*services.channels, *services.channels.disabled]
    names = [each.config.name for each in everyone]
    overrides = overrides_of(services)
    with services.database.read() as tx:
        came, refused = newest_events(tx, names), newest_rejections(tx, names)
    return [_listed(each, overrides, came, refused) for each in everyone]


def _listed(
    each: Channel | DisabledChannel,
    overrides: dict[str, Override],
    came: dict[str, StoredRow],
    refused: dict[str, StoredRow],
) -> ListedChannel:
    name = each.config.name
    override, event, rejection = overrides.get(name), came.get(name), refused.get(name)
    word = "" if rejection is None else str(rejection.reason).partition(": ")[0]
    return ListedChannel(
        name=name,
        platform=each.config.platform,
        title=each.title if isinstance(each, Channel) else each.config.title or name,
        state=_state(each, override),
        reason=_reason(each),
        override=override,
        covers=coverage_of(each) if isinstance(each, Channel) else None,
        event_type="" if event is None else event.type,
        event_at=None if event is None else event.received_at,
        refused=word,
        refused_at=None if rejection is None else rejection.received_at,
        cause=cure_for(word).cause if word else None,
    )


def _state(each: Channel | DisabledChannel, override: Override | None) -> State:
    if isinstance(each, DisabledChannel):
        return "begun" if each.config.enabled and each.config.set_variables else "off"
    if override is not None and not override.enabled:
        return "switched_off"
    return "partly" if each.off else "on"


def _reason(each: Channel | DisabledChannel) -> str:
    return each.reason if isinstance(each, DisabledChannel) else "; ".join(each.off.values())
