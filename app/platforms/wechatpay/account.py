"""What one opened WeChat Pay channel knows for as long as it lives: its keys, made ready once."""

from __future__ import annotations

from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.x509 import Certificate

from app.config.platform_settings import plain
from app.platforms.wechatpay.keys import name_of, platform_certificates
from app.platforms.wechatpay.settings import WechatpaySettings
from app.wire.public_keys import read_rsa_key


@dataclass(frozen=True, repr=False)
class WechatpayAccount:
    """One merchant; each capability of the platform is a class derived from this one."""

    settings: WechatpaySettings
    public_keys: dict[str, RSAPublicKey] = field(init=False)
    certificates: dict[str, Certificate] = field(init=False)
    """The configured platform certificates by their serial number."""
    api_v3_keys: tuple[bytes, ...] = field(init=False)

    def __post_init__(self) -> None:
        """Read the keys once, when the channel is opened."""
        own = self.settings
        public = {name: read_rsa_key(text) for name, text in own.public_keys.items()}
        certificates = [each for text in own.certificates for each in platform_certificates(text)]
        object.__setattr__(self, "public_keys", public)
        object.__setattr__(self, "certificates", {name_of(each): each for each in certificates})
        object.__setattr__(self, "api_v3_keys", plain(own.api_v3_key))
