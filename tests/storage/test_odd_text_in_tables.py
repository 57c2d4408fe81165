"""Odd text on its way into every table beside the events: what comes from outside is kept, bounded or refused.

Each text column of each table is named here with what drives it, or as one that only the gateway or an operator fills.
A new column that is in neither list is a failure.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import LargeBinary, String

from app.core.errors import PermanentError, RequestError, TokenRejected, UpstreamError
from app.core.exact_json import read_json
from app.core.values import Event, Identity, SceneCode, TokenSet
from app.pipeline.binding.codes import create_bind_code
from app.pipeline.channels import Channels
from app.pipeline.operators.bindings import list_openids_page, tokens_view
from app.pipeline.operators.events import event_detail, list_events_page
from app.pipeline.operators.replay import replay_event
from app.pipeline.operators.replay_order import read_order
from app.pipeline.router import Context, Router
from app.pipeline.services import Services
from app.pipeline.tokens.account_tokens import account_health, refresh_account_token
from app.pipeline.tokens.app_tokens import usable_app_token
from app.pipeline.tokens.authorisations import redeem_code
from app.pipeline.tokens.user_tokens import call_with_tokens
from app.storage.audit import audit_entries, list_audit, write_audit
from app.storage.authorised_accounts import authorised_accounts
from app.storage.binding.bindcodes import bindcodes
from app.storage.binding.followers import followers
from app.storage.binding.openids import openids
from app.storage.commands import commands
from app.storage.database.db import ExactText, metadata
from app.storage.destination_states import DestinationState, destination_states, lock_state, write_state
from app.storage.expected_payments import expect, note_failed_question
from app.storage.login.connections import connections
from app.storage.login.flows import flows, mark_flow_failed
from app.storage.login.identities import identities, list_identities
from app.storage.queue.dispatches import attempts, dispatches
from app.storage.tables import metadata as every_table
from tests.binding.fakes import Scannable, channel, deliver, follow, scan
from tests.builders import NOW, exchange
from tests.commands.asking import Caller, command_body
from tests.commands.asking import run_due as run_commands
from tests.login.in_memory import CodeBrowser, InMemoryGateway
from tests.odd_text import ODD_TEXTS
from tests.operators.stage import accept, run_due
from tests.tokens.accounts import CHANNEL, House

MakeServices = Callable[..., Services]

DRIVEN: dict[str, set[str]] = {
    "test_what_a_handler_returns": {"dispatches.result"},
    "test_what_a_handler_raises": {"attempts.error", "attempts.traceback"},
    "test_what_a_command_says": {"commands.command", "commands.callback_url", "commands.result"},
    "test_how_a_command_ends": {"commands.error"},
    "test_what_an_operator_writes": {
        "audit_entries.actor", "audit_entries.action", "audit_entries.target", "audit_entries.outcome",
        "audit_entries.trace_id", "audit_entries.detail",
    },
    "test_who_follows_and_binds": {"followers.open_id", "followers.union_id", "openids.open_id", "bindcodes.open_id"},
    "test_what_a_bind_code_is_for": {"bindcodes.user_ref", "openids.user_ref", "bindcodes.app", "openids.app"},
    "test_a_picture_of_a_platform": {"bindcodes.qr_content", "bindcodes.qr_image_url"},
    "test_why_no_app_token_came": {"app_tokens.last_error"},
    "test_what_an_authorised_account_is_called": {
        "authorised_accounts.account", "authorised_accounts.title", "authorised_accounts.original_id",
    },
    "test_why_no_token_of_an_account_came": {"authorised_accounts.last_error"},
    "test_why_a_payment_could_not_be_asked_for": {"expected_payments.last_error"},
    "test_why_a_destination_failed": {"destination_states.pause_reason", "destination_states.last_error"},
    "test_who_a_platform_says_logged_in": {
        "identities.issuer", "identities.subject_kind", "identities.subject", "identities.union_id", "identities.name",
        "identities.avatar_url", "identities.profile",
    },
    "test_what_tokens_say_of_themselves": {"connections.scope", "connections.token_type", "connections.extra"},
    "test_how_a_login_failed": {"flows.failure"},
    "test_where_a_login_returns_to": {"flows.next", "flows.error_to"},
}  # fmt: skip
ELSEWHERE = {"issuer_clients", "issuer_codes", "issuer_consents", "issuer_grants", "issuer_keys", "issuer_refresh_tokens", "events", "nonces", "rejections", "receipts", "messages", "message_channels", "message_recipients", "channel_checks", "channel_overrides", "shared_notes", "console_people", "console_sessions", "console_views"}  # fmt: skip
"""Tables that tests/inbound (test_odd_text.py, test_receipts.py), tests/sending tests/issuer and tests/console (test_odd_text.py) drive, and test_odd_text_in_channel_tables.py."""

SEALED_OR_OWN: dict[str, set[str]] = {
    "authorised_accounts": {"channel", "owner", "access_token", "lasting_token", "code_digest", "lease_owner"},
    "alarms": {"kind", "subject", "facts"}, "watch_turns": {"name"},
    "app_tokens": {"channel", "kind", "value", "lease_owner"},
    "bindcodes": {"id", "code", "scene", "page_key", "channel", "status"},
    "commands": {"id", "channel", "run_route", "callback_route", "state"},
    "connections": {
        "identity_id", "access_token", "refresh_token", "lease_owner", "dead_reason",
    },
    "destination_states": {"name"},
    "expected_payments": {"channel", "order_number", "state", "check_id", "event_id", "event_type"},
    "bans": {"address", "reason"}, "api_tokens": {"id", "name", "prefix", "digest", "limits"},
    "dispatches": {"id", "event_id", "route", "state", "order_key"},
    "queue": {"id", "event_id", "route", "state", "trigger", "order_key"},
    "attempts": {"dispatch_id", "outcome", "trigger"},
    "flows": {
        "id", "channel", "purpose", "mode", "redirect_uri", "browser", "verifier", "page", "user_id", "sid", "answer",
        "finished_sid",
    },
    "followers": {"channel", "subscription_event"},
    "identities": {"id", "user_id", "channel"},
    "notification_events": {"name", "event_id", "outcome", "waits_with", "message_id"}, "notification_marks": {"id", "value", "collects"},
    "openids": {"id", "channel", "bindcode_id"}, "sending_paces": {"id"},
    "sessions": {"sid", "user_id", "identity_id"},
    "signing_keys": {"kid", "private_key", "public_jwk"},
    "users": {"id"}, "traffic_minutes": {"channel"},
}  # fmt: skip
"""Columns that hold what the gateway made or sealed, digests, or names that an operator wrote and a check read.

