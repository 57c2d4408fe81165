"""The headers that prove a notice of Douyin Pay: read and bounded here, judged by the caller. Source: see the package."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from app.core.errors import VerificationError
from app.security.signatures import strict_base64, wire_bytes
from app.wire.header_values import needed_headers

TIMESTAMP: Final = "Douyinpay-Timestamp"
NONCE: Final = "Douyinpay-Nonce"
SERIAL: Final = "Douyinpay-Serial"
SIGNATURE: Final = "Douyinpay-Signature"
LONGEST: Final = 1024


class Stamp(NamedTuple):
    """Who signed what when."""

    timestamp: str
    nonce: str
    serial: str
    signature: bytes

    def message(self, body: bytes) -> bytes:
        """Return the bytes that were signed: three lines, each with its end."""
        return b"\n".join((wire_bytes(self.timestamp), wire_bytes(self.nonce), body, b""))


def read_stamp(header: Callable[[str], str | None]) -> Stamp:
    """Read the headers; raises VerificationError for one that is missing, too long or not in its form."""
    values = needed_headers(
        header,
        (TIMESTAMP, NONCE, SERIAL, SIGNATURE),
        longest=LONGEST,
        missing="missing_signature",
        too_long="malformed_signature",
    )
    try:
        signature = strict_base64(values[SIGNATURE])
    except ValueError as error:
        raise VerificationError("malformed_signature", f"{SIGNATURE} is not Base64.") from error
    return Stamp(values[TIMESTAMP], values[NONCE], values[SERIAL], signature)
