"""Simulated mail server: a real one, in memory, that takes letters for anybody and delivers them to the inbox."""

from __future__ import annotations

from sandbox.platforms.smtp.server import serve_beside
from sandbox.simulated import Credential, Look, SampleChannel, Simulated
from sandbox.words import Words

SIMULATED = Simulated(
    slug="smtp",
    title=Words("E-mail", "邮件"),
    place=93,
    credentials=(
        Credential("SMTP_PORT", "5025"),
        Credential("SMTP_SECURITY", "none", choices=("none", "tls", "starttls"), in_example=False),
        Credential("SMTP_SENDER", "callgate@gateway.example"),
        Credential("SMTP_TO", "maya@example.com"),
    ),
    channel=SampleChannel(
        "mail",
        "E-mail",
        {
            "host": "localhost",
            "port": "${SMTP_PORT}",
            "security": "${SMTP_SECURITY:-none}",
            "sender": "${SMTP_SENDER}",
            "to": "${SMTP_TO}",
        },
    ),
    service=serve_beside,
    look=Look("#555555", dark_accent="#bbbbbb", on_dark_accent="#1a1a1a"),
    first_message='mail --text "Hello"',
)
