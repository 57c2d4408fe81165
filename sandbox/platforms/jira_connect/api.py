"""Simulated connect-install-keys.atlassian.com: the key of lifecycle callbacks, by its name.

Protocol: developer.atlassian.com, "Security for Connect apps" (read 2026-11-28).
"""

from __future__ import annotations

from flask import Blueprint, Response

from sandbox.cloud_keys import RSA_KEY, public_pem

blueprint = Blueprint("jira_connect", __name__, url_prefix="/jira_connect")

KEY_ID = "5a4db0c0-ffee-4000-8000-0000000011ra"


@blueprint.get("/<kid>")
def install_key(kid: str) -> Response:
    """Returns a public key as PEM."""
    if kid != KEY_ID:
        return Response("Not Found", status=404, content_type="text/plain")
    return Response(public_pem(RSA_KEY), content_type="application/x-pem-file")
