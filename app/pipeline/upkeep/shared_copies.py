"""What each serving process shares with the others through the store, every three seconds and never in the way of a request.

Taken over: bans, switched-off channels, a wish to be replaced. Handed in: set-up checks that were answered, and what runs here.
"""

from __future__ import annotations

import time

from app.pipeline.bans import renew_bans
from app.pipeline.inbound.set_up_checks import write_noted_checks
from app.pipeline.overrides import RENEW_SECONDS, renew_overrides
from app.pipeline.reloading import follow_wish
from app.pipeline.running_configuration import tell_what_runs
from app.pipeline.services import Services


def renew_copies(services: Services) -> None:
    """Take over and hand in once; whatever fails is tried again the next time."""
    if services.bans.enabled:
        renew_bans(services)
    _share(services)


def renew_old_copies(services: Services) -> None:
    """Do it when it is due: the way of a server whose loop does not do it. Its bans are renewed in web/callbacks/banned.py."""
    last = services.runtime.overrides.renewed_at
    if last is None or time.monotonic() - last >= RENEW_SECONDS:
        _share(services)


def _share(services: Services) -> None:
    renew_overrides(services)
    write_noted_checks(services)
    tell_what_runs(services)
    follow_wish(services)
