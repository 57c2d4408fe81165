"""Flows: starting a login or link, and spending its state exactly once.

Only here is decided what a state proves: that this browser started, on this channel, not too long ago.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlencode

from app.core.code_pages import CodeScript, ScriptedLogin
from app.core.errors import LoginError, RefusedError, RequestError
from app.core.identifiers import random_word
from app.core.ports import AuthorizeRequest, DiscoveringLogin, LoginPages, LoginProvider
from app.core.states import FlowMode, FlowPurpose
from app.pipeline.channels import Channel, ask_platform, redirect_uri
from app.pipeline.login.groups import MAX_USER_AGENT, channel_to_start
from app.pipeline.login.sessions import SignedIn
from app.pipeline.overrides import check_is_on
from app.pipeline.services import Services
from app.security.addresses import address_group
from app.security.return_urls import checked_return_url
from app.security.signatures import sha256_hex
from app.storage.login.flows import Flow, consume_flow, find_flow, insert_flow, purge_flows

STARTS_PER_ADDRESS = "60 per minute"
STATE_BITS = 192
BROWSER_BITS = 256
VERIFIER_BITS = 256


@dataclass(frozen=True, slots=True, repr=False)
class StartRequest:
    """What a browser asks for; `browser` is its login cookie when it has one already.

    `channel` may be a login group. `user_agent` chooses the channel of a group, and the page where a channel has several
    and `page` names none; it is cut to MAX_USER_AGENT. `error_to` is where a failure is told, judged like `next`.
    """

    channel: str
    next: str
    mode: FlowMode
    browser: str | None
    remote_addr: str
    user_agent: str = ""
    error_to: str | None = None
    page: str | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Started:
    """Where to send the browser, and the login cookie that must come back with the return."""

    authorize_url: str
    browser: str


@dataclass(frozen=True, slots=True, repr=False)
class SpentFlow:
    """A spent flow, with its PKCE verifier in the clear for whoever spent it; None when a return before did."""

    flow: Flow
    verifier: str | None


def start_flow(services: Services, wanted: StartRequest, *, linker: SignedIn | None = None) -> Started:
    """Start a login, or a link when `linker` is the session it belongs to.

    1. A group's channel is chosen by the browser. The channel must log people in, the return address must be allowed, and the rate too; a server that names its own
       addresses is asked for them, where they are not known.
    2. State, PKCE verifier and, for a new browser, the value of its login cookie are drawn.
    3. The flow is stored under the hash of its state, and expired ones are swept.
    4. The platform words its own address, unless a script on a page of ours gets the code.
    """
    name = channel_to_start(services, wanted.channel, wanted.user_agent)
    channel, provider = _login_of(services, name)
    return_to, error_to = _checked_addresses(services, wanted)
    _check_rate(services, wanted.remote_addr)
    learn_addresses(channel)
    state, verifier = random_word(STATE_BITS), random_word(VERIFIER_BITS)
    browser = wanted.browser or random_word(BROWSER_BITS)
    now = services.clock.now()
    lifetime = timedelta(seconds=services.settings.flow_ttl)
    flow_id = _flow_id(state)
    flow = Flow(
        id=flow_id,
        channel=channel.name,
        purpose=FlowPurpose.LOGIN if linker is None else FlowPurpose.LINK,
        mode=wanted.mode,
        redirect_uri=redirect_uri(services.settings, channel) or "",
        next=return_to,
        browser=_browser_hash(browser),
        verifier=services.vault.seal(verifier.encode(), place=verifier_place(flow_id)),
        created_at=now,
        expires_at=now + lifetime,
        user_id=None if linker is None else linker.user_id,
        sid=None if linker is None else linker.sid,
        page=_page(channel, wanted),
        error_to=error_to,
    )
    _keep(services, flow, lifetime)
    request = AuthorizeRequest(
        flow.redirect_uri, state, _challenge(verifier), page=flow.page, nonce=nonce_of(verifier)
    )
    return Started(_login_page(services, channel, provider, request), browser)


def _login_of(services: Services, name: str) -> tuple[Channel, LoginProvider]:
    channel, provider = services.channels.with_capability(name, LoginProvider)
    check_is_on(services, channel.name)
    return channel, provider


def _keep(services: Services, flow: Flow, lifetime: timedelta) -> None:
    with services.database.begin() as tx:
        insert_flow(tx, flow)
        # Expired rows stay for one more lifetime, so that a late return is told "expired" and not "unknown".
        purge_flows(tx, flow.created_at - lifetime)


def spend_flow(
    services: Services, *, state: str | None, channel: str, browsers: Sequence[str], answer: str
) -> SpentFlow:
    """Spend a state; raises LoginError. A return in the wrong browser or on the wrong channel spends nothing.

    `browsers` are the login cookies that came along, `answer` is the digest of the return. A missing, a made-up, a
    foreign and a spent state get the same answer, after the same work; only a repeat is told apart.
    """
    now = services.clock.now()
    flow_id = _flow_id(state or "")
    hashes = _browser_hashes(browsers)
    with services.database.begin() as tx:
        spent = consume_flow(tx, flow_id, channel=channel, browsers=hashes, answer=answer, now=now)
        flow = find_flow(tx, flow_id)
    if flow is None or flow.browser not in hashes or flow.channel != channel:
        raise invalid_state()
    if spent:
        verifier = services.vault.open(flow.verifier, place=verifier_place(flow.id)).decode()
        return SpentFlow(flow, verifier)
    if flow.consumed_at is None:
        raise LoginError("login_expired", "This login took too long; start again.")
    return SpentFlow(flow, None)


def find_own_flow(
    services: Services, *, state: str | None, channel: str, browsers: Sequence[str]
) -> Flow | None:
    """Return the flow of a state, spent or not, when one of these login cookies started it on this channel."""
    with services.database.read() as tx:
        flow = find_flow(tx, _flow_id(state or ""))
    is_own = flow is not None and flow.browser in _browser_hashes(browsers) and flow.channel == channel
    return flow if is_own else None


def learn_addresses(channel: Channel) -> None:
    """Have a channel learn its server's addresses where that server names them; raises UpstreamError."""
    discovering = channel.as_capability(DiscoveringLogin)
    if discovering is not None:
        ask_platform(lambda: discovering.learn(channel.http))


