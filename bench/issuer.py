"""`python -m bench.issuer`: the token endpoint of the OpenID provider over PostgreSQL: codes, then refresh tokens, each used once.

The people, their grants, codes and refresh tokens are put into the tables at once; what is measured is only the trade.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import Connection

from app.storage.issuer.grants import issuer_codes, issuer_grants, issuer_refresh_tokens
from app.storage.login.identities import identities
from app.storage.login.users import users
from bench.load import Result, get, post, run
from bench.samples import QUICK, Bench
from bench.servers import GatewayOptions, Server, gateway
from bench.stores import Store, StoreMissing

USERS, CLIENTS, WORKERS, CONNECTIONS, SECONDS = 10_000, 20, 2, 32, 300.0
ROWS_AT_ONCE = 1_000
SECRET = "bench-secret-of-a-client-0001"
VERIFIER = "bench-verifier-of-forty-three-letters-or-more"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
SCOPE = "openid profile offline_access"
FORM = "application/x-www-form-urlencoded"
CODE, REFRESH = "code", "refresh"
TABLES = (users, identities, issuer_grants, issuer_codes, issuer_refresh_tokens)


@dataclass(frozen=True)
class Person:
    """One person by number: each has a grant with an unused code, and one with an unused refresh token."""

    number: int
    clients: int

    @property
    def client(self) -> str:
        """Return the client that they let in."""
        return f"client-{self.number % self.clients:02d}"

    def id(self, kind: str) -> str:
        """Return an id of a kind that is theirs."""
        return hashlib.sha256(f"{kind} {self.number}".encode()).hexdigest()[:32]

    def word(self, kind: str) -> str:
        """Return the code or refresh token as the client has it."""
        return hashlib.sha256(f"the {kind} of {self.number}".encode()).hexdigest()

    def rows(self, now: datetime) -> Sequence[dict[str, Any]]:
        """Return a row, or several as a list, for each of TABLES."""
        later = now + timedelta(days=1)
        grant: dict[str, Any] = {
            "client_id": self.client,
            "user_id": self.id("user"),
            "identity_id": self.id("identity"),
        }
        grant |= {"sid": self.id("session"), "scope": SCOPE, "nonce": "n", "auth_at": now, "created_at": now}
        return (
            {"id": self.id("user"), "created_at": now},
            {"id": self.id("identity"), "user_id": self.id("user"), "channel": "bench", "issuer": "bench", "subject_kind": "id",
             "subject": str(self.number), "name": "Ada", "profile": b"{}", "first_login_at": now, "last_login_at": now},
            {"rows": [grant | {"id": self.id(kind), "expires_at": later} for kind in (CODE, REFRESH)]},
            {"digest": _digest(self.word(CODE)), "grant_id": self.id(CODE), "redirect_uri": address(self.client),
             "challenge": CHALLENGE, "expires_at": later},
            {"digest": _digest(self.word(REFRESH)), "grant_id": self.id(REFRESH), "created_at": now},
        )  # fmt: skip

    def trade(self, kind: str) -> bytes:
        """Return the request that trades their code or refresh token."""
        form = {"grant_type": "refresh_token", "refresh_token": self.word(REFRESH)}
        if kind == CODE:
            form = {"grant_type": "authorization_code", "code": self.word(CODE)}
            form |= {"redirect_uri": address(self.client), "code_verifier": VERIFIER}
        pair = base64.b64encode(f"{self.client}:{SECRET}".encode()).decode()
        headers = {"Content-Type": FORM, "Authorization": f"Basic {pair}"}
        return post("/oidc/token", urlencode(form).encode(), headers)


def address(client: str) -> str:
    """Return where browsers of a client go back to."""
    return f"https://{client}.example/cb"


def clients_of_file(count: int) -> str:
    """Return so many [[clients]] tables."""
    names = sorted({Person(number, count).client for number in range(count)})
    return "".join(
        f'\n[[clients]]\nclient_id = "{name}"\nsecret = "{SECRET}"\nredirect_uris = "{address(name)}"\n'
        for name in names
    )


def fill(store: Store, people: Sequence[Person]) -> None:
    """Put people with all that is theirs into the tables."""
    now = datetime.now(UTC)
    with store.engine.connect() as connection:
        for part in _parts(people):
            _insert(connection, [person.rows(now) for person in part])


def _parts(people: Sequence[Person]) -> Iterator[Sequence[Person]]:
    for start in range(0, len(people), ROWS_AT_ONCE):
        yield people[start : start + ROWS_AT_ONCE]


def _insert(connection: Connection, every: Sequence[Sequence[dict[str, Any]]]) -> None:
    for place, table in enumerate(TABLES):
        rows = [row for each in every for row in each[place].get("rows", [each[place]])]
        connection.execute(table.insert(), rows)


def measure(server: Server, people: Sequence[Person], kind: str, connections: int) -> Result:
    """Trade one code or refresh token of each person."""
    calls = [person.trade(kind) for person in people]
    return run(server.port, calls, connections=connections, seconds=SECONDS, keep_answers=True)


def _digest(word: str) -> str:
    return hashlib.sha256(word.encode()).hexdigest()


def _told(kind: str, result: Result) -> str:
    given = sum(b'"access_token"' in answer and b'"refresh_token"' in answer for answer in result.answers)
    return (
        f"{kind:<8} {result.per_second:7.0f} a second, half within {result.percentile(0.5):.1f} ms, "
        f"99 of 100 within {result.percentile(0.99):.1f} ms; {given} got tokens, {result.bad} did not"
    )


def main(words: Sequence[str] | None = None) -> int:
    """Measure and print; 1 when a trade was refused, or PostgreSQL does not answer."""
    parser = argparse.ArgumentParser(prog="python -m bench.issuer", description=__doc__)
    parser.add_argument("--users", type=int, default=USERS)
    parser.add_argument("--clients", type=int, default=CLIENTS)
    parser.add_argument("--workers", type=int, default=WORKERS)
    parser.add_argument("--connections", type=int, default=CONNECTIONS)
    chosen = parser.parse_args(words)
    people = [Person(number, chosen.clients) for number in range(chosen.users)]
    with tempfile.TemporaryDirectory(prefix="bench-issuer-") as folder:
        bench = Bench(Path(folder), QUICK)
        try:
            return _measured(bench, people, chosen)
        except StoreMissing as error:
            print(f"{error}; nothing was measured.", file=sys.stderr)
            return 1
        finally:
            bench.close()


def _measured(bench: Bench, people: Sequence[Person], chosen: argparse.Namespace) -> int:
    store = bench.store("postgresql", "issuer")
    fill(store, people)
    options = GatewayOptions(workers=chosen.workers, more_channels=clients_of_file(chosen.clients))
    bad = 0
    with gateway(bench.folder, store.url, options) as server:
        # The keys are made at the first use; that is no part of a trade.
        run(server.port, [get("/oidc/jwks")], connections=1)
        for kind in (CODE, REFRESH):
            result = measure(server, people, kind, chosen.connections)
            print(_told(kind, result), flush=True)
            bad += result.bad + (result.good != len(people))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
