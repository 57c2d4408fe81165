"""Every table, imported once so that `metadata` is complete for migrations."""

from __future__ import annotations

from app.storage import (  # noqa: F401 - imported for their tables
    alarms,
    api_tokens,
    app_tokens,
    audit,
    authorised_accounts,
    bans,
    channel_checks,
    channel_overrides,
    commands,
    destination_states,
    expected_payments,
    shared_notes,
    traffic,
)
from app.storage.binding import bindcodes, followers, openids  # noqa: F401 - imported for their tables
from app.storage.console import people, views  # noqa: F401 - imported for their tables
from app.storage.console import sessions as console_sessions  # noqa: F401 - imported for its table
from app.storage.database.db import metadata
from app.storage.inbox import events, nonces, receipts, rejections  # noqa: F401 - imported for their tables
from app.storage.issuer import clients, consents, grants, keys  # noqa: F401 - imported for their tables
from app.storage.login import (  # noqa: F401 - imported for their tables
    connections,
    flows,
    identities,
    sessions,
    signing_keys,
    users,
)
from app.storage.messages import notifications  # noqa: F401 - imported for its tables
from app.storage.messages import tables as messages  # noqa: F401 - imported for its tables
from app.storage.queue import dispatches  # noqa: F401 - imported for their tables

__all__ = ["metadata"]
