"""What the simulated App Store sends: every notification type with its subtypes, and the signed texts each of them brings.

Shapes and types: developer.apple.com/documentation/appstoreservernotifications, notificationType, subtype, responseBodyV2DecodedPayload;
app-store-server-library 3.1.2 (read 2026-11-28). The option `environment` is Production or Sandbox.
"""

from __future__ import annotations

import json
import secrets
import uuid
from collections.abc import Callable
from typing import Any

from sandbox.platforms.apple_notifications.signer import signed
from sandbox.simulated import Callbacks, Moment, Order, Outgoing, Sample
from sandbox.state import SandboxState
from sandbox.words import Words

ENVIRONMENTS = ("Production", "Sandbox")
TYPES: tuple[tuple[str, Words], ...] = (
    ("SUBSCRIBED.INITIAL_BUY", Words("A first subscription", "首次订阅")),
    ("SUBSCRIBED.RESUBSCRIBE", Words("Subscribed again", "重新订阅")),
    ("DID_RENEW", Words("A renewal", "续订成功")),
    ("DID_RENEW.BILLING_RECOVERY", Words("A renewal after a failed one", "扣款恢复后续订")),
    ("DID_FAIL_TO_RENEW", Words("A renewal failed", "续订失败")),
    ("DID_FAIL_TO_RENEW.GRACE_PERIOD", Words("A renewal failed, in grace", "续订失败，宽限期内")),
    ("DID_CHANGE_RENEWAL_PREF", Words("Another plan no longer wanted", "取消更换方案")),
    ("DID_CHANGE_RENEWAL_PREF.UPGRADE", Words("An upgrade", "升级订阅")),
    ("DID_CHANGE_RENEWAL_PREF.DOWNGRADE", Words("A downgrade", "降级订阅")),
    ("DID_CHANGE_RENEWAL_STATUS.AUTO_RENEW_ENABLED", Words("Renewal switched on", "开启自动续订")),
    ("DID_CHANGE_RENEWAL_STATUS.AUTO_RENEW_DISABLED", Words("Renewal switched off", "关闭自动续订")),
    ("EXPIRED.VOLUNTARY", Words("Ended by the customer", "用户取消后到期")),
    ("EXPIRED.BILLING_RETRY", Words("Ended after failed renewals", "扣款重试失败后到期")),
    ("EXPIRED.PRICE_INCREASE", Words("Ended, a higher price not agreed", "未同意涨价而到期")),
    ("EXPIRED.PRODUCT_NOT_FOR_SALE", Words("Ended, no longer for sale", "商品下架而到期")),
    ("GRACE_PERIOD_EXPIRED", Words("The grace period is over", "宽限期结束")),
    ("OFFER_REDEEMED", Words("An offer was redeemed", "兑换优惠")),
    ("OFFER_REDEEMED.UPGRADE", Words("An offer to upgrade", "兑换升级优惠")),
    ("OFFER_REDEEMED.DOWNGRADE", Words("An offer to downgrade", "兑换降级优惠")),
    ("PRICE_INCREASE.PENDING", Words("A higher price is proposed", "涨价待确认")),
    ("PRICE_INCREASE.ACCEPTED", Words("A higher price is agreed", "已同意涨价")),
    ("PRICE_CHANGE", Words("A price has changed", "价格变更")),
    ("METADATA_UPDATE", Words("Metadata changed", "元数据更新")),
    ("MIGRATION", Words("A subscription moved", "订阅迁移")),
    ("ONE_TIME_CHARGE", Words("A single purchase", "一次性购买")),
    ("CONSUMPTION_REQUEST", Words("A question about consumption", "消耗信息请求")),
    ("REFUND", Words("A refund", "退款")),
    ("REFUND_DECLINED", Words("A refund declined", "拒绝退款")),
    ("REFUND_REVERSED", Words("A refund reversed", "撤销退款")),
    ("REVOKE", Words("Family sharing revoked", "家人共享被收回")),
    ("RENEWAL_EXTENDED", Words("A renewal date moved", "续订日期延长")),
    ("RENEWAL_EXTENSION.SUMMARY", Words("Renewal dates moved, in short", "批量延期结果")),
    ("RENEWAL_EXTENSION.FAILURE", Words("A renewal date not moved", "延期失败")),
    ("EXTERNAL_PURCHASE_TOKEN.UNREPORTED", Words("An external purchase unreported", "外部购买未上报")),
    ("RESCIND_CONSENT", Words("A parent withdrew consent", "家长撤回同意")),
    ("TEST", Words("A test", "测试通知")),
)


