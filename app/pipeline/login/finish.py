"""Login: from the return of a browser to a session. State first, then error or code, then one exchange.

Starting is pipeline/login/start.py. No network call happens inside a transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import structlog

from app.core.errors import CallgateError, LoginError, RefusedError, StoreUnavailable
from app.core.login_ports import RefusalReader
from app.core.ports import (
    AuthorizeRequest,
    DiscoveringLogin,
    LoginPages,
    LoginProvider,
    PostedReturn,
)
from app.core.states import FlowMode, FlowPurpose
from app.core.values import CodeGrant, Identity, TokenSet
from app.pipeline.channels import Channel, ask_platform
from app.pipeline.login.groups import same_union
from app.pipeline.login.linking import check_linker, store_link
from app.pipeline.login.people import Remembered, checked_identity, remember_person
from app.pipeline.login.repeats import failure_text, result_of_first
from app.pipeline.login.return_query import ReturnParameters, read_return
from app.pipeline.login.sessions import SessionToken, SignedIn, open_session, tell_ended
from app.pipeline.login.start import learn_addresses, nonce_of, spend_flow
from app.pipeline.overrides import check_is_on
from app.pipeline.own_events import LOGIN_SUCCEEDED, USER_CREATED
from app.pipeline.services import Services
from app.pipeline.tokens.user_tokens import lend_app_token, store_new_tokens
from app.security.addresses import address_group
from app.security.outbound import origin_of
from app.security.signatures import sha256_hex
from app.storage.audit import ANONYMOUS, write_audit
from app.storage.database.db import Transaction
from app.storage.login.flows import Flow, mark_flow_failed, mark_flow_finished
from app.storage.login.sessions import end_session

RETURNS_PER_ADDRESS = "120 per minute"
AUDITED_REFUSALS_PER_PERSON = "20 per hour"

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, repr=False)
class LoginReturn:
    """One return of a browser from a platform, with what it brought along."""

    channel: str
    query_string: bytes
    browsers: Sequence[str]
    """Its login cookies: one for each login that was the first of its browser."""
    signed_in: SignedIn | None
    remote_addr: str
    trace_id: str


@dataclass(frozen=True, slots=True, repr=False)
class LoginResult:
    """Where the browser goes; `token` is the new session's, None when the session it has goes on."""

    next: str
    mode: FlowMode
    token: SessionToken | None


@dataclass(frozen=True, slots=True, repr=False)
class Proof:
    """Who the platform says it is, and the tokens that come with it."""

    known: Identity
    tokens: TokenSet


def finish_login(services: Services, returned: LoginReturn) -> LoginResult:
    """Take a return to its end; raises CallgateError for every refusal, which is audited.

    1. The channel must log people in, and the rate must be allowed.
    2. The parameters must be plain: nothing repeated, oddly spelled or unreadable.
    3. The state is spent: once, on its channel, in the browser that started, in time.
    4. The same return once more from the same browser gets what the first one got; nothing is exchanged again.
    5. A link must end in the session that started it.
    6. Issuer, error and code are looked at, in this order.
    7. The code is redeemed, once, and the platform says who it is.
    8. Identity, tokens and session are stored in one transaction, or the link is.
    """
    channel, provider = services.channels.with_capability(returned.channel, LoginProvider)
    try:
        check_is_on(services, channel.name)
        _check_rate(services, returned.remote_addr)
        given = read_return(returned.query_string, provider.code_parameters, return_parameters(channel))
        answer = sha256_hex(b"return\x00", returned.query_string)
        spent = spend_flow(
            services, state=given.state, channel=channel.name, browsers=returned.browsers, answer=answer
        )
        flow = spent.flow
        if spent.verifier is None:
            token = result_of_first(services, flow, answer=answer, signed_in=returned.signed_in)
            services.meters.login(channel.name, "repeated")
            return LoginResult(flow.next, flow.mode, token)
        with _failures_kept(services, flow):
            if flow.purpose is FlowPurpose.LINK:
                check_linker(flow, returned.signed_in)
            learn_addresses(channel)
            code = _code(channel, provider, given)
            grant = _grant(services, spent.verifier, flow, code, given)
            result = _store(services, channel, returned, flow, redeem(services, channel, provider, grant))
            services.meters.login(channel.name, "succeeded")
            return result
    except CallgateError as error:
        services.meters.login(channel.name, error.code)
        _audit_refusal(services, returned, error)
        raise


