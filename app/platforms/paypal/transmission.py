"""The five headers that sign a webhook of PayPal, read and bounded here, and the text that is signed. Pure.

Source: developer.paypal.com/api/rest/webhooks/rest/, "Verify webhook signatures" (read 2026-11-28). What is odd: the body is in the
signed text only as its CRC-32, which is no digest: other bodies with the same CRC are made at will.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Final, NamedTuple

from app.core.errors import VerificationError
from app.security.signatures import strict_base64, wire_bytes
from app.wire.header_values import needed_headers

ID: Final = "PAYPAL-TRANSMISSION-ID"
TIME: Final = "PAYPAL-TRANSMISSION-TIME"
SIGNATURE: Final = "PAYPAL-TRANSMISSION-SIG"
CERTIFICATE: Final = "PAYPAL-CERT-URL"
ALGORITHM: Final = "PAYPAL-AUTH-ALGO"
ONLY_ALGORITHM: Final = "SHA256withRSA"
LONGEST: Final = 1024
SEPARATOR: Final = "|"


class Transmission(NamedTuple):
    """Which try of which webhook this is, and who signed it."""

    identifier: str
    time: str
    signature: bytes
    certificate_address: str

    def message(self, webhook_id: bytes, body: bytes) -> bytes:
        """Return what was signed for a webhook."""
        checksum = str(zlib.crc32(body)).encode()
        return b"|".join((wire_bytes(self.identifier), wire_bytes(self.time), webhook_id, checksum))


def read_transmission(header: Callable[[str], str | None]) -> Transmission:
    """Read the headers; raises VerificationError for one that is missing, too long or not in its form."""
    values = needed_headers(header, (ID, TIME, SIGNATURE, CERTIFICATE, ALGORITHM), longest=LONGEST)
    if values[ALGORITHM] != ONLY_ALGORITHM:
        raise VerificationError("algorithm_not_allowed", f"{ALGORITHM} must be {ONLY_ALGORITHM}.")
    if SEPARATOR in values[ID] or SEPARATOR in values[TIME]:
        raise VerificationError("bad_signature_header", f"{ID} and {TIME} hold no vertical bar.")
    return Transmission(values[ID], values[TIME], _decoded(values[SIGNATURE]), values[CERTIFICATE])


def _decoded(signature: str) -> bytes:
    try:
        return strict_base64(signature)
    except ValueError as error:
        raise VerificationError("bad_signature", f"{SIGNATURE} is not Base64.") from error
