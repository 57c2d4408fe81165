"""Checks answers against the OpenAPI document: their status, their form, every member of what they hold."""

from __future__ import annotations

from typing import Any

import jsonschema_rs
from werkzeug.test import TestResponse

METHODS = ("get", "post", "put", "delete", "patch")


class Promises:
    """What the document promises, ready to be asked again and again."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        self._known: dict[tuple[str, str, int], Any] = {}

    def operations(self) -> list[tuple[str, str]]:
        """Return every method and address."""
        return [
            (method, path)
            for path, item in self.document["paths"].items()
            for method in METHODS
            if method in item
        ]

    def faults(self, method: str, path: str, answer: TestResponse) -> list[str]:
        """Return what is wrong with an answer; nothing where it is as promised."""
        responses = self.document["paths"][path][method]["responses"]
        promised = responses.get(str(answer.status_code))
        if promised is None:
            return [f"{method} {path}: {answer.status_code} is not promised: {answer.text[:300]}"]
        forms = promised.get("content", {})
        if not answer.data and (not forms or answer.status_code in (204, 302, 303)):
            return []
        if "*/*" in forms:
            return []
        if answer.mimetype not in forms:
            return [f"{method} {path}: {answer.status_code} has the form {answer.mimetype}"]
        if answer.mimetype != "application/json":
            return []
        validator = self._validator(method, path, answer.status_code)
        return [f"{method} {path}: {error}"[:600] for error in validator.iter_errors(answer.get_json())]

    def _validator(self, method: str, path: str, status: int) -> Any:
        key = (method, path, status)
        if key not in self._known:
            content = self.document["paths"][path][method]["responses"][str(status)]["content"]
            schema = content["application/json"].get("schema", {})
            whole = schema | {"components": self.document["components"]}
            self._known[key] = jsonschema_rs.validator_for(whole, validate_formats=True)
        return self._known[key]
