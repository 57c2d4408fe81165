"""The operators: who may use the console, with which role, and the sessions that are open. For admins."""

from __future__ import annotations

from flask import Blueprint, Response, make_response, render_template, url_for

from app.core.roles import Role
from app.pipeline.operators.console_access import console_sessions_view, end_console_session
from app.pipeline.operators.console_people import (
    add_console_person,
    console_people_view,
    read_role,
    remove_console_person,
    set_console_password,
    set_console_role,
)
from app.pipeline.services import Services
from app.web.console.access import needs, the_operator
from app.web.console.forms import field
from app.web.people.login_errors import see_other


def add_people(blueprint: Blueprint, services: Services) -> None:
    """Add the page and its forms."""

    @blueprint.get("/operators")
    @needs(Role.ADMIN)
    def people() -> Response:
        """Show who may use the console."""
        page = render_template(
            "console/people.html",
            people=console_people_view(services),
            sessions=console_sessions_view(services),
            roles=list(Role),
        )
        return make_response(page)

    @blueprint.post("/operators")
    @needs(Role.ADMIN)
    def add_person() -> Response:
        """Add somebody with a password."""
        role = read_role(field("role"))
        name = field("name").strip()
        add_console_person(services, name, field("password"), role, actor=the_operator().name)
        return _back("person_added")

    _add_changes(blueprint, services)


def _add_changes(blueprint: Blueprint, services: Services) -> None:
    @blueprint.post("/operators/<name>/role")
    @needs(Role.ADMIN)
    def change_role(name: str) -> Response:
        """Give somebody another role."""
        set_console_role(services, name, read_role(field("role")), actor=the_operator().name)
        return _back("role_changed")

    @blueprint.post("/operators/<name>/password")
    @needs(Role.ADMIN)
    def change_password(name: str) -> Response:
        """Give somebody another password."""
        set_console_password(services, name, field("password"), actor=the_operator().name)
        return _back("password_changed")

    @blueprint.post("/operators/<name>/remove")
    @needs(Role.ADMIN)
    def remove_person(name: str) -> Response:
        """Let somebody sign in no more."""
        remove_console_person(services, name, actor=the_operator().name)
        return _back("person_removed")

    @blueprint.post("/operators/sessions/<session_id>/end")
    @needs(Role.ADMIN)
    def end_session(session_id: str) -> Response:
        """End one session of anybody."""
        end_console_session(services, session_id[:32], actor=the_operator().name)
        return _back("session_ended")


def _back(done: str) -> Response:
    return see_other(url_for("console.people", done=done))
