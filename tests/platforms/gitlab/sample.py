"""The sample channels of GitLab for the suite that every platform goes through."""

from __future__ import annotations

from tests.platforms.gitlab.signing import BODY, SIGNING, TOKEN, signed, with_token
from tests.platforms.samples import Sample

APPLICATION = {"client_id": "app-1", "client_secret": "a-client-secret-of-the-tests"}

SAMPLES = (
    Sample("gitlab", "signature", {"secret": SIGNING}, signed, BODY),
    Sample("gitlab", "token", {"secret": TOKEN}, with_token, BODY, covers_body=False, has_window=False),
    Sample("gitlab", "login", {"secret": SIGNING} | APPLICATION, signed, BODY),
)

OWN_VALUES = {"GITLAB_WEBHOOK_SECRET": "whsec_b25lIG9wZXJhdG9yJ3Mgb3duIHNpZ25pbmcgdG9rZW4="}
"""What does not begin like a signing token is a secret token, and proves less."""
