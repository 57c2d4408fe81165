"""Prometheus Alertmanager: the notifications of a webhook receiver, an event for each alert. One channel is one receiver.

Sources (read 2026-11-20): prometheus/alertmanager docs/configuration.md and docs/notifications.md, notify/webhook, template (0.34.0).
"""

from __future__ import annotations

from app.core.ports import PlatformSpec
from app.platforms.alertmanager.callbacks import AlertmanagerCallbacks
from app.platforms.alertmanager.console import CONSOLE
from app.platforms.alertmanager.settings import AlertmanagerSettings

PLATFORM = PlatformSpec(
    slug="alertmanager",
    display_name="Prometheus Alertmanager",
    docs_url="https://prometheus.io/docs/alerting/latest/configuration/#webhook_config",
    settings=AlertmanagerSettings,
    open=lambda _, settings: AlertmanagerCallbacks(settings),
    console=CONSOLE,
)
