"""What the tests of the watch share: a gateway that speaks to a platform, troubles put into its tables, and looks by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from app.config.watch import WatchConfig
from app.core.clock import Clock, SystemClock
from app.core.states import DispatchState, EventState
from app.pipeline.channels import Channels
from app.pipeline.services import Services
from app.pipeline.watch.measures import Look
from app.pipeline.watch.rounds import Watch
from app.security.outbound import OutboundClient
from app.storage.alarms import Turn
from app.storage.destination_states import lock_state, write_state
from app.storage.inbox.rejections import NewRejection, insert_rejection
from tests.builders import NOW, FrozenClock, exchange
from tests.sending.office import Clerk, Office, channel_of, run_due
from tests.upkeep.stage import old_event

DESTINATION = """
[channels.callback]
platform = "callback"
secret = "callback-3f9d1c7b5a"

[[destinations]]
name = "crm"
url = "http://127.0.0.1:9/events"
secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
match = ["callback:*"]
"""


class Post:
    """A gateway whose watch speaks through `post`; `looks` makes its watch look as often as told, a minute apart."""

    def __init__(self, services_with: Callable[..., Services], clock: FrozenClock, office: Office):
        self.clock = clock
        self.office = office
        self.services = services_with(channels=DESTINATION)
        sender = channel_of(Clerk(office.url, "post"), OutboundClient([office.url], total_timeout=2.0))
        exchange(self.services, channels=Channels([*self.services.channels, sender]))
        self.configure()
        self.machine_clock: Clock = SystemClock()
        self.hear_clocks: Callable[[], float | None] = lambda: None
        self.watch = self.another_watch()

    def configure(self, **values: Any) -> None:
        """Let the watch have this table."""
        table = {"channels": ["post"], "to": {"user_id": "u1"}, "least_free_disk_mb": 1} | values
        exchange(self.services, watch=WatchConfig.model_validate(table))

    def another_watch(self) -> Watch:
        """Return the watch of another process over the same database."""
        return Watch(self.services, look=self._look)

    def _look(self, services: Services, turn: Turn) -> Look:
        return Look(
            services,
            turn.taken_at,
            turn.without_gap_since,
            machine_clock=self.machine_clock,
            machine="box",
            seconds_ahead=self.hear_clocks,
        )

    def looks(self, times: int = 1) -> list[str]:
        """Look so many times and return what was sent meanwhile."""
        before = len(self.office.taken)
        for _ in range(times):
            self.clock.advance(minutes=1)
            self.watch.look()
            run_due(self.services)
        return self.office.texts[before:]

    def refuses(self, times: int, *, reason: str = "bad signature") -> None:
        """Have that many callbacks refused a moment ago."""
        with self.services.database.begin() as tx:
            for _ in range(times):
                insert_rejection(tx, refusal(self.clock.now(), reason))

    def takes(self, times: int, *, ago: timedelta = timedelta(0)) -> None:
        """Have that many events stored a moment ago, or longer."""
        for _ in range(times):
            self._event(ago, dispatch_states=())

    def fails(self, times: int) -> None:
        """Have that many events stored whose handler failed and is tried again."""
        for _ in range(times):
            self._event(timedelta(0), dispatch_states=(DispatchState.RETRYING,))

    def dies(self, times: int = 1) -> None:
        """Have that many dispatches die a moment ago, of events an old day."""
        for _ in range(times):
            self._event(timedelta(0), state=EventState.DEAD, dispatch_states=(DispatchState.DEAD,))

    def _event(self, ago: timedelta, **parts: Any) -> None:
        days = (NOW - (self.clock.now() - ago)) / timedelta(days=1)
        old_event(self.services, days, **parts)

    def pauses(self, name: str = "crm", *, reason: str = "50 deliveries failed in a row") -> None:
        """Pause a destination."""
        self._set_pause(name, self.clock.now(), reason)

    def resumes(self, name: str = "crm") -> None:
        """Let it go on."""
        self._set_pause(name, None, None)

    def _set_pause(self, name: str, at: datetime | None, reason: str | None) -> None:
        with self.services.database.begin() as tx:
            write_state(tx, replace(lock_state(tx, name), paused_at=at, pause_reason=reason))


def refusal(at: datetime, reason: str) -> NewRejection:
    """Return a refused callback."""
    return NewRejection(
        "callback",
        401,
        "bad_signature",
        reason,
        "POST",
        "/webhooks/callback",
        "203.0.113.7",
        at,
        (),
        b"{}",
        "",
    )
