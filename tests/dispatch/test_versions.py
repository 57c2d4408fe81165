"""The interface version an event was received with: told to handlers, and a glob to choose by."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from standardwebhooks import Webhook

from app.core.values import Event, InboundRequest
from app.pipeline.inbound.receive import receive
from app.pipeline.operators.events import event_detail
from app.pipeline.operators.replay import replay_event
from app.pipeline.router import Router
from app.pipeline.services import Services
from app.storage.inbox.events import EventFilter
from app.storage.queue.event_lists import list_events
from tests.builders import NOW, signed_callback
from tests.operators.stage import ORDER, run_due

MakeServices = Callable[..., Services]
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
CHANNELS = f'[channels.callback]\nplatform = "callback"\nsecret = "{SECRET}"\nunknown_events = "store"\n'


def first_version() -> InboundRequest:
    return signed_callback(secret=SECRET)


def second_version() -> InboundRequest:
    body = json.dumps({"type": "user_authorized", "timestamp": NOW.isoformat(), "data": {}})
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(NOW.timestamp())),
        "webhook-signature": Webhook(SECRET).sign("msg_1", NOW, body),
    }
    request = signed_callback(body.encode())
    return request._replace(headers=tuple(headers.items()), version="v2")


class Seen:
    """Handlers for both versions, for one, and for another, and what they were given."""

    def __init__(self) -> None:
        self.versions: dict[str, list[str]] = {"any": [], "first": [], "second": []}
        self.router = Router()
        self.router.on("callback", name="any")(self._noting("any"))
        self.router.on("callback", version="v1", name="first")(self._noting("first"))
        self.router.on("callback", "user_*", version="v[23]", name="second")(self._noting("second"))

    def _noting(self, name: str) -> Callable[[Event, Any], None]:
        return lambda event, context: self.versions[name].append(event.version)


def received(services: Services, request: InboundRequest) -> str:
    """Receive a callback and return its event's id."""
    assert receive(services, "callback", request, trace_id="").status == 200
    with services.database.read() as tx:
        return str(list_events(tx, EventFilter(), before=None, limit=1)[0].id)


def test_a_glob_for_the_version_chooses_the_handlers(services_with: MakeServices) -> None:
    seen = Seen()
    services = services_with(channels=CHANNELS, router=seen.router)
    received(services, first_version())
    received(services, second_version())
    while run_due(services):
        pass
    assert {name: sorted(versions) for name, versions in seen.versions.items()} == {
        "any": ["v1", "v2"],
        "first": ["v1"],
        "second": ["v2"],
    }


@pytest.mark.backends("sqlite")
def test_an_inline_handler_is_told_the_version_too(services_with: MakeServices) -> None:
    router = Router()
    router.on("callback", inline=True, name="answer")(lambda event, context: {"version": event.version})
    services = services_with(channels=CHANNELS, router=router)
    reply = receive(services, "callback", second_version(), trace_id="")
    assert json.loads(reply.body)["data"] == {"version": "v2"}


def test_the_version_is_shown_with_the_event(services_with: MakeServices) -> None:
    services = services_with(channels=CHANNELS)
    detail = event_detail(services, received(services, second_version()))
    assert detail is not None
    assert detail["version"] == "v2"


def test_a_replay_chooses_handlers_by_the_stored_version(services_with: MakeServices) -> None:
    event_id = received(services_with(channels=CHANNELS), second_version())
    seen = Seen()
    services = services_with(channels=CHANNELS.replace("callback]", "other]"), router=seen.router)
    assert replay_event(services, event_id, ORDER).dispatches == 2
    run_due(services)
    assert seen.versions == {"any": ["v2"], "first": [], "second": ["v2"]}