def nonce_of(verifier: str) -> str:
    """Return the nonce of a login. It follows from the verifier, which is kept sealed with the flow, and tells nothing of it."""
    return sha256_hex(b"nonce\x00", verifier.encode())


def verifier_place(flow_id: str) -> str:
    """Return the place a PKCE verifier is sealed for."""
    return f"flows/{flow_id}/verifier"


def _checked_addresses(services: Services, wanted: StartRequest) -> tuple[str, str | None]:
    """Return where a login goes on and where its failure is told; raises RequestError for an address not allowed."""
    allowed = services.settings.return_urls
    return_to = checked_return_url(wanted.next, allowed)
    if wanted.error_to is None:
        return return_to, None
    return return_to, checked_return_url(wanted.error_to, allowed, name="error_to")


def _page(channel: Channel, wanted: StartRequest) -> str:
    """Return the login page that was asked for, else the one for the browser; the return needs it too, so it is kept."""
    pages = channel.as_capability(LoginPages)
    if pages is None:
        return ""
    if wanted.page is not None and wanted.page not in pages.pages:
        raise RequestError("bad_page", "This channel has no login page of that name.")
    return wanted.page if wanted.page is not None else pages.page_for(wanted.user_agent[:MAX_USER_AGENT])


def script_of(channel: Channel, page: str) -> CodeScript | None:
    """Return what a page of ours needs on which a platform's script hands out the code, None where the page is the platform's."""
    scripted = channel.as_capability(ScriptedLogin)
    return None if scripted is None else scripted.code_script(page)


def _login_page(
    services: Services, channel: Channel, provider: LoginProvider, request: AuthorizeRequest
) -> str:
    if script_of(channel, request.page) is None:
        return provider.authorize_url(request)
    query = urlencode({"state": request.state})
    return f"{services.settings.public_base_url}/oauth/{channel.name}/code?{query}"


def invalid_state() -> LoginError:
    """Return the one error for a state that is worth nothing here and now."""
    return LoginError(
        "invalid_state", "This login was not started in this browser, or it is over; start again."
    )


def _check_rate(services: Services, remote_addr: str) -> None:
    wait = services.rate_limits.hit(STARTS_PER_ADDRESS, "login_start", address_group(remote_addr))
    if wait is not None:
        message = "Too many logins were started from this address; wait a little."
        raise RefusedError("rate_limited", message, http_status=429, retry_after=wait)


def _flow_id(state: str) -> str:
    return sha256_hex(b"state\x00", state.encode())


def _browser_hash(browser: str) -> str:
    # The salt keeps its older word, so that no login under way is lost by an update.
    return sha256_hex(b"binding\x00", browser.encode("utf-8", "surrogateescape"))


def _browser_hashes(browsers: Sequence[str]) -> list[str]:
    # Who brings no cookie is looked up all the same: the work must not tell.
    return [_browser_hash(browser) for browser in browsers or ("",)]


def _challenge(verifier: str) -> str:
    """Return the S256 challenge of a verifier (RFC 7636 §4.2)."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
