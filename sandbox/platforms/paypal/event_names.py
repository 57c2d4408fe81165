"""The names of PayPal's webhooks, by what they are about; data only.

Sources (read 2026-11-28): developer.paypal.com, /docs/integration/direct/webhooks/event-names/, /subscriptions/webhooks, and
/limited-release/commerce-platform/webhooks.
"""

from __future__ import annotations

from collections.abc import Iterator

from sandbox.words import Words

STATES = {
    "ACTIVATED": ("activated", "已激活"),
    "APPROVED": ("approved", "已批准"),
    "BLOCKED": ("blocked", "被拦截"),
    "CANCELED": ("canceled", "已取消"),
    "CANCELLED": ("cancelled", "已取消"),
    "COMPLETED": ("completed", "已完成"),
    "CREATED": ("created", "已创建"),
    "DEACTIVATED": ("deactivated", "已停用"),
    "DECLINED": ("declined", "被拒绝"),
    "DELETED": ("deleted", "已删除"),
    "DELETION-INITIATED": ("deletion begun", "开始删除"),
    "DENIED": ("denied", "被拒绝"),
    "EXPIRED": ("expired", "已过期"),
    "FAILED": ("failed", "失败"),
    "HELD": ("held", "暂挂"),
    "PAID": ("paid", "已付款"),
    "PAYMENT.FAILED": ("payment failed", "扣款失败"),
    "PENDING": ("pending", "处理中"),
    "PRICING-CHANGE.ACTIVATED": ("new price in force", "新价格生效"),
    "PROCESSING": ("in processing", "处理中"),
    "REFUNDED": ("refunded", "已退款"),
    "RESOLVED": ("resolved", "已解决"),
    "RETURNED": ("returned", "已退回"),
    "REVERSED": ("reversed", "被撤销"),
    "REVOKED": ("revoked", "已撤回"),
    "SCHEDULED": ("scheduled", "已排期"),
    "SUCCEEDED": ("succeeded", "成功"),
    "SUCCESS": ("successful", "成功"),
    "SUSPENDED": ("suspended", "已暂停"),
    "UNCLAIMED": ("unclaimed", "待领取"),
    "UPDATED": ("updated", "已更新"),
    "VOIDED": ("voided", "已作废"),
}
GROUPS: tuple[tuple[str, str, str, str, str], ...] = (
    ("PAYMENT.CAPTURE", "capture", "Capture", "收款", "COMPLETED DECLINED DENIED PENDING REFUNDED REVERSED"),
    ("PAYMENT.AUTHORIZATION", "authorization", "Authorization", "预授权", "CREATED VOIDED"),
    ("PAYMENT.SALE", "sale", "Sale", "销售", "COMPLETED DENIED PENDING REFUNDED REVERSED"),
    ("PAYMENT.ORDER", "order", "Payment order", "支付订单", "CANCELLED CREATED"),
    ("PAYMENTS.PAYMENT", "payment", "Payment", "付款", "CREATED"),
    ("PAYMENT.PAYOUTSBATCH", "payouts", "Batch of payouts", "批量付款", "DENIED PROCESSING SUCCESS"),
    (
        "PAYMENT.PAYOUTS-ITEM",
        "payouts_item",
        "Payout",
        "付款明细",
        "BLOCKED CANCELED DENIED FAILED HELD REFUNDED RETURNED SUCCEEDED UNCLAIMED",
    ),
    (
        "PAYMENT.REFERENCED-PAYOUT-ITEM",
        "referenced-payout-item",
        "Referenced payout",
        "关联付款",
        "COMPLETED FAILED",
    ),
    ("CHECKOUT.ORDER", "checkout-order", "Order", "订单", "APPROVED COMPLETED"),
    ("CHECKOUT.PAYMENT-APPROVAL", "payment-approval", "Approval of a payment", "付款批准", "REVERSED"),
    (
        "BILLING.PLAN",
        "plan",
        "Plan",
        "订阅计划",
        "CREATED UPDATED ACTIVATED PRICING-CHANGE.ACTIVATED DEACTIVATED",
    ),
    (
        "BILLING.SUBSCRIPTION",
        "subscription",
        "Subscription",
        "订阅",
        "CREATED ACTIVATED UPDATED EXPIRED CANCELLED SUSPENDED PAYMENT.FAILED",
    ),
    ("CATALOG.PRODUCT", "product", "Product", "商品", "CREATED UPDATED"),
    ("CUSTOMER.DISPUTE", "dispute", "Dispute", "争议", "CREATED RESOLVED UPDATED"),
    ("INVOICING.INVOICE", "invoices", "Invoice", "账单", "CANCELLED CREATED PAID REFUNDED SCHEDULED UPDATED"),
    ("IDENTITY.AUTHORIZATION-CONSENT", "identity", "Consent of a login", "登录授权", "REVOKED"),
    ("MERCHANT.ONBOARDING", "merchant-onboarding", "Onboarding of a merchant", "商家入驻", "COMPLETED"),
    ("MERCHANT.PARTNER-CONSENT", "partner-consent", "Consent of a merchant", "商家授权", "REVOKED"),
    (
        "VAULT.PAYMENT-TOKEN",
        "payment_token",
        "Stored payment method",
        "已保存的付款方式",
        "CREATED DELETED DELETION-INITIATED",
    ),
)


def named() -> Iterator[tuple[str, str, Words]]:
    """Yields each event's name, the kind of its resource, and its title."""
    for start, resource, english, chinese, states in GROUPS:
        for state in states.split():
            words = STATES[state]
            yield f"{start}.{state}", resource, Words(f"{english}: {words[0]}", f"{chinese}：{words[1]}")
