"""Messages to many: batches, everybody bound to an app, paces, stopping, sending again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from app.core.errors import RefusedError
from app.core.identifiers import new_id
from app.core.sending import Pace
from app.pipeline.operators.messages import Resend, resend_message, stop_sending
from app.pipeline.services import Services
from app.pipeline.upkeep.retention import prune_all
from app.storage.audit import list_audit
from app.storage.binding.openids import upsert_openid
from app.storage.messages.tables import message_channels, message_recipients, messages, sending_paces
from tests.builders import NOW, FrozenClock
from tests.sending.office import HANG_UP, Clerk, Office, ask, open_channels, run_due, shown, states


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a few people fill several pages."""
    monkeypatch.setattr("app.pipeline.sending.run.PAGE", 4)
    monkeypatch.setattr("app.pipeline.sending.lookup.PAGE", 4)


def count_rows(services: Services, table: Any) -> int:
    with services.database.read() as tx:
        return int(tx.execute(select(func.count()).select_from(table)).scalar_one())


def bind(services: Services, app: str, *open_ids: str, channel: str = "post") -> None:
    with services.database.begin() as tx:
        for number, open_id in enumerate(open_ids):
            at = NOW + timedelta(milliseconds=number)
            upsert_openid(
                tx,
                new_id(at),
                app=app,
                open_id=open_id,
                channel=channel,
                user_ref=None,
                bound_at=at,
                bindcode_id="b",
            )


def people(count: int, prefix: str = "u") -> list[str]:
    return [f"{prefix}{number}" for number in range(count)]


def counts(services: Services, message_id: str) -> dict[str, int]:
    found: dict[str, int] = shown(services, message_id)["channels"][0]["counts"]
    return found


def test_recipients_of_one_kind_share_a_call(gateway: Services, office: Office, clerk: Clerk) -> None:
    clerk.most_recipients = 3
    to = [{"user_id": each} for each in people(4)] + [{"open_id": each} for each in people(2, "o")]
    office.answers((200, {"id": "m1", "not_reached": {"u1": "Not in this company."}}))
    message_id = ask(gateway, to=to)
    run_due(gateway)
    assert [call.to for call in office.calls] == [["u0", "u1", "u2"], ["u3"], ["o0", "o1"]]
    message = shown(gateway, message_id)
    assert (message["state"], counts(gateway, message_id)) == ("partly", {"sent": 5, "refused": 1})
    refused = message["recipients"][1]
    assert (refused["error"], refused["message"]) == ("not_reached", "Not in this company.")


def test_everybody_bound_to_an_app_gets_it_once(gateway: Services, office: Office) -> None:
    bind(gateway, "crm", *people(10, "o"))
    bind(gateway, "shop", "o1", "p1")
    bind(gateway, "crm", "q1", channel="other")
    message_id = ask(gateway, to=[{"app": "crm"}, {"app": "shop"}, {"open_id": "o3"}])
    run_due(gateway)
    assert sorted(office.reached) == sorted([*people(10, "o"), "p1"])
    message = shown(gateway, message_id)
    assert (message["state"], counts(gateway, message_id)) == ("sent", {"sent": 11})
    assert message["channels"][0]["is_complete"] is True


def test_an_app_that_nobody_is_bound_to_is_a_failure_with_its_reason(gateway: Services) -> None:
    message_id = ask(gateway, to={"app": "empty"})
    run_due(gateway)
    message = shown(gateway, message_id)
    assert (message["state"], message["channels"][0]["error"]) == ("failed", "nobody")


def test_a_run_over_many_goes_on_where_it_was(
    gateway: Services, office: Office, clerk: Clerk, clock: FrozenClock
) -> None:
    bind(gateway, "crm", *people(10, "o"))
    office.answer = lambda call: (503, {}) if len(office.calls) == 7 else (200, {"id": "m"})
    message_id = ask(gateway, to={"app": "crm"})
    run_due(gateway)
    assert (counts(gateway, message_id)["sent"], shown(gateway, message_id)["state"]) == (6, "sending")
    clock.advance(minutes=1)
    run_due(gateway)
    assert sorted(office.reached) == sorted(people(10, "o"))
    assert counts(gateway, message_id) == {"sent": 10}


def test_a_stopped_message_goes_no_further_and_can_be_sent_on(
    gateway: Services, office: Office, clerk: Clerk
) -> None:
    bind(gateway, "crm", *people(10, "o"))
    message_id = ask(gateway, to={"app": "crm"})

    def stop(call: object) -> None:
        if len(office.calls) == 5:
            stop_sending(gateway, message_id, actor="ops")

    office.before_answer = stop
    run_due(gateway)
    message = shown(gateway, message_id)
    assert (message["state"], message["channels"][0]["error"], len(office.taken)) == (
        "partly",
        "stopped",
        5,
    )
    with pytest.raises(RefusedError, match="nothing to stop"):
        stop_sending(gateway, message_id, actor="ops")
    resend_message(gateway, message_id, Resend(), actor="ops")
    run_due(gateway)
    assert sorted(office.reached) == sorted(people(10, "o"))
    assert shown(gateway, message_id)["state"] == "sent"


