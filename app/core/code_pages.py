"""A page of ours on which a platform's own script hands out a login code, inside that platform's app (DingTalk's 免登).

Words only: the pipeline chooses the page, the web layer shows it, the platform says which script it needs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable


@dataclass(frozen=True, slots=True)
class CodeScript:
    """What such a page needs; `ready` and `ask` are dotted names of functions that the script at `address` puts into the page.

    `ready` calls a function once the script works. `ask` takes `parameters` with `onSuccess` and `onFail`, and hands `onSuccess` an
    object with `code`.
    """

    address: str
    ready: str
    ask: str
    parameters: Mapping[str, str]


@runtime_checkable
class ScriptedLogin(Protocol):
    """Has a kind of login page that is no address of the platform: a script of the platform's on a page of ours gets the code.

    The page posts it together with the state that it was given, and only a page of ours may. A LoginProvider too.
    """

    def code_script(self, page: str) -> CodeScript | None:
        """Return what the page of that kind needs (one of LoginPages.pages), None where the kind is the platform's own page."""
