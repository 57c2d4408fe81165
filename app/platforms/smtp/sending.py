"""Letters by SMTP: plain text, and HTML beside it where the message has markup.

What is odd: a server's yes means that it goes on trying, not that the letter arrived; what comes back later comes as a
letter. The Message-ID is the same whenever a part is sent again, and most servers ignore that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Final

from app.config.platform_settings import plain_text
from app.core.errors import RequestError
from app.core.mail import MailServer
from app.core.sending import Lent, Message, Pace, Part, Recipient, SendRefused, SendResult
from app.core.values import JSON
from app.core.visible import is_one_line
from app.platforms.smtp.settings import ADDRESS, SmtpSettings
from app.wire.native_messages import native_content, preview_of, text_in
from app.wire.texts import Dialect, Limit, write_parts

PLATFORM_NAME: Final = "SMTP"
MOST_TEXT_BYTES: Final = 1_000_000
MOST_BYTES: Final = 5_000_000
MOST_SUBJECT: Final = 200
FIELDS: Final = frozenset({"subject", "text", "html"})


@dataclass(frozen=True, repr=False)
class SmtpAccount:
    """One account; sending is derived from it."""

    settings: SmtpSettings

    @property
    def server(self) -> MailServer:
        """Where letters are handed in."""
        own = self.settings
        return MailServer(own.host, own.port, own.security, own.username, plain_text(own.password))


class SmtpSender(SmtpAccount):
    """Sends messages; satisfies app.core.sending.Sender."""

    most_recipients = 50
    recognises_repeats = False
    # Each provider has limits of its own and says so with a 4xx.
    paces: tuple[Pace, ...] = ()

    @property
    def recipient_kinds(self) -> tuple[str, ...]:
        """Addresses; with some in the settings also nobody in particular."""
        return ("robot", "email") if self.settings.to else ("email",)

    def needs_app_token(self, kind: str) -> bool:
        """Return false: mail servers know passwords."""
        return False

    def parts(self, message: Message, kind: str) -> Sequence[Part]:
        """Turn a message into subject, text and HTML."""
        if message.is_native:
            return [
                Part(
                    _native(message), preview_of(message.content.get("subject"), message.content.get("text"))
                )
            ]
        limit = Limit("bytes", MOST_TEXT_BYTES)
        (written,) = write_parts(message.title, message.text, message.format, Dialect.HTML, limit, most=1)
        subject = preview_of(written.title, written.plain)
        html = {} if message.format == "text" else {"html": written.text}
        return [Part({"subject": subject, "text": written.plain or written.title, **html}, subject)]

    def send(self, part: Part, to: Sequence[Recipient], lent: Lent) -> SendResult:
        """Hand in one letter for all recipients; they do not see each other."""
        addresses = self.settings.to if to[0].kind == "robot" else tuple(each.value for each in to)
        if not all(ADDRESS.fullmatch(each) for each in addresses):
            raise SendRefused("recipient", "An address is not of the form name@example.com; correct it.")
        letter = self._letter(part.body, addresses, lent)
        answer = lent.mail.send(self.server, self.settings.sender, addresses, letter)
        return SendResult(str(letter["Message-ID"]), not_reached=answer.refused, accepted_only=True)

    def _letter(self, body: JSON, addresses: Sequence[str], lent: Lent) -> EmailMessage:
        own, letter = self.settings, EmailMessage()
        letter["From"] = Address(own.sender_name, addr_spec=own.sender)
        letter["To"] = addresses[0] if len(addresses) == 1 else "undisclosed-recipients:;"
        letter["Subject"] = body["subject"]
        letter["Date"] = format_datetime(lent.now)
        letter["Message-ID"] = f"<{lent.repeat_key}@{own.sender.rpartition('@')[2]}>"
        # RFC 3834 §5: no automatic letter answers it.
        letter["Auto-Submitted"] = "auto-generated"
        letter.set_content(body.get("text") or "", cte="base64")
        if html := body.get("html"):
            letter.add_alternative(html, subtype="html", cte="base64")
        return letter


def _native(message: Message) -> JSON:
    """Judge subject, text and HTML as a caller wrote them."""
    content = native_content(
        message, PLATFORM_NAME, types=("email",), any_of=("text", "html"), most_bytes=MOST_BYTES
    )
    if unknown := sorted(content.keys() - FIELDS):
        raise RequestError(
            "bad_content", f"A letter has subject, text and html, and no {', '.join(unknown)[:100]}."
        )
    text_in(content, "subject", most=MOST_SUBJECT, platform=PLATFORM_NAME)
    for name in ("text", "html"):
        text_in(content, name, most=MOST_BYTES, platform=PLATFORM_NAME)
    subject = content.get("subject")
    if not subject or not is_one_line(subject):
        raise RequestError("bad_content", "`subject` must be one line of text.")
    return content
