"""Every described login, played at `/oauth2/presets/<slug>/`: login page, tokens, people, refreshing, ending tokens.

A channel with `preset = "<slug>"` and `base = "<simulator>/oauth2/presets/<slug>"` logs a fictional person in. A switch
`refuses_<hint>` makes the next calls be refused in that provider's own words.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote_plus

from flask import Response, abort, request
from werkzeug.wrappers import Response as AnyResponse

from sandbox.consent import AuthorizeRequest, ask, problem_page, redirect_uri_is_allowed
from sandbox.people import PEOPLE, Person, find_person
from sandbox.pkce import pkce_holds
from sandbox.platforms.oauth2 import openid
from sandbox.platforms.oauth2.api import blueprint
from sandbox.platforms.oauth2.described import (
    OWN_PATHS,
    WELL_KNOWN,
    Wanted,
    call_of,
    described,
    issuer_of,
    refusal_word,
)
from sandbox.platforms.oauth2.described_answers import (
    TENANT,
    USUAL_USER,
    filled,
    id_token,
    refusal,
    subject_of,
    usual_token_answer,
    words_about,
)
from sandbox.platforms.oauth2.signed_answers import signed
from sandbox.state import AppToken, Grant, Issued, SandboxState, current_state, random_text

HINTS = (
    "code_used",
    "client_secret",
    "client_id",
    "redirect_uri",
    "scope",
    "refresh",
    "login_again",
    "not_a_member",
)
SWITCHES = tuple(f"refuses_{hint}" for hint in HINTS)
CODE_CALLS = ("code_used", "login_again", "client_secret", "client_id", "redirect_uri", "not_a_member")
"""What is refused where a code or refresh token is traded; the rest where a token is shown."""


@blueprint.route("/presets/<slug>/<path:rest>", methods=["GET", "POST"])
def preset(slug: str, rest: str) -> AnyResponse:
    """Answers whatever call of the description this is."""
    state = current_state()
    try:
        login = described(slug)
    except KeyError:
        abort(404)
    path = f"/{rest}"
    if "id_token" in login and path.endswith(WELL_KNOWN):
        return openid.json_answer(_document(state, slug, login))
    if "id_token" in login and path.endswith(OWN_PATHS["keys"]):
        return openid.json_answer(openid.key_set(state))
    if path == "/code" and login.get("authorize", {}).get("kind") == "direct":
        return _code_for_a_program(state, slug)
    given = _given()
    wanted = call_of(login, path, given)
    if wanted is None:
        abort(404)
    if wanted.name == "authorize":
        return _page(slug, login, wanted, given)
    return _called(state, slug, login, wanted, given)


def _given() -> dict[str, str]:
    """Returns every parameter of the request, wherever it stands."""
    body = request.get_json(silent=True, force=True) if request.is_json else None
    fields = {**request.args.to_dict(), **request.form.to_dict()}
    return fields | ({name: str(value) for name, value in body.items()} if isinstance(body, dict) else {})


def _own(state: SandboxState, slug: str) -> str:
    return f"{state.settings.sandbox_url}/oauth2/presets/{slug}"


def _document(state: SandboxState, slug: str, login: Mapping[str, Any]) -> dict[str, Any]:
    own = _own(state, slug)
    return {
        "issuer": issuer_of(login, own, TENANT),
        "authorization_endpoint": own + OWN_PATHS["authorize"],
        "token_endpoint": own + OWN_PATHS["token"],
        "userinfo_endpoint": own + OWN_PATHS["user"],
        "jwks_uri": own + OWN_PATHS["keys"],
        "id_token_signing_alg_values_supported": ["RS256"],
    }


def _page(slug: str, login: Mapping[str, Any], wanted: Wanted, given: Mapping[str, str]) -> AnyResponse:
    said = {
        what: given.get(wanted.name_of(what) or "", "")
        for what in ("client_id", "redirect_uri", "state", "scope")
    }
    if not said["client_id"]:
        return problem_page("client_id", "invalid_client", "The application's id is missing.")
    if not redirect_uri_is_allowed(said["redirect_uri"]):
        return problem_page("redirect_uri", "invalid_request", "This return address is not registered.")
    if not said["state"]:
        return problem_page("state", "invalid_request", "state is required.")
    challenge = given.get(wanted.name_of("code_challenge") or "")
    if login.get("pkce") == "required" and not challenge:
        return problem_page("code_challenge", "invalid_request", "PKCE is required.")
    authorize = login.get("authorize", {})
    codes = authorize.get("code_params", ["code"])
    return ask(
        AuthorizeRequest(
            platform="oauth2",
            client_id=said["client_id"],
            redirect_uri=said["redirect_uri"],
            scope=f"{slug} {said['scope']}",
            state=said["state"],
            code_challenge=challenge,
            code_challenge_method="S256" if challenge else None,
            nonce=given.get(wanted.name_of("nonce") or "nonce"),
            code_parameter=codes if isinstance(codes, str) else codes[0],
            title=login["name"],
            refusal_word=refusal_word(login),
            bare_refusal=slug == "wecom",
            posts_back=authorize.get("response_mode") == "form_post",
        )
    )


def _code_for_a_program(state: SandboxState, slug: str) -> Response:
    """Returns the code that a program of the platform's own would get."""
    person = find_person(request.args.get("person", "")) or PEOPLE[0]
    grant = Grant("oauth2", "", person, "", slug, state.now())
    return openid.json_answer({"code": state.issue_code(grant, random_text(32)).value})


