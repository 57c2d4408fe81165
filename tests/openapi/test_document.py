"""The document itself: whole, valid, and without what a reader would miss."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import jsonschema_rs
import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.config.api_tokens import SCOPES
from app.factory import create_app
from app.pipeline.services import Services
from app.web.openapi.described import description_of
from app.web.openapi.document import described_routes, openapi_document
from tests.docs.pages import CONTRACT, rows, section, spans

pytestmark = pytest.mark.backends("sqlite")
NOT_OF_THE_API = (
    "/bind/",
    "/webhooks/callgate-probe",
    "/.well-known/callgate-probe",
    "/metrics",
    "/oidc/",
    "/.well-known/o",
    "/me/",
    "/api/oauth",
    "/authorise/",
    "/dev/",
    "/static/",
    "/compat/",
    "/console/",
    "/docs",
)
"""Pages for people, files, and habits that other programs have described themselves."""

OF_OPENID = ("/oidc/", "/me/apps", "/.well-known/o", "/api/oauth")
"""The OpenID provider: its discovery document describes it, in the protocol's own words."""

ALSO_NOT = {"/", "/api/user/info", "/oauth/<channel>/code", "/oauth/done", "/<path:name>"}


@pytest.fixture
def app(services_with: Callable[..., Services]) -> Flask:
    """A gateway that has the OpenID provider too."""
    return create_app(services=services_with(env={"CLIENT_REGISTRATION": "1"}))


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def test_the_document_is_given_out_and_names_this_gateway(client: FlaskClient, services: Services) -> None:
    answer = client.get("/openapi.json")
    assert answer.status_code == 200
    document = answer.get_json()
    assert document["openapi"].startswith("3.1")
    assert document["servers"] == [{"url": services.settings.public_base_url}]
    assert json.loads(answer.data) == document


def test_every_route_of_the_api_is_described(app: Flask) -> None:
    missing = {
        rule.rule
        for rule in app.url_map.iter_rules()
        if description_of(app.view_functions[rule.endpoint]) is None
        and not rule.rule.startswith((*NOT_OF_THE_API, *OF_OPENID))
        and rule.rule not in ALSO_NOT
        and not rule.rule.startswith("/.well-known/<")
    }
    assert missing == set(), "put @described above the view; app/web/openapi/described.py says how"


def test_every_schema_is_one(app: Flask) -> None:
    document = openapi_document(app, "http://gateway.example")
    for name, schema in document["components"]["schemas"].items():
        jsonschema_rs.meta.validate(schema | {"$schema": "https://json-schema.org/draft/2020-12/schema"})
        assert schema["title"] == name


def test_every_reference_leads_somewhere(app: Flask) -> None:
    document = openapi_document(app, "http://gateway.example")
    named = set(re.findall(r'"#/components/schemas/(\w+)"', json.dumps(document)))
    assert named == set(document["components"]["schemas"])


def test_every_operation_says_what_it_does_and_has_a_name_of_its_own(app: Flask) -> None:
    operations = list(described_routes(app))
    for each in operations:
        assert each.sentence.endswith("."), each.path
    names = [each.id for each in operations]
    assert len(names) == len(set(names))


def test_every_scope_of_an_operation_is_one(app: Flask) -> None:
    assert {each.scope for each in described_routes(app)} - {None} <= SCOPES


def test_every_word_of_a_refusal_stands_in_the_contract(app: Flask) -> None:
    words = {
        word
        for each in described_routes(app)
        for group in each.description.refusals.values()
        for word in group.split()
    } - {"*"}
    known = {word for row in rows(section(CONTRACT, "11. Error words")) for word in spans(row[1])}
    assert words - known == set()


@pytest.mark.parametrize(("language", "word"), [("en", "The API"), ("zh-CN", "API 接口")])
def test_the_page_shows_every_operation_in_both_languages(
    client: FlaskClient, app: Flask, language: str, word: str
) -> None:
    answer = client.get(f"/docs?lang={language}", headers={"Accept": "text/html"})
    assert answer.status_code == 200
    assert f"<h1>{word}</h1>" in answer.text
    for each in described_routes(app):
        assert f'id="{each.id}"' in answer.text
    hosts = set(re.findall(r'(?:src|href)="(https?://[^"/]+)', answer.text))
    assert hosts == set()
