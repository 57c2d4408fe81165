"""Late, early, repeated and out of order: whatever the way of arrival, the same events end in the same state."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import permutations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.core.values import Event
from app.pipeline.binding.codes import create_bind_code
from app.pipeline.operators.bindings import list_openids_page
from app.pipeline.services import Services
from app.storage.binding.bindcodes import bindcodes, find_bindcode
from app.storage.binding.followers import followers
from app.storage.binding.openids import openids
from app.storage.database.db import Database
from tests.binding.fakes import binding_services, deliver, follow, later, leave, scan, typed
from tests.builders import NOW

MINUTE = timedelta(minutes=1)


def state(services: Services) -> object:
    """Return everything that binding keeps and that somebody can see."""
    items = list_openids_page(services, app=None, channel=None, cursor=None, limit=200)["items"]
    with services.database.read() as tx:
        people = [
            (row.open_id, row.subscribed, row.subscription_at)
            for row in tx.execute(followers.select().order_by(followers.c.open_id))
        ]
        codes = [
            (row.code, row.status, row.open_id)
            for row in tx.execute(bindcodes.select().order_by(bindcodes.c.code))
        ]
    return sorted(items, key=lambda item: (item["app"], item["open_id"])), people, codes


def clear(services: Services, *tables: object) -> None:
    with services.database.begin() as tx:
        for table in tables:
            tx.execute(table.delete())  # type: ignore[attr-defined]


def renew_codes(services: Services) -> None:
    """Make every code pending again and forget everybody."""
    clear(services, openids, followers)
    with services.database.begin() as tx:
        tx.execute(bindcodes.update().values(status="pending", open_id=None, bound_at=None))


def subscribed(services: Services) -> object:
    return list_openids_page(services, app="crm", channel=None, cursor=None, limit=1)["items"][0][
        "subscribed"
    ]


def test_every_order_of_scan_leave_and_return_ends_the_same(binding: Services) -> None:
    made = create_bind_code(binding, app="crm", channel_name="shop", ttl=3600).bindcode
    happened = [scan(made.scene, at=NOW), leave(at=NOW + MINUTE), follow(at=NOW + 2 * MINUTE)]
    ends = []
    for order in permutations(happened):
        renew_codes(binding)
        for event in order:
            deliver(binding, event)
        ends.append(state(binding))
    assert all(end == ends[0] for end in ends)
    assert subscribed(binding) is True


def test_a_leave_that_arrives_before_the_bind_still_counts(binding: Services) -> None:
    made = create_bind_code(binding, app="crm", channel_name="shop", ttl=3600).bindcode
    deliver(binding, leave(at=NOW + MINUTE))
    deliver(binding, scan(made.scene, at=NOW, received_at=NOW + 2 * MINUTE))
    assert subscribed(binding) is False


def test_a_late_leave_does_not_undo_a_return(binding: Services) -> None:
    made = create_bind_code(binding, app="crm", channel_name="shop", ttl=3600).bindcode
    deliver(binding, scan(made.scene, at=NOW + MINUTE))
    deliver(binding, leave(at=NOW, received_at=NOW + 2 * MINUTE))
    assert subscribed(binding) is True


@pytest.mark.parametrize("last", [leave, follow])
def test_in_the_same_second_the_one_received_last_counts(binding: Services, last: object) -> None:
    made = create_bind_code(binding, app="crm", channel_name="shop", ttl=3600).bindcode
    first = follow if last is leave else leave
    happened = [scan(made.scene), later(first(), milliseconds=100), later(last(), milliseconds=200)]  # type: ignore[operator]
    for order in permutations(happened):
        renew_codes(binding)
        for event in order:
            deliver(binding, event)
        assert subscribed(binding) is (last is follow)


def test_a_time_from_the_future_silences_nothing(binding: Services) -> None:
    made = create_bind_code(binding, app="crm", channel_name="shop", ttl=3600).bindcode
    deliver(binding, scan(made.scene, at=NOW + timedelta(days=9000), received_at=NOW))
    deliver(binding, leave(at=NOW + MINUTE))
    assert subscribed(binding) is False


def test_somebody_who_writes_has_not_left(binding: Services) -> None:
    made = create_bind_code(binding, app="crm", channel_name="shop", ttl=3600).bindcode
    deliver(binding, leave(at=NOW))
    deliver(binding, typed(made.code, at=NOW + MINUTE))
    assert subscribed(binding) is True


class Story:
    """Two people with two codes each, on one database that every example starts afresh."""

    def __init__(self, services: Services):
        self.services = services
        self.codes = {
            open_id: [
                create_bind_code(
                    services, app="crm", channel_name="plain", ttl=3600, user_ref=f"{open_id}-{n}"
                ).bindcode
                for n in range(2)
            ]
            for open_id in ("oA", "oB")
        }

    def event(self, kind: str, open_id: str, which: int, second: int) -> Event:
        """Return what happens to one person at a second; the receipt differs, so that no two events are equal."""
        code = self.codes[open_id][which]
        about = {"channel": "plain", "at": NOW + timedelta(seconds=second), "received_at": NOW + MINUTE}
        if kind == "scan":
            return scan(code.scene, open_id, **about)
        if kind == "typed":
            return typed(code.code, open_id, **about)
        return (follow if kind == "follow" else leave)(open_id, **about)

    def end_of(self, order: Sequence[Event]) -> object:
        """Play events in an order, from the beginning, and return how it ends."""
        renew_codes(self.services)
        for event in order:
            deliver(self.services, event)
        return state(self.services)


@pytest.fixture
def story(database: Database) -> Iterator[Story]:
    services = binding_services(database, RATELIMIT_ENABLED="0")
    yield Story(services)
    services.inline_pool.shutdown(wait=False)


happenings = st.tuples(
    st.sampled_from(["follow", "leave", "scan", "typed"]),
    st.sampled_from(["oA", "oB"]),
    st.integers(0, 1),
    st.integers(0, 4),
)


@pytest.mark.backends("sqlite")
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], database=None
)
@given(data=st.data())
def test_any_order_and_any_repetition_end_the_same(story: Story, data: st.DataObject) -> None:
    told = data.draw(st.lists(happenings, min_size=1, max_size=8))
    # One code is used once by one person: two uses are a repetition, and only the first one is kept.
    uses: dict[object, tuple[str, str, int, int]] = {}
    for kind, open_id, which, second in told:
        key = (open_id, which) if kind in ("scan", "typed") else (kind, open_id, second)
        uses.setdefault(key, (kind, open_id, which, second))
    events = [story.event(*use) for use in uses.values()]
    repeated = data.draw(st.lists(st.sampled_from(events), max_size=4))
    order = data.draw(st.permutations([*events, *repeated]))
    assert story.end_of(order) == story.end_of(events)


def test_the_story_really_binds(story: Story) -> None:
    story.end_of([story.event("scan", "oA", 0, 0), story.event("typed", "oB", 1, 1)])
    with story.services.database.read() as tx:
        found = find_bindcode(tx, story.codes["oB"][1].code)
    assert found is not None
    assert found.open_id == "oB"
