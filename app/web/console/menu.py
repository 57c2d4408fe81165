"""The menu of the console: its pages in their groups. A page that is not here is reached from another one."""

from __future__ import annotations

from typing import NamedTuple

from flask_babel import lazy_gettext as _
from flask_babel.speaklater import LazyString

from app.core.roles import Role


class Entry(NamedTuple):
    """One line of the menu: the endpoint behind it, its words, its picture in icons.svg, who sees it."""

    endpoint: str
    title: LazyString
    icon: str
    least: Role = Role.VIEWER


class Group(NamedTuple):
    """Lines that belong together, under a word where there is one."""

    title: LazyString | str
    entries: tuple[Entry, ...]


MENU = (
    Group("", (Entry("console.overview", _("Overview"), "overview"),)),
    Group(
        _("Traffic"),
        (
            Entry("console.events", _("Events"), "events"),
            Entry("console.rejections", _("Rejections"), "rejections"),
            Entry("console.dead_letters", _("Dead letters"), "dead"),
            Entry("console.destinations", _("Destinations"), "destinations"),
        ),
    ),
    Group(
        _("Messages"),
        (
            Entry("console.messages", _("Messages"), "messages"),
            Entry("console.notifications", _("Notifications"), "notifications"),
        ),
    ),
    Group(
        _("People"),
        (
            Entry("console.identities", _("Identities"), "people"),
            Entry("console.bind_codes", _("Bind codes"), "bind"),
        ),
    ),
    Group(
        _("Set-up"),
        (
            Entry("console.channels", _("Channels"), "channels"),
            Entry("console.sources", _("Sources"), "sources"),
            Entry("console.app_tokens", _("App tokens"), "tokens"),
            Entry("console.api_tokens", _("API tokens"), "api", Role.ADMIN),
        ),
    ),
    Group(
        _("Administration"),
        (
            Entry("console.audit", _("Audit"), "audit"),
            Entry("console.settings", _("Settings"), "settings", Role.OPERATOR),
            Entry("console.bans", _("Bans"), "bans"),
            Entry("console.people", _("Operators"), "operators", Role.ADMIN),
            Entry("console.account", _("Your account"), "account"),
        ),
    ),
)


def menu_for(role: Role) -> list[Group]:
    """Return what somebody with a role sees."""
    return [
        Group(group.title, own)
        for group in MENU
        if (own := tuple(entry for entry in group.entries if role.includes(entry.least)))
    ]
