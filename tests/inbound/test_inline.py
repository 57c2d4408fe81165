"""Inline handlers: they run before the answer, once, within the deadline, and a failed try never swallows a retry."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from app.core.errors import PermanentError
from app.pipeline.dispatch.attempts import claim_work
from app.pipeline.inbound.receive import receive
from app.pipeline.operators.events import event_detail, list_events_page
from app.pipeline.router import Router
from app.pipeline.services import Services
from tests.builders import signed_callback

MakeServices = Callable[..., Services]


def take(services: Services) -> tuple[int, dict[str, Any]]:
    reply = receive(services, "callback", signed_callback(), trace_id="")
    return reply.status, json.loads(reply.body)


def only_event(services: Services) -> dict[str, Any]:
    (event,) = list_events_page(services, {}, cursor=None, limit=10)["items"]
    return event


def inline(handler: Callable[..., Any], **options: Any) -> Router:
    router = Router()
    router.on("callback", inline=True, name="handler", **options)(handler)
    return router


def test_the_result_of_an_inline_handler_is_the_answer(services_with: MakeServices) -> None:
    services = services_with(router=inline(lambda event, context: {"user_id": event.subject}))
    status, body = take(services)
    assert (status, body["status"], body["data"]) == (200, "success", {"user_id": "user_1"})
    assert only_event(services)["state"] == "succeeded"


def test_a_redelivery_gets_the_stored_answer_and_does_not_run_again(services_with: MakeServices) -> None:
    runs: list[str] = []

    def count(event: Any, context: Any) -> dict[str, int]:
        runs.append(event.id)
        return {"n": len(runs)}

    services = services_with(router=inline(count))
    take(services)
    status, body = take(services)
    assert (status, body["status"], body["data"]) == (200, "already_processed", {"n": 1})
    assert len(runs) == 1


def test_a_failed_inline_handler_is_500_and_the_redelivery_runs_it_again(services_with: MakeServices) -> None:
    runs: list[int] = []

    def fails_once(event: Any, context: Any) -> str:
        runs.append(context.attempt)
        if len(runs) == 1:
            raise RuntimeError("the crm is away")
        return "done"

    services = services_with(router=inline(fails_once))
    status, body = take(services)
    assert (status, body["error"]) == (500, "handler_failed")
    assert only_event(services)["state"] == "retrying"
    status, body = take(services)
    assert (status, body["status"], body["data"]) == (200, "success", "done")
    assert runs == [1, 2]
    assert only_event(services)["state"] == "succeeded"


def test_an_answer_never_shows_what_the_handler_raised(services_with: MakeServices) -> None:
    def fails(event: Any, context: Any) -> None:
        raise RuntimeError("password hunter2")

    _, body = take(services_with(router=inline(fails)))
    assert "hunter2" not in json.dumps(body)


def test_a_permanent_error_is_a_dead_letter_at_once(services_with: MakeServices) -> None:
    def refuses(event: Any, context: Any) -> None:
        raise PermanentError("no such account")

    services = services_with(router=inline(refuses))
    assert take(services)[0] == 500
    assert only_event(services)["state"] == "dead"
    assert take(services)[1]["status"] == "already_processed"


def test_fifty_copies_at_once_run_the_handler_once_and_all_are_answered(services_with: MakeServices) -> None:
    runs: list[str] = []

    def slow(event: Any, context: Any) -> dict[str, str]:
        runs.append(event.id)
        time.sleep(0.3)
        return {"user_id": "user_1"}

    services = services_with(router=inline(slow))
    answers: list[tuple[int, dict[str, Any]]] = []
    threads = [threading.Thread(target=lambda: answers.append(take(services))) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(runs) == 1
    assert [status for status, _ in answers] == [200] * 50
    assert all(body["data"] == {"user_id": "user_1"} for _, body in answers)
    assert only_event(services)["duplicates"] == 49


def test_an_engine_never_takes_what_runs_inline(services_with: MakeServices) -> None:
    taken: list[Any] = []
    services = services_with(
        router=inline(lambda event, context: taken.extend(claim_work(services, limit=5)))
    )
    assert take(services)[0] == 200
    assert taken == []


def test_the_attempts_of_an_event_can_be_read(services_with: MakeServices) -> None:
    def fails(event: Any, context: Any) -> None:
        raise ValueError("call 13800138000 or mail someone@example.com")

    services = services_with(router=inline(fails))
    take(services)
    detail = event_detail(services, only_event(services)["id"])
    assert detail is not None
    (dispatch,) = detail["dispatches"]
    (attempt,) = dispatch["attempts"]
    assert (dispatch["state"], attempt["number"], attempt["outcome"]) == ("retrying", 1, "failed")
    assert attempt["error"].startswith("ValueError")
    assert "13800138000" not in attempt["error"]
    assert "someone@example.com" not in attempt["error"]


def test_a_transactional_inline_handler_writes_with_its_dispatch(services_with: MakeServices) -> None:
    from app.storage.inbox.nonces import use_nonce
    from tests.builders import NOW

    def writes(event: Any, context: Any) -> str:
        use_nonce(context.tx, "effect", event.key, NOW)
        return "written"

    services = services_with(router=inline(writes, transactional=True))
    assert take(services)[1]["data"] == "written"
    with services.database.begin() as tx:
        assert not use_nonce(tx, "effect", "evt_1", NOW)


@pytest.mark.backends("sqlite")
def test_a_result_that_json_cannot_carry_is_told_as_text(services_with: MakeServices) -> None:
    services = services_with(
        router=inline(lambda event, context: {"at": event.received_at, "set": complex(1, 2)})
    )
    assert take(services)[1]["data"]["set"] == "(1+2j)"
