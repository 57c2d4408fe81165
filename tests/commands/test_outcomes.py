"""What becomes of a command: its handler runs, the outcome is kept and told, signed, with retries, to public addresses only."""

from __future__ import annotations

import base64
import json
import socket
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import select
from standardwebhooks import Webhook
from standardwebhooks import webhooks as library

from app.core.errors import PermanentError
from app.handlers.loading import load_handlers
from app.pipeline.dispatch.attempts import claim_work
from app.pipeline.router import Router
from app.storage.commands import commands
from app.storage.database.db import Database
from app.storage.inbox.events import events
from app.storage.pruning.old_events import delete_events, empty_events
from app.storage.queue.dispatches import list_attempts, list_dispatches
from app.storage.queue.replays import DueAgain, make_due
from tests.builders import CALLBACK_SECRET, FrozenClock, run_stored_claim
from tests.commands.asking import PATH, Caller, Handlers, Receiver, command_body, run_due, signed_headers
from tests.live import ROOT

CALLBACK = "callgate.command-callback"
BEARER = {"Authorization": "Bearer ops-token-4d1f8a2b"}


@pytest.fixture(autouse=True)
def webhooks_now(monkeypatch, clock: FrozenClock) -> None:
    """Let the independent library check times against the test's clock."""

    class Now:
        @staticmethod
        def now(tz: Any = None) -> Any:
            return clock.now()

        fromtimestamp = datetime.fromtimestamp

    monkeypatch.setattr(library, "datetime", Now)


def verified(receiver: Receiver, position: int = -1, secret: str = CALLBACK_SECRET) -> dict[str, Any]:
    """Return a result that the independent library has verified."""
    headers, body = receiver.taken[position]
    key = secret if secret.startswith("whsec_") else "whsec_" + base64.b64encode(secret.encode()).decode()
    return dict(Webhook(key).verify(body, headers))


def asked(caller: Caller, receiver: Receiver, **changes: Any) -> str:
    answer = caller.ask(command_body(callbackUrl=receiver.url) | changes)
    assert answer.status_code == 202, answer.text
    return str((answer.json or {})["id"])


def shown(caller: Caller, command_id: str) -> dict[str, Any]:
    answer = caller.look(command_id)
    assert answer.status_code == 200, answer.text
    return dict(answer.json or {})


def callback_errors(database: Database, command_id: str) -> list[str | None]:
    with database.read() as tx:
        found = [row.id for row in list_dispatches(tx, [command_id]) if row.route == CALLBACK]
        return [row.error for row in list_attempts(tx, found)]


def test_the_result_is_kept_and_told_as_a_standard_webhook(
    caller: Caller, receiver: Receiver, database: Database
):
    command_id = asked(caller, receiver)
    before = shown(caller, command_id)
    assert (before["state"], before["result"], before["callback_state"]) == ("pending", None, None)
    assert run_due(caller.services) == 2
    result = {"synced": "U1001", "name": "王小明"}
    after = shown(caller, command_id)
    assert (after["state"], after["result"], after["error"]) == ("succeeded", result, None)
    assert after["callback_state"] == "succeeded"
    told = verified(receiver)
    assert told["type"] == "command.succeeded"
    assert told["timestamp"] == after["finished_at"]
    assert told["data"] == {
        "id": command_id,
        "command": "SYNC_USER_DATA",
        "state": "succeeded",
        "result": result,
        "error": None,
    }
    headers, _ = receiver.taken[0]
    assert (headers["webhook-id"], headers["content-type"]) == (command_id, "application/json")
    assert len(receiver.taken) == 1
    with database.read() as tx:
        assert tx.execute(select(events.c.state)).scalar_one() == "succeeded"


