"""Messages to people at Acme, sent with the application's token."""

from __future__ import annotations

from collections.abc import Sequence

from app.core.sending import Lent, Message, Pace, Part, Recipient, SendResult
from app.platforms.acme.account import AcmeAccount, content_of, text


class AcmeSender(AcmeAccount):
    """Sends messages; satisfies app.core.sending.Sender."""

    recipient_kinds: tuple[str, ...] = ("user_id",)
    most_recipients = 1
    recognises_repeats = False
    paces: tuple[Pace, ...] = ()

    def needs_app_token(self, _kind: str) -> bool:
        """Return true: everything Acme sends needs it."""
        return True

    def parts(self, message: Message, _kind: str) -> Sequence[Part]:
        """Acme takes plain text of any length."""
        return [Part({"text": message.text}, preview=message.text[:200])]

    def send(self, part: Part, to: Sequence[Recipient], lent: Lent) -> SendResult:
        """Send one part to one person, once."""
        answer = lent.http.request(
            "POST",
            f"{self.settings.api_base}/messages",
            json={"to": to[0].value, **part.body},
            headers={"Authorization": f"Bearer {lent.app_token}"},
        )
        return SendResult(message_id=text(content_of(answer), "message_id"))
