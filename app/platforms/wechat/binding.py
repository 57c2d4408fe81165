"""Which events of an Official Account scan a scene, type a bind code, follow or leave.

Source: WeChat "接收事件推送" and "生成带参数的二维码" pages (read 2026-11-20).
"""

from __future__ import annotations

import re
import unicodedata

from app.core.values import BindSignal, Event
from app.platforms.wechat.account import WechatAccount
from app.wire.wechat_family.messages import word

SCENE_PREFIX = "qrscene_"
MAX_TEXT = 200
BIND_TEXT = re.compile(
    r"\s* (?:绑定|bind) [\s:]* (?P<code> [a-z0-9] (?:\s* [a-z0-9]){7} ) [\s.。!,;~、]*",
    re.IGNORECASE | re.VERBOSE | re.ASCII,
)
"""A code has eight characters; people add blanks anywhere and a full stop at the end."""


class WechatBinding(WechatAccount):
    """Reads bind signals; satisfies app.core.ports.BindSource."""

    def bind_signal(self, event: Event) -> BindSignal | None:
        """Read an event's meaning for binding, None when it has none. Case of event names varies."""
        if event.subject is None:
            return None
        key = word(event.data, "EventKey") or ""
        match event.type.lower():
            case "subscribe":
                return BindSignal(event.subject, scene=_followed_scene(key), subscribed=True)
            case "scan":
                return BindSignal(event.subject, scene=key or None, subscribed=True)
            case "unsubscribe":
                return BindSignal(event.subject, subscribed=False)
            case "message.text":
                code = typed_code(event.data.get("Content"))
                return BindSignal(event.subject, code=code) if code else None
        return None


def typed_code(content: object) -> str | None:
    """Return the bind code somebody typed, in capitals and without blanks; full-width characters count as theirs."""
    if not isinstance(content, str) or len(content) > MAX_TEXT:
        return None
    found = BIND_TEXT.fullmatch(unicodedata.normalize("NFKC", content))
    return "".join(found["code"].split()).upper() if found else None


def _followed_scene(key: str) -> str | None:
    """Take the prefix off once; `last_trade_no_…` or `scanbarcode|…` say how somebody came, not what they scanned."""
    return key.removeprefix(SCENE_PREFIX) or None if key.startswith(SCENE_PREFIX) else None
