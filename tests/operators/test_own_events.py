"""Our own events: told once, together with what happened, to whoever named `callgate`, and never in a circle."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from app.config.channels import parse_channels
from app.core.errors import ConfigurationError, PermanentError, UpstreamUnavailable
from app.core.values import Event, Identity, TokenSet
from app.pipeline.binding.codes import create_bind_code
from app.pipeline.login.finish import Proof, open_login
from app.pipeline.own_events import OWN_CHANNEL
from app.pipeline.router import Context, Router
from app.pipeline.services import Services
from app.pipeline.tokens.app_tokens import usable_app_token
from app.storage.database.db import Database, Transaction
from app.storage.inbox.events import events
from tests.binding.fakes import DOWN, Scannable, binding_services, later, leave, scan
from tests.binding.fakes import deliver as bind
from tests.builders import CALLBACK_CHANNEL, FrozenClock, environment
from tests.operators.stage import accept, away, run_due

MakeServices = Callable[..., Services]
pytestmark = pytest.mark.backends("sqlite")

PAUSING = (
    CALLBACK_CHANNEL
    + """
[[destinations]]
name = "billing"
url = "http://127.0.0.1:9/"
secret = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz"
match = ["callback:*"]
pause_after = 1
retry_delays = ["1 s", "1 s"]
"""
)


class Listener:
    """Keeps what it is told."""

    def __init__(self, error: Exception | None = None):
        self.error = error
        self.heard: list[tuple[str, dict[str, Any]]] = []

    def handle(self, event: Event, _context: Context) -> None:
        self.heard.append((event.type, dict(event.data)))
        if self.error is not None:
            raise self.error

    @property
    def types(self) -> list[str]:
        return [event_type for event_type, _ in self.heard]

    def joins(self, router: Router, source: str = OWN_CHANNEL) -> Router:
        router.on(source, name="listener")(self.handle)
        return router


def own_events_stored(services: Services) -> int:
    with services.database.read() as tx:
        return len(tx.execute(events.select().where(events.c.channel == OWN_CHANNEL)).all())


def log_in(services: Services, subject: str) -> None:
    proof = Proof(Identity("https://platform.test", "open_id", subject), TokenSet("token"))
    services.database.run(lambda tx: open_login(services, tx, "shop", proof, replaces=None, trace_id=""))


def test_a_death_is_told_with_its_route_and_error(services_with: MakeServices) -> None:
    listener = Listener()
    services = services_with(router=listener.joins(away().router()))
    event_id = accept(services)
    run_due(services)
    run_due(services)
    ((event_type, data),) = listener.heard
    assert event_type == "dispatch.dead"
    assert (data["event_id"], data["route"], data["attempts"]) == (event_id, "crm", 1)
    assert data["error"] == "PermanentError: the crm is away"


def test_a_listener_that_fails_is_not_told_of_its_own_death(services_with: MakeServices) -> None:
    listener = Listener(PermanentError("no"))
    services = services_with(router=listener.joins(away().router()))
    accept(services)
    while run_due(services):
        pass
    assert listener.types == ["dispatch.dead"]


@pytest.mark.parametrize("source", ["*", "callback"])
def test_who_did_not_name_the_channel_is_not_told_and_nothing_is_stored(
    services_with: MakeServices, source: str
) -> None:
    listener = Listener()
    services = services_with(router=listener.joins(away().router(), source))
    accept(services)
    while run_due(services):
        pass
    assert "dispatch.dead" not in listener.types
    assert own_events_stored(services) == 0


def test_a_pause_is_told_once(services_with: MakeServices, clock: FrozenClock) -> None:
    listener = Listener()
    services = services_with(channels=PAUSING, router=listener.joins(Router()))
    accept(services)
    for _ in range(4):
        run_due(services)
        clock.advance(seconds=40)
    ((event_type, data),) = listener.heard
    assert (event_type, data["destination"]) == ("destination.paused", "billing")


def test_binding_and_leaving_are_told(database: Database, clock: FrozenClock) -> None:
    listener = Listener()
    services = binding_services(database, clock=clock)
    listener.joins(services.router)
    made = create_bind_code(services, app="crm", channel_name="shop", user_ref="user-7").bindcode
    bind(services, scan(made.scene))
    bind(services, later(leave("oA"), minutes=1))
    bind(services, leave("oStranger"))
    run_due(services)
    assert listener.types == ["openid.bound", "openid.unsubscribed"]
    (_, bound), (_, left) = listener.heard
    assert (bound["app"], bound["open_id"], bound["user_ref"]) == ("crm", "oA", "user-7")
    assert (left["open_id"], left["apps"]) == ("oA", ["crm"])


def test_a_login_is_told_and_a_new_user_only_the_first_time(database: Database, clock: FrozenClock) -> None:
    listener = Listener()
    services = binding_services(database, clock=clock)
    listener.joins(services.router)
    log_in(services, "ou_1")
    log_in(services, "ou_1")
    run_due(services)
    assert sorted(listener.types) == ["login.succeeded", "login.succeeded", "user.created"]


def test_a_token_that_cannot_be_renewed_is_told_on_change_only(
    database: Database, clock: FrozenClock
) -> None:
    listener = Listener()
    services = binding_services(database, clock=clock)
    listener.joins(services.router)
    _, shop = services.channels.with_capability("shop", Scannable)
    shop.fail = DOWN
    for _ in range(2):
        with pytest.raises(UpstreamUnavailable):
            usable_app_token(services, "shop")
        clock.advance(minutes=2)
    run_due(services)
    ((event_type, data),) = listener.heard
    assert (event_type, data["channel"]) == ("token.failing", "shop")


def test_what_is_undone_was_never_told(database: Database, clock: FrozenClock) -> None:
    listener = Listener()
    services = binding_services(database, clock=clock)
    listener.joins(services.router)

    def work(tx: Transaction) -> None:
        services.own_events.tell(tx, "user.created", {"user_id": "u"})
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        services.database.run(work)
    assert own_events_stored(services) == 0


def test_no_channel_of_the_file_may_have_the_name() -> None:
    text = '[channels.callgate]\nplatform = "callback"\nsecret = "cb-secret-0123456789abcdef"\n'
    with pytest.raises(ConfigurationError, match="the gateway's own"):
        parse_channels(text, environment())
