"""Notifications, opened once: their templates and expressions compiled, their channels looked for, what is wrong said at start."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2.environment import TemplateExpression

from app.config.channels import ChannelsFile
from app.config.notifications import NotificationConfig
from app.core.errors import RequestError
from app.core.sending import Sender
from app.core.values import Event
from app.core.visible import one_line
from app.pipeline.channels import Channels
from app.pipeline.sending.templates import (
    ESCAPES,
    MessageTemplate,
    Said,
    TemplateFault,
    compile_expression,
    compile_message,
    read_template,
    value_of,
)
from app.pipeline.sending.wanted import read_wanted

MOST_TOGETHER = 20
"""Events of one message that a template for one event speaks of; the others are counted."""

LONGEST_TITLE = 200
RULES = {"markdown": "\n\n---\n\n", "html": "\n<hr>\n", "text": "\n\n"}


@dataclass(frozen=True, slots=True)
class Notification:
    """One notification, ready to speak."""

    config: NotificationConfig
    template: MessageTemplate
    when: TemplateExpression | None
    key: TemplateExpression
    only_changes: TemplateExpression | None
    urgent_when: TemplateExpression | None

    @property
    def name(self) -> str:
        """The name in the channels file."""
        return self.config.name

    def is_meant(self, event: Event) -> bool:
        """Say whether the condition holds; comparing what is not there means no. Raises TemplateFault."""
        return self.when is None or bool(value_of(self.when, event, f"{self.name}: when"))

    def is_urgent(self, event: Event) -> bool:
        """Say whether it may be said in quiet hours."""
        return self.urgent_when is not None and bool(
            value_of(self.urgent_when, event, f"{self.name}: urgent_when")
        )

    def key_of(self, event: Event) -> str:
        """Return whose event it is: limits and changes are kept for each key of each channel."""
        return f"{event.channel}\n{value_of(self.key, event, f'{self.name}: key')}"

    def changing_value(self, event: Event) -> str | None:
        """Return the value that must differ from the last one, None where everything is said."""
        if self.only_changes is None:
            return None
        return repr(value_of(self.only_changes, event, f"{self.name}: only_changes"))

    def say(self, events: Sequence[Event]) -> Said:
        """Return what is to be said about events, the newest of which is last; raises TemplateFault."""
        if len(events) == 1 or self.template.sees_all:
            return self.template.say(events)
        each = [self.template.say([event]) for event in events[:MOST_TOGETHER]]
        more = len(events) - 1
        texts = [self._with_title(said) for said in each]
        left = [f"… (+{len(events) - MOST_TOGETHER})"] if len(events) > MOST_TOGETHER else []
        return Said(f"{each[0].title} (+{more})".strip(), RULES[self.config.format].join([*texts, *left]))

    def _with_title(self, said: Said) -> str:
        if not said.title:
            return said.text
        escaped = ESCAPES[self.config.format](said.title)
        if self.config.format == "text":
            return f"{escaped}\n{said.text}"
        return (
            f"**{escaped}**\n\n{said.text}"
            if self.config.format == "markdown"
            else f"<b>{escaped}</b><br>{said.text}"
        )

    def body(self, said: Said) -> dict[str, Any]:
        """Return what a request to the API would say."""
        config = self.config
        body = {
            "channels": list(config.channels),
            "to": list(config.to),
            "title": one_line(said.title)[:LONGEST_TITLE],
            "text": said.text,
            "format": config.format,
            "mentions": list(config.mentions),
            "fallback": config.fallback,
        }
        return {name: value for name, value in body.items() if value}


def open_notifications(
    file: ChannelsFile, channels: Channels, own_templates: Path, faults: list[str]
) -> tuple[Notification, ...]:
    """Open the notifications of a channels file; what is wrong is added to the faults, a sentence each."""
    senders = {group.name for group in file.message_groups} | {each.name for each in file.channels}
    opened = []
    for config in file.notifications:
        found = list(_faults(config, channels, senders))
        try:
            notification = open_notification(config, own_templates)
        except (TemplateFault, ValueError) as error:
            found.append(str(error))
        else:
            opened.append(notification)
        faults += [f"[[notifications]] {config.name!r} {sentence}" for sentence in found]
    return tuple(opened)


def _faults(config: NotificationConfig, channels: Channels, senders: set[str]) -> Iterable[str]:
    for name in config.channels:
        channel = channels.get(name)
        if name not in senders:
            yield f"channels: {name!r} is no channel or message group of the channels file."
        elif channel is not None and channel.as_capability(Sender) is None:
            yield f"channels: {name!r} sends nothing; `flask channels list` says what a channel can do."
    try:
        read_wanted({"channels": list(config.channels), "to": list(config.to) or None, "text": "-"})
    except RequestError as error:
        yield f"to: {error.message}"


def open_notification(config: NotificationConfig, own_templates: Path) -> Notification:
    """Compile what a notification says and asks; raises TemplateFault, or ValueError for a template that is not there."""
    name = config.template or "text"
    text = config.text if config.template is None else read_template(config.template, own_templates)
    return Notification(
        config=config,
        template=compile_message(name, text or "", title=config.title, written_in=config.format),
        when=_optional("when", config.when),
        key=compile_expression("key", config.key),
        only_changes=_optional("only_changes", config.only_changes),
        urgent_when=_optional("urgent_when", config.quiet_hours.urgent_when if config.quiet_hours else ""),
    )


def _optional(name: str, source: str) -> TemplateExpression | None:
    return compile_expression(name, source) if source else None
