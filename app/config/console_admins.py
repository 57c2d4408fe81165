"""Platform accounts that may use the console, as CONSOLE_ADMINS names them: values, nothing is looked up here."""

from __future__ import annotations

from typing import NamedTuple

from app.core.roles import Role


class ConsoleAdmin(NamedTuple):
    """One account: whoever logs in on this channel as this subject has this role."""

    channel: str
    subject: str
    role: Role


def read_console_admin(entry: str) -> ConsoleAdmin:
    """Read `channel:subject` or `channel:subject:role`, a viewer where no role stands there; raises ValueError with a sentence."""
    channel, _, rest = entry.partition(":")
    subject, _, role = rest.rpartition(":")
    if not subject or role not in set(Role):
        subject, role = rest, Role.VIEWER
    if not channel or not subject or subject.startswith(":"):
        raise ValueError(
            "each entry is channel:subject or channel:subject:role, with viewer, operator or admin as role"
        )
    return ConsoleAdmin(channel, subject, Role(role))
