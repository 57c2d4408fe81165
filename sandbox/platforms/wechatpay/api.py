"""Simulated WeChat Pay: the list of platform certificates and the question for an order, which only the merchant's signature opens.

Protocol: wechatpay-go core/downloader, pay.weixin.qq.com update-pub-key (read 2026-11-20), 4013070356 (read 2026-11-28).
"""

from __future__ import annotations

import json
import secrets
from typing import Any

from flask import Blueprint, Response, jsonify, request

from sandbox.platforms.wechatpay import keys, signer
from sandbox.state import current_state

blueprint = Blueprint("wechatpay", __name__, url_prefix="/wechatpay")
controls = Blueprint("wechatpay_controls", __name__, url_prefix="/_sandbox")

ORDERS = "wechatpay.orders"

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


@blueprint.get("/v3/pay/transactions/out-trade-no/<order>")
def order(order: str) -> Response:
    """Tells how an order stands; the merchant's own number finds it."""
    state = current_state()
    own = state.settings["WECHATPAY_MCH_ID"]
    path = f"/v3/pay/transactions/out-trade-no/{order}?mchid={request.args.get('mchid', '')}"
    fault = signer.authorization_fault(
        request.headers.get("Authorization", ""), mch_id=own, path=path, now=state.now()
    )
    if fault is not None:
        return _signed({"code": "SIGN_ERROR", "message": fault}, 401)
    found = state.shelf(ORDERS).get(order)
    if found is None or request.args.get("mchid") != own:
        return _signed({"code": "ORDER_NOT_EXIST", "message": "订单不存在"}, 404)
    return _signed(found, 200)


@controls.post("/wechatpay/orders")
def make_order() -> Response:
    """Makes an order of which no notification is sent: `{"out_trade_no":"o1","trade_state":"SUCCESS"}`."""
    state, wanted = current_state(), request.get_json()
    number = str(wanted["out_trade_no"])
    made = {
        "mchid": state.settings["WECHATPAY_MCH_ID"],
        "appid": state.settings["WECHATPAY_APP_ID"],
        "out_trade_no": number,
        "trade_state": "SUCCESS",
        "trade_state_desc": "支付成功",
        "trade_type": "JSAPI",
        "transaction_id": f"42000{number:0>23.23}",
        "success_time": "2026-11-20T20:00:00+08:00",
        "payer": {"openid": "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"},
        "amount": {"total": 100, "payer_total": 100, "currency": "CNY", "payer_currency": "CNY"},
    }
    state.shelf(ORDERS)[number] = made | wanted
    return jsonify(made | wanted)


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
