"""Templates of messages: an operator's own in `templates/`, those that come with Callgate, and texts in the channels file.

A template is Markdown with Jinja2 in it; its first line is the title where that begins with `# `. What an event says is
escaped as it is written, so that a star in an alert makes nothing bold. The sandbox ends whatever takes too long.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from jinja2 import Template, meta
from jinja2.environment import TemplateExpression
from jinja2.exceptions import TemplateError, TemplateSyntaxError, UndefinedError
from markupsafe import escape as escape_html

from app.core.errors import PermanentError
from app.core.moments import as_text
from app.core.values import Event
from app.core.visible import one_line
from app.pipeline.sending.sandbox import budget, compiled, make_sandbox
from app.pipeline.sending.template_filters import TEMPLATE_FILTERS
from app.wire.texts import first_line_as_title

INCLUDED: Final = Path(__file__).parent / "included"
LARGEST_FILE: Final = 32_768
SANDBOX: Final = make_sandbox(TEMPLATE_FILTERS, {})
IN_MARKDOWN: Final = {ord(sign): f"\\{sign}" for sign in "\\`*_[]<>()~|&!"}
AT_LINE_START: Final = "#+-="
"""What makes a line a heading, an item or an underline, besides the signs above."""

ESCAPES: Final[Mapping[str, Callable[[str], str]]] = MappingProxyType(
    {
        "markdown": lambda text: "\n".join(_line_in_markdown(line) for line in text.split("\n")),
        "html": lambda text: str(escape_html(text)),
        "text": str,
    }
)
FAILURES: Final = (
    TemplateError,
    ArithmeticError,
    LookupError,
    TypeError,
    ValueError,
    RecursionError,
    MemoryError,
)
"""What goes wrong in a template, whatever is written there and whatever the event holds."""


class TemplateFault(PermanentError):
    """A template or an expression that cannot be used; the sentence says where and why, and shows no value of the event."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a template made: a title, which may be empty, and a text."""

    title: str
    text: str


@dataclass(frozen=True, slots=True)
class MessageTemplate:
    """A title and a text, compiled; `sees_all` where the text speaks of several events itself."""

    name: str
    title: Template | None
    text: Template
    format: str
    sees_all: bool

    def say(self, events: Sequence[Event]) -> Said:
        """Return what is to be said about events, the newest of which is last; raises TemplateFault."""
        values = values_of(events)
        text = _rendered(self.text, values, self.name, ESCAPES[self.format])
        if self.title is not None:
            return Said(one_line(_rendered(self.title, values, f"{self.name} title", str)), text)
        if self.format != "markdown":
            return Said("", text)
        return Said(*first_line_as_title(text))


def read_template(name: str, own: Path) -> str:
    """Return the text of a template, an own one before an included one; raises ValueError with the cure."""
    for folder in (own, INCLUDED):
        place = folder / name
        if place.is_file():
            return _content(place)
    included = ", ".join(sorted(each.name for each in INCLUDED.glob("*.md")))
    raise ValueError(f"{name} is neither in {own} nor one of those that come with Callgate ({included}).")


def _content(place: Path) -> str:
    try:
        raw = place.read_bytes()
        if len(raw) > LARGEST_FILE:
            raise ValueError(f"{place} is larger than {LARGEST_FILE // 1024} KB.")
        return raw.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{place} cannot be read ({error.__class__.__name__}).") from None


def compile_message(name: str, text: str, *, title: str, written_in: str) -> MessageTemplate:
    """Compile a message; raises TemplateFault with the line at fault."""
    return MessageTemplate(
        name=name,
        title=_compiled(title, f"{name} title") if title else None,
        text=_compiled(text, name),
        format=written_in,
        sees_all="events" in meta.find_undeclared_variables(SANDBOX.parse(text)),
    )


def _compiled(source: str, name: str) -> Template:
    try:
        return compiled(SANDBOX, source)
    except TemplateSyntaxError as error:
        raise TemplateFault(f"{name}, line {error.lineno}: {_why(error)}.") from None
    except FAILURES as error:
        raise TemplateFault(f"{name}: {_why(error)}.") from None


def compile_expression(name: str, source: str) -> TemplateExpression:
    """Compile a condition or a path; raises TemplateFault."""
    try:
        with budget(str):
            return SANDBOX.compile_expression(source, undefined_to_none=True)
    except FAILURES as error:
        raise TemplateFault(f"{name}: {_why(error)}.") from None


def value_of(expression: TemplateExpression, event: Event, name: str) -> Any:
    """Return what an expression makes of an event; what compares something that is not there is None. Raises TemplateFault."""
    try:
        with budget(str):
            return expression(**values_of([event]))
    except UndefinedError:
        return None
    except FAILURES as error:
        raise TemplateFault(f"{name}: {_why(error)}.") from None


def values_of(events: Sequence[Event]) -> dict[str, Any]:
    """Return what templates see: `event` (the newest), `events` (all), `count`."""
    shown = [_shown(event) for event in events]
    return {"event": shown[-1], "events": shown, "count": len(shown)}


def _shown(event: Event) -> dict[str, Any]:
    return {
        "id": event.id,
        "channel": event.channel,
        "platform": event.platform,
        "type": event.type,
        "key": event.key,
        "subject": event.subject,
        "occurred_at": as_text(event.occurred_at),
        "received_at": as_text(event.received_at),
        "version": event.version,
        "data": event.data,
    }


def _rendered(template: Template, values: Mapping[str, Any], name: str, escape: Callable[[str], str]) -> str:
    try:
        with budget(escape):
            return "".join(template.generate(values))
    except FAILURES as error:
        raise TemplateFault(f"{name}, line {_line(error)}: {_why(error)}.") from None


def _line(error: BaseException) -> int:
    """Return the line of the template in which it failed; Jinja2 puts those of the template into the traceback."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == "<template>"]
    return (frames[-1].lineno or 1) if frames else 1


def _why(error: BaseException) -> str:
    """Return what went wrong in words; errors of Python may quote values of the event and are named only."""
    if isinstance(error, TemplateError):
        return (error.message or error.__class__.__name__).rstrip(".")[:300]
    if isinstance(error, RecursionError):
        return "it calls itself without an end"
    return f"{error.__class__.__name__}: a value is not of the kind that is needed there"


def _line_in_markdown(line: str) -> str:
    """Return a line of an event's own words as Markdown that shows it literally, wherever in a line it is put."""
    escaped = line.translate(IN_MARKDOWN)
    words = escaped.lstrip(" \t")
    blanks = escaped[: len(escaped) - len(words)]
    if words[:1] in AT_LINE_START:
        return f"{blanks}\\{words}" if words else escaped
    digits = len(words) - len(words.lstrip("0123456789"))
    is_item = (
        digits > 0 and words[digits : digits + 1] == "." and words[digits + 1 : digits + 2] in {"", " ", "\t"}
    )
    return f"{blanks}{words[:digits]}\\{words[digits:]}" if is_item else escaped
