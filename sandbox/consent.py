"""Login pages: who is signing in, and do they allow it.

A platform puts an `AuthorizeRequest` here after its own checks; this module shows the page from the platform's
folder, or answers at once when a test asked for that, and sends the browser back. Token exchange is not done here.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from urllib.parse import urlencode, urlsplit, urlunsplit

from flask import Blueprint, Response, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from sandbox.people import PEOPLE, Person, find_person
from sandbox.state import Grant, SandboxState, current_state, random_text

blueprint = Blueprint("consent", __name__)

PHONE_OWNER_COOKIE = "sandbox_person"
PENDING_KEPT = 2_000


@dataclass(frozen=True)
class AuthorizeRequest:
    """An authorize request that passed its platform's checks and waits for a person."""

    platform: str
    """The platform's name, as its endpoints spell it."""
    client_id: str
    redirect_uri: str
    scope: str
    state: str | None
    code_challenge: str | None = None
    code_challenge_method: str | None = None
    nonce: str | None = None
    code_parameter: str = "code"
    """What the platform calls the code that it sends back."""
    asks_twice: bool = False
    """True where the person signs in first and is asked for consent on a second page."""
    closed_page: str = ""
    """Template of the page that stays where a refusal does not send the browser back."""
    bare_refusal: bool = False
    """True where a refusal sends the browser back with the state alone."""
    refusal_word: str = "access_denied"
    """What the platform sends back as `error` when the person refuses."""
    posts_back: bool = False
    """True where the browser comes back with a form that it posts."""
    title: str = ""
    """Whose page this is, where one template serves several."""
    person: str | None = None

    @property
    def page(self) -> str:
        """The template of the login page, in the platform's folder."""
        return f"{self.platform}/login.html"


def ask(wanted: AuthorizeRequest) -> AnyResponse:
    """Shows the login page, or answers at once when automatic answers are switched on."""
    state = current_state()
    person = state.auto_answer()
    if person is not None:
        return decide(state, wanted, person, allowed=state.auto_decision == "allow")
    return _show(state, wanted, "signin")


def decide(state: SandboxState, wanted: AuthorizeRequest, person: Person, *, allowed: bool) -> AnyResponse:
    """Sends the browser back with a code, or with the platform's way of saying no."""
    if not allowed:
        if wanted.closed_page:
            return Response(render_template(wanted.closed_page, wanted=wanted), status=200)
        return _back(wanted, {} if wanted.bare_refusal else {"error": wanted.refusal_word})
    grant = Grant(
        platform=wanted.platform,
        client_id=wanted.client_id,
        person=person,
        redirect_uri=wanted.redirect_uri,
        scope=wanted.scope,
        granted_at=state.now(),
        code_challenge=wanted.code_challenge,
        code_challenge_method=wanted.code_challenge_method,
        switches=frozenset(name for name, is_on in state.switches.items() if is_on),
        nonce=wanted.nonce,
    )
    code = state.issue_code(grant, random_text(40))
    return _back(wanted, {wanted.code_parameter: code.value})


@blueprint.post("/login/<request_id>")
def answer(request_id: str) -> AnyResponse:
    """Takes what the person pressed on a login page."""
    state = current_state()
    wanted: AuthorizeRequest | None = state.pending.pop(request_id, None)
    if wanted is None:
        return Response(render_template("problem.html", title="", code="", detail=""), status=410)
    person = find_person(wanted.person or request.form.get("person", "")) or PEOPLE[0]
    allowed = request.form.get("decision") == "allow"
    if allowed and wanted.person is None and wanted.asks_twice:
        return _show(state, replace(wanted, person=person.key), "consent")
    return decide(state, wanted, person, allowed=allowed)


def redirect_uri_is_allowed(uri: str) -> bool:
    """Tells whether a return address is absolute http(s) and, when some are registered, one of them."""
    parts = urlsplit(uri)
    registered = current_state().settings.redirect_uris
    absolute = parts.scheme in ("http", "https") and bool(parts.netloc)
    return absolute and (not registered or uri in registered)


def problem_page(title: str, code: str, detail: str, status: int = 400) -> Response:
    """Shows an error on the platform's own page: the browser is not sent back."""
    return Response(render_template("problem.html", title=title, code=code, detail=detail), status=status)


def _show(state: SandboxState, wanted: AuthorizeRequest, step: str) -> Response:
    request_id = secrets.token_urlsafe(16)
    with state.lock:
        while len(state.pending) >= PENDING_KEPT:
            state.pending.pop(next(iter(state.pending)))
        state.pending[request_id] = wanted
    chosen = find_person(wanted.person or request.cookies.get(PHONE_OWNER_COOKIE, "")) or PEOPLE[0]
    site = urlsplit(wanted.redirect_uri).netloc
    page = render_template(
        wanted.page,
        wanted=wanted,
        request_id=request_id,
        people=PEOPLE,
        chosen=chosen,
        step=step,
        site=site,
    )
    return Response(page)


def _back(wanted: AuthorizeRequest, answer: dict[str, str]) -> AnyResponse:
    if wanted.state is not None:
        answer["state"] = wanted.state
    if wanted.posts_back:
        return Response(render_template(f"{wanted.platform}/post_back.html", wanted=wanted, answer=answer))
    parts = urlsplit(wanted.redirect_uri)
    query = "&".join(filter(None, (parts.query, urlencode(answer))))
    return redirect(urlunsplit(parts._replace(query=query)), code=302)
