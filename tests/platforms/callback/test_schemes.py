"""The unified envelope: four schemes, version 2, and everything that must be refused."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError
from standardwebhooks import Webhook

from app.core.errors import PayloadError, RefusedError
from app.core.ports import WebhookSource
from app.core.values import Outcome, ParsedEvent, Situation, Verified
from app.platforms.callback import PLATFORM
from tests.platforms.callback.channel import channel, refusal, take, with_headers
from tests.platforms.callback.signing import RSA_KEY, SECRET, body_of, hex_signature, pem, signed, stamped
from tests.platforms.deliveries import NOW, SECONDS, delivery
from tests.platforms.standard_webhooks.signing import WEBHOOK_SECRET, webhook

NOT_WORDS: list[Any] = [None, "", " ", True, [], "x" * 256, "a\nb", "a\x00b"]
NOT_TIMES: list[Any] = [True, [], {}, "yesterday", "", 1e30, "9" * 400]
WRONG_FIELDS = [
    *({"event_id": wrong} for wrong in [*NOT_WORDS, 1.5, {}]),
    *({"event_type": wrong} for wrong in [*NOT_WORDS, 5, {}]),
]


def test_the_channel_takes_webhooks() -> None:
    assert isinstance(channel(), WebhookSource)
    assert PLATFORM.unknown_events == "reject"


class TestBodyScheme:
    def test_a_signed_envelope_becomes_an_event(self) -> None:
        event = take(signed(body_of()))
        assert (event.type, event.key, event.subject) == ("user_authorized", "evt_1", "u1")
        assert event.occurred_at == NOW
        assert event.data["data"]["user_id"] == "u1"

    @pytest.mark.parametrize("prefix", ["", "sha256=", "SHA256="])
    def test_prefix_and_case_of_the_signature_do_not_matter(self, prefix: str) -> None:
        body = body_of()
        for signature in (hex_signature(body), hex_signature(body).upper()):
            assert take(delivery(body, {"X-Signature": prefix + signature})).key == "evt_1"

    @pytest.mark.parametrize(
        "header", ["", "x", "sha256=", "é" * 64, "\ud800" * 64, "٣" * 64, "sha1=" + "0" * 64, "0" * 100_000]
    )
    def test_a_malformed_signature_is_refused(self, header: str) -> None:
        assert refusal(delivery(body_of(), {"X-Signature": header})) in ("bad_signature", "missing_signature")

    def test_every_altered_byte_of_the_body_is_noticed(self) -> None:
        request = signed(body_of())
        for position in range(len(request.body)):
            altered = bytearray(request.body)
            altered[position] ^= 1
            assert refusal(request._replace(body=bytes(altered))) == "bad_signature"

    def test_every_secret_of_the_list_is_accepted(self) -> None:
        assert take(signed(body_of()), secret=["another-secret", SECRET]).key == "evt_1"
        assert refusal(signed(body_of()), secret=["another-secret"]) == "bad_signature"

    def test_a_repeated_signature_header_is_refused(self) -> None:
        request = signed(body_of())
        assert refusal(request._replace(headers=request.headers * 2)) == "duplicate_header"

    @pytest.mark.parametrize("scheme", ["body", "timestamp-nonce", "token", "jwt"])
    @pytest.mark.parametrize("version", ["v1", "v2"])
    def test_without_a_secret_everything_is_refused(self, scheme: str, version: str) -> None:
        for request in (
            signed(body_of()),
            stamped(body_of(), secret=""),
            delivery(body_of()),
            webhook(body_of(), key=b""),
        ):
            empty = delivery(
                request.body, {"X-Signature": hex_signature(request.body, secret=""), "X-Token": ""}
            )
            refusal(request._replace(version=version), secret="", scheme=scheme)
            refusal(empty._replace(version=version), secret="", scheme=scheme)

    def test_unsigned_is_taken_only_where_written_down(self) -> None:
        assert take(delivery(body_of()), secret="", allow_unsigned=True).key == "evt_1"
        assert refusal(delivery(body_of()), allow_unsigned=True) == "missing_signature"

    def test_the_missing_secret_is_named(self) -> None:
        def missing(**keys: Any) -> str | None:
            named: str | None = PLATFORM.settings.model_validate(keys).missing_signature_secret()
            return named

        assert missing() == "secret"
        assert missing(secret=["", ""]) == "secret"
        assert missing(secret=SECRET) is None
        assert missing(scheme="jwt", jwt_algorithms=["RS256"], jwt_public_key=pem(RSA_KEY)) is None


class TestTimestampNonceScheme:
    def test_a_good_request_hands_its_nonce_on(self) -> None:
        verified = channel(scheme="timestamp-nonce").verify(stamped(body_of()), NOW)
        assert verified.nonce == "nonce-0123456789"

    @pytest.mark.parametrize("offset", [-300, 0, 300])
    def test_five_minutes_either_way_are_accepted(self, offset: int) -> None:
        take(stamped(body_of(), str(SECONDS + offset)), scheme="timestamp-nonce")

    @pytest.mark.parametrize(
        "timestamp", ["-301", "+301", "abc", "", "1e9", "178000000", "٣" * 10, " 1780000000"]
    )
    def test_other_timestamps_are_refused(self, timestamp: str) -> None:
        text = str(SECONDS + int(timestamp)) if timestamp[1:] == "301" else timestamp
        refusal(stamped(body_of(), text), scheme="timestamp-nonce")

    @pytest.mark.parametrize(
        "nonce", ["", "1234567", "n" * 129, "nonce 12345", "nonce\t12345", "nönce12345", "令牌令牌令牌令牌"]
    )
    def test_odd_nonces_are_refused(self, nonce: str) -> None:
        assert refusal(stamped(body_of(), nonce=nonce), scheme="timestamp-nonce") == "bad_nonce"

    @pytest.mark.parametrize("nonce", ["n" * 8, "n" * 128, "!~!~!~!~"])
    def test_nonces_of_8_to_128_characters_are_taken(self, nonce: str) -> None:
        take(stamped(body_of(), nonce=nonce), scheme="timestamp-nonce")

    @pytest.mark.parametrize("header", ["X_Timestamp", "X_Nonce", "X_Signature"])
    def test_each_signed_part_counts(self, header: str) -> None:
        other = {"X_Timestamp": str(SECONDS + 1), "X_Nonce": "another-nonce", "X_Signature": "0" * 64}[header]
        assert (
            refusal(with_headers(stamped(body_of()), **{header: other}), scheme="timestamp-nonce")
            == "bad_signature"
        )
        refusal(with_headers(stamped(body_of()), **{header: ""}), scheme="timestamp-nonce")

    def test_a_body_signature_alone_is_not_enough(self) -> None:
        refusal(
            signed(body_of(), X_Timestamp=str(SECONDS), X_Nonce="nonce-0123456789"), scheme="timestamp-nonce"
        )

    def test_digits_cannot_move_between_the_parts(self) -> None:
        request = stamped(body_of(), nonce="12345678-abcdefgh")
        moved = with_headers(request, X_Timestamp=f"{SECONDS}1", X_Nonce="2345678-abcdefgh")
        refusal(moved, scheme="timestamp-nonce")


class TestTokenScheme:
    def test_the_token_is_compared(self) -> None:
        assert take(delivery(body_of(), {"X-Token": SECRET}), scheme="token").key == "evt_1"

    @pytest.mark.parametrize("header", ["", SECRET[:-1], SECRET + "x", SECRET.upper(), "é", "令牌", "\ud800"])
    def test_any_other_token_is_refused(self, header: str) -> None:
        refusal(delivery(body_of(), {"X-Token": header}), scheme="token")

    def test_a_token_outside_ascii_is_compared_as_bytes(self) -> None:
        on_the_wire = "密码".encode().decode("latin-1")
        assert (
            take(delivery(body_of(), {"X-Token": on_the_wire}), scheme="token", secret="密码").key == "evt_1"
        )


class TestEnvelope:
    @pytest.mark.parametrize(
        "changes",
        WRONG_FIELDS,
        ids=repr,
    )
    def test_wrong_fields_are_a_payload_error(self, changes: dict[str, Any]) -> None:
        with pytest.raises(PayloadError) as caught:
            take(signed(body_of(**changes)))
        assert caught.value.http_status == 400

    @pytest.mark.parametrize(
        "body", [b"", b"[]", b"null", b'"x"', b"{", b"\xff", b"[" * 1_000_000, b'{"a":' * 200]
    )
    def test_anything_but_an_object_is_a_payload_error(self, body: bytes) -> None:
        with pytest.raises(PayloadError):
            take(signed(body))

    @pytest.mark.parametrize("timestamp", NOT_TIMES, ids=repr)
    def test_a_time_that_cannot_be_read_is_refused_where_the_scheme_judges_time(self, timestamp: Any) -> None:
        with pytest.raises(PayloadError) as caught:
            take(stamped(body_of(timestamp=timestamp)), scheme="timestamp-nonce")
        assert caught.value.reason == "bad_timestamp"

    @pytest.mark.parametrize("timestamp", NOT_TIMES, ids=repr)
    def test_a_time_that_cannot_be_read_is_left_out_where_no_scheme_judges_it(self, timestamp: Any) -> None:
        assert take(signed(body_of(timestamp=timestamp))).occurred_at is None

    @pytest.mark.parametrize(
        ("timestamp", "moment"),
        [
            (SECONDS, NOW),
            (str(SECONDS), NOW),
            (SECONDS * 1000, NOW),
            (SECONDS + 0.5, NOW + timedelta(seconds=0.5)),
            ("2026-05-28T20:26:40Z", NOW),
            ("2026-05-29T04:26:40+08:00", NOW),
            ("2026-05-28 20:26:40", NOW),
            (None, None),
            (0, datetime(1970, 1, 1, tzinfo=UTC)),
        ],
    )
    def test_the_usual_ways_to_write_a_time_are_read(self, timestamp: Any, moment: datetime | None) -> None:
        assert take(signed(body_of(timestamp=timestamp))).occurred_at == moment

    def test_an_integer_id_is_its_decimal_text(self) -> None:
        assert take(signed(body_of(event_id=42))).key == take(signed(body_of(event_id="42"))).key == "42"

    def test_data_may_be_missing_or_of_any_type(self) -> None:
        assert take(signed(body_of(data=None))).data["data"] == {}
        for value in ([1], "text", 5, False):
            assert take(signed(body_of(data=value))).data["data"] == value

    @pytest.mark.parametrize(
        ("data", "subject"),
        [
            ({"user_id": "u", "open_id": "o"}, "u"),
            ({"open_id": "o"}, "o"),
            ({"user_id": 5, "open_id": "o"}, "o"),
            ({"user_id": ""}, None),
            ({"user_id": "a\x00"}, None),
            ([], None),
        ],
    )
    def test_the_subject_is_the_user_or_open_id(self, data: Any, subject: str | None) -> None:
        assert take(signed(body_of(data=data))).subject == subject

    def test_the_header_type_must_equal_the_body_type(self) -> None:
        assert take(signed(body_of(), X_Event_Type="user_authorized")).type == "user_authorized"
        with pytest.raises(PayloadError) as caught:
            take(signed(body_of(), X_Event_Type="payment_notify"))
        assert caught.value.code == "event_type_mismatch"

    def test_a_type_outside_ascii_is_compared_as_bytes(self) -> None:
        header = "支付".encode().decode("latin-1")
        assert take(signed(body_of(event_type="支付"), X_Event_Type=header)).type == "支付"

    def test_messages_never_show_the_body(self) -> None:
        with pytest.raises(PayloadError) as caught:
            take(signed(body_of(event_id="SECRET\n")))
        assert "SECRET" not in caught.value.message


class TestVersion2:
    BODY = json.dumps(
        {"type": "invoice.paid", "timestamp": "2026-05-28T20:26:40Z", "data": {"user_id": "u"}}
    ).encode()

    def test_a_standard_webhook_becomes_an_event(self) -> None:
        event = take(webhook(self.BODY), secret=WEBHOOK_SECRET)
        assert (event.type, event.key, event.subject, event.occurred_at) == (
            "invoice.paid",
            "v2:msg_1",
            "u",
            NOW,
        )

    def test_a_plain_secret_is_used_as_it_is(self) -> None:
        assert take(webhook(self.BODY, key=SECRET.encode())).key == "v2:msg_1"

    def test_the_standard_library_of_the_format_signs_and_we_agree(self) -> None:
        signature = Webhook(WEBHOOK_SECRET).sign("msg_7", NOW, self.BODY.decode())
        headers = {"webhook-id": "msg_7", "webhook-timestamp": str(SECONDS), "webhook-signature": signature}
        assert take(delivery(self.BODY, headers, "v2"), secret=WEBHOOK_SECRET).key == "v2:msg_7"

    def test_a_v1_signature_proves_nothing_in_v2(self) -> None:
        refusal(signed(self.BODY)._replace(version="v2"))
        refusal(webhook(self.BODY, key=SECRET.encode())._replace(version="v1"))

    def test_ids_of_the_two_versions_cannot_collide(self) -> None:
        keys = {
            take(signed(body_of(event_id=value))).key
            for value in ("msg_1", "v2:msg_1", "v1:v2:msg_1", "v1:msg_1")
        }
        assert len(keys) == 4
        assert take(webhook(self.BODY, key=SECRET.encode())).key not in keys

    @pytest.mark.parametrize("timestamp", [SECONDS - 301, SECONDS + 301])
    def test_an_old_or_early_webhook_is_refused(self, timestamp: int) -> None:
        refusal(webhook(self.BODY, key=SECRET.encode(), timestamp=str(timestamp)))

    @pytest.mark.parametrize("secret", ["whsec_", "whsec_not base64!"])
    def test_a_broken_webhook_secret_is_a_settings_fault(self, secret: str) -> None:
        with pytest.raises(ValidationError):
            channel(secret=secret)

    @pytest.mark.parametrize("version", ["v3", "", "V1", "1", "v1 ", "é"])
    def test_an_unknown_version_is_refused_with_400(self, version: str) -> None:
        with pytest.raises(RefusedError) as caught:
            channel().verify(signed(body_of())._replace(version=version), NOW)
        assert (caught.value.code, caught.value.http_status) == ("unknown_version", 400)


@pytest.mark.parametrize("situation", list(Situation))
def test_the_answer_is_the_unified_one(situation: Situation) -> None:
    request = signed(body_of())
    outcome = Outcome(situation, "id", ParsedEvent("t", "k", {}), data={"user_id": "u"}, trace_id="t")
    reply = channel().acknowledge(request, Verified("body"), outcome)
    assert json.loads(reply.body)
    assert reply.status in (200, 400, 500, 503)
    assert (reply.status == 503) is (situation is Situation.COME_AGAIN)
