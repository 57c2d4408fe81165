"""Structured logging: one event a line, fields not sentences, redacted and bounded on the way out."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import structlog

from app.core.traces import SPAN_ID, TRACE_ID
from app.core.visible import visible, visible_line
from app.telemetry import callback_lines

SERVICE = "callgate"

MAX_LINE = 4096
"""Bytes. Whoever calls the gateway chooses some of the text in its log and must not fill it."""

SHORTER_AND_SHORTER = (1500, 500, 150, 50)
ALWAYS_KEPT = ("event", "message", "service", "level", "timestamp", "trace_id", "span_id", "channel")
CUT = " …cut… "
WIDEST_CHARACTER = 4

_AS_JSON = structlog.processors.JSONRenderer()

__all__ = ["SPAN_ID", "TRACE_ID", "configure_logging"]

NOISY = ("urllib3", "werkzeug", "sqlalchemy", "alembic", "markdown_it")


@contextmanager
def only_warnings() -> Iterator[None]:
    """Write no line below a warning meanwhile: a command that prints what it did needs no log beside it."""
    root = logging.getLogger()
    before = root.level
    root.setLevel(max(before, logging.WARNING))
    try:
        yield
    finally:
        root.setLevel(before)


def configure_logging(*, as_json: bool, level: str, redact: Any) -> None:
    """Send structlog and the standard library's loggers to standard error, through `redact` (a structlog processor)."""
    shared: list[Any] = [
        _add_trace,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.stdlib.ExtraAdder(),
        structlog.processors.format_exc_info,
        redact,
    ]
    renderer: Any = (
        bounded_json if as_json else _visible_lines(structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty()))
    )
    structlog.configure(
        processors=[*shared[:3], structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        # A line below the level costs one look, not a walk through the processors.
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        cache_logger_on_first_use=True,
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared[:4],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            *shared[4:],
            *([_for_collectors] if as_json else []),
            renderer,
        ],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in NOISY:
        logging.getLogger(name).setLevel(logging.WARNING)
    callback_lines.write_to(handler if as_json and root.isEnabledFor(logging.INFO) else None)


def bounded_json(logger: Any, method: str, line: Any) -> str:
    """Return an event as one line of JSON, MAX_LINE bytes at most; the longest values lose their middle first."""
    text = str(_AS_JSON(logger, method, dict(line)))
    for longest in SHORTER_AND_SHORTER:
        if len(text) <= MAX_LINE:
            return text
        text = str(
            _AS_JSON(logger, method, {name: _shortened(value, longest) for name, value in line.items()})
        )
    if len(text) <= MAX_LINE:
        return text
    kept = {name: _shortened(line[name], SHORTER_AND_SHORTER[-1]) for name in ALWAYS_KEPT if name in line}
    return str(_AS_JSON(logger, method, kept | {"cut": True}))


def _shortened(value: Any, longest: int) -> Any:
    if value is None or isinstance(value, bool | float):
        return value
    text = value if isinstance(value, str) else repr(value)
    return value if len(text) <= longest else _without_middle(text, longest)


def _without_middle(text: str, longest: int) -> str:
    """Cut a text in its middle: what it is about stands at the beginning, and a traceback's error at the end."""
    half = (longest - len(CUT)) // 2
    return text[:half] + CUT + text[-half:]


def _visible_lines(renderer: Any) -> Any:
    """Return a renderer for people: lines that are bounded, and in which text from outside cannot steer a terminal."""

    def render(logger: Any, method: str, line: Any) -> str:
        text = str(renderer(logger, method, {name: _shown(name, value) for name, value in line.items()}))
        if len(text) <= MAX_LINE // WIDEST_CHARACTER:
            return text
        # Counted in bytes: a character takes up to four of them.
        return "\n".join(
            each
            if len(each.encode("utf-8", "replace")) <= MAX_LINE
            else _without_middle(each, MAX_LINE // WIDEST_CHARACTER)
            for each in text.split("\n")
        )

    return render


def _shown(name: str, value: Any) -> Any:
    """Return a value as the renderer may write it; it writes other things than text by `repr`, which shows everything."""
    if not isinstance(value, str):
        return value
    return visible_line(value) if name == "event" else visible(value)


def _add_trace(_logger: Any, _method: str, line: Any) -> Any:
    trace_id = TRACE_ID.get()
    if trace_id is not None:
        line.setdefault("trace_id", trace_id)
    span_id = SPAN_ID.get()
    if span_id is not None:
        line.setdefault("span_id", span_id)
    return line


def _for_collectors(_logger: Any, _method: str, line: Any) -> Any:
    """Name fields as collectors of logs expect them: `event` is an object in their eyes, the text is `message`."""
    return {"message": line.pop("event", ""), "service": SERVICE, **line}
