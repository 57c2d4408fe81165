"""A description compiled for one channel: addresses, calls, parameters, identity. Made once, when the channel opens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.core.values import TokenSet
from app.wire.logins.calls import Address, CompiledCall, checked_address, compile_fields, rebased
from app.wire.logins.client_secrets import SecretMaker
from app.wire.logins.description import Call, Page, RefreshCall, RevokeCall, TokenCall
from app.wire.logins.id_tokens import TENANT
from app.wire.logins.judging import Judge, Told
from app.wire.logins.login import Login
from app.wire.logins.people import IdentityReader
from app.wire.logins.places import Scope, Values, compile_template, compile_value
from app.wire.logins.proofs import compile_proof
from app.wire.logins.server import LoginServer
from app.wire.logins.settings import LoginSettings
from app.wire.logins.tokens import TokenReader

OF_THIS_LOGIN = (
    "redirect_uri", "state", "scope", "nonce", "code", "code_challenge", "code_verifier", "client_id", "client_secret",
    "access_token", "refresh_token", "app_token", "now", "appsecret_proof", "token", "token_hint",
)  # fmt: skip
BEARER = {"Authorization": "Bearer {access_token}"}
DISCOVERED = {"authorize": "authorization_endpoint", "token": "token_endpoint", "user": "userinfo_endpoint"}
RFC_7009 = {"token": "{token}", "token_type_hint": "{token_hint}"}


class Engine:
    """Everything of one description that a connector runs."""

    def __init__(self, login: Login, settings: LoginSettings):
        """Compile; raises ValueError that names the table and key at fault."""
        self.login, self.settings = login, settings
        self.base = settings.base
        self.texts = settings.texts()
        self.secret = settings.plain_secret("client_secret")
        self.scope = Scope({*OF_THIS_LOGIN, *self.texts})
        self.judge = Judge(login)
        self.prove = compile_proof(login.proof, self.texts)
        self.server = self._make_server()
        self.secret_maker = (
            SecretMaker(login.client_secret, self.scope) if login.client_secret is not None else None
        )
        self._compile_pages()
        self._compile_token_calls()
        self._compile_reading()

    def told(self, *secrets: str | None, redirect_uri: str = "") -> Told:
        """Return what refusals are worded with; none of `secrets` is ever repeated."""
        known = frozenset(each for each in (self.secret, *secrets) if each)
        return Told(self.login.name, self.login.console, redirect_uri, known)

    def scopes(self, asked: str | None = None) -> str:
        """Return the scopes as the provider wants them written."""
        text = asked or self.settings.scope or self.login.scope
        return self.login.scope_join.join(text.replace(",", " ").split())

    def values(self, texts: Mapping[str, str | None], answers: Mapping[str, Any], *, now: float) -> Values:
        """Return what is known at one moment, the application's secret included, made anew where it is made."""
        values = Values({**self.texts, "scope": self.scopes() or None, "now": str(now), **texts}, answers)
        values.texts["client_secret"] = self._secret_now(values, now)
        return values

    def _secret_now(self, values: Values, now: float) -> str | None:
        made = self.login.client_secret
        key = self.settings.plain_secret(made.key) if made is not None else ""
        if self.secret_maker is None or not key:
            return self.secret or None
        return self.secret_maker.make(values, key, now)

    def _make_server(self) -> LoginServer | None:
        said = self.login.id_token
        if said is None or not self.login.discovers:
            return None
        issuer = self.issuer
        needed = [
            "jwks_uri",
            *(DISCOVERED[each] for each in ("authorize", "token") if not self._written(each)),
        ]
        discovery = said.discovery or f"{said.issuer.rstrip('/')}/.well-known/openid-configuration"
        address = self._filled(discovery, "id_token.discovery")
        return LoginServer(
            issuer=issuer,
            discovery=address,
            base=self.base,
            hosts=self.login.hosts,
            private_hosts=self.settings.allowed_hosts,
            algorithms=said.algorithms,
            needed=needed,
        )

    @property
    def issuer(self) -> str:
        """The issuer of ID tokens, with {tid} left as it is; empty where there are none."""
        said = self.login.id_token
        if said is None:
            return ""
        return TENANT.join(self._filled(part, "id_token.issuer") for part in said.issuer.split(TENANT))

    def _written(self, name: str) -> str:
        part: Page | Call | None = getattr(self.login, name)
        return part.url if part is not None else ""

    def _filled(self, template: str, place: str) -> str:
        """Return an address or issuer with the channel's keys in it; raises ValueError."""
        if not template:
            return ""
        try:
            text = compile_template(template, Scope(self.texts))(Values(self.texts))
        except ValueError as error:
            raise ValueError(f"{place}: {error}") from None
        if text is None:
            raise ValueError(f"{place}: a key of the channel that it needs is empty")
        return text

    def address_of(self, template: str, name: str) -> Address:
        """Return what gives a call's address: the written one, else what the server's document names."""
        if template:
            text = self._filled(template, f"{name}.url")
            try:
                address = rebased(checked_address(text, self.login.hosts), self.base)
            except ValueError as error:
                raise ValueError(f"{name}.url: {error}") from None
            return lambda: address
        endpoint, server = DISCOVERED.get(name), self.server
        if endpoint is None or server is None:
            raise ValueError(f"{name}.url must be set")

        def discovered() -> str:
            said = getattr(server.known, endpoint, "") if server.known is not None else ""
            return server.called(said) if said else ""

        return discovered

    def _compile_pages(self) -> None:
        said = self.login.authorize
        self.pages: dict[str, tuple[Address, list[Any], str]] = {}
        if self.login.is_direct:
            return
        pages: dict[str, Page] = {"": said} if said.in_app is None else {"desktop": said, "app": said.in_app}
        for name, page in pages.items():
            params = page.params or _renamed(self._usual_page_params(), page.rename)
            more = params | page.more | self.settings.authorize_params
            try:
                fields = compile_fields(more, self.scope)
            except ValueError as error:
                raise ValueError(f"authorize.params: {error}") from None
            self.pages[name] = (self.address_of(page.url, "authorize"), fields, page.fragment)

    def _usual_page_params(self) -> dict[str, str]:
        params = {name: f"{{{name}}}" for name in ("client_id", "redirect_uri", "state", "scope")}
        params = {"response_type": "code"} | params
        if self.login.authorize.response_mode == "form_post":
            params["response_mode"] = "form_post"
        if self.login.id_token is not None and self.login.id_token.nonce != "none":
            params["nonce"] = "{nonce}"
        if self.login.pkce != "none":
            params |= {"code_challenge": "{code_challenge}", "code_challenge_method": "S256"}
        return params

    def _compile_token_calls(self) -> None:
        login = self.login
        code = {"grant_type": "authorization_code", "code": "{code}", "redirect_uri": "{redirect_uri}"}
        if login.pkce != "none":
            code["code_verifier"] = "{code_verifier}"
        self.token = self._token_call("token", login.token, code, login.token.url)
        self.token_reader = TokenReader(login.token)
        self.refresh: CompiledCall | None = None
        self.refresh_reader = self.token_reader
        if login.refresh is not None:
            said = _beside_the_code(login.refresh, login.token)
            usual = {"grant_type": "refresh_token", "refresh_token": "{refresh_token}"}
            self.refresh = self._token_call("refresh", said, usual, said.url)
            self.refresh_reader = TokenReader(said)
        self.app_token: CompiledCall | None = None
        if login.app_token is not None:
            self.app_token = self._call("app_token", login.app_token, self.scope)
        self.revoke: CompiledCall | None = None
        if login.revoke is not None:
            self.revoke = self._revoke_call(login.revoke)

        self.validate: CompiledCall | None = None
        if login.validate_call is not None:
            self.validate = self._call("validate", _with_bearer(login.validate_call), self.scope)

    def _token_call(self, name: str, call: TokenCall, usual: dict[str, str], url: str) -> CompiledCall:
        if call.auth == "body":
            usual = usual | {"client_id": "{client_id}", "client_secret": "{client_secret}"}
        params = (call.params or _renamed(usual, call.rename)) | call.more
        address = self.address_of(url, "token") if not url else self.address_of(url, name)
        return CompiledCall(
            name,
            call,
            address=address,
            params=params,
            scope=self.scope,
            judge=self.judge,
            auth=call.auth,
            prove=self.prove,
        )

    def _revoke_call(self, call: RevokeCall) -> CompiledCall:
        own = {"client_id": "{client_id}", "client_secret": "{client_secret}"} if call.auth == "body" else {}
        return CompiledCall(
            "revoke", call, address=self.address_of(call.url, "revoke"), params=call.params or RFC_7009 | own,
            scope=self.scope, judge=self.judge, auth=call.auth,
        )  # fmt: skip

    def _call(self, name: str, call: Call, scope: Scope) -> CompiledCall:
        return CompiledCall(
            name,
            call,
            address=self.address_of(call.url, name),
            params=call.params,
            scope=scope,
            judge=self.judge,
            prove=self.prove,
        )

    def _compile_reading(self) -> None:
        login = self.login
        early = ["token", "return", *(["claims"] if login.id_token is not None else [])]
        scope = self.scope.with_calls(*early)
        self.steps: list[tuple[str, Any, CompiledCall]] = []
        for step in login.steps:
            when = compile_value(step.when, scope) if step.when else None
            self.steps.append((step.name, when, self._call(step.name, step, scope)))
            scope = scope.with_calls(step.name)
        self.user: CompiledCall | None = None
        if login.user is not None:
            self.user = self._call("user", _with_bearer(login.user), scope)
            scope = scope.with_calls("user")
        self.email: CompiledCall | None = None
        if login.email is not None:
            self.email = self._call("email", _with_bearer(login.email), scope)
            scope = scope.with_calls("email")
        usual = (
            f"oauth2:{self.issuer}"
            if self.issuer and TENANT not in self.issuer
            else f"{login.slug}:{{client_id}}"
        )
        self.who = IdentityReader(login.identity, scope, within=usual)
        if login.id_token is not None:
            self.scope.used.add(("claims", "sub"))

    @property
    def called(self) -> list[str]:
        """Every address that is called and known by now."""
        calls = (
            self.token, self.refresh, self.app_token, self.revoke, self.validate, self.user, self.email,
        )  # fmt: skip
        found = [*calls, *(call for _, _, call in self.steps)]
        return [call.address for call in found if call is not None and call.address]

    def read_tokens(self, body: Mapping[str, Any], *, now: float, before: TokenSet | None = None) -> TokenSet:
        """Return the tokens of an answer to a code, or to a refresh token where there were tokens before."""
        reader = self.token_reader if before is None else self.refresh_reader
        scope = before.scope if before is not None else self.scopes() or None
        return reader.read(body, now=now, before=before, scope=scope)


def _renamed(params: Mapping[str, str], names: Mapping[str, str]) -> dict[str, str]:
    return {names.get(name, name): text for name, text in params.items()}


def _beside_the_code(refresh: RefreshCall, token: TokenCall) -> RefreshCall:
    """Return the refresh call with what it leaves out as for the code; parameters are its own."""
    own = refresh.model_fields_set
    kept = {"method", "url", "place", "auth", "rename", "headers", "query", "parse", "unwrap", "signing"}
    kept |= {"access_token", "refresh_token", "expires", "expires_kind", "expires_default", "refresh_expires"}
    return refresh.model_copy(update={name: getattr(token, name) for name in kept - own})


def _with_bearer(call: Call) -> Call:
    """Return a call that shows the token in the usual header, unless it shows it elsewhere."""
    shown = [*call.params.values(), *call.query.values(), *call.headers.values()]
    is_shown = any("{access_token}" in text or "{app_token}" in text for text in shown) or call.signing
    return call if is_shown else call.model_copy(update={"headers": BEARER | call.headers})
