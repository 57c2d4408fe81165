"""Structured logging: one event a line, fields not sentences, redacted on the way out."""

from __future__ import annotations

import logging
import sys
from contextvars import ContextVar
from typing import Any

import structlog

TRACE_ID: ContextVar[str | None] = ContextVar("trace_id", default=None)
"""The request that runs; every line written meanwhile carries it."""

NOISY = ("urllib3", "werkzeug", "sqlalchemy", "alembic")


def configure_logging(*, as_json: bool, level: str, redact: Any) -> None:
    """Send structlog and the standard library's loggers to standard error, through `redact` (a structlog processor)."""
    shared: list[Any] = [
        _add_trace_id,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.stdlib.ExtraAdder(),
        structlog.processors.format_exc_info,
        redact,
    ]
    renderer: Any = (
        structlog.processors.JSONRenderer()
        if as_json
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
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
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *shared[4:], renderer],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in NOISY:
        logging.getLogger(name).setLevel(logging.WARNING)


def _add_trace_id(_logger: Any, _method: str, line: Any) -> Any:
    trace_id = TRACE_ID.get()
    if trace_id is not None:
        line.setdefault("trace_id", trace_id)
    return line
