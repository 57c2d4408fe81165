"""What the simulated suite remembers: its tickets, codes that wait, and the permanent code of its company.

No HTTP lives here; api.py answers from it, firing.py hands out what events carry.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sandbox.state import AppToken, SandboxState, random_text

COMPANY, TITLE = "wwsandboxcompany01", "沙箱科技"
"""The one company that authorises here."""

TICKETS, TOKENS = "wecom_suite.tickets", "wecom_suite.company"


@dataclass
class Code:
    """An authorisation code: it works once."""

    company: str
    expires_at: float
    used: bool = False


def new_ticket(state: SandboxState) -> str:
    """Hands out a ticket; the ones before stay good for half an hour."""
    ticket = random_text(64)
    ends_at = state.now() + state.lifetimes["wecom_suite.ticket"]
    state.app_tokens.setdefault(TICKETS, []).append(AppToken(ticket, ends_at))
    return ticket


def new_code(state: SandboxState, company: str = COMPANY) -> str:
    """Hands out an authorisation code."""
    code = random_text(64)
    _shelf(state, "codes")[code] = Code(company, state.now() + state.lifetimes["wecom_suite.code"])
    return code


def spend_code(state: SandboxState, code: str) -> tuple[str, str] | None:
    """Spends a code and returns its company with the permanent code, None when it is not good."""
    found = _shelf(state, "codes").get(code)
    if found is None or found.used or found.expires_at <= state.now():
        return None
    found.used = True
    permanent = random_text(43)
    _shelf(state, "permanent")[found.company] = permanent
    return found.company, permanent


def company_token(state: SandboxState, company: str, permanent: str) -> AppToken | None:
    """Returns the company's access token, the same one while it lives; None for a permanent code that is not good."""
    if not permanent or _shelf(state, "permanent").get(company) != permanent:
        return None
    kept = state.app_tokens.setdefault(TOKENS, [])
    living = [token for token in kept if state.is_alive(token)]
    if not living:
        kept.append(AppToken(random_text(120), state.now() + state.lifetimes["wecom_suite.access_token"]))
    return kept[-1]


def withdraw(state: SandboxState, company: str = COMPANY) -> None:
    """Ends an authorisation with all of its tokens."""
    _shelf(state, "permanent").pop(company, None)
    for token in state.app_tokens.get(TOKENS, []):
        token.revoked = True


def _shelf(state: SandboxState, name: str) -> dict[str, Any]:
    found: dict[str, Any] = state.shelf("wecom_suite").setdefault(name, {})
    return found
