"""Mail: the way out for letters, as a protocol; app.security.mail_client implements it with bounded time and size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Literal, Protocol


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where letters are handed in: `security` is `tls` (from the start) or `starttls`; `none` never sends a password."""

    host: str
    port: int
    security: Literal["tls", "starttls", "none"] = "tls"
    username: str = ""
    password: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class MailAnswer:
    """What a server said to a letter it took: its last line, and whom it refused, by address, with its words."""

    text: str
    refused: Mapping[str, str] = field(default_factory=dict)


class MailClient(Protocol):
    """Hands in letters, each once."""

    def send(self, server: MailServer, sender: str, to: Sequence[str], letter: EmailMessage) -> MailAnswer:
        """Hand in one letter.

        Raises SendRefused, QuotaReached (421, 45x), UpstreamUnavailable before the text was handed over, and
        OutcomeUnknown when the connection broke between the text's last line and the server's answer to it.
        """
