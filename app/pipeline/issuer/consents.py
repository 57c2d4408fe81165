"""Consents: whether somebody must be asked, keeping their answer, showing and taking it back."""

from __future__ import annotations

from typing import Any

from app.core.errors import RefusedError
from app.core.moments import as_text
from app.pipeline.issuer.clients import Client, find_client
from app.pipeline.issuer.grants import Asked
from app.pipeline.login.sessions import SignedIn
from app.pipeline.services import Services
from app.storage.audit import write_audit
from app.storage.issuer.consents import Consent, delete_consent, find_consent, list_consents, write_consent
from app.storage.issuer.grants import end_grants_of, list_grants_of_user


def is_consent_needed(services: Services, asked: Asked, user_id: str) -> bool:
    """Say whether somebody must be asked: a first-party client needs no consent, another one a standing one of no less scope.

    A public client at an address that any program of a device can take is asked about each time (RFC 8252 §8.6).
    """
    if asked.client.is_public and not asked.redirect_uri.startswith("https://"):
        return True
    if asked.client.config.first_party:
        return False
    with services.database.read() as tx:
        standing = find_consent(tx, user_id, asked.client.client_id)
    return standing is None or not set(asked.scope.split()) <= set(standing.scope.split())


def keep_consent(services: Services, asked: Asked, user_id: str) -> None:
    """Keep what somebody allowed, together with what they allowed this client before."""
    now = services.clock.now()
    with services.database.begin() as tx:
        standing = find_consent(tx, user_id, asked.client.client_id)
        before = () if standing is None else standing.scope.split()
        scope = asked.client.allowed_scope(" ".join([*before, *asked.scope.split()]))
        write_consent(tx, user_id, Consent(asked.client.client_id, scope, now))
        write_audit(
            tx,
            at=now,
            actor=user_id,
            action="issuer.consent",
            target=asked.client.client_id,
            detail={"scope": scope},
        )


def authorised_apps(services: Services, user_id: str) -> list[dict[str, Any]]:
    """Return the clients somebody let in, with what they may know and since when; first-party ones while they hold tokens."""
    now = services.clock.now()
    with services.database.read() as tx:
        consents = {each.client_id: each for each in list_consents(tx, user_id)}
        grants = list_grants_of_user(tx, user_id, now)
    found: dict[str, dict[str, Any]] = {}
    for each in consents.values():
        found[each.client_id] = _app(
            find_client(services, each.client_id), each.client_id, each.scope, each.granted_at
        )
    for grant in grants:
        shown = found.setdefault(
            grant.client_id,
            _app(find_client(services, grant.client_id), grant.client_id, grant.scope, grant.created_at),
        )
        shown["last_login_at"] = max(shown["last_login_at"] or "", as_text(grant.created_at) or "")
    return list(found.values())


def _app(client: Client | None, client_id: str, scope: str, since: Any) -> dict[str, Any]:
    return {
        "client_id": client_id,
        "title": client_id if client is None else client.title,
        "first_party": client is not None and client.config.first_party,
        "scopes": scope.split(),
        "since": as_text(since),
        "last_login_at": None,
    }


def take_back(services: Services, signed_in: SignedIn, client_id: str) -> int:
    """Take a consent back and end every token of that client for this person; return how many grants ended."""
    now = services.clock.now()
    with services.database.begin() as tx:
        had = delete_consent(tx, signed_in.user_id, client_id[:64])
        ended = end_grants_of(tx, signed_in.user_id, client_id[:64], now)
        if not had and not ended:
            raise RefusedError("unknown_client", "You have let in no such application.", http_status=404)
        write_audit(tx, at=now, actor=signed_in.user_id, action="issuer.taken_back", target=client_id)
    return ended
