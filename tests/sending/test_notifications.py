"""Event in, message out, on every database: conditions, changes, limits, collecting, quiet hours, replays, failures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from app.config.channels import parse_channels
from app.core.errors import ConfigurationError
from app.core.identifiers import OrderedIds, new_id
from app.core.states import EventState
from app.core.values import Event
from app.pipeline.channels import Channels
from app.pipeline.dispatch.attempts import claim_work
from app.pipeline.operators.replay import replay_event
from app.pipeline.operators.replay_order import ReplayOrder
from app.pipeline.router import Context
from app.pipeline.sending.notices import open_notification, open_notifications
from app.pipeline.sending.notifications import notification_routes
from app.pipeline.services import Services
from app.storage.inbox.events import NewEvent, find_events
from app.storage.messages.notifications import notification_events
from app.storage.messages.tables import messages
from app.storage.queue.acceptance import Acceptance, accept_many
from app.storage.queue.dispatches import NewDispatch, dispatches
from tests.builders import FrozenClock, exchange
from tests.sending.office import Office, run_due

IDS = OrderedIds()
BEGIN = """
[[notifications]]
name = "ops"
match = ["shop:order.*", "callgate:*"]
channels = ["post"]
to = { user_id = "u1" }
text = "{{ event.data.say }}"
"""


@pytest.fixture
def tells(gateway: Services) -> Callable[[str], Services]:
    """Return a function that lets the gateway have one notification, which is told of orders of a shop."""

    def make(more: str = "") -> Services:
        (config,) = parse_channels(BEGIN + more, {}).notifications
        opened = open_notification(config, Path("nowhere"))
        exchange(gateway, notifications=notification_routes(gateway, [opened]), _matches={})
        gateway.own_events.listen(gateway.matching)
        return gateway

    return make


def happens(services: Services, say: str = "hello", *, type_: str = "order.paid", **data: Any) -> str:
    """Store an event as if the shop had sent it; return its id."""
    now = services.clock.now()
    event = Event(
        id=IDS.next(now), channel="shop", platform="shop", type=type_, key=new_id(now), subject=data.pop("subject", None),
        occurred_at=now, received_at=now, data={"say": say} | data, raw=b"{}", headers=(),
    )  # fmt: skip
    routes = services.matching(event.channel, event.platform, event.type, "v1")
    new = NewEvent(event, False, EventState.RECEIVED, "", "test", None)
    waiting = tuple(NewDispatch(new_id(now), event.id, route.name, due_at=now) for route in routes)
    with services.database.begin() as tx:
        accept_many(tx, [Acceptance(new=new, dispatches=waiting, window=timedelta(days=1), now=now)])
    return event.id


def outcomes(services: Services) -> list[str]:
    """Return what became of events, in the order in which they came."""
    with services.database.read() as tx:
        query = select(notification_events.c.outcome).order_by(notification_events.c.event_id)
        return list(tx.execute(query).scalars())


def test_no_sign_of_an_event_in_a_title_keeps_the_message_back(tells: Callable[[str], Services]) -> None:
    services = tells('title = "{{ event.data.say }}"')
    for say in (
        "a\x00b",
        "\x1b[31mred",
        "\U0001f468\u200d\U0001f469\u200d\U0001f467",
        "告警\u3000级别",
        "a\u2028b",
    ):
        happens(services, say)
    run_due(services)
    assert outcomes(services) == ["sent"] * 5


def test_an_event_becomes_a_message_once_where_its_condition_holds(
    tells: Callable[[str], Services], office: Office
) -> None:
    services = tells('when = "event.data.amount >= 100"')
    for say, amount in {"big": 100, "small": 99, "none": None}.items():
        happens(services, say, amount=amount)
    happens(services, "without")
    happens(services, "other", type_="shipment", amount=500)
    run_due(services)
    assert office.texts == ["big"]
    assert outcomes(services) == ["sent"]


def test_a_run_that_ended_before_it_was_recorded_says_nothing_twice(
    tells: Callable[[str], Services], office: Office
) -> None:
    services = tells("only_changes = 'event.data.state'")
    happens(services, state="firing")
    (claim,) = claim_work(services, limit=1)
    route = services.find_route(claim.route)
    event = _event(services, claim.event_id)
    assert route is not None
    told = [route.handler(event, _context(claim)) for _ in range(3)]
    assert [each["outcome"] for each in told] == ["sent"] * 3
    assert len({each["message"] for each in told}) == 1
    run_due(services)
    assert office.texts == ["hello"]


def test_only_changes_are_said_and_each_key_has_its_own(
    tells: Callable[[str], Services], office: Office
) -> None:
    services = tells("only_changes = 'event.data.state'")
    for say, state, subject in [
        ("1", "on", "a"),
        ("2", "on", "a"),
        ("3", "on", "b"),
        ("4", "off", "a"),
        ("5", "off", "a"),
    ]:
        happens(services, say, state=state, subject=subject)
        run_due(services)
    assert office.texts == ["1", "3", "4"]
    assert outcomes(services) == ["sent", "unchanged", "sent", "sent", "unchanged"]


@pytest.mark.parametrize(("limit", "said"), [("2/hour", "12"), ("2/hour per key", "124")])
def test_enough_is_enough_for_a_time(
    tells: Callable[[str], Services], office: Office, clock: FrozenClock, limit: str, said: str
) -> None:
    services = tells(f"limit = '{limit}'")
    for say, subject in zip("1234", "aaab", strict=True):
        happens(services, say, subject=subject)
        run_due(services)
    assert "".join(office.texts) == said
    clock.advance(hours=1)
    happens(services, "later", subject="a")
    run_due(services)
    assert office.texts[-1] == "later"


def test_events_of_a_time_become_one_message(
    tells: Callable[[str], Services], office: Office, clock: FrozenClock
) -> None:
    services = tells("merge = '30 s'")
    for say in ("1", "2"):
        happens(services, say)
    run_due(services)
    clock.advance(seconds=29)
    happens(services, "3")
    run_due(services)
    assert office.texts == []
    clock.advance(seconds=1)
    happens(services, "next time")
    run_due(services)
    assert office.texts == ["1\n\n---\n\n2\n\n---\n\n3"]
    assert outcomes(services) == ["sent", "sent", "sent", "waiting"]
    clock.advance(seconds=30)
    run_due(services)
    assert office.texts[1:] == ["next time"]


def test_a_template_may_speak_of_all_events_itself(
    tells: Callable[[str], Services], office: Office, clock: FrozenClock
) -> None:
    services = tells("merge = '30 s'\ntitle = '{{ count }} orders'")
    (config,) = parse_channels(BEGIN.replace("{{ event.data.say }}", "{% for each in events %}{{ each.data.say }} {% endfor %}{{ count }}") + "merge = '30 s'", {}).notifications  # fmt: skip
    exchange(
        services,
        notifications=notification_routes(services, [open_notification(config, Path())]),
        _matches={},
    )
    for say in ("a", "b"):
        happens(services, say)
    run_due(services)
    clock.advance(seconds=30)
    run_due(services)
    assert office.texts == ["a b 2"]


def test_quiet_hours_hold_or_drop_and_let_through_what_is_urgent(
    tells: Callable[[str], Services], office: Office, clock: FrozenClock
) -> None:
    assert clock.now() == datetime(2026, 11, 20, 12, tzinfo=UTC)
    night = "quiet_hours = {{ from = '19:00', to = '08:00', zone = 'Asia/Shanghai', then = '{}', urgent_when = 'event.data.urgent' }}"
    services = tells(night.format("hold"))
    happens(services, "held")
    happens(services, "urgent", urgent=True)
    run_due(services)
    assert office.texts == ["urgent"]
    clock.advance(hours=11, minutes=59)
    run_due(services)
    assert office.texts == ["urgent"]
    clock.advance(minutes=1)
    run_due(services)
    assert office.texts == ["urgent", "held"]
    tells(night.format("drop"))
    clock.advance(hours=12)
    happens(services, "dropped")
    run_due(services)
    assert office.texts == ["urgent", "held"]
    assert outcomes(services)[-1] == "quiet"


def test_what_an_operator_replays_is_said_again(tells: Callable[[str], Services], office: Office) -> None:
    services = tells("only_changes = 'event.data.state'\nlimit = '1/day'")
    event_id = happens(services, state="on")
    run_due(services)
    replay_event(services, event_id, ReplayOrder(actor="ops", reason="asked for"))
    run_due(services)
    assert office.texts == ["hello", "hello"]


def test_a_template_that_fails_is_a_dead_letter_with_its_line_and_disturbs_nothing(
    tells: Callable[[str], Services], office: Office
) -> None:
    services = tells("title = '{% for a in range(1000) %}{% for b in range(1000) %}{% endfor %}{% endfor %}'")
    happens(services)
    run_due(services)
    with services.database.read() as tx:
        states = list(tx.execute(select(dispatches.c.state)).scalars())
        assert list(tx.execute(select(messages.c.id))) == []
    assert sorted(states) == ["dead", "succeeded"]
    assert office.texts == []


def test_what_died_on_its_way_to_a_channel_is_not_told_by_a_message(
    tells: Callable[[str], Services], office: Office
) -> None:
    services = tells("")
    for route in ("messages:post", "notifications:ops", "destination:crm"):
        with services.database.begin() as tx:
            services.own_events.tell(tx, "dispatch.dead", {"route": route, "say": route})
    run_due(services)
    assert office.texts == ["destination:crm"]


def test_wrong_settings_are_refused_at_start_with_the_key_at_fault(tmp_path: Path) -> None:
    (tmp_path / "bad.md").write_text("fine\n{{ 1 | center }}")
    head = '[channels.post]\nplatform = "office"\n[[notifications]]\nmatch = "shop:*"\nchannels = ["post"]\n'
    for keys, sentence in {
        "text = 'x'": "name is missing",
        "name = 'a'\ntext = 'x'\ntemplate = 'y.md'": "needs either template",
        "name = 'a'\ntext = 'x'\nmerge = '2 h'": "merge: must be a time from 1 s to 1 h",
        "name = 'a'\ntext = 'x'\nlimit = 'often'": "limit: must look like",
        "name = 'a'\ntext = 'x'\nquiet_hours = { from = '22:00', to = '08:00', zone = 'Beijing' }": "zone: must be the name",
        "name = 'a'\ntext = 'x'\nwhen = 'event.'": "when: ",
        "name = 'a'\ntext = '{% for %}'": "text, line 1: ",
        "template = 'bad.md'": "bad.md, line 2: No filter named 'center'",
        "template = 'nowhere.md'": "nowhere.md is neither in",
        "name = 'a'\ntext = 'x'\nto = { name = 'x' }": "to: A recipient's key must be one of",
    }.items():
        faults = faults_of(head + keys, tmp_path)
        assert any("[[notifications]]" in each and sentence in each for each in faults), (keys, faults)


def faults_of(text: str, templates: Path) -> Sequence[str]:
    """Return what is wrong with the notifications of a channels file."""
    faults: list[str] = []
    try:
        open_notifications(parse_channels(text, {}), Channels([]), templates, faults)
    except ConfigurationError as error:
        return error.faults
    return faults


def _event(services: Services, event_id: str) -> Event:
    with services.database.read() as tx:
        return find_events(tx, [event_id])[event_id]


def _context(claim: Any) -> Any:
    return Context(claim.attempt, claim=claim)
