"""The headers that prove a message of WeChat Pay, callbacks and answers alike: read and bounded here, judged by the callers.

Sources (read 2026-11-20): pay.wechatpay.cn, build-verify-sign; wechatpay-apiv3/wechatpay-skills. What is odd: a small share of callbacks carries a
signature that begins with WECHATPAY/SIGNTEST/ and is wrong on purpose. The true one follows once that was refused.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from app.core.errors import VerificationError
from app.security.signatures import strict_base64, wire_bytes
from app.wire.header_values import needed_headers

TIMESTAMP: Final = "Wechatpay-Timestamp"
NONCE: Final = "Wechatpay-Nonce"
SIGNATURE: Final = "Wechatpay-Signature"
SERIAL: Final = "Wechatpay-Serial"
TYPE: Final = "Wechatpay-Signature-Type"
SCHEME: Final = "WECHATPAY2-SHA256-RSA2048"
PROBE: Final = "WECHATPAY/SIGNTEST/"
WINDOW: Final = 300
"""Seconds; each redelivery is signed anew."""

LONGEST: Final = 1024


class Stamp(NamedTuple):
    """Who signed what when."""

    timestamp: str
    nonce: str
    signature: bytes
    serial: str

    def message(self, body: bytes) -> bytes:
        """Return the bytes that were signed: three lines, each with its end."""
        return b"\n".join((wire_bytes(self.timestamp), wire_bytes(self.nonce), body, b""))


def read_stamp(header: Callable[[str], str | None]) -> Stamp:
    """Read the headers; raises VerificationError for one that is missing, too long or not in its form."""
    values = needed_headers(header, (TIMESTAMP, NONCE, SIGNATURE, SERIAL), longest=LONGEST)
    kind = header(TYPE)
    if kind is not None and kind != SCHEME:
        raise VerificationError("bad_signature_type", f"{TYPE} must be {SCHEME}, or be left out.")
    return Stamp(values[TIMESTAMP], values[NONCE], _decoded(values[SIGNATURE]), values[SERIAL])


def _decoded(signature: str) -> bytes:
    if signature.startswith(PROBE):
        raise VerificationError(
            "signature_probe",
            "WeChat Pay tries whether wrong signatures are refused here, which is as it should be; the true "
            "notification follows. Nothing has to be done.",
        )
    try:
        return strict_base64(signature)
    except ValueError as error:
        raise VerificationError("bad_signature", f"{SIGNATURE} is not Base64.") from error
