"""Accepting commands: proven, well formed, stored once; everything else is refused with a word and a sentence."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import func, select

from app.core.errors import ConfigurationError, StoreUnavailable
from app.pipeline.operators.events import event_detail
from app.pipeline.operators.verification import verify_event
from app.pipeline.services import OverLimit
from app.storage.commands import commands
from app.storage.database.db import Database
from app.storage.inbox.events import events
from app.storage.inbox.rejections import rejections
from app.storage.queue.dispatches import queue
from tests.builders import CALLBACK_SECRET, envelope
from tests.commands.asking import PATH, Caller, command_body, run_due, signed_headers

BAD_BODIES: dict[str, tuple[Any, str]] = {
    "not JSON": (b"{", "bad_payload"),
    "empty": (b"", "bad_payload"),
    "a list": (b"[]", "bad_payload"),
    "bad UTF-8": (b'{"command":"\xff"}', "bad_payload"),
    "nested deeply": (b'{"payload":' + b'{"a":' * 200 + b"1" + b"}" * 201, "bad_payload"),
    "misspelled address": ({"callback_url": "https://external-system.com/"}, "unknown_field"),
    "no command": ({"command": None}, "bad_command"),
    "command a number": ({"command": 7}, "bad_command"),
    "command empty": ({"command": ""}, "bad_command"),
    "command with a blank": ({"command": "SYNC USER"}, "bad_command"),
    "command with a line end": ({"command": "SYNC_USER_DATA\n"}, "bad_command"),
    "command with a null": ({"command": "SYNC\x00"}, "bad_command"),
    "command too long": ({"command": "A" * 129}, "bad_command"),
    "command a glob": ({"command": "*"}, "bad_command"),
    "payload text": ({"payload": "x"}, "bad_payload"),
    "payload null": ({"payload": None}, "bad_payload"),
    "payload a list": ({"payload": []}, "bad_payload"),
    "no address": ({"callbackUrl": None}, "bad_callback_url"),
    "address a list": ({"callbackUrl": ["https://external-system.com/"]}, "bad_callback_url"),
    "address empty": ({"callbackUrl": ""}, "bad_callback_url"),
    "address of a file": ({"callbackUrl": "file:///etc/passwd"}, "bad_callback_url"),
    "address with a user": ({"callbackUrl": "https://a:b@external-system.com/"}, "bad_callback_url"),
    "address decimal": ({"callbackUrl": "http://2130706433/"}, "bad_callback_url"),
    "address octal": ({"callbackUrl": "http://0177.0.0.1/"}, "bad_callback_url"),
    "address short": ({"callbackUrl": "http://127.1/"}, "bad_callback_url"),
    "address port": ({"callbackUrl": "http://external-system.com:22/"}, "bad_callback_url"),
    "address too long": ({"callbackUrl": "https://external-system.com/" + "a" * 2000}, "bad_callback_url"),
    "address not ASCII": ({"callbackUrl": "https://external-system.com/王"}, "bad_callback_url"),
    "loopback": ({"callbackUrl": "http://127.0.0.1/"}, "callback_not_public"),
    "metadata": ({"callbackUrl": "http://169.254.169.254/latest/"}, "callback_not_public"),
    "mapped": ({"callbackUrl": "http://[::ffff:10.0.0.1]/"}, "callback_not_public"),
    "localhost": ({"callbackUrl": "http://localhost:9/"}, "callback_not_public"),
    "nobody's command": ({"command": "FORMAT_DISK"}, "unknown_command"),
    "other case": ({"command": "sync_user_data"}, "unknown_command"),
}


def count(database: Database, table: object = commands) -> int:
    with database.read() as tx:
        return int(tx.execute(select(func.count()).select_from(table)).scalar_one())  # type: ignore[arg-type]


def test_a_signed_command_is_stored_and_answered_with_its_id(caller: Caller, database: Database):
    answer = caller.ask()
    assert (answer.status_code, set(answer.json or {})) == (202, {"id"})
    with database.read() as tx:
        event = tx.execute(select(events)).one()
        dispatch = tx.execute(select(queue)).one()
    assert (event.id, event.channel, event.type) == ((answer.json or {})["id"], "commands", "SYNC_USER_DATA")
    assert json.loads(bytes(event.body)) == command_body()
    assert (dispatch.event_id, dispatch.state) == (event.id, "pending")


@pytest.mark.backends("sqlite")
def test_the_payload_may_be_left_out_and_the_address_may_be_an_allowed_private_host(caller: Caller):
    body = {"command": "SYNC_USER_DATA", "callbackUrl": "http://crm.internal/hooks"}
    assert caller.ask(body).status_code == 202


@pytest.mark.backends("sqlite")
@pytest.mark.parametrize("case", BAD_BODIES)
def test_a_bad_body_gets_its_word_and_a_sentence(caller: Caller, database: Database, case: str):
    change, word = BAD_BODIES[case]
    answer = caller.ask(change if isinstance(change, bytes) else command_body(**change))
    assert (answer.status_code, (answer.json or {})["error"]) == (400, word)
    assert (answer.json or {})["message"].endswith(".")
    assert count(database) == count(database, events) == 0
    assert count(database, rejections) == 1


@pytest.mark.backends("sqlite")
@pytest.mark.parametrize(
    "signing",
    [
        {"secret": "another-secret-0123"},
        {"nonce": "short"},
        {"nonce": "a" * 129},
        {"timestamp": "1763640000"},
        {"timestamp": "01763640000"},
        {"timestamp": "now"},
    ],
)
def test_an_unproven_command_is_refused(caller: Caller, database: Database, signing: dict[str, Any]):
    answer = caller.ask(**signing)
    assert (answer.status_code, (answer.json or {})["error"]) == (401, "bad_signature")
    assert count(database) == 0


@pytest.mark.backends("sqlite")
@pytest.mark.parametrize("missing", ["X-Signature", "X-Timestamp", "X-Nonce"])
def test_every_part_of_the_signature_is_needed(caller: Caller, missing: str):
    raw = json.dumps(command_body()).encode()
    headers = signed_headers(raw)
    headers.pop(missing)
    assert caller.client.post(PATH, data=raw, headers=headers).status_code == 401


@pytest.mark.backends("sqlite")
def test_a_changed_body_is_refused(caller: Caller):
    raw = json.dumps(command_body()).encode()
    headers = signed_headers(raw)
    assert caller.client.post(PATH, data=raw.replace(b"U1001", b"U1002"), headers=headers).status_code == 401


def test_a_nonce_is_spent_once(caller: Caller, database: Database):
    assert caller.ask(nonce="nonce-0001").status_code == 202
    for body in (command_body(), command_body(payload={})):
        answer = caller.ask(body, nonce="nonce-0001")
        assert (answer.status_code, (answer.json or {})["error"]) == (401, "nonce_reused")
    assert count(database) == count(database, events) == count(database, queue) == 1


@pytest.mark.backends("sqlite")
def test_a_refused_command_does_not_spend_its_nonce(caller: Caller):
    assert caller.ask(command_body(command="NOBODY"), nonce="nonce-0002").status_code == 400
    assert caller.ask(nonce="nonce-0002").status_code == 202


@pytest.mark.backends("sqlite")
def test_a_nonce_spent_on_a_callback_cannot_be_spent_on_a_command(
    services_with, handlers, database: Database
):
    channels = f'[channels.callback]\nplatform = "callback"\nsecret = "{CALLBACK_SECRET}"\nscheme = "timestamp-nonce"\n'
    caller = Caller(services_with(router=handlers.router, channels=channels + 'unknown_events = "store"'))
    raw = json.dumps(envelope()).encode()
    headers = signed_headers(raw, nonce="nonce-0003")
    assert caller.client.post("/webhooks/callback", data=raw, headers=headers).status_code == 200
    assert (caller.ask(nonce="nonce-0003").json or {})["error"] == "nonce_reused"


def test_twenty_copies_at_once_are_one_command(caller: Caller, database: Database, handlers):
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: caller.ask(nonce="nonce-0004").status_code, range(20)))
    assert sorted(answers) == [202] + [401] * 19
    assert count(database) == count(database, events) == 1
    run_due(caller.services)
    assert len(handlers.runs) == 1


@pytest.mark.backends("sqlite")
def test_any_scheme_of_the_channel_will_do_and_every_secret_but_never_none(services_with, handlers):
    table = '[channels.callback]\nplatform = "callback"\nscheme = "token"\nsecret = ["first-secret-1", "second-secret-2"]\n'
    caller = Caller(services_with(router=handlers.router, channels=table))
    assert [caller.ask(secret=each).status_code for each in ("first-secret-1", "second-secret-2", "x")] == [
        202,
        202,
        401,
    ]
    open_table = '[channels.callback]\nplatform = "callback"\nallow_unsigned = true\n'
    unsigned = Caller(services_with(router=handlers.router, channels=open_table))
    assert [unsigned.ask(secret=each).status_code for each in ("", "x")] == [401, 401]


@pytest.mark.backends("sqlite")
def test_the_rules_of_the_channel_hold_for_commands(services_with, handlers):
    table = f'[channels.callback]\nplatform = "callback"\nsecret = "{CALLBACK_SECRET}"\n'
    rules = {
        'ip_allowlist = ["203.0.113.0/24"]': (403, "address_not_allowed"),
        "max_body_bytes = 1024": (413, "body_too_large"),
        'rate_limit = "1 per minute"': (429, "rate_limited"),
        "enabled = false": (404, "unknown_channel"),
    }
    for rule, (status, word) in rules.items():
        caller = Caller(services_with(router=handlers.router, channels=f"{table}{rule}\n"))
        caller.ask(command_body(payload={"a": "b" * 2000}))
        answer = caller.ask(command_body(payload={"a": "b" * 2000}))
        assert (answer.status_code, (answer.json or {})["error"]) == (status, word), rule


@pytest.mark.backends("sqlite")
def test_commands_to_a_channel_that_is_not_there_are_slowed_for_each_address(
    services_with, handlers, database: Database
):
    caller = Caller(services_with(router=handlers.router, channels=""))
    assert [caller.ask().status_code for _ in range(33)] == [404] * 30 + [429] * 3
    assert count(database, rejections) == 30


@pytest.mark.backends("sqlite")
def test_bad_signatures_are_throttled_without_touching_good_ones(caller: Caller):
    statuses = [caller.ask(secret="wrong-secret-1").status_code for _ in range(62)]
    assert (statuses[0], statuses[-1]) == (401, 429)
    assert caller.ask().status_code == 202


@pytest.mark.backends("sqlite")
def test_a_store_that_is_away_is_503(caller: Caller, database: Database, monkeypatch):
    def fail(_: object) -> None:
        raise StoreUnavailable

    monkeypatch.setattr(database, "run", fail)
    answer = caller.ask()
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")


@pytest.mark.backends("sqlite")
def test_a_channel_cannot_be_called_commands(services_with):
    with pytest.raises(ConfigurationError, match="the gateway's own"):
        services_with(channels='[channels.commands]\nplatform = "callback"\nsecret = "x-secret-1"\n')


def test_a_credential_beside_a_signed_command_is_masked_and_it_can_be_proven_again(caller: Caller) -> None:
    raw = json.dumps(command_body()).encode()
    headers = {**signed_headers(raw, at=caller.services.clock.now()), "Authorization": "Basic aHVudGVyMg=="}
    command_id = caller.client.post(PATH, data=raw, headers=headers).get_json()["id"]
    detail = event_detail(caller.services, command_id)
    assert detail is not None
    assert detail["masked"] == ["header:Authorization"]
    with caller.services.database.read() as tx:
        assert b"aHVudGVyMg" not in bytes(tx.execute(select(events.c.headers)).scalar_one())
    said = verify_event(caller.services, command_id)
    assert (said["verified"], said["evidence"]) == (True, "sealed")


@pytest.mark.backends("sqlite")
def test_a_command_is_turned_away_under_pressure_and_its_nonce_stays_good(caller: Caller) -> None:
    pressure = caller.services.runtime.pressure
    pressure.over = (OverLimit("MAX_WAITING", allowed=10, measured=11),)
    refused = caller.ask(nonce="nonce-0001")
    assert (refused.status_code, refused.get_json()["error"]) == (503, "under_pressure")
    assert 20 <= int(refused.headers["Retry-After"]) <= 60
    assert count(caller.services.database) == count(caller.services.database, rejections) == 0
    pressure.over = ()
    assert caller.ask(nonce="nonce-0001").status_code == 202
