"""The sample channels of Gitee for the suite that every platform goes through."""

from __future__ import annotations

from tests.platforms.gitee.signing import BODY, SECRET, signed, with_password
from tests.platforms.samples import Sample

APPLICATION = {"client_id": "app-1", "client_secret": "a-client-secret-of-the-tests"}

SAMPLES = (
    Sample("gitee", "signature", {"secret": SECRET}, signed, BODY, covers_body=False),
    Sample(
        "gitee",
        "password",
        {"secret": SECRET, "mode": "password"},
        with_password,
        BODY,
        covers_body=False,
        has_window=False,
    ),
    Sample("gitee", "login", {"secret": SECRET} | APPLICATION, signed, BODY, covers_body=False),
)
