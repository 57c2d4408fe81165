"""`POST /api/v1/mini-program/<channel>/user-data` and `/phone-number`: what a program's person allowed it to know."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, request

from app.core.errors import RequestError
from app.pipeline.login.linking import own_identity
from app.pipeline.login.profiles import check_questions
from app.pipeline.login.user_data import opened_user_data, phone_number_for
from app.pipeline.services import Services
from app.storage.login.identities import StoredIdentity
from app.web.callbacks.reading import client_address
from app.web.guards import json_body
from app.web.openapi.described import UPSTREAM, Proof, described
from app.web.openapi.words import OBJECT, body, text, thing
from app.web.people.csrf import check_origin
from app.web.people.session_cookies import keep_private, signed_in

ABOUT = "Sessions"
SEALED = body(
    "SealedUserData",
    needed=["encryptedData", "iv"],
    encryptedData=text(least=1, most=65_536),
    iv=text(least=1, most=2048),
)
OPENED = thing("OpenedUserData", data=OBJECT)
CODE = body("PhoneNumberCode", needed=["code"], code=text(least=1, most=2048))
REFUSALS = {
    400: "bad_user_data unknown_field *",
    401: "login_required",
    403: "other_channel cross_site",
    404: "unknown_channel unknown_identity",
} | UPSTREAM


def user_data_blueprint(services: Services) -> Blueprint:
    """Return the routes; they answer 404 where the channel's platform has no such thing."""
    blueprint = Blueprint("user_data", __name__)
    blueprint.after_request(keep_private)

    @blueprint.post("/api/v1/mini-program/<channel>/user-data")
    @described(ABOUT, {200: OPENED}, body=SEALED, refusals=REFUSALS, proof=Proof.SESSION)
    def user_data(channel: str) -> Response:
        """Open encryptedData with the session_key of the last login, which stays here."""
        identity, body = _who(services), _body("encryptedData", "iv")
        return jsonify(
            {"data": opened_user_data(services, channel, identity, body.get("encryptedData"), body.get("iv"))}
        )

    @blueprint.post("/api/v1/mini-program/<channel>/phone-number")
    @described(ABOUT, {200: OBJECT}, body=CODE, refusals=REFUSALS, proof=Proof.SESSION)
    def phone_number(channel: str) -> Response:
        """Trade the code of the phone number button."""
        identity, body = _who(services), _body("code")
        return jsonify(phone_number_for(services, channel, identity, body.get("code")))

    return blueprint


def _who(services: Services) -> StoredIdentity:
    """Return the identity of the session that asks; each question counts."""
    current = signed_in(services)
    check_origin(services.settings.public_base_url)
    address = client_address(request.environ, services.settings.trusted_proxies)
    check_questions(services, current.user_id, address)
    return own_identity(services, current, current.session.identity_id)


def _body(*names: str) -> dict[str, Any]:
    body = json_body()
    if unknown := sorted(set(body) - set(names)):
        raise RequestError(
            "unknown_field", f"The body may hold {', '.join(names)} and not {', '.join(unknown)[:200]}."
        )
    return body
