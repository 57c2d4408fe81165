"""The sample channel of China Merchants Bank for the suite that every platform goes through."""

from __future__ import annotations

from functools import lru_cache

from app.core.values import InboundRequest
from sandbox.platforms.cmbpay import keys
from sandbox.platforms.cmbpay.firing import signed_form
from tests.platforms.code_records import records_beside
from tests.platforms.deliveries import delivery
from tests.platforms.samples import Sample

MER_ID = "308999170120FGW"
CHANNEL = {
    "mer_id": MER_ID,
    "cmb_public_key_spki_base64": keys.BANK_PUBLIC_KEY,
    "merchant_private_key_hex": keys.MERCHANT_PRIVATE_KEY,
}
PAID = b'{"merId":"308999170120FGW","orderId":"o1","cmbOrderId":"0040","txnTime":"20260529042640","txnAmt":"1","tradeState":"S"}'


def posted(body: bytes) -> InboundRequest:
    return delivery(body, {"Content-Type": "application/x-www-form-urlencoded"})


@lru_cache(maxsize=64)
def notice(business: bytes, **changes: str) -> InboundRequest:
    return posted(signed_form(business[:2000].decode("latin-1"), **changes))


SAMPLES = (Sample("cmbpay", "sm2", CHANNEL, notice, PAID, has_window=False, proof_in_body=True),)
RECORDED = records_beside(__file__)["cmbpay"]["settings"]
OWN_VALUES = {
    "CMBPAY_PUBLIC_KEY": RECORDED["cmb_public_key_spki_base64"],
    "CMBPAY_MERCHANT_PRIVATE_KEY": "5f1c9d27b3e84a605f1c9d27b3e84a605f1c9d27b3e84a605f1c9d27b3e84a60",
}
