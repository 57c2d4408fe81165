"""Names of WeChat Pay's keys, and which certificates it would use. Pure.

Sources (read 2026-11-20): pay.weixin.qq.com, wxp-pub-key-guide; wechatpay-go utils/pem.go and wechatpay-java PemUtil, which
write the same serial number differently.
"""

from __future__ import annotations

import re
from typing import Final

from cryptography.x509 import Certificate

from app.wire.certificates import read_certificates, rsa_key_of

PUBLIC_KEY_ID: Final = re.compile(r"PUB_KEY_ID_[0-9]{1,64}")
SERIAL: Final = re.compile(r"[0-9A-Fa-f]{1,64}")
MOST_CERTIFICATES: Final = 32


def platform_certificates(text: str) -> tuple[Certificate, ...]:
    """Return the certificates of a text; raises ValueError where one has a key that WeChat Pay would not use."""
    found = read_certificates(text)
    if len(found) > MOST_CERTIFICATES:
        raise ValueError(f"more than {MOST_CERTIFICATES} certificates")
    for each in found:
        rsa_key_of(each)
    return found


def is_public_key_id(name: str) -> bool:
    """Say whether this is what WeChat Pay calls a public key."""
    return PUBLIC_KEY_ID.fullmatch(name) is not None


def serial_name(serial: str) -> str | None:
    """Return a serial number in the one form in which they are compared here, None for what is none.

    Some write a zero in front and some do not, so numbers are compared, not texts.
    """
    return f"{int(serial, 16):X}" if SERIAL.fullmatch(serial) else None


def name_of(certificate: Certificate) -> str:
    """Return the serial number of a certificate in that form."""
    return f"{certificate.serial_number:X}"
