"""The audit in the console: found by who, what, to what and when; the same as a table."""

from __future__ import annotations

import csv
import io

import pytest

from app.pipeline.services import Services
from app.storage.audit import write_audit
from tests.builders import NOW
from tests.console.desk import Desk


@pytest.fixture
def entries(services: Services) -> None:
    with services.database.begin() as tx:
        for actor, action, target in (
            ("lin", "destination.paused", "crm"),
            ("lin", "events.replayed", "all by filter"),
            ("ops", "destination.paused", "shop"),
        ):
            write_audit(
                tx, at=NOW, actor=actor, action=action, target=target, detail={"reason": "it moves house"}
            )


def count(page: str) -> int:
    return page.count('data-label="Result"')


@pytest.mark.usefixtures("entries")
@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("actor=lin", 2),
        ("action=destination.paused", 2),
        ("target=shop", 1),
        ("actor=lin&action=destination.paused", 1),
        ("actor=nobody", 0),
        ("since=2026-11-20T13:00", 0),
        ("until=2026-11-20T13:00&actor=ops", 1),
    ],
)
def test_entries_are_found_by_filters(admin: Desk, query: str, found: int) -> None:
    assert count(admin.text(f"/console/audit?{query}")) == found


@pytest.mark.backends("sqlite")
@pytest.mark.usefixtures("entries")
def test_an_entry_says_what_was_behind_it(admin: Desk) -> None:
    assert "reason: it moves house" in admin.text("/console/audit?actor=ops")


@pytest.mark.backends("sqlite")
def test_details_name_states_and_no_secret(services: Services, admin: Desk) -> None:
    detail = {
        "filter": {"state": "dead", "channel": "shop"},
        "token": "t0p-s3cret",
        "mail": "lin@example.com",
        "none": None,
    }
    with services.database.begin() as tx:
        write_audit(tx, at=NOW, actor="x", action="x", target="x", detail=detail)
    page = admin.text("/console/audit?actor=x")
    assert "filter: state dead, channel shop" in page
    assert "t0p-s3cret" not in page
    assert "lin@example.com" not in page


@pytest.mark.backends("sqlite")
@pytest.mark.usefixtures("entries")
def test_what_is_found_can_be_taken_away_as_a_table(admin: Desk) -> None:
    page = admin.text("/console/audit?actor=lin")
    assert 'href="/console/audit.csv?actor=lin"' in page
    answer = admin.open("/console/audit.csv?actor=lin")
    assert answer.mimetype == "text/csv"
    lines = list(csv.DictReader(io.StringIO(answer.get_data(as_text=True))))
    assert [line["action"] for line in lines] == ["events.replayed", "destination.paused"]


@pytest.mark.backends("sqlite")
@pytest.mark.parametrize("page", ["/console/audit", "/console/audit.csv"])
@pytest.mark.parametrize("query", ["since=x", "actor=%00", "until=2026-99-99"])
def test_a_bad_filter_is_told_in_words(admin: Desk, page: str, query: str) -> None:
    answer = admin.open(f"{page}?{query}")
    assert answer.status_code == 400
    assert "That did not work" in answer.get_data(as_text=True)


@pytest.mark.backends("sqlite")
def test_hostile_text_is_shown_as_text(services: Services, admin: Desk) -> None:
    hostile = "<script>alert(1)</script>\u202e"
    with services.database.begin() as tx:
        write_audit(
            tx,
            at=NOW,
            actor=hostile,
            action=hostile,
            target=hostile,
            outcome=hostile,
            detail={hostile: [hostile]},
        )
        write_audit(tx, at=NOW, actor="x", action="x", target="x", detail={"long": "y" * 100_000})
    page = admin.text("/console/audit")
    assert "<script>alert" not in page
    assert "\u202e" not in page
    assert len(page) < 60_000
