"""A message on its way: what the platform says decides, and every step is written down."""

from __future__ import annotations

import pytest

from app.pipeline.dispatch.attempts import claim_work
from app.pipeline.operators.events import event_detail
from app.pipeline.services import Services
from tests.builders import FrozenClock, run_stored_claim
from tests.sending.office import HANG_UP, Clerk, Office, ask, open_channels, run_due, shown, states


def test_a_message_is_sent_and_accounted_for(gateway: Services, office: Office) -> None:
    message_id = ask(gateway, text="你好 😀")
    assert (shown(gateway, message_id)["state"], office.calls) == ("queued", [])
    run_due(gateway)
    message = shown(gateway, message_id)
    (recipient,) = message["recipients"]
    assert (message["state"], office.texts, office.reached) == ("sent", ["你好 😀"], ["u1"])
    assert (recipient["state"], recipient["platform_id"], recipient["attempt"]) == ("sent", "m1", 1)
    assert message["finished_at"] is not None
    assert run_due(gateway) == 0


def test_parts_go_out_in_order_and_each_waits_for_the_one_before(gateway: Services, office: Office) -> None:
    whole = ask(gateway, text="one|two|three")
    run_due(gateway)
    assert (office.texts, states(gateway, whole)) == (["one", "two", "three"], ["sent", "sent", "sent"])
    office.answers((200, {"id": "m"}), (404, {}))
    broken = ask(gateway, text="four|five|six")
    run_due(gateway)
    assert (office.texts[3:], states(gateway, broken)) == (["four"], ["sent", "refused"])
    assert shown(gateway, broken)["state"] == "partly"


def test_what_a_platform_says_decides_what_becomes_of_a_message(
    gateway: Services, office: Office, clock: FrozenClock
) -> None:
    expected = {
        400: ("failed", "failed", "refused_content"),
        403: ("dead", "failed", "refused_settings"),
        404: ("failed", "refused", "refused_recipient"),
        418: ("failed", "unknown", "outcome_unknown"),
    }
    for status, (state, of_recipient, word) in expected.items():
        office.answers((status, {}))
        message_id = ask(gateway)
        run_due(gateway)
        message = shown(gateway, message_id)
        (recipient,) = message["recipients"]
        assert (message["state"], recipient["state"], recipient["error"]) == (state, of_recipient, word), (
            status
        )
        assert message["channels"][0]["message"] == recipient["message"] != ""
        assert (event_detail(gateway, message_id) or {})["state"] == "dead"
        clock.advance(minutes=10)
        assert run_due(gateway) == 0
    assert office.taken == []


def test_a_busy_platform_is_tried_again(gateway: Services, office: Office, clock: FrozenClock) -> None:
    office.answers((503, {}), (503, {}))
    message_id = ask(gateway)
    for _ in range(3):
        run_due(gateway)
        clock.advance(minutes=2)
    assert (shown(gateway, message_id)["state"], len(office.calls), office.reached) == ("sent", 3, ["u1"])
    assert shown(gateway, message_id)["recipients"][0]["attempt"] == 3


def test_nobody_listening_ends_dead_after_every_try(
    gateway: Services, office: Office, clock: FrozenClock
) -> None:
    message_id = ask(gateway, lifetime="7 d")
    office.close()
    for _ in range(200):
        run_due(gateway)
        clock.advance(hours=9)
        if shown(gateway, message_id)["state"] == "dead":
            break
    message = shown(gateway, message_id)
    assert (message["state"], states(gateway, message_id)) == ("dead", ["failed"])
    assert "refuses the connection" in message["channels"][0]["message"]


def test_a_call_without_an_answer_is_unknown_and_never_repeated(
    gateway: Services, office: Office, clock: FrozenClock
) -> None:
    office.answers(HANG_UP)
    message_id = ask(gateway)
    for _ in range(3):
        run_due(gateway)
        clock.advance(hours=9)
    assert (len(office.calls), states(gateway, message_id)) == (1, ["unknown"])


def test_a_call_without_an_answer_is_repeated_where_that_is_safe_or_asked_for(
    gateway: Services, office: Office, clerk: Clerk, clock: FrozenClock
) -> None:
    office.answers(HANG_UP)
    asked_for = ask(gateway, repeat_unknown=True)
    run_due(gateway)
    clock.advance(minutes=10)
    run_due(gateway)
    clerk.recognises_repeats = True
    office.answers(HANG_UP)
    safe = ask(gateway)
    run_due(gateway)
    clock.advance(minutes=10)
    run_due(gateway)
    assert (states(gateway, asked_for), states(gateway, safe)) == (["sent"], ["sent"])
    first, again = office.calls[-2:]
    assert first.repeat_key == again.repeat_key != office.calls[0].repeat_key


