"""The official Feishu SDK behind its own Flask adapter, as its documentation shows it."""

from __future__ import annotations

import lark_oapi
from flask import Flask, Response
from lark_oapi.adapter.flask import parse_req, parse_resp

from bench.accounts import FEISHU_KEY, FEISHU_TOKEN

app = Flask(__name__)


def take_message(_data: lark_oapi.im.v1.P2ImMessageReceiveV1) -> None:
    """Do nothing."""


handler = (
    lark_oapi.EventDispatcherHandler.builder(FEISHU_KEY, FEISHU_TOKEN, lark_oapi.LogLevel.WARNING)
    .register_p2_im_message_receive_v1(take_message)
    .build()
)


@app.post("/webhooks/feishu")
def feishu() -> Response:
    answer: Response = parse_resp(handler.do(parse_req()))
    return answer


@app.get("/healthz")
def healthz() -> str:
    return "ok"
