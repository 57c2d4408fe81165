"""The fields of GitHub's settings. Source: docs/platforms/github.md and the pages named there."""

from __future__ import annotations

from app.core.consoles import Console, Entry

CONSOLE = Console(
    "https://github.com/settings/developers",
    (
        Entry("Settings → Webhooks → Add webhook → Payload URL", "", "callback_url"),
        Entry("Settings → Webhooks → Add webhook → Secret", "", keys=("secret",)),
        Entry("Settings → Developer settings → OAuth Apps", "", keys=("client_id", "client_secret")),
        Entry("Settings → Developer settings → OAuth Apps → Authorization callback URL", "", "redirect_uri"),
    ),
    checks_address=True,
)
