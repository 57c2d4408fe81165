"""Builders for the tests of suites: an opened channel, requests to its two addresses, what came of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from app.core.values import InboundRequest
from app.platforms.wecom_suite import PLATFORM, SuiteConnector
from sandbox import tencent_messages as signer
from tests.platforms.callback_cases import NOW

STAMP = str(int(NOW.timestamp()))
NONCE = "1372623149"
SUITE_ID, PROVIDER, COMPANY = "wwsuite0000000001", "wwprovider00000001", "wwcompany00000001"
TOKEN = "gatewayToken01"
AES_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
OTHER_AES_KEY = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefg"
SETTINGS = {
    "suite_id": SUITE_ID,
    "suite_secret": "suite-secret-0001",
    "token": TOKEN,
    "encoding_aes_key": AES_KEY,
}
VECTORS: Mapping[str, Any] = json.loads(Path(__file__).with_name("vectors.json").read_text("utf-8"))


def suite(**keys: Any) -> SuiteConnector:
    opened = PLATFORM.open("suite", PLATFORM.settings.model_validate(SETTINGS | keys))
    assert isinstance(opened, SuiteConnector)
    return opened


def xml(**fields: Any) -> bytes:
    return signer.build_xml(fields).encode()


def command(info_type: str, **fields: Any) -> bytes:
    return xml(**({"SuiteId": SUITE_ID, "InfoType": info_type, "TimeStamp": int(STAMP)} | fields))


def message(**fields: Any) -> bytes:
    usual = {
        "ToUserName": COMPANY,
        "FromUserName": "zhangsan",
        "CreateTime": int(STAMP),
        "MsgType": "text",
        "Content": "你好",
        "AgentID": 1000002,
    }
    return xml(**(usual | fields))


def encrypted(text: bytes, receive_id: str, *, aes_key: str = AES_KEY) -> str:
    return signer.encrypt(text, aes_key, receive_id, b"0123456789abcdef")


def proven(
    ciphertext: str, path: str = "/webhooks/suite", *, to: str = SUITE_ID, method: str = "POST"
) -> InboundRequest:
    """Return the delivery of a ciphertext; `to` is what its envelope says, which nothing signs."""
    query = {
        "msg_signature": signer.message_signature(TOKEN, STAMP, NONCE, ciphertext),
        "timestamp": STAMP,
        "nonce": NONCE,
    }
    is_check = method == "GET"
    return InboundRequest(
        method=method,
        path=path,
        query_string=urlencode(query | ({"echostr": ciphertext} if is_check else {})),
        headers=(("Content-Type", "text/xml"),),
        body=b"" if is_check else xml(ToUserName=to, Encrypt=ciphertext),
        remote_addr="203.0.113.9",
        received_at=NOW,
    )


def commanded(text: bytes) -> InboundRequest:
    """Return an event of the suite, signed and encrypted."""
    return proven(encrypted(text, SUITE_ID))


def of_company(text: bytes, company: str = COMPANY) -> InboundRequest:
    """Return what happened in a company, signed and encrypted."""
    return proven(encrypted(text, company), f"/webhooks/suite/{company}", to=company)
