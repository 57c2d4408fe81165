"""The audit: who did what to what, looked for by filters; the same as a table to take away."""

from __future__ import annotations

import json
from typing import Any

from flask import Blueprint, Response, make_response, render_template, request

from app.core.visible import visible_line
from app.pipeline.operators.audit import audit_table, list_audit_page
from app.pipeline.operators.console_views import saved_views
from app.pipeline.services import Services
from app.security.redaction import redact_event
from app.web.console.access import the_operator
from app.web.console.bodies import to_choose
from app.web.console.listing import own_query, wanted

FILTERS = ("actor", "action", "target", "since", "until")
SHOWN = 50
CHOICES_AMONG = 200
LONGEST_DETAIL = 600


def add_audit(blueprint: Blueprint, services: Services) -> None:
    """Add the page and its table."""

    @blueprint.get("/audit")
    def audit() -> Response:
        """Show one page of entries."""
        filters, cursor = wanted(FILTERS), request.args.get("cursor") or None
        page = list_audit_page(services, filters, cursor=cursor, limit=SHOWN)
        newest = list_audit_page(services, {}, cursor=None, limit=CHOICES_AMONG)["items"]
        shown = render_template(
            "console/audit.html",
            page=page,
            items=[item | {"said": _said(item["detail"])} for item in page["items"]],
            wanted=filters,
            actions=to_choose(item["action"] for item in newest),
            actors=to_choose(item["actor"] for item in newest),
            saved=saved_views(services, the_operator(), "audit"),
            query=own_query(),
        )
        return make_response(shown)

    @blueprint.get("/audit.csv")
    def audit_csv() -> Response:
        """Hand out what the filters find as CSV."""
        response = Response(audit_table(services, wanted(FILTERS), is_masked=True), mimetype="text/csv")
        response.headers["Content-Disposition"] = 'attachment; filename="callgate-audit.csv"'
        return response


def _said(detail: Any) -> str:
    """Return the details of an entry as short text, without what nobody may read."""
    if not isinstance(detail, dict):
        return ""
    told = "; ".join(
        f"{name}: {_words(value)}" for name, value in redact_event(None, "", dict(detail)).items() if value
    )
    return visible_line(told[:LONGEST_DETAIL])


def _words(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_words(item)}" for name, item in value.items())
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
