"""The sample channel of Huawei IAP for the suite that every platform goes through."""

from __future__ import annotations

import json
from typing import Any

from app.core.values import InboundRequest
from sandbox.platforms.huawei_iap_v3 import keys
from sandbox.platforms.huawei_iap_v3.signer import notice
from tests.platforms.code_records import records_beside
from tests.platforms.deliveries import delivery
from tests.platforms.samples import Sample

APPLICATION = "5765880207853012345"
CHANNEL = {
    "application_id": APPLICATION,
    "package_name": "com.example.app",
    "root_certs_pem": keys.ROOT_CERTIFICATE,
}


def payload(kind: str = "DID_NEW_TRANSACTION", subtype: str = "INITIAL_BUY", **meta: Any) -> bytes:
    named = {"environment": "NORMAL", "applicationId": APPLICATION, "packageName": "com.example.app"}
    content = {
        "notificationType": kind,
        "notificationRequestId": "req-0001",
        "notificationMetaData": named | {"purchaseOrderId": "PO1"} | meta,
        "signedTime": 1780000000000,
    }
    return json.dumps(content | ({"notificationSubtype": subtype} if subtype else {})).encode()


def posted(body: bytes) -> InboundRequest:
    return delivery(body, {"Content-Type": "application/json; charset=UTF-8"})


def signed(body: bytes) -> InboundRequest:
    return posted(notice(body))


SAMPLES = (
    Sample("huawei-iap-v3", "token", CHANNEL, signed, payload(), has_window=False, proof_in_body=True),
)
RECORDED = records_beside(__file__)["huawei_iap_v3"]["settings"]
OWN_VALUES = {"HUAWEI_IAP_ROOT_CERT": RECORDED["root_certs_pem"][0]}
