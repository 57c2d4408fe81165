"""One real gateway for the tests of this folder: Granian, SQLite, four channels."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.builders import CALLBACK_CHANNEL
from tests.live import LiveGateway

FEISHU_KEY, FEISHU_TOKEN = "gw-demo-encrypt-key", "gw-demo-verification-token"
WECHAT_TOKEN, WECHAT_KEY = "gatewayToken01", "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
WECHAT_APP = "wx1234567890abcdef"
STANDARD_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
API_TOKEN = "ops-token-4d1f8a2b"
CHANNELS = f"""{CALLBACK_CHANNEL}
unknown_events = "store"
[channels.webhooks]
platform = "standard-webhooks"
secret = "{STANDARD_SECRET}"
[channels.feishu]
platform = "feishu"
app_id = "cli_demo0001"
app_secret = "s3cret-app"
verification_token = "{FEISHU_TOKEN}"
encrypt_key = "{FEISHU_KEY}"
[channels.wechat]
platform = "wechat"
app_id = "{WECHAT_APP}"
app_secret = "s3cret-app"
token = "{WECHAT_TOKEN}"
encoding_aes_key = "{WECHAT_KEY}"
mode = "safe"
"""


class Api:
    """The management API of a live gateway."""

    def __init__(self, gateway: LiveGateway):
        self.gateway = gateway

    def get(self, path: str) -> Any:
        """Return the JSON of one address."""
        answer = requests.get(
            f"{self.gateway.url}{path}", headers={"Authorization": f"Bearer {API_TOKEN}"}, timeout=10
        )
        assert answer.status_code == 200, answer.text
        return answer.json()

    def count_events(self) -> int:
        """Return how many events are stored (200 at most)."""
        return len(self.get("/api/v1/events?limit=200")["items"])

    def newest_rejection(self) -> dict[str, Any]:
        """Return the rejection stored last."""
        return self.get("/api/v1/rejections?limit=1")["items"][0]


@pytest.fixture(scope="session")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveGateway]:
    """Serve one gateway for the whole run."""
    env = {"RATELIMIT_ENABLED": "0", "SANDBOX": "0", "LOG_LEVEL": "WARNING"}
    with LiveGateway(tmp_path_factory.mktemp("live"), channels=CHANNELS, env=env) as gateway:
        yield gateway


@pytest.fixture
def api(live: LiveGateway) -> Api:
    """Ask the gateway what it stored."""
    return Api(live)