@contextmanager
def _failures_kept(services: Services, flow: Flow) -> Iterator[None]:
    """Keep how a spent flow failed for repeats by the same browser."""
    try:
        yield
    except CallgateError as error:
        failure = failure_text(error)
        try:
            services.database.run(lambda tx: mark_flow_failed(tx, flow.id, failure))
        except StoreUnavailable:
            log.warning("failure_not_kept", channel=flow.channel)
        raise


def return_parameters(channel: Channel) -> tuple[str, ...]:
    """Return the names of the parameters that a channel's return may carry beside the usual ones."""
    posted, reader = channel.as_capability(PostedReturn), channel.as_capability(RefusalReader)
    names = (() if posted is None else posted.return_parameters) + (
        () if reader is None else reader.return_names
    )
    return tuple(dict.fromkeys(names))


def redeem(services: Services, channel: Channel, provider: LoginProvider, grant: CodeGrant) -> Proof:
    """Redeem a code and ask who it is; nothing is repeated, because a code works once."""
    http = channel.http
    tokens = lend_app_token(
        services, channel, grant, lambda lent: ask_platform(lambda: provider.exchange(lent, http))
    )
    known = lend_app_token(
        services, channel, tokens, lambda lent: ask_platform(lambda: provider.identity(lent, http))
    )
    return Proof(checked_identity(known), tokens)


def open_login(
    services: Services,
    tx: Transaction,
    channel: str,
    proof: Proof,
    *,
    replaces: SignedIn | None,
    trace_id: str,
) -> tuple[str, SessionToken]:
    """Store who logged in, with tokens and a new session; return the session's id and first token.

    The session the browser had before ends: a session id from before a login never becomes a logged-in one.
    """
    now = services.clock.now()
    partners = same_union(services, channel)
    remembered = remember_person(tx, channel=channel, known=proof.known, now=now, partners=partners)
    stored = remembered.stored
    store_new_tokens(services, tx, stored.id, proof.tokens)
    if replaces is not None and end_session(tx, replaces.sid, now):
        tell_ended(services, tx, replaces.user_id, sid=replaces.sid)
    session, token = open_session(services, tx, user_id=stored.user_id, identity_id=stored.id)
    write_audit(
        tx,
        at=now,
        actor=stored.user_id,
        action="login",
        target=stored.id,
        outcome="succeeded",
        trace_id=trace_id,
        detail={"channel": channel},
    )
    _tell(services, tx, channel, remembered)
    return session.sid, token


def _tell(services: Services, tx: Transaction, channel: str, remembered: Remembered) -> None:
    """Tell our own events; they name ids only, a profile is asked for by whoever may."""
    stored = remembered.stored
    data = {"channel": channel, "user_id": stored.user_id, "identity_id": stored.id}
    if remembered.is_new_user:
        services.own_events.tell(tx, USER_CREATED, data, subject=stored.user_id)
    services.own_events.tell(tx, LOGIN_SUCCEEDED, data, subject=stored.user_id)


def _store(
    services: Services, channel: Channel, returned: LoginReturn, flow: Flow, proof: Proof
) -> LoginResult:
    def work(tx: Transaction) -> SessionToken | None:
        if flow.purpose is FlowPurpose.LINK:
            assert returned.signed_in is not None
            store_link(
                services,
                tx,
                channel=channel.name,
                known=proof.known,
                tokens=proof.tokens,
                signed_in=returned.signed_in,
                trace_id=returned.trace_id,
            )
            mark_flow_finished(tx, flow.id, returned.signed_in.sid)
            return None
        sid, token = open_login(
            services, tx, channel.name, proof, replaces=returned.signed_in, trace_id=returned.trace_id
        )
        mark_flow_finished(tx, flow.id, sid)
        return token

    token = services.database.run(work)
    log.info("login_finished", channel=channel.name, purpose=flow.purpose.value)
    return LoginResult(flow.next, flow.mode, token)


