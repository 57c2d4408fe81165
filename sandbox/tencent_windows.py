"""When an account of Tencent's platforms may write to a person: windows that the person opens, agreements that are used up.

Protocol: developers.weixin.qq.com, "Customer messages", "Subscription notices" and "Mini Program: customer messages" (read 2026-11-28).
"""

from __future__ import annotations

from collections.abc import Mapping

from sandbox.simulated import Order
from sandbox.state import SandboxState

TWO_DAYS, MINUTE = 48 * 3600, 60
ACCOUNT_WINDOWS = {
    "message": (TWO_DAYS, 5),
    "CLICK": (MINUTE, 3),
    "subscribe": (MINUTE, 3),
    "SCAN": (MINUTE, 3),
}
PROGRAM_WINDOWS = {"message": (TWO_DAYS, 5), "user_enter_tempsession": (MINUTE, 2)}
OUTSIDE, USED_UP, NOT_AGREED = 45015, 45047, 43101
ANSWERS = {
    "subscribe_msg_popup_event": ("SubscribeMsgPopupEvent", "accept"),
    "subscribe_msg_change_event": ("SubscribeMsgChangeEvent", "reject"),
}
"""Where an event about agreements holds the answer, and what the samples say."""

WINDOWS, AGREEMENTS = "tencent.windows", "tencent.agreements"


def remember_event(
    state: SandboxState,
    open_id: str,
    order: Order,
    windows: Mapping[str, tuple[int, int]],
    template_id: str,
) -> None:
    """Remembers what an event of a person allows the account: a window, or one message of a template.

    `template_id` is the one that the platform's samples of such events name.
    """
    found = windows.get("message" if order.type.startswith("message.") else order.type)
    if found is not None:
        open_window(state, open_id, *found)
    if order.type in ANSWERS:
        member, usual = ANSWERS[order.type]
        listed = (order.data.get(member) or {}).get("List") or {}
        given = listed.get("SubscribeStatusString", usual)
        _remember_answer(state, open_id, str(listed.get("TemplateId", template_id)), str(given))


def open_window(state: SandboxState, open_id: str, seconds: int, most: int) -> None:
    """Opens a window for so many messages."""
    with state.lock:
        state.shelf(WINDOWS).setdefault(open_id, []).append([state.now() + seconds, most])


def use_window(state: SandboxState, open_id: str) -> int | None:
    """Uses up one message, of the window that ends first; returns the errcode where there is none left."""
    with state.lock:
        is_open = [each for each in state.shelf(WINDOWS).get(open_id, []) if each[0] > state.now()]
        usable = sorted(each for each in is_open if each[1] > 0)
        if not usable:
            return USED_UP if is_open else OUTSIDE
        usable[0][1] -= 1
    return None


def agree(state: SandboxState, open_id: str, template_id: str) -> None:
    """Lets the account send one message of a template."""
    with state.lock:
        agreements = state.shelf(AGREEMENTS)
        key = f"{open_id}:{template_id}"
        agreements[key] = agreements.get(key, 0) + 1


def use_agreement(state: SandboxState, open_id: str, template_id: str) -> int | None:
    """Uses up one agreement; returns the errcode where there is none."""
    with state.lock:
        agreements = state.shelf(AGREEMENTS)
        key = f"{open_id}:{template_id}"
        left: int = agreements.get(key, 0)
        if left == 0:
            return NOT_AGREED
        agreements[key] = left - 1
    return None


def _remember_answer(state: SandboxState, open_id: str, template_id: str, answer: str) -> None:
    if answer == "accept":
        agree(state, open_id, template_id)
    elif answer == "reject":
        with state.lock:
            state.shelf(AGREEMENTS).pop(f"{open_id}:{template_id}", None)
