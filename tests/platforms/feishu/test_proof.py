"""Who may send Feishu callbacks: signatures, envelopes, tokens, challenges."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json

import pytest

from app.core.errors import VerificationError
from app.core.values import InboundRequest
from tests.platforms.feishu.channel import (
    FORGED,
    NOW,
    connector,
    delivery,
    public,
    refusal,
    sealed,
    signed,
    v2_event,
    verified,
)
from tests.platforms.feishu.signing import (
    APP_ID,
    ENCRYPT_KEY,
    NONCE,
    TIMESTAMP,
    TOKEN,
    VECTORS,
    card_signature,
    compact,
    event_signature,
    lengthened,
    seal,
    stamped,
    unseal,
)

MESSAGE = VECTORS["message"]
SIGNATURES = MESSAGE["signatures"]
OLD_CARD = VECTORS["old_card"]
CHALLENGE = VECTORS["challenge"]


def test_the_signer_agrees_with_the_vectors() -> None:
    assert seal(MESSAGE["plaintext"].encode()) == MESSAGE["body"].encode()
    assert event_signature(MESSAGE["body"].encode()) == SIGNATURES["accepted"]
    assert card_signature(OLD_CARD["body"].encode()) == OLD_CARD["sha1"]


@pytest.mark.parametrize("name", ["message", "v1_event", "card"])
def test_a_signed_and_encrypted_body_is_accepted(name: str) -> None:
    vector = VECTORS[name]
    signature = vector.get("signature") or vector["signatures"]["accepted"]
    found = verified(delivery(vector["body"], stamped(signature)))
    assert found.plaintext == vector["plaintext"].encode()
    assert not found.is_challenge


def test_the_event_of_the_java_sdk_is_accepted_and_is_no_challenge() -> None:
    vector = VECTORS["java_sdk"]
    body = json.dumps({"encrypt": vector["encrypt"]}, separators=(",", ":"))
    assert hashlib.sha256(body.encode()).hexdigest() == vector["body_sha256"]
    header = json.loads(unseal(vector["encrypt"], key=vector["encrypt_key"]))["header"]
    found = verified(
        delivery(body, stamped(vector["signature"])),
        app_id=header["app_id"],
        encrypt_key=vector["encrypt_key"],
        verification_token=header["token"],
    )
    assert not found.is_challenge
    assert hashlib.sha256(found.plaintext or b"").hexdigest() == vector["plaintext_sha256"]


def test_the_signature_covers_the_raw_bytes_with_their_spaces() -> None:
    inner = json.loads(CHALLENGE["encrypted"])["encrypt"]
    body = f'{{ "encrypt" : "{inner}" }}\n'
    assert len(body) == 171
    assert verified(delivery(body, stamped(CHALLENGE["spaced_signature"]))).is_challenge


def test_a_new_stamp_over_the_same_body_is_accepted() -> None:
    assert verified(
        delivery(MESSAGE["body"], stamped(SIGNATURES["new_stamp"], timestamp="1700000001"))
    ).plaintext


def test_a_stamp_of_years_ago_is_accepted_because_redeliveries_may_reuse_it() -> None:
    assert verified(signed(MESSAGE["body"], timestamp="1500000000")).plaintext


def test_header_names_count_in_any_case() -> None:
    headers = {name.lower(): value for name, value in stamped(SIGNATURES["accepted"]).items()}
    assert verified(delivery(MESSAGE["body"], headers)).plaintext


def test_every_configured_key_and_token_is_accepted_during_a_rotation() -> None:
    found = verified(
        delivery(MESSAGE["body"], stamped(SIGNATURES["accepted"])),
        encrypt_key=["the-next-key", ENCRYPT_KEY],
        verification_token=["the-next-token", TOKEN],
    )
    assert found.plaintext


def test_every_altered_byte_of_the_body_is_refused() -> None:
    body = MESSAGE["body"].encode()
    headers = stamped(SIGNATURES["accepted"])
    source = connector()
    for position in range(len(body)):
        altered = bytearray(body)
        altered[position] ^= 1
        with pytest.raises(VerificationError) as caught:
            source.verify(delivery(bytes(altered), headers), NOW)
        assert public(caught.value) == FORGED


@pytest.mark.parametrize("name", ["X-Lark-Signature", "X-Lark-Request-Timestamp", "X-Lark-Request-Nonce"])
@pytest.mark.parametrize("flip", [0x01, 0x10, 0x20, 0x80])
def test_every_altered_byte_of_a_header_is_refused(name: str, flip: int) -> None:
    headers = stamped(SIGNATURES["accepted"])
    for position in range(len(headers[name])):
        altered = bytearray(headers[name].encode())
        altered[position] ^= flip
        request = delivery(MESSAGE["body"], headers | {name: altered.decode("latin-1")})
        assert public(refusal(request)) == FORGED


@pytest.mark.parametrize("name", ["X-Lark-Signature", "X-Lark-Request-Timestamp", "X-Lark-Request-Nonce"])
def test_a_missing_empty_or_repeated_header_is_refused(name: str) -> None:
    headers = stamped(SIGNATURES["accepted"])
    rest = {key: value for key, value in headers.items() if key != name}
    repeated = InboundRequest(
        method="POST",
        path="/",
        query_string="",
        headers=(*headers.items(), (name.upper(), headers[name])),
        body=MESSAGE["body"].encode(),
        remote_addr="203.0.113.7",
        received_at=NOW,
    )
    for request in (delivery(MESSAGE["body"], rest), delivery(MESSAGE["body"], rest | {name: ""}), repeated):
        assert public(refusal(request)) == FORGED


def test_an_empty_nonce_is_refused_even_when_the_signature_fits() -> None:
    assert refusal(signed(MESSAGE["body"], nonce="")).reason == "missing_signature_header"


@pytest.mark.parametrize("variant", ["swapped", "hmac", "token_as_key", "plaintext_empty_key"])
def test_a_signature_made_in_another_way_is_refused(variant: str) -> None:
    assert public(refusal(delivery(MESSAGE["body"], stamped(SIGNATURES[variant])))) == FORGED


def test_the_hmac_vector_is_what_it_says() -> None:
    message = f"{TIMESTAMP}{NONCE}".encode() + MESSAGE["body"].encode()
    assert hmac.new(ENCRYPT_KEY.encode(), message, "sha256").hexdigest() == SIGNATURES["hmac"]


def test_digits_cannot_move_from_the_nonce_to_the_timestamp() -> None:
    assert public(refusal(delivery(MESSAGE["body"], stamped(SIGNATURES["accepted"], **VECTORS["boundary"]))))
    shorter = stamped(SIGNATURES["accepted"], timestamp="170000000", nonce="01234567890")
    assert refusal(delivery(MESSAGE["body"], shorter)).reason == "bad_timestamp"


def test_a_lengthened_body_with_a_fitting_signature_is_refused() -> None:
    secret_length = len(TIMESTAMP + NONCE + ENCRYPT_KEY)
    body, signature = lengthened(
        MESSAGE["body"].encode(),
        SIGNATURES["accepted"],
        b'{"encrypt":"x"}',
        secret_length=secret_length,
    )
    assert signature == event_signature(body), "the forgery itself must be right"
    assert refusal(delivery(body, stamped(signature))).reason == "unreadable_body"


def test_a_plaintext_body_is_refused_on_an_encrypted_channel_even_when_signed() -> None:
    request = delivery(MESSAGE["plaintext"], stamped(SIGNATURES["plaintext_with_encrypt_key"]))
    assert public(refusal(request)) == FORGED


def test_an_unsigned_event_is_refused_on_an_encrypted_channel() -> None:
    assert refusal(delivery(MESSAGE["body"])).reason == "missing_signature"
    assert public(refusal(delivery(MESSAGE["plaintext"]))) == FORGED


@pytest.mark.parametrize("vector", VECTORS["malformed"], ids=lambda vector: vector["id"])
def test_every_malformed_envelope_gets_the_same_refusal_signed_or_not(vector: dict[str, str]) -> None:
    body = json.dumps({"encrypt": vector["encrypt"]}, separators=(",", ":"))
    assert event_signature(body.encode()) == vector["signature"]
    assert public(refusal(delivery(body, stamped(vector["signature"])))) == FORGED
    assert public(refusal(delivery(body))) == FORGED


def test_padding_and_json_faults_have_one_reason_too() -> None:
    reasons = set()
    for vector in VECTORS["malformed"][1:]:
        body = json.dumps({"encrypt": vector["encrypt"]}, separators=(",", ":"))
        reasons.add(refusal(delivery(body, stamped(vector["signature"]))).reason)
    assert reasons == {"unreadable_body"}


@pytest.mark.parametrize("edge", VECTORS["padding"], ids=["one whole block", "empty"])
def test_padding_edges_decrypt_and_then_fail_as_json(edge: dict[str, str]) -> None:
    body = json.dumps({"encrypt": edge["encrypt"]}, separators=(",", ":"))
    assert seal(edge["plaintext"].encode()) == body.encode()
    assert refusal(signed(body)).reason == "unreadable_body"


def test_the_published_example_is_sealed_the_same_way() -> None:
    example = VECTORS["published_aes"]
    raw = base64.b64decode(example["encrypt"])
    sealed_again = seal(example["plaintext"].encode(), key=example["key"], iv=raw[:16])
    assert json.loads(sealed_again)["encrypt"] == example["encrypt"]


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b'{"encrypt":1}', b'{"encrypt":null}', b"{}", b"\xff"])
def test_a_signed_body_that_is_no_envelope_is_refused(body: bytes) -> None:
    assert refusal(signed(body)).reason == "unreadable_body"


def test_a_wrong_token_is_refused_behind_a_right_signature() -> None:
    for token in ("wrong", "", None, 1, [TOKEN], ...):
        assert refusal(sealed(v2_event(token=token))).reason == "wrong_verification_token"


def test_an_event_for_another_app_is_refused() -> None:
    for app_id in ("cli_other", "", None, ...):
        assert refusal(sealed(v2_event(app_id=app_id))).reason == "wrong_app_id"
    v1 = {
        "uuid": "u",
        "token": TOKEN,
        "type": "event_callback",
        "event": {"type": "t", "app_id": "cli_other"},
    }
    assert refusal(sealed(v1)).reason == "wrong_app_id"


def test_without_a_verification_token_no_event_is_taken() -> None:
    request = delivery(MESSAGE["body"], stamped(SIGNATURES["accepted"]))
    unset: tuple[object, ...] = ("", [])
    for token in unset:
        assert refusal(request, verification_token=token).reason == "verification_token_not_set"
        assert refusal(sealed(v2_event(token="")), verification_token=token)
        assert refusal(delivery(compact(v2_event(token=""))), verification_token=token, encrypt_key="")


@pytest.mark.parametrize("header", [..., [], "x", None, 7])
def test_an_event_without_a_header_object_is_refused(header: object) -> None:
    content = v2_event() | {"header": header}
    if header is ...:
        del content["header"]
    assert refusal(sealed(content)).reason == "unreadable_body"


# ---------------------------------------------------------------- token only


def test_without_an_encrypt_key_the_token_alone_admits_an_event() -> None:
    headers = stamped(SIGNATURES["plaintext_empty_key"])
    assert verified(delivery(MESSAGE["plaintext"], headers), encrypt_key="").scheme == "token"
    assert verified(delivery(MESSAGE["plaintext"]), encrypt_key="").scheme == "token"


def test_without_an_encrypt_key_a_wrong_token_is_refused_however_it_is_signed() -> None:
    body = MESSAGE["plaintext"].replace(TOKEN, "guessed").encode()
    request = delivery(body, stamped(event_signature(body, key="")))
    assert public(refusal(request, encrypt_key="")) == FORGED


def test_without_an_encrypt_key_an_encrypted_body_is_refused() -> None:
    request = delivery(MESSAGE["body"], stamped(event_signature(MESSAGE["body"].encode(), key="")))
    assert public(refusal(request, encrypt_key="")) == FORGED


def test_no_secret_shows_in_the_connector_or_a_refusal() -> None:
    shown = repr(connector()) + str(connector().settings) + str(refusal(delivery(MESSAGE["plaintext"])))
    for secret in (ENCRYPT_KEY, TOKEN, "demo-app-secret"):
        assert secret not in shown
    assert APP_ID in shown
