"""The keys that an Amazon SNS channel takes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, Literal

from pydantic import Field, field_validator

from app.config.platform_settings import OptionalAddress, PlatformSettings, Texts
from app.wire.certificates import certificates_by_address

TOPIC: Final = re.compile(
    r"arn:(aws|aws-cn|aws-us-gov):sns:([a-z0-9-]{1,32}):[0-9]{12}:[A-Za-z0-9_-]{1,256}(?:\.fifo)?"
)
DOMAINS: Final = {"aws": "amazonaws.com", "aws-us-gov": "amazonaws.com", "aws-cn": "amazonaws.com.cn"}


class AwsSnsSettings(PlatformSettings):
    """Topics of one AWS account, or of several."""

    topic_arns: Texts = Field(
        (), description="ARN of the topic, or a list of them; messages of other topics are refused."
    )
    signature_versions: tuple[Literal["1", "2"], ...] = Field(
        ("1", "2"),
        min_length=1,
        description='Signatures that are taken: "1" is SHA-1, "2" is SHA-256. ["2"] once every topic signs with it.',
    )
    certificates: Mapping[str, str] = Field(
        {},
        description="Signing certificates in PEM by their SigningCertURL, for a gateway that cannot fetch them.",
    )
    sns_base: OptionalAddress = Field(
        "", description="Address that stands for SNS in every region; only for a simulator."
    )

    @field_validator("topic_arns")
    @classmethod
    def _topics_are_topics(cls, arns: tuple[str, ...]) -> tuple[str, ...]:
        if any(TOPIC.fullmatch(arn) is None for arn in arns):
            raise ValueError("the ARN of a topic is arn:aws:sns:<region>:<account>:<name>")
        return arns

    @field_validator("certificates")
    @classmethod
    def _certificates_can_be_read(cls, texts: Mapping[str, str]) -> Mapping[str, str]:
        certificates_by_address(texts)
        return texts

    def base_of(self, arn: str) -> str:
        """Return the address of SNS in the region of a configured topic, without a slash at its end."""
        topic = TOPIC.fullmatch(arn)
        if self.sns_base or topic is None:
            return self.sns_base
        return f"https://sns.{topic[2]}.{DOMAINS[topic[1]]}"

    def missing_signature_secret(self) -> str | None:
        """Name `topic_arns` when there is none: anybody can have SNS sign messages of a topic of his own."""
        return None if self.topic_arns else "topic_arns"

    @classmethod
    def may_be_empty(cls) -> frozenset[str]:
        """Name the keys without which the rest works."""
        return super().may_be_empty() | {"certificates", "sns_base"}
