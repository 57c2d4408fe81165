"""Fixtures of the console tests: a gateway with a first person, and an operator's browser."""

from __future__ import annotations

import pytest
from flask import Flask

from app.core.roles import Role
from app.factory import create_app
from app.pipeline.operators.console_people import add_console_person
from app.pipeline.services import Services
from app.storage.database.db import Database
from tests.builders import FrozenClock, make_services
from tests.console.desk import BASE_URL, PASSWORD, Desk

OTHERS_PASSWORD = "Lm4-somebodys-word"


@pytest.fixture
def services(database: Database, clock: FrozenClock) -> Services:
    """Join services whose console has a first person."""
    env = {"PUBLIC_BASE_URL": BASE_URL, "ADMIN_PASSWORD": PASSWORD}
    return make_services(database, env=env, clock=clock)


@pytest.fixture
def app(services: Services) -> Flask:
    """Return the application."""
    return create_app(services=services)


@pytest.fixture
def stranger(app: Flask) -> Desk:
    """Return a browser that is not signed in."""
    return Desk(app)


@pytest.fixture
def admin(app: Flask) -> Desk:
    """Return the browser of the first person."""
    desk = Desk(app)
    assert desk.sign_in().status_code == 303
    return desk


def somebody(services: Services, app: Flask, role: Role) -> Desk:
    """Add a person with a role and return their browser, signed in."""
    add_console_person(services, f"the-{role.value}x", OTHERS_PASSWORD, role, actor="test")
    desk = Desk(app)
    assert desk.sign_in(f"the-{role.value}x", OTHERS_PASSWORD).status_code == 303
    return desk


@pytest.fixture
def viewer(services: Services, app: Flask) -> Desk:
    """Return the browser of somebody who only looks."""
    return somebody(services, app, Role.VIEWER)


@pytest.fixture
def operator(services: Services, app: Flask) -> Desk:
    """Return the browser of somebody who acts."""
    return somebody(services, app, Role.OPERATOR)
