"""A UnionPay channel of the tests and notices for it, signed by the simulator's signer."""

from __future__ import annotations

from typing import Any

from app.core.values import InboundRequest
from sandbox.platforms.unionpay import keys
from sandbox.platforms.unionpay.signer import form_of, signed_by_certificate, signed_by_key
from tests.platforms.deliveries import delivery

MER_ID = "777290058110048"
SECURE_KEY = "unionpaySecureKey88"
CERTIFICATES = {"root_cert_pem": keys.ROOT_CERTIFICATE, "middle_cert_pem": keys.MIDDLE_CERTIFICATE}
MERCHANT = {"mer_id": MER_ID}
FIELDS = {
    "encoding": "UTF-8",
    "merId": MER_ID,
    "orderId": "20260529042640001",
    "queryId": "642605290426401234568",
    "respCode": "00",
    "respMsg": "成功[0000000]",
    "txnAmt": "1",
    "txnSubType": "01",
    "txnTime": "20260529042640",
    "txnType": "01",
    "version": "5.1.0",
}


def posted(fields: dict[str, str], charset: str = "utf-8") -> InboundRequest:
    return delivery(form_of(fields, charset), {"Content-Type": "application/x-www-form-urlencoded"})


def notice(**changes: str) -> InboundRequest:
    return posted(signed_by_certificate(FIELDS | changes))


def keyed_notice(method: str = "11", **changes: str) -> InboundRequest:
    return posted(signed_by_key(FIELDS | changes, SECURE_KEY, method))


def channel_keys(**changes: Any) -> dict[str, Any]:
    return MERCHANT | CERTIFICATES | {"secure_key": SECURE_KEY} | changes
