"""The authorize address: who asks, who is there, whether they must log in or be asked, and the answer to the client.

Steps, each of which may end it: read_authorize · login (or again) · consent · the code. A page that is left and come back to
begins at the first step, so nothing that was shown can be changed on the way.
"""

from __future__ import annotations

from datetime import datetime
from urllib.parse import parse_qsl, urlencode, urlsplit

from flask import Blueprint, Response, make_response, render_template, request
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from app.core.errors import RefusedError
from app.pipeline.issuer.consents import is_consent_needed, keep_consent
from app.pipeline.issuer.grants import make_code
from app.pipeline.issuer.keys import issuer_jwks
from app.pipeline.login.groups import OfferedLogin, fitting_logins, is_login_of, only_logins
from app.pipeline.login.linking import session_channel
from app.pipeline.login.sessions import SignedIn
from app.pipeline.services import Services
from app.security.issuer_tokens import ID_TOKEN, read_issuer_token
from app.security.return_urls import MAX_LENGTH
from app.security.signatures import hmac_sha256, same_secret
from app.security.vault import derive_key
from app.web.issuer.asking import (
    HEEDED,
    LONGEST_QUERY,
    AuthorizeRequest,
    RedirectFault,
    answer_address,
    read_authorize,
)
from app.web.people.csrf import check_csrf, token_of
from app.web.people.login_errors import see_other
from app.web.people.session_cookies import signed_in, signed_in_or_none
from app.web.security_headers import OPENER_POLICY, content_security_policy

AUTHORIZE = "/oidc/authorize"
AFTER = "login_after"
"""Put behind the address that a login returns to: the person has to have logged in later than that."""
WAY_BACK_MILLISECONDS = 900_000
"""So long a login may take that a client asked for; later the same address asks once more."""
Values = MultiDict[str, str]


def add_authorize(blueprint: Blueprint, services: Services) -> None:
    """Add the authorize address and the form of the consent page."""

    @blueprint.get(AUTHORIZE)
    def authorize() -> Response:
        """Begin, or go on after a login."""
        return begin(services, request.args, AUTHORIZE)

    @blueprint.post(AUTHORIZE)
    def authorize_by_post() -> Response:
        """Take the same request as a form: once more by GET, because only then the browser's session comes along."""
        return by_get(AUTHORIZE)

    @blueprint.post("/oidc/consent")
    def consent() -> Response:
        """Take the person's decision about exactly what they were shown."""
        current = signed_in(services)
        check_csrf(services, current)
        query = request.form.get("request", "")[:LONGEST_QUERY]
        values: Values = MultiDict(parse_qsl(query, keep_blank_values=True))
        wanted = read_authorize(services, values)
        if not same_secret(request.form.get("shown", ""), _shown(services, current, wanted, query)):
            raise RefusedError("csrf", "This page is no longer good; begin again at the application.")
        if request.form.get("decision") != "allow":
            return deny(services, wanted, "access_denied", "The person did not allow it.")
        if not _came_by_its_logins(services, wanted, current):
            return deny(services, wanted, "login_required", "Nobody is logged in who fits.")
        keep_consent(services, wanted.asked, current.user_id)
        return grant(services, wanted, current)


def begin(services: Services, values: Values, path: str) -> Response:
    """Answer a request at an authorize address."""
    if len(request.query_string) > LONGEST_QUERY:
        raise RefusedError("uri_too_long", "The request is too long.", http_status=414)
    wanted = read_authorize(services, values)
    current = signed_in_or_none(services)
    is_proven = current is not None and _is_proven(services, wanted, current, values)
    if current is None or _must_log_in(services, wanted, current, is_proven=is_proven):
        # Who has just logged in and still isn't the one that is hinted at would go round for ever.
        if "none" in wanted.prompts or is_proven:
            return deny(services, wanted, "login_required", "Nobody is logged in who fits.")
        return _choose_login(services, wanted, values, path)
    if "consent" in wanted.prompts or is_consent_needed(services, wanted.asked, current.user_id):
        if "none" in wanted.prompts:
            return deny(services, wanted, "consent_required", "The person has to be asked.")
        return _ask(services, wanted, current, values)
    return grant(services, wanted, current)


