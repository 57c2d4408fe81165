"""The connector of a described login: one class that does the work, and a small one for each capability beside it.

Which of them a channel gets is decided when it opens, so that `isinstance` stays honest. Satisfies LoginProvider or DirectLogin and,
where the description says so, DiscoveringLogin, LoginPages, AppTokenLogin with AppTokenSource, PostedReturn, TokenRevoker, TokenValidator.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from app.core.errors import CallgateError, GrantRejected, LoginError, UpstreamError
from app.core.ports import AuthorizeRequest, HttpClient
from app.core.values import JSON, AppToken, CodeGrant, Identity, TokenSet
from app.security.outbound import origin_of
from app.security.strict_json import parse_json_object
from app.wire.logins.engine import Engine
from app.wire.logins.hints import COMPOSED
from app.wire.logins.id_tokens import TENANT, issuer_for_tenants, read_shared_key_token, rejected
from app.wire.logins.judging import Told
from app.wire.logins.places import Values, alternatives, first_of
from app.wire.logins.signing import appsecret_proof
from app.wire.logins.tokens import KEPT, NO_TOKEN, answers_kept, kept_parts, seconds, token_text
from app.wire.oauth2 import at_path
from app.wire.oidc import Expected, check_same_person

UNCONFIRMED = (
    "What is known of this login rests on no good source; try it with a real account before you rely on it."
)
UNPROVEN = '{key} is not set: the provider signs its answers and nothing but TLS proves them here. Set it, or use platform = "{slug}".'
APP_TOKEN_SECONDS = 7200
RETURN_JSON = 4096


class DescribedLogin:
    """What every described login can do, whichever way its code comes."""

    def __init__(self, engine: Engine):
        self.engine = engine

    @property
    def origins(self) -> frozenset[str]:
        """Return the origins of the addresses that are called."""
        return frozenset(origin_of(address) for address in self.engine.called)

    @property
    def shown_name(self) -> str:
        """Return what people read on buttons unless the channel has a title."""
        return self.engine.login.name

    @property
    def console(self) -> str:
        """Return the provider's page where the return address is entered; satisfies app.core.consoles.ConsoleSource."""
        return self.engine.login.console

    @property
    def advice(self) -> str | None:
        """Return what operators should know of where the facts come from; satisfies app.core.ports.AdvisedSource."""
        login = self.engine.login
        if login.proof is not None and self.engine.prove is None:
            return UNPROVEN.format(key=login.proof.key, slug=login.instead or login.slug)
        return UNCONFIRMED if login.confidence == "unconfirmed" else None

    def exchange(self, grant: CodeGrant, http: HttpClient) -> TokenSet:
        """Redeem a code, once; an ID token must come along and hold where the description has one."""
        engine = self._ready(http)
        told = engine.told(grant.code, grant.code_verifier, grant.app_token, redirect_uri=grant.redirect_uri)
        texts = {
            "code": grant.code,
            "redirect_uri": grant.redirect_uri,
            "code_verifier": grant.code_verifier or None,
            "app_token": grant.app_token,
        }
        answer = engine.token(engine.values(texts, {}, now=grant.redeemed_at), told, http)
        tokens = engine.read_tokens(answer, now=grant.redeemed_at)
        answers: dict[str, Any] = {"token": answer, "return": _returned(grant.parameters)}
        if engine.login.id_token is not None:
            answers["claims"] = self._claims(answer.get("id_token"), tokens, grant, http)
        values = engine.values(texts, answers, now=grant.redeemed_at)
        if engine.who.is_early:
            engine.who.subject(values, told)
        return replace(tokens, extra={KEPT: kept_parts(answers, engine.scope.used)})

    def identity(self, tokens: TokenSet, http: HttpClient) -> Identity:
        """Read who logged in; raises TokenRejected when the token is not good any more."""
        engine = self._ready(http)
        told = engine.told(tokens.access_token, tokens.refresh_token, tokens.app_token)
        texts = {"access_token": _shown(tokens), "app_token": tokens.app_token}
        if engine.secret and tokens.access_token != NO_TOKEN:
            texts["appsecret_proof"] = appsecret_proof(tokens.access_token, engine.secret)
        values = engine.values(texts, answers_kept(tokens), now=tokens.asked_at)
        for name, when, call in engine.steps:
            if when is None or when(values) is not None:
                values.answers[name] = call(values, told, http)
        if engine.user is not None and engine.user.address:
            values.answers["user"] = engine.user(values, told, http)
            self._check_subject(values)
        self._add_email(values, told, http)
        return engine.who.read(values, told)

    def refresh(self, tokens: TokenSet, http: HttpClient) -> TokenSet:
        """Trade the refresh token; one that is not replaced stays good, and so do the scope and what was kept."""
        engine = self.engine
        if engine.refresh is None or not tokens.refresh_token:
            raise GrantRejected(platform_code="no_refresh_token")
        self._ready(http)
        told = engine.told(tokens.access_token, tokens.refresh_token)
        texts = {
            "refresh_token": tokens.refresh_token,
            "access_token": _shown(tokens),
            "app_token": tokens.app_token,
        }
        answers = answers_kept(tokens)
        body = engine.refresh(engine.values(texts, answers, now=tokens.asked_at), told, http)
        fresh = engine.read_tokens(body, now=tokens.asked_at, before=tokens)
        return replace(fresh, extra=tokens.extra)

    def _ready(self, http: HttpClient) -> Engine:
        """Return the engine once it knows the addresses that its server names."""
        if self.engine.server is not None:
            self.engine.server.document(http)
        return self.engine

    def _claims(self, token: object, tokens: TokenSet, grant: CodeGrant, http: HttpClient) -> JSON:
        engine, said = self.engine, self.engine.login.id_token
        assert said is not None
        tenants = engine.settings.texts_of(said.tenants) if said.tenants else ()
        expected = Expected(
            issuer=engine.issuer,
            client_id=engine.texts["client_id"] or "",
            nonce=grant.nonce,
            access_token=tokens.access_token,
            now=grant.redeemed_at,
            algorithms=said.algorithms,
            nonce_may_lack=said.nonce != "required",
            issuer_of=issuer_for_tenants(engine.issuer, tenants) if TENANT in engine.issuer else None,
        )
        try:
            if engine.server is None:
                return read_shared_key_token(token, expected, engine.secret)
            algorithms = engine.server.document(http).algorithms
            return engine.server.claims(token, replace(expected, algorithms=algorithms), http)
        except UpstreamError as error:
            if error.code == "bad_id_token":
                raise rejected(error) from None
            raise

    def _check_subject(self, values: Values) -> None:
        """Refuse user information about anybody else than the ID token's person."""
        said = self.engine.login.id_token
        if said is None or not said.same_subject:
            return
        named = first_of(values.answers["user"], alternatives(said.same_subject))
        try:
            check_same_person(str(named), at_path(values.answers.get("claims"), ["sub"]))
        except UpstreamError as error:
            raise rejected(error) from None

    def _add_email(self, values: Values, told: Told, http: HttpClient) -> None:
        """Ask for the mail address; without it the login is as good."""
        said = self.engine.login.email
        if said is None or self.engine.email is None:
            return
        try:
            body = self.engine.email(values, told, http)
        except UpstreamError:
            return
        listed = first_of(body, alternatives(said.list_at)) if said.list_at else body.get("list")
        for entry in listed if isinstance(listed, list) else []:
            if isinstance(entry, Mapping) and all(
                entry.get(name) is want for name, want in said.needs.items()
            ):
                values.answers["email"] = {"address": first_of(entry, alternatives(said.pick))}
                return