def test_a_quota_makes_every_message_of_the_channel_wait_and_uses_no_attempt(
    gateway: Services, office: Office, clock: FrozenClock
) -> None:
    office.answers((429, {"wait": 600}))
    first, second = ask(gateway), ask(gateway)
    run_due(gateway)
    assert len(office.calls) == 1
    waiting = shown(gateway, first)["channels"][0]
    assert waiting["waits_until"].startswith("2026-11-20T12:10:00")
    assert waiting["message"] == "20 a minute are allowed."
    for _ in range(3):
        clock.advance(minutes=11)
        run_due(gateway)
    assert (len(office.taken), shown(gateway, second)["state"]) == (2, "sent")
    assert {each["attempt"] for each in shown(gateway, first)["recipients"]} == {1}


def test_a_stale_app_token_is_replaced_and_the_call_repeated_once(
    gateway: Services, office: Office, clerk: Clerk
) -> None:
    clerk.with_token = True
    office.answer = lambda call: (200, {"id": "m1"}) if call.token == "token-2" else (401, {})
    message_id = ask(gateway)
    run_due(gateway)
    assert [call.token for call in office.calls] == ["token-1", "token-2"]
    assert states(gateway, message_id) == ["sent"]


def test_what_a_process_left_on_its_way_is_unknown_to_the_next(
    gateway: Services, office: Office, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that ends during the call has written that the part is on its way, and nothing else."""
    message_id = ask(gateway)
    (claim,) = claim_work(gateway, limit=1)

    def end(*_: object, **__: object) -> None:
        raise SystemExit

    monkeypatch.setattr("app.pipeline.sending.departures.call_once", end)
    with pytest.raises(SystemExit):
        run_stored_claim(gateway, claim)
    monkeypatch.undo()
    assert states(gateway, message_id) == ["sending"]
    clock.advance(minutes=5)
    run_due(gateway)
    assert (states(gateway, message_id), office.calls) == (["unknown"], [])


def test_a_worker_that_lost_its_lease_writes_nothing(
    gateway: Services, office: Office, clock: FrozenClock
) -> None:
    message_id = ask(gateway)
    (late,) = claim_work(gateway, limit=1)
    clock.advance(minutes=5)
    (current,) = claim_work(gateway, limit=1)
    run_stored_claim(gateway, late)
    assert (office.calls, states(gateway, message_id)) == ([], ["queued"])
    run_stored_claim(gateway, current)
    assert (len(office.calls), states(gateway, message_id)) == (1, ["sent"])


def test_a_fallback_begins_only_where_the_channel_before_reached_nobody(
    services: Services, office: Office
) -> None:
    first, second = Clerk(office.url, "post"), Clerk(office.url, "spare")
    open_channels(services, office, first, second)
    office.answer = lambda call: (403, {}) if call.channel == "post" else (200, {"id": "m"})
    failed = ask(services, channel=None, channels=["post", "spare"], fallback=True)
    run_due(services)
    assert [call.channel for call in office.calls] == ["post", "spare"]
    message = shown(services, failed)
    assert [each["state"] for each in message["channels"]] == ["dead", "sent"]
    assert message["state"] == "sent"
    office.answers()
    fine = ask(services, channel=None, channels=["post", "spare"], fallback=True)
    run_due(services)
    assert [each["state"] for each in shown(services, fine)["channels"]] == ["sent", "waiting"]
    assert [call.channel for call in office.calls[2:]] == ["post"]


def test_several_channels_are_one_message_with_one_state(services: Services, office: Office) -> None:
    open_channels(services, office, Clerk(office.url, "post"), Clerk(office.url, "spare"))
    office.answer = lambda call: (404, {}) if call.channel == "post" else (200, {"id": "m"})
    message_id = ask(services, channel=None, channels=["post", "spare"])
    run_due(services)
    assert (shown(services, message_id)["state"], office.reached) == ("partly", ["u1"])


def test_a_channel_that_is_gone_ends_dead_with_the_reason(
    services: Services, office: Office, clerk: Clerk
) -> None:
    open_channels(services, office, clerk)
    message_id = ask(services)
    open_channels(services, office, Clerk(office.url, "other"))
    run_due(services)
    message = shown(services, message_id)
    assert (message["state"], message["channels"][0]["error"]) == ("dead", "channel_cannot_send")
    assert states(services, message_id) == ["failed"]
