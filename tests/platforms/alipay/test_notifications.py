"""Notifications: what is believed, what it means and how it is answered."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote_plus

import pytest

from app.core.errors import PayloadError, VerificationError
from app.core.values import Outcome, ParsedEvent, Situation
from app.platforms.alipay.notice_form import signed_content
from app.wire.signed_forms import MOST_PAIRS, read_signed_form
from sandbox.platforms.alipay import signer
from tests.platforms.alipay.channel import (
    ALIPAY_KEY,
    CERTIFICATES,
    NOW,
    PEM,
    VECTORS,
    base64_der,
    connector,
    delivery,
    notice,
    parsed,
    signed,
)

NOTICES = {case["name"]: case for case in VECTORS["notifications"]}
BELIEVED = [name for name, case in NOTICES.items() if case["expect"]["signature_valid"]]
FORGED = [name for name in NOTICES if name not in BELIEVED]
MEANT_FOR_OTHERS = [name for name in BELIEVED if NOTICES[name]["expect"]["answer"] != "success"]
MODES: dict[str, dict[str, Any]] = {
    "public key": {},
    "certificates": {"alipay_public_key": (), **CERTIFICATES},
}


def body_of(name: str) -> bytes:
    text: str = NOTICES[name]["request"]["body_text"]
    return text.encode()


def refusal(body: bytes, **overrides: Any) -> VerificationError:
    with pytest.raises(VerificationError) as caught:
        connector(**overrides).verify(delivery(body), NOW)
    return caught.value


def event_for(body: bytes) -> ParsedEvent:
    return parsed(body)


def is_meant_for_us(body: bytes, **overrides: Any) -> bool:
    proven = connector(**overrides).verify(delivery(body), NOW)
    return all(each.given in each.expected for each in proven.requirements)


# ---------------------------------------------------------------- proof


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", BELIEVED)
def test_a_recorded_notification_of_alipay_is_believed(name: str, mode: str) -> None:
    assert connector(**MODES[mode]).verify(delivery(body_of(name)), NOW).scheme == "rsa2"


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", FORGED)
def test_a_recorded_forgery_is_refused_for_its_own_reason(name: str, mode: str) -> None:
    assert refusal(body_of(name), **MODES[mode]).reason == NOTICES[name]["expect"]["reason"]


@pytest.mark.parametrize("name", BELIEVED)
def test_what_is_signed_is_what_was_recorded_byte_for_byte(name: str) -> None:
    assert signed_content(read_signed_form(body_of(name))) == NOTICES[name]["signed_content_text"].encode(
        "gbk" if NOTICES[name]["charset"] == "gbk" else "utf-8"
    )


@pytest.mark.parametrize("name", BELIEVED)
def test_only_what_is_meant_for_this_application_and_seller_passes(name: str) -> None:
    assert is_meant_for_us(body_of(name)) is (name not in MEANT_FOR_OTHERS)


def test_a_gbk_notification_is_proven_and_read_in_its_own_charset() -> None:
    event = event_for(signed("gbk", charset="gbk", subject="月度会员 A+B 100%"))
    assert event.data["subject"] == "月度会员 A+B 100%"


def test_gbk_bytes_under_another_charset_are_refused_although_they_are_signed() -> None:
    with pytest.raises(PayloadError) as caught:
        event_for(signed("gbk", charset="utf-8", subject="月度会员"))
    assert caught.value.reason == "unreadable_body"


@pytest.mark.parametrize("charset", ["utf-7", "idna", "rot13", "no-such", "é"])
def test_a_charset_that_alipay_does_not_use_is_refused(charset: str) -> None:
    with pytest.raises(PayloadError):
        event_for(signed(charset=charset))


def test_every_key_of_a_list_is_tried() -> None:
    keys = [PEM["other_public_key_pem"], PEM["alipay_public_key_pem"]]
    connector(alipay_public_key=keys).verify(delivery(signed()), NOW)


def test_a_rolled_certificate_stands_beside_the_old_one() -> None:
    certificates = [PEM["app_cert_pem"], PEM["alipay_cert_pem"]]
    both = {**CERTIFICATES, "alipay_cert": certificates, "alipay_public_key": ()}
    connector(**both).verify(delivery(signed()), NOW)


def test_the_refusal_says_so_when_the_key_is_the_applications_own() -> None:
    body = signer.notification(notice(), base64_der(PEM["app_private_key_pem"]))
    assert "this application's own key" in refusal(body).explain()


@pytest.mark.parametrize("sign_type", ["RSA", "rsa2", "", "RSA2 ", "MD5", "HMAC"])
def test_only_rsa2_is_taken_whatever_was_signed(sign_type: str) -> None:
    body = signed().replace(b"sign_type=RSA2", f"sign_type={quote_plus(sign_type)}".encode())
    assert refusal(body).reason == "sign_type_not_allowed"


def test_a_sha1_signature_is_refused_under_the_name_of_rsa2() -> None:
    from base64 import b64decode, b64encode

    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.hashes import SHA1
    from cryptography.hazmat.primitives.serialization import load_der_private_key

    key = load_der_private_key(b64decode(ALIPAY_KEY), password=None)
    assert isinstance(key, RSAPrivateKey)
    pairs = {name.encode(): value.encode() for name, value in notice().items()}
    weak = b64encode(key.sign(signed_content(pairs), PKCS1v15(), SHA1())).decode()
    form = "&".join(f"{name}={quote_plus(value)}" for name, value in (notice() | {"sign": weak}).items())
    assert refusal(form.encode()).reason == "signature_mismatch"


@pytest.mark.parametrize(
    "change",
    [
        (b"total_amount=88.88", b"total_amount=00.01"),
        (b"TRADE_SUCCESS", b"TRADE_FINISHE"),
        (b"ORDER-1", b"ORDER-2"),
        (b"notify_id=2", b"notify_id=3"),
        (b"seller_id=", b"seller_id=+"),
        (b"ORDER-1", b"ORDER-1+"),
        (b"charset=utf-8", b"charset=gbk"),
        (b"total_amount", b"total_amoun%74x"),
    ],
    ids=lambda change: change[1].decode(),
)
def test_an_altered_parameter_is_found_out(change: tuple[bytes, bytes]) -> None:
    body = signed()
    assert change[0] in body
    assert refusal(body.replace(*change)).reason == "signature_mismatch"


def test_a_dropped_or_an_added_parameter_is_found_out() -> None:
    body = signed()
    assert refusal(body.replace(b"&charset=utf-8", b"")).reason == "signature_mismatch"
    assert refusal(body + b"&state=abc").reason == "signature_mismatch"
    assert refusal(body + b"&empty=").reason == "signature_mismatch"


@pytest.mark.parametrize("again", [b"&total_amount=0.01", b"&sign=AAAA", b"&sign_type=RSA2", b"&%73ign=AAAA"])
def test_a_name_that_comes_twice_is_refused_however_it_is_spelled(again: bytes) -> None:
    assert refusal(signed() + again).reason == "duplicate_parameter"
    assert refusal(again[1:] + b"&" + signed()).reason == "duplicate_parameter"


@pytest.mark.parametrize("body", [b"", b"{}", b"<xml/>", b"a", b"=1", b"a=1&", b"a=1&&b=2", b"&"])
def test_a_body_that_is_no_form_is_refused(body: bytes) -> None:
    assert refusal(body).reason == "unreadable_body"


def test_more_parameters_than_any_notification_has_are_refused_unread() -> None:
    assert (
        refusal(b"&".join(b"a%d=1" % number for number in range(MOST_PAIRS + 1))).reason == "unreadable_body"
    )


@pytest.mark.parametrize("sign", ["", "AAAA", "=", "A" * 343, "é", "令牌", "\x00", "A" * 10_000])
def test_an_odd_signature_is_no_signature(sign: str) -> None:
    whole = signed()
    body = whole[: whole.index(b"&sign=")] + b"&sign=" + quote_plus(sign).encode()
    assert refusal(body).reason in {"signature_missing", "signature_malformed", "signature_mismatch"}


def test_nothing_is_believed_without_a_key() -> None:
    assert refusal(signed(), alipay_public_key=()).reason == "signature_mismatch"


# ---------------------------------------------------------------- another reading of the same signed text


def test_an_id_that_swallows_the_next_parameter_makes_no_new_event() -> None:
    """The signed text has no quoting, so `notify_id` and its neighbour may be joined without breaking the signature."""
    original = signed()
    pairs = read_signed_form(original)
    joined = {**pairs, b"notify_id": pairs[b"notify_id"] + b"&notify_time=" + pairs[b"notify_time"]}
    del joined[b"notify_time"]
    assert signed_content(joined) == signed_content(pairs)
    body = b"&".join(
        quote_plus(name).encode() + b"=" + quote_plus(value).encode() for name, value in joined.items()
    )
    with pytest.raises(PayloadError) as caught:
        event_for(body)
    assert caught.value.reason == "missing_notify_id"


def test_an_id_hidden_in_another_value_makes_no_new_event() -> None:
    with pytest.raises(PayloadError):
        event_for(signed(notify_id=...))


# ---------------------------------------------------------------- meaning


def test_the_type_is_the_notifications_own_words_and_its_id_is_the_key() -> None:
    event = event_for(signed())
    assert (event.type, event.key) == (
        "trade_status_sync.TRADE_SUCCESS",
        "2026052800222202640066661234567890",
    )
    assert (event.subject, str(event.occurred_at)) == ("ORDER-1", "2026-05-28 12:26:41+00:00")


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"trade_status": "TRADE_FINISHED"}, "trade_status_sync.TRADE_FINISHED"),
        ({"trade_status": "SOMETHING_NEW"}, "trade_status_sync.SOMETHING_NEW"),
        ({"notify_type": "dut_user_sign", "trade_status": ...}, "dut_user_sign"),
        ({"notify_type": ..., "trade_status": ..., "msg_method": "alipay.trade.order"}, "alipay.trade.order"),
    ],
)
def test_other_kinds_are_kept_as_they_are_called(fields: dict[str, Any], expected: str) -> None:
    assert event_for(signed(**fields)).type == expected


@pytest.mark.parametrize("word", [..., "", "a b", "é", "a&b", "x" * 101, "\x00"])
def test_a_kind_that_is_no_plain_word_is_refused(word: Any) -> None:
    with pytest.raises(PayloadError) as caught:
        event_for(signed(notify_type=word, trade_status=...))
    assert caught.value.reason == "missing_notify_type"


def test_a_resend_has_the_key_of_the_first_although_its_time_differs() -> None:
    again = next(name for name in NOTICES if name.startswith("resend of the first"))
    assert event_for(body_of(again)).key == event_for(body_of("trade success")).key
    assert body_of(again) != body_of("trade success")


def test_the_event_holds_every_parameter_as_it_was_said_and_no_signature() -> None:
    data = event_for(signed(passback_params="a%3D1%26b", body=" two  blanks ", note="")).data
    assert (data["passback_params"], data["body"], data["note"]) == ("a%3D1%26b", " two  blanks ", "")
    assert "sign" not in data


@pytest.mark.parametrize(
    "time", ["", "soon", "0001-01-01 00:00:00", "2026-13-01 00:00:00", "2026-05-28 20:26:41 "]
)
def test_an_odd_time_is_no_time_and_no_fault(time: str) -> None:
    assert event_for(signed(notify_time=time)).occurred_at is None


# ---------------------------------------------------------------- addressee


@pytest.mark.parametrize(
    "changes", [{"app_id": "2021000000000002"}, {"app_id": ...}, {"seller_id": "2088"}, {"seller_id": ...}]
)
def test_a_notification_for_others_is_named_to_the_pipeline(changes: dict[str, Any]) -> None:
    assert not is_meant_for_us(signed(**changes))


def test_a_notification_about_no_trade_needs_no_seller_and_another_ones_is_refused() -> None:
    agreement: dict[str, Any] = {"notify_type": "dut_user_sign", "trade_status": ...}
    assert is_meant_for_us(signed(**agreement, seller_id=...))
    assert not is_meant_for_us(signed(**agreement, seller_id="2088000000000002"))


def test_a_channel_without_a_seller_says_what_it_does_not_compare() -> None:
    assert is_meant_for_us(signed(seller_id="2088000000000002"), seller_id="")
    assert "seller_id" in (connector(seller_id="").advice or "")
    assert connector().advice is None


# ---------------------------------------------------------------- answer


@pytest.mark.parametrize("situation", Situation)
def test_alipay_hears_success_only_where_the_event_needs_no_resend(situation: Situation) -> None:
    source, request = connector(), delivery(signed())
    verified = source.verify(request, NOW)
    event = source.parse(request, verified)
    reply = source.acknowledge(request, verified, Outcome(situation, "evt", event, data={"any": "thing"}))
    is_taken = situation in {
        Situation.ACCEPTED, Situation.SUCCESS, Situation.ALREADY_PROCESSED, Situation.STILL_RUNNING
    }  # fmt: skip
    assert (reply.body, reply.status == 200) == ((b"success", True) if is_taken else (b"fail", False))


def test_a_refusal_keeps_its_status_and_says_fail() -> None:
    reply = connector().refuse(delivery(b""), VerificationError("bad"))
    assert reply is not None
    assert (reply.status, reply.body) == (401, b"fail")
