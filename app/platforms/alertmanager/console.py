"""The fields of Alertmanager's configuration file. Source: docs/platforms/alertmanager.md and the pages named there."""

from __future__ import annotations

from app.core.consoles import Console, Entry

CONSOLE = Console(
    "alertmanager.yml",
    (
        Entry("receivers → webhook_configs → url", "", "callback_url"),
        Entry("receivers → webhook_configs → http_config → authorization → credentials", "", keys=("token",)),
    ),
)
