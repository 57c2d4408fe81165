"""The fields of the AWS console. Source: docs/platforms/aws-sns.md and the pages named there."""

from __future__ import annotations

from app.core.consoles import Console, Entry

CONSOLE = Console(
    "AWS console", (Entry("SNS → Topics → the topic → Create subscription → Endpoint", "", "callback_url"),)
)
