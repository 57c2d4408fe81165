"""Encrypted events: what is believed, what it means, and the encrypted answer."""

from __future__ import annotations

import json
from typing import Any

import pytest

from app.core.errors import PayloadError, VerificationError
from app.core.values import Coverage, InboundRequest, Outcome, Reply, Situation
from sandbox.platforms.dingtalk import signer
from tests.platforms.dingtalk.channel import (
    AES_KEY,
    APP_KEY,
    NONCE,
    NOW,
    TIMESTAMP,
    TOKEN,
    VECTORS,
    connector,
    delivery,
    event,
    parsed,
    sealed,
)

CASES = {case["name"]: case for case in VECTORS["events"]}
OTHER_KEY = "x" * 42 + "E"


def recorded(name: str) -> tuple[InboundRequest, dict[str, Any]]:
    case = CASES[name]
    config = case["config"]
    keys = {"app_key": config["owner_key"], "token": config["token"], "aes_key": config["aes_key"]}
    return delivery(case["request"]["body_text"].encode(), case["request"]["query"]), keys


def refusal(request: InboundRequest, **overrides: Any) -> VerificationError:
    with pytest.raises(VerificationError) as caught:
        connector(**overrides).verify(request, NOW)
    return caught.value


def opened(reply: Reply, *, key: str = AES_KEY, owner: str = APP_KEY, token: str = TOKEN) -> bytes:
    """Open an answer as DingTalk does: signature first."""
    assert reply.status == 200
    content = json.loads(reply.body)
    assert set(content) == {"msg_signature", "timeStamp", "nonce", "encrypt"}
    signed = (content["timeStamp"], content["nonce"], content["encrypt"])
    assert signer.signature(token, *signed) == content["msg_signature"]
    return signer.decrypt(content["encrypt"], key, owner)


@pytest.mark.parametrize("name", CASES)
def test_a_recorded_request_is_believed_or_refused_as_recorded(name: str) -> None:
    request, keys = recorded(name)
    expected = CASES[name]["expect"]
    if not expected["accepted"]:
        refusal(request, **keys)
        return
    proven = connector(**keys).verify(request, NOW)
    assert proven.plaintext == expected["plain_text"].encode()
    assert proven.is_challenge is (expected["event_type"] == "check_url")


def test_the_published_check_of_an_address_is_answered_as_dingtalk_reads_it() -> None:
    request, keys = recorded("published check_url")
    source = connector(**keys)
    reply = source.challenge(request, source.verify(request, NOW))
    assert reply is not None
    assert opened(reply, key=keys["aes_key"], owner=keys["app_key"], token=keys["token"]) == b"success"


def test_the_recorded_answer_is_what_the_same_values_make() -> None:
    made = VECTORS["reply"]
    text = signer.encrypt(b"success", AES_KEY, APP_KEY, made["random"].encode())
    assert text == made["encrypt"]
    assert signer.signature(TOKEN, str(made["timeStamp"]), made["nonce"], text) == made["msg_signature"]


@pytest.mark.parametrize("situation", Situation)
def test_every_event_is_answered_with_an_encrypted_success(situation: Situation) -> None:
    source, request = connector(), sealed(event())
    verified = source.verify(request, NOW)
    outcome = Outcome(situation, "evt", source.parse(request, verified), data={"any": 1})
    assert opened(source.acknowledge(request, verified, outcome)) == b"success"


def test_two_answers_differ_although_they_say_the_same() -> None:
    source, request = connector(), sealed(event())
    verified = source.verify(request, NOW)
    outcome = Outcome(Situation.ACCEPTED, "evt", source.parse(request, verified))
    first, second = (json.loads(source.acknowledge(request, verified, outcome).body) for _ in range(2))
    assert first["encrypt"] != second["encrypt"]
    assert first["nonce"] != second["nonce"]


def test_the_answer_uses_the_keys_that_opened_the_event() -> None:
    rolled = {"token": ["newer-token-1", TOKEN], "aes_key": [OTHER_KEY, AES_KEY]}
    source, request = connector(**rolled), sealed(event())
    verified = source.verify(request, NOW)
    outcome = Outcome(Situation.ACCEPTED, "evt", source.parse(request, verified))
    assert opened(source.acknowledge(request, verified, outcome)) == b"success"


