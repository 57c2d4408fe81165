"""What the entries of a delivery say: an event for each, its type and key, and the answer."""

from __future__ import annotations

from typing import Any

import pytest

from app.core.ports import BatchSource
from app.core.values import Outcome, Situation, Verified
from tests.platforms.deliveries import NOW
from tests.platforms.microsoft_graph.notifying import channel, entry, notify
from tests.platforms.recorded import judge


def events_of(*entries: dict[str, Any], **settings: Any) -> Any:
    judged = judge(channel(**settings), notify(*entries))
    assert judged.outcome == "accept", judged.why
    return judged.events


def key_of(**changes: Any) -> Any:
    (event,) = events_of(entry(**changes))
    return event.key


def test_each_entry_is_an_event() -> None:
    assert isinstance(channel(), BatchSource)
    events = events_of(entry(), entry(changeType="deleted", resource="Users/u/Messages/2"))
    assert [(event.type, event.key) for event in events] == [
        ("created", "sub-1:created:Users/u/Messages/AAMk1"),
        ("deleted", "sub-1:deleted:Users/u/Messages/2"),
    ]
    assert events[0].data == entry()


def test_an_etag_tells_two_updates_apart() -> None:
    first, second = (
        key_of(changeType="updated", resourceData={"@odata.etag": tag}) for tag in ("W/1", "W/2")
    )
    assert (first, second) == (
        "sub-1:updated:Users/u/Messages/AAMk1:W/1",
        "sub-1:updated:Users/u/Messages/AAMk1:W/2",
    )


def test_an_update_that_nothing_tells_apart_is_never_a_copy() -> None:
    assert key_of(changeType="updated", resource="me/drive/root", resourceData=None) is None
    (event,) = events_of(entry(changeType="updated"), repeated_updates=True)
    assert event.key is None
    (event,) = events_of(entry(changeType="created"), repeated_updates=True)
    assert event.key is not None


@pytest.mark.parametrize("kind", ["reauthorizationRequired", "subscriptionRemoved", "missed"])
def test_a_lifecycle_event_is_never_a_copy(kind: str) -> None:
    (event,) = events_of(entry(lifecycleEvent=kind, changeType=None, resource=None, resourceData=None))
    assert (event.type, event.key) == (kind, None)


def test_a_long_key_is_known_by_its_digest() -> None:
    assert len(key_of(resource="x" * 500)) == 64
    assert key_of(resource="x" * 500) != key_of(resource="x" * 501)


@pytest.mark.parametrize("changes", [{"subscriptionId": 5}, {"resource": None}, {"resource": []}], ids=str)
def test_an_entry_that_names_nothing_has_no_key(changes: dict[str, Any]) -> None:
    assert key_of(**changes) is None


@pytest.mark.parametrize("kind", [None, "", 5, "x" * 65, "a\nb"], ids=repr)
def test_an_entry_without_a_kind_is_a_fault_of_the_body(kind: Any) -> None:
    assert judge(channel(), notify(entry() | {"changeType": kind})).why == "bad_change_type"


def test_the_client_state_is_a_credential_in_each_entry() -> None:
    assert channel().credential_places(None).fields == ("clientState",)


@pytest.mark.parametrize(
    ("situation", "status"),
    [(Situation.ACCEPTED, 202), (Situation.HANDLER_FAILED, 500), (Situation.COME_AGAIN, 503)],
)
def test_what_is_stored_is_answered_202(situation: Situation, status: int) -> None:
    (event,) = events_of(entry())
    reply = channel().acknowledge(notify(entry()), Verified("x"), Outcome(situation, "evt", event, now=NOW))
    assert (reply.status, reply.body == b"") == (status, status == 202)