def by_get(path: str) -> Response:
    """Send a form once more as a GET to the same address."""
    pairs = [(name, value) for name in request.form for value in request.form.getlist(name)]
    query = urlencode(pairs)
    if len(query) > LONGEST_QUERY:
        raise RefusedError("uri_too_long", "The request is too long.", http_status=414)
    return see_other(f"{path}?{query}")


def grant(services: Services, wanted: AuthorizeRequest, current: SignedIn) -> Response:
    """Give the client its code."""
    return answer(services, wanted, {"code": make_code(services, wanted.asked, current)})


def deny(services: Services, wanted: AuthorizeRequest, error: str, description: str) -> Response:
    """Tell the client why there is no code."""
    return answer(services, wanted, {"error": error, "error_description": description})


def answer(services: Services, wanted: AuthorizeRequest, said: dict[str, str]) -> Response:
    """Send the browser back to the client with an answer, `iss` in it (RFC 9207)."""
    return _answer(services, wanted.asked.redirect_uri, wanted.mode, said, wanted.state)


def answer_fault(services: Services, fault: RedirectFault) -> Response:
    """Send the browser back to the client with what was wrong."""
    said = {"error": fault.error, "error_description": fault.description}
    return _answer(services, fault.redirect_uri, fault.mode, said, fault.state)


def _answer(
    services: Services, redirect_uri: str, mode: str, said: dict[str, str], state: str | None
) -> Response:
    parameters = (
        said | ({} if state is None else {"state": state}) | {"iss": services.settings.public_base_url}
    )
    if mode != "form_post":
        return see_other(answer_address(redirect_uri, parameters))
    response = make_response(
        render_template("issuer/form_post.html", address=redirect_uri, parameters=parameters)
    )
    return _may_post_to(services, response, redirect_uri)


def _may_post_to(services: Services, response: Response, redirect_uri: str) -> Response:
    """Let the page's form lead to the client; browsers look at the redirects behind a form as well."""
    parts = urlsplit(redirect_uri)
    origin = f"{parts.scheme}://{parts.netloc}" if parts.netloc else f"{parts.scheme}:"
    policy = content_security_policy(services)
    response.headers["Content-Security-Policy"] = policy.replace(
        "form-action 'self'", f"form-action 'self' {origin}"
    )
    return _for_popups(response)


def _for_popups(response: Response) -> Response:
    """Let the window that opened this page see when it closes: clients log in in popups."""
    response.headers[OPENER_POLICY] = "unsafe-none"
    return response


def _must_log_in(services: Services, wanted: AuthorizeRequest, current: SignedIn, *, is_proven: bool) -> bool:
    now, logged_in_at = services.clock.now().timestamp(), current.session.created_at.timestamp()
    if not _came_by_its_logins(services, wanted, current):
        return True
    if wanted.id_token_hint and _hinted(services, wanted.id_token_hint) not in (None, current.user_id):
        return True
    if is_proven:
        return False
    is_too_old = wanted.max_age is not None and now - logged_in_at > wanted.max_age
    return is_too_old or _wants_login(wanted)


def _wants_login(wanted: AuthorizeRequest) -> bool:
    """Say whether the client wants a login in any case; `max_age=0` is `prompt=login` in other words (Core §3.1.2.1)."""
    return bool({"login", "select_account"} & wanted.prompts) or wanted.max_age == 0


def _hinted(services: Services, hint: str) -> str | None:
    """Return whom an ID token of ours names, expired or not; an unreadable one hints at nobody."""
    issuer = services.settings.public_base_url
    claims = read_issuer_token(hint, issuer_jwks(services), kinds=[ID_TOKEN], issuer=issuer)
    return "" if claims is None else str(claims.get("sub"))


