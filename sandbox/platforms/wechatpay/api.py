"""Simulated WeChat Pay: the list of platform certificates, which only the merchant's signature opens.

Protocol: wechatpay-go core/downloader, pay.weixin.qq.com update-pub-key (read 2026-11-20).
"""

from __future__ import annotations

import json
import secrets
from typing import Any

from flask import Blueprint, Response, request

from sandbox.platforms.wechatpay import keys, signer
from sandbox.state import current_state

blueprint = Blueprint("wechatpay", __name__, url_prefix="/wechatpay")

PATH = "/v3/certificates"
ONLY_PUBLIC_KEY = "wechatpay_only_public_key"
SWITCHES = (ONLY_PUBLIC_KEY,)
"""Behave as for a merchant that has no platform certificates."""


@blueprint.get(PATH)
def certificates() -> Response:
    """Returns both certificates, sealed, under a signature of the older one or of the public key that was asked for."""
    state = current_state()
    fault = signer.authorization_fault(
        request.headers.get("Authorization", ""),
        mch_id=state.settings["WECHATPAY_MCH_ID"],
        path=PATH,
        now=state.now(),
    )
    if fault is not None:
        return _signed({"code": "SIGN_ERROR", "message": fault}, 401)
    if state.switches[ONLY_PUBLIC_KEY]:
        return _signed(
            {
                "code": "RESOURCE_NOT_EXISTS",
                "message": "无可用的平台证书，请在商户平台-API安全申请使用微信支付公钥。",
            },
            404,
        )
    listed = [_item(each) for each in (keys.CERTIFICATE, keys.NEXT_CERTIFICATE)]
    return _signed({"data": listed}, 200)


def refusal(status: int) -> Response | None:
    """Answers a wrong path or method as the interface does."""
    return (
        _signed({"code": "NOT_FOUND", "message": "请求的资源不存在"}, status)
        if status in (404, 405)
        else None
    )


def _item(certificate: str) -> dict[str, Any]:
    key = current_state().settings["WECHATPAY_API_V3_KEY"]
    return {
        "serial_no": signer.certificate_serial(certificate),
        "effective_time": "2020-01-01T08:00:00+08:00",
        "expire_time": "2049-12-31T08:00:00+08:00",
        "encrypt_certificate": signer.seal(key, signer.pem_of(certificate), "certificate"),
    }


def _signed(content: dict[str, Any], status: int) -> Response:
    body = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
    asked = request.headers.get("Wechatpay-Serial", "")
    by = signer.SIGNERS["public_key" if asked == keys.PUBLIC_KEY_ID else "certificate"]
    headers = signer.headers_of(by, int(current_state().now()), secrets.token_hex(16), body)
    return Response(body, status=status, headers=headers, content_type="application/json; charset=utf-8")
