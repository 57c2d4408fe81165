"""What a gateway's own handlers may import: the five names that Semantic Versioning covers, and no others."""

from __future__ import annotations

import inspect

import app.handlers
from app.handlers import Context, Event, PermanentError, Postponed, Router

NAMES = {"Context", "Event", "PermanentError", "Postponed", "Router"}


def test_the_five_names_are_all_there_is() -> None:
    assert set(app.handlers.__all__) == NAMES
    public = {name for name, value in vars(app.handlers).items() if inspect.isclass(value)}
    assert public == NAMES


def test_what_handlers_read_from_an_event_and_a_context_stays() -> None:
    assert {
        "id", "channel", "platform", "type", "key", "subject", "occurred_at", "received_at", "data", "raw",
        "headers", "query_string", "version",
    } <= set(Event._fields)  # fmt: skip
    assert {"attempt", "tx", "death"} <= set(Context._fields)
    assert all(hasattr(Context, name) for name in ("send", "reply", "app_token", "user_token", "http"))


def test_what_handlers_register_with_stays() -> None:
    on = inspect.signature(Router.on).parameters
    assert list(on) == [
        "self", "source", "event_type", "version", "inline", "transactional", "max_attempts", "retry_delays", "name",
    ]  # fmt: skip
    on_dead = inspect.signature(Router.on_dead).parameters
    assert list(on_dead) == [
        "self", "source", "event_type", "route", "version", "transactional", "max_attempts", "retry_delays", "name",
    ]  # fmt: skip


def test_handlers_say_with_two_errors_what_is_to_happen() -> None:
    assert issubclass(PermanentError, Exception)
    assert issubclass(Postponed, Exception)
