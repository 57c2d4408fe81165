"""Sessions: opened by a login, proven on every request against their row, renewed on use, ended at once everywhere."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from app.core.identifiers import new_id, random_word
from app.pipeline.login.session_keys import active_key, public_key
from app.pipeline.own_events import SESSION_ENDED
from app.pipeline.services import Services
from app.security.session_tokens import SessionClaims, not_logged_in, read_session_token, sign_session_token
from app.storage.audit import write_audit
from app.storage.database.db import Transaction
from app.storage.login.connections import StoredConnection, delete_connection, find_connection
from app.storage.login.identities import StoredIdentity, list_identities_of_user
from app.storage.login.sessions import (
    Session,
    end_session,
    end_sessions_of_user,
    find_live_session,
    has_live_session,
    insert_session,
    touch_session,
)

SID_BITS = 128


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session proven for this request, and the times of the token that proved it."""

    session: Session
    token_issued_at: datetime
    token_expires_at: datetime

    @property
    def sid(self) -> str:
        """The session's id."""
        return self.session.sid

    @property
    def user_id(self) -> str:
        """Who is logged in."""
        return self.session.user_id


@dataclass(frozen=True, slots=True, repr=False)
class SessionToken:
    """A session token as it goes to the browser; `expires_in` is seconds from now."""

    text: str
    expires_in: int


def open_session(
    services: Services, tx: Transaction, *, user_id: str, identity_id: str
) -> tuple[Session, SessionToken]:
    """Open a session with an id that nobody has seen before, and sign its first token."""
    now = services.clock.now()
    session = Session(
        sid=random_word(SID_BITS),
        user_id=user_id,
        identity_id=identity_id,
        created_at=now,
        expires_at=now + timedelta(seconds=services.settings.session_max_age),
    )
    insert_session(tx, session)
    return session, _sign(services, tx, session)


def verify_session(services: Services, token: str) -> SignedIn:
    """Prove a session token; raises the one LoginError 401.

    1. The token must be ours: type, signature by one of our keys, issuer, audience, times.
    2. The session's row must be alive and belong to the same user. It is read every time, so that a logout in
       another process counts from the next request on.
    """
    now = services.clock.now()
    with services.database.read() as tx:
        claims = read_session_token(
            token,
            issuer=services.settings.public_base_url,
            now=now.timestamp(),
            find_key=lambda kid: public_key(services, tx, kid),
        )
        session = find_live_session(tx, claims.sid, now)
    if session is None or session.user_id != claims.user_id:
        raise not_logged_in()
    return SignedIn(session, _time(claims.issued_at), _time(claims.expires_at))


def is_half_used(services: Services, signed_in: SignedIn) -> bool:
    """Say whether more than half of the token's life is over."""
    life = signed_in.token_expires_at - signed_in.token_issued_at
    return services.clock.now() > signed_in.token_issued_at + life / 2


def renew_session(services: Services, signed_in: SignedIn) -> SessionToken:
    """Sign a new token of a living session; raises LoginError when it has ended meanwhile."""
    with services.database.begin() as tx:
        if not touch_session(tx, signed_in.sid, services.clock.now()):
            raise not_logged_in()
        return _sign(services, tx, signed_in.session)


def reopen_session(services: Services, sid: str) -> SessionToken | None:
    """Sign a new token for a session whose first one was lost on the way; None when it has ended meanwhile."""
    now = services.clock.now()

    def work(tx: Transaction) -> SessionToken | None:
        session = find_live_session(tx, sid, now)
        return None if session is None else _sign(services, tx, session)

    return services.database.run(work)


def log_out(services: Services, signed_in: SignedIn, *, trace_id: str) -> None:
    """End a session.

    1. The row ends, which every process sees with its next request.
    2. With the user's last session their stored tokens go too; a refresh under way cannot bring them back.
    """
    now = services.clock.now()
    with services.database.begin() as tx:
        if not end_session(tx, signed_in.sid, now):
            return
        if not has_live_session(tx, signed_in.user_id, now):
            forget_tokens(tx, signed_in.user_id)
        tell_ended(services, tx, signed_in.user_id, sid=signed_in.sid)
        write_audit(
            tx,
            at=now,
            actor=signed_in.user_id,
            action="logout",
            target=signed_in.session.identity_id,
            trace_id=trace_id,
        )


def end_other_sessions(services: Services, signed_in: SignedIn, *, trace_id: str) -> int:
    """End every session of this person but the one at hand, on all processes at once; return how many."""
    now = services.clock.now()
    with services.database.begin() as tx:
        ended = end_sessions_of_user(tx, signed_in.user_id, except_sid=signed_in.sid, now=now)
        tell_ended(services, tx, signed_in.user_id, except_sid=signed_in.sid)
        write_audit(
            tx,
            at=now,
            actor=signed_in.user_id,
            action="sessions.others_ended",
            target=signed_in.user_id,
            trace_id=trace_id,
            detail={"ended": ended},
        )
    return ended


def tell_ended(
    services: Services,
    tx: Transaction,
    user_id: str,
    *,
    sid: str | None = None,
    except_sid: str | None = None,
) -> None:
    """Tell, with the transaction, that a session of somebody ended, or all of them but one."""
    data = {"user_id": user_id, "sid": sid, "except_sid": except_sid}
    services.own_events.tell(tx, SESSION_ENDED, data, subject=user_id)


def forget_tokens(tx: Transaction, user_id: str) -> list[tuple[StoredIdentity, StoredConnection]]:
    """Delete a user's stored tokens and return them; a refresh under way cannot bring them back."""
    forgotten = []
    for identity in list_identities_of_user(tx, user_id):
        connection = find_connection(tx, identity.id)
        # Only the tokens seen here: those of a login that overtakes this stay.
        if connection is not None and delete_connection(tx, identity.id, version=connection.version):
            forgotten.append((identity, connection))
    return forgotten


def _sign(services: Services, tx: Transaction, session: Session) -> SessionToken:
    now = services.clock.now()
    issued_at = int(now.timestamp())
    expires_at = min(issued_at + services.settings.session_ttl, int(session.expires_at.timestamp()))
    kid, private_der = active_key(services, tx)
    text = sign_session_token(
        SessionClaims(session.user_id, session.sid, issued_at, expires_at),
        issuer=services.settings.public_base_url,
        token_id=new_id(now),
        kid=kid,
        private_der=private_der,
    )
    return SessionToken(text, max(1, expires_at - issued_at))


def _time(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
