"""Everything about one person: found for them, and gone when they want to be forgotten; others keep what is theirs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.core.errors import RefusedError, RequestError
from app.core.values import Identity
from app.factory import create_app
from app.pipeline.operators.events import event_detail, list_events_page
from app.pipeline.operators.messages import show_message
from app.pipeline.operators.people import show_person
from app.pipeline.operators.personal_data import erase_person, export_person
from app.pipeline.own_events import OWN_CHANNEL
from app.pipeline.sending.accept import Order, accept_message
from app.pipeline.services import Services
from app.storage.audit import list_audit, write_audit
from app.storage.binding.followers import lock_follower, note_union_id
from app.storage.binding.openids import list_openids, upsert_openid
from app.storage.login.connections import SealedTokens, find_connection, save_new_tokens
from app.storage.login.identities import StoredIdentity, insert_identity_once, list_identities
from app.storage.login.sessions import Session, insert_session
from app.storage.login.users import insert_user
from tests.builders import CALLBACK_CHANNEL, NOW
from tests.operators.stage import Crm, accept, away, run_due

ANA, BEN = "a" * 32, "b" * 32
ANAS_ID, BENS_ID = "c" * 32, "d" * 32
OPEN_ID, UNION = "oAna0123456789abcdefghijklmn", "uAna0123456789"
OTHER_OPEN_ID = "oAnaOnTheOtherAccount0123456"
BENS_OPEN_ID = "oBen0123456789abcdefghijklmn"
CHANNELS = f"""{CALLBACK_CHANNEL}
[channels.second]
platform = "callback"
secret = "second-secret-0123456789"
[channels.robot]
platform = "wecom"
corp_id = "ww0123456789abcdef"
agent_id = "1000002"
secret = "s3cret-app-0123456789"
api_base = "http://127.0.0.1:9"
"""
TOKENS = {"API_TOKENS": "keeper:keeper-token-4d1f8a2b:people+read,reader:reader-token-77aa12:read+operate"}


@pytest.fixture
def services(services_with: Callable[..., Services]) -> Services:
    made = services_with(channels=CHANNELS, router=Crm().router(), env=TOKENS)
    with made.database.begin() as tx:
        for user, identity, subject in ((ANA, ANAS_ID, OPEN_ID), (BEN, BENS_ID, BENS_OPEN_ID)):
            insert_user(tx, user, NOW)
            known = Identity(
                issuer="callback:x",
                subject_kind="openid",
                subject=subject,
                name=f"name of {user[0]}",
                union_id=UNION if user == ANA else None,
                profile={"mail": f"{user[0]}@example.com"},
            )
            insert_identity_once(tx, StoredIdentity(identity, user, "callback", known, NOW, NOW))
            insert_session(tx, Session(user[::-1], user, identity, NOW, NOW.replace(year=2027)))
            tokens = SealedTokens(b"sealed", None, None, "all", "Bearer", None, None, None)
            save_new_tokens(tx, identity, tokens, NOW)
        lock_follower(tx, "second", OTHER_OPEN_ID)
        note_union_id(tx, "second", OTHER_OPEN_ID, UNION)
        bind = {"app": "crm", "channel": "second", "user_ref": None, "bound_at": NOW, "bindcode_id": "e" * 32}
        upsert_openid(tx, "f" * 32, open_id=OTHER_OPEN_ID, **bind)  # type: ignore[arg-type]
        upsert_openid(tx, "0" * 32, open_id=BENS_OPEN_ID, **bind)  # type: ignore[arg-type]
        write_audit(tx, at=NOW, actor=ANA, action="logout", target=ANAS_ID)
        write_audit(tx, at=NOW, actor="ops", action="openid.delete", target=f"crm/{OTHER_OPEN_ID}")
    return made


@pytest.fixture
def client(services: Services) -> FlaskClient:
    return create_app(services=services).test_client()


def events_of_both(services: Services) -> tuple[str, str]:
    anas = accept(services, "evt_ana", data={"user_id": OPEN_ID, "text": "hello from ana"})
    bens = accept(services, "evt_ben", data={"user_id": BENS_OPEN_ID})
    run_due(services)
    return anas, bens


def messages_of_both(services: Services) -> tuple[str, str]:
    """Send one message to Ana alone, and one to both."""
    order, ana, ben = Order("ops"), {"user_id": OPEN_ID}, {"user_id": BENS_OPEN_ID}
    body: dict[str, Any] = {"channel": "callback", "text": "told"}
    with_robot = body | {"channel": "robot"}
    alone = accept_message(services, with_robot | {"to": [ana]}, order)
    both = accept_message(services, with_robot | {"to": [ana, ben]}, order)
    return alone.id, both.id


def exported(services: Services, user: str = ANA) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for each in export_person(services, user, actor="ops"):
        found.setdefault(each["kind"], []).append(each)
    return found


def test_an_export_holds_everything_of_one_person_and_nothing_of_another(services: Services) -> None:
    anas, _ = events_of_both(services)
    found = exported(services)
    assert [each["id"] for each in found["user"]] == [ANA]
    assert found["identity"][0]["profile"] == {"mail": "a@example.com"}
    assert [each["id"] for each in found["session"]] == [ANA[::-1]]
    assert found["stored_token"][0]["scope"] == "all"
    assert [each["open_id"] for each in found["openid"] + found["follower"]] == [OTHER_OPEN_ID] * 2
    assert [each["id"] for each in found["event"]] == [anas]
    assert found["event"][0]["data"]["data"]["text"] == "hello from ana"
    assert {each["action"] for each in found["audit"]} == {"logout", "person.exported"}
    assert BENS_OPEN_ID not in str(found)
    assert "sealed" not in str(found)


def test_an_erased_person_is_nowhere_and_the_others_are_whole(services: Services) -> None:
    anas, bens = events_of_both(services)
    done = erase_person(services, ANA, reason="asked for it", actor="ops")
    assert done["erased"] == {
        "events": 1,
        "messages": 0,
        "recipients": 0,
        "bindings": 2,
        "audit_targets": 1,
        "identities": 1,
        "users": 1,
    }
    assert event_detail(services, anas) is None
    assert event_detail(services, bens) is not None
    with pytest.raises(RefusedError):
        show_person(services, ANA)
    assert len(show_person(services, BEN)["sessions"]) == 1
    with services.database.read() as tx:
        assert [each.user_id for each in list_identities(tx, before=None, limit=9)] == [BEN]
        assert find_connection(tx, ANAS_ID) is None
        assert [each.open_id for each in list_openids(tx, before=None, limit=9)] == [BENS_OPEN_ID]
        entries = list_audit(tx, before=None, limit=9)
    assert OTHER_OPEN_ID not in str([entry._mapping for entry in entries])
    (entry,) = [each for each in entries if each.action == "person.erased"]
    assert (entry.actor, entry.target) == ("ops", ANA)


def test_an_id_that_a_login_server_chose_makes_nobody_elses_rows_ones_own(
    services_with: Callable[..., Services],
) -> None:
    server = 'platform = "oauth2"\nclient_id = "c"\nclient_secret = "5f1c9d27b3e84a60"\nissuer = "https://'
    tables = "".join(f'[channels.{each}]\n{server}{each}.example"\n' for each in ("ours", "theirs"))
    services = services_with(channels=CHANNELS + tables, env=TOKENS)
    with services.database.begin() as tx:
        for user, channel in ((ANA, "ours"), (BEN, "theirs")):
            insert_user(tx, user, NOW)
            known = Identity(issuer=f"https://{channel}.example", subject_kind="sub", subject=BENS_OPEN_ID)
            insert_identity_once(tx, StoredIdentity(user[::-1], user, channel, known, NOW, NOW))
    (found,) = exported(services)["user"]
    assert found["names"] == {OWN_CHANNEL: [ANA], "ours": [BENS_OPEN_ID]}


def test_a_message_to_several_loses_the_address_alone(services: Services) -> None:
    alone, both = messages_of_both(services)
    with services.database.begin() as tx:
        known = Identity(issuer="wecom:ww", subject_kind="userid", subject=OPEN_ID)
        insert_identity_once(tx, StoredIdentity("9" * 32, ANA, "robot", known, NOW, NOW))
    assert sorted(each["message_id"] for each in exported(services)["message"]) == sorted([alone, both])
    done = erase_person(services, ANA, reason="asked", actor="ops")["erased"]
    assert (done["messages"], done["recipients"]) == (1, 1)
    with pytest.raises(RefusedError):
        show_message(services, alone)
    assert [each["to"] for each in show_message(services, both)["recipients"]] == [
        {"user_id": "(erased)"},
        {"user_id": BENS_OPEN_ID},
    ]


def test_what_waits_and_what_is_dead_goes_too(
    services_with: Callable[..., Services], services: Services
) -> None:
    failing = services_with(channels=CHANNELS, router=away().router(), env=TOKENS)
    dead = accept(failing, "evt_dead", data={"user_id": OPEN_ID})
    run_due(failing)
    waits = accept(failing, "evt_waits", data={"user_id": OPEN_ID})
    assert erase_person(services, ANA, reason="asked", actor="ops")["erased"]["events"] == 2
    assert event_detail(services, dead) is event_detail(services, waits) is None
    assert run_due(failing) == 0
    assert list_events_page(services, {}, cursor=None, limit=9)["items"] == []


@pytest.mark.backends("sqlite")
def test_nobody_and_no_reason_are_refused(services: Services) -> None:
    for unknown in ("0" * 32, "", "\x00", "x" * 99):
        with pytest.raises(RefusedError):
            erase_person(services, unknown, reason="why", actor="ops")
        with pytest.raises(RefusedError):
            export_person(services, unknown, actor="ops")
    with pytest.raises(RequestError):
        erase_person(services, ANA, reason=" ", actor="ops")
    assert show_person(services, ANA)["user_id"] == ANA


@pytest.mark.backends("sqlite")
def test_personal_data_want_a_scope_of_their_own(client: FlaskClient) -> None:
    keeper, reader = (
        {"Authorization": f"Bearer {each}"} for each in ("keeper-token-4d1f8a2b", "reader-token-77aa12")
    )
    path = f"/api/v1/people/{ANA}"
    assert client.get(f"{path}/export", headers=reader).status_code == 403
    assert client.post(f"{path}/erase", json={"reason": "x"}, headers=reader).status_code == 403
    answer = client.get(f"{path}/export", headers=keeper)
    assert (answer.status_code, answer.mimetype) == (200, "application/x-ndjson")
    assert answer.text.startswith('{"kind":"user"')
    assert (
        client.post(f"{path}/erase", json={"reason": "x"}, headers=keeper).get_json()["erased"]["users"] == 1
    )
    assert client.get(path, headers=keeper).status_code == 404


@pytest.mark.backends("sqlite")
def test_sessions_of_a_person_are_ended(client: FlaskClient) -> None:
    operator = {"Authorization": "Bearer reader-token-77aa12"}
    assert client.delete(f"/api/v1/people/{BEN}/sessions/{ANA[::-1]}", headers=operator).status_code == 404
    assert client.delete(f"/api/v1/people/{ANA}/sessions/{ANA[::-1]}", headers=operator).status_code == 204
    shown = client.get(f"/api/v1/people/{ANA}", headers=operator).get_json()
    assert shown["sessions"][0]["ended_at"] is not None
    answer = client.delete(f"/api/v1/people/{BEN}/sessions", headers=operator)
    assert answer.get_json() == {"user_id": BEN, "sessions_ended": 1}
    answer = client.post(f"/api/v1/people/{BEN}/disable", headers=operator)
    assert answer.get_json() == {"user_id": BEN, "disabled": True, "sessions_ended": 0}
    assert client.post(f"/api/v1/people/{BEN}/enable", headers=operator).get_json()["disabled"] is False
