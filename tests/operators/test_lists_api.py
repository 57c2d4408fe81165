"""Dispatches, dead letters, causes of refusals and the audit over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.core.errors import VerificationError
from app.factory import create_app
from app.pipeline.inbound.receive import receive
from app.pipeline.operators.replay import replay_event
from app.pipeline.services import Services
from app.storage.audit import write_audit
from tests.builders import FrozenClock, envelope, signed_callback
from tests.operators.stage import ORDER, Crm, accept, away, dead_event, run_due

TOKENS = {"API_TOKENS": "ops:ops-token-4d1f8a2b:read+operate,blind:blind-token-77aa12:bind"}
OPS = {"Authorization": "Bearer ops-token-4d1f8a2b"}


@pytest.fixture
def crm() -> Crm:
    return away()


@pytest.fixture
def services(services_with: Callable[..., Services], crm: Crm) -> Services:
    return services_with(router=crm.router(), env=TOKENS)


@pytest.fixture
def client(services: Services) -> FlaskClient:
    return create_app(services=services).test_client()


def get(client: FlaskClient, path: str, status: int = 200) -> Any:
    answer = client.get(f"/api/v1/{path}", headers=OPS)
    assert answer.status_code == status, answer.text
    return answer.get_json()


def test_dispatches_are_listed_newest_first_in_every_state(
    client: FlaskClient, services: Services, crm: Crm, clock: FrozenClock
) -> None:
    dead = dead_event(services, "evt_dead")
    clock.advance(seconds=1)
    crm.error = None
    done = accept(services, "evt_done")
    run_due(services)
    clock.advance(seconds=1)
    waits = accept(services, "evt_waits")
    items = get(client, "dispatches")["items"]
    assert [(each["event_id"], each["state"]) for each in items] == [
        (waits, "pending"),
        (done, "succeeded"),
        (dead, "dead"),
    ]
    for state, event_id in (("pending", waits), ("succeeded", done), ("dead", dead)):
        found = get(client, f"dispatches?state={state}")
        assert [each["event_id"] for each in found["items"]] == [event_id]
    assert get(client, "dispatches?channel=other")["items"] == []
    assert len(get(client, "dispatches?channel=callback&route=crm")["items"]) == 3
    assert [each["event_id"] for each in get(client, "dispatches?since=2026-11-20T12:00:02Z")["items"]] == [
        waits
    ]
    assert [each["event_id"] for each in get(client, "dispatches?until=2026-11-20T12:00:01Z")["items"]] == [
        dead
    ]


def test_pages_of_dispatches_join_without_a_gap(
    client: FlaskClient, services: Services, clock: FrozenClock
) -> None:
    made = []
    for number in range(5):
        made.append(accept(services, f"evt_{number}"))
        clock.advance(seconds=1)
        if number == 2:
            run_due(services)
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = get(client, f"dispatches?limit=2{cursor}")
        seen += [each["event_id"] for each in page["items"]]
        cursor = page["next_cursor"] and f"&cursor={page['next_cursor']}"
    assert seen == made[::-1]


def test_a_dispatch_that_was_made_due_again_is_shown_once(client: FlaskClient, services: Services) -> None:
    event_id = dead_event(services)
    replay_event(services, event_id, ORDER)
    items = get(client, "dispatches")["items"]
    assert [each["state"] for each in items] == ["pending"]
    assert get(client, "dispatches?state=dead")["items"] == []


def test_dead_letters_name_where_and_why(client: FlaskClient, services: Services) -> None:
    event_id = dead_event(services)
    (item,) = get(client, "dead-letters")["items"]
    assert item["id"] == event_id
    assert item["failures"][0]["route"] == "crm"
    assert "the crm is away" in item["failures"][0]["error"]
    assert get(client, "dead-letters?type=none")["items"] == []


def refuse(services: Services, count: int = 1) -> None:
    for _ in range(count):
        request = signed_callback(envelope(), secret="wrong", received_at=services.clock.now())
        with pytest.raises(VerificationError):
            receive(services, "callback", request, trace_id="")


def test_refusals_are_grouped_by_cause(client: FlaskClient, services: Services) -> None:
    refuse(services, 3)
    naked = signed_callback()._replace(headers=())
    with pytest.raises(VerificationError):
        receive(services, "callback", naked, trace_id="")
    groups = get(client, "rejections?group=reason")["items"]
    assert [(each["count"], each["channel"]) for each in groups] == [(3, "callback"), (1, "callback")]
    assert groups[0]["example"].startswith(groups[0]["reason"] + ":")
    assert len(get(client, f"rejections?reason={groups[0]['reason']}")["items"]) == 3
    assert get(client, "rejections?group=colour", 400)["error"] == "bad_filter"
    one = get(client, f"rejections/{groups[0]['last_id']}")
    assert one["reason"] == groups[0]["example"]
    assert get(client, "rejections/99999999", 404)["error"] == "unknown_rejection"
    assert get(client, "rejections/nothing", 404)["error"] == "unknown_rejection"
    assert get(client, "rejections?since=2026-11-21T00:00:00Z")["items"] == []


def audit(services: Services, *entries: tuple[str, str, str]) -> None:
    with services.database.begin() as tx:
        for actor, action, target in entries:
            write_audit(tx, at=services.clock.now(), actor=actor, action=action, target=target)


def test_the_audit_is_searched(client: FlaskClient, services: Services, clock: FrozenClock) -> None:
    audit(services, ("ops", "ban.lifted", "203.0.113.9"), ("ana", "logout", "id1"))
    clock.advance(hours=1)
    audit(services, ("ops", "logout", "id2"))
    targets = lambda query: [each["target"] for each in get(client, f"audit?{query}")["items"]]  # noqa: E731
    assert targets("") == ["id2", "id1", "203.0.113.9"]
    assert targets("actor=ops") == ["id2", "203.0.113.9"]
    assert targets("action=logout&actor=ana") == ["id1"]
    assert targets("target=id2") == ["id2"]
    assert targets("since=2026-11-20T13:00:00Z") == ["id2"]
    assert targets("until=2026-11-20T13:00:00Z") == ["id1", "203.0.113.9"]
    page = get(client, "audit?limit=1")
    assert [
        each["target"] for each in get(client, f"audit?limit=1&cursor={page['next_cursor']}")["items"]
    ] == ["id1"]


@pytest.mark.backends("sqlite")
def test_the_audit_is_a_table_that_no_spreadsheet_computes(client: FlaskClient, services: Services) -> None:
    audit(services, ("ops", "logout", '=HYPERLINK("http://x")'))
    for answer in (
        client.get("/api/v1/audit?format=csv", headers=OPS),
        client.get("/api/v1/audit", headers=OPS | {"Accept": "text/csv"}),
    ):
        assert answer.content_type == "text/csv; charset=utf-8"
        head, line = answer.text.splitlines()
        assert head == "id,at,actor,action,target,outcome,trace_id,detail"
        assert '"\'=HYPERLINK(""http://x"")"' in line
    assert get(client, "audit?format=xml", 400)["error"] == "bad_format"
    assert client.get("/api/v1/audit?format=csv&since=x", headers=OPS).status_code == 400


@pytest.mark.backends("sqlite")
@pytest.mark.parametrize(
    "path", ["dispatches", "dead-letters", "rejections", "audit", "bans", "destinations", "sources"]
)
def test_every_list_wants_the_scope_read(client: FlaskClient, path: str) -> None:
    assert client.get(f"/api/v1/{path}").status_code == 401
    blind = {"Authorization": "Bearer blind-token-77aa12"}
    assert client.get(f"/api/v1/{path}", headers=blind).status_code == 403
    assert client.get(f"/api/v1/{path}", headers=OPS).status_code == 200


@pytest.mark.backends("sqlite")
@pytest.mark.parametrize("query", ["limit=0", "limit=201", "cursor=x", "since=yesterday", "state=lost"])
def test_a_bad_question_is_refused(client: FlaskClient, query: str) -> None:
    assert get(client, f"dispatches?{query}", 400)["message"].endswith(".")
