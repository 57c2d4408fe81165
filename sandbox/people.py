"""The fictional people who use the simulated platforms.

What a platform calls them is said by its own folder, which derives it from the person. No state lives here.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Person:
    """Somebody one can log in as."""

    key: str
    name_en: str
    name_zh: str
    number: int
    """An integer id, for platforms that count their people."""
    mobile: str
    colour: str

    @property
    def email(self) -> str:
        """The person's address at a domain reserved for examples."""
        return f"{self.key}@example.com"


PEOPLE: tuple[Person, ...] = (
    Person("linxiao", "Lin Xiao", "林晓", 10001, "+8613800000001", "#3d7ea6"),
    Person("chenyutong", "Chen Yutong", "陈雨桐", 10002, "+8613800000002", "#b5654a"),
    Person("wangzimo", "Wang Zimo", "王子墨", 10003, "+8613800000003", "#5b8c5a"),
    Person("maya", "Maya Okafor", "玛雅·奥卡福", 10004, "+8613800000004", "#7a5c99"),
)


def find_person(key: str) -> Person | None:
    """Returns the person with this key."""
    return next((person for person in PEOPLE if person.key == key), None)


def avatar_svg(person: Person) -> str:
    """Draws a round local avatar, so that no page loads a picture from elsewhere."""
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 96 96" width="96" height="96">'
        f'<rect width="96" height="96" rx="48" fill="{person.colour}"/>'
        '<text x="48" y="62" text-anchor="middle" font-size="42" fill="#fff" '
        f'font-family="sans-serif">{person.name_zh[0]}</text></svg>'
    )