def _is_proven(services: Services, wanted: AuthorizeRequest, current: SignedIn, values: Values) -> bool:
    """Say whether the person logged in after this gateway sent them to, for this request and not long ago."""
    moment, _dot, mark = values.get(AFTER, "").partition(".")
    if not moment.isdigit() or len(moment) > 15 or not same_secret(mark, _mark(services, wanted, moment)):  # noqa: PLR2004
        return False
    age = _milliseconds(services.clock.now()) - int(moment)
    return int(moment) <= _milliseconds(current.session.created_at) and age <= WAY_BACK_MILLISECONDS


def _milliseconds(moment: datetime) -> int:
    """Return Unix time; whole seconds would count a login that was there just before."""
    return int(moment.timestamp() * 1000)


def _mark(services: Services, wanted: AuthorizeRequest, moment: str) -> str:
    asked = wanted.asked
    text = "\n".join(
        [moment, asked.client.client_id, asked.redirect_uri, asked.nonce or "", wanted.state or ""]
    )
    key = derive_key(services.settings.secret_key[0], "issuer login")
    return hmac_sha256(key, text.encode("utf-8", "surrogatepass")).hex()


def _shown(services: Services, current: SignedIn, wanted: AuthorizeRequest, query: str) -> str:
    """Return what binds a consent page to its session and to every letter of the request that it shows."""
    text = f"{current.sid}\n{wanted.asked.client.client_id}\n{wanted.asked.scope}\n{query}"
    key = derive_key(services.settings.secret_key[0], "issuer consent")
    return hmac_sha256(key, text.encode("utf-8", "surrogatepass")).hex()


def _choose_login(services: Services, wanted: AuthorizeRequest, values: Values, path: str) -> Response:
    """Show the logins that work in this browser; with only one there is nothing to choose.

    The way back carries when that was, so that the login then counts as the one that was asked for.
    """
    kept = [(name, values[name]) for name in HEEDED if name in values]
    moment = str(_milliseconds(services.clock.now()))
    kept.append((AFTER, f"{moment}.{_mark(services, wanted, moment)}"))
    back = f"{path}?{urlencode(kept)}"
    if len(back) > MAX_LENGTH:
        return deny(services, wanted, "invalid_request", "The request is too long to be kept over a login.")
    logins = _logins(services, wanted)
    starts = [(f"/oauth/{login.name}/start?{urlencode({'next': back})}", _(login.title)) for login in logins]
    if len(starts) == 1:
        return see_other(starts[0][0])
    page = render_template("issuer/choose.html", title=wanted.asked.client.title, starts=starts)
    return _for_popups(make_response(page))


def _logins(services: Services, wanted: AuthorizeRequest) -> list[OfferedLogin]:
    only, agent = wanted.asked.client.config.logins, request.headers.get("User-Agent", "")
    return only_logins(services, agent, only) if only else fitting_logins(services, agent)


def _came_by_its_logins(services: Services, wanted: AuthorizeRequest, current: SignedIn) -> bool:
    """Say whether the session's account is of a login that the client takes."""
    only = wanted.asked.client.config.logins
    return not only or is_login_of(services, session_channel(services, current), only)


def _ask(services: Services, wanted: AuthorizeRequest, current: SignedIn, values: Values) -> Response:
    query = urlencode([(name, value) for name in values for value in values.getlist(name)])
    page = render_template(
        "issuer/consent.html",
        title=wanted.asked.client.title,
        host=urlsplit(wanted.asked.redirect_uri).netloc or wanted.asked.redirect_uri,
        scopes=wanted.asked.scope.split(),
        query=query,
        shown=_shown(services, current, wanted, query),
        csrf=token_of(services, current),
    )
    return _may_post_to(services, make_response(page), wanted.asked.redirect_uri)
