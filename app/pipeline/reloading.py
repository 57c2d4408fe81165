"""Replacing the serving processes because somebody asked for it: the wish is in the store, each main process is told once.

What a replacement does and when it is refused is serving/rolling.py.
"""

from __future__ import annotations

import structlog

from app.pipeline.services import Services
from app.storage.shared_notes import Note, claim_note, find_note

WISH = "reload"

log = structlog.get_logger(__name__)


def follow_wish(services: Services) -> None:
    """Have this process's main process replace it when that was asked for since it started; one of its workers tells it."""
    main, known = services.runtime.main_process, services.runtime.reload_seen
    if main is None:
        return
    try:
        with services.database.read() as tx:
            wish = find_note(tx, WISH)
        if known is None:
            # What was asked for before this process looked first is what it was started by, or older.
            services.runtime.reload_seen = "" if wish is None else wish.at.isoformat()
            return
        if wish is None or wish.at.isoformat() == known:
            return
        services.runtime.reload_seen = wish.at.isoformat()
        claim = Note(f"{WISH}:{main.name}"[:64], wish.actor, wish.at)
        if services.database.run(lambda tx: claim_note(tx, claim)):
            log.info("reload_asked_for", actor=wish.actor)
            main.replace()
    except Exception as error:  # noqa: BLE001 - asked again in three seconds
        log.warning("reload_not_looked_for", error=error.__class__.__name__)
