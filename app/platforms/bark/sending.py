"""Notifications by Bark, version 2 of its API.

What is odd: several devices are one call, which answers 200 whatever became of each. The error's words repeat the device's
key, so they are shown to nobody. Apple takes about 4 KB of everything together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from app.config.platform_settings import plain_text
from app.core.errors import UpstreamUnavailable
from app.core.ports import HttpAnswer
from app.core.sending import Lent, Message, Pace, Part, Recipient, SendRefused, SendResult
from app.core.values import JSON
from app.platforms.bark.settings import BarkSettings
from app.wire.native_messages import check_size, native_content, preview_of
from app.wire.send_answers import TOO_MANY_REQUESTS, Fault, check_busy, content_of, refusal, unreadable
from app.wire.texts import Dialect, Limit, WrittenPart, write_parts

PLATFORM_NAME: Final = "Bark"
MOST_TEXT_BYTES: Final = 2400
MOST_BYTES: Final = 3800
"""Apple takes 4096 bytes with what Bark adds; how much that is, is unconfirmed."""

OURS: Final = ("device_key", "device_keys")
DEAD_KEYS: Final = ("410", "baddevicetoken", "unregistered", "devicetokennotfortopic")
GOOD, BAD_REQUEST, SERVER_FAULT = 200, 400, 500

FAULTS: Final = {
    "400": Fault("settings", "The server does not know the device's key; copy it from the app again, and check api_base."),
    "404": Fault("settings", "There is no Bark at api_base; check the address."),
    "413": Fault("content", "The notification is too large for Apple; shorten it."),
}  # fmt: skip


@dataclass(frozen=True, repr=False)
class BarkDevices:
    """The devices of one channel; sending is derived from it."""

    settings: BarkSettings


class BarkSender(BarkDevices):
    """Sends messages; satisfies app.core.sending.Sender."""

    recipient_kinds: tuple[str, ...] = ("robot",)
    most_recipients = 1
    recognises_repeats = False
    # Neither Bark nor its page names a limit for calls (read 2026-11-28).
    paces: tuple[Pace, ...] = ()

    def needs_app_token(self, kind: str) -> bool:
        """Return false: the device's key is all there is."""
        return False

    def parts(self, message: Message, kind: str) -> Sequence[Part]:
        """Turn a message into notifications, without the devices."""
        if message.is_native:
            content = native_content(
                message, PLATFORM_NAME, types=("push",), any_of=("body", "markdown", "title", "ciphertext"), ours=OURS,
                most_bytes=MOST_BYTES,
            )  # fmt: skip
            return [
                Part(
                    content,
                    preview_of(content.get("body"), content.get("markdown"), content.get("title"), "push"),
                )
            ]
        limit = Limit("json_bytes", MOST_TEXT_BYTES, reserve=100)
        written = write_parts(message.title, message.text, message.format, Dialect.COMMONMARK, limit)
        parts = [Part(self._notification(each), preview_of(each.plain, each.title)) for each in written]
        for part in parts:
            check_size(part.body, MOST_BYTES, PLATFORM_NAME)
        return parts

    def send(self, part: Part, to: Sequence[Recipient], lent: Lent) -> SendResult:
        """Notify every device of the channel, once."""
        keys = [plain_text(each) for each in self.settings.device_key]
        devices = {"device_key": keys[0]} if len(keys) == 1 else {"device_keys": keys}
        answer = lent.http.request("POST", f"{self.settings.api_base}/push", json={**part.body, **devices})
        return _said(answer, keys)

    def _notification(self, written: WrittenPart) -> JSON:
        """Put a part into words; servers that know no Markdown show the beginning as plain text instead of "NoContent"."""
        own = self.settings
        has_markup = written.text != written.plain
        texts = {
            "title": written.title,
            "body": preview_of(written.plain) if has_markup else written.text,
            "markdown": written.text if has_markup else "",
        }
        chosen = {**texts, "group": own.group, "level": own.level}
        return {name: value for name, value in chosen.items() if value}


def _said(answer: HttpAnswer, keys: Sequence[str]) -> SendResult:
    if answer.status == TOO_MANY_REQUESTS or answer.status > SERVER_FAULT:
        check_busy(answer, PLATFORM_NAME)
    content = content_of(answer, PLATFORM_NAME, FAULTS)
    code = content.get("code")
    if code == GOOD and answer.status == GOOD:
        return _of_each(content.get("data"), keys) if len(keys) > 1 else SendResult(accepted_only=True)
    if code is None:
        raise unreadable(PLATFORM_NAME)
    if code == SERVER_FAULT:
        raise _push_failed(content)
    raise refusal(PLATFORM_NAME, code, FAULTS)


def _push_failed(content: Mapping[str, Any]) -> Exception:
    """Tell a device that is gone from a server that cannot reach Apple."""
    words = str(content.get("message", ""))[:500].lower()
    if any(word in words for word in DEAD_KEYS):
        return SendRefused(
            "settings",
            "Apple says that this device no longer has Bark; register it again in the app.",
            platform_code="500",
        )
    return UpstreamUnavailable(
        "Bark's server could not hand the notification to Apple; it is sent again later.",
        platform_code="500",
        was_sent=False,
    )


def _of_each(data: Any, keys: Sequence[str]) -> SendResult:
    """Say which devices were not reached; they are numbered, since their keys are secrets."""
    if not isinstance(data, list):
        raise unreadable(PLATFORM_NAME)
    said = {each.get("device_key"): each.get("code") for each in data[: len(keys)] if isinstance(each, dict)}
    lost = {
        f"device {number}": f"Bark answered {said.get(key, 'nothing')} for this device; is it still registered?"
        for number, key in enumerate(keys, 1)
        if said.get(key) != GOOD
    }
    if len(lost) == len(keys):
        raise SendRefused("settings", "Bark reached none of the devices; copy their keys again.")
    return SendResult(not_reached=lost, accepted_only=True)
