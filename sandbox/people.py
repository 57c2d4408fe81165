"""The fictional people who use the simulated platforms, and how each platform names them.

Identifiers are derived from the person and the application, so one person has a different OpenID in every
application and the same UnionID everywhere, as on the real platforms. No state lives here.
"""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from dataclasses import dataclass


@dataclass(frozen=True)
class Person:
    """Somebody one can log in as."""

    key: str
    name_en: str
    name_zh: str
    number: int
    """The integer id the OAuth2 server uses."""
    mobile: str
    colour: str
    quota: int
    used_quota: int

    @property
    def email(self) -> str:
        """The person's address at a domain reserved for examples."""
        return f"{self.key}@example.com"

    def feishu_open_id(self, app_id: str) -> str:
        """The OpenID of this person in one Feishu application."""
        return "ou_" + _digest("feishu", app_id, self.key)[:32]

    @property
    def feishu_union_id(self) -> str:
        """The id shared by all Feishu applications of one developer."""
        return "on_" + _digest("feishu-union", self.key)[:32]

    @property
    def feishu_user_id(self) -> str:
        """The id inside the tenant."""
        return _digest("feishu-user", self.key)[:8]

    def wechat_open_id(self, app_id: str) -> str:
        """The OpenID of this person for one WeChat application: 28 characters that start with o."""
        return _wechat_id("open", app_id, self.key)

    @property
    def wechat_union_id(self) -> str:
        """The id shared inside one Open Platform account."""
        return _wechat_id("union", self.key)


PEOPLE: tuple[Person, ...] = (
    Person("linxiao", "Lin Xiao", "林晓", 10001, "+8613800000001", "#3d7ea6", 1_000_000, 250_000),
    Person("chenyutong", "Chen Yutong", "陈雨桐", 10002, "+8613800000002", "#b5654a", 320_000, 319_500),
    Person("wangzimo", "Wang Zimo", "王子墨", 10003, "+8613800000003", "#5b8c5a", 0, 0),
    Person("maya", "Maya Okafor", "玛雅·奥卡福", 10004, "+8613800000004", "#7a5c99", 50_000_000, 1),
)


def find_person(key: str) -> Person | None:
    """Returns the person with this key."""
    return next((person for person in PEOPLE if person.key == key), None)


def find_wechat_person(open_id: str, app_id: str) -> Person | None:
    """Returns whoever has this OpenID in this WeChat application."""
    return next((person for person in PEOPLE if person.wechat_open_id(app_id) == open_id), None)


def find_feishu_person(identifier: str, app_id: str) -> Person | None:
    """Returns whoever has this Feishu OpenID, UnionID, user id or e-mail address."""
    for person in PEOPLE:
        known = {person.feishu_open_id(app_id), person.feishu_union_id, person.feishu_user_id, person.email}
        if identifier in known:
            return person
    return None


def avatar_svg(person: Person) -> str:
    """Draws a round local avatar, so that no page loads a picture from elsewhere."""
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 96 96" width="96" height="96">'
        f'<rect width="96" height="96" rx="48" fill="{person.colour}"/>'
        '<text x="48" y="62" text-anchor="middle" font-size="42" fill="#fff" '
        f'font-family="sans-serif">{person.name_zh[0]}</text></svg>'
    )


def _digest(*parts: str) -> str:
    return hashlib.sha256("/".join(parts).encode()).hexdigest()


def _wechat_id(*parts: str) -> str:
    raw = hashlib.sha256("/".join(("wechat", *parts)).encode()).digest()
    return "o" + urlsafe_b64encode(raw).decode()[:27]
