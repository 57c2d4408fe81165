"""Where the simulated cloud keeps the certificate of its callbacks; anybody may read it."""

from __future__ import annotations

from flask import Blueprint, Response

from sandbox.cloud_keys import certificate_pem

blueprint = Blueprint("aliyun_eventbridge", __name__, url_prefix="/aliyun_eventbridge")

FILE = "x509_public_certificate.pem"


@blueprint.get(f"/{FILE}")
def key_file() -> Response:
    """Returns the certificate as PEM."""
    return Response(certificate_pem(), content_type="application/x-pem-file")
