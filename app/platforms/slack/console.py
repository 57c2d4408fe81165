"""The fields of Slack's page of applications. Source: docs/platforms/slack.md and the pages named there."""

from __future__ import annotations

from app.core.consoles import Console

CONSOLE = Console("https://api.slack.com/apps", checks_address=True)
