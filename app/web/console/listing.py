"""Lists of the console: filters that live in the address, the next page, and links that change one of them."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlencode

from flask import request

LONGEST_VALUE = 300
NOT_KEPT = ("done", "lang")


def wanted(names: Iterable[str]) -> dict[str, str]:
    """Return the filters of the address that say something, without blanks around them."""
    given = {name: request.args.get(name, "").strip()[:LONGEST_VALUE] for name in names}
    return {name: value for name, value in given.items() if value}


def page_link(**changes: str | int | None) -> str:
    """Return this page's address with some parameters changed, or taken away with None; what was just done is forgotten."""
    kept = {name: value for name, value in request.args.items() if name not in NOT_KEPT and value}
    query = {name: str(value) for name, value in {**kept, **changes}.items() if value is not None}
    return f"{request.path}?{urlencode(query)}" if query else request.path


def own_query(*, without: Iterable[str] = ("cursor",)) -> str:
    """Return the query of this page as a saved view keeps it."""
    left_out = {*NOT_KEPT, *without}
    return urlencode({name: value for name, value in request.args.items() if name not in left_out and value})
