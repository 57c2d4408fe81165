"""People over HTTP (CONTRACT §9): who has logged in, letting them in no more, their sessions, everything about one of them."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Blueprint, Response, g, jsonify, request

from app.core.exact_json import write_json
from app.pipeline.operators.people import (
    disable_person,
    enable_person,
    end_session_of_person,
    end_sessions_of_person,
    list_people_page,
    remove_identity,
    show_person,
)
from app.pipeline.operators.personal_data import erase_person, export_person
from app.pipeline.services import Services
from app.web.errors import trace_id
from app.web.guards import known_members, page_size, require_token
from app.web.openapi.described import BAD_PAGE, NDJSON, PAGED, Answer, described
from app.web.openapi.words import (
    FLAG,
    ID,
    TEXT,
    TIME,
    WHOLE,
    body,
    extended,
    many,
    maybe,
    page_of,
    text,
    thing,
)

ABOUT = "People"
IDENTITY = thing(
    "Identity",
    id=ID,
    user_id=ID,
    channel=TEXT,
    issuer=TEXT,
    subject_kind=TEXT,
    subject=TEXT,
    union_id=maybe(TEXT),
    name=maybe(TEXT),
    avatar_url=maybe(TEXT),
    first_login_at=TIME,
    last_login_at=TIME,
)
PEOPLE = page_of("People", extended("IdentityOfPerson", IDENTITY, disabled_at=maybe(TIME)))
SESSION = thing(
    "Session",
    id=ID,
    identity_id=ID,
    created_at=TIME,
    last_seen_at=TIME,
    expires_at=TIME,
    ended_at=maybe(TIME),
)
PERSON = thing(
    "Person",
    user_id=ID,
    created_at=TIME,
    disabled_at=maybe(TIME),
    identities=many(IDENTITY),
    sessions=many(SESSION),
)
CHANGED = thing("ChangedPerson", user_id=ID, disabled=FLAG, sessions_ended=WHOLE)
ENDED = thing("EndedSessions", user_id=ID, sessions_ended=WHOLE)
ERASE = body("ErasePerson", needed=["reason"], reason=text(least=1, most=200))
ERASED = thing(
    "ErasedPerson",
    user_id=ID,
    erased=thing(
        "ErasedNumbers",
        events=WHOLE,
        messages=WHOLE,
        recipients=WHOLE,
        bindings=WHOLE,
        audit_targets=WHOLE,
        identities=WHOLE,
        users=WHOLE,
    ),
)
UNKNOWN = {404: "unknown_person"}


def people_blueprint(services: Services) -> Blueprint:
    """Return the routes about people."""
    blueprint = Blueprint("people_api", __name__, url_prefix="/api/v1/people")

    @blueprint.get("")
    @require_token(services, "read")
    @described(ABOUT, {200: PEOPLE}, query=PAGED, refusals={400: BAD_PAGE})
    def people() -> Response:
        """List identities with their people, newest first."""
        cursor = request.args.get("cursor")
        return jsonify(list_people_page(services, cursor=cursor, limit=page_size()))

    @blueprint.get("/<user_id>")
    @require_token(services, "read")
    @described(ABOUT, {200: PERSON}, refusals=UNKNOWN)
    def person(user_id: str) -> Response:
        """Show one person with identities and sessions."""
        return jsonify(show_person(services, user_id))

    _add_changes(blueprint, services)
    _add_sessions(blueprint, services)
    _add_personal_data(blueprint, services)
    return blueprint


def _add_changes(blueprint: Blueprint, services: Services) -> None:
    @blueprint.post("/<user_id>/disable")
    @require_token(services, "operate")
    @described(ABOUT, {200: CHANGED}, refusals=UNKNOWN)
    def disable(user_id: str) -> Response:
        """End a person's sessions, forget their tokens, and let them log in no more."""
        ended = disable_person(services, user_id, actor=g.api_token.name)
        return jsonify({"user_id": user_id, "disabled": True, "sessions_ended": ended})

    @blueprint.post("/<user_id>/enable")
    @require_token(services, "operate")
    @described(ABOUT, {200: CHANGED}, refusals=UNKNOWN)
    def enable(user_id: str) -> Response:
        """Let a disabled person log in again."""
        enable_person(services, user_id, actor=g.api_token.name)
        return jsonify({"user_id": user_id, "disabled": False, "sessions_ended": 0})

    @blueprint.delete("/<user_id>/identities/<identity_id>")
    @require_token(services, "operate")
    @described(ABOUT, {204: None}, refusals={404: "unknown_identity"})
    def unlink(user_id: str, identity_id: str) -> tuple[str, int]:
        """Take an identity away from a person, with its tokens and the sessions opened through it."""
        remove_identity(services, user_id, identity_id, actor=g.api_token.name)
        return "", 204


def _add_sessions(blueprint: Blueprint, services: Services) -> None:
    @blueprint.delete("/<user_id>/sessions")
    @require_token(services, "operate")
    @described(ABOUT, {200: ENDED}, refusals=UNKNOWN)
    def end_all(user_id: str) -> Response:
        """End every session of a person, on every process at once."""
        ended = end_sessions_of_person(services, user_id, actor=g.api_token.name)
        return jsonify({"user_id": user_id, "sessions_ended": ended})

    @blueprint.delete("/<user_id>/sessions/<session_id>")
    @require_token(services, "operate")
    @described(ABOUT, {204: None}, refusals={404: "unknown_session"})
    def end_one(user_id: str, session_id: str) -> tuple[str, int]:
        """End one session of a person, on every process at once."""
        end_session_of_person(services, user_id, session_id, actor=g.api_token.name)
        return "", 204


def _add_personal_data(blueprint: Blueprint, services: Services) -> None:
    @blueprint.get("/<user_id>/export")
    @require_token(services, "people")
    @described(ABOUT, {200: Answer(NDJSON)}, refusals=UNKNOWN)
    def export(user_id: str) -> Response:
        """Hand out everything about a person, one thing a line, each with its kind; audited."""
        found = export_person(services, user_id, actor=g.api_token.name, trace_id=trace_id())

        def lines() -> Iterator[bytes]:
            for each in found:
                yield write_json(each) + b"\n"

        return Response(lines(), content_type=NDJSON)

    @blueprint.post("/<user_id>/erase")
    @require_token(services, "people")
    @described(ABOUT, {200: ERASED}, body=ERASE, refusals=UNKNOWN | {400: "bad_reason unknown_field"})
    def erase(user_id: str) -> Response:
        """Erase everything about a person, stored bodies included; audited by numbers. There is no way back."""
        reason = known_members({"reason"}).get("reason")
        done = erase_person(services, user_id, reason=reason, actor=g.api_token.name, trace_id=trace_id())
        return jsonify(done)
