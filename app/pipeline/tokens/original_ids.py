"""Does a proven message belong to the account of its address? Asked before it counts, by what the authorisation told.

A process reads the store once for an account and remembers it for some minutes, so that a message is judged on the event
loop; who is not known yet is looked up in a thread. An account nobody has told about is taken as it says.
"""

from __future__ import annotations

from datetime import timedelta

from app.core.accounts import AddressedAccounts
from app.core.errors import VerificationError
from app.core.values import InboundRequest, Verified
from app.pipeline.channels import Channel
from app.pipeline.services import Services
from app.security.signatures import same_secret
from app.storage.authorised_accounts import AccountKey, find_account

KNOWN_FOR = timedelta(minutes=5)
UNKNOWN_FOR = timedelta(seconds=10)
MOST = 10_000


def is_judged_at_once(services: Services, channel: Channel, request: InboundRequest) -> bool:
    """Say whether a request can be judged without asking the store."""
    source = channel.as_capability(AddressedAccounts)
    account = None if source is None else source.account_of(request)
    if account is None:
        return True
    kept = services.runtime.accounts.kept.get((channel.name, account))
    return kept is not None and services.clock.now() < kept[1]


def check_account(services: Services, channel: Channel, request: InboundRequest, verified: Verified) -> None:
    """Refuse a proven message that was sent to another account's address; raises VerificationError."""
    source = channel.as_capability(AddressedAccounts)
    account = None if source is None else source.account_of(request)
    if source is None or account is None:
        return
    said = source.original_id_in(verified)
    known = None if said is None else _original_id(services, channel, source, account)
    if said is not None and known is not None and not same_secret(said, known):
        raise VerificationError(
            "wrong_account",
            f"The message is signed, and for {said[:64]!r}; the address is that of {account[:64]!r}, which is {known!r}.",
        )


def _original_id(services: Services, channel: Channel, source: AddressedAccounts, account: str) -> str | None:
    kept, name, now = services.runtime.accounts.kept, (channel.name, account), services.clock.now()
    found = kept.get(name)
    if found is not None and now < found[1]:
        return found[0]
    with services.database.read() as tx:
        row = find_account(tx, AccountKey(channel.name, source.ticket_owner, account))
    original_id = None if row is None else row.original_id
    if len(kept) >= MOST:
        kept.clear()
    kept[name] = (original_id, now + (UNKNOWN_FOR if original_id is None else KNOWN_FOR))
    return original_id
