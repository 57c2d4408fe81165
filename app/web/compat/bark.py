"""Bark's habit: `/push` with JSON, and keys, titles and texts in the address (Finb/bark-server, read 2026-11-28).

Path beats query, and the query beats the body; names of any case are taken.
"""

from __future__ import annotations

from functools import partial
from typing import Any
from urllib.parse import unquote_plus

from flask import Blueprint, Response, jsonify, request

from app.core.errors import CallgateError
from app.pipeline.sending.push import Said
from app.pipeline.services import Services
from app.web.compat.asking import Asked, answered, fields, store, text_of

GOOD, BAD = 200, 400
WAYS = ["GET", "POST"]


def add_bark(blueprint: Blueprint, services: Services) -> None:
    """Add the addresses that its clients know, below /compat/bark."""

    @blueprint.route("/bark/push", methods=WAYS)
    @blueprint.route("/bark/<key>", methods=WAYS)
    @blueprint.route("/bark/<key>/<body>", methods=WAYS)
    @blueprint.route("/bark/<key>/<title>/<body>", methods=WAYS)
    @blueprint.route("/bark/<key>/<title>/<subtitle>/<body>", methods=WAYS)
    def bark(**parts: str) -> Response:
        """Take a message as Bark does."""
        return answered(lambda: _stored(services, parts), partial(_refused, services))

    @blueprint.get("/bark/ping")
    def bark_ping() -> Response:
        """Say that somebody is there."""
        return _answer(services, GOOD, "pong")

    @blueprint.get("/bark/healthz")
    def bark_healthz() -> Response:
        """Say the same in the form that probes read."""
        return Response("ok", content_type="text/plain; charset=utf-8")

    @blueprint.route("/bark/register", methods=WAYS)
    def bark_register() -> Response:
        """Refuse politely: no phone is registered here."""
        return _answer(services, BAD, "This server passes messages on; register the phone at a Bark server.")


def _stored(services: Services, parts: dict[str, str]) -> Response:
    query = {name.lower(): value for name, value in request.args.items()}
    path = {("device_key" if name == "key" else name): unquote_plus(value) for name, value in parts.items()}
    found = fields(lower=True) | query | path
    markdown = text_of(found, "markdown")
    lines = [text_of(found, "subtitle"), markdown or text_of(found, "body"), text_of(found, "url")]
    said = Said(
        text_of(found, "title"),
        "\n\n".join(line for line in lines if line),
        "markdown" if markdown else "text",
    )
    keys = _keys(found)
    if len(keys) == 1:
        store(services, Asked(keys[0], said))
        return _answer(services, GOOD, "success")
    return _answer(services, GOOD, "success", data=[_one(services, key, said) for key in keys])


def _keys(found: dict[str, Any]) -> list[str]:
    several = found.get("device_keys")
    if isinstance(several, list) and several:
        return [each for each in several if isinstance(each, str)][:100]
    return [text_of(found, "device_key")]


def _one(services: Services, key: str, said: Said) -> dict[str, Any]:
    """Return what became of one of several keys; its value is the caller's own."""
    told: dict[str, Any] = {"code": GOOD, "device_key": key}
    try:
        store(services, Asked(key, said))
    except CallgateError as error:
        told |= {"code": BAD, "message": error.message}
    return told


def _refused(services: Services, error: CallgateError) -> Response:
    return _answer(services, 429 if error.http_status == 429 else BAD, error.message)  # noqa: PLR2004


def _answer(services: Services, code: int, message: str, **more: Any) -> Response:
    response = jsonify(
        {"code": code, "message": message, "timestamp": int(services.clock.now().timestamp()), **more}
    )
    response.status_code = code
    return response
