"""The platforms' own token routes, for SDKs: an API token in place of the app secret, a relay token in place of the real one."""

from __future__ import annotations

from app.core.errors import RefusedError
from app.core.relay import RelaySource, TokenForm
from app.core.values import JSON
from app.pipeline.api_tokens import Caller, check_rate
from app.pipeline.relay.relay_tokens import seal_relay_token
from app.pipeline.services import Services
from app.pipeline.tokens.app_tokens import lent_app_token

USUAL_RATE = "600 per minute"


def token_form(services: Services, channel: str, method: str, path: str) -> TokenForm | None:
    """Return the token route that a call means, None when it means something else. A slash at the end changes nothing."""
    found = services.channels.get(channel)
    source = None if found is None else found.as_capability(RelaySource)
    if source is None:
        return None
    path = path.removesuffix("/")
    return next((form for form in source.token_forms if (form.method, form.path) == (method, path)), None)


def relay_token_answer(services: Services, caller: Caller, channel: str, form: TokenForm) -> JSON:
    """Return a new relay token in a platform's own form; raises RefusedError 403, 429, UpstreamError.

    It lives as long as the app token that works now, so an SDK comes back when it would at the platform.
    """
    caller.require("relay")
    caller.require_channel(channel)
    if not caller.paths:
        raise no_paths()
    check_rate(services, caller, "relay_token", usual=USUAL_RATE)
    seconds = lent_app_token(services, channel).expires_in
    token = seal_relay_token(services, caller, channel, seconds=seconds)
    return {**form.answer, form.token: token, form.lifetime: seconds}


def no_paths() -> RefusedError:
    """Return the refusal of a token whose calls have no path patterns: for such a one nothing is open."""
    return RefusedError(
        "path_not_allowed",
        "This token names no paths, so it may relay nothing; write its paths in [[api_tokens]] or give them with --path.",
    )
