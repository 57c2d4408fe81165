"""How changes become one message through our own channels, with the place in the console where something can be done."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from app.config.settings import Settings
from app.config.watch import WatchConfig
from app.core.errors import RequestError
from app.core.sending import Sender
from app.core.states import AlarmKind
from app.core.visible import one_line
from app.pipeline.channels import Channels
from app.pipeline.sending.accept import Order, accept_message
from app.pipeline.sending.templates import ESCAPES
from app.pipeline.sending.wanted import read_wanted
from app.pipeline.services import Services
from app.pipeline.watch.judging import Change, What
from app.pipeline.watch.measures import SPEAKER
from app.pipeline.watch.words import (
    AND_MORE,
    CHANGES,
    COLONS,
    LASTED,
    LEFT_OUT,
    OPEN,
    TEST_TEXT,
    TEST_TITLE,
    details,
    headline,
    in_words,
    over,
)
from app.storage.alarms import Alarm
from app.storage.database.db import Transaction

MOST_TOLD: Final = 10
"""Changes that one message describes; the others are counted."""

LONGEST_TITLE: Final = 200
CONSOLE: Final = "/console/"
PAGES: Final[Mapping[AlarmKind, str]] = {
    AlarmKind.CHANNEL_FAILING: "channels/{subject}",
    AlarmKind.CHANNEL_SILENT: "channels/{subject}",
    AlarmKind.DESTINATION_PAUSED: "destinations",
    AlarmKind.DEAD_LETTERS: "dead-letters",
    AlarmKind.TOKEN_FAILING: "app-tokens",
}
"""Where each kind is looked into; the others on the first page."""


def link_of(settings: Settings, kind: AlarmKind, subject: str) -> str:
    """Return the address of the console's page about an alarm."""
    return settings.public_base_url + CONSOLE + PAGES.get(kind, "").format(subject=subject)


def speaks(watch: WatchConfig) -> bool:
    """Say whether the watch has anybody to speak to."""
    return bool(watch.channels)


def watch_faults(watch: WatchConfig, channels: Channels, senders: Iterable[str]) -> list[str]:
    """Name, a sentence each, what keeps the watch of a channels file from speaking or from watching what is meant."""
    return [f"[watch] {sentence}" for sentence in _faults(watch, channels, set(senders))]


def _faults(watch: WatchConfig, channels: Channels, senders: set[str]) -> Iterator[str]:
    for name in watch.channels:
        yield from _faults_of_sender(name, channels, senders)
    for name in watch.silent_after:
        if not channels.is_configured(name):
            yield f"silent_after: {name!r} is no channel of the channels file."
    if not watch.channels:
        if watch.to:
            yield "to: says to whom, but channels names no channel."
        return
    try:
        read_wanted(_body(watch, "-", "-"))
    except RequestError as error:
        yield f"to: {error.message}"


def _faults_of_sender(name: str, channels: Channels, senders: set[str]) -> Iterator[str]:
    channel = channels.get(name)
    if name not in senders:
        yield f"channels: {name!r} is no channel or message group of the channels file."
    elif channel is not None and channel.as_capability(Sender) is None:
        yield f"channels: {name!r} sends nothing; `flask channels list` says what a channel can do."


def tell(services: Services, tx: Transaction, changes: Sequence[Change], now: datetime) -> None:
    """Store one message about all of these changes in the transaction that notes them as told; raises RequestError."""
    watch = services.watch
    title, text = said(services.settings, changes, now, watch.language)
    accept_message(services, _body(watch, title, text), _order(), tx=tx)


def send_test(services: Services) -> str:
    """Send what the watch would speak with, and return the message's id; raises RequestError."""
    watch, address = services.watch, services.settings.public_base_url
    text = TEST_TEXT[watch.language].format(address=address)
    body = _body(watch, _of_environment(services.settings) + TEST_TITLE[watch.language], text)
    return accept_message(services, body, _order()).id


def said(settings: Settings, changes: Sequence[Change], now: datetime, language: str) -> tuple[str, str]:
    """Return title and text, in Markdown, of a message about changes; the worst news comes first."""
    ordered = sorted(changes, key=lambda change: list(What).index(change.what))
    first = _line(ordered[0], language)
    more = len(ordered) - 1
    title = _of_environment(settings) + first + (AND_MORE[language].format(more=more) if more else "")
    parts = [_paragraph(settings, change, now, language) for change in ordered[:MOST_TOLD]]
    if len(ordered) > MOST_TOLD:
        parts.append(LEFT_OUT[language].format(more=len(ordered) - MOST_TOLD))
    return one_line(title)[:LONGEST_TITLE], "\n\n".join(parts)


def _of_environment(settings: Settings) -> str:
    return "" if settings.app_env == "prod" else f"[{settings.app_env}] "


def _line(change: Change, language: str) -> str:
    sentence = over if change.what is What.ENDS else headline
    return CHANGES[language][change.what.value] + COLONS[language] + sentence(change.alarm, language)


def _paragraph(settings: Settings, change: Change, now: datetime, language: str) -> str:
    escape, alarm = ESCAPES["markdown"], change.alarm
    lines = [f"**{escape(_line(change, language))}**"]
    if change.what is What.ENDS:
        lines += [LASTED[language].format(duration=_duration(alarm, now, language))]
    else:
        lines += [escape(sentence) for sentence in details(alarm, language)]
    lines.append(f"[{OPEN[language]}]({link_of(settings, alarm.kind, alarm.subject)})")
    return "\n\n".join(lines)


def _duration(alarm: Alarm, now: datetime, language: str) -> str:
    return in_words(int((now - (alarm.began_at or now)).total_seconds() // 60), language)


def _order() -> Order:
    return Order(SPEAKER, yields_under_pressure=False)


def _body(watch: WatchConfig, title: str, text: str) -> dict[str, Any]:
    """Return what a request to the API would say."""
    body = {
        "channels": list(watch.channels),
        "to": list(watch.to),
        "title": title,
        "text": text,
        "format": "markdown",
        "fallback": watch.fallback,
    }
    return {name: value for name, value in body.items() if value}