def test_an_event_may_be_addressed_to_the_company_and_is_answered_to_it() -> None:
    source, request = connector(corp_id="dingcorp0001"), sealed(event(), owner="dingcorp0001")
    verified = source.verify(request, NOW)
    outcome = Outcome(Situation.ACCEPTED, "evt", source.parse(request, verified))
    assert opened(source.acknowledge(request, verified, outcome), owner="dingcorp0001") == b"success"


@pytest.mark.parametrize("owner", ["dingother0000001", "", APP_KEY + "x", APP_KEY[:-1]])
def test_an_event_for_another_application_is_refused(owner: str) -> None:
    assert refusal(sealed(event(), owner=owner)).reason == "wrong_aes_key_or_receive_id"


def test_both_spellings_of_the_names_are_taken() -> None:
    request = sealed(event(), name="msg_signature")
    other = request._replace(query_string=request.query_string.replace("timestamp=", "timeStamp="))
    assert parsed(request).type == parsed(other).type == "user_modify_org"


@pytest.mark.parametrize("more", ["&msg_signature=0", "&timeStamp=1"])
def test_two_spellings_that_differ_are_refused(more: str) -> None:
    request = sealed(event())
    error = refusal(request._replace(query_string=request.query_string + more))
    assert error.reason == "contradicting_parameters"


@pytest.mark.parametrize("part", ["timestamp", "nonce"])
def test_a_part_that_is_missing_is_named(part: str) -> None:
    request = sealed(event())
    kept = "&".join(pair for pair in request.query_string.split("&") if not pair.startswith(part))
    assert refusal(request._replace(query_string=kept)).reason == "missing_parameter"


def test_time_and_nonce_may_not_trade_places_with_other_digits() -> None:
    request = sealed(event())
    moved = request.query_string.replace(f"timestamp={TIMESTAMP}", f"timestamp={TIMESTAMP[:-1]}")
    assert refusal(request._replace(query_string=moved.replace(f"nonce={NONCE}", f"nonce=0{NONCE}")))


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"encrypt":5}', b"<xml/>", b"\xff"])
def test_a_body_without_an_envelope_is_refused(body: bytes) -> None:
    assert refusal(sealed(event())._replace(body=body)).reason == "unreadable_body"


@pytest.mark.parametrize("plain", [b"[]", b"x", b"", b'{"EventType":', b"\xff"])
def test_a_proven_event_that_is_no_object_is_refused(plain: bytes) -> None:
    assert refusal(sealed(plain)).reason == "unreadable_body"


@pytest.mark.parametrize("overrides", [{"token": ()}, {"aes_key": ()}])
def test_without_its_keys_no_event_is_taken(overrides: dict[str, Any]) -> None:
    assert refusal(sealed(event(), token="")).reason in {"bad_signature", "token_or_aes_key_not_set"}
    assert refusal(sealed(event()), **overrides).reason == "token_or_aes_key_not_set"


def test_a_plain_event_is_never_taken() -> None:
    assert refusal(delivery(event())).reason == "missing_signature"


# ---------------------------------------------------------------- meaning


def test_a_copy_has_the_key_of_the_first_and_another_event_has_its_own() -> None:
    first, copy, other = (
        parsed(sealed(body)) for body in (event(), event(), event(TimeStamp="1780000000001"))
    )
    assert first.key == copy.key
    assert first.key != other.key


def test_an_id_of_the_events_own_is_the_key() -> None:
    assert parsed(sealed(event(eventId="e-1"))).key == "e-1"


def test_the_event_says_who_and_when() -> None:
    found = parsed(sealed(event()))
    assert (found.type, found.subject, found.occurred_at) == ("user_modify_org", "李雷", NOW)
    assert found.data["CorpId"] == "ding0000corp"


@pytest.mark.parametrize("kind", [..., None, "", 5, [], "a\x00", "x" * 201])
def test_an_event_without_a_kind_is_refused(kind: object) -> None:
    with pytest.raises(PayloadError):
        parsed(sealed(event(EventType=kind)))


def test_without_an_app_secret_every_event_is_covered_whole() -> None:
    assert connector(app_secret="").signature_covers is Coverage.BODY
    assert (connector().signature_covers, connector(app_secret="").advice) == (Coverage.ORIGIN, None)


@pytest.mark.parametrize("key", ["short", "x" * 44, "é" * 43, "x" * 42 + "="])
def test_an_aes_key_of_another_form_is_refused_at_the_start(key: str) -> None:
    with pytest.raises(ValueError, match="43"):
        connector(aes_key=key)
