"""Asking WeChat Pay whether an order is paid, for notices that never came.

Source: pay.weixin.qq.com/doc/v3/merchant/4013070356 (商户订单号查询订单, read 2026-11-28). An order that nobody has opened the payment of is
404 ORDER_NOT_EXIST. The fields of the answer are those of a notification's resource. A refunded order has trade_state REFUND: it is
no payment to act on, so it counts as not paid.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final
from urllib.parse import quote

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.x509 import load_der_x509_certificate

from app.core.errors import UpstreamError, UpstreamUnavailable, VerificationError
from app.core.identifiers import random_word
from app.core.moments import moment_or_none
from app.core.ports import HttpAnswer, HttpClient
from app.core.values import ParsedEvent
from app.platforms.wechatpay.downloads import WechatpayDownloads, error_word
from app.platforms.wechatpay.keys import serial_name
from app.platforms.wechatpay.notifications import payer_of
from app.platforms.wechatpay.stamp import WINDOW, Stamp, read_stamp
from app.security.outbound import retry_after
from app.security.signatures import check_timestamp
from app.wire.certificates import rsa_key_of
from app.wire.key_answers import GOOD, is_busy
from app.wire.public_keys import is_signed_by

PAID_TYPE: Final = "TRANSACTION.SUCCESS"
PAID_STATE: Final = "SUCCESS"
UNKNOWN_ORDER: Final = ("ORDER_NOT_EXIST", "ORDERNOTEXIST")
NOT_FOUND: Final = 404


class WechatpayOrders(WechatpayDownloads):
    """Is asked about orders; satisfies app.core.payments.PaymentSource."""

    def paid_order(self, parsed: ParsedEvent) -> str | None:
        """Return the order of a notification of success."""
        order = parsed.data.get("out_trade_no")
        return order if parsed.type == PAID_TYPE and isinstance(order, str) and order else None

    def ask_payment(self, order: str, http: HttpClient, now: datetime) -> ParsedEvent | None:
        """Ask for an order by the merchant's own number; the answer must be signed by WeChat Pay."""
        own = self.settings
        path = f"/v3/pay/transactions/out-trade-no/{quote(order, safe='')}?mchid={quote(own.mch_id, safe='')}"
        headers = {
            "Accept": "application/json",
            "Authorization": self.authorization("GET", path, b"", now=now, nonce=random_word(128)),
        }
        if self.public_keys:
            # WeChat Pay answers with the key that is named here (update-pub-key, read 2026-11-20).
            headers["Wechatpay-Serial"] = next(iter(self.public_keys))
        answer = http.request("GET", own.api_base + path, headers=headers)
        if answer.status == NOT_FOUND and error_word(answer) in UNKNOWN_ORDER:
            return None
        _check_status(answer)
        self._check_signed(answer, http, now)
        return self._paid(order, answer)

    def _paid(self, order: str, answer: HttpAnswer) -> ParsedEvent | None:
        content = answer.json_object()
        if content.get("out_trade_no") != order or content.get("mchid") != self.settings.mch_id:
            raise _unusable("it tells of another order or merchant")
        if content.get("trade_state") != PAID_STATE:
            return None
        if self.settings.app_id and content.get("appid") not in self.settings.app_id:
            raise _unusable("it names an app that is not in app_id of the channel")
        paid_at = moment_or_none(content.get("success_time"))
        return ParsedEvent(PAID_TYPE, f"reconciled:{order}", content, payer_of(content), paid_at)

    def _check_signed(self, answer: HttpAnswer, http: HttpClient, now: datetime) -> None:
        try:
            stamp = read_stamp(answer.headers.get)
            check_timestamp(stamp.timestamp, now.timestamp(), WINDOW)
        except VerificationError as error:
            raise _unusable(f"its signature is not in order ({error.reason})") from error
        key = self._key_of(stamp, http, now)
        if key is None or not is_signed_by(
            key, message=stamp.message(answer.body), signature=stamp.signature
        ):
            raise _unusable("its signature does not fit any key of WeChat Pay")

    def _key_of(self, stamp: Stamp, http: HttpClient, now: datetime) -> RSAPublicKey | None:
        """Return the key that an answer names: a configured one, else one of the list that is asked for."""
        if (public := self.public_keys.get(stamp.serial)) is not None:
            return public
        name = serial_name(stamp.serial)
        if name is None:
            return None
        if (certificate := self.certificates.get(name)) is not None:
            return rsa_key_of(certificate)
        found = self.fetch_keys(name, http, now).get(name)
        return None if found is None else rsa_key_of(load_der_x509_certificate(found))


def _check_status(answer: HttpAnswer) -> None:
    if answer.status == GOOD:
        return
    word = error_word(answer)
    if is_busy(answer):
        raise UpstreamUnavailable(
            f"WeChat Pay answered {answer.status} to the question for an order; it is asked again later.",
            platform_code=word,
            retry_after=retry_after(answer),
        )
    raise UpstreamError(
        "upstream_client_rejected",
        f"WeChat Pay does not answer the question for an order ({word}); compare mch_id, merchant_serial and merchant_private_key with "
        "账户中心 → API安全 → 商户API证书, and this machine's clock.",
        platform_code=word,
    )


def _unusable(why: str) -> UpstreamError:
    return UpstreamError("upstream_bad_answer", f"WeChat Pay's answer about an order cannot be used: {why}.")
