"""The keys that a channel of Aliyun OSS takes."""

from __future__ import annotations

from pydantic import Field

from app.config.platform_settings import PlatformSettings, Secrets, Texts
from app.wire.key_addresses import Prefixes
from app.wire.named_keys import NamedKeyTexts


class OssSettings(PlatformSettings):
    """One callbackUrl."""

    token: Secrets = Field(
        (),
        description="A random word that the callbackUrl carries as ?token=…; a list while it changes. Without one every "
        "customer of OSS can call back here.",
    )
    buckets: Texts = Field(
        (),
        description="Bucket, or a list of them, that the field `bucket` of the callbackBody may name. Empty: any.",
    )
    key_url_prefixes: Prefixes = Field(
        ("https://gosspublic.alicdn.com/", "http://gosspublic.alicdn.com/"),
        description="Beginnings of the key's address; the key is fetched over https.",
    )
    public_keys: NamedKeyTexts = Field(
        {}, description='Keys by their address, instead of fetching them: { "https://…" = "PEM" }.'
    )

    @classmethod
    def may_be_empty(cls) -> frozenset[str]:
        """Name the keys without which others may still do; a token that is written and not there switches the channel off."""
        return (super().may_be_empty() - {"token"}) | {"buckets", "key_url_prefixes", "public_keys"}
