"""Sealed bodies of the unified callback: opened after the proof, by the channel's setting alone, and told apart by nobody."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import shutil
import subprocess
from collections.abc import Callable
from typing import Any

import pytest
from Crypto.Cipher import AES
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from app.core.errors import PayloadError, VerificationError
from app.core.values import InboundRequest
from app.platforms.callback import PLATFORM
from sandbox.platforms.callback import signer
from tests.platforms.callback.channel import channel, refusal, take
from tests.platforms.callback.signing import (
    RSA_KEY,
    SECRET,
    bearer,
    body_of,
    pem,
    signed,
    stamped,
    token,
)
from tests.platforms.deliveries import NOW, SECONDS, delivery
from tests.platforms.standard_webhooks.sample import BODY as WEBHOOK_BODY
from tests.platforms.standard_webhooks.signing import WEBHOOK_SECRET, webhook

IV = bytes(range(16))
SEALED = signer.sealed_body(SECRET, body_of(), IV)
TEXT = json.loads(SEALED)["encrypt"].encode()


def published_decryption(encrypted: str, app_secret: str) -> bytes:
    """Open as the widely copied tutorial for such senders does: pycryptodome, SHA-256 of the secret, IV in front."""
    raw = base64.b64decode(encrypted)
    key = hashlib.sha256(app_secret.encode()).digest()[:32]
    plain = AES.new(key, AES.MODE_CBC, raw[:16]).decrypt(raw[16:])
    return plain[: -plain[-1]]


def openssl(plain: bytes, secret: str = SECRET, iv: bytes = IV) -> bytes:
    """Seal with the OpenSSL program; Base64 in lines, as it writes it."""
    program = shutil.which("openssl")
    assert program
    key = hashlib.sha256(secret.encode()).hexdigest()
    command = [program, "enc", "-aes-256-cbc", "-K", key, "-iv", iv.hex()]
    sealed = subprocess.run(command, input=plain, capture_output=True, check=True).stdout
    return base64.encodebytes(iv + sealed)


def sealed(plain: bytes, secret: str = SECRET, iv: bytes = IV) -> bytes:
    return signer.sealed_body(secret, plain, iv)


def test_a_sealed_envelope_becomes_the_event_inside() -> None:
    event = take(signed(SEALED), encrypted=True)
    assert (event.type, event.key, event.subject) == ("user_authorized", "evt_1", "u1")
    assert event.data["data"]["user_id"] == "u1"


def test_what_is_inside_is_handed_on_and_the_body_counts_as_encrypted() -> None:
    verified = channel(encrypted=True).verify(signed(SEALED), NOW)
    assert (verified.plaintext, verified.is_encrypted, verified.scheme) == (body_of(), True, "body+aes")


def test_the_simulators_seal_is_opened_by_the_published_code() -> None:
    assert published_decryption(TEXT.decode(), SECRET) == body_of()


@pytest.mark.parametrize("length", [0, 1, 15, 16, 17, 300])
def test_what_openssl_sealed_is_opened(length: int) -> None:
    plain = body_of(data={"user_id": "u1", "text": "é" * length})
    assert take(signed(openssl(plain)), encrypted=True).data == json.loads(plain)


@pytest.mark.parametrize(
    "body", [TEXT, TEXT + b"\n", b" " + SEALED + b"\n", b'{ "v": 1, "encrypt" : "' + TEXT + b'" }']
)
def test_the_base64_stands_alone_or_in_an_object(body: bytes) -> None:
    assert take(signed(body), encrypted=True).key == "evt_1"


def test_a_body_that_was_packed_after_it_was_sealed_is_opened() -> None:
    request = signed(gzip.compress(SEALED), Content_Encoding="gzip")
    assert take(request, encrypted=True).key == "evt_1"
    assert refusal(signed(gzip.compress(SEALED)), encrypted=True) == "unreadable_body"


@pytest.mark.parametrize(
    ("keys", "prove"),
    [
        ({"scheme": "body"}, signed),
        ({"scheme": "timestamp-nonce"}, stamped),
        ({"scheme": "token"}, lambda body: delivery(body, {"X-Token": SECRET})),
        ({"scheme": "jwt"}, lambda body: bearer(token({"exp": SECONDS + 60}), body)),
    ],
)
def test_every_scheme_proves_the_raw_body_and_opens_it(
    keys: dict[str, Any], prove: Callable[[bytes], InboundRequest]
) -> None:
    assert take(prove(SEALED), encrypted=True, **keys).key == "evt_1"


def test_a_standard_webhook_is_sealed_under_its_secret_as_it_is_written() -> None:
    request = webhook(sealed(WEBHOOK_BODY, WEBHOOK_SECRET))
    event = take(request, encrypted=True, secret=WEBHOOK_SECRET)
    assert event.data["type"] == json.loads(WEBHOOK_BODY)["type"]


def test_any_secret_of_the_list_opens() -> None:
    keys = {"encrypted": True, "secret": ["another-secret", SECRET]}
    assert take(signed(SEALED), **keys).key == "evt_1"
    crossed = signed(sealed(body_of(), "another-secret"))
    assert take(crossed, **keys).key == "evt_1"
    assert refusal(signed(sealed(body_of(), "a-third-secret")), **keys) == "unreadable_body"


class TestDowngrade:
    def test_an_open_body_is_refused_where_sealed_ones_are_expected(self) -> None:
        assert refusal(signed(body_of()), encrypted=True) == "unreadable_body"

    def test_a_sealed_body_is_no_event_where_open_ones_are_expected(self) -> None:
        for body in (SEALED, TEXT):
            with pytest.raises(PayloadError):
                take(signed(body))

    @pytest.mark.parametrize(
        "headers", [{"X_Encrypted": "false"}, {"X_Encrypt_Type": "raw"}, {"Content_Type": "application/json"}]
    )
    def test_no_header_switches_it_off(self, headers: dict[str, str]) -> None:
        assert refusal(signed(body_of(), **headers), encrypted=True) == "unreadable_body"

    def test_fields_beside_the_sealed_one_mean_nothing(self) -> None:
        outer = {"encrypt": TEXT.decode(), "event_id": "evt_9", "event_type": "other", "data": {}}
        assert take(signed(json.dumps(outer).encode()), encrypted=True).key == "evt_1"


class TestProofComesFirst:
    def test_nothing_is_opened_before_the_signature_is_right(self) -> None:
        for body in (SEALED, b"no base64", body_of(), sealed(b"no json")):
            assert refusal(delivery(body), encrypted=True) == "missing_signature"
            assert refusal(delivery(body, {"X-Signature": "0" * 64}), encrypted=True) == "bad_signature"

    def test_a_signature_over_what_is_inside_proves_nothing(self) -> None:
        request = signed(body_of())._replace(body=SEALED)
        assert refusal(request, encrypted=True) == "bad_signature"

    @pytest.mark.parametrize("position", [0, 13, 40, len(SEALED) - 4])
    def test_an_altered_byte_is_a_wrong_signature(self, position: int) -> None:
        altered = bytearray(SEALED)
        altered[position] ^= 1
        assert refusal(signed(SEALED)._replace(body=bytes(altered)), encrypted=True) == "bad_signature"


def flipped(raw: bytes, position: int) -> bytes:
    return raw[:position] + bytes([raw[position] ^ 1]) + raw[position + 1 :]


def test_every_failure_behind_the_proof_is_one_and_the_same() -> None:
    """Wrong padding, another key and no JSON must not be told apart: not every scheme's proof covers the body."""
    raw = base64.b64decode(TEXT)
    values: tuple[Any, ...] = (None, 5, [], {}, "", "é", "%%%")
    bodies = [
        *(base64.b64encode(flipped(raw, position)) for position in (0, 20, len(raw) - 17, len(raw) - 1)),
        *(base64.b64encode(raw[:cut]) for cut in (0, 15, 16, 31, len(raw) - 1)),
        sealed(body_of(), "another-secret"),
        *(sealed(plain) for plain in (b"", b"no json", b"[1]", b'"text"', b"\xff", b"[" * 10000)),
        *(json.dumps({"encrypt": value}).encode() for value in values),
        b"", b"{", b"{}", b"[]", b"null", b"\x00" * 64, b"\xff\xfe", TEXT + b"!", TEXT[:-2] + b"-_",
    ]  # fmt: skip
    told = set()
    for body in bodies:
        with pytest.raises(VerificationError) as caught:
            channel(encrypted=True, scheme="token").verify(delivery(body, {"X-Token": SECRET}), NOW)
        told.add((caught.value.reason, str(caught.value), caught.value.http_status))
    assert len(told) == 1
    assert SECRET not in str(told)


