"""What is kept of a delivery that carries a credential: masked for everybody, sealed as it came, and only then."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from sqlalchemy.event import listen

from app.core.errors import RefusedError
from app.core.values import JSON, CredentialPlaces, Event, InboundRequest, ParsedEvent, Verified
from app.pipeline.dispatch.attempts import claim_work
from app.pipeline.evidence import open_exact
from app.pipeline.inbound.receive import receive
from app.pipeline.operators.events import event_detail, list_events_page
from app.pipeline.operators.replay import replay_event
from app.pipeline.operators.verification import verify_event
from app.pipeline.router import Router
from app.pipeline.services import Services
from app.pipeline.upkeep.key_rotation import rewrite_sealed
from app.security.redaction import MASK
from app.storage.database.db import StoredRow
from app.storage.inbox.events import event_from_row, events, find_event_row
from app.storage.pruning.old_events import empty_events
from tests.builders import CALLBACK_SECRET, SECRET_KEY, envelope, run_stored_claim, signed_callback
from tests.inbound.open_source import OpenSource, delivery, services_of
from tests.operators.stage import ORDER

MakeServices = Callable[..., Services]
TOKEN_CHANNEL = f"""
[channels.callback]
platform = "callback"
secret = "{CALLBACK_SECRET}"
scheme = "token"
unknown_events = "store"
"""
OTHER_KEY = "7d1f0c9b8a7e6d5c4b3a29180f1e2d3c4b5a6978"
NEW_KEY = f"{OTHER_KEY},{SECRET_KEY}"


def with_token(key: str = "evt_1", **headers: str) -> InboundRequest:
    request = signed_callback(envelope(key))
    return request._replace(headers=(("X-Token", CALLBACK_SECRET), *headers.items()))


def deliver(services: Services, request: InboundRequest, channel: str = "callback") -> list[StoredRow]:
    """Deliver it and return the stored events, in the order of the delivery."""
    receive(services, channel, request, trace_id="")
    ids = [item["id"] for item in list_events_page(services, {}, cursor=None, limit=50)["items"]]
    return sorted((row_of(services, each) for each in ids), key=lambda row: row.key)


def row_of(services: Services, event_id: str) -> StoredRow:
    with services.database.read() as tx:
        row = find_event_row(tx, event_id)
    assert row is not None
    return row


def noting(seen: list[Event], **options: Any) -> Router:
    router = Router()

    @router.on("*", name="note", **options)
    def note(event: Event, context: Any) -> None:
        seen.append(event)

    return router


def run_due(services: Services) -> None:
    for claim in claim_work(services, limit=50):
        run_stored_claim(services, claim)


def test_a_request_without_a_credential_is_stored_as_it_came_and_nothing_is_sealed(
    services_with: MakeServices,
) -> None:
    services = services_with(router=noting([]))
    request = signed_callback()
    (row,) = deliver(services, request)
    assert (row.masked, row.sealed, bytes(row.body)) == (None, None, request.body)
    assert event_from_row(row).headers == request.headers


def test_a_token_in_a_header_is_masked_and_only_the_head_is_sealed(services_with: MakeServices) -> None:
    services = services_with(channels=TOKEN_CHANNEL)
    request = with_token()
    (row,) = deliver(services, request)
    assert event_from_row(row).headers == (("X-Token", MASK),)
    assert event_from_row(row).masked == ("header:X-Token",)
    assert bytes(row.body) == request.body
    assert len(row.sealed) < 300
    assert open_exact(services.vault, event_from_row(row), bytes(row.sealed)).headers == request.headers


@pytest.mark.parametrize("inline", [True, False], ids=["inline", "background"])
def test_handlers_get_the_masked_event_and_are_told(services_with: MakeServices, inline: bool) -> None:
    seen: list[Event] = []
    services = services_with(channels=TOKEN_CHANNEL, router=noting(seen, inline=inline))
    deliver(services, with_token())
    run_due(services)
    (event,) = seen
    assert event.headers == (("X-Token", MASK),)
    assert event.masked == ("header:X-Token",)


def test_a_second_delivery_is_a_copy_and_a_replay_runs_as_ever(services_with: MakeServices) -> None:
    seen: list[Event] = []
    services = services_with(channels=TOKEN_CHANNEL, router=noting(seen))
    deliver(services, with_token())
    (row,) = deliver(services, with_token())
    assert row.duplicates == 1
    run_due(services)
    replay_event(services, row.id, ORDER)
    run_due(services)
    assert [event.masked for event in seen] == [("header:X-Token",)] * 2
    assert verify_event(services, row.id)["verified"]


def test_an_event_is_proven_again_by_what_is_sealed(services_with: MakeServices) -> None:
    services = services_with(channels=TOKEN_CHANNEL)
    (row,) = deliver(services, with_token())
    assert verify_event(services, row.id) == {
        "id": row.id,
        "verified": True,
        "scheme": "token",
        "evidence": "sealed",
        "reason": None,
    }


def test_an_event_whose_body_was_altered_in_the_store_is_not_proven(services_with: MakeServices) -> None:
    services = services_with(router=noting([]))
    (row,) = deliver(services, signed_callback())
    with services.database.begin() as tx:
        tx.execute(events.update().values(body=b'{"event_id":"other"}'))
    said = verify_event(services, row.id)
    assert said["verified"] is False
    assert said["reason"].startswith("bad_signature: ")


def test_what_is_sealed_opens_for_its_own_event_only(services_with: MakeServices) -> None:
    services = services_with(channels=TOKEN_CHANNEL)
    first, second = deliver(services, with_token("evt_1")) + deliver(services, with_token("evt_2"))[1:]
    with services.database.begin() as tx:
        tx.execute(events.update().where(events.c.id == second.id).values(sealed=bytes(first.sealed)))
    with pytest.raises(RefusedError, match="does not belong to its row") as caught:
        verify_event(services, second.id)
    assert (caught.value.code, caught.value.http_status) == ("evidence_sealed", 409)


def test_rotating_keys_leaves_evidence_alone_and_the_old_key_still_reads_it(
    services_with: MakeServices,
) -> None:
    (row,) = deliver(services_with(channels=TOKEN_CHANNEL), with_token())
    rotated = services_with(channels=TOKEN_CHANNEL, env={"SECRET_KEY": NEW_KEY})
    assert rewrite_sealed(rotated) == 0
    assert bytes(row_of(rotated, row.id).sealed) == bytes(row.sealed)
    assert verify_event(rotated, row.id)["verified"]


def test_without_the_old_key_the_event_is_still_shown_and_says_why_it_cannot_be_proven(
    services_with: MakeServices,
) -> None:
    (row,) = deliver(services_with(channels=TOKEN_CHANNEL), with_token())
    alone = services_with(channels=TOKEN_CHANNEL, env={"SECRET_KEY": OTHER_KEY})
    with pytest.raises(RefusedError, match="no longer in SECRET_KEY"):
        verify_event(alone, row.id)
    detail = event_detail(alone, row.id)
    assert detail is not None
    assert detail["masked"] == ["header:X-Token"]


def test_an_event_stored_before_is_masked_where_it_is_shown_and_can_be_proven(
    services_with: MakeServices,
) -> None:
    services = services_with(channels=TOKEN_CHANNEL)
    (row,) = deliver(services, with_token())
    as_before = json.dumps([["X-Token", CALLBACK_SECRET]]).encode()
    with services.database.begin() as tx:
        tx.execute(
            events.update().values(
                headers=as_before, query_string=b"token=abcdefgh1", masked=None, sealed=None
            )
        )
    detail = event_detail(services, row.id)
    assert detail is not None
    assert (detail["headers"], detail["query"]) == ([["X-Token", MASK]], f"token={MASK}")
    assert detail["masked"] == ["header:X-Token", "query:token"]
    assert verify_event(services, row.id)["evidence"] == "exact"


def test_a_channel_without_proof_says_that_nothing_is_proven(services_with: MakeServices) -> None:
    services = services_of(services_with, OpenSource())
    (row,) = deliver(services, delivery(b'{"id":"a","type":"t"}'), "open")
    said = verify_event(services, row.id)
    assert (said["verified"], said["reason"].split(":")[0]) == (False, "unsigned")


def test_an_event_of_a_channel_that_is_gone_cannot_be_proven(services_with: MakeServices) -> None:
    (row,) = deliver(services_with(channels=TOKEN_CHANNEL), with_token())
    with pytest.raises(RefusedError) as caught:
        verify_event(services_with(channels=""), row.id)
    assert (caught.value.code, caught.value.http_status) == ("channel_gone", 409)


class BearingSource(OpenSource):
    """Carries credentials at places of its own: a header, a parameter, and a field of each element."""

    def credential_places(self, data: JSON | None) -> CredentialPlaces:
        return CredentialPlaces(frozenset({"x-pass"}), frozenset({"p"}), ("auth.word",))


class BearingBatch(BearingSource):
    """Sends a list."""

    def parse_batch(self, request: InboundRequest, verified: Verified) -> Sequence[ParsedEvent]:
        return [ParsedEvent(each["type"], each["id"], each) for each in json.loads(request.body)]


def element(key: str, word: str = "open-sesame") -> dict[str, Any]:
    return {"id": key, "type": "t", "auth": {"word": word, "kind": "word"}, "note": word}


def test_places_that_a_platform_names_are_masked_there_and_nowhere_else(services_with: MakeServices) -> None:
    """A value is never searched for in what people write: whoever writes could find a secret by trying."""
    services = services_of(services_with, BearingSource())
    request = delivery(
        json.dumps(element("a")).encode(), query="p=abcdefgh&q=1", headers=(("X-Pass", "12345678"),)
    )
    (row,) = deliver(services, request, "open")
    event = event_from_row(row)
    assert event.data == {
        "id": "a",
        "type": "t",
        "auth": {"word": MASK, "kind": "word"},
        "note": "open-sesame",
    }
    assert json.loads(event.raw) == event.data
    assert (event.headers, event.query_string) == ((("X-Pass", MASK),), f"p={MASK}&q=1")
    assert event.masked == ("header:X-Pass", "query:p", "data:auth.word", "body")
    exact = open_exact(services.vault, event, bytes(row.sealed))
    assert (exact.raw, exact.headers, exact.query_string) == (
        request.body,
        request.headers,
        request.query_string,
    )


def test_of_several_events_the_first_holds_what_is_sealed_and_all_are_masked(
    services_with: MakeServices,
) -> None:
    services = services_of(services_with, BearingBatch())
    body = json.dumps([element("a"), element("b")]).encode()
    first, second = deliver(services, delivery(body), "open")
    assert [bool(row.sealed) for row in (first, second)] == [True, False]
    assert [each["auth"]["word"] for each in json.loads(bytes(first.body))] == [MASK, MASK]
    assert json.loads(bytes(second.body))["auth"]["word"] == MASK
    assert event_from_row(first).masked == ("data:auth.word", "body")
    assert event_from_row(second).masked == ("data:auth.word",)
    assert open_exact(services.vault, event_from_row(first), bytes(first.sealed)).raw == body


def test_a_body_that_was_encrypted_stays_as_it_came_and_only_the_data_are_masked(
    services_with: MakeServices,
) -> None:
    class Encrypted(BearingSource):
        def verify(self, request: InboundRequest, now: Any) -> Verified:
            return Verified("test", plaintext=json.dumps(element("a")).encode(), is_encrypted=True)

    services = services_of(services_with, Encrypted())
    (row,) = deliver(services, delivery(b"\x00ciphertext"), "open")
    assert (bytes(row.body), row.sealed) == (b"\x00ciphertext", None)
    assert event_from_row(row).masked == ("data:auth.word",)
    assert event_from_row(row).data["auth"]["word"] == MASK


def test_retention_empties_what_is_sealed(services_with: MakeServices) -> None:
    services = services_with(channels=TOKEN_CHANNEL)
    (row,) = deliver(services, with_token())
    with services.database.begin() as tx:
        assert empty_events(tx, [row.id]) == 1
    emptied = row_of(services, row.id)
    assert (emptied.sealed, emptied.masked, emptied.body) == (None, None, None)
    with pytest.raises(RefusedError) as caught:
        verify_event(services, row.id)
    assert (caught.value.code, caught.value.http_status) == ("body_pruned", 409)


def test_where_only_a_later_event_holds_a_credential_the_first_one_still_keeps_the_body_without_it(
    services_with: MakeServices,
) -> None:
    services = services_of(services_with, BearingBatch())
    body = json.dumps([{"id": "a", "type": "t"}, element("b"), {"id": "c", "type": "t"}]).encode()
    first, second, third = deliver(services, delivery(body), "open")
    assert [event_from_row(row).masked for row in (first, second, third)] == [
        ("body",),
        ("data:auth.word",),
        (),
    ]
    assert [bool(row.sealed) for row in (first, second, third)] == [True, False, False]
    assert b"open-sesame" not in bytes(first.body).replace(b'"note":"open-sesame"', b"")


def test_what_is_written_for_an_event_without_a_credential_has_no_columns_for_one(
    services_with: MakeServices,
) -> None:
    """Two columns more cost every event something, on MariaDB a tenth of its insert."""
    services = services_with(router=noting([]))
    statements: list[str] = []
    listen(
        services.database.engine,
        "before_cursor_execute",
        lambda _connection, _cursor, statement, *_: statements.append(statement),
    )
    deliver(services, signed_callback())
    (insert,) = [each for each in statements if "INSERT INTO" in each and "remote_addr" in each]
    assert "sealed" not in insert
