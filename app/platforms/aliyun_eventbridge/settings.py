"""The keys that a channel of Aliyun EventBridge takes."""

from __future__ import annotations

from typing import Final

from pydantic import Field, field_validator

from app.config.platform_settings import Secrets
from app.security.outbound import origin_of
from app.wire.aliyun import AliyunSettings
from app.wire.key_addresses import REGION, Prefixes, check_prefix

FILE: Final = "/x509_public_certificate"
SERVED: Final = (
    "cn-hangzhou", "cn-shanghai", "cn-qingdao", "cn-beijing", "cn-zhangjiakou", "cn-huhehaote", "cn-wulanchabu",
    "cn-shenzhen", "cn-heyuan", "cn-guangzhou", "cn-chengdu", "cn-hongkong", "ap-northeast-1", "ap-northeast-2",
    "ap-southeast-1", "ap-southeast-3", "ap-southeast-5", "ap-southeast-6", "ap-southeast-7", "ap-south-1",
    "eu-central-1", "eu-west-1", "us-west-1", "us-east-1", "cn-shanghai-finance-1",
)  # fmt: skip
"""Regions that have EventBridge (help.aliyun.com/document_detail/609691.htm, read 2026-11-28). Its certificates are in a bucket that is
called after the region; where there is no EventBridge that name is free, and whoever takes it could sign."""


class EventBridgeSettings(AliyunSettings):
    """One HTTP target of a rule."""

    target_url: str = Field(
        min_length=1,
        max_length=2000,
        description="The target's URL exactly as the rule has it, query included; it is part of what is signed.",
    )
    token: Secrets = Field(
        (),
        description="Token of the target (推荐): whoever does not know it sends nothing; a list while it changes.",
    )
    tolerance_ms: int = Field(
        60_000, ge=1000, le=3_600_000, description="Milliseconds that the signed time may differ."
    )
    cert_host_suffix: str = Field(
        "-eventbridge.oss-accelerate.aliyuncs.com",
        description="What follows the region in the host of a certificate's address.",
    )
    cert_url_prefixes: Prefixes = Field(
        (),
        description="Beginnings of certificates' addresses, instead of that; <region> stands for a region.",
    )

    @field_validator("target_url")
    @classmethod
    def _target_is_an_address(cls, target: str) -> str:
        origin_of(target)
        return target

    @field_validator("cert_host_suffix")
    @classmethod
    def _suffix_begins_a_label(cls, suffix: str) -> str:
        if not suffix.startswith(("-", ".")):
            raise ValueError("it must begin with - or .")
        check_prefix(f"https://{REGION}{suffix}/")
        return suffix

    @property
    def believed_regions(self) -> tuple[str, ...]:
        """The regions that count."""
        return self.regions or SERVED

    @property
    def prefixes(self) -> tuple[str, ...]:
        """The beginnings of addresses that count."""
        return self.cert_url_prefixes or (f"https://{REGION}{self.cert_host_suffix}{FILE}",)

    @classmethod
    def may_be_empty(cls) -> frozenset[str]:
        """Name the keys without which others may still do."""
        return super().may_be_empty() | {"cert_url_prefixes"}
