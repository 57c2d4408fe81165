"""Every metric by its name, labels and one sentence; docs/metrics.md shows the same list. Nothing is counted here."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Kind(StrEnum):
    """What Prometheus takes a metric for."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


class Family(NamedTuple):
    """One metric; one that is not exported feeds `flask stats` only."""

    name: str
    kind: Kind
    labels: tuple[str, ...]
    help: str
    is_exported: bool = True


BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper ends of the buckets of seconds; what took longer is in one more."""

DELIVERIES = Family(
    "callgate_deliveries_total",
    Kind.COUNTER,
    ("channel", "outcome"),
    "Callbacks by how they ended: accepted, duplicate, set_up, refused, turned_away or failed.",
)
DELIVERY_SECONDS = Family(
    "callgate_delivery_seconds",
    Kind.HISTOGRAM,
    ("channel",),
    "Seconds from the head of a callback to its answer.",
)
REJECTIONS = Family(
    "callgate_rejections_total",
    Kind.COUNTER,
    ("channel", "reason"),
    "Callbacks that were refused, by the word of the refusal.",
)
DUPLICATES = Family(
    "callgate_duplicates_total",
    Kind.COUNTER,
    ("channel",),
    "Events that had been stored before.",
)
EVENTS = Family(
    "callgate_events_total",
    Kind.COUNTER,
    ("channel", "type", "outcome"),
    "Events of proven callbacks by type: stored, ignored (stored, and nothing takes it) or duplicate.",
)
ATTEMPTS = Family(
    "callgate_attempts_total",
    Kind.COUNTER,
    ("route", "outcome"),
    "Attempts of handlers, destinations and messages: succeeded, failed, dead, postponed or lost.",
)
ATTEMPT_SECONDS = Family(
    "callgate_attempt_seconds",
    Kind.HISTOGRAM,
    ("route",),
    "Seconds that an attempt ran.",
)
ATTEMPTS_OF_CHANNEL = Family(
    "callgate_attempts_of_channel",
    Kind.COUNTER,
    ("channel", "outcome"),
    "Attempts by the channel of their event.",
    is_exported=False,
)
TOKEN_REFRESHES = Family(
    "callgate_token_refreshes_total",
    Kind.COUNTER,
    ("channel", "outcome"),
    "App tokens that were fetched from the platform: succeeded or failed.",
)
UPSTREAM_SECONDS = Family(
    "callgate_upstream_seconds",
    Kind.HISTOGRAM,
    ("host", "outcome"),
    "Seconds that calls to the outside took, by the class of the answer's status (2xx to 5xx) or the word of the failure.",
)
MESSAGES = Family(
    "callgate_messages_total",
    Kind.COUNTER,
    ("channel", "outcome"),
    "Messages by how they ended on a channel: sent, partly, failed or dead.",
)
LOGINS = Family(
    "callgate_logins_total",
    Kind.COUNTER,
    ("channel", "outcome"),
    "Logins that came back from a platform: succeeded, repeated, or the word of the refusal.",
)
COUNTED = (
    DELIVERIES,
    DELIVERY_SECONDS,
    REJECTIONS,
    DUPLICATES,
    EVENTS,
    ATTEMPTS,
    ATTEMPT_SECONDS,
    ATTEMPTS_OF_CHANNEL,
    TOKEN_REFRESHES,
    UPSTREAM_SECONDS,
    MESSAGES,
    LOGINS,
)
"""What processes count while they work."""

DISPATCHES = Family(
    "callgate_dispatches",
    Kind.GAUGE,
    ("state",),
    "Dispatches that are not finished: pending, running or retrying; counted to 100,000.",
)
OLDEST_WAITING = Family(
    "callgate_oldest_waiting_seconds",
    Kind.GAUGE,
    (),
    "How long the oldest dispatch that could run has been waiting.",
)
DEAD_LETTERS = Family(
    "callgate_dead_letters",
    Kind.GAUGE,
    (),
    "Events of which a dispatch has failed for good; counted to 100,000.",
)
DESTINATION_STATE = Family(
    "callgate_destination_state",
    Kind.GAUGE,
    ("destination", "state"),
    "1 for the state that a destination is in: open, breaker or paused; 0 for the others.",
)
APP_TOKEN_SECONDS_LEFT = Family(
    "callgate_app_token_seconds_left",
    Kind.GAUGE,
    ("channel",),
    "Seconds until a channel's app token ends; 0 when there is none that works.",
)
PROCESSES = Family(
    "callgate_processes",
    Kind.GAUGE,
    ("kind",),
    "Processes of this machine that are counted here: serve and worker.",
)
BUILD_INFO = Family(
    "callgate_build_info",
    Kind.GAUGE,
    ("version",),
    "1, with the version that answers.",
)
ASKED = (
    DISPATCHES,
    OLDEST_WAITING,
    DEAD_LETTERS,
    DESTINATION_STATE,
    APP_TOKEN_SECONDS_LEFT,
    PROCESSES,
    BUILD_INFO,
)
"""What is asked for when somebody wants to know."""

HANDLER_PREFIX = "callgate_handler_"
HANDLER_COUNT_HELP = "Counted by a handler with ctx.count."
HANDLER_OBSERVE_HELP = "Observed by a handler with ctx.observe."
