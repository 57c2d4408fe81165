"""What a client asks for at the authorize address, judged before anything is shown.

First who asks and where the browser goes back to: with a fault in those nothing is sent anywhere (RFC 6749 §4.1.2.1). Every
other fault goes back to the client in the protocol's own words.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from werkzeug.datastructures import MultiDict

from app.core.errors import RequestError
from app.pipeline.issuer.clients import Client, find_client
from app.pipeline.issuer.grants import Asked
from app.pipeline.services import Services
from app.storage.issuer.grants import LONGEST_NONCE

CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
LONGEST_STATE = 2000
LONGEST_QUERY = 8000
PROMPTS = frozenset({"none", "login", "consent", "select_account"})
MODES = ("query", "form_post")
ONCE = (
    "response_type",
    "client_id",
    "redirect_uri",
    "scope",
    "state",
    "nonce",
    "code_challenge",
    "prompt",
    "max_age",
)
HEEDED = (*ONCE, "code_challenge_method", "response_mode", "auto_authorize", "id_token_hint")
"""All that is read of a request; whatever else a client sends need not survive a login."""


@dataclass(frozen=True, slots=True)
class AuthorizeRequest:
    """A request that may go on: what it asks for, and how the person is to be asked."""

    asked: Asked
    state: str | None
    mode: str
    prompts: frozenset[str]
    max_age: int | None
    wants_silence: bool
    """`auto_authorize=true` of older clients: counts where a consent stands or the client is first-party."""
    id_token_hint: str | None


Refuse = Callable[[str, str], "RedirectFault"]


class ClientFault(RequestError):
    """A request whose client or address is wrong: told on a page of ours, never by a redirect."""


class RedirectFault(Exception):
    """A fault that goes back to the client as `error`."""

    def __init__(self, error: str, description: str, *, redirect_uri: str, state: str | None, mode: str):
        super().__init__(error)
        self.error = error
        self.description = description
        self.redirect_uri = redirect_uri
        self.state = state
        self.mode = mode


def read_authorize(services: Services, values: MultiDict[str, str]) -> AuthorizeRequest:
    """Return what is asked for; raises ClientFault or RedirectFault."""
    client, redirect_uri = _who_and_where(services, values)
    state, mode = values.get("state"), values.get("response_mode") or "query"

    def refuse(error: str, description: str) -> RedirectFault:
        safe = mode if mode in MODES else "query"
        kept = state if state is None or len(state) <= LONGEST_STATE else None
        return RedirectFault(error, description, redirect_uri=redirect_uri, state=kept, mode=safe)

    if fault := _fault_of_form(values, redirect_uri):
        raise refuse(*fault)
    return AuthorizeRequest(
        asked=Asked(
            client,
            redirect_uri,
            _scope(client, values, refuse),
            _nonce(values, refuse),
            _challenge(client, values, refuse),
        ),
        state=state,
        mode=mode,
        prompts=_prompts(values, refuse),
        max_age=_max_age(values, refuse),
        wants_silence=values.get("auto_authorize") == "true",
        id_token_hint=values.get("id_token_hint"),
    )


def _fault_of_form(values: MultiDict[str, str], redirect_uri: str) -> tuple[str, str] | None:
    """Return what is wrong with a request before its parts are read: error and description."""
    repeated = next((name for name in ONCE if len(values.getlist(name)) > 1), None)
    mode = values.get("response_mode") or "query"
    faults = {
        ("invalid_request", f"{repeated} is there more than once."): repeated is not None,
        ("invalid_request", "response_mode must be query or form_post."): mode not in MODES,
        ("invalid_request", "form_post needs an address of the web."): mode == "form_post"
        and not urlsplit(redirect_uri).netloc,
        ("invalid_request", f"state is longer than {LONGEST_STATE} characters."): len(values.get("state", ""))
        > LONGEST_STATE,
        ("request_not_supported", "Request objects are not taken."): bool(values.get("request")),
        ("request_uri_not_supported", "Request objects are not taken."): bool(values.get("request_uri")),
        ("unsupported_response_type", "response_type must be code."): values.get("response_type") != "code",
    }
    return next((fault for fault, is_so in faults.items() if is_so), None)


def _who_and_where(services: Services, values: MultiDict[str, str]) -> tuple[Client, str]:
    ids, addresses = values.getlist("client_id"), values.getlist("redirect_uri")
    client = find_client(services, ids[0]) if len(ids) == 1 else None
    if client is None:
        raise ClientFault(
            "unknown_client",
            "client_id names no client of this gateway; [[clients]] in channels.toml has those there are.",
        )
    if len(addresses) != 1 or addresses[0] not in client.config.redirect_uris:
        raise ClientFault(
            "bad_redirect_uri",
            "redirect_uri must be one of the client's redirect_uris, exactly as it is written there.",
        )
    return client, addresses[0]


def _scope(client: Client, values: MultiDict[str, str], refuse: Refuse) -> str:
    allowed = client.allowed_scope((values.get("scope") or "")[:LONGEST_QUERY])
    if not allowed:
        raise refuse("invalid_scope", f"scope must name at least one of: {' '.join(client.config.scopes)}.")
    return allowed


def _nonce(values: MultiDict[str, str], refuse: Refuse) -> str | None:
    nonce = values.get("nonce") or None
    if nonce is not None and (len(nonce) > LONGEST_NONCE or not nonce.isprintable()):
        raise refuse(
            "invalid_request", f"nonce must be printable and have {LONGEST_NONCE} characters at most."
        )
    return nonce


def _challenge(client: Client, values: MultiDict[str, str], refuse: Refuse) -> str | None:
    challenge, method = values.get("code_challenge"), values.get("code_challenge_method")
    if challenge is None and method is None and client.config.pkce == "optional":
        return None
    if challenge is None:
        raise refuse(
            "invalid_request", "code_challenge is needed, with code_challenge_method=S256 (RFC 7636)."
        )
    if method != "S256" or not CHALLENGE.fullmatch(challenge):
        raise refuse(
            "invalid_request",
            "code_challenge_method must be S256, and code_challenge 43 letters of Base64url.",
        )
    return challenge


def _prompts(values: MultiDict[str, str], refuse: Refuse) -> frozenset[str]:
    prompts = frozenset((values.get("prompt") or "").split())
    if not prompts <= PROMPTS or ("none" in prompts and len(prompts) > 1):
        raise refuse("invalid_request", "prompt must be none, or some of login, consent, select_account.")
    return prompts


def _max_age(values: MultiDict[str, str], refuse: Refuse) -> int | None:
    text = values.get("max_age")
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 10):  # noqa: PLR2004
        raise refuse("invalid_request", "max_age must be a whole number of seconds.")
    return int(text)


def answer_address(redirect_uri: str, parameters: dict[str, str]) -> str:
    """Return where a browser goes with an answer in the query."""
    joint = "&" if urlsplit(redirect_uri).query else "?"
    return f"{redirect_uri}{joint}{urlencode(parameters)}"
