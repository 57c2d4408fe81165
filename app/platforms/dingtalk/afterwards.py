"""What DingTalk can do about messages it took: take them back, and tell of a work notice whom it reached.

Sources: DingTalk's pages 撤回工作通知消息 (24 hours), 获取工作通知消息的发送结果, 批量撤回人与机器人会话中机器人消息 and 企业机器人撤回内部群消息 (read
2026-11-29). What is odd: members who are over a limit stand in the result alone, under `forbidden_list`, with a number for the reason;
whom a department had is not told, so of departments nothing is asked. `unconfirmed`: 24 hours for robots.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from app.core.errors import UpstreamError
from app.core.sending import Lent, SendRefused
from app.core.sent_messages import Fate, Sent
from app.platforms.dingtalk.app_robot import app_robot_refusal
from app.platforms.dingtalk.send_rules import NOTICE, unwrapped
from app.platforms.dingtalk.sending import CHAT, MEMBER, ROBOT_KIND, TOKEN_HEADER, DingtalkSender
from app.wire.send_answers import CONTENT, OK, taken

NOTICE_RECALL_PATH: Final = "/topapi/message/corpconversation/recall"
NOTICE_RESULT_PATH: Final = "/topapi/message/corpconversation/getsendresult"
MEMBERS_RECALL_PATH: Final = "/v1.0/robot/otoMessages/batchRecall"
CHAT_RECALL_PATH: Final = "/v1.0/robot/groupMessages/recall"
MOST_NAMED: Final = 5000

FORBIDDEN: Final = {
    "143103": "The application's notices of this minute were used up; send it again.",
    "143104": "The company's notices of this minute were used up; send it again.",
    "143105": "This member had as many notices of the application as DingTalk allows in a day.",
    "143106": "This member had the same notice today already; DingTalk delivers it once a day.",
    "1430002": "DingTalk forbids something in the content.",
    "1430004": "This member is protected from notices (高管保护).",
}
HELD_BACK: Final = "DingTalk did not deliver it to this member because of a limit."
FAILED: Final = "DingTalk could not deliver it to this member."
UNKNOWN_MEMBER: Final = "DingTalk knows no such member, or the application does not see them."
NOT_TAKEN_BACK: Final = "DingTalk did not take the message back; it allows that for 24 hours."


class DingtalkMessages(DingtalkSender):
    """Sends messages and sees to them afterwards; satisfies Recaller and FateTeller beside what DingtalkSender does."""

    def recalls(self, kind: str) -> bool:
        """Say whether messages can be taken back: the application's can, a custom robot's have no id."""
        return kind != ROBOT_KIND

    def recall(self, sent: Sent, lent: Lent) -> None:
        """Take a notice back by its task, a message of the application's robot by its key."""
        if self.sends_notices(sent.kind):
            self._ask_about(NOTICE_RECALL_PATH, {"msg_task_id": sent.message_id}, lent)
            return
        named = {"openConversationId": sent.values[0]} if sent.kind == CHAT else {}
        body = {"robotCode": self.robot_code, "processQueryKeys": [sent.message_id], **named}
        answer = lent.http.request(
            "POST",
            self.settings.api_base + (CHAT_RECALL_PATH if sent.kind == CHAT else MEMBERS_RECALL_PATH),
            json=body,
            headers={TOKEN_HEADER: lent.app_token or ""},
        )
        try:
            content = answer.json_object()
        except UpstreamError:
            content = {}
        if answer.status != OK:
            raise app_robot_refusal(answer, content)
        if sent.message_id not in _texts(content.get("successResult")):
            raise SendRefused(CONTENT, NOT_TAKEN_BACK)

    def tells_fate(self, kind: str) -> bool:
        """Say whether it can be asked about this kind: members who got work notices."""
        return kind == MEMBER and self.sends_notices(kind)

    def fate(self, sent: Sent, lent: Lent) -> Fate:
        """Ask whom a work notice reached."""
        said = self._ask_about(NOTICE_RESULT_PATH, {"task_id": sent.message_id}, lent).get("send_result")
        result: Mapping[str, Any] = said if isinstance(said, Mapping) else {}
        missed = {
            **dict.fromkeys(_texts(result.get("invalid_user_id_list")), UNKNOWN_MEMBER),
            **dict.fromkeys(_texts(result.get("failed_user_id_list")), FAILED),
            **dict.fromkeys(_texts(result.get("forbidden_user_id_list")), HELD_BACK),
            **_forbidden(result.get("forbidden_list")),
        }
        have = {*_texts(result.get("read_user_id_list")), *_texts(result.get("unread_user_id_list"))}
        known = frozenset(sent.values)
        return Fate(
            known & have - missed.keys(), {name: why for name, why in missed.items() if name in known}
        )

    def _ask_about(self, path: str, about: Mapping[str, str], lent: Lent) -> Mapping[str, Any]:
        body = {"agent_id": self.settings.agent_id, **about}
        token = {"access_token": lent.app_token or ""}
        return taken(
            unwrapped(lent.http.request("POST", self.settings.oapi_base + path, params=token, json=body)),
            NOTICE,
        )


def _texts(value: object) -> list[str]:
    return [each for each in value[:MOST_NAMED] if isinstance(each, str)] if isinstance(value, list) else []


def _forbidden(value: object) -> dict[str, str]:
    """Return members whom a limit kept from it, each with the reason that its number stands for."""
    entries: Iterable[object] = value[:MOST_NAMED] if isinstance(value, list) else ()
    return {
        each["userid"]: FORBIDDEN.get(str(each.get("code")), HELD_BACK)
        for each in entries
        if isinstance(each, Mapping) and isinstance(each.get("userid"), str)
    }
