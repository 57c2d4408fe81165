"""The keys that a channel of Aliyun MNS takes."""

from __future__ import annotations

from pydantic import Field

from app.config.platform_settings import Texts
from app.wire.aliyun import AliyunSettings
from app.wire.key_addresses import Prefixes


class MnsSettings(AliyunSettings):
    """One endpoint to which topics of one account push."""

    topic_owner: str = Field(
        min_length=1,
        max_length=64,
        description="Account ID of the topic's owner; every other account is refused.",
    )
    topic_names: Texts = Field((), description="Topic, or a list of them. Empty: any of the account's.")
    tolerance_s: int = Field(900, ge=1, le=86_400, description="Seconds that the signed Date may differ.")
    cert_url_prefixes: Prefixes = Field(
        ("https://mnstest.oss-cn-hangzhou.aliyuncs.com/", "https://mns-cert.oss-cn-<region>.aliyuncs.com/"),
        description="Beginnings of certificates' addresses; <region> stands for a region without its cn-.",
    )

    @property
    def bucket_regions(self) -> tuple[str, ...]:
        """The regions as `oss-cn-<region>` wants them."""
        return tuple(each.removeprefix("cn-") for each in self.believed_regions if each.startswith("cn-"))

    @classmethod
    def may_be_empty(cls) -> frozenset[str]:
        """Name the keys without which others may still do."""
        return super().may_be_empty() | {"topic_names", "cert_url_prefixes"}
