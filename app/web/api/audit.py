"""The audit over HTTP (CONTRACT §9): who did what to what, as pages or as a table."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, request

from app.pipeline.operators.audit import audit_table, list_audit_page
from app.pipeline.services import Services
from app.web.forms import given, wants_form
from app.web.guards import page_size, require_token
from app.web.openapi.described import (
    BAD_LIST,
    CSV,
    JSON,
    PAGED,
    SINCE,
    UNTIL,
    Answer,
    described,
    query,
)
from app.web.openapi.words import ANY, TEXT, TIME, WHOLE, one_of, page_of, text, thing

FILTERS = ("actor", "action", "target", "since", "until")
ENTRY = thing(
    "AuditEntry",
    id=WHOLE,
    at=TIME,
    actor=TEXT,
    action=TEXT,
    target=TEXT,
    outcome=TEXT,
    trace_id=TEXT,
    detail=ANY,
)
ENTRIES = page_of("AuditEntries", ENTRY)


def audit_blueprint(services: Services) -> Blueprint:
    """Return the route of the audit."""
    blueprint = Blueprint("audit_api", __name__, url_prefix="/api/v1")

    @blueprint.get("/audit")
    @require_token(services, "read")
    @described(
        "Audit",
        {200: (Answer(JSON, ENTRIES), Answer(CSV))},
        query=(
            query("actor", "Only what this user, token or program did.", text(most=191)),
            query("action", "Only this action.", text(most=64)),
            query("target", "Only what was done to this.", text(most=191)),
            SINCE,
            UNTIL,
            *PAGED,
            query("format", "csv: a table of up to 100,000 lines.", one_of(["json", "csv"])),
        ),
        refusals={400: f"{BAD_LIST} bad_format"},
    )
    def audit() -> Response:
        """List who did what to what, newest first; as CSV without pages."""
        wanted = given(*FILTERS)
        if wants_form(CSV, "csv"):
            response = Response(audit_table(services, wanted), content_type=f"{CSV}; charset=utf-8")
            response.headers["Content-Disposition"] = 'attachment; filename="audit.csv"'
            return response
        cursor = request.args.get("cursor")
        return jsonify(list_audit_page(services, wanted, cursor=cursor, limit=page_size()))

    return blueprint
