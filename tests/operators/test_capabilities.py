"""One list of capabilities, held against the routes below /api/v1, the commands of `flask`, and the pages of the console."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

import click
import pytest
from flask import Flask

from app.factory import create_app
from app.pipeline.operators.capabilities import CAPABILITIES, PAGES_TO_COME
from app.pipeline.services import Services
from app.web.openapi.document import openapi_document
from tests.docs.pages import terminal

pytestmark = pytest.mark.backends("sqlite")
OURS = "/api/v1/"
CONSOLE = "console."


@pytest.fixture
def app(services_with: Callable[..., Services]) -> Flask:
    """A gateway that has the OpenID provider too."""
    return create_app(services=services_with(env={"CLIENT_REGISTRATION": "1"}))


def routes(app: Flask) -> Iterator[str]:
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith(OURS):
            yield from (f"{method} {rule.rule}" for method in (rule.methods or set()) - {"HEAD", "OPTIONS"})


def test_every_route_of_the_api_is_a_capability_and_every_capability_has_its_route(app: Flask) -> None:
    assert {each.api for each in CAPABILITIES if each.api} == set(routes(app))


def test_every_command_is_a_capability_and_every_capability_has_its_command(services: Services) -> None:
    typed = {name for name, command in terminal(services).items() if not isinstance(command, click.Group)}
    assert {each.command for each in CAPABILITIES if each.command} == typed | {"init"}


def test_every_route_of_a_capability_is_described(app: Flask, services: Services) -> None:
    paths = openapi_document(app, services.settings.public_base_url)["paths"]
    described = {f"{method.upper()} {path}" for path, item in paths.items() for method in item}
    wanted = {each.api.replace("<path:", "<") for each in CAPABILITIES if each.api}
    assert {each.replace("<", "{").replace(">", "}") for each in wanted} - described == set()


def test_what_lacks_a_door_says_why() -> None:
    for each in CAPABILITIES:
        is_whole = each.api is not None and each.command is not None and each.page is not None
        assert is_whole is not bool(each.without), each.name
        assert not each.without or each.without.endswith("."), each.name


def test_no_capability_is_named_twice() -> None:
    assert [name for name, count in Counter(each.name for each in CAPABILITIES).items() if count > 1] == []


def pages_of_console(app: Flask) -> set[str]:
    return {name.removeprefix(CONSOLE) for name in app.view_functions if name.startswith(CONSOLE)}


def test_the_pages_of_the_console_are_there_but_for_those_to_come(app: Flask) -> None:
    named = {each.page for each in CAPABILITIES if each.page is not None}
    assert named - pages_of_console(app) - PAGES_TO_COME == set()


def test_what_is_there_is_not_to_come(app: Flask) -> None:
    assert PAGES_TO_COME & pages_of_console(app) == set()
    assert {each.page for each in CAPABILITIES} >= PAGES_TO_COME
