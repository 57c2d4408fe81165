"""The sample channels of WeChat Pay v2 for the suite that every platform goes through."""

from __future__ import annotations

from app.core.values import InboundRequest
from sandbox.platforms.wechatpay_v2.signer import payment, seal, xml_of
from tests.platforms.deliveries import delivery
from tests.platforms.samples import Sample

API_KEY = "1QrZEJOriEsIs2rjOy8DK2tsvtyvNgce"
MERCHANT = {"mch_id": "10000100", "app_id": "wx2421b1c4370ec43b", "api_key": API_KEY}
PAID = {
    "appid": "wx2421b1c4370ec43b",
    "mch_id": "10000100",
    "return_code": "SUCCESS",
    "result_code": "SUCCESS",
    "openid": "oUpF8uMEb4qRXf22hE3X68TekukE",
    "out_trade_no": "1409811653",
    "total_fee": "1",
    "time_end": "20260529042640",
    "transaction_id": "1004400740201409030005092168",
}
REFUNDED = {
    "out_trade_no": "71106718111915575302817",
    "refund_id": "50000408942018111907145868882",
    "refund_status": "SUCCESS",
    "success_time": "2026-05-29 04:26:40",
}
OUTSIDE = {"return_code": "SUCCESS", "appid": PAID["appid"], "mch_id": PAID["mch_id"], "nonce_str": "x"}


def posted(body: bytes) -> InboundRequest:
    return delivery(body, {"Content-Type": "text/xml"})


def _as_notice(body: bytes) -> InboundRequest:
    """Return a signed notice; what is no notice becomes the text of an element."""
    if body == PAYMENT:
        return posted(body)
    text = "".join(char for char in body.decode("latin-1")[:5000] if char.isprintable())
    return posted(payment(PAID | {"attach": text}, API_KEY))


def _as_refund(body: bytes) -> InboundRequest:
    inside = body if body.startswith(b"<root>") else xml_of(REFUNDED, "root") if body == b"" else body
    return posted(xml_of(OUTSIDE | {"req_info": seal(inside, API_KEY)}))


PAYMENT = payment(PAID, API_KEY)
SAMPLES = (
    Sample(
        "wechatpay-v2", "payment", MERCHANT | {"refund_notices": False}, _as_notice, PAYMENT,
        has_window=False, proof_in_body=True,
    ),
    Sample(
        "wechatpay-v2", "refund", MERCHANT, _as_refund, xml_of(REFUNDED, "root"),
        covers_body=False, has_window=False, proof_in_body=True,
    ),
)  # fmt: skip
OWN_VALUES = {"WECHATPAY_V2_API_KEY": "5f1c9d27b3e84a605f1c9d27b3e84a60"}