@pytest.mark.backends("sqlite")
def test_a_whsec_secret_signs_with_the_key_inside_it(services_with, handlers, receiver: Receiver):
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    table = f'[channels.callback]\nplatform = "callback"\nsecret = ["{secret}", "old-secret-1"]\n'
    env = {"CALLBACK_ALLOWED_HOSTS": receiver.host}
    caller = Caller(services_with(router=handlers.router, channels=table, env=env))
    raw = json.dumps(command_body(callbackUrl=receiver.url)).encode()
    headers = signed_headers(raw, secret="old-secret-1")
    assert caller.client.post(PATH, data=raw, headers=headers).status_code == 202
    run_due(caller.services)
    assert verified(receiver, secret=secret)["type"] == "command.succeeded"


def test_a_failed_try_is_repeated_and_the_caller_hears_only_the_end(
    caller: Caller, receiver: Receiver, handlers: Handlers, clock: FrozenClock
):
    handlers.errors = [RuntimeError("not yet"), RuntimeError("not yet")]
    command_id = asked(caller, receiver)
    run_due(caller.services)
    assert shown(caller, command_id)["state"] == "retrying"
    for _ in range(2):
        clock.advance(hours=8)
        run_due(caller.services)
    assert [attempt for _, attempt in handlers.runs] == [1, 2, 3]
    assert shown(caller, command_id)["state"] == "succeeded"
    assert len(receiver.taken) == 1


@pytest.mark.parametrize(
    ("command", "error", "sentence"),
    [
        ("SYNC_USER_DATA", PermanentError("There is no such user."), "There is no such user."),
        ("ONLY_ONCE", None, "The command failed; the operators of this gateway can see why."),
    ],
)
def test_a_dead_command_is_told_without_what_is_ours(
    caller: Caller,
    receiver: Receiver,
    handlers: Handlers,
    command: str,
    error: Exception | None,
    sentence: str,
):
    handlers.errors = [error] if error else []
    command_id = asked(caller, receiver, command=command)
    run_due(caller.services)
    assert shown(caller, command_id)["error"] == sentence
    told = verified(receiver)
    assert (told["type"], told["data"]["state"], told["data"]["error"]) == ("command.dead", "dead", sentence)
    assert b"db7.internal" not in receiver.taken[0][1]


def test_a_command_whose_process_ends_every_time_is_told_as_dead(
    caller: Caller, receiver: Receiver, handlers: Handlers, clock: FrozenClock
):
    command_id = asked(caller, receiver, command="ONLY_ONCE")
    assert len(claim_work(caller.services, limit=5)) == 1
    clock.advance(minutes=5)
    run_due(caller.services)
    assert handlers.runs == []
    assert shown(caller, command_id)["state"] == "dead"
    assert verified(receiver)["data"]["state"] == "dead"


@pytest.mark.parametrize("status", [500, 502, 503, 408, 425, 429, 301, 307])
@pytest.mark.backends("sqlite")
def test_an_answer_that_may_change_is_tried_again_with_the_same_bytes(
    caller: Caller, receiver: Receiver, handlers: Handlers, clock: FrozenClock, status: int
):
    receiver.statuses, receiver.location = [status, 200], "http://127.0.0.1:1/elsewhere"
    command_id = asked(caller, receiver)
    run_due(caller.services)
    assert shown(caller, command_id)["callback_state"] == "retrying"
    clock.advance(minutes=10)
    run_due(caller.services)
    assert shown(caller, command_id)["callback_state"] == "succeeded"
    (first, body), (second, again) = receiver.taken
    assert (body, first["webhook-id"]) == (again, second["webhook-id"])
    assert int(second["webhook-timestamp"]) - int(first["webhook-timestamp"]) == 600
    verified(receiver)
    assert len(handlers.runs) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 422])
@pytest.mark.backends("sqlite")
def test_an_answer_that_says_no_is_final(caller: Caller, receiver: Receiver, clock: FrozenClock, status: int):
    receiver.statuses = [status]
    command_id = asked(caller, receiver)
    run_due(caller.services)
    clock.advance(days=2)
    run_due(caller.services)
    assert len(receiver.taken) == 1
    after = shown(caller, command_id)
    assert (after["state"], after["callback_state"]) == ("succeeded", "dead")


