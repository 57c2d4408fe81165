"""The mail client of a gateway that has none: every letter is refused with a sentence that says so."""

from __future__ import annotations

from collections.abc import Sequence
from email.message import EmailMessage

from app.core.mail import MailAnswer, MailServer
from app.core.sending import SendRefused


class NoMail:
    """Satisfies app.core.mail.MailClient."""

    def send(self, server: MailServer, sender: str, to: Sequence[str], letter: EmailMessage) -> MailAnswer:
        """Refuse; raises SendRefused."""
        raise SendRefused(
            "settings", "This version of the gateway hands in no letters; send through another channel."
        )
