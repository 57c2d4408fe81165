"""What Aliyun's services that sign with a certificate have in common: regions, and where certificates are kept.

Source (read 2026-11-28): help.aliyun.com, OSS regions and endpoints. Buckets of OSS have names that anybody may take, so the list of regions is closed: with a
free part in a host, whoever made a bucket of the right name could sign.
"""

from __future__ import annotations

from typing import Final

from pydantic import Field

from app.config.platform_settings import PlatformSettings
from app.wire.key_addresses import Regions
from app.wire.named_keys import NamedKeyTexts

REGIONS: Final = (
    "cn-hangzhou", "cn-shanghai", "cn-nanjing", "cn-fuzhou", "cn-wuhan-lr", "cn-qingdao", "cn-beijing", "cn-zhangjiakou",
    "cn-huhehaote", "cn-wulanchabu", "cn-shenzhen", "cn-heyuan", "cn-guangzhou", "cn-chengdu", "cn-hongkong",
    "ap-northeast-1", "ap-northeast-2", "ap-southeast-1", "ap-southeast-3", "ap-southeast-5", "ap-southeast-6",
    "ap-southeast-7", "us-east-1", "us-west-1", "eu-central-1", "eu-west-1", "me-east-1", "me-central-1", "na-south-1",
    "cn-hangzhou-finance", "cn-shanghai-finance-1", "cn-shenzhen-finance-1", "cn-beijing-finance-1", "cn-north-2-gov-1",
)  # fmt: skip


class AliyunSettings(PlatformSettings):
    """The keys of channels whose requests name the certificate that they are signed with."""

    regions: Regions = Field(
        (),
        description="Regions whose certificates are believed, such as cn-hangzhou. Empty: every region that has the service.",
    )
    public_keys: NamedKeyTexts = Field(
        {},
        description='Certificates or keys by their address, instead of fetching them: { "https://…" = "PEM" }.',
    )

    @property
    def believed_regions(self) -> tuple[str, ...]:
        """The regions that count."""
        return self.regions or REGIONS

    @classmethod
    def may_be_empty(cls) -> frozenset[str]:
        """Name the keys without which others may still do."""
        return super().may_be_empty() | {"regions", "public_keys"}