@given(st.binary(max_size=200))
def test_whatever_the_body_only_a_refusal_comes_out(body: bytes) -> None:
    assert refusal(signed(body), encrypted=True) == "unreadable_body"


@given(st.dictionaries(st.text(max_size=5), st.text(max_size=30) | st.integers(), max_size=3))
def test_whatever_object_is_inside_is_judged_like_an_open_one(content: dict[str, Any]) -> None:
    plain = json.dumps(content).encode()

    def fate(body: bytes, **keys: Any) -> str:
        try:
            return f"event {take(signed(body), **keys).key}"
        except PayloadError as error:
            return error.reason

    assert fate(sealed(plain), encrypted=True) == fate(plain)


def test_the_declared_type_must_equal_the_sealed_one() -> None:
    assert take(signed(SEALED, X_Event_Type="user_authorized"), encrypted=True).key == "evt_1"
    with pytest.raises(PayloadError) as caught:
        take(signed(SEALED, X_Event_Type="other"), encrypted=True)
    assert caught.value.reason == "event_type_mismatch"


def test_commands_of_such_a_channel_come_in_the_clear_as_everywhere() -> None:
    verified = channel(encrypted=True).verify_command(stamped(b'{"command":"X"}'), NOW)
    assert (verified.scheme, verified.plaintext) == ("timestamp-nonce", None)


def test_without_a_secret_nothing_can_be_opened_and_nothing_is_taken() -> None:
    def missing(**keys: Any) -> str | None:
        named: str | None = PLATFORM.settings.model_validate(keys).missing_signature_secret()
        return named

    keys: dict[str, Any] = {"scheme": "jwt", "jwt_algorithms": ["RS256"], "jwt_public_key": pem(RSA_KEY)}
    assert missing(**keys) is None
    assert missing(encrypted=True, **keys) == "secret"
    with pytest.raises(ValidationError, match="allow_unsigned has none"):
        channel(encrypted=True, secret="", allow_unsigned=True)
    proven = bearer(token({"exp": SECONDS + 60}, algorithm="RS256"))
    assert refusal(proven, encrypted=True, secret="", **keys) == "unreadable_body"


@pytest.mark.parametrize(("written", "means"), [("true", True), ("false", False), (True, True)])
def test_the_setting_may_come_from_a_variable(written: object, means: bool) -> None:
    assert channel(encrypted=written).settings.encrypted is means
