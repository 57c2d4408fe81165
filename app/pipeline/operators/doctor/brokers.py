"""Judges what runs beside the database: the broker of ENGINE=celery, and where rate limits are counted."""

from __future__ import annotations

from collections.abc import Iterator

from app.config.settings import Settings
from app.pipeline.operators.doctor.finding import Finding
from app.security.brokers import broker_fault

REDIS = ("redis://", "rediss://")


def broker_findings(settings: Settings) -> Iterator[Finding]:
    """Ask the broker and the counters whether they answer."""
    if settings.engine == "embedded":
        yield Finding("broker", "ok", "No broker is needed: threads of `flask serve` run the handlers.")
    else:
        yield _broker(broker_fault(settings.celery_broker_url))
    uri = settings.ratelimit_storage_uri
    if uri.startswith(REDIS):
        yield _counters(broker_fault(uri))
    else:
        yield Finding("counters", "ok", "Rate limits are counted in each serving process for itself.")


def _broker(fault: str | None) -> Finding:
    if fault is None:
        return Finding("broker", "ok", "The broker answers.")
    return Finding(
        "broker",
        "wrong",
        "The broker cannot be used: %(fault)s. Stored work is still found, up to 30 s later.",
        "Start RabbitMQ or Redis, and compare host, port, user, password and virtual host in CELERY_BROKER_URL.",
        {"fault": fault},
    )


def _counters(fault: str | None) -> Finding:
    if fault is None:
        return Finding("counters", "ok", "The Redis of the rate limits answers.")
    return Finding(
        "counters",
        "warn",
        "The Redis of the rate limits cannot be used: %(fault)s. Until it can, nothing is limited by it.",
        "Start it, and compare RATELIMIT_STORAGE_URI.",
        {"fault": fault},
    )
