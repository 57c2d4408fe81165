"""Set-up challenges, which are never signed, and clicks on old cards, which are signed in another way."""

from __future__ import annotations

import json

import pytest

from app.core.errors import PayloadError
from tests.platforms.feishu.channel import (
    FORGED,
    NOW,
    connector,
    delivery,
    public,
    refusal,
    sealed,
    v2_event,
    verified,
)
from tests.platforms.feishu.signing import (
    ENCRYPT_KEY,
    TOKEN,
    VECTORS,
    card_signature,
    compact,
    seal,
    stamped,
)

MESSAGE = VECTORS["message"]
SIGNATURES = MESSAGE["signatures"]
OLD_CARD = VECTORS["old_card"]
CHALLENGE = VECTORS["challenge"]


def test_a_plain_challenge_is_echoed_without_an_encrypt_key() -> None:
    source = connector(encrypt_key="")
    request = delivery(CHALLENGE["plain"])
    reply = source.challenge(request, source.verify(request, NOW))
    assert reply is not None
    assert (reply.status, reply.content_type) == (200, "application/json")
    assert reply.body == b'{"challenge":"ajls384kdjx98XX"}'


@pytest.mark.parametrize("headers", [{}, stamped(CHALLENGE["signature"])], ids=["unsigned", "signed"])
def test_an_encrypted_challenge_is_echoed_in_the_clear(headers: dict[str, str]) -> None:
    source = connector(encrypt_key=["the-next-key", ENCRYPT_KEY])
    request = delivery(CHALLENGE["encrypted"], headers)
    found = source.verify(request, NOW)
    reply = source.challenge(request, found)
    assert found.is_challenge
    assert reply is not None
    assert reply.body == b'{"challenge":"ajls384kdjx98XX"}'


def test_a_plain_challenge_is_refused_on_an_encrypted_channel() -> None:
    assert public(refusal(delivery(CHALLENGE["plain"]))) == FORGED


def test_a_challenge_with_a_wrong_signature_is_refused() -> None:
    assert refusal(delivery(CHALLENGE["encrypted"], stamped(SIGNATURES["accepted"])))


@pytest.mark.parametrize("encrypt_key", ["", ENCRYPT_KEY])
def test_a_challenge_with_a_wrong_token_is_refused(encrypt_key: str) -> None:
    plain = compact({"challenge": "x", "token": "wrong", "type": "url_verification"})
    request = delivery(seal(plain) if encrypt_key else plain)
    assert public(refusal(request, encrypt_key=encrypt_key)) == FORGED


@pytest.mark.parametrize("value", ['a"b', "a\\b", "你好 €", "\u2028</script>", "", "\x00"])
def test_any_challenge_value_survives_the_echo(value: str) -> None:
    source = connector()
    request = delivery(seal(compact({"challenge": value, "token": TOKEN, "type": "url_verification"})))
    reply = source.challenge(request, source.verify(request, NOW))
    assert reply is not None
    assert json.loads(reply.body) == {"challenge": value}


@pytest.mark.parametrize("value", [None, 7, ["x"], {"a": 1}])
def test_a_challenge_that_is_no_text_is_refused(value: object) -> None:
    source = connector()
    request = delivery(seal(compact({"challenge": value, "token": TOKEN, "type": "url_verification"})))
    with pytest.raises(PayloadError):
        source.challenge(request, source.verify(request, NOW))


def test_an_event_is_no_challenge_whatever_else_it_carries() -> None:
    source = connector()
    request = sealed(v2_event() | {"type": "url_verification1", "challenge": "1212"})
    assert source.challenge(request, source.verify(request, NOW)) is None


# ---------------------------------------------------------------- old cards


def test_an_old_card_click_is_accepted_where_old_cards_are_on() -> None:
    request = delivery(OLD_CARD["body"], stamped(OLD_CARD["sha1"]))
    assert verified(request, old_cards=True).scheme == "sha1"
    assert verified(request, old_cards=True, encrypt_key="").scheme == "sha1"


def test_an_old_card_click_is_refused_where_old_cards_are_off() -> None:
    request = delivery(OLD_CARD["body"], stamped(OLD_CARD["sha1"]))
    for keys in ({}, {"encrypt_key": ""}):
        error = refusal(request, **keys)
        assert (error.http_status, error.code) == (401, "bad_signature")
        assert "old_cards = true" in error.message
        assert "old_cards = true" in error.explain()


def test_an_unproven_old_card_click_learns_nothing() -> None:
    request = delivery(OLD_CARD["body"] + " ", stamped(OLD_CARD["sha1"]))
    for keys in ({}, {"old_cards": True}):
        assert public(refusal(request, **keys)) == FORGED
    assert "old_cards = true" in refusal(request).explain()


def test_an_old_card_click_signed_with_sha256_is_refused() -> None:
    request = delivery(OLD_CARD["body"], stamped(OLD_CARD["sha256_with_token"]))
    assert public(refusal(request, old_cards=True)) == FORGED
    assert public(refusal(sealed(json.loads(OLD_CARD["body"])), old_cards=True)) == FORGED


def test_an_unsigned_old_card_click_is_refused() -> None:
    assert refusal(delivery(OLD_CARD["body"]), old_cards=True)
    assert refusal(delivery(OLD_CARD["body"]), old_cards=True, encrypt_key="")


def test_sha1_admits_nothing_but_old_card_clicks() -> None:
    for body in (
        MESSAGE["plaintext"].encode(),
        MESSAGE["body"].encode(),
        CHALLENGE["plain"].encode(),
        b"",
        b'{"open_message_id":"m","action":{},"schema":"2.0"}',
        b'{"open_message_id":"m","action":{},"type":"event_callback"}',
        b'{"open_message_id":"m","action":"x"}',
    ):
        request = delivery(body, stamped(card_signature(body)))
        assert public(refusal(request, old_cards=True)) == FORGED


def test_an_old_card_click_may_be_encrypted() -> None:
    body = seal(OLD_CARD["body"].encode())
    request = delivery(body, stamped(card_signature(body)))
    assert verified(request, old_cards=True).plaintext == OLD_CARD["body"].encode()
    assert refusal(request, old_cards=True, encrypt_key="another").reason == "unreadable_body"


def test_the_stamp_of_an_old_card_may_be_words() -> None:
    stamp = {"timestamp": "Mon Jan 02 2026", "nonce": "5f0c3a3e-8a0e-4b7e"}
    signature = card_signature(OLD_CARD["body"].encode(), **stamp)
    assert verified(delivery(OLD_CARD["body"], stamped(signature, **stamp)), old_cards=True)


def test_a_sha256_event_is_still_taken_where_old_cards_are_on() -> None:
    request = delivery(MESSAGE["body"], stamped(SIGNATURES["accepted"]))
    assert verified(request, old_cards=True).scheme == "sha256+aes"
