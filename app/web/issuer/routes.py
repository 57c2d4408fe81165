"""The issuer's blueprint, and the origins whose scripts may call it."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Blueprint, Response, make_response, render_template, request

from app.core.errors import CallgateError, RefusedError
from app.pipeline.issuer.clients import list_clients
from app.pipeline.services import Services
from app.web.errors import answer_callgate_error, trace_id
from app.web.issuer.apps import add_apps
from app.web.issuer.asking import ClientFault, RedirectFault
from app.web.issuer.authorize import add_authorize, answer_fault
from app.web.issuer.discovery import add_discovery
from app.web.issuer.logout import add_logout
from app.web.issuer.protocol import IssuerServer
from app.web.issuer.seed import add_seed
from app.web.issuer.token import LONGEST_FORM, add_token
from app.web.issuer.userinfo import add_userinfo
from app.web.people.session_cookies import keep_private

FOR_SCRIPTS = ("/oidc/token", "/oidc/userinfo", "/oidc/revoke", "/api/oauth2/token", "/api/oauth2/userinfo")
"""What a program in a browser calls on another origin; a client's redirect_uris say which origins that are."""
OF_CLIENTS = ("/oidc/token", "/oidc/introspect", "/oidc/revoke", "/api/oauth2/token")
"""They bound their forms themselves and refuse them in the protocol's words."""


def issuer_blueprint(services: Services) -> Blueprint:
    """Return the routes of the OpenID provider."""
    blueprint = Blueprint("issuer", __name__)
    server = IssuerServer(services)
    add_authorize(blueprint, services)
    add_token(blueprint, services, server)
    add_userinfo(blueprint, services)
    add_discovery(blueprint, services)
    add_logout(blueprint, services)
    add_apps(blueprint, services)
    add_seed(blueprint, services, server)
    _add_preflight(blueprint)
    blueprint.before_request(_refuse_large)
    blueprint.register_error_handler(RedirectFault, lambda fault: answer_fault(services, fault))
    blueprint.register_error_handler(CallgateError, _problem)
    blueprint.after_request(lambda response: _let_scripts(services, response))
    blueprint.after_request(keep_private)
    return blueprint


def _refuse_large() -> None:
    """Refuse what no form of the provider is, before a part of it is read: uploads, and bodies without end."""
    if request.method != "POST" or request.path in OF_CLIENTS:
        return
    if request.mimetype == "multipart/form-data":
        message = "Send the parameters as a form (application/x-www-form-urlencoded)."
        raise RefusedError("unsupported_media_type", message, http_status=415)
    length = request.content_length
    if "Transfer-Encoding" in request.headers if length is None else length > LONGEST_FORM:
        message = f"The body must say its length, of {LONGEST_FORM} bytes at most."
        raise RefusedError("body_too_large", message, http_status=413)


def _add_preflight(blueprint: Blueprint) -> None:
    for path in FOR_SCRIPTS:
        blueprint.add_url_rule(
            path,
            endpoint=f"preflight_{path.strip('/').replace('/', '_')}",
            view_func=lambda: make_response("", 204),
            methods=["OPTIONS"],
            provide_automatic_options=False,
        )


def _let_scripts(services: Services, response: Response) -> Response:
    """Name the origin of a script that may read the answer; cookies never count there."""
    origin = request.headers.get("Origin")
    if request.path in FOR_SCRIPTS and origin:
        response.vary.add("Origin")
        if origin in _origins(services):
            response.headers["Access-Control-Allow-Origin"] = origin
            response.headers["Access-Control-Allow-Headers"] = "Authorization, Content-Type"
            response.headers["Access-Control-Allow-Methods"] = "GET, POST"
            response.headers["Access-Control-Max-Age"] = "600"
    return response


def _origins(services: Services) -> frozenset[str]:
    parts = [urlsplit(uri) for client in list_clients(services) for uri in client.config.redirect_uris]
    return frozenset(f"{part.scheme}://{part.netloc}" for part in parts if part.netloc)


def _problem(error: CallgateError) -> Response:
    """Tell a person on a page what is wrong with a client's request; it goes nowhere else."""
    answer = answer_callgate_error(error)
    if not isinstance(error, ClientFault) or "text/html" not in request.headers.get("Accept", "text/html"):
        return answer
    page = render_template(
        "issuer/problem.html", word=error.code, sentence=error.message, trace_id=trace_id()
    )
    return make_response(page, answer.status_code)
