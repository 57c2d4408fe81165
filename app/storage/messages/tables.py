"""The tables of messages. A message is an event of its own and has its id; what it says is in the event's data.

For each channel of a message there is a row in `message_channels` and a dispatch; `message_recipients` has a row for each
recipient and part. Retention deletes them with the event.
"""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
)

from app.storage.database.db import ExactText, UtcDateTime, metadata

messages = Table(
    "messages",
    metadata,
    Column("id", String(32), ForeignKey("events.id", ondelete="CASCADE"), primary_key=True),
    # Who asked: an API token's name, terminal, or handler.
    Column("caller", ExactText(191), nullable=False),
    # SHA-256 of what was asked, where the caller gave an Idempotency-Key; the event's own key holds that.
    Column("body_digest", String(64)),
    Column("state", String(16), nullable=False),
    Column("is_fallback", Boolean, nullable=False),
    # Whether a part of which nobody knows the outcome may be sent again.
    Column("repeats_unknown", Boolean, nullable=False),
    # How often an operator had it sent again.
    Column("resends", Integer, nullable=False),
    Column("stopped_at", UtcDateTime),
    # When that was, the last time: its lifetime counts from there.
    Column("resent_at", UtcDateTime),
    Column("created_at", UtcDateTime, nullable=False),
    Column("finished_at", UtcDateTime),
    Index("ix_messages_created_at", "created_at", "id"),
    Index("ix_messages_state_created_at", "state", "created_at"),
)

message_channels = Table(
    "message_channels",
    metadata,
    Column("message_id", String(32), ForeignKey("messages.id", ondelete="CASCADE"), nullable=False),
    # In the order in which they were named; of a fallback the order in which they are tried.
    Column("position", Integer, nullable=False),
    Column("channel", ExactText(64), nullable=False),
    Column("state", String(16), nullable=False),
    # How many recipients have a row so far, and the first of them that may be unfinished.
    Column("recipients", Integer, nullable=False),
    Column("page_start", Integer, nullable=False),
    # Recipients that are looked up while it runs (everybody bound to an app): how far that came; null: all are there.
    Column("next_lookup", String(64)),
    # Why it waits and until when; why it ended.
    Column("waits_until", UtcDateTime),
    Column("error", String(32)),
    Column("sentence", ExactText(500)),
    Column("finished_at", UtcDateTime),
    PrimaryKeyConstraint("message_id", "position"),
    Index("ix_message_channels_channel", "channel", "message_id"),
)

message_recipients = Table(
    "message_recipients",
    metadata,
    Column("message_id", String(32), nullable=False),
    Column("position", Integer, nullable=False),
    Column("number", Integer, nullable=False),
    Column("part", Integer, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("value", ExactText(255), nullable=False),
    Column("state", String(16), nullable=False),
    # The number of the first recipient of the call it went out with: a repeat is the same call again.
    Column("batch", Integer),
    Column("attempt", Integer, nullable=False),
    Column("platform_id", ExactText(255)),
    Column("error", String(32)),
    Column("sentence", ExactText(500)),
    Column("changed_at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("message_id", "position", "number", "part"),
    ForeignKeyConstraint(
        ["message_id", "position"],
        ["message_channels.message_id", "message_channels.position"],
        name="fk_message_recipients_message_id",
        ondelete="CASCADE",
    ),
)

sending_paces = Table(
    "sending_paces",
    metadata,
    # SHA-256 of channel, pace and recipient: no address of a person is kept here.
    Column("id", String(64), primary_key=True),
    # When the allowance that was used so far has grown back whole.
    Column("whole_at", UtcDateTime, nullable=False),
    Index("ix_sending_paces_whole_at", "whole_at"),
)
