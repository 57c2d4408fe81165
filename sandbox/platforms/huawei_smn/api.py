"""Where the simulated cloud keeps the certificate of its callbacks; anybody may read it."""

from __future__ import annotations

from flask import Blueprint, Response

from sandbox.cloud_keys import certificate_pem

blueprint = Blueprint("huawei_smn", __name__, url_prefix="/huawei_smn")

FILE = "SMN_cn-north-4_5a4db0c0ffee.pem"


@blueprint.get(f"/{FILE}")
def key_file() -> Response:
    """Returns the certificate as PEM."""
    return Response(certificate_pem(), content_type="application/x-pem-file")
