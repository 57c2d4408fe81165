"""The sample channel of e-mail, which takes no callbacks."""

from __future__ import annotations

from tests.platforms.samples import Sample

SAMPLES = (
    Sample("smtp", "", {"host": "mail.example.com", "sender": "ops@example.com", "to": ["you@example.com"]}),
)
OWN_VALUES = {
    "SMTP_PORT": "465",
    "SMTP_SENDER": "ops@example.com",
    "SMTP_TO": "you@example.com",
}
