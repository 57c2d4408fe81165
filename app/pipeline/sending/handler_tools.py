"""What handlers may do beside their own work: send, reply, use tokens, call the outside, expect a payment. Made for each run of a handler.

A message of a handler is known by the dispatch and the number of the call, so a run that is repeated finds it stored.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.core.errors import PermanentError
from app.core.ports import HttpClient
from app.core.sending import ReplyTarget
from app.core.values import Event
from app.pipeline.router import HandlerTools
from app.pipeline.sending.accept import Order, accept_message
from app.pipeline.services import Services
from app.pipeline.tokens.app_tokens import usable_app_token
from app.pipeline.tokens.user_tokens import call_with_tokens
from app.storage.database.db import Transaction
from app.storage.login.identities import find_identity
from app.storage.queue.dispatches import Claim

CALLER_PREFIX = "handler:"


@dataclass(slots=True)
class LentTools:
    """Satisfies app.pipeline.router.HandlerTools for one run."""

    services: Services
    event: Event
    claim: Claim
    tx: Transaction | None = None
    sent: int = 0

    @property
    def http(self) -> HttpClient:
        """The client that the factory made for handlers."""
        assert self.services.handlers_http is not None
        return self.services.handlers_http

    def send(self, body: Mapping[str, Any]) -> str:
        """Store a message with the run's transaction, or in a commit of its own, and return its id."""
        self.sent += 1
        order = Order(
            caller=CALLER_PREFIX + self.claim.route,
            idempotency_key=f"{self.claim.dispatch_id}:{self.sent}",
            yields_under_pressure=False,
            must_be_same=False,
        )
        said = {name: value for name, value in body.items() if value is not None}
        return accept_message(self.services, said, order, tx=self.tx).id

    def reply(self, body: Mapping[str, Any]) -> str:
        """Send to whoever caused the event, through the channel it came from."""
        channel = self.services.channels.get(self.event.channel)
        target = None if channel is None else channel.as_capability(ReplyTarget)
        to = None if target is None else target.reply_to(self.event)
        if to is None:
            raise PermanentError(
                f"The channel {self.event.channel} cannot answer this event; name the recipient with send(…, to=…)."
            )
        return self.send({**body, "channels": [self.event.channel], "to": {to.kind: to.value}})

    def app_token(self, channel: str) -> str:
        """Return a channel's token."""
        return usable_app_token(self.services, channel)

    def user_token(self, identity_id: str) -> str:
        """Return a person's token."""
        with self.services.database.read() as tx:
            identity = find_identity(tx, identity_id)
        if identity is None:
            raise PermanentError("There is no identity with this id.")
        return call_with_tokens(self.services, identity, lambda tokens, _http: tokens.access_token)

    def expect_payment(self, channel: str, order: str, by: Any) -> None:
        """Wait for an order's notice, with the run's transaction where there is one."""
        assert self.services.expect is not None
        self.services.expect(self.services, channel, order, by, self.tx)

    def count(self, name: str, labels: Mapping[str, object], by: float) -> None:
        """Add to a metric of the handler's own."""
        self.services.meters.handlers.count(name, labels, by)

    def observe(self, name: str, value: float) -> None:
        """Put a value into a histogram of the handler's own."""
        self.services.meters.handlers.observe(name, value)


def lend_tools(services: Services, event: Event, claim: Claim, tx: Transaction | None) -> HandlerTools:
    """Return what one run of a handler is lent."""
    return LentTools(services, event, claim, tx)
