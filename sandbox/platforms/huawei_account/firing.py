"""What the simulated Huawei Account tells: a purged account, revoked permissions, another phone number. The option `listed` sends a list.

Shapes: the examples of the page that the signer names (read 2026-11-28).
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from typing import Any

from sandbox.platforms.huawei_account.signer import ISSUER, token
from sandbox.simulated import Callbacks, Moment, Order, Outgoing, Sample
from sandbox.state import SandboxState
from sandbox.words import Words

RISC = "https://schemas.openid.net/secevent/risc/event-type/"
OAUTH = "https://schemas.openid.net/secevent/oauth/event-type/"
PERSON = {
    "extra": "MDFAMzAwMDAwMDAx",
    "iss": ISSUER,
    "sub": "MDExAMzAwMDAwMDAx",
    "subject_type": "iss_sub",
}


def _message(address: str, **more: Any) -> Callable[[Moment], dict[str, Any]]:
    def build(moment: Moment) -> dict[str, Any]:
        return {
            "iss": ISSUER,
            "aud": moment.settings["HUAWEI_ACCOUNT_CLIENT_ID"],
            "iat": int(moment.now),
            "jti": secrets.token_hex(16),
            "events": {address: {"subject": PERSON, **more}},
        }

    return build


def _sign(state: SandboxState, order: Order, fields: dict[str, Any], path: str) -> Outgoing:
    made = token(client_id=state.settings["HUAWEI_ACCOUNT_CLIENT_ID"], now=state.now())
    headers = {"Authorization": f"Bearer {made}", "Content-Type": "application/json"}
    said: Any = [fields] if order.options.get("listed") else fields
    return Outgoing("POST", path, headers, json.dumps(said).encode(), str(fields["jti"]))


CALLBACKS = Callbacks(
    samples=(
        Sample(
            "account-purged",
            Words("The account was deleted", "用户注销华为账号"),
            _message(f"{RISC}account-purged"),
        ),
        Sample(
            "tokens-revoked",
            Words("Permissions were taken back", "用户取消授权"),
            _message(f"{OAUTH}tokens-revoked", scopes=["openid", "phone"]),
        ),
        Sample(
            "phone-modified",
            Words("Another phone number", "授权手机号变更"),
            _message(f"{OAUTH}phone-modified"),
        ),
    ),
    sign=_sign,
)
