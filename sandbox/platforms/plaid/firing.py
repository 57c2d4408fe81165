"""What the simulated Plaid sends: webhooks of its products, each with a token about the body's digest.

Types follow plaid.com/docs, "Webhooks" and the pages of the products (read 2026-11-28).
"""

from __future__ import annotations

import hashlib
import json
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Callable
from typing import Any

from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from sandbox.cloud_keys import sign_ecdsa
from sandbox.platforms.plaid.api import KEY_ID
from sandbox.simulated import Callbacks, Moment, Order, Outgoing, Sample
from sandbox.state import SandboxState
from sandbox.words import Words

EVENTS: tuple[tuple[str, Words, dict[str, Any]], ...] = (
    ("TRANSACTIONS.SYNC_UPDATES_AVAILABLE", Words("New transactions", "有新交易"),
     {"initial_update_complete": True, "historical_update_complete": False}),
    ("TRANSACTIONS.INITIAL_UPDATE", Words("The first transactions", "首批交易"), {"new_transactions": 19}),
    ("TRANSACTIONS.HISTORICAL_UPDATE", Words("Older transactions", "历史交易"), {"new_transactions": 231}),
    ("TRANSACTIONS.DEFAULT_UPDATE", Words("More transactions", "交易更新"), {"new_transactions": 3}),
    ("TRANSACTIONS.TRANSACTIONS_REMOVED", Words("Transactions were removed", "交易移除"),
     {"removed_transactions": ["yBVBEwrPyJs8GvR77N7QTxnGg6wG74H7dEDN6"]}),
    ("TRANSACTIONS.RECURRING_TRANSACTIONS_UPDATE", Words("Recurring transactions", "周期交易更新"),
     {"account_ids": ["BxBXxLj1m4HMXBm9WZZmCWVbPjX16EHwv99vp"]}),
    ("ITEM.ERROR", Words("An Item has an error", "账户连接出错"),
     {"error": {"error_type": "ITEM_ERROR", "error_code": "ITEM_LOGIN_REQUIRED", "error_message": "…"}}),
    ("ITEM.LOGIN_REPAIRED", Words("A login was repaired", "登录已修复"), {}),
    ("ITEM.NEW_ACCOUNTS_AVAILABLE", Words("New accounts", "有新账户"), {"error": None}),
    ("ITEM.PENDING_EXPIRATION", Words("Consent ends soon", "授权即将到期"),
     {"consent_expiration_time": "2026-12-05T13:00:00Z"}),
    ("ITEM.PENDING_DISCONNECT", Words("A connection ends soon", "连接即将断开"), {"reason": "INSTITUTION_MIGRATION"}),
    ("ITEM.USER_PERMISSION_REVOKED", Words("Consent was withdrawn", "用户撤回授权"), {"error": None}),
    ("ITEM.USER_ACCOUNT_REVOKED", Words("An account was withdrawn", "用户撤回某个账户"),
     {"account_id": "gAXlMgVEw5uEGoQnnXZ6tn9E7Mn3LBc4PJVKZ"}),
    ("ITEM.WEBHOOK_UPDATE_ACKNOWLEDGED", Words("The address was changed", "回调地址已更新"),
     {"new_webhook_url": "https://gateway.example/webhooks/plaid"}),
    ("AUTH.AUTOMATICALLY_VERIFIED", Words("An account was verified", "账户自动验证"), {"account_id": "dVzbVMLjrxTnLjX4G66X"}),
    ("AUTH.VERIFICATION_EXPIRED", Words("A verification ended", "验证过期"), {"account_id": "BxBXxLj1m4HMXBm9WZZm"}),
    ("AUTH.DEFAULT_UPDATE", Words("Account numbers changed", "账号变更"), {"account_ids": ["BxBXxLj1m4HMXBm9WZZm"]}),
    ("HOLDINGS.DEFAULT_UPDATE", Words("Holdings changed", "持仓更新"), {"new_holdings": 2, "updated_holdings": 0}),
    ("INVESTMENTS_TRANSACTIONS.DEFAULT_UPDATE", Words("Investment transactions", "投资交易更新"),
     {"new_investments_transactions": 16, "canceled_investments_transactions": 0}),
    ("LIABILITIES.DEFAULT_UPDATE", Words("Liabilities changed", "负债更新"), {"account_ids_with_new_liabilities": []}),
    ("ASSETS.PRODUCT_READY", Words("An asset report is ready", "资产报告就绪"),
     {"asset_report_id": "47dfc92b-bba3-4583-809e-ce871b321f05", "report_type": "FULL"}),
    ("ASSETS.ERROR", Words("An asset report failed", "资产报告失败"),
     {"asset_report_id": "47dfc92b-bba3-4583-809e-ce871b321f05"}),
    ("TRANSFER.TRANSFER_EVENTS_UPDATE", Words("Transfers changed", "转账事件"), {}),
    ("IDENTITY_VERIFICATION.STATUS_UPDATED", Words("An identity check went on", "身份验证状态"),
     {"identity_verification_id": "idv_52xR9LKo77r1Np"}),
)  # fmt: skip


def _event(kind: str, more: dict[str, Any]) -> Callable[[Moment], dict[str, Any]]:
    product, _, code = kind.partition(".")

    def build(_moment: Moment) -> dict[str, Any]:
        return {
            "webhook_type": product,
            "webhook_code": code,
            "item_id": f"item-{secrets.token_hex(16)}",
            **more,
            "environment": "production",
        }

    return build


def token(body: bytes, now: int, kid: str = KEY_ID) -> str:
    """Signs the body's digest and the time with ES256."""
    header = {"alg": "ES256", "kid": kid, "typ": "JWT"}
    claims = {"iat": now, "request_body_sha256": hashlib.sha256(body).hexdigest()}
    message = ".".join(_part(json.dumps(each).encode()) for each in (header, claims))
    r, s = decode_dss_signature(sign_ecdsa(message.encode(), "sha256"))
    return f"{message}.{_part(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


def _part(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def _sign(state: SandboxState, _order: Order, fields: dict[str, Any], path: str) -> Outgoing:
    body = json.dumps(fields, ensure_ascii=False, indent=2).encode()
    headers = {"Content-Type": "application/json", "Plaid-Verification": token(body, int(state.now()))}
    return Outgoing("POST", path, headers, body, hashlib.sha256(body).hexdigest())


CALLBACKS = Callbacks(
    samples=tuple(Sample(kind, title, _event(kind, more)) for kind, title, more in EVENTS), sign=_sign
)
