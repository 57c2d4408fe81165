"""What a relayed call adds to the call itself: the same platform is asked directly and through the relay, one call after another."""

from __future__ import annotations

from dataclasses import dataclass

from bench import servers
from bench.cases import sample_of
from bench.load import HOST, get, run
from bench.samples import Bench, Sample
from bench.servers import GatewayOptions
from bench.stores import TITLES

CALLS_SHARE = 20
MOST_CALLS = 2_000
WARM_UP = 20
TOKEN = "bench-api-token-5b7d0c"
CHANNELS = """
[channels.platform]
platform = "wechat"
app_id = "wxbench0000000001"
app_secret = "bench-app-secret-0001"
allow_unsigned = true
api_base = "{base}"

[[api_tokens]]
name = "bench"
token = "{token}"
scopes = ["relay"]
paths = ["/cgi-bin/*"]
rate = "900000 per minute"
"""
PATH = "/cgi-bin/user/info?openid=oBench"


@dataclass(frozen=True)
class Relay:
    """Half of the difference is the second request on this machine; the rest is what the gateway does."""

    store: str

    @property
    def key(self) -> str:
        """Name it."""
        return f"relay-{self.store}"

    @property
    def title(self) -> str:
        """Say what is measured."""
        return f"{TITLES[self.store]}: relayed calls, one after another"

    def measure(self, bench: Bench, number: int) -> Sample:
        """Ask the platform directly, then through the relay; `added_p50` and `added_p99` are the differences in milliseconds."""
        store = bench.store(self.store, self.key)
        calls = max(50, min(MOST_CALLS, bench.scale.requests // CALLS_SHARE))
        header = {"Authorization": f"Bearer {TOKEN}"}
        with servers.granian(bench.folder, "platform") as platform:
            base = f"http://{HOST}:{platform.port}"
            options = GatewayOptions(more_channels=CHANNELS.format(base=base, token=TOKEN))
            with servers.gateway(bench.folder, store.url, options) as server:
                direct, relayed = get(PATH), get(f"/relay/platform{PATH}", header)
                for port, request in ((platform.port, direct), (server.port, relayed)):
                    run(port, [request] * WARM_UP, connections=1)
                alone = run(platform.port, [direct] * calls, connections=1, seconds=bench.scale.seconds)
                result = run(server.port, [relayed] * calls, connections=1, seconds=bench.scale.seconds)
                return sample_of(
                    result,
                    server,
                    direct_p50=alone.percentile(0.5),
                    added_p50=result.percentile(0.5) - alone.percentile(0.5),
                    added_p99=result.percentile(0.99) - alone.percentile(0.99),
                )
