"""Tenants of a Connect app: the secret that `installed` brings, and whose secret a webhook needs. Pure; the pipeline keeps the secrets.

Source (read 2026-11-28): developer.atlassian.com, "Lifecycle", "Security for Connect apps". `installed` comes again when an app is installed anew, and
its sharedSecret replaces the one before.
"""

from __future__ import annotations

import re
from typing import Final

from app.core.accounts import Handed, Notice, Withdrawn
from app.core.values import ParsedEvent
from app.platforms.jira_connect.settings import ConnectSettings
from app.security.signatures import sha256_hex

TENANT: Final = "tenant:"
"""Begins the claim of a tenant's secret; a kid has no colon."""

TENANT_LETTERS: Final = re.compile(r"[!-~]{1,64}")
LONGEST_SECRET: Final = 512


def is_tenant_key(text: str) -> bool:
    """Say whether a text can be a clientKey: short, and visible ASCII."""
    return TENANT_LETTERS.fullmatch(text) is not None


def tenant_claim(tenant: str) -> str:
    """Return the claim that means a tenant's secret."""
    return TENANT + tenant


class ConnectTenants:
    """Is handed the tenants' secrets; satisfies HandedSecrets of app.core.accounts."""

    settings: ConnectSettings

    @property
    def ticket_owner(self) -> str:
        """Return what names the app: its base address, for which installations are signed."""
        return sha256_hex(self.settings.base_url.rstrip("/").encode())

    def account_claimed(self, claim: str) -> str | None:
        """Return the tenant of a claim."""
        return claim.removeprefix(TENANT) if claim.startswith(TENANT) else None

    def notice(self, parsed: ParsedEvent) -> Notice | None:
        """Return what an installation or its end says; only Atlassian's own signature makes an event of these types."""
        tenant, at = parsed.subject, parsed.occurred_at
        if not tenant or at is None:
            return None
        if parsed.type == "uninstalled":
            return Withdrawn(tenant, at)
        secret, title = parsed.data.get("sharedSecret"), parsed.data.get("baseUrl")
        if parsed.type != "installed" or not isinstance(secret, str) or not 0 < len(secret) <= LONGEST_SECRET:
            return None
        return Handed(tenant, secret, at, title if isinstance(title, str) else None)