def test_sending_again_repeats_what_failed_and_is_audited(gateway: Services, office: Office) -> None:
    office.answers((200, {"id": "m1"}), (404, {}), HANG_UP)
    message_id = ask(gateway, to=[{"user_id": each} for each in people(3)])
    run_due(gateway)
    assert states(gateway, message_id) == ["sent", "refused", "unknown"]
    for what, reached in (
        (Resend(), ["u1"]),
        (Resend(unknown=True), ["u2"]),
        (Resend(everything=True), people(3)),
    ):
        before = len(office.taken)
        resend_message(gateway, message_id, what, actor="ops")
        run_due(gateway)
        assert office.reached[before:] == reached
    assert (states(gateway, message_id), shown(gateway, message_id)["state"]) == (["sent"] * 3, "sent")
    assert len({call.repeat_key for call in office.calls}) == len(office.calls)
    with pytest.raises(RefusedError, match="Nothing of this message failed"):
        resend_message(gateway, message_id, Resend(), actor="ops")
    with gateway.database.read() as tx:
        entries = list_audit(tx, before=None, limit=5)
    assert [(each.actor, each.action, each.target) for each in entries] == [
        ("ops", "message.resend", message_id)
    ] * 3


def test_a_pace_holds_over_every_window(services: Services, office: Office, clock: FrozenClock) -> None:
    open_channels(services, office, Clerk(office.url, "post", paces=(Pace(20, 60),)))
    times: list[float] = []
    office.before_answer = lambda call: times.append((clock.now() - NOW).total_seconds())
    for number in range(30):
        ask(services, text=str(number))
    for _ in range(200):
        run_due(services)
        clock.advance(seconds=1)
        if len(times) == 30:
            break
    assert len(times) == 30
    assert max(sum(start <= each < start + 60 for each in times) for start in times) <= 20
    assert times[-1] < 150


def test_a_pace_for_each_recipient_keeps_nobody_else_waiting(
    services: Services, office: Office, clock: FrozenClock
) -> None:
    open_channels(services, office, Clerk(office.url, "post", most_recipients=10, paces=(Pace(1, 60, True),)))
    ask(services, to={"user_id": "u1"})
    run_due(services)
    message_id = ask(services, to=[{"user_id": each} for each in ("u1", "u2", "u3")])
    run_due(services)
    assert (office.reached, counts(services, message_id)) == (["u1", "u2", "u3"], {"sent": 2, "queued": 1})
    clock.advance(seconds=61)
    run_due(services)
    assert (office.reached[-1], shown(services, message_id)["state"]) == ("u1", "sent")


def test_those_who_wait_for_one_recipient_come_back_one_after_another(
    services: Services, office: Office, clock: FrozenClock
) -> None:
    open_channels(services, office, Clerk(office.url, "post", paces=(Pace(1, 1, each_recipient=True),)))
    for number in range(12):
        ask(services, to={"user_id": "u1"}, text=str(number))
    came = []
    for _ in range(14):
        came.append(run_due(services))
        clock.advance(seconds=1)
    assert len(office.calls) == 12
    assert came[0] == 12
    assert max(came[1:]) <= 2


def test_a_platform_that_is_down_is_left_alone_for_a_while(
    gateway: Services, office: Office, clock: FrozenClock
) -> None:
    office.answer = lambda call: (503, {})
    for number in range(20):
        ask(gateway, text=str(number))
    run_due(gateway)
    assert len(office.calls) == 5
    clock.advance(seconds=11)
    run_due(gateway)
    assert len(office.calls) == 6


def test_kinds_of_recipients_have_paces_and_sizes_of_their_own(services: Services, office: Office) -> None:
    class Both(Clerk):
        def most_of_kind(self, kind: str) -> int:
            return 3 if kind == "user_id" else 1

    paces = (Pace(1, 60, kinds=("robot",)), Pace(1_000, 1, kinds=("user_id",)))
    open_channels(services, office, Both(office.url, "post", paces=paces))
    for _ in range(2):
        ask(services, to={"robot": ""})
    ask(services, to=[{"user_id": each} for each in people(3)])
    run_due(services)
    assert sorted(call.to for call in office.taken) == [[""], people(3)]


def test_paces_that_have_grown_back_are_forgotten(
    services: Services, office: Office, clock: FrozenClock
) -> None:
    paces = (Pace(10, 60), Pace(1, 60, each_recipient=True))
    open_channels(services, office, Clerk(office.url, "post", paces=paces))
    ask(services)
    run_due(services)
    prune_all(services)
    assert count_rows(services, sending_paces) == 2
    clock.advance(minutes=2)
    prune_all(services)
    assert count_rows(services, sending_paces) == 0


def test_retention_takes_messages_with_their_events(
    gateway: Services, office: Office, clock: FrozenClock
) -> None:
    office.answers((404, {}))
    failed = ask(gateway)
    run_due(gateway)
    clock.advance(days=gateway.settings.retention_body_days + 1)
    prune_all(gateway)
    with pytest.raises(RefusedError) as caught:
        resend_message(gateway, failed, Resend(), actor="ops")
    assert caught.value.code == "body_pruned"
    clock.advance(days=gateway.settings.retention_event_days)
    prune_all(gateway)
    assert [count_rows(gateway, each) for each in (messages, message_channels, message_recipients)] == [
        0,
        0,
        0,
    ]