An order key is driven with the events, which it comes from, and so are the number and the type of a paid order.
"""


def test_every_text_column_is_driven_or_our_own() -> None:
    assert every_table is metadata
    driven = set().union(*DRIVEN.values())
    for table in metadata.sorted_tables:
        if table.name in ELSEWHERE:
            continue
        found = {
            key
            for key, column in table.c.items()
            if isinstance(column.type, String | LargeBinary | ExactText)
        }
        own = SEALED_OR_OWN.get(table.name, set())
        named = {name.partition(".")[2] for name in driven if name.startswith(f"{table.name}.")}
        assert own | named == found, table.name
        assert not own & named, table.name
    assert all(name in globals() for name in DRIVEN)


def rows(services: Services, table: Any) -> list[Any]:
    with services.database.read() as tx:
        return list(tx.execute(table.select()).all())


def on(handler: Callable[[Event, Context], Any]) -> Router:
    router = Router()
    router.on("callback", name="odd")(handler)
    return router


def test_what_a_handler_returns(services_with: MakeServices) -> None:
    texts = iter(ODD_TEXTS.values())
    services = services_with(router=on(lambda event, context: [text := next(texts), {text: text}]))
    for name in ODD_TEXTS:
        accept(services, name)
    run_due(services)
    results = [read_json(bytes(row.result)) for row in rows(services, dispatches)]
    assert len(results) == len(ODD_TEXTS)
    assert all(row.outcome == "succeeded" for row in rows(services, attempts))


def test_what_a_handler_raises(services_with: MakeServices) -> None:
    texts = iter(ODD_TEXTS.values())

    def fails(_event: Event, _context: Context) -> None:
        raise ValueError(next(texts))

    services = services_with(router=on(fails))
    ids = [accept(services, name) for name in ODD_TEXTS]
    run_due(services)
    assert [row.outcome for row in rows(services, attempts)] == ["failed"] * len(ODD_TEXTS)
    for event_id in ids:
        assert json.dumps(event_detail(services, event_id), ensure_ascii=False).encode()


def commanding(handler: Callable[[Event, Context], Any]) -> Router:
    router = Router()
    router.on("commands", "*", name="sync")(handler)
    return router


def test_what_a_command_says(services_with: MakeServices) -> None:
    caller = Caller(services_with(router=commanding(lambda event, context: event.data)))
    for name in ("command", "callbackUrl", "payload"):
        for text in ODD_TEXTS.values():
            value = {"text": text, text: 1} if name == "payload" else text
            for whole in (value, f"https://public.example/{text}" if name == "callbackUrl" else value):
                answer = caller.ask(command_body(**{name: whole}))
                assert answer.status_code in (202, 400), (name, text[:20])
    run_commands(caller.services)
    assert len(rows(caller.services, commands)) >= len(ODD_TEXTS)


@pytest.mark.parametrize("text", [*ODD_TEXTS.values(), 7, None], ids=[*ODD_TEXTS, "number", "nothing"])
@pytest.mark.backends("postgresql", "mariadb")
def test_how_a_command_ends(services_with: MakeServices, text: Any) -> None:
    def refuses(_event: Event, _context: Context) -> None:
        raise PermanentError(text)

    caller = Caller(services_with(router=commanding(refuses)))
    assert caller.ask().status_code == 202
    run_commands(caller.services)
    [row] = rows(caller.services, commands)
    assert row.state == "dead"


def test_what_an_operator_writes(services_with: MakeServices) -> None:
    services = services_with(router=on(lambda event, context: None))
    event_id = accept(services)
    run_due(services)
    for text in ODD_TEXTS.values():
        with services.database.begin() as tx:
            write_audit(
                tx,
                at=NOW,
                actor=text,
                action=text,
                target=text,
                outcome=text,
                trace_id=text,
                detail={"a": text, text: 1},
            )
        if 0 < len(text.strip()) <= 200:
            replay_event(services, event_id, read_order(services, {"reason": text}, actor=text, trace_id="t"))
            run_due(services)
        for name in ("q", "type", "channel"):
            try:
                list_events_page(services, {name: text}, cursor=None, limit=5)
            except RequestError as error:
                assert error.code == "bad_filter"  # noqa: PT017 - both ends are right
    with services.database.read() as tx:
        assert all(json.loads(row.detail) for row in list_audit(tx, before=None, limit=200))
    assert len(rows(services, audit_entries)) > len(ODD_TEXTS)


def test_who_follows_and_binds(binding: Services) -> None:
    for number, text in enumerate(ODD_TEXTS.values()):
        made = create_bind_code(binding, app="crm", channel_name="shop", ttl=300, user_ref="u")
        at = NOW + timedelta(seconds=number)
        deliver(binding, follow(text, union_id=text, at=at))
        deliver(binding, scan(made.bindcode.scene, text, at=at))
    assert len(rows(binding, followers)) == len(ODD_TEXTS)
    assert len(rows(binding, openids)) == len(ODD_TEXTS)
    assert {row.status for row in rows(binding, bindcodes)} == {"bound"}
    page = list_openids_page(binding, app="crm", channel=None, cursor=None, limit=50)
    assert json.dumps(page, ensure_ascii=False).encode()


def test_what_a_bind_code_is_for(binding: Services) -> None:
    taken = 0
    for text in ODD_TEXTS.values():
        for name in ("app", "user_ref"):
            wanted: dict[str, Any] = {"app": "crm", "user_ref": None, name: text}
            try:
                create_bind_code(binding, channel_name="shop", ttl=300, **wanted)
                taken += 1
            except RequestError as error:
                assert error.code in ("bad_app", "bad_user_ref")  # noqa: PT017 - both ends are right
    assert taken == len(rows(binding, bindcodes)) > 0


def test_a_picture_of_a_platform(binding: Services, shop: Scannable, monkeypatch: pytest.MonkeyPatch) -> None:
    for content, image in [(text, None) for text in ODD_TEXTS.values()] + [
        ("q", text) for text in ODD_TEXTS.values()
    ]:
        code = SceneCode(content, image, 60)
        monkeypatch.setattr(shop, "create_scene_code", lambda *_args, code=code: code)
        create_bind_code(binding, app="crm", channel_name="shop", ttl=300, user_ref=None)
    assert len(rows(binding, bindcodes)) == 2 * len(ODD_TEXTS)


def test_why_no_app_token_came(binding: Services, shop: Scannable) -> None:
    for text in ODD_TEXTS.values():
        shop.fail = UpstreamError("platform_refused", text, platform_code=text)
        with pytest.raises(UpstreamError):
            usable_app_token(binding, "shop")
        assert json.dumps(tokens_view(binding), ensure_ascii=False).encode()


@pytest.fixture
def house(services: Services) -> House:
    made = House()
    exchange(services, channels=Channels([channel(CHANNEL, made)]))
    return made


@pytest.mark.parametrize("column", ["account", "title", "original_id"])
def test_what_an_authorised_account_is_called(services: Services, house: House, column: str) -> None:
    for text in ODD_TEXTS.values():
        changed: dict[str, Any] = {column: text}
        house.tokens = replace(house.tokens, **changed)
        try:
            redeem_code(services, CHANNEL, text)
        except UpstreamError as error:
            assert (column, error.code) == ("account", "upstream_bad_answer")  # noqa: PT017 - both ends are right
    assert rows(services, authorised_accounts)
    assert json.dumps(
        [each[column] for each in account_health(services, CHANNEL)], ensure_ascii=False
    ).encode()


def test_why_no_token_of_an_account_came(services: Services, house: House) -> None:
    redeem_code(services, CHANNEL, "code")
    for text in ODD_TEXTS.values():
        house.fail = UpstreamError("platform_refused", text, platform_code=text)
        with pytest.raises(UpstreamError):
            refresh_account_token(services, CHANNEL, "wx1")
        (seen,) = account_health(services, CHANNEL)
        assert json.dumps(seen["last_error"], ensure_ascii=False).encode()


@pytest.mark.parametrize("column", ["pause_reason", "last_error"])
def test_why_a_destination_failed(services: Services, column: str) -> None:
    assert destination_states.name == "destination_states"
    for text in ODD_TEXTS.values():
        with services.database.begin() as tx:
            lock_state(tx, "crm")
            changed: dict[str, Any] = {column: text}
            write_state(tx, replace(DestinationState("crm"), **changed))


def test_why_a_payment_could_not_be_asked_for(services: Services) -> None:
    services.database.run(lambda tx: expect(tx, "pay", "o", due_at=NOW, check_id="c" * 32, now=NOW))
    for text in ODD_TEXTS.values():
        with services.database.begin() as tx:
            assert note_failed_question(tx, "pay", "o", check_id="c" * 32, error=text)


@pytest.fixture
def browser(gateway: InMemoryGateway) -> CodeBrowser:
    return gateway.browser()


PEOPLE = {
    "issuer": lambda text: Identity(text, "user_id", "u1"),
    "subject_kind": lambda text: Identity("fake:1", text, "u1"),
    "subject": lambda text: Identity("fake:1", "user_id", text),
    "union_id": lambda text: Identity("fake:1", "user_id", "u1", union_id=text),
    "name": lambda text: Identity("fake:1", "user_id", "u1", name=text),
    "avatar_url": lambda text: Identity("fake:1", "user_id", "u1", avatar_url=f"https://{text}"),
    "profile": lambda text: Identity("fake:1", "user_id", "u1", profile={text: text, "a": [text]}),
}


@pytest.mark.parametrize("column", PEOPLE)
def test_who_a_platform_says_logged_in(gateway: InMemoryGateway, browser: CodeBrowser, column: str) -> None:
    for number, text in enumerate(ODD_TEXTS.values()):
        gateway.fake.person = PEOPLE[column](text)
        answer = browser.finish(browser.start(), f"c{number}")
        named = column in ("issuer", "subject_kind", "subject")
        assert answer.status_code in ((303, 502) if named else (303,)), text[:20]
    assert rows(gateway.services, identities)


def saying(said: TokenSet) -> Callable[[TokenSet], TokenSet]:
    return lambda _: said


@pytest.mark.parametrize("column", ["scope", "token_type", "extra"])
def test_what_tokens_say_of_themselves(gateway: InMemoryGateway, browser: CodeBrowser, column: str) -> None:
    browser.log_in()
    services = gateway.services
    with services.database.read() as tx:
        [identity] = list_identities(tx, before=None, limit=1)
    for text in ODD_TEXTS.values():
        changed: dict[str, Any] = {column: {"a": text} if column == "extra" else text}
        said = replace(TokenSet("access-new", 7200, "refresh-new"), **changed)
        gateway.fake.on_refresh = saying(said)
        refused = iter([True])

        def call(tokens: TokenSet, _http: object, refused: Any = refused) -> str:
            if next(refused, False):
                raise TokenRejected
            return tokens.access_token

        assert call_with_tokens(services, identity, call) == "access-new"
    assert len(rows(services, connections)) == 1


def test_how_a_login_failed(gateway: InMemoryGateway, browser: CodeBrowser) -> None:
    browser.start()
    [flow] = rows(gateway.services, flows)
    for text in ODD_TEXTS.values():
        with gateway.services.database.begin() as tx:
            mark_flow_failed(tx, flow.id, text)


def test_where_a_login_returns_to(gateway: InMemoryGateway, browser: CodeBrowser) -> None:
    for text in ODD_TEXTS.values():
        letters = text.encode("utf-8", "surrogatepass")[:3000]
        for query in (
            {"next": b"/" + letters},
            {"next": letters},
            {"error_to": b"https://app.example/cb/" + letters},
        ):
            answer = browser.get("/oauth/fake/start", query_string=query)
            assert answer.status_code in (303, 400), text[:20]
    assert rows(gateway.services, flows)
