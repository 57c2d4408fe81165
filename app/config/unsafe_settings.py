"""Settings that work and are not safe: what prod refuses and test warns about. Channels have their own list."""

from __future__ import annotations

from collections.abc import Iterable

from app.config.api_tokens import ApiToken
from app.config.settings import MIN_PASSWORD_LENGTH, MIN_SECRET_BYTES, Settings, looks_like_a_placeholder
from app.config.tunnels import tunnel_of


def weak_api_tokens(tokens: Iterable[ApiToken], place: str) -> list[str]:
    """Return a sentence for each token whose text is none; of those known by their digest alone nothing can be said."""
    return [
        f"{place}: the token of {token.name!r} is short, a placeholder or a sample; use a random one."
        for token in tokens
        if not token.token_sha256
        and (len(token.token) < MIN_SECRET_BYTES or looks_like_a_placeholder(token.token))
    ]


def environment_faults(settings: Settings) -> list[str]:
    """Return what prod refuses and test warns about, a sentence each (channels have their own list)."""
    faults = []
    if not settings.is_https:
        faults.append("PUBLIC_BASE_URL is not https; platforms and cookies need https.")
    if tunnel := tunnel_of(settings.public_base_url):
        faults.append(
            f"PUBLIC_BASE_URL is a tunnel ({tunnel}); its name may change, and whoever runs it reads every callback: use a host name of your own."
        )
    if settings.sandbox_is_on:
        faults.append("SANDBOX is on; the simulator must be off outside development.")
    faults += weak_api_tokens(settings.api_tokens, "API_TOKENS")
    password = settings.admin_password
    if password and (len(password) < MIN_PASSWORD_LENGTH or looks_like_a_placeholder(password)):
        faults.append(f"ADMIN_PASSWORD is shorter than {MIN_PASSWORD_LENGTH} characters or a placeholder.")
    faults += [
        f"{name}: {address} is not https."
        for name, addresses in (
            ("RETURN_URLS", settings.return_urls),
            ("CORS_ORIGINS", settings.cors_origins),
        )
        for address in addresses
        if not address.startswith("https://")
    ]
    return faults