def test_nobody_listening_ends_as_a_dead_letter_after_twelve_tries(
    caller: Caller, receiver: Receiver, clock: FrozenClock, database: Database
):
    command_id = asked(caller, receiver)
    receiver.close()
    for _ in range(14):
        run_due(caller.services)
        clock.advance(hours=9)
    assert shown(caller, command_id)["callback_state"] == "dead"
    assert len(callback_errors(database, command_id)) == 12


@pytest.mark.backends("sqlite")
def test_a_name_that_resolves_to_a_private_address_is_never_called(
    services_with, handlers: Handlers, receiver: Receiver, clock: FrozenClock, database: Database, monkeypatch
):
    port = int(receiver.host.rpartition(":")[2])
    caller = Caller(services_with(router=handlers.router))
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    command_id = asked(caller, receiver, callbackUrl=f"http://rebind.example.com:{port}/x")
    run_due(caller.services)
    clock.advance(days=2)
    run_due(caller.services)
    assert receiver.taken == []
    (error,) = callback_errors(database, command_id)
    assert error is not None
    assert "rebind.example.com is not at a public address" in error


def test_a_transactional_handler_commits_together_with_its_outcome(
    services_with, receiver: Receiver, database: Database, monkeypatch
):
    router, seen = Router(), []

    @router.on("commands", "BOOK", transactional=True)
    def book(event: Any, context: Any) -> dict[str, int]:
        seen.append(context.tx.execute(select(commands.c.id)).scalar_one())
        return {"booked": 1}

    caller = Caller(services_with(router=router, env={"CALLBACK_ALLOWED_HOSTS": receiver.host}))
    command_id = asked(caller, receiver, command="BOOK")
    run_due(caller.services)
    assert seen == [command_id]
    assert verified(receiver)["data"]["result"] == {"booked": 1}


def test_a_late_attempt_does_not_overwrite_a_later_one(
    caller: Caller, receiver: Receiver, handlers: Handlers, clock: FrozenClock
):
    command_id = asked(caller, receiver)
    (late,) = claim_work(caller.services, limit=5)
    clock.advance(minutes=5)
    handlers.errors = [PermanentError("Gone."), RuntimeError("unused")]
    run_due(caller.services)
    handlers.errors = []
    run_stored_claim(caller.services, late)
    assert shown(caller, command_id)["error"] == "Gone."
    run_due(caller.services)
    assert len(receiver.taken) == 1


def test_a_new_outcome_is_told_again(
    caller: Caller, receiver: Receiver, handlers: Handlers, clock: FrozenClock, database: Database
):
    handlers.errors = [PermanentError("Not today.")]
    command_id = asked(caller, receiver)
    run_due(caller.services)
    _make_due_again(database, command_id, clock)
    run_due(caller.services)
    assert shown(caller, command_id)["state"] == "succeeded"
    assert [verified(receiver, each)["type"] for each in (0, 1)] == ["command.dead", "command.succeeded"]


def _make_due_again(database: Database, command_id: str, clock: FrozenClock) -> None:
    """Do what an operator's replay does to a dead dispatch."""
    with database.begin() as tx:
        (run,) = (row for row in list_dispatches(tx, [command_id]) if row.route != CALLBACK)
        make_due(tx, [DueAgain(run.id, run.state, run.attempt, clock.now())])


@pytest.mark.backends("sqlite")
def test_operators_see_a_command_as_an_event_and_can_replay_it(
    caller: Caller, receiver: Receiver, handlers: Handlers
):
    handlers.errors = [PermanentError("Not today.")]
    command_id = asked(caller, receiver)
    run_due(caller.services)
    seen = caller.client.get(f"/api/v1/events/{command_id}", headers=BEARER).json or {}
    assert (seen["channel"], seen["state"], seen["data"]["command"]) == ("commands", "dead", "SYNC_USER_DATA")
    order = {"reason": "the user is there now", "dispatches": "dead"}
    replayed = caller.client.post(f"/api/v1/events/{command_id}/replay", json=order, headers=BEARER)
    assert replayed.status_code == 202, replayed.text
    run_due(caller.services)
    assert shown(caller, command_id)["state"] == "succeeded"
    assert [verified(receiver, each)["type"] for each in (0, 1)] == ["command.dead", "command.succeeded"]


