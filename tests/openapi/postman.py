"""The Postman collection, made from the OpenAPI document; `python -m tests.openapi.postman` writes docs/postman.json.

Format: Postman Collection 2.1.0 (schema.postman.com, read 2026-11-29). Each request checks that the status is one that is promised.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from app.factory import create_app
from app.storage.database.db import Database
from app.web.openapi.document import openapi_document
from tests.builders import make_services

FILE = Path(__file__).parents[2] / "docs" / "postman.json"
FORMAT = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
PARAMETER = re.compile(r"\{(\w+)\}")
ENDLESS = {"/api/v1/stream"}
"""Postman waits for the end of an answer, and these have none."""

PROVEN_OTHERWISE = ("Callbacks", "Logins", "Relay")
"""Heads whose requests are signed, or belong to a browser or a platform."""

REF = "$ref"
DEEPEST = 3


def written() -> str:
    """Return the collection as the file holds it."""
    services = make_services(Database("sqlite:///never-opened.db"), env={"CLIENT_REGISTRATION": "1"})
    document = openapi_document(create_app(services=services), "http://localhost:5003")
    return json.dumps(collection(document), indent=2, ensure_ascii=False) + "\n"


def collection(document: dict[str, Any]) -> dict[str, Any]:
    """Return the collection of a document: a folder for each head, and the names in addresses as variables."""
    folders: dict[str, list[dict[str, Any]]] = {}
    names: dict[str, None] = {}
    for path, item in document["paths"].items():
        for method, operation in item.items():
            head = operation["tags"][0]
            if head in PROVEN_OTHERWISE or path in ENDLESS:
                continue
            folders.setdefault(head, []).append(_item(document, path, method, operation))
            names |= dict.fromkeys(PARAMETER.findall(path))
    return {
        "info": {
            "name": "Callgate",
            "description": "Every operation of the management API. Set base and token; made from /openapi.json.",
            "schema": FORMAT,
        },
        "auth": {"type": "bearer", "bearer": [{"key": "token", "value": "{{token}}", "type": "string"}]},
        "variable": [
            {"key": "base", "value": document["servers"][0]["url"]},
            {"key": "token", "value": ""},
            *({"key": name, "value": "0" * 32} for name in sorted(names)),
        ],
        "item": [{"name": head, "item": items} for head, items in sorted(folders.items())],
    }


def _item(document: dict[str, Any], path: str, method: str, operation: dict[str, Any]) -> dict[str, Any]:
    request: dict[str, Any] = {
        "method": method.upper(),
        "header": [],
        "url": _url(path, operation),
        "description": operation["summary"],
    }
    if "x-scope" not in operation:
        request["auth"] = {"type": "noauth"}
    for form, content in operation.get("requestBody", {}).get("content", {}).items():
        request["header"].append({"key": "Content-Type", "value": form})
        example = json.dumps(_example(document, content.get("schema", {}), 0), indent=2)
        request["body"] = {"mode": "raw", "raw": example, "options": {"raw": {"language": "json"}}}
    statuses = ", ".join(operation["responses"])
    script = [
        f'pm.test("the status is one that is promised", () => pm.expect([{statuses}]).to.include(pm.response.code));'
    ]
    return {
        "name": operation["summary"],
        "protocolProfileBehavior": {"followRedirects": False},
        "event": [{"listen": "test", "script": {"type": "text/javascript", "exec": script}}],
        "request": request,
    }


def _url(path: str, operation: dict[str, Any]) -> dict[str, Any]:
    filled = PARAMETER.sub(r"{{\1}}", path)
    query = [
        {"key": each["name"], "value": "", "description": each.get("description", ""), "disabled": True}
        for each in operation.get("parameters", ())
        if each["in"] == "query"
    ]
    url: dict[str, Any] = {
        "raw": "{{base}}" + filled,
        "host": ["{{base}}"],
        "path": filled.strip("/").split("/"),
    }
    return url | ({"query": query} if query else {})


def _example(document: dict[str, Any], schema: dict[str, Any], depth: int) -> Any:
    """Return the smallest value that a schema takes: of an object what must be there, else its first member."""
    if REF in schema:
        return _example(document, document["components"]["schemas"][schema[REF].rpartition("/")[2]], depth)
    if "anyOf" in schema:
        return _example(document, schema["anyOf"][0], depth)
    if "enum" in schema:
        return schema["enum"][0]
    kind = schema.get("type", "object")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "object":
        needed = schema.get("required", ())
        members = schema.get("properties", {})
        return {name: _example(document, members[name], depth + 1) for name in needed if name in members}
    if kind == "array":
        return [_example(document, schema["items"], depth + 1)] if depth < DEEPEST else []
    plain = {"string": "text", "integer": schema.get("minimum", 1), "number": 1, "boolean": False}
    return plain[kind]


if __name__ == "__main__":
    FILE.write_text(written(), encoding="utf-8")
