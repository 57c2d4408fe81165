"""A gateway over the simulated Open Platform, without a server in front: what the simulator pushes is received and worked off."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.core.accounts import AccountSource
from app.core.states import DispatchState
from app.core.values import InboundRequest, Reply
from app.pipeline.channels import Channel
from app.pipeline.dispatch.attempts import claim_work
from app.pipeline.inbound.receive import receive
from app.pipeline.services import Services
from app.storage.authorised_accounts import AccountKey, find_account
from app.storage.database.db import Database, StoredRow
from sandbox.people import PEOPLE
from sandbox.platforms.wechat_component import SIMULATED, authorisations
from sandbox.simulated import Moment, Order, Outgoing
from tests.builders import FrozenClock, make_services, run_stored_claim
from tests.sandbox.server import SandboxServer

CHANNEL = "component"
ACCOUNT = authorisations.ACCOUNT


def component_services(
    database: Database,
    clock: FrozenClock,
    sandbox: SandboxServer,
    *,
    env: Mapping[str, str] | None = None,
    **keys: str,
) -> Services:
    own, base = sandbox.settings, f"{sandbox.url}/wechat_component"
    table = {
        "platform": "wechat-component",
        "component_app_id": own["WECHAT_COMPONENT_APP_ID"],
        "component_app_secret": own["WECHAT_COMPONENT_APP_SECRET"],
        "token": own["WECHAT_COMPONENT_TOKEN"],
        "encoding_aes_key": own["WECHAT_COMPONENT_ENCODING_AES_KEY"],
        "api_base": base,
        "open_base": base,
        "mp_base": base,
    }
    lines = [f'{name} = "{value}"' for name, value in table.items()]
    lines += [f"{name} = {value}" for name, value in keys.items()]
    return make_services(
        database, clock=clock, env=env, channels=f"[channels.{CHANNEL}]\n" + "\n".join(lines)
    )


@dataclass
class Stage:
    """One process of a gateway and the platform it talks to."""

    services: Services
    sandbox: SandboxServer
    clock: FrozenClock

    def push(self, kind: str, *, account: str = ACCOUNT, **fields: Any) -> Reply:
        """Have the simulator push something, and return the gateway's answer."""
        callbacks = SIMULATED.callbacks
        assert callbacks is not None
        (sample,) = [each for each in callbacks.samples if each.type == kind]
        now = self.clock.now().timestamp()
        body = sample.build(Moment(self.sandbox.settings, PEOPLE[0], now)) | fields
        order = Order(CHANNEL, kind, "wechat-component", options={"account": account})
        return self.take(callbacks.sign(self.sandbox.state, order, body, callbacks.path(order)))

    def take(self, outgoing: Outgoing) -> Reply:
        path, _, query = outgoing.path.partition("?")
        request = InboundRequest(
            outgoing.method,
            path,
            query,
            tuple(outgoing.headers.items()),
            outgoing.body,
            "203.0.113.9",
            received_at=self.clock.now(),
        )
        return receive(self.services, CHANNEL, request, trace_id="t")

    def work_off(self) -> list[DispatchState]:
        """Run what is due once and return how each attempt ended."""
        claims = claim_work(self.services, limit=50)
        return [run_stored_claim(self.services, claim).state for claim in claims]

    def happen(self, kind: str, **fields: Any) -> None:
        """Have the simulator push something, and see that it was taken and done."""
        assert self.push(kind, **fields).body == b"success"
        assert set(self.work_off()) <= {DispatchState.SUCCEEDED}

    def authorise(self) -> None:
        """Push a ticket, then an authorisation."""
        self.happen("component_verify_ticket")
        self.happen("authorized")

    @property
    def channel(self) -> Channel:
        found = self.services.channels.get(CHANNEL)
        assert found is not None
        return found

    @property
    def source(self) -> AccountSource:
        connector = self.channel.connector
        assert isinstance(connector, AccountSource)
        return connector

    def row(self, account: str = ACCOUNT) -> StoredRow | None:
        """Return what is stored of an account."""
        with self.services.database.read() as tx:
            return find_account(tx, AccountKey(CHANNEL, self.source.ticket_owner, account))

    def calls(self, endpoint: str) -> int:
        """Count the calls that the platform got."""
        return len(self.sandbox.state.calls(f"wechat_component.{endpoint}"))
