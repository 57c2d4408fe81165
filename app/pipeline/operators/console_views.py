"""Saved views of console pages: a name for a set of filters, for the person who saved it."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import parse_qsl, urlencode

from app.core.errors import RefusedError, RequestError
from app.core.storable import is_storable
from app.pipeline.operators.console_access import Operator
from app.pipeline.services import Services
from app.storage.console.views import (
    LONGEST_QUERY,
    SavedView,
    count_views,
    delete_view,
    insert_view,
    list_views,
)

LONGEST_NAME, LONGEST_PAGE = 64, 32
MOST_VIEWS = 50
MOST_FILTERS = 40


def saved_views(services: Services, operator: Operator, page: str) -> Sequence[SavedView]:
    """Return somebody's views of a page."""
    with services.database.read() as tx:
        return list_views(tx, owner=operator.owner, page=page)


def save_view(services: Services, operator: Operator, *, page: str, name: str, query: str) -> None:
    """Save a view; one of the same name is replaced. Raises RequestError `bad_view`, RefusedError 409 for too many."""
    name = name.strip()
    if not name or not is_storable(name, LONGEST_NAME):
        raise RequestError("bad_view", f"Give the view a name of {LONGEST_NAME} characters at most.")
    tidy = _tidied(query)
    now = services.clock.now()
    with services.database.begin() as tx:
        if count_views(tx, owner=operator.owner, page=page) >= MOST_VIEWS:
            message = "There is no place for more saved views of this page; remove one first."
            raise RefusedError("too_many_views", message, http_status=409)
        insert_view(tx, owner=operator.owner, page=page, view=SavedView(name, tidy), saved_at=now)


def remove_view(services: Services, operator: Operator, *, page: str, name: str) -> None:
    """Forget a view; one that is gone already is no error."""
    name = name.strip()
    if not (is_storable(page, LONGEST_PAGE) and is_storable(name, LONGEST_NAME)):
        return
    with services.database.begin() as tx:
        delete_view(tx, owner=operator.owner, page=page, name=name)


def _tidied(query: str) -> str:
    """Return filters as an address holds them; raises RequestError for too many, too long ones and odd characters."""
    fault = RequestError("bad_view", "These filters cannot be saved.")
    if not is_storable(query, LONGEST_QUERY):
        raise fault
    try:
        tidy = urlencode(parse_qsl(query, max_num_fields=MOST_FILTERS))
    except ValueError:
        raise fault from None
    if not is_storable(tidy, LONGEST_QUERY):
        raise fault
    return tidy