class PageLogin(DescribedLogin):
    """Logs people in on a page; satisfies app.core.ports.LoginProvider and RefusalReader."""

    @property
    def pkce(self) -> bool:
        """Whether the provider takes S256."""
        return self.engine.login.pkce != "none"

    @property
    def code_parameters(self) -> tuple[str, ...]:
        """Names under which the code comes back."""
        return self.engine.login.authorize.code_params

    @property
    def return_names(self) -> tuple[str, ...]:
        """Names of other parameters of the return that are looked at."""
        return self.engine.login.authorize.return_params

    def authorize_url(self, request: AuthorizeRequest) -> str:
        """Return the page to send the browser to, its parameters in the description's order."""
        engine = self.engine
        address, fields, fragment = engine.pages.get(request.page) or next(iter(engine.pages.values()))
        texts = {
            "redirect_uri": request.redirect_uri,
            "state": request.state,
            "code_challenge": request.code_challenge,
            "nonce": request.nonce,
            "scope": engine.scopes(request.scope) or None,
        }
        values = Values({**engine.texts, **texts})
        parts = urlsplit(address() or engine.issuer)
        pairs = dict(parse_qsl(parts.query, keep_blank_values=True))
        pairs |= {name: text for name, fill in fields if (text := fill(values)) is not None}
        return parts._replace(query=urlencode(pairs, quote_via=quote, safe=""), fragment=fragment).geturl()

    def refused_return(self, error: str | None, given: Mapping[str, str]) -> CallgateError | None:
        """Return what an error that came back with the browser means, None when it is not told."""
        engine = self.engine
        said = {**given, **({"error": error} if error is not None else {})}
        found = engine.judge.returned(said, engine.told())
        if found is not None and found.hint == "user_denied":
            return LoginError("access_denied", "The login was cancelled; start again when you like.")
        return found


