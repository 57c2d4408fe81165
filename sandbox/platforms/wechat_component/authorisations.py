"""What the simulated third-party platform remembers: its newest ticket, codes that wait, and the tokens of its accounts.

No HTTP lives here; api.py answers from it, firing.py hands out what events carry.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sandbox.state import AppToken, SandboxState, random_text

ACCOUNT, ORIGINAL_ID, TITLE = "wxsandboxshop00001", "gh_sandboxshop1", "沙箱小店"
"""The one account that authorises here."""


@dataclass
class Code:
    """An authorisation code: it works once."""

    account: str
    expires_at: float
    used: bool = False


def _shelf(state: SandboxState) -> dict[str, Any]:
    return state.shelf("wechat_component")


def new_ticket(state: SandboxState) -> str:
    """Hands out a ticket; the ones before stay good for twelve hours."""
    ticket = f"ticket@@@{random_text(64)}"
    kept = state.app_tokens.setdefault("wechat_component.tickets", [])
    kept.append(AppToken(ticket, state.now() + state.lifetimes["wechat_component.ticket"]))
    return ticket


def new_code(state: SandboxState, account: str = ACCOUNT) -> tuple[str, float]:
    """Hands out an authorisation code with the time of its end."""
    code = f"queryauthcode@@@{random_text(48)}"
    ends_at = state.now() + state.lifetimes["wechat_component.code"]
    _codes(state)[code] = Code(account, ends_at)
    return code, ends_at


def spend_code(state: SandboxState, code: str) -> str | None:
    """Spends a code and returns the account it was for, None when it is not good."""
    found = _codes(state).get(code)
    if found is None or found.used or found.expires_at <= state.now():
        return None
    found.used = True
    return found.account


def new_tokens(state: SandboxState, account: str) -> tuple[str, str]:
    """Hands out an access token and the refresh token that is good from now on."""
    access, refresh = random_text(120), f"refreshtoken@@@{random_text(43)}"
    ends_at = state.now() + state.lifetimes["wechat_component.access_token"]
    state.app_tokens.setdefault(f"wechat_component.{account}", []).append(AppToken(access, ends_at))
    _refresh_tokens(state)[account] = refresh
    return access, refresh


def refresh_is_good(state: SandboxState, account: str, refresh: str) -> bool:
    """Tells whether a refresh token is the newest of an account that still authorises."""
    return bool(refresh) and _refresh_tokens(state).get(account) == refresh


def withdraw(state: SandboxState, account: str = ACCOUNT) -> None:
    """Ends an authorisation with all of its tokens."""
    _refresh_tokens(state).pop(account, None)
    for token in state.app_tokens.get(f"wechat_component.{account}", []):
        token.revoked = True


def is_authorised(state: SandboxState, account: str) -> bool:
    """Tells whether an account authorises at the moment."""
    return account in _refresh_tokens(state)


def original_ids(state: SandboxState) -> dict[str, str]:
    """Returns what messages call accounts, for those that a test adds."""
    found: dict[str, str] = _shelf(state).setdefault("original_ids", {ACCOUNT: ORIGINAL_ID})
    return found


def _codes(state: SandboxState) -> dict[str, Code]:
    found: dict[str, Code] = _shelf(state).setdefault("codes", {})
    return found


def _refresh_tokens(state: SandboxState) -> dict[str, str]:
    found: dict[str, str] = _shelf(state).setdefault("refresh_tokens", {})
    return found
