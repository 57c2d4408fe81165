"""A Flask view over wechatpy, as its documentation shows it: decrypt, parse, answer."""

from __future__ import annotations

from flask import Flask, request
from wechatpy import parse_message
from wechatpy.crypto import WeChatCrypto
from wechatpy.exceptions import InvalidAppIdException, InvalidSignatureException

from bench.accounts import WECHAT_AES_KEY, WECHAT_APP_ID, WECHAT_TOKEN

app = Flask(__name__)


@app.post("/wechat/wechat")
def wechat() -> tuple[str, int]:
    crypto = WeChatCrypto(WECHAT_TOKEN, WECHAT_AES_KEY, WECHAT_APP_ID)
    given = request.args
    try:
        text = crypto.decrypt_message(
            request.data, given["msg_signature"], given["timestamp"], given["nonce"]
        )
    except (InvalidSignatureException, InvalidAppIdException):
        return "refused", 403
    parse_message(text)
    return "success", 200


@app.get("/healthz")
def healthz() -> str:
    return "ok"
