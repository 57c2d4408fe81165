"""Fifty overlapping callbacks in four processes: a code is given out once, an entry is made once."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest

from app.pipeline.binding.codes import bind_code_status, create_bind_code
from app.pipeline.binding.consume import UNKNOWN, USED, bound_to
from app.pipeline.operators.bindings import list_openids_page
from app.pipeline.services import Services
from app.storage.binding.followers import lock_follower
from tests.binding.fakes import follow, leave, scan, typed
from tests.binding.overlap import deliver_in_processes
from tests.builders import NOW

OVERLAPPING = 50


def test_of_fifty_people_exactly_one_gets_the_code(binding: Services, database_url: str) -> None:
    made = create_bind_code(binding, app="crm", channel_name="shop").bindcode
    events = [
        scan(made.scene, f"o{number}") if number % 2 else typed(made.code, f"o{number}")
        for number in range(OVERLAPPING)
    ]
    assert Counter(deliver_in_processes(database_url, events)) == {bound_to("crm"): 1, USED: OVERLAPPING - 1}
    items = list_openids_page(binding, app="crm", channel=None, cursor=None, limit=200)["items"]
    found = bind_code_status(binding, made.code)
    assert found is not None
    assert [item["open_id"] for item in items] == [found.open_id]


def test_fifty_scans_of_one_person_bind_once_and_all_succeed(binding: Services, database_url: str) -> None:
    made = create_bind_code(binding, app="crm", channel_name="shop").bindcode
    events = [scan(made.scene, at=NOW + timedelta(seconds=number)) for number in range(OVERLAPPING)]
    assert Counter(deliver_in_processes(database_url, events)) == {bound_to("crm"): OVERLAPPING}
    items = list_openids_page(binding, app="crm", channel=None, cursor=None, limit=200)["items"]
    assert len(items) == 1


def test_follows_and_leaves_at_once_end_with_the_last_one(binding: Services, database_url: str) -> None:
    events = [
        (leave if second % 2 else follow)(at=NOW + timedelta(seconds=second)) for second in range(OVERLAPPING)
    ]
    deliver_in_processes(database_url, events)
    with binding.database.begin() as tx:
        person = lock_follower(tx, "shop", "oA")
    assert person.subscribed is False
    assert person.subscription_at == NOW + timedelta(seconds=OVERLAPPING - 1)


def test_every_overlapping_wrong_guess_is_counted(binding: Services, database_url: str) -> None:
    answers = deliver_in_processes(database_url, [typed("AAAA2222") for _ in range(OVERLAPPING)])
    assert Counter(answers) == {UNKNOWN: OVERLAPPING}
    with binding.database.begin() as tx:
        assert lock_follower(tx, "shop", "oA").wrong_guesses == OVERLAPPING


@pytest.mark.backends("sqlite")
def test_codes_made_at_once_all_differ(binding: Services) -> None:
    codes = {create_bind_code(binding, app="crm", channel_name="plain").bindcode.code for _ in range(200)}
    assert len(codes) == 200