def _grant(services: Services, verifier: str, flow: Flow, code: str, given: ReturnParameters) -> CodeGrant:
    return CodeGrant(
        code,
        flow.redirect_uri,
        verifier,
        page=flow.page,
        parameters=given.others,
        nonce=nonce_of(verifier),
        redeemed_at=services.clock.now().timestamp(),
    )


def _code(channel: Channel, provider: LoginProvider, given: ReturnParameters) -> str:
    """Return the code of a return that brings one and nothing that contradicts it; raises LoginError."""
    _check_issuer(channel, provider, given.issuer)
    if given.error is not None and given.code is not None:
        raise LoginError("bad_callback", "The platform's answer contradicts itself; start again.")
    reader = channel.as_capability(RefusalReader)
    if reader is not None and (told := reader.refused_return(given.error, given.others)) is not None:
        raise told
    if given.error is not None and given.error != "access_denied":
        raise LoginError("login_refused", "The platform refused the login; start again.")
    # Several platforms report a person's "no" by leaving the code out.
    if given.error is not None or given.code is None:
        raise LoginError("access_denied", "The login was cancelled; start again when you like.")
    return given.code


def _check_issuer(channel: Channel, provider: LoginProvider, given: str | None) -> None:
    """Compare `iss` exactly where the channel promises it; elsewhere one from another server is refused.

    Source: RFC 9207 §2.4 (read 2026-11-20).
    """
    promised: str | None = getattr(provider, "issuer_parameter", None)
    if given == promised:
        return
    discovering = channel.as_capability(DiscoveringLogin)
    if discovering is not None:
        # One server may be several issuers (Keycloak's realms), so its origin says nothing.
        if promised is None and given == discovering.return_issuer:
            return
        raise wrong_issuer()
    if promised is None and given is not None and _origin(given) in _pages_origins(channel, provider):
        return
    raise wrong_issuer()


def wrong_issuer() -> LoginError:
    """Return the error for an answer that is not from the server that was asked (mix-up)."""
    return LoginError("wrong_issuer", "This answer comes from another login server; start again.")


def login_origins(channels: Iterable[Channel]) -> list[str]:
    """Return the origins of the login pages of all channels, each once."""
    found: set[str] = set()
    for channel in channels:
        provider = channel.as_capability(LoginProvider)
        found |= set() if provider is None else _pages_origins(channel, provider)
    return sorted(found)


def _pages_origins(channel: Channel, provider: LoginProvider) -> set[str]:
    """Return the origins of the pages a channel sends browsers to."""
    several = channel.as_capability(LoginPages)
    pages = ("",) if several is None else several.pages
    addresses = (provider.authorize_url(AuthorizeRequest("", "", "", page=page)) for page in pages)
    return {origin for origin in map(_origin, addresses) if origin is not None}


def _origin(address: str) -> str | None:
    try:
        return origin_of(address)
    except ValueError:
        return None


def _check_rate(services: Services, remote_addr: str) -> None:
    wait = services.rate_limits.hit(RETURNS_PER_ADDRESS, "login_return", address_group(remote_addr))
    if wait is not None:
        message = "Too many logins end at this address; wait a little."
        raise RefusedError("rate_limited", message, http_status=429, retry_after=wait)


def _audit_refusal(services: Services, returned: LoginReturn, error: CallgateError) -> None:
    log.info("login_refused", channel=returned.channel, error=error.code)
    actor = ANONYMOUS if returned.signed_in is None else returned.signed_in.user_id
    if error.http_status == 429 or _has_too_many_entries(services, actor):  # noqa: PLR2004
        # A flood must not fill the audit as well.
        return
    try:
        with services.database.begin() as tx:
            write_audit(
                tx,
                at=services.clock.now(),
                actor=actor,
                action="login",
                target=returned.channel,
                outcome=error.code,
                trace_id=returned.trace_id,
            )
    except StoreUnavailable:
        log.warning("audit_failed", channel=returned.channel)


def _has_too_many_entries(services: Services, actor: str) -> bool:
    """A person's entries stay for months, those of "anonymous" are bounded in the store."""
    limits = services.rate_limits
    return actor != ANONYMOUS and limits.hit(AUDITED_REFUSALS_PER_PERSON, "audited", actor) is not None
