"""The fields of the Google Cloud console. Source: docs/platforms/google-pubsub.md and the pages named there."""

from __future__ import annotations

from app.core.consoles import Console, Entry

CONSOLE = Console(
    "Google Cloud console",
    (
        Entry("Pub/Sub → Subscriptions → Create → Push → Endpoint", "", "callback_url"),
        Entry(
            "Pub/Sub → Subscriptions → Create → Push → Enable authentication",
            "",
            keys=("service_account", "audience"),
        ),
    ),
)
