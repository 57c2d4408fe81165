"""What one opened channel knows for as long as it lives: its settings and the keys made ready from them."""

from __future__ import annotations

from dataclasses import dataclass, field

from app.config.platform_settings import plain_text
from app.platforms.wecom_suite.settings import SuiteSettings
from app.wire.wechat_family.callback_keys import keyring_of
from app.wire.wechat_family.crypto import WechatKeyring


@dataclass(frozen=True, repr=False)
class WecomSuite:
    """One suite; each capability of the platform is a class derived from this one. `keyring` has the suite's own id."""

    settings: SuiteSettings
    keyring: WechatKeyring = field(init=False)

    def __post_init__(self) -> None:
        """Decode the keys once."""
        own = self.settings
        object.__setattr__(self, "keyring", keyring_of(own.token, own.encoding_aes_key, own.suite_id))

    def api(self, call: str) -> str:
        """Return the address of one of the suite's own calls."""
        return f"{self.settings.api_base}/cgi-bin/service/{call}"

    @property
    def secret(self) -> str:
        """The suite's Secret as text."""
        return plain_text(self.settings.suite_secret)
