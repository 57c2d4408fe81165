"""Logout: when a session ends, the clients that it let in are told by their back-channel, each by a dispatch of its own.

Source: OpenID Connect Back-Channel Logout 1.0 §2 (read 2026-11-29).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import structlog

from app.core.errors import CallgateError, PermanentError
from app.core.exact_json import write_json
from app.core.identifiers import new_id
from app.core.ports import HttpClient
from app.core.states import EventState
from app.core.values import Event
from app.pipeline.issuer.clients import Client, find_client
from app.pipeline.issuer.grants import OFFLINE
from app.pipeline.issuer.keys import signer
from app.pipeline.own_events import OWN_CHANNEL, SESSION_ENDED
from app.pipeline.router import Context, Route
from app.pipeline.services import Services
from app.security.issuer_tokens import LOGOUT_TOKEN
from app.security.outbound import OutboundClient
from app.storage.database.db import Transaction
from app.storage.inbox.events import NewEvent
from app.storage.issuer.grants import Grant, end_grant, list_grants_of_session, list_grants_of_user
from app.storage.queue.acceptance import Acceptance, accept_many
from app.storage.queue.dispatches import NewDispatch

ISSUER = "issuer"
"""Channel and platform of the events that logouts are; no channel of the file may have this name."""

TELL_CLIENT = "client.logout"
ON_SESSION_END = "callgate.issuer-session-end"
TELL_ROUTE = "callgate.backchannel-logout"
EVENT_CLAIM = "http://schemas.openid.net/event/backchannel-logout"
TOKEN_SECONDS = 120
ATTEMPTS = 6
DELAYS = (5.0, 30.0, 120.0, 600.0, 1800.0)
OK, BAD_REQUEST = 200, 400

log = structlog.get_logger(__name__)


def logout_routes(services: Services) -> tuple[Route, ...]:
    """Return the built-in routes: one that finds whom to tell, one that tells."""
    return (
        Route(
            ON_SESSION_END,
            OWN_CHANNEL,
            SESSION_ENDED,
            lambda event, context: _find(services, event, context),
            transactional=True,
        ),
        Route(
            TELL_ROUTE,
            ISSUER,
            TELL_CLIENT,
            lambda event, _: _tell(services, event),
            max_attempts=ATTEMPTS,
            retry_delays=DELAYS,
        ),
    )


def _find(services: Services, event: Event, context: Context) -> dict[str, Any]:
    """End the grants of the sessions that ended, but for those that were asked to outlive them, and have their clients told."""
    if context.tx is None:
        raise PermanentError("This route needs a transaction.")
    grants = _grants(context.tx, services, event)
    for grant in grants:
        if OFFLINE not in grant.scope.split():
            end_grant(context.tx, grant.id, services.clock.now())
    return {"told": _tell_clients(services, context.tx, grants)}


def end_all_of_person(services: Services, tx: Transaction, user_id: str) -> None:
    """End everything that somebody allowed, what may outlive sessions too, and have their clients told."""
    now = services.clock.now()
    grants = list_grants_of_user(tx, user_id, now)
    for grant in grants:
        end_grant(tx, grant.id, now)
    _tell_clients(services, tx, grants)


def _tell_clients(services: Services, tx: Transaction, grants: Iterable[Grant]) -> int:
    """Have each client told once of each session; return how many times that is."""
    told: set[tuple[str, str]] = set()
    for grant in grants:
        client = find_client(services, grant.client_id)
        if (
            client is not None
            and client.config.backchannel_logout_uri
            and (grant.client_id, grant.sid) not in told
        ):
            told.add((grant.client_id, grant.sid))
            _store(services, tx, grant)
    return len(told)


def _grants(tx: Transaction, services: Services, event: Event) -> list[Grant]:
    sid, user_id = event.data.get("sid"), str(event.data["user_id"])
    if sid:
        return list(list_grants_of_session(tx, str(sid)))
    kept = event.data.get("except_sid")
    return [each for each in list_grants_of_user(tx, user_id, services.clock.now()) if each.sid != kept]


def _store(services: Services, tx: Transaction, grant: Grant) -> None:
    now = services.clock.now()
    event_id, data = new_id(now), {"client_id": grant.client_id, "sid": grant.sid, "user_id": grant.user_id}
    event = Event(
        id=event_id,
        channel=ISSUER,
        platform=ISSUER,
        type=TELL_CLIENT,
        key=event_id,
        subject=grant.client_id,
        occurred_at=None,
        received_at=now,
        data=data,
        raw=write_json(data),
        headers=(),
    )
    new = NewEvent(event, False, EventState.SUCCEEDED, "", TELL_CLIENT, None)
    dispatch = NewDispatch(new_id(now), event_id, TELL_ROUTE, due_at=now)
    accept_many(tx, [Acceptance(new=new, dispatches=(dispatch,), window=timedelta(days=1), now=now)])


def _tell(services: Services, event: Event) -> dict[str, Any]:
    """Send one client its logout token; 200 and 204 are success, 400 is final, anything else is tried again."""
    client = find_client(services, str(event.data["client_id"]))
    if client is None or not client.config.backchannel_logout_uri:
        return {"told": False}
    form = {"logout_token": logout_token(services, event.data)}
    address = client.config.backchannel_logout_uri
    answer = _way_to(services, client).request("POST", address, form=form)
    if answer.status == BAD_REQUEST:
        raise PermanentError(f"{client.client_id} refused the logout token.")
    if not OK <= answer.status < OK + 100:
        raise CallgateError("upstream_bad_answer", f"{client.client_id} answered {answer.status}.")
    return {"told": True, "status": answer.status}


def _way_to(services: Services, client: Client) -> HttpClient:
    """Return the way to a client: anywhere for one of the channels file, to public addresses for one that was registered."""
    if client.created_by is None or services.handlers_http is None:
        ca_file = services.settings.ca_bundle or None
        return OutboundClient([client.config.backchannel_logout_uri], ca_file=ca_file)
    return services.handlers_http


def logout_token(services: Services, data: Any) -> str:
    """Return a signed logout token for a client about one session."""
    client = find_client(services, str(data["client_id"]))
    alg = "RS256" if client is None else client.config.id_token_alg
    now = int(services.clock.now().timestamp())
    claims = {
        "iss": services.settings.public_base_url,
        "aud": str(data["client_id"]),
        "sub": str(data["user_id"]),
        "sid": str(data["sid"]),
        "iat": now,
        "exp": now + TOKEN_SECONDS,
        "jti": new_id(services.clock.now()),
        "events": {EVENT_CLAIM: {}},
    }
    return signer(services, alg).sign(claims, LOGOUT_TOKEN)
