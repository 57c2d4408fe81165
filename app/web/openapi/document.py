"""The OpenAPI 3.1 document, made from the routes and what is said beside their views.

Source: OpenAPI Specification 3.1.1 (read 2026-11-29).
"""

from __future__ import annotations

import inspect
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from flask import Flask
from werkzeug.routing import Rule

from app.web.openapi.callback_addresses import CALLBACK_PATHS
from app.web.openapi.described import (
    HTML,
    JSON,
    Answer,
    Description,
    Parameter,
    Proof,
    description_of,
    scope_of,
)
from app.web.openapi.words import NAMED, TEXT, Schema, thing

Json = dict[str, Any]

OPENAPI, TITLE, VERSION = "3.1.1", "Callgate", "1"
REF, SCHEMAS = "$ref", "#/components/schemas/"
OTHERS = "*"
"""Stands among the words of refusals for those of a platform."""

FOR_PROGRAMS = ("/api/", "/send/", "/auth/", "/.well-known/", "/openapi.json")
"""Refusals here are JSON, whatever a browser wishes (web/error_pages.py)."""

NOT_METHODS = {"HEAD", "OPTIONS"}
ERROR = thing("Error", error=TEXT, message=TEXT, trace_id=TEXT)
PROOFS: Mapping[Proof, list[Json]] = {
    Proof.TOKEN: [{"api_token": []}],
    Proof.SESSION: [{"session": []}, {"session_cookie": []}],
    Proof.SIGNATURE: [{"signature": []}],
    Proof.KEY: [],
    Proof.NONE: [],
}
SECURITY_SCHEMES: Json = {
    "api_token": {
        "type": "http",
        "scheme": "bearer",
        "description": "An API token with the scope that the operation names.",
    },
    "session": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "A person's session token.",
    },
    "session_cookie": {
        "type": "apiKey",
        "in": "cookie",
        "name": "callgate_session",
        "description": "The same as a cookie.",
    },
    "signature": {
        "type": "apiKey",
        "in": "header",
        "name": "X-Signature",
        "description": "HMAC-SHA256 over the body, with the channel's secret.",
    },
}
EVERYWHERE: Mapping[int, str] = {429: "rate_limited banned", 503: "store_unavailable too_busy"}
MAY_FAIL: Mapping[int, str] = {400: "unstorable_value"}
ODD_NAME: Mapping[int, str] = {404: "not_found"}
"""A name in the address with a slash or a line end is no address of ours."""

OF_BODY: Mapping[int, str] = {400: "bad_json truncated_body", 408: "body_too_slow", 413: "body_too_large"}
OF_TOKEN: Mapping[int, str] = {401: "unauthorized", 403: "missing_scope"}
OF_SESSION: Mapping[int, str] = {401: "unauthorized login_required"}
PATH_SENTENCES: Mapping[str, str] = {
    "event_id": "The id of an event.",
    "channel": "The name of a channel.",
    "message_id": "The id of a message.",
    "user_id": "The id of a person.",
    "name": "The name in the channels file.",
}


def openapi_document(app: Flask, base: str) -> Json:
    """Return the whole document; `base` is where this gateway is reached."""
    named: dict[str, Schema] = {}
    paths: dict[str, Json] = {}
    for operation in described_routes(app):
        made = _operation(operation, named)
        paths.setdefault(operation.path, {})[operation.method.lower()] = made
    return {
        "openapi": OPENAPI,
        "info": {"title": TITLE, "version": VERSION, "description": "The API of this gateway."},
        "servers": [{"url": base}],
        "tags": [
            {"name": name} for name in dict.fromkeys(each.description.about for each in described_routes(app))
        ],
        "paths": dict(sorted(paths.items())) | CALLBACK_PATHS,
        "components": {
            "schemas": dict(sorted(named.items())),
            "securitySchemes": SECURITY_SCHEMES,
        },
    }


class Operation:
    """One method of one route, with what is said beside its view."""

    def __init__(self, rule: Rule, method: str, view: Any, description: Description) -> None:
        self.rule, self.method, self.description = rule, method, description
        self.scope = scope_of(view)
        self.path = path_of(rule)
        self.names = sorted(rule.arguments, key=self.path.index)
        self.sentence = (inspect.getdoc(view) or "").partition("\n")[0]

    @property
    def id(self) -> str:
        """A name of its own, made of method and address."""
        words = [word.strip("{}<>") for word in self.path.split("/") if word]
        return "_".join([self.method.lower(), *words]).replace("-", "_").replace(".", "_").replace("}", "")


