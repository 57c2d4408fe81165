"""What a login may say so that a login group can choose it, and join its people: two small protocols beside LoginProvider.

Like those in app.core.ports they are optional, pure, and asked by `isinstance`.
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable


@runtime_checkable
class BrowserFit(Protocol):
    """Logs people in only in some browsers, and says in which; a login without this fits every browser.

    A login group asks its channels in their order and takes the first one that fits.
    """

    def fits(self, user_agent: str) -> bool:
        """Say whether the login page works in a browser with this User-Agent, which is bounded text from outside."""


@runtime_checkable
class UnionLogin(Protocol):
    """Tells `Identity.union_id`, by which several applications of one platform know the same person.

    Only inside a login group, and only between channels with the same `union_issuer`, one union id is one user.
    """

    union_issuer: str
    """Who gives these union ids: the same text on every platform that tells them ("wechat")."""
