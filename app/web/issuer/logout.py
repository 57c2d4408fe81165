"""RP-initiated logout (OpenID Connect RP-Initiated Logout 1.0): with a good hint at once, else the person is asked."""

from __future__ import annotations

from typing import NamedTuple

from flask import Blueprint, Response, make_response, render_template, request

from app.pipeline.issuer.clients import Client, find_client
from app.pipeline.issuer.keys import issuer_jwks
from app.pipeline.login.sessions import SignedIn, log_out
from app.pipeline.services import Services
from app.security.issuer_tokens import ID_TOKEN, read_issuer_token
from app.web.errors import trace_id
from app.web.issuer.asking import LONGEST_STATE, ClientFault, answer_address
from app.web.issuer.authorize import by_get
from app.web.people.csrf import check_csrf, token_of
from app.web.people.login_errors import see_other
from app.web.people.session_cookies import clear_session_cookie, signed_in_or_none

LOGOUT = "/oidc/logout"
FIELDS = ("id_token_hint", "client_id", "post_logout_redirect_uri", "state")


class Wish(NamedTuple):
    """A logout that a client asks for: which client, whether its hint names this session, and where to go afterwards."""

    client: Client | None
    is_meant: bool
    back: str | None


def add_logout(blueprint: Blueprint, services: Services) -> None:
    """Add the endpoint and the form of its page."""

    @blueprint.get(LOGOUT)
    def logout() -> Response:
        """End the session, or ask first."""
        current = signed_in_or_none(services)
        wish = _read(services, current)
        if current is None:
            return _gone(wish)
        if wish.is_meant:
            return _end(services, current, wish)
        page = render_template(
            "issuer/logout.html",
            title=None if wish.client is None else wish.client.title,
            fields={name: request.args[name] for name in FIELDS if name in request.args},
            csrf=token_of(services, current),
        )
        return make_response(page)

    @blueprint.post(LOGOUT)
    def decide() -> Response:
        """Take the person's yes from our page, or a client's form, which comes once more by GET."""
        if "decision" not in request.form:
            return by_get(LOGOUT)
        current = signed_in_or_none(services)
        wish = _read(services, current)
        if current is None:
            return _gone(wish)
        check_csrf(services, current)
        return _end(services, current, wish) if request.form["decision"] == "yes" else see_other("/")


def _end(services: Services, current: SignedIn, wish: Wish) -> Response:
    log_out(services, current, trace_id=trace_id())
    response = _gone(wish)
    clear_session_cookie(services.settings, response)
    return response


def _gone(wish: Wish) -> Response:
    if wish.back is not None:
        return see_other(wish.back)
    return make_response(render_template("issuer/logged_out.html"))


def _read(services: Services, current: SignedIn | None) -> Wish:
    """Read what is asked; raises ClientFault for a hint, client or address that does not fit, which goes nowhere."""
    values = request.values
    hint, wanted_id = values.get("id_token_hint"), values.get("client_id")
    issuer = services.settings.public_base_url
    claims = None
    if hint:
        claims = read_issuer_token(hint, issuer_jwks(services), kinds=[ID_TOKEN], issuer=issuer)
        if claims is None or (wanted_id and claims.get("aud") != wanted_id):
            raise ClientFault(
                "bad_id_token_hint", "id_token_hint is no ID token that this gateway gave that client."
            )
    client_id = wanted_id or (None if claims is None else str(claims.get("aud")))
    client = None if client_id is None else find_client(services, client_id)
    is_meant = claims is not None and current is not None and claims.get("sid") == current.sid
    return Wish(client, is_meant, _back(client, values.get("post_logout_redirect_uri"), values.get("state")))


def _back(client: Client | None, address: str | None, state: str | None) -> str | None:
    """Return where to go afterwards: an address that the client registered, exactly."""
    if not address:
        return None
    if client is None or address not in client.config.post_logout_redirect_uris:
        raise ClientFault(
            "bad_redirect_uri",
            "post_logout_redirect_uri must be one of the client's, exactly as it is written there.",
        )
    return answer_address(address, {"state": state[:LONGEST_STATE]}) if state else address
