"""What one opened UnionPay channel knows for as long as it lives: its certificates and keys, made ready once."""

from __future__ import annotations

from dataclasses import dataclass, field

from cryptography.x509 import Certificate

from app.config.platform_settings import plain
from app.platforms.unionpay.settings import UnionpaySettings
from app.wire.certificate_chains import read_authorities


@dataclass(frozen=True, repr=False)
class UnionpayAccount:
    """One merchant; the capability of the platform is a class derived from this one."""

    settings: UnionpaySettings
    roots: tuple[Certificate, ...] = field(init=False)
    middles: tuple[Certificate, ...] = field(init=False)
    secure_keys: tuple[bytes, ...] = field(init=False)

    def __post_init__(self) -> None:
        """Read the certificates once, when the channel is opened."""
        own = self.settings
        for name, texts in (("roots", own.root_cert_pem), ("middles", own.middle_cert_pem)):
            object.__setattr__(self, name, read_authorities(texts))
        object.__setattr__(self, "secure_keys", plain(own.secure_key))
