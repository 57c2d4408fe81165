"""What the simulated Huawei IAP sends. Types and fields as on developer.huawei.com, iap-key-event-notifications (read 2026-11-28)."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from typing import Any

from sandbox.platforms.huawei_iap_v3.signer import notice
from sandbox.simulated import Callbacks, Moment, Order, Outgoing, Sample
from sandbox.state import SandboxState
from sandbox.words import Words

KINDS = (
    ("DID_NEW_TRANSACTION", "INITIAL_BUY", Words("A first purchase", "首次购买")),
    ("DID_NEW_TRANSACTION", "DID_RENEW", Words("A renewal", "续期成功")),
    ("DID_NEW_TRANSACTION", "RESTORE", Words("A purchase again after the end", "失效后重新购买")),
    ("DID_NEW_TRANSACTION", "BILLING_RECOVERY", Words("A charge that went through late", "扣费恢复")),
    ("DID_CHANGE_RENEWAL_STATUS", "AUTO_RENEW_ENABLED", Words("Renewal switched on", "开启自动续期")),
    ("DID_CHANGE_RENEWAL_STATUS", "AUTO_RENEW_DISABLED", Words("Renewal switched off", "关闭自动续期")),
    ("DID_CHANGE_RENEWAL_STATUS", "DOWNGRADE", Words("A lower subscription next", "降级订阅")),
    ("DID_CHANGE_RENEWAL_STATUS", "UPGRADE", Words("A higher subscription", "升级订阅")),
    ("REVOKE", "REFUND_TRANSACTION", Words("A refund", "退款")),
    ("RENEWAL_TIME_MODIFIED", "RENEWAL_EXTENDED", Words("A renewal put off", "续期延期")),
    ("EXPIRE", "BILLING_RETRY", Words("An end: the charge failed", "扣费失败到期")),
    ("EXPIRE", "PRICE_INCREASE", Words("An end: the price was not accepted", "未同意涨价到期")),
    ("EXPIRE", "PRODUCT_NOT_FOR_SALE", Words("An end: no longer for sale", "商品下架到期")),
    (
        "EXPIRE",
        "APPLICATION_DELETE_SUBSCRIPTION_HOSTING",
        Words("An end: taken out by the application", "应用删除托管到期"),
    ),
    ("EXPIRE", "", Words("An end", "订阅到期")),
    ("SYNC", "", Words("A state to look at again", "状态同步")),
    ("TEST", "", Words("A test notice", "测试通知")),
)
"""Which subtype goes with which type is only partly published; the pairs are examples."""


def _notice(kind: str, subtype: str) -> Callable[[Moment], dict[str, Any]]:
    def build(moment: Moment) -> dict[str, Any]:
        application = moment.settings["HUAWEI_IAP_APPLICATION_ID"]
        is_test = kind == "TEST"
        fields: dict[str, Any] = {
            "notificationType": kind,
            "notificationRequestId": secrets.token_hex(16),
            "notificationMetaData": {
                "environment": "NORMAL",
                "applicationId": application,
                "packageName": "testPackageName" if is_test else "com.example.app",
                "type": 2,
                "currentProductId": "monthly",
                "subscriptionId": secrets.token_hex(8),
                "purchaseToken": f"testPurchaseToken{application}" if is_test else secrets.token_hex(16),
                "purchaseOrderId": secrets.token_hex(12),
            },
            "notificationVersion": "v3",
            "signedTime": int(moment.now * 1000),
        }
        return fields | ({"notificationSubtype": subtype} if subtype else {})

    return build


def _sign(_state: SandboxState, _order: Order, fields: dict[str, Any], path: str) -> Outgoing:
    body = notice(json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode())
    headers = {"Content-Type": "application/json; charset=UTF-8"}
    return Outgoing("POST", path, headers, body, str(fields["notificationRequestId"]))


CALLBACKS = Callbacks(
    samples=tuple(
        Sample(f"{kind}.{subtype}" if subtype else kind, title, _notice(kind, subtype))
        for kind, subtype, title in KINDS
    ),
    sign=_sign,
)
