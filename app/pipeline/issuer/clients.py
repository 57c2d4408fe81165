"""Clients: those of the channels file and those that operators registered, alike for whoever asks."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from app.config.channels import fault_sentences
from app.config.clients import ClientConfig, checked_client_id
from app.core.errors import RefusedError, RequestError
from app.core.moments import as_text, iso_moment
from app.pipeline.services import Services
from app.security.signatures import same_secret, sha256_hex
from app.storage.audit import write_audit
from app.storage.database.db import Transaction
from app.storage.issuer.clients import (
    StoredClient,
    delete_client_row,
    find_client_row,
    insert_client,
    list_client_rows,
)
from app.storage.issuer.consents import delete_consents_of_client
from app.storage.issuer.grants import end_grants_of_client

MOST_CLIENTS = 500
ID_START = "client_"
SECRET_START = "secret_"  # noqa: S105 - how secrets begin, so that they are known when they are found
STAND_IN = "a secret that only its digest is known of"


@dataclass(frozen=True, slots=True)
class Client:
    """A client as the protocol sees it; `secret_digest` is there for one that was registered."""

    config: ClientConfig
    secret_digest: str | None = None
    created_by: str | None = None
    created_at: str | None = None

    @property
    def client_id(self) -> str:
        """Its public name."""
        return self.config.client_id

    @property
    def title(self) -> str:
        """What people are told it is called."""
        return self.config.title or self.config.client_id

    @property
    def number(self) -> int:
        """When it was registered, in milliseconds since 1970; 0 for one of the file."""
        return 0 if self.created_at is None else int(iso_moment(self.created_at).timestamp() * 1000)

    @property
    def is_public(self) -> bool:
        """Whether it has no secret."""
        return self.config.public

    def has_secret(self, given: str) -> bool:
        """Say whether a text is its secret."""
        if self.is_public:
            return False
        if self.secret_digest is not None:
            return same_secret(sha256_hex(given.encode("utf-8", "surrogatepass")), self.secret_digest)
        return any(same_secret(given, each.get_secret_value()) for each in self.config.secret)

    def allowed_scope(self, asked: str) -> str:
        """Return those of the scopes asked for that it may have, each once, in the order asked."""
        return " ".join(dict.fromkeys(each for each in asked.split() if each in self.config.scopes))


def find_client(services: Services, client_id: str) -> Client | None:
    """Return a client, None for one that does not exist."""
    for config in services.clients:
        if config.client_id == client_id:
            return Client(config)
    try:
        checked_client_id(client_id)
    except ValueError:
        return None
    with services.database.read() as tx:
        row = find_client_row(tx, client_id)
    return None if row is None else _stored(row)


def list_clients(services: Services) -> list[Client]:
    """Return every client, those of the file first."""
    with services.database.read() as tx:
        rows = list_client_rows(tx, limit=MOST_CLIENTS)
    return [*map(Client, services.clients), *map(_stored, rows)]


def client_view(client: Client) -> dict[str, Any]:
    """Return a client as API, terminal and console show it; its secret is nowhere."""
    config = client.config
    return {
        "client_id": config.client_id,
        "title": client.title,
        "public": config.public,
        "redirect_uris": list(config.redirect_uris),
        "scopes": list(config.scopes),
        "first_party": config.first_party,
        "pkce": config.pkce,
        "id_token_alg": config.id_token_alg,
        "logins": list(config.logins),
        "post_logout_redirect_uris": list(config.post_logout_redirect_uris),
        "backchannel_logout_uri": config.backchannel_logout_uri,
        "created_by": client.created_by,
        "created_at": client.created_at,
    }


def register_client(services: Services, keys: Mapping[str, Any], *, actor: str) -> tuple[Client, str | None]:
    """Add a client and return it with its secret, which nobody can read again; raises RequestError with every fault.

    `first_party` cannot be had this way: whoever may register must not let people in without asking them.
    """
    if not services.settings.client_registration:
        raise RefusedError(
            "registration_off",
            "Clients stand in [[clients]] of channels.toml here (CLIENT_REGISTRATION is 0).",
        )
    if keys.get("first_party"):
        raise RequestError("bad_client", "first_party is for clients of channels.toml alone.")
    values = {"client_id": ID_START + secrets.token_hex(12), **keys}
    secret = None if values.get("public") else SECRET_START + secrets.token_urlsafe(32)
    config = _checked(values, secret)
    if any(each.client_id == config.client_id for each in services.clients):
        raise _taken(config.client_id)
    now = services.clock.now()
    stored = {name: value for name, value in values.items() if name not in ("client_id", "title", "secret")}
    digest = None if secret is None else sha256_hex(secret.encode())
    row = StoredClient(config.client_id, config.title, digest, stored, actor, now)
    with services.database.begin() as tx:
        if not insert_client(tx, row):
            raise _taken(config.client_id)
        _forget_allowed(tx, config.client_id, now)
        write_audit(tx, at=now, actor=actor, action="client.registered", target=config.client_id)
    return _stored(row), secret


def remove_client(services: Services, client_id: str, *, actor: str) -> None:
    """Remove a registered client; its tokens are good no more. Raises RefusedError 404."""
    now = services.clock.now()
    with services.database.begin() as tx:
        if not delete_client_row(tx, client_id[:64]):
            raise RefusedError("unknown_client", "There is no registered client of this id.", http_status=404)
        _forget_allowed(tx, client_id, now)
        write_audit(tx, at=now, actor=actor, action="client.removed", target=client_id)


def _forget_allowed(tx: Transaction, client_id: str, now: datetime) -> None:
    """End what people allowed a client of this id, so that nobody who takes the id later inherits it."""
    delete_consents_of_client(tx, client_id)
    end_grants_of_client(tx, client_id, now)


def _checked(values: Mapping[str, Any], secret: str | None) -> ClientConfig:
    if "secret" in values:
        raise RequestError("bad_client", "The gateway makes the secret itself.")
    try:
        return ClientConfig.model_validate({**values, **({} if secret is None else {"secret": secret})})
    except ValidationError as error:
        raise RequestError("bad_client", " ".join(fault_sentences(error))) from None


def _stored(row: StoredClient) -> Client:
    secret = {} if row.secret_digest is None else {"secret": STAND_IN}
    values = {**row.keys, "client_id": row.client_id, "title": row.title, **secret}
    config = ClientConfig.model_validate(values)
    return Client(config, row.secret_digest, row.created_by, as_text(row.created_at))


def _taken(client_id: str) -> RefusedError:
    return RefusedError("name_taken", f"There is a client called {client_id} already.", http_status=409)


def known_scopes(services: Services) -> Sequence[str]:
    """Return every scope that some client may ask for."""
    return sorted({scope for client in list_clients(services) for scope in client.config.scopes})
