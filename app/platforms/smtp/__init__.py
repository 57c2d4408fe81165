"""E-mail by SMTP: one channel is one account on a mail server.

Sources (read 2026-11-28): RFC 5321 (SMTP), RFC 3834 (automatic letters), RFC 8314 (ports 465 and 587).
"""

from __future__ import annotations

from app.core.ports import PlatformSpec
from app.platforms.smtp.sending import SmtpSender
from app.platforms.smtp.settings import SmtpSettings

PLATFORM = PlatformSpec(
    slug="smtp",
    display_name="E-mail (SMTP)",
    docs_url="https://www.rfc-editor.org/rfc/rfc5321",
    settings=SmtpSettings,
    open=lambda _channel, settings: SmtpSender(settings),
)
