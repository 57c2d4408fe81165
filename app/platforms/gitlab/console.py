"""The fields of GitLab's settings; a server of one's own has them at its own address. Source: docs/platforms/gitlab.md and the pages named there."""

from __future__ import annotations

from app.core.consoles import Console, Entry

CONSOLE = Console(
    "https://gitlab.com",
    (
        Entry("Settings → Webhooks → Add new webhook → URL", "", "callback_url"),
        Entry("Settings → Webhooks → Add new webhook → Signing token", "", keys=("secret",)),
        Entry("Edit profile → Applications → Add new application", "", keys=("client_id", "client_secret")),
        Entry("Edit profile → Applications → Add new application → Redirect URI", "", "redirect_uri"),
    ),
)
