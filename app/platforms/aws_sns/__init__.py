"""Amazon SNS (AWS 简单通知服务): messages of topics to an HTTPS subscription. One channel takes one or several topics.

The parts: settings, messages (what is signed and what is said), callbacks. Pages read: docs.aws.amazon.com/sns/latest/dg, "Parsing
message formats", "Verifying the signatures of Amazon SNS messages", "Message delivery retries" (2026-11-28).
"""

from __future__ import annotations

from app.core.ports import PlatformSpec
from app.platforms.aws_sns.callbacks import AwsSnsCallbacks
from app.platforms.aws_sns.console import CONSOLE
from app.platforms.aws_sns.settings import AwsSnsSettings

PLATFORM = PlatformSpec(
    slug="aws-sns",
    display_name="Amazon SNS",
    docs_url="https://docs.aws.amazon.com/sns/latest/dg/sns-http-https-endpoint-as-subscriber.html",
    settings=AwsSnsSettings,
    open=lambda _, settings: AwsSnsCallbacks(settings),
    console=CONSOLE,
)
