"""Messages to people at Acme, sent with the application's token."""

from __future__ import annotations

from app.core.errors import UpstreamError
from app.core.ports import HttpClient
from app.core.values import Message, SendResult
from app.platforms.acme.account import AcmeAccount, content_of, text


class AcmeSender(AcmeAccount):
    """Sends messages; satisfies app.core.ports.Sender."""

    recipient_kinds: tuple[str, ...] = ("user_id",)
    sends_with_app_token = True

    def send(self, message: Message, http: HttpClient) -> SendResult:
        """Send one message to one person, once."""
        if len(message.to) != 1:
            raise UpstreamError("one_recipient", "Acme takes one recipient for each message.")
        answer = http.request(
            "POST",
            f"{self.settings.api_base}/messages",
            json={"to": message.to[0].value, "text": message.text},
            headers={"Authorization": f"Bearer {message.app_token}"},
        )
        return SendResult(message_id=text(content_of(answer), "message_id"))
