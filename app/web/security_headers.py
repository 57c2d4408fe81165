"""The headers that keep browsers from doing anything with our pages that we did not mean.

Source: OWASP ASVS 5.0 §3.4; HTML Standard on cross-origin opener policies (both read 2026-11-20).
"""

from __future__ import annotations

from flask import Flask, Response

from app.config.settings import Settings
from app.pipeline.login.finish import login_origins
from app.pipeline.services import Services

HSTS_SECONDS = 31_536_000
PERMISSIONS = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"
OPENER_POLICY = "Cross-Origin-Opener-Policy"


def install_security_headers(app: Flask, settings: Settings) -> None:
    """Add the headers to every answer; a view may set its own first."""
    services: Services = app.extensions["callgate"]
    policy = content_security_policy(services)

    @app.after_request
    def _add_headers(response: Response) -> Response:
        headers = response.headers
        headers.setdefault("Content-Security-Policy", policy)
        headers.setdefault("X-Content-Type-Options", "nosniff")
        headers.setdefault("Referrer-Policy", "no-referrer")
        headers.setdefault("Permissions-Policy", PERMISSIONS)
        if settings.is_https:
            headers.setdefault("Strict-Transport-Security", f"max-age={HSTS_SECONDS}")
        # A redirect with an opener policy would cut a popup off from the page that waits for it.
        if response.mimetype == "text/html" and not 300 <= response.status_code < 400:  # noqa: PLR2004
            headers.setdefault(OPENER_POLICY, "same-origin")
        return response


def content_security_policy(services: Services) -> str:
    """Return the policy of every page: our own files only, pictures from anywhere safe, no frame around it.

    Forms may lead to the login pages of the configured channels, because linking answers a form with a redirect.
    """
    simulator = f" {services.settings.sandbox_url}" if services.settings.sandbox_is_on else ""
    logins = "".join(f" {origin}" for origin in login_origins(services.channels))
    return (
        "default-src 'self'; "
        f"img-src 'self' https: data:{simulator}; "
        f"form-action 'self'{logins}; "
        "object-src 'none'; base-uri 'none'; frame-ancestors 'none'"
    )
