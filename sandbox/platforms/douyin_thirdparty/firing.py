"""What the simulated Douyin third-party platform sends. Fields as in the vendor's sample code (read 2026-11-28)."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

from sandbox.platforms.douyin_thirdparty.signer import seal, signed
from sandbox.simulated import Callbacks, Moment, Order, Outgoing, Sample
from sandbox.state import SandboxState
from sandbox.words import Words

BEIJING = timezone(timedelta(hours=8))
AUTHORISER = "tt9a0c0ffee0000001"


def _time(moment: Moment) -> str:
    return f"{datetime.fromtimestamp(moment.now, BEIJING):%Y-%m-%d %H:%M:%S}"


def _ticket(moment: Moment) -> dict[str, Any]:
    return {
        "Ticket": secrets.token_hex(16),
        "CreateTime": _time(moment),
        "Event": "PUSH",
        "MsgType": "Ticket",
        "FromUserName": "bytedance",
    }


def _authorised(event: str) -> Callable[[Moment], dict[str, Any]]:
    def build(moment: Moment) -> dict[str, Any]:
        fields: dict[str, Any] = {"AppId": AUTHORISER, "CreateTime": _time(moment), "Event": event}
        if event != "UNAUTHORIZED":
            fields |= {"AuthorizationCode": secrets.token_hex(16), "AuthorizationCodeExpiresIn": 3600}
        return fields

    return build


def _sign(state: SandboxState, _order: Order, fields: dict[str, Any], path: str) -> Outgoing:
    plain = json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()
    own = state.settings
    sealed = seal(plain, own["DOUYIN_TP_ENCODING_AES_KEY"], own["DOUYIN_TP_APP_ID"])
    body = signed(sealed, own["DOUYIN_TP_TOKEN"], str(int(state.now())), str(secrets.randbelow(10**7)))
    identifier = str(fields.get("AuthorizationCode") or fields["CreateTime"])
    return Outgoing("POST", path, {"Content-Type": "application/json"}, body, identifier)


CALLBACKS = Callbacks(
    samples=(
        Sample("PUSH", Words("A ticket", "推送 component_ticket"), _ticket),
        Sample("AUTHORIZED", Words("An authorisation", "授权成功"), _authorised("AUTHORIZED")),
        Sample(
            "UPDATE_AUTHORIZED",
            Words("A changed authorisation", "授权更新"),
            _authorised("UPDATE_AUTHORIZED"),
        ),
        Sample("UNAUTHORIZED", Words("An authorisation withdrawn", "取消授权"), _authorised("UNAUTHORIZED")),
    ),
    sign=_sign,
    seconds_apart=True,
)