def _app(moment: Moment) -> dict[str, Any]:
    return {
        "bundleId": moment.settings["APPLE_BUNDLE_ID"],
        "appAppleId": int(moment.settings["APPLE_APP_APPLE_ID"]),
        "environment": "Production",
    }


def _purchase(moment: Moment) -> dict[str, Any]:
    """Returns the part about a purchase; what is signed in it is still open here."""
    milliseconds, number = int(moment.now * 1000), f"{secrets.randbelow(10**15):015}"
    transaction = {
        "transactionId": number,
        "originalTransactionId": number,
        "bundleId": moment.settings["APPLE_BUNDLE_ID"],
        "productId": "com.callgate.sandbox.monthly",
        "purchaseDate": milliseconds,
        "type": "Auto-Renewable Subscription",
        "environment": "Production",
        "signedDate": milliseconds,
    }
    renewal = {
        "originalTransactionId": number,
        "autoRenewProductId": "com.callgate.sandbox.monthly",
        "productId": "com.callgate.sandbox.monthly",
        "autoRenewStatus": 1,
        "environment": "Production",
        "signedDate": milliseconds,
    }
    return _app(moment) | {
        "bundleVersion": "1",
        "status": 1,
        "signedTransactionInfo": transaction,
        "signedRenewalInfo": renewal,
    }


def _part(moment: Moment, kind: str) -> dict[str, Any]:
    if kind == "RENEWAL_EXTENSION.SUMMARY":
        counts = {"succeededCount": 5, "failedCount": 1, "requestIdentifier": str(uuid.uuid4())}
        return {"summary": _app(moment) | counts | {"productId": "com.callgate.sandbox.monthly"}}
    if kind.startswith("EXTERNAL_PURCHASE_TOKEN"):
        token = {name: value for name, value in _app(moment).items() if name != "environment"}
        token |= {"externalPurchaseId": str(uuid.uuid4()), "tokenCreationDate": int(moment.now * 1000)}
        return {"externalPurchaseToken": token}
    if kind == "RESCIND_CONSENT":
        created = {"receiptCreationDate": int(moment.now * 1000), "receiptType": "Production"}
        app = {"bundleId": moment.settings["APPLE_BUNDLE_ID"]} | created
        return {"appData": _app(moment) | {"signedAppTransactionInfo": app}}
    return {"data": _app(moment) if kind == "TEST" else _purchase(moment)}


def _notification(kind: str) -> Callable[[Moment], dict[str, Any]]:
    def build(moment: Moment) -> dict[str, Any]:
        name, _, subtype = kind.partition(".")
        fields = {"notificationType": name} | ({"subtype": subtype} if subtype else {})
        common = {
            "notificationUUID": str(uuid.uuid4()),
            "version": "2.0",
            "signedDate": int(moment.now * 1000),
        }
        return fields | common | _part(moment, kind)

    return build


def _with_signed_parts(content: Any, environment: str) -> Any:
    """Signs each part whose name says so, and writes the environment wherever it stands."""
    if not isinstance(content, dict):
        return content
    closed = {name: _with_signed_parts(value, environment) for name, value in content.items()}
    if "environment" in closed:
        closed["environment"] = environment
    return {
        name: signed(value) if name.startswith("signed") and isinstance(value, dict) else value
        for name, value in closed.items()
    }


def _sign(_state: SandboxState, order: Order, fields: dict[str, Any], path: str) -> Outgoing:
    environment = str(order.options.get("environment", "Production"))
    if environment not in ENVIRONMENTS:
        raise ValueError(f"environment must be one of {', '.join(ENVIRONMENTS)}")
    text = signed(_with_signed_parts(fields, environment))
    body = json.dumps({"signedPayload": text}, separators=(",", ":")).encode()
    headers = {"Content-Type": "application/json", "User-Agent": "App Store Server Notifications"}
    return Outgoing("POST", path, headers, body, str(fields["notificationUUID"]))


CALLBACKS = Callbacks(
    samples=tuple(Sample(kind, title, _notification(kind)) for kind, title in TYPES),
    sign=_sign,
)
