"""WeChat's release test (全网发布检测): what its test accounts must be answered before a third-party platform is published.

Source: WeChat Open Platform page "全网发布接入检测说明" (read 2026-11-28); the answer to events is on older copies of the page
only. Nobody else is ever answered so: both ids of a message must be those of one test account.
"""

from __future__ import annotations

from collections.abc import Mapping

from app.core.values import ParsedEvent
from app.wire.wechat_family.messages import word

TEXT = "TESTCOMPONENT_MSG_TYPE_TEXT"
TEXT_ANSWER = "TESTCOMPONENT_MSG_TYPE_TEXT_callback"
CODE_PREFIX = "QUERY_AUTH_CODE:"
LONGEST_CODE = 512

TEST_ACCOUNTS: Mapping[str, str] = {
    "wx570bc396a51b8ff8": "gh_3c884a361561",
    "wx9252c5e0bb1836fc": "gh_c0f28a78b318",
    "wx8e1097c5bc82cde9": "gh_3f222ed8d140",
    "wx14550af28c71a144": "gh_26128078e9ab",
    "wxa35b9c23cfe664eb": "gh_2b3713f184a6",
    "wxd101a85aa106f53e": "gh_8dad206e9538",
    "wxc39235c15087f6f3": "gh_905ae9d01059",
    "wx7720d01d4b2a4500": "gh_393666f1fdf4",
    "wx05d483572dcd5d8b": "gh_39abb5d4e1b7",
    "wx5910277cae6fd970": "gh_7818dcb60240",
}
"""AppID and original id of each; the first five are Official Accounts, the others Mini Programs."""


def release_answer(parsed: ParsedEvent) -> str | None:
    """Return the text that a message of the test wants at once, None for every other message."""
    if not _is_of_the_test(parsed):
        return None
    if parsed.type == "message.text":
        return TEXT_ANSWER if parsed.data.get("Content") == TEXT else None
    is_event = not parsed.type.startswith("message.")
    return f"{word(parsed.data, 'Event')}from_callback" if is_event else None


def code_to_answer(parsed: ParsedEvent) -> str | None:
    """Return the code that the test wants to be redeemed and answered by the API, None for every other message."""
    content = parsed.data.get("Content")
    if parsed.type != "message.text" or not isinstance(content, str) or not _is_of_the_test(parsed):
        return None
    code = content.removeprefix(CODE_PREFIX)
    is_usable = code != content and 0 < len(code) <= LONGEST_CODE and code.isascii() and code.isprintable()
    return code if is_usable else None


def _is_of_the_test(parsed: ParsedEvent) -> bool:
    if "InfoType" in parsed.data:
        return False
    original = TEST_ACCOUNTS.get(word(parsed.data, "AuthorizerAppid") or "")
    return original is not None and word(parsed.data, "ToUserName") == original
