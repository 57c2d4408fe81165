"""Messages that start at once: handed to the engine with their commit, begun without a look, and never on a wrong guess."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from app.core.errors import StoreUnavailable
from app.core.values import Event
from app.pipeline.dispatch.attempts import claim_work, record_successes, run_loaded_claim
from app.pipeline.operators.messages import Resend, resend_message, stop_sending
from app.pipeline.services import Services
from app.storage.queue.completions import Ending
from app.storage.queue.dispatches import Claim
from tests.builders import FrozenClock, run_stored_claim
from tests.sending.office import Office, ask, run_due, shown, states


class Hand:
    """An engine with so many places, which keeps what it is handed."""

    def __init__(self, places: int) -> None:
        self.places = places
        self.work: list[tuple[Event, Claim]] = []

    def reserve(self, count: int) -> bool:
        if count > self.places:
            return False
        self.places -= count
        return True

    def release(self, count: int) -> None:
        self.places += count

    def hand_over(self, event: Event, claims: Sequence[Claim]) -> None:
        self.work += [(event, claim) for claim in claims]


def test_a_message_is_handed_to_the_engine_with_its_commit(gateway: Services, office: Office) -> None:
    gateway.runtime.engine = hand = Hand(places=1)
    message_id = ask(gateway)
    assert claim_work(gateway, limit=5) == []
    ((event, claim),) = hand.work
    run_loaded_claim(gateway, claim, event)
    assert (office.texts, states(gateway, message_id)) == (["hello"], ["sent"])


def test_without_a_place_a_message_waits_in_the_store(gateway: Services, office: Office) -> None:
    gateway.runtime.engine = hand = Hand(places=0)
    ask(gateway)
    assert (hand.work, run_due(gateway), office.texts) == ([], 1, ["hello"])


def test_a_repeat_of_a_message_gives_its_place_back(gateway: Services) -> None:
    gateway.runtime.engine = hand = Hand(places=2)
    ask(gateway, "k"), ask(gateway, "k")
    assert (len(hand.work), hand.places) == (1, 1)


def test_a_store_that_refuses_gives_the_place_back(
    gateway: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway.runtime.engine = hand = Hand(places=1)

    def refuse(*_: object) -> None:
        raise StoreUnavailable

    monkeypatch.setattr(gateway.accepts, "run", refuse)
    with pytest.raises(StoreUnavailable):
        ask(gateway)
    assert hand.places == 1


def test_what_was_handed_over_and_stopped_is_not_sent(gateway: Services, office: Office) -> None:
    gateway.runtime.engine = hand = Hand(places=1)
    message_id = ask(gateway)
    stop_sending(gateway, message_id, actor="ops")
    ((event, claim),) = hand.work
    run_loaded_claim(gateway, claim, event)
    assert (office.calls, states(gateway, message_id)) == ([], ["failed"])


def test_a_message_that_is_further_than_guessed_goes_on_from_where_it_stands(
    gateway: Services, office: Office, clock: FrozenClock
) -> None:
    """Its first run reached one and was given back, so its attempt is the first one again."""
    office.answers((200, {"id": "m1"}), (429, {"wait": 60}))
    message_id = ask(gateway, to=[{"user_id": "u1"}, {"user_id": "u2"}])
    run_due(gateway)
    assert states(gateway, message_id) == ["sent", "queued"]
    clock.advance(minutes=2)
    run_due(gateway)
    assert (office.reached, states(gateway, message_id)) == (["u1", "u2"], ["sent", "sent"])


def test_a_resend_is_another_call_with_another_key(gateway: Services, office: Office) -> None:
    message_id = ask(gateway)
    run_due(gateway)
    resend_message(gateway, message_id, Resend(everything=True), actor="ops")
    run_due(gateway)
    first, second = office.calls
    assert first.repeat_key != second.repeat_key
    assert shown(gateway, message_id)["state"] == "sent"


def test_the_end_of_a_simple_message_is_written_with_that_of_its_attempt(
    gateway: Services, office: Office
) -> None:
    """So until the recorder has written it the call is on its way, and whoever takes over repeats nothing."""
    message_id, kept = ask(gateway), list[Ending]()
    (claim,) = claim_work(gateway, limit=1)
    run_stored_claim(gateway, claim, record=kept.append)
    assert (len(office.taken), states(gateway, message_id)) == (1, ["sending"])
    record_successes(gateway, kept)
    assert (states(gateway, message_id), shown(gateway, message_id)["state"]) == (["sent"], "sent")


def test_the_end_of_a_message_is_not_written_without_the_lease(
    gateway: Services, office: Office, clock: FrozenClock
) -> None:
    message_id, kept = ask(gateway), list[Ending]()
    (claim,) = claim_work(gateway, limit=1)
    run_stored_claim(gateway, claim, record=kept.append)
    clock.advance(minutes=5)
    run_due(gateway)
    record_successes(gateway, kept)
    assert (len(office.calls), states(gateway, message_id)) == (1, ["unknown"])