def test_retention_takes_the_result_with_the_body_and_the_command_with_its_event(
    caller: Caller, receiver: Receiver, database: Database
):
    command_id = asked(caller, receiver)
    with database.begin() as tx:
        assert empty_events(tx, [command_id]) == 0
    run_due(caller.services)
    with database.begin() as tx:
        assert empty_events(tx, [command_id]) == 1
    after = shown(caller, command_id)
    assert (after["state"], after["result"]) == ("succeeded", None)
    with database.begin() as tx:
        assert tx.execute(select(commands.c.callback_url)).scalar_one() == ""
        assert delete_events(tx, [command_id]) == 1
    assert caller.look(command_id).status_code == 404


@pytest.mark.backends("sqlite")
def test_a_command_is_shown_to_its_caller_or_a_token_and_nobody_else(caller: Caller, receiver: Receiver):
    command_id = asked(caller, receiver)
    assert caller.client.get(f"{PATH}/{command_id}", headers=BEARER).status_code == 200
    assert caller.client.get(f"{PATH}/{command_id}").status_code == 401
    assert caller.look(command_id, secret="another-secret-1").status_code == 401
    assert caller.look(command_id, nonce="look-0001").status_code == 200
    again = caller.look(command_id, nonce="look-0001")
    assert (again.status_code, (again.json or {})["error"]) == (401, "nonce_reused")
    for unknown in ("0" * 32, "x", command_id.upper(), command_id + "0", "%00"):
        for answer in (caller.look(unknown), caller.client.get(f"{PATH}/{unknown}", headers=BEARER)):
            assert (answer.status_code, (answer.json or {})["error"]) == (404, "unknown_command_id")


@pytest.mark.backends("sqlite")
def test_a_signed_question_has_no_body_and_a_token_needs_its_scope(
    services_with, handlers, receiver: Receiver
):
    env = {"CALLBACK_ALLOWED_HOSTS": receiver.host, "API_TOKENS": "s:send-only-token-1:send"}
    caller = Caller(services_with(router=handlers.router, env=env))
    command_id = asked(caller, receiver)
    answer = caller.client.get(f"{PATH}/{command_id}", data=b"{}", headers=signed_headers(b"{}"))
    assert (answer.status_code, (answer.json or {})["error"]) == (400, "unexpected_body")
    bearer = {"Authorization": "Bearer send-only-token-1"}
    assert caller.client.get(f"{PATH}/{command_id}", headers=bearer).status_code == 403


@pytest.mark.backends("sqlite")
def test_commands_of_another_channel_are_not_shown(services_with, handlers, receiver: Receiver):
    tables = "".join(
        f'[channels.{name}]\nplatform = "callback"\nsecret = "{name}-secret-01"\n' for name in ("one", "two")
    )
    env = {"CALLBACK_ALLOWED_HOSTS": receiver.host}
    callers = [
        Caller(
            services_with(
                router=handlers.router, channels=tables, env=env | {"CALLBACK_DEFAULT_CHANNEL": name}
            )
        )
        for name in ("one", "two")
    ]
    body = command_body(callbackUrl=receiver.url)
    command_id = (callers[0].ask(body, secret="one-secret-01").json or {})["id"]
    assert callers[0].look(command_id, secret="one-secret-01").status_code == 200
    assert callers[1].look(command_id, secret="two-secret-01").status_code == 404


@pytest.mark.backends("sqlite")
def test_the_example_answers_a_ping(services_with, receiver: Receiver):
    examples = load_handlers(ROOT / "examples" / "handlers").router
    caller = Caller(services_with(router=examples, env={"CALLBACK_ALLOWED_HOSTS": receiver.host}))
    command_id = asked(caller, receiver, command="PING", payload={"a": 1})
    run_due(caller.services)
    assert shown(caller, command_id)["result"] == {"pong": {"a": 1}}
