"""Identities: who has logged in, with which accounts; disabling somebody, and taking an account away."""

from __future__ import annotations

from flask import Blueprint, Response, make_response, render_template, request, url_for

from app.core.moments import as_text
from app.pipeline.operators.people import (
    PersonView,
    disable_person,
    enable_person,
    list_people,
    remove_identity,
)
from app.pipeline.services import Services
from app.web.console.access import the_operator
from app.web.people.login_errors import see_other

PAGE_SIZE = 50
ID_LENGTH = 32


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

    @blueprint.post("/identities/users/<user>/disable")
    def disable_user(user: str) -> Response:
        """End somebody's sessions and let them log in no more."""
        disable_person(services, user[:ID_LENGTH], actor=the_operator().name)
        return _back("person_disabled")

    @blueprint.post("/identities/users/<user>/enable")
    def enable_user(user: str) -> Response:
        """Let somebody log in again."""
        enable_person(services, user[:ID_LENGTH], actor=the_operator().name)
        return _back("person_enabled")

    @blueprint.post("/identities/users/<user>/<identity>/unlink")
    def unlink_identity(user: str, identity: str) -> Response:
        """Take an account away from somebody, with its tokens and sessions."""
        remove_identity(services, user[:ID_LENGTH], identity[:ID_LENGTH], actor=the_operator().name)
        return _back("identity_removed")


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


def _back(done: str) -> Response:
    return see_other(url_for("console.identities", done=done))
