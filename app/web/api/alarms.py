"""The management API for what the watch found (CONTRACT §11)."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, request

from app.core.errors import RequestError
from app.core.states import AlarmKind
from app.pipeline.operators.alarms import current_alarms
from app.pipeline.services import Services
from app.pipeline.watch.words import LANGUAGES
from app.web.guards import require_token
from app.web.openapi.described import Parameter, described
from app.web.openapi.words import ADDRESS, OBJECT, TEXT, TIME, list_of, many, maybe, one_of, thing

ABOUT = "Alarms"
LANGUAGE = Parameter("language", "The language of the sentences; English unless given.", one_of(LANGUAGES))
ALARM = thing(
    "Alarm",
    kind=one_of(AlarmKind),
    subject=maybe(TEXT),
    sentence=TEXT,
    details=many(TEXT),
    facts=OBJECT,
    began_at=TIME,
    seen_at=TIME,
    told_at=maybe(TIME),
    link=ADDRESS,
)
ALARMS = list_of("Alarms", ALARM)


def alarms_blueprint(services: Services) -> Blueprint:
    """Return the reading route."""
    blueprint = Blueprint("alarms_api", __name__, url_prefix="/api/v1")

    @blueprint.get("/alarms")
    @require_token(services, "read")
    @described(ABOUT, {200: ALARMS}, query=(LANGUAGE,), refusals={400: "bad_language"})
    def alarms() -> Response:
        """List what needs a person now, the newest first."""
        language = request.args.get("language", "en")
        if language not in LANGUAGES:
            raise RequestError("bad_language", f"language must be one of {', '.join(LANGUAGES)}.")
        return jsonify({"items": current_alarms(services, language=language)})

    return blueprint
