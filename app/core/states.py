"""The words for states, in one place; they are stored as text and shown to people as they are."""

from __future__ import annotations

from enum import StrEnum


class EventState(StrEnum):
    """Where an event stands, over all its dispatches."""

    RECEIVED = "received"
    PROCESSING = "processing"
    SUCCEEDED = "succeeded"
    RETRYING = "retrying"
    DEAD = "dead"
    IGNORED = "ignored"


class DispatchState(StrEnum):
    """Where one event stands on its way to one route."""

    PENDING = "pending"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    RETRYING = "retrying"
    DEAD = "dead"


class AttemptOutcome(StrEnum):
    """How one run of a dispatch ended; `lost` means its process died or its lease was taken over."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    LOST = "lost"


class Trigger(StrEnum):
    """Who asked for an attempt: the schedule, or an operator who replayed the event."""

    AUTOMATIC = "automatic"
    MANUAL = "manual"


class BindStatus(StrEnum):
    """Where a bind code stands."""

    PENDING = "pending"
    BOUND = "bound"
    EXPIRED = "expired"


class FlowPurpose(StrEnum):
    """Why an OAuth flow was started."""

    LOGIN = "login"
    LINK = "link"


class FlowMode(StrEnum):
    """How the browser wants the result of a flow."""

    REDIRECT = "redirect"
    POPUP = "popup"
    JSON = "json"
