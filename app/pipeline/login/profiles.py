"""Reading a logged-in person's profile or top-up page from the platform, with tokens refreshed as needed."""

from __future__ import annotations

from dataclasses import replace

from app.core.errors import RefusedError, UpstreamError
from app.core.ports import HttpClient, LoginProvider, TopupSource
from app.core.values import Identity, TokenSet
from app.pipeline.login.people import checked_identity
from app.pipeline.services import Services
from app.pipeline.tokens.user_tokens import call_with_tokens
from app.security.addresses import address_group
from app.storage.login.identities import StoredIdentity, update_profile

QUESTIONS_PER_PERSON = "60 per minute"
QUESTIONS_PER_ADDRESS = "600 per minute"
"""Well above one person's: a service of ours may ask for many people, and many people may share an address."""


def check_questions(services: Services, user_id: str, remote_addr: str) -> None:
    """Count a question to the platform for a person; raises RefusedError 429 when there are too many.

    The platform counts them too, and it counts those of all people together.
    """
    limits = services.rate_limits
    wait = limits.hit(QUESTIONS_PER_PERSON, "platform_question", user_id)
    if wait is None:
        wait = limits.hit(QUESTIONS_PER_ADDRESS, "platform_question_from", address_group(remote_addr))
    if wait is not None:
        message = "The platform was asked about this person too often; wait a little. Without fresh=1 what is stored is shown at once."
        raise RefusedError("rate_limited", message, http_status=429, retry_after=wait)


def fresh_identity(services: Services, identity: StoredIdentity) -> StoredIdentity:
    """Return an identity as the platform shows it now, and store that.

    Raises UpstreamError when the platform names somebody else: profiles are never mixed.
    """
    _, provider = services.channels.with_capability(identity.channel, LoginProvider)
    known = checked_identity(call_with_tokens(services, identity, provider.identity))
    if _key(known) != _key(identity.known):
        raise UpstreamError("upstream_bad_identity", "The platform answered for somebody else.")
    with services.database.begin() as tx:
        update_profile(tx, identity.id, known)
    return replace(identity, known=known)


def topup_address(services: Services, identity: StoredIdentity) -> str:
    """Return the page where this person can add money; raises RefusedError 404 where there is none."""
    channel = services.channels.get(identity.channel)
    if channel is None or not isinstance(channel.connector, TopupSource):
        raise RefusedError("no_topup", "This account has no page to add money.", http_status=404)
    source = channel.connector

    def ask(tokens: TokenSet, http: HttpClient) -> str:
        return source.topup_url(tokens, http)

    address = call_with_tokens(services, identity, ask)
    if not isinstance(address, str) or not address.startswith(("https://", "http://")):
        raise UpstreamError("upstream_bad_answer", "The platform named no page to add money.")
    return address


def _key(known: Identity) -> tuple[str, str, str]:
    return (known.issuer, known.subject_kind, known.subject)