class DirectCodeLogin(DescribedLogin):
    """Logs people in by a code of a program's own; satisfies app.core.ports.DirectLogin."""

    def redeem_code(self, code: str, http: HttpClient) -> TokenSet:
        """Redeem a code once."""
        return self.exchange(CodeGrant(code, "", ""), http)

    def redeem_code_with(self, code: str, app_token: str, http: HttpClient) -> TokenSet:
        """Redeem a code once with the application's own token."""
        return self.exchange(CodeGrant(code, "", "", app_token=app_token), http)


class Discovering:
    """Asks its server for addresses and keys; satisfies app.core.ports.DiscoveringLogin."""

    engine: Engine

    @property
    def private_hosts(self) -> frozenset[str]:
        """Return the hosts that may be private: the operator's own, and where `base` leads."""
        own = self.engine.settings
        return frozenset(own.allowed_hosts) | ({urlsplit(origin_of(own.base)).netloc} if own.base else set())

    @property
    def return_issuer(self) -> str:
        """The only value that `iss` of a return may have."""
        return self.engine.issuer

    @property
    def issuer_parameter(self) -> str | None:
        """The value that `iss` of a return must have, None where the server promises none (RFC 9207)."""
        server = self.engine.server
        known = server.known if server is not None else None
        return known.issuer if known is not None and known.promises_issuer else None

    def learn(self, http: HttpClient) -> None:
        """Make sure that addresses and keys are known."""
        if self.engine.server is not None:
            self.engine.server.learn(http)


class SeveralPages:
    """Has a page inside its app; satisfies app.core.ports.LoginPages."""

    engine: Engine

    pages: tuple[str, ...] = ("desktop", "app")

    def page_for(self, user_agent: str) -> str:
        """Choose by the parts of the User-Agent that the description names."""
        in_app = self.engine.login.authorize.in_app
        name = user_agent.lower()
        return (
            "app"
            if in_app is not None and any(each.lower() in name for each in in_app.user_agents)
            else "desktop"
        )


