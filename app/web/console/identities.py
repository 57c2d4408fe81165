"""Identities: who has logged in, with which accounts; one person with their sessions; disabling, ending, taking an account away."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, make_response, render_template, request, url_for

from app.core.moments import as_text
from app.pipeline.operators.people import (
    PersonView,
    disable_person,
    enable_person,
    end_session_of_person,
    end_sessions_of_person,
    list_people,
    remove_identity,
    show_person,
)
from app.pipeline.services import Services
from app.web.console.access import the_operator
from app.web.console.forms import field
from app.web.people.login_errors import see_other

PAGE_SIZE = 50
ID_LENGTH = 32
LIVES, ENDED, EXPIRED = "open", "ended", "expired"
"""The states of a session."""


def add_identities(blueprint: Blueprint, services: Services) -> None:
    """Add the list and its buttons."""

    @blueprint.get("/identities")
    def identities() -> Response:
        """List identities with their people, newest first."""
        cursor = request.args.get("cursor", "")[:ID_LENGTH] or None
        found = list_people(services, limit=PAGE_SIZE + 1, before=cursor)
        items = [_shown(each) for each in found[:PAGE_SIZE]]
        more = items[-1]["id"] if len(found) > PAGE_SIZE else None
        return make_response(render_template("console/identities.html", items=items, next_cursor=more))

    _add_person(blueprint, services)
    _add_changes(blueprint, services)


def _add_person(blueprint: Blueprint, services: Services) -> None:
    @blueprint.get("/identities/users/<user>")
    def person(user: str) -> Response:
        """Show one person with their accounts and sessions, those that live first."""
        found, now = show_person(services, user), as_text(services.clock.now()) or ""
        sessions = [each | {"state": _state(each, now)} for each in found["sessions"]]
        page = render_template(
            "console/person.html",
            person=found,
            accounts={each["id"]: each for each in found["identities"]},
            sessions=sorted(sessions, key=lambda each: each["state"] != LIVES),
            lives=sum(each["state"] == LIVES for each in sessions),
        )
        return make_response(page)

    @blueprint.post("/identities/users/<user>/sessions/end")
    def end_person_sessions(user: str) -> Response:
        """End every session of somebody, in every process at once."""
        end_sessions_of_person(services, user, actor=the_operator().name)
        return see_other(url_for("console.person", user=user[:ID_LENGTH], done="person_sessions_ended"))

    @blueprint.post("/identities/users/<user>/sessions/<session>/end")
    def end_person_session(user: str, session: str) -> Response:
        """End one session of somebody, in every process at once."""
        end_session_of_person(services, user, session, actor=the_operator().name)
        return see_other(url_for("console.person", user=user[:ID_LENGTH], done="session_ended"))


def _add_changes(blueprint: Blueprint, services: Services) -> None:
    @blueprint.post("/identities/users/<user>/disable")
    def disable_user(user: str) -> Response:
        """End somebody's sessions and let them log in no more."""
        disable_person(services, user[:ID_LENGTH], actor=the_operator().name)
        return _back(user, "person_disabled")

    @blueprint.post("/identities/users/<user>/enable")
    def enable_user(user: str) -> Response:
        """Let somebody log in again."""
        enable_person(services, user[:ID_LENGTH], actor=the_operator().name)
        return _back(user, "person_enabled")

    @blueprint.post("/identities/users/<user>/<identity>/unlink")
    def unlink_identity(user: str, identity: str) -> Response:
        """Take an account away from somebody, with its tokens and sessions."""
        remove_identity(services, user[:ID_LENGTH], identity[:ID_LENGTH], actor=the_operator().name)
        return _back(user, "identity_removed")


def _shown(person: PersonView) -> dict[str, str | None]:
    identity = person.identity
    return {
        "id": identity.id,
        "user_id": identity.user_id,
        "channel": identity.channel,
        "issuer": identity.known.issuer,
        "subject": identity.known.subject,
        "subject_kind": identity.known.subject_kind,
        "union_id": identity.known.union_id,
        "name": identity.known.name,
        "first_login_at": as_text(identity.first_login_at),
        "last_login_at": as_text(identity.last_login_at),
        "disabled_at": as_text(person.disabled_at),
    }


def _state(session: dict[str, Any], now: str) -> str:
    if session["ended_at"]:
        return ENDED
    return LIVES if session["expires_at"] > now else EXPIRED


def _back(user: str, done: str) -> Response:
    """Lead back to the page that the button was on."""
    if field("from") == "person":
        return see_other(url_for("console.person", user=user[:ID_LENGTH], done=done))
    return see_other(url_for("console.identities", done=done))
