"""WeChat Pay v2: recorded notices, what is refused, and wechatpy as an independent judge."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from wechatpy.pay import WeChatPay
from wechatpy.pay.utils import calculate_signature, calculate_signature_hmac

from app.core.errors import VerificationError
from app.core.values import Coverage, InboundRequest, ParsedEvent
from app.platforms.wechatpay_v2 import PLATFORM
from app.platforms.wechatpay_v2.callbacks import HINT, WechatpayV2Callbacks
from app.platforms.wechatpay_v2.notices import read_fields, sign_of
from sandbox.platforms.wechatpay_v2.signer import payment, refund, seal, xml_of
from tests.platforms.code_records import case_id, cases_of, fault_of, opened, records_beside
from tests.platforms.deliveries import NOW
from tests.platforms.wechatpay_v2.sample import API_KEY, MERCHANT, OUTSIDE, PAID, REFUNDED, posted
from tests.sources.judging import judge
from tests.sources.test_vectors import request_of as source_request

RECORDS = records_beside(__file__)
OLDER = json.loads(Path(__file__).with_name("older_description.json").read_text("utf-8"))


def channel(**changes: Any) -> WechatpayV2Callbacks:
    opened_one = PLATFORM.open("pay", PLATFORM.settings.model_validate(MERCHANT | changes))
    assert isinstance(opened_one, WechatpayV2Callbacks)
    return opened_one


def take(request: InboundRequest, **changes: Any) -> ParsedEvent:
    source = channel(**changes)
    return source.parse(request, source.verify(request, NOW))


def refusal(request: InboundRequest, **changes: Any) -> str:
    with pytest.raises(VerificationError) as caught:
        channel(**changes).verify(request, NOW)
    return caught.value.reason


def refunded(inside: bytes | None = None) -> InboundRequest:
    sealed = seal(xml_of(REFUNDED, "root") if inside is None else inside, API_KEY)
    return posted(xml_of(OUTSIDE | {"req_info": sealed}))


@pytest.mark.parametrize(("record", "case"), cases_of(*RECORDS.values()), ids=case_id)
def test_a_recorded_notice_is_judged_as_its_record_says(record: dict[str, Any], case: dict[str, Any]) -> None:
    settings = {name: record["settings"][name] for name in ("api_key", "appid", "mch_id")}
    assert fault_of(opened("wechatpay-v2", settings), record, case) is None


@pytest.mark.parametrize("case", OLDER["cases"], ids=case_id)
def test_a_channel_with_the_older_keys_judges_as_before(case: dict[str, Any]) -> None:
    settings = dict(OLDER["settings"] | case.get("settings", {}))
    source = opened("wechatpay-v2", {"secret": settings.pop("secrets"), **settings})
    now = datetime.fromtimestamp(case.get("now", OLDER["now"]), UTC)
    judged = judge(source, source_request(case, "pay", now), now)
    assert judged.outcome in (case["expect"], *case.get("also_ok", ())), judged.why
    if judged.outcome == "accept" == case["expect"] and not case.get("signature_only"):
        (event,) = judged.events
        assert case["event_key"] in (None, event.key)
        assert case["event_type"] in (None, event.type)


def test_a_payment_says_who_paid_and_when() -> None:
    event = take(posted(payment(PAID, API_KEY)))
    assert (event.type, event.subject) == ("pay.SUCCESS", PAID["openid"])
    assert event.occurred_at == datetime(2026, 5, 28, 20, 26, 40, tzinfo=UTC)


def test_a_refund_is_marked_as_a_hint() -> None:
    source = channel()
    verified = source.verify(refunded(), NOW)
    assert (verified.scheme, verified.is_encrypted) == (HINT, True)
    assert source.parse(refunded(), verified).type == "refund.SUCCESS"
    assert source.signature_covers is Coverage.ORIGIN
    assert source.advice is not None


def test_refund_notices_can_be_refused() -> None:
    assert refusal(refunded(), refund_notices=False) == "missing_signature"
    assert channel(refund_notices=False).signature_covers is Coverage.BODY


def test_a_payment_that_looks_like_a_refund_needs_its_sign() -> None:
    body = xml_of(PAID | {"req_info": seal(xml_of(REFUNDED, "root"), API_KEY), "sign": ""})
    assert refusal(posted(body)) == "missing_signature"


@pytest.mark.parametrize(
    "body",
    [
        payment(PAID, API_KEY).replace(b"<total_fee>1<", b"<total_fee>2<"),
        payment(PAID, API_KEY).replace(b"</xml>", b"<extra>1</extra></xml>"),
        payment(PAID, "another-api-key-another-api-key0"),
        payment(PAID, API_KEY).replace(b"<sign>", b"<sign> "),
    ],
    ids=["changed", "added", "other key", "blank"],
)
def test_what_is_not_signed_so_is_refused(body: bytes) -> None:
    assert refusal(posted(body)) == "bad_signature"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>' + payment(PAID, API_KEY),
        payment(PAID, API_KEY).replace(b"</xml>", b"<total_fee>1</total_fee></xml>"),
        payment(PAID, API_KEY).replace(b"</xml>", b"<a><b>1</b></a></xml>"),
    ],
    ids=["empty", "JSON", "DOCTYPE", "twice", "nested"],
)
def test_what_is_no_notice_is_refused(body: bytes) -> None:
    assert refusal(posted(body)) == "unreadable_body"


def test_the_notice_never_chooses_a_weaker_signature() -> None:
    strong = posted(payment(PAID, API_KEY, "HMAC-SHA256"))
    assert take(strong, sign_type="HMAC-SHA256").key == take(strong).key
    assert refusal(posted(payment(PAID, API_KEY)), sign_type="HMAC-SHA256") == "sign_type_not_allowed"
    relabelled = posted(payment(PAID, API_KEY).replace(b"</xml>", b"<sign_type>SM3</sign_type></xml>"))
    assert refusal(relabelled) == "sign_type_not_allowed"


@pytest.mark.parametrize(
    "inside", [b"", b"<root></root>", b"<xml><refund_id>1</refund_id></xml>", b"\xff" * 40]
)
def test_a_sealed_text_of_another_kind_is_refused(inside: bytes) -> None:
    assert refusal(refunded(inside)) == "decrypt_failed"


def test_both_keys_count_while_one_is_exchanged() -> None:
    keys = ["another-api-key-another-api-key0", API_KEY]
    assert take(posted(payment(PAID, API_KEY)), api_key=keys).type == "pay.SUCCESS"
    assert take(refunded(), api_key=keys).type == "refund.SUCCESS"


def test_owners_are_compared_by_the_pipeline() -> None:
    verified = channel(sub_mch_id="1900000000").verify(posted(payment(PAID, API_KEY)), NOW)
    assert {each.setting: each.given for each in verified.requirements} == {
        "mch_id": PAID["mch_id"], "app_id": PAID["appid"], "sub_mch_id": None,
    }  # fmt: skip


def test_an_unknown_sign_type_is_told_at_the_start() -> None:
    with pytest.raises(ValidationError, match="sign_type"):
        channel(sign_type="SM3")


def test_wechatpy_signs_as_we_check() -> None:
    """The independent library: its signatures of our fields, and ours of its own."""
    assert calculate_signature(PAID, API_KEY) == sign_of(PAID, API_KEY.encode(), "MD5")
    assert calculate_signature_hmac(PAID, API_KEY) == sign_of(PAID, API_KEY.encode(), "HMAC-SHA256")
    fields = read_fields(payment(PAID, API_KEY, "HMAC-SHA256"))
    sign = fields.pop("sign")
    assert calculate_signature_hmac(fields, API_KEY) == sign


def test_wechatpy_opens_the_refunds_of_the_simulator() -> None:
    body = refund(REFUNDED, API_KEY, app_id=PAID["appid"], mch_id=PAID["mch_id"], nonce="x")
    pay = WeChatPay(appid=PAID["appid"], api_key=API_KEY, mch_id=PAID["mch_id"])
    assert dict(pay.parse_refund_notify_result(body))["refund_id"] == REFUNDED["refund_id"]
    assert take(posted(body)).data == REFUNDED