def _called(
    state: SandboxState, slug: str, login: Mapping[str, Any], wanted: Wanted, given: Mapping[str, str]
) -> Response:
    is_trade = wanted.name in ("token", "refresh", "app_token")
    for hint in HINTS:
        if state.switches[f"refuses_{hint}"] and (hint in CODE_CALLS) is is_trade:
            return refusal(login, wanted.name, hint)
    with state.lock:
        if wanted.name == "app_token":
            return _app_token(state, login)
        if wanted.name in ("token", "refresh"):
            return _traded(state, slug, login, wanted, given)
        return _shown(state, slug, login, wanted, given)


def _app_token(state: SandboxState, login: Mapping[str, Any]) -> Response:
    token = AppToken(random_text(40), state.now() + 7200)
    state.app_tokens.setdefault("oauth2", []).append(token)
    return _text(filled(login["samples"]["app_token"], {"access_token": token.value}))


def _traded(
    state: SandboxState, slug: str, login: Mapping[str, Any], wanted: Wanted, given: Mapping[str, str]
) -> Response:
    """Trades a code or a refresh token; both work once."""
    kind = "code" if wanted.name == "token" else "refresh_token"
    shelf = state.codes if kind == "code" else state.refresh_tokens
    found = shelf.get(given.get(wanted.name_of(kind) or kind, ""))
    client_id, secret = _client(wanted, given)
    if found is None or not _is_of(found, slug) or found.used or not state.is_alive(found):
        return refusal(login, wanted.name, "code_used" if kind == "code" else "login_again", "login_again")
    if found.grant.client_id and client_id and client_id != found.grant.client_id:
        return refusal(login, wanted.name, "client_id", "client_secret")
    sent = given.get(wanted.name_of("redirect_uri") or "")
    verifier = given.get(wanted.name_of("code_verifier") or "")
    if kind == "code" and (
        sent not in (None, found.grant.redirect_uri) or not pkce_holds(found.grant, verifier)
    ):
        return refusal(login, wanted.name, "redirect_uri", "login_again")
    found.used = True
    return _tokens(state, slug, login, found.grant, secret)


def _is_of(found: Issued, slug: str) -> bool:
    return found.grant.platform == "oauth2" and found.grant.scope.split(" ")[0] == slug


def _client(wanted: Wanted, given: Mapping[str, str]) -> tuple[str, str]:
    """Returns id and secret of the application, from the parameters or from the header."""
    kind, _, value = request.headers.get("Authorization", "").partition(" ")
    if kind == "Basic":
        try:
            name, _, secret = base64.b64decode(value).decode().partition(":")
        except (ValueError, binascii.Error):
            abort(400)
        return unquote_plus(name), unquote_plus(secret)
    named = (given.get(wanted.name_of(what) or "", "") for what in ("client_id", "client_secret"))
    return next(named), next(named)


def _tokens(state: SandboxState, slug: str, login: Mapping[str, Any], grant: Grant, secret: str) -> Response:
    access = state.issue_access_token(grant, random_text(60), grant.scope).value
    words = words_about(
        slug,
        grant.person,
        access_token=access,
        refresh_token=state.issue_refresh_token(grant, random_text(40), grant.scope).value,
        client_id=grant.client_id,
        expires_at=str(int(state.now()) + 7200),
    )
    if "id_token" in login:
        issuer = issuer_of(login, _own(state, slug), TENANT)
        words["id_token"] = id_token(state, slug, login, grant, issuer=issuer, secret=secret)
    sample = login.get("samples", {}).get("token", usual_token_answer(login))
    return _text(signed(state, login, filled(sample, words)))


def _shown(
    state: SandboxState, slug: str, login: Mapping[str, Any], wanted: Wanted, given: Mapping[str, str]
) -> Response:
    """Answers a call that shows a token: a person's, or the application's own and whom it asks about."""
    values = [*given.values(), *(value.rpartition(" ")[2] for _, value in request.headers)]
    found = next((state.access_tokens[value] for value in values if value in state.access_tokens), None)
    if wanted.name == "revoke":
        _forget(state, values)
        return _text("{}")
    person = (
        found.grant.person
        if found is not None and state.is_alive(found)
        else _asked_about(state, slug, values)
    )
    if person is None:
        return refusal(login, wanted.name, "refresh", "login_again")
    client_id = found.grant.client_id if found is not None else ""
    sample = login.get("samples", {}).get(wanted.name, USUAL_USER)
    return _text(signed(state, login, filled(sample, words_about(slug, person, client_id=client_id))))


def _asked_about(state: SandboxState, slug: str, values: list[str]) -> Person | None:
    tokens = {token.value for token in state.app_tokens.get("oauth2", []) if state.is_alive(token)}
    if not tokens & set(values):
        return None
    return next((person for person in PEOPLE if subject_of(slug, person) in values), None)


def _forget(state: SandboxState, values: list[str]) -> None:
    for shelf in (state.access_tokens, state.refresh_tokens):
        for issued in [shelf[value] for value in values if value in shelf]:
            state.revoke_grant(issued.grant.id)


def _text(text: str) -> Response:
    """Returns an answer; the type says nothing, as with several of the real ones."""
    return Response(text.encode(), content_type="text/plain; charset=utf-8")
