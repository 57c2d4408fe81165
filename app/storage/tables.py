"""Every table, imported once so that `metadata` is complete for migrations."""

from __future__ import annotations

from app.storage import (  # noqa: F401 - imported for their tables
    app_tokens,
    audit,
    bindcodes,
    commands,
    connections,
    destination_states,
    dispatches,
    events,
    flows,
    followers,
    identities,
    nonces,
    openids,
    rejections,
    sessions,
    signing_keys,
    users,
)
from app.storage.db import metadata

__all__ = ["metadata"]
