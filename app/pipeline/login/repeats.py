"""Repeats: the same return once more, from the same browser, gets what the first one got.

Some in-app browsers call back twice, people click twice, and an answer may be lost on the way. Nothing is exchanged
again, and nobody but the browser that started the login gets anything here: spend_flow has compared its cookie.
"""

from __future__ import annotations

import time

from app.core.errors import CallgateError, LoginError
from app.core.states import FlowPurpose
from app.pipeline.login.sessions import SessionToken, SignedIn, reopen_session
from app.pipeline.login.start import invalid_state
from app.pipeline.services import Services
from app.storage.login.flows import Flow, find_flow

LOOK_SECONDS = 0.1
PATIENCE_SECONDS = 10.0


def result_of_first(
    services: Services, flow: Flow, *, answer: str, signed_in: SignedIn | None
) -> SessionToken | None:
    """Return the token of the session that came out of a spent flow, None when the browser has it already.

    Raises the first return's error, and the LoginError for a worthless state when this is not its repeat.

    1. Whoever has the session already is sent on.
    2. Only the very same return is a repeat, and only as long as a login may take.
    3. A first return that is under way is waited for.
    4. A session is handed out only by a login, and while it lives.
    """
    if _has_it(flow, signed_in):
        return None
    if flow.answer != answer or services.clock.now() >= flow.expires_at:
        raise invalid_state()
    over = _wait_for_first(services, flow)
    if over.failure is not None:
        raise error_of_failure(over.failure)
    if _has_it(over, signed_in):
        return None
    token = None
    if over.purpose is FlowPurpose.LOGIN and over.finished_sid is not None:
        token = reopen_session(services, over.finished_sid)
    if token is None:
        raise invalid_state()
    return token


def failure_text(error: CallgateError) -> str:
    """Return an error as it is kept with its flow."""
    return f"{error.http_status} {error.code} {error.message}"


def error_of_failure(text: str) -> LoginError:
    """Return a kept error."""
    status, code, message = text.split(" ", 2)
    return LoginError(code, message, http_status=int(status))


def _has_it(flow: Flow, signed_in: SignedIn | None) -> bool:
    return signed_in is not None and flow.finished_sid == signed_in.sid


def _wait_for_first(services: Services, flow: Flow) -> Flow:
    """Return the flow when its first return is over; raises LoginError 503 when that takes too long."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not flow.is_over:
        if time.monotonic() >= deadline:
            message = "This login is still being finished; wait a moment and reload this page."
            raise LoginError("login_under_way", message, http_status=503, retry_after=5)
        time.sleep(LOOK_SECONDS)
        with services.database.read() as tx:
            found = find_flow(tx, flow.id)
        if found is None:
            raise invalid_state()
        flow = found
    return flow
