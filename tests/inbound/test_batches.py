"""One delivery that holds several events: each has its key and its dispatches, all are stored in one commit or none."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from app.core.errors import PayloadError, RequestError, StoreUnavailable, VerificationError
from app.core.values import InboundRequest, Outcome, ParsedEvent, Reply, Situation, Verified
from app.pipeline.inbound.prepare import MOST_EVENTS
from app.pipeline.inbound.receive import receive
from app.pipeline.operators.events import event_detail, list_events_page
from app.pipeline.router import Router
from app.pipeline.services import Services
from tests.inbound.open_source import OpenSource, delivery, services_of

MakeServices = Callable[..., Services]


class AlertSource(OpenSource):
    """Sends a JSON list; each element has an id and a type."""

    nonce: str | None = None

    def verify(self, request: InboundRequest, now: Any) -> Verified:
        return Verified("test", nonce=self.nonce)

    def parse_batch(self, request: InboundRequest, verified: Verified) -> Sequence[ParsedEvent]:
        return [ParsedEvent(each["type"], each["id"], each) for each in json.loads(request.body)]

    def acknowledge(self, request: InboundRequest, verified: Verified, outcome: Outcome) -> Reply:
        return Reply(200, f"{outcome.situation.value} {outcome.data}".encode())


def alerts(*ids: str, kind: str = "alert.firing") -> bytes:
    return json.dumps([{"id": each, "type": kind} for each in ids]).encode()


def stored(services: Services) -> dict[str, str]:
    """Return the ids of the stored events by their keys."""
    page = list_events_page(services, {}, cursor=None, limit=50)["items"]
    return {item["key"]: item["id"] for item in page}


def handled(router: Router) -> list[str]:
    """Register an inline handler that notes the keys it sees; return its notes."""
    seen: list[str] = []

    @router.on("*", inline=True, name="note")
    def note(event: Any, context: Any) -> str:
        seen.append(event.key)
        return event.key

    return seen


def test_every_element_becomes_an_event_with_its_own_key(services_with: MakeServices) -> None:
    router = Router()
    seen = handled(router)
    services = services_of(services_with, AlertSource(), router=router)
    reply = receive(services, "open", delivery(alerts("a", "b", "c")), trace_id="")
    assert reply.body == b"success a"
    assert set(stored(services)) == {"a", "b", "c"}
    assert seen == ["a", "b", "c"]


def test_a_repeated_delivery_with_one_new_element_stores_only_that(services_with: MakeServices) -> None:
    router = Router()
    seen = handled(router)
    services = services_of(services_with, AlertSource(), router=router)
    receive(services, "open", delivery(alerts("a", "b")), trace_id="")
    receive(services, "open", delivery(alerts("a", "b", "c")), trace_id="")
    assert seen == ["a", "b", "c"]
    assert len(stored(services)) == 3


def test_the_same_key_twice_in_one_delivery_is_one_event(services_with: MakeServices) -> None:
    services = services_of(services_with, AlertSource())
    receive(services, "open", delivery(alerts("a", "a")), trace_id="")
    detail = event_detail(services, stored(services)["a"])
    assert detail is not None
    assert detail["duplicates"] == 1


def test_the_whole_delivery_is_kept_once(services_with: MakeServices) -> None:
    body = alerts("a", "b")
    bodies: dict[str, bytes] = {}
    router = Router()
    router.on("*", inline=True, name="keep")(lambda event, context: bodies.update({event.key: event.raw}))
    receive(services_of(services_with, AlertSource(), router=router), "open", delivery(body), trace_id="")
    assert bodies["a"] == body
    assert json.loads(bodies["b"]) == {"id": "b", "type": "alert.firing"}


def test_an_empty_delivery_is_acknowledged_and_stores_nothing(services_with: MakeServices) -> None:
    services = services_of(services_with, AlertSource())
    assert receive(services, "open", delivery(b"[]"), trace_id="").body == b"accepted None"
    assert stored(services) == {}


def test_one_failing_element_makes_the_whole_answer_a_failure(services_with: MakeServices) -> None:
    router = Router()

    @router.on("*", inline=True, name="fail")
    def fail(event: Any, context: Any) -> str:
        if event.key == "b":
            raise ValueError("no")
        return "ok"

    services = services_of(services_with, AlertSource(), router=router)
    reply = receive(services, "open", delivery(alerts("a", "b", "c")), trace_id="")
    assert reply.body == b"handler_failed ok"
    assert len(stored(services)) == 3


def test_a_nonce_is_spent_once_by_all_events_of_a_delivery(services_with: MakeServices) -> None:
    source = AlertSource()
    source.nonce = "n-1"
    services = services_of(services_with, source)
    receive(services, "open", delivery(alerts("a", "b")), trace_id="")
    with pytest.raises(VerificationError, match="nonce was used"):
        receive(services, "open", delivery(alerts("c", "d")), trace_id="")
    assert set(stored(services)) == {"a", "b"}


def test_too_many_events_in_one_delivery_are_refused(services_with: MakeServices) -> None:
    services = services_of(services_with, AlertSource())
    body = alerts(*(str(number) for number in range(MOST_EVENTS + 1)))
    with pytest.raises(PayloadError) as caught:
        receive(services, "open", delivery(body), trace_id="")
    assert caught.value.reason == "too_many_events"
    assert stored(services) == {}


def test_a_store_that_fails_in_the_middle_keeps_nothing_of_a_delivery(
    services_with: MakeServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = services_of(services_with, AlertSource())

    def fail(*_: object) -> None:
        raise StoreUnavailable

    monkeypatch.setattr("app.storage.queue.acceptance.insert_dispatches", fail)
    with pytest.raises(StoreUnavailable):
        receive(services, "open", delivery(alerts("a", "b")), trace_id="")
    assert stored(services) == {}


def test_only_a_delivery_without_any_known_type_is_refused_as_unknown(services_with: MakeServices) -> None:
    router = Router()
    router.on("*", "alert.firing", name="firing")(lambda event, context: None)
    services = services_of(services_with, AlertSource(), router=router, unknown_events="reject")
    both = json.dumps([{"id": "a", "type": "alert.firing"}, {"id": "b", "type": "odd"}]).encode()
    assert receive(services, "open", delivery(both), trace_id="").body.startswith(b"accepted")
    odd = receive(services, "open", delivery(alerts("c", kind="odd")), trace_id="")
    assert odd.body.startswith(Situation.UNKNOWN_EVENT_TYPE.value.encode())
    assert set(stored(services)) == {"a", "b"}


def test_what_a_platform_cannot_read_is_its_own_error(services_with: MakeServices) -> None:
    class Unreadable(AlertSource):
        def parse_batch(self, request: InboundRequest, verified: Verified) -> Sequence[ParsedEvent]:
            raise PayloadError("not_a_list")

    services = services_of(services_with, Unreadable())
    with pytest.raises(RequestError):
        receive(services, "open", delivery(b"{}"), trace_id="")