def described_routes(app: Flask) -> Iterator[Operation]:
    """Yield every described route, method by method, in the order of heads and addresses."""
    found = []
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        description = description_of(view)
        if description is not None:
            found += [
                Operation(rule, method, view, description)
                for method in sorted((rule.methods or set()) - NOT_METHODS)
            ]
    yield from sorted(found, key=lambda each: (each.description.about, each.path, each.method))


def path_of(rule: Rule) -> str:
    """Return the address of a route as OpenAPI writes it."""
    parts = ("{" + part + "}" if is_name else part for is_name, part in _parts(rule.rule))
    return "".join(parts)


def _parts(text: str) -> Iterator[tuple[bool, str]]:
    """Yield the pieces of a rule, each with whether it is a parameter's name."""
    for piece in text.replace("<", "\0<").replace(">", "\0").split("\0"):
        if piece.startswith("<"):
            yield True, piece[1:].rpartition(":")[2]
        elif piece:
            yield False, piece


def _operation(operation: Operation, named: dict[str, Schema]) -> Json:
    description = operation.description
    made: Json = {
        "operationId": operation.id,
        "summary": operation.sentence,
        "tags": [description.about],
        "security": PROOFS[description.proof],
    }
    if operation.scope is not None:
        made["x-scope"] = operation.scope
    if parameters := [*_path_parameters(operation.names), *_parameters(description.query)]:
        made["parameters"] = parameters
    if description.body is not None:
        content = {description.body_form: {"schema": _referring(description.body, named)}}
        made["requestBody"] = {"required": not description.may_lack_body, "content": content}
    made["responses"] = _answers(description, named) | _refusals(operation, named)
    return made


def _path_parameters(names: Iterable[str]) -> Iterator[Json]:
    for name in names:
        yield {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "string", "minLength": 1, "maxLength": 255},
            **({"description": PATH_SENTENCES[name]} if name in PATH_SENTENCES else {}),
        }


def _parameters(given: Iterable[Parameter]) -> Iterator[Json]:
    for each in given:
        yield {
            "name": each.name,
            "in": each.place,
            "required": each.is_needed,
            "description": each.sentence,
            "schema": each.schema,
        }


def _answers(description: Description, named: dict[str, Schema]) -> Json:
    made: Json = {}
    for status, given in description.answers.items():
        answers = given if isinstance(given, tuple) else (given,)
        content = {}
        for each in answers:
            if isinstance(each, Answer):
                schema = {} if each.schema is None else _referring(each.schema, named)
                content[each.form] = {"schema": schema} if schema else {}
            elif each is not None:
                content[JSON] = {"schema": _referring(each, named)}
        made[str(status)] = {"description": "Done.", **({"content": content} if content else {})}
    return made


def _refusals(operation: Operation, named: dict[str, Schema]) -> Json:
    words: dict[int, dict[str, None]] = {}
    for group in _groups(operation):
        for status, each in group.items():
            words.setdefault(status, {}).update(dict.fromkeys(each.split()))
    _referring(ERROR, named)
    forms: Json = {} if operation.path.startswith(FOR_PROGRAMS) else {HTML: {}}
    return {
        str(status): {
            "description": "Refused: " + ", ".join(word for word in each if word != OTHERS) + ".",
            "content": {JSON: {"schema": _error(each)}, **forms},
        }
        for status, each in sorted(words.items())
        if status not in operation.description.answers
    }


def _groups(operation: Operation) -> Iterator[Mapping[int, str]]:
    description = operation.description
    yield description.refusals
    yield EVERYWHERE
    if description.query or operation.names:
        yield MAY_FAIL
    if operation.names:
        yield ODD_NAME
    if description.body is not None:
        yield OF_BODY
    if description.proof is Proof.TOKEN:
        yield OF_TOKEN
    if description.proof is Proof.SESSION:
        yield OF_SESSION


def _error(words: Collection[str]) -> Schema:
    """Return the schema of a refusal; where a platform's own words may stand there, any word is right."""
    if OTHERS in words:
        return {REF: SCHEMAS + "Error"}
    return {"allOf": [{REF: SCHEMAS + "Error"}, {"properties": {"error": {"enum": list(words)}}}]}


def _referring(schema: Schema, named: dict[str, Schema]) -> Schema:
    """Return a schema in which those with names are references, and keep these once."""
    written = {key: _inner(value, named) for key, value in schema.items()}
    name = schema.get(NAMED)
    if not isinstance(name, str):
        return written
    known = named.setdefault(name, written)
    if known != written:
        raise ValueError(f"two schemas are called {name}")
    return {REF: SCHEMAS + name}


def _inner(value: Any, named: dict[str, Schema]) -> Any:
    if isinstance(value, dict):
        return _referring(value, named)
    if isinstance(value, list):
        return [_inner(each, named) for each in value]
    return value
