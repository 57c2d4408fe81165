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


class MessageState(StrEnum):
    """Where a message stands, on one channel or over all of them; `waiting` is a channel that is only used when others fail.

    `sent` counts what a platform took; `partly` that some recipients or parts were not; `failed` that nobody was
    reached; `dead` that the gateway gave up: every try failed, or the channel's settings are wrong.
    """

    WAITING = "waiting"
    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    PARTLY = "partly"
    FAILED = "failed"
    DEAD = "dead"


class RecipientState(StrEnum):
    """Where one part of a message stands on its way to one recipient.

    `accepted` is taken by the platform without a word whether it arrives; of `unknown` nobody knows whether it was
    taken; `refused` is about this recipient, `failed` about the message, the channel or the tries; `recalled` was taken back
    afterwards.
    """

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    ACCEPTED = "accepted"
    UNKNOWN = "unknown"
    REFUSED = "refused"
    FAILED = "failed"
    RECALLED = "recalled"


class NotificationOutcome(StrEnum):
    """What became of an event in a notification.

    `waiting` is collected with others into one message; `unchanged` said what was said last; `limited` came when enough
    had been said; `quiet` came in quiet hours that drop.
    """

    SENT = "sent"
    WAITING = "waiting"
    UNCHANGED = "unchanged"
    LIMITED = "limited"
    QUIET = "quiet"


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


class AlarmKind(StrEnum):
    """What the built-in watch looks for, because a person has to do something about it."""

    CHANNEL_FAILING = "channel_failing"
    CHANNEL_SILENT = "channel_silent"
    DESTINATION_PAUSED = "destination_paused"
    DEAD_LETTERS = "dead_letters"
    TOKEN_FAILING = "token_failing"  # noqa: S105
    DISK_FULL = "disk_full"
    CLOCK_OFF = "clock_off"
