"""Saving a view of a page, and forgetting one."""

from __future__ import annotations

from flask import Blueprint, Response, url_for

from app.core.errors import RequestError
from app.core.roles import Role
from app.pipeline.operators.console_views import remove_view, save_view
from app.pipeline.services import Services
from app.web.console.access import needs, the_operator
from app.web.console.forms import field
from app.web.people.login_errors import see_other

PAGES = frozenset({"events", "rejections", "dead_letters", "messages", "audit"})
"""Endpoints whose filters can be saved."""


def add_views(blueprint: Blueprint, services: Services) -> None:
    """Add both forms; their results lead back to the page they are about."""

    @blueprint.post("/views")
    @needs(Role.VIEWER)
    def save() -> Response:
        """Save the filters at hand under a name."""
        page, query = _page(), field("query")
        save_view(services, the_operator(), page=page, name=field("name"), query=query)
        return see_other(
            f"{_address(page)}?{query}&done=view_saved" if query else f"{_address(page)}?done=view_saved"
        )

    @blueprint.post("/views/remove")
    @needs(Role.VIEWER)
    def forget() -> Response:
        """Forget a view."""
        page = _page()
        remove_view(services, the_operator(), page=page, name=field("name"))
        return see_other(f"{_address(page)}?done=view_removed")


def _page() -> str:
    page = field("page")
    if page not in PAGES:
        raise RequestError("bad_view", f"Views can be saved of {', '.join(sorted(PAGES))}.")
    return page


def _address(page: str) -> str:
    return url_for(f"console.{page}")