class WithAppToken:
    """Needs the application's own token; satisfies app.core.ports.AppTokenLogin and AppTokenSource."""

    engine: Engine

    login_needs_app_token: bool = True
    refresh_app_token_before: int = 300

    def fetch_app_token(self, http: HttpClient, *, rejected: str | None) -> AppToken:
        """Fetch the application's token."""
        engine, said = self.engine, self.engine.login.app_token
        assert said is not None
        assert engine.app_token is not None
        body = engine.app_token(engine.values({}, {}, now=0), engine.told(rejected), http)
        value = token_text(first_of(body, alternatives(said.access_token)))
        if value is None:
            raise UpstreamError(
                "upstream_bad_answer", COMPOSED["no_app_token"].sentence.format(name=engine.login.name)
            )
        return AppToken(value, seconds(first_of(body, alternatives(said.expires))) or APP_TOKEN_SECONDS)


class Posted:
    """Comes back with a POST; satisfies app.core.ports.PostedReturn."""

    engine: Engine

    @property
    def return_parameters(self) -> tuple[str, ...]:
        """Names of the posted fields that are used."""
        return self.engine.login.authorize.return_params


class Revoking:
    """Ends tokens; satisfies app.core.ports.TokenRevoker."""

    engine: Engine

    def revoke(self, tokens: TokenSet, http: HttpClient) -> None:
        """Tell the provider to forget the tokens; the refresh token first, because it could make new ones."""
        engine, said = self.engine, self.engine.login.revoke
        assert said is not None
        assert engine.revoke is not None
        told = engine.told(tokens.access_token, tokens.refresh_token)
        both = (("refresh_token", tokens.refresh_token), ("access_token", tokens.access_token))
        for hint, token in both[1:] if said.params else both:
            if token and token != NO_TOKEN:
                texts = {"token": token, "token_hint": hint, "access_token": tokens.access_token}
                _forget(
                    engine, {**texts, "refresh_token": tokens.refresh_token}, told, http, now=tokens.asked_at
                )


class Validating:
    """Is asked whether tokens in use are still good; satisfies app.core.login_ports.TokenValidator."""

    engine: Engine

    @property
    def validate_every(self) -> int:
        """Seconds after which a token is asked about again."""
        said = self.engine.login.validate_call
        assert said is not None
        return said.every

    def validate(self, tokens: TokenSet, http: HttpClient) -> None:
        """Ask once."""
        engine = self.engine
        assert engine.validate is not None
        texts = {"access_token": _shown(tokens), "app_token": tokens.app_token}
        told = engine.told(tokens.access_token, tokens.refresh_token, tokens.app_token)
        engine.validate(engine.values(texts, {}, now=tokens.asked_at), told, http)


def _forget(
    engine: Engine, texts: Mapping[str, str | None], told: Told, http: HttpClient, *, now: float
) -> None:
    assert engine.revoke is not None
    engine.revoke(engine.values(texts, {}, now=now), told, http)


def _shown(tokens: TokenSet) -> str | None:
    return None if tokens.access_token == NO_TOKEN else tokens.access_token


def _returned(parameters: Mapping[str, str]) -> dict[str, Any]:
    """Return the declared parameters of the return; one that is a JSON object (Apple's user) is opened. Nothing in it is signed."""
    found: dict[str, Any] = {}
    for name, text in parameters.items():
        try:
            found[name] = (
                parse_json_object(text.encode()) if text[:1] == "{" and len(text) <= RETURN_JSON else text
            )
        except ValueError:
            found[name] = text
    return found


def open_login(engine: Engine) -> DescribedLogin:
    """Return the connector with exactly the capabilities that the description gives it."""
    login = engine.login
    has = (
        (Discovering, login.discovers),
        (SeveralPages, login.authorize.in_app is not None),
        (WithAppToken, login.app_token is not None),
        (Posted, login.authorize.response_mode == "form_post"),
        (Revoking, login.revoke is not None),
        (Validating, login.validate_call is not None),
    )
    parts = tuple(part for part, is_there in has if is_there)
    kind: type[DescribedLogin] = DirectCodeLogin if login.is_direct else PageLogin
    return type("OpenedLogin", (*parts, kind), {})(engine)  # type: ignore[no-any-return]
