"""Platform certificates, downloaded when a notification names one that is not known yet.

Sources (read 2026-11-20): wechatpay-go core/auth and core/downloader; pay.weixin.qq.com, update-pub-key. What is odd: the list is signed with a
certificate that may stand only in the list itself, so it is opened first (AES-GCM with the APIv3 key proves it) and then
checked. Merchants that only have a public key get RESOURCE_NOT_EXISTS.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import Certificate, load_der_x509_certificate

from app.config.platform_settings import plain_text
from app.core.errors import PayloadError, UpstreamError, UpstreamUnavailable, VerificationError
from app.core.identifiers import random_word
from app.core.ports import HttpAnswer, HttpClient
from app.core.values import InboundRequest, Verified
from app.platforms.wechatpay.callbacks import WechatpayCallbacks
from app.platforms.wechatpay.keys import (
    MOST_CERTIFICATES,
    name_of,
    platform_certificates,
    serial_name,
)
from app.platforms.wechatpay.stamp import SCHEME, WINDOW, read_stamp
from app.security.outbound import retry_after
from app.security.signatures import check_timestamp
from app.wire.certificates import is_in_force, rsa_key_of
from app.wire.key_answers import GOOD, is_busy
from app.wire.public_keys import is_signed_by, read_private_rsa_key
from app.wire.sealed_notices import open_sealed

PATH: Final = "/v3/certificates"
HALF_A_DAY: Final = 43_200
ABSENT: Final = "RESOURCE_NOT_EXISTS"


class WechatpayDownloads(WechatpayCallbacks):
    """Takes notifications signed with any platform certificate of the merchant; satisfies KeyFinder as well."""

    key_seconds = HALF_A_DAY
    """wechatpay-go renews its list once a day."""

    def claimed_key(self, request: InboundRequest) -> str | None:
        """Return the serial number of a certificate that has to be found; raises VerificationError before any call for nothing."""
        stamp = read_stamp(request.header)
        name = serial_name(stamp.serial)
        if name is None or name in self.certificates or name == serial_name(self.settings.merchant_serial):
            return None
        check_timestamp(stamp.timestamp, request.received_at.timestamp(), WINDOW)
        return name

    def fetch_keys(self, claim: str, http: HttpClient, now: datetime) -> Mapping[str, bytes]:
        """Return the certificates (DER) that are in force, by their serial numbers; raises UpstreamError and its kin."""
        headers = {"Authorization": self.authorization("GET", PATH, b"", now=now, nonce=random_word(128))}
        answer = http.request("GET", self.settings.api_base + PATH, headers=headers)
        if _is_absent(answer):
            return {}
        _check_status(answer)
        found = {name_of(each): each for each in self._listed(answer) if is_in_force(each, now)}
        self._check_signature(answer, found, now)
        return {name: each.public_bytes(Encoding.DER) for name, each in found.items()}

    def verify_with_key(self, request: InboundRequest, now: datetime, key: bytes) -> Verified:
        """Prove the sender with a certificate that was found."""
        return self.proven_by_certificate(
            request, now, read_stamp(request.header), load_der_x509_certificate(key)
        )

    def authorization(self, method: str, path: str, body: bytes, *, now: datetime, nonce: str) -> str:
        """Return the header that signs a request to WeChat Pay; `path` includes the query, without the host."""
        own, timestamp = self.settings, str(int(now.timestamp()))
        lines = (method.encode(), path.encode(), timestamp.encode(), nonce.encode(), body, b"")
        key = read_private_rsa_key(plain_text(own.merchant_private_key))
        signature = base64.b64encode(key.sign(b"\n".join(lines), PKCS1v15(), hashes.SHA256())).decode()
        fields = {"mchid": own.mch_id, "nonce_str": nonce, "signature": signature}
        fields |= {"timestamp": timestamp, "serial_no": own.merchant_serial}
        return f"{SCHEME} " + ",".join(f'{name}="{value}"' for name, value in fields.items())

    def _listed(self, answer: HttpAnswer) -> list[Certificate]:
        items = answer.json_object().get("data")
        if not isinstance(items, list) or len(items) > MOST_CERTIFICATES:
            raise _unusable("it holds no list of certificates")
        return [self._opened_certificate(item) for item in items]

    def _opened_certificate(self, item: Any) -> Certificate:
        sealed = item.get("encrypt_certificate") if isinstance(item, dict) else None
        try:
            text = open_sealed(sealed if isinstance(sealed, dict) else {}, self.api_v3_keys)
            if text is None:
                raise _unusable("api_v3_key does not open it; compare the key with 账户中心 → API安全")
            (certificate,) = platform_certificates(text.decode("ascii"))
        except (PayloadError, ValueError) as error:
            raise _unusable("one of its certificates cannot be read") from error
        return certificate

    def _check_signature(self, answer: HttpAnswer, found: Mapping[str, Certificate], now: datetime) -> None:
        """Check who signed the list; raises UpstreamError."""
        try:
            stamp = read_stamp(answer.headers.get)
            check_timestamp(stamp.timestamp, now.timestamp(), WINDOW)
        except VerificationError as error:
            raise _unusable(f"its signature is not in order ({error.reason})") from error
        certificate = (self.certificates | dict(found)).get(serial_name(stamp.serial) or "")
        key = self.public_keys.get(stamp.serial) or (rsa_key_of(certificate) if certificate else None)
        if key is None or not is_signed_by(
            key, message=stamp.message(answer.body), signature=stamp.signature
        ):
            raise _unusable("its signature does not fit any key of WeChat Pay")


def _is_absent(answer: HttpAnswer) -> bool:
    """Say whether the merchant has no platform certificates at all."""
    return answer.status == 404 and error_word(answer) == ABSENT  # noqa: PLR2004


def _check_status(answer: HttpAnswer) -> None:
    if answer.status == GOOD:
        return
    if is_busy(answer):
        raise UpstreamUnavailable(
            f"WeChat Pay answered {answer.status} to the request for its certificates; try again later.",
            platform_code=error_word(answer),
            retry_after=retry_after(answer),
        )
    raise UpstreamError(
        "upstream_client_rejected",
        f"WeChat Pay does not hand out its certificates ({error_word(answer)}); compare mch_id, merchant_serial and "
        "merchant_private_key with 账户中心 → API安全 → 商户API证书, and this machine's clock.",
        platform_code=error_word(answer),
    )


def error_word(answer: HttpAnswer) -> str:
    """Return the error word of an answer, fit for logs."""
    try:
        code = answer.json_object().get("code")
    except UpstreamError:
        code = None
    is_word = isinstance(code, str) and 0 < len(code) <= 64 and code.isascii() and code.isprintable()  # noqa: PLR2004
    return str(code) if is_word else str(answer.status)


def _unusable(why: str) -> UpstreamError:
    return UpstreamError("upstream_bad_answer", f"WeChat Pay's list of certificates cannot be used: {why}.")
