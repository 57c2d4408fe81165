"""The keys that a channel of Huawei Cloud SMN takes."""

from __future__ import annotations

import re
from typing import Final

from pydantic import Field, field_validator

from app.config.platform_settings import PlatformSettings, Texts
from app.wire.key_addresses import Prefixes, check_region
from app.wire.named_keys import NamedKeyTexts

URN: Final = re.compile(r"urn:smn:([a-z0-9-]{1,63}):[A-Za-z0-9]{1,64}:[A-Za-z0-9_-]{1,255}")


class SmnSettings(PlatformSettings):
    """One endpoint that is subscribed to topics."""

    topic_urns: Texts = Field(
        min_length=1,
        description="URN of the topic, or a list of them; others are refused, and so are certificates of other regions.",
    )
    # The first host stands in published messages (cn-north-4, sa-brazil-1); the second is unconfirmed. A wider pattern such as
    # *.myhuaweicloud.com would take in buckets, and those are anybody's.
    cert_url_prefixes: Prefixes = Field(
        (
            "https://smn.<region>.myhuaweicloud.com/",
            "https://smn.<region>.otc.t-systems.com/",
        ),
        description="Beginnings of certificates' addresses; <region> stands for a topic's own.",
    )
    public_keys: NamedKeyTexts = Field(
        {},
        description='Certificates or keys by their address, instead of fetching them: { "https://…" = "PEM" }.',
    )

    @field_validator("topic_urns")
    @classmethod
    def _topics_have_their_form(cls, urns: tuple[str, ...]) -> tuple[str, ...]:
        for urn in urns:
            found = URN.fullmatch(urn)
            if found is None:
                raise ValueError("a topic's URN is urn:smn:<region>:<project>:<name>")
            check_region(found[1])
        return urns

    @property
    def regions(self) -> tuple[str, ...]:
        """The regions of the topics."""
        return tuple(dict.fromkeys(urn.split(":")[2] for urn in self.topic_urns))

    @classmethod
    def may_be_empty(cls) -> frozenset[str]:
        """Name the keys without which others may still do."""
        return super().may_be_empty() | {"cert_url_prefixes", "public_keys"}
