"""The sample channels of Huawei Account for the suite that every platform goes through."""

from __future__ import annotations

import json

from sandbox.platforms.huawei_account.signer import jwks
from tests.platforms.huawei_account.messages import CLIENT_ID, message, push
from tests.platforms.samples import Sample

OWN = {"client_id": CLIENT_ID, "jwks": jwks()}
SAMPLES = (Sample("huawei-account", "jwt", OWN, push, json.dumps(message()).encode(), covers_body=False),)
