"""Simulated PayPal: the certificate that signs webhooks.

Protocol: developer.paypal.com/api/rest/webhooks/rest/ (read 2026-11-28).
"""

from __future__ import annotations

from flask import Blueprint, Response, abort

from sandbox.platforms.paypal import signer

blueprint = Blueprint("paypal", __name__, url_prefix="/paypal")


@blueprint.get("/v1/notifications/certs/<name>")
def certificate(name: str) -> Response:
    """Returns the one certificate there is."""
    if name != signer.CERTIFICATE_NAME:
        abort(404)
    return Response(signer.certificate_pem(), content_type="application/x-pem-file")
