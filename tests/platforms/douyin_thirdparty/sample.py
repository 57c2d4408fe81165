"""The sample channel of the Douyin third-party platform for the suite that every platform goes through."""

from __future__ import annotations

from app.core.values import InboundRequest
from sandbox.platforms.douyin_thirdparty.signer import seal, signed
from tests.platforms.deliveries import SECONDS, delivery
from tests.platforms.samples import Sample

APP_ID = "tt5d00tpapp0000001"
TOKEN = "tpToken2026"
KEY = "tKeY9xRXmJZlNetvKgN8cp6cBYhV2onIiucskGV8jQo"
CHANNEL = {"tp_app_id": APP_ID, "token": TOKEN, "encoding_aes_key": KEY}
TICKET = b'{"Ticket":"f87b","CreateTime":"2026-05-29 04:26:37","Event":"PUSH","MsgType":"Ticket"}'


def posted(body: bytes) -> InboundRequest:
    return delivery(body, {"Content-Type": "application/json"})


def message(
    plain: bytes, *, key: str = KEY, app_id: str = APP_ID, random: bytes | None = None
) -> InboundRequest:
    return posted(signed(seal(plain, key, app_id, random), TOKEN, str(SECONDS), "8459613"))


SAMPLES = (
    Sample("douyin-thirdparty", "encrypted", CHANNEL, message, TICKET, has_window=False, proof_in_body=True),
)
OWN_VALUES = {"DOUYIN_TP_ENCODING_AES_KEY": KEY}
