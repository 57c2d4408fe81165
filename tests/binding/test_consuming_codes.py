"""Consuming bind codes: once, for one person, on one channel, in time; and what people are told."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.core.states import BindStatus
from app.pipeline.binding.codes import bind_code_status, create_bind_code
from app.pipeline.binding.consume import EXPIRED, TOO_MANY, UNKNOWN, USED, bound_to
from app.pipeline.operators.bindings import list_openids_page, remove_openid
from app.pipeline.router import Context
from app.pipeline.services import Services
from app.storage.binding.bindcodes import BindCode
from app.storage.database.db import Transaction
from tests.binding.fakes import binding_services, deliver, follow, happening, later, leave, scan, typed
from tests.builders import NOW, FrozenClock


def code_for(services: Services, app: str = "crm", channel: str = "shop", **about: object) -> BindCode:
    return create_bind_code(services, app=app, channel_name=channel, **about).bindcode  # type: ignore[arg-type]


def index(services: Services, app: str = "crm") -> list[dict[str, object]]:
    items: list[dict[str, object]] = list_openids_page(
        services, app=app, channel=None, cursor=None, limit=200
    )["items"]
    return items


def test_a_scan_binds_and_fills_the_index(binding: Services) -> None:
    made = code_for(binding, user_ref="user-7")
    assert deliver(binding, scan(made.scene, union_id="uA")) == bound_to("crm")
    assert index(binding) == [
        {
            "app": "crm",
            "channel": "shop",
            "open_id": "oA",
            "union_id": "uA",
            "subscribed": True,
            "user_ref": "user-7",
            "bound_at": "2026-11-20T12:00:00.000Z",
        }
    ]


def test_a_typed_code_binds(binding: Services) -> None:
    made = code_for(binding, channel="plain")
    assert deliver(binding, typed(made.code, channel="plain")) == bound_to("crm")
    found = bind_code_status(binding, made.code)
    assert found is not None
    assert (found.status, found.open_id) == (BindStatus.BOUND, "oA")


def test_the_same_person_again_hears_the_same_and_changes_nothing(binding: Services) -> None:
    made = code_for(binding)
    deliver(binding, scan(made.scene))
    before = index(binding)
    again = [later(scan(made.scene), minutes=1), typed(made.code, at=NOW + timedelta(minutes=2))]
    assert [deliver(binding, event) for event in again] == [bound_to("crm"), bound_to("crm")]
    assert index(binding) == before


def test_another_person_is_told_the_code_is_used(binding: Services) -> None:
    made = code_for(binding)
    deliver(binding, scan(made.scene, "oA"))
    assert deliver(binding, scan(made.scene, "oB")) == USED
    assert deliver(binding, typed(made.code, "oB")) == USED
    assert [item["open_id"] for item in index(binding)] == ["oA"]


def test_an_expired_code_says_so(binding: Services) -> None:
    made = code_for(binding, ttl=30)
    over = NOW + timedelta(seconds=30)
    assert deliver(binding, scan(made.scene, at=over)) == EXPIRED
    assert deliver(binding, typed(made.code, at=over)) == EXPIRED
    assert index(binding) == []


def test_a_scan_in_time_that_arrives_late_counts(binding: Services) -> None:
    made = code_for(binding, ttl=30)
    in_time = scan(made.scene, at=NOW + timedelta(seconds=29), received_at=NOW + timedelta(seconds=50))
    assert deliver(binding, in_time) == bound_to("crm")


@pytest.mark.parametrize("claimed", [NOW - timedelta(days=900), NOW + timedelta(days=900), None])
def test_an_unbelievable_time_does_not_outlive_the_code(binding: Services, claimed: object) -> None:
    made = code_for(binding, ttl=30)
    event = scan(made.scene, at=claimed, received_at=NOW + timedelta(seconds=31))
    assert deliver(binding, event) == EXPIRED


def test_a_code_of_another_channel_is_not_found(binding: Services) -> None:
    made = code_for(binding, channel="plain")
    assert deliver(binding, typed(made.code, channel="shop")) == UNKNOWN
    assert deliver(binding, scan(made.scene, channel="shop")) is None
    assert deliver(binding, typed(made.code, channel="plain")) == bound_to("crm")


@pytest.mark.parametrize("scene", ["campaign-7", "0", "f" * 32, "\x00" * 32, "x" * 70_000, "客" * 32])
def test_scenes_of_others_are_not_ours_to_answer(binding: Services, scene: str) -> None:
    assert deliver(binding, scan(scene)) is None


def test_follows_and_leaves_get_no_answer(binding: Services) -> None:
    assert deliver(binding, follow()) is None
    assert deliver(binding, leave()) is None
    assert deliver(binding, happening()) is None
    assert deliver(binding, happening(channel="deaf", subscribed=True)) is None


def test_wrong_guesses_are_limited_for_one_person(binding: Services) -> None:
    made = code_for(binding)
    answers = [deliver(binding, typed(f"AAAA222{number}")) for number in "23456789AB"]
    assert answers == [UNKNOWN] * 10
    assert deliver(binding, typed(made.code)) == TOO_MANY
    assert deliver(binding, typed(made.code, "oB")) == bound_to("crm")


def test_guessing_is_possible_again_after_a_while(binding: Services) -> None:
    made = code_for(binding, ttl=3600)
    for minute in range(10):
        deliver(binding, typed("AAAA2222", at=NOW + timedelta(seconds=30 * minute)))
    assert deliver(binding, typed(made.code, at=NOW + timedelta(minutes=9, seconds=59))) == TOO_MANY
    assert deliver(binding, typed(made.code, at=NOW + timedelta(minutes=10))) == bound_to("crm")


def test_used_and_expired_codes_count_as_guesses_too(binding: Services) -> None:
    used, over = code_for(binding, ttl=3600), code_for(binding, ttl=30)
    deliver(binding, typed(used.code, "oB"))
    late = NOW + timedelta(seconds=40)
    answers = [deliver(binding, typed(made.code, at=late)) for made in (used, over) * 5]
    assert answers == [USED, EXPIRED] * 5
    assert deliver(binding, typed(used.code, at=late)) == TOO_MANY


def test_success_does_not_count_as_a_guess(binding: Services) -> None:
    made = code_for(binding)
    assert [deliver(binding, typed(made.code)) for _ in range(12)] == [bound_to("crm")] * 12


@pytest.mark.backends("sqlite")
def test_guesses_are_free_when_limits_are_off(binding: Services, clock: FrozenClock) -> None:
    free = binding_services(binding.database, clock=clock, RATELIMIT_ENABLED="0")
    assert [deliver(free, typed("AAAA2222")) for _ in range(12)] == [UNKNOWN] * 12


def test_a_scan_works_whatever_was_guessed(binding: Services) -> None:
    made = code_for(binding)
    for _ in range(11):
        deliver(binding, typed("AAAA2222"))
    assert deliver(binding, scan(made.scene)) == bound_to("crm")


def test_one_person_may_be_bound_to_several_apps(binding: Services) -> None:
    for app in ("crm", "shop.eu"):
        deliver(binding, scan(code_for(binding, app).scene))
    assert [item["open_id"] for app in ("crm", "shop.eu") for item in index(binding, app)] == ["oA", "oA"]


def test_ids_that_differ_only_in_case_are_two_people(binding: Services) -> None:
    for open_id in ("oAbc", "oABC", "oAbc "):
        assert deliver(binding, scan(code_for(binding).scene, open_id)) == bound_to("crm")
    assert len(index(binding)) == 3


def test_of_two_codes_the_one_used_last_counts(binding: Services) -> None:
    first, second = code_for(binding, user_ref="one"), code_for(binding, user_ref="two")
    deliver(binding, scan(second.scene, at=NOW + timedelta(seconds=20)))
    deliver(
        binding, scan(first.scene, at=NOW + timedelta(seconds=10), received_at=NOW + timedelta(seconds=25))
    )
    assert [item["user_ref"] for item in index(binding)] == ["two"]


def test_a_deleted_entry_is_not_brought_back_by_its_old_code(binding: Services) -> None:
    made = code_for(binding)
    event = scan(made.scene)
    deliver(binding, event)
    remove_openid(binding, app="crm", open_id="oA", actor="ops", trace_id="")
    assert deliver(binding, event) == USED
    assert index(binding) == []


def test_a_failed_dispatch_leaves_the_code_unused(binding: Services) -> None:
    made = code_for(binding)
    route = binding.bind_route
    assert route is not None
    failing = scan(made.scene)

    def work_and_crash(tx: Transaction) -> None:
        assert route.handler(failing, Context(attempt=1, tx=tx)) == bound_to("crm")
        raise RuntimeError("the process ends here")

    with pytest.raises(RuntimeError):
        binding.database.run(work_and_crash)
    assert index(binding) == []
    assert deliver(binding, failing) == bound_to("crm")
