"""Messages by WxPusher, to people (uids) and topics.

What is odd: the answer is 200 whatever happened, and a good one still has a result for each receiver.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from app.config.platform_settings import plain_text
from app.core.errors import RequestError
from app.core.ports import HttpAnswer
from app.core.sending import Lent, Message, Pace, Part, QuotaReached, Recipient, SendRefused, SendResult
from app.core.values import JSON
from app.platforms.wxpusher.settings import WxpusherSettings
from app.wire.native_messages import native_content, preview_of, text_in
from app.wire.send_answers import Fault, check_busy, content_of, refusal, shown_code, text_of, unreadable
from app.wire.texts import Dialect, Limit, write_parts

PLATFORM_NAME: Final = "WxPusher"
MOST_CHARACTERS, MOST_SUMMARY, MOST_URL = 40_000, 100, 1000
MOST_PEOPLE, MOST_TOPICS = 2000, 5
MOST_BYTES: Final = 300_000
MARKDOWN: Final = 3
OURS: Final = ("appToken", "uids", "topicIds")
GOOD, TOO_FAST = 1000, 1008

FAULTS: Final = {
    "1001": Fault("content", "WxPusher refuses the message; check its fields."),
    "1002": Fault("settings", "WxPusher does not know app_token; copy it again from the application's page."),
    "1003": Fault("content", "The message was empty."),
    "1004": Fault("recipient", "WxPusher does not know the receiver; the person must follow the application first."),
    "1005": Fault("settings", "WxPusher does not let this application send; look at its page."),
    "1006": Fault("settings", "WxPusher does not let this application send; look at its page."),
    "1007": Fault("content", "The message is too long for WxPusher; shorten it."),
    "1009": Fault("recipient", "WxPusher does not let this receiver be written to."),
    "1010": Fault("settings", "This server's address may not call WxPusher; look at the application's list of addresses."),
}  # fmt: skip
"""1005, 1006 and 1009 are unconfirmed: no page explains them."""


@dataclass(frozen=True, repr=False)
class WxpusherApplication:
    """One application; sending is derived from it."""

    settings: WxpusherSettings


class WxpusherSender(WxpusherApplication):
    """Sends messages; satisfies app.core.sending.Sender and KindLimits. A `tag` is a topic."""

    most_recipients = MOST_TOPICS
    recognises_repeats = False
    # wxpusher-docs: 20 calls in 10 seconds (read 2026-11-28).
    paces: tuple[Pace, ...] = (Pace(20, 10.0),)

    @property
    def recipient_kinds(self) -> tuple[str, ...]:
        """People and topics; with some in the settings also nobody in particular."""
        has_own = self.settings.uids or self.settings.topic_ids
        return ("robot", "user_id", "tag") if has_own else ("user_id", "tag")

    def most_of_kind(self, kind: str) -> int:
        """Return 2,000 people or 5 topics."""
        return MOST_PEOPLE if kind == "user_id" else MOST_TOPICS

    def needs_app_token(self, kind: str) -> bool:
        """Return false: the application's token is in the settings and does not run out."""
        return False

    def parts(self, message: Message, kind: str) -> Sequence[Part]:
        """Turn a message into calls' bodies, without token and receivers."""
        if message.is_native:
            content = native_content(
                message,
                PLATFORM_NAME,
                types=("message",),
                any_of=("content",),
                ours=OURS,
                most_bytes=MOST_BYTES,
            )
            for name, most in (("content", MOST_CHARACTERS), ("summary", MOST_SUMMARY), ("url", MOST_URL)):
                text_in(content, name, most=most, platform=PLATFORM_NAME)
            if content.get("contentType", 1) not in (1, 2, 3):
                raise RequestError("bad_content", "`contentType` must be 1 (text), 2 (HTML) or 3 (Markdown).")
            return [Part(content, preview_of(content.get("summary"), content["content"]))]
        limit = Limit("characters", MOST_CHARACTERS, reserve=100)
        written = write_parts(
            message.title, message.text, message.format, Dialect.COMMONMARK, limit, title_in_text=True
        )
        return [
            Part(
                {
                    "content": each.text,
                    "contentType": MARKDOWN,
                    "summary": _summary(each.title or each.plain),
                },
                preview_of(each.title, each.plain),
            )
            for each in written
        ]

    def send(self, part: Part, to: Sequence[Recipient], lent: Lent) -> SendResult:
        """Send one part to people, to topics, or to whom the settings name, once."""
        body = {**part.body, **self._receivers(to), "appToken": plain_text(self.settings.app_token)}
        answer = lent.http.request("POST", f"{self.settings.api_base}/api/send/message", json=body)
        return _said(answer)

    def _receivers(self, to: Sequence[Recipient]) -> JSON:
        if to[0].kind == "robot":
            return {"uids": list(self.settings.uids), "topicIds": list(self.settings.topic_ids)}
        if to[0].kind == "user_id":
            return {"uids": [each.value for each in to]}
        if not all(each.value.isascii() and each.value.isdigit() for each in to):
            raise SendRefused("recipient", "A topic of WxPusher is a number.")
        return {"topicIds": [int(each.value[:18]) for each in to]}


def _summary(text: str) -> str:
    line = " ".join(text[: MOST_SUMMARY * 4].split())
    return line if len(line) <= MOST_SUMMARY else line[: MOST_SUMMARY - 1] + "…"


def _said(answer: HttpAnswer) -> SendResult:
    check_busy(answer, PLATFORM_NAME)
    content = content_of(answer, PLATFORM_NAME, FAULTS)
    code = content.get("code")
    if code is None:
        raise unreadable(PLATFORM_NAME)
    if code == TOO_FAST:
        raise QuotaReached(
            "WxPusher takes no more messages of this application for the moment; sending goes on by itself.",
            retry_after=10,
            platform_code="1008",
        )
    if code != GOOD:
        raise refusal(PLATFORM_NAME, code, FAULTS)
    return _of_each(content.get("data"))


def _of_each(data: Any) -> SendResult:
    """Read the result of each receiver; when none was taken, the first one's code is the message's."""
    results = [each for each in data if isinstance(each, Mapping)] if isinstance(data, list) else []
    if not results:
        raise unreadable(PLATFORM_NAME)
    lost = [each for each in results if each.get("code") != GOOD]
    if len(lost) == len(results):
        raise refusal(PLATFORM_NAME, lost[0].get("code"), FAULTS)
    taken = next(each for each in results if each.get("code") == GOOD)
    found = text_of(taken, "sendRecordId") or text_of(taken, "messageContentId")
    return SendResult(
        message_id=found, not_reached={_receiver(each): _why(each) for each in lost}, accepted_only=True
    )


def _receiver(result: Mapping[str, Any]) -> str:
    return text_of(result, "uid") or text_of(result, "topicId") or "a receiver"


def _why(result: Mapping[str, Any]) -> str:
    code = shown_code(result.get("code"))
    fault = FAULTS.get(code)
    return fault.sentence if fault is not None else f"WxPusher answered {code} for this receiver."
