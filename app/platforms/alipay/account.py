"""What one opened channel knows for as long as it lives: its settings and the keys made ready from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

from app.config.platform_settings import plain_text
from app.platforms.alipay import keys
from app.platforms.alipay.settings import AlipaySettings


@dataclass(frozen=True, repr=False)
class AlipayAccount:
    """One application; each capability of the platform is a class derived from this one.

    `alipay_keys` are Alipay's own, `certificate_numbers` those of its configured certificates; `app_key` signs our requests, and
    `request_certificates` are the two parameters that certificate mode adds to each of them.
    """

    settings: AlipaySettings
    alipay_keys: tuple[RSAPublicKey, ...] = field(init=False)
    certificate_numbers: frozenset[str] = field(init=False)
    app_key: RSAPrivateKey | None = field(init=False)
    request_certificates: Mapping[str, str] = field(init=False)

    def __post_init__(self) -> None:
        """Make the keys ready once, when the channel is opened."""
        certificates = [plain_text(each) for each in self.settings.alipay_cert]
        from_text = [keys.public_key(plain_text(each)) for each in self.settings.alipay_public_key]
        known = (*from_text, *(keys.certificate_key(each) for each in certificates))
        own = plain_text(self.settings.app_private_key)
        object.__setattr__(self, "alipay_keys", known)
        object.__setattr__(self, "certificate_numbers", frozenset(map(keys.certificate_number, certificates)))
        object.__setattr__(self, "app_key", keys.private_key(own) if own else None)
        object.__setattr__(self, "request_certificates", self._request_certificates())

    def _request_certificates(self) -> Mapping[str, str]:
        if not plain_text(self.settings.app_cert):
            return {}
        return {
            "app_cert_sn": keys.certificate_number(plain_text(self.settings.app_cert)),
            "alipay_root_cert_sn": keys.root_number(plain_text(self.settings.alipay_root_cert)),
        }
