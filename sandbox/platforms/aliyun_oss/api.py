"""Where the simulated cloud keeps the public key of its callbacks; anybody may read it."""

from __future__ import annotations

from flask import Blueprint, Response

from sandbox.cloud_keys import RSA_KEY, public_pem

blueprint = Blueprint("aliyun_oss", __name__, url_prefix="/aliyun_oss")

FILE = "callback_pub_key_v1.pem"


@blueprint.get(f"/{FILE}")
def key_file() -> Response:
    """Returns the public key as PEM."""
    return Response(public_pem(RSA_KEY), content_type="application/x-pem-file")
