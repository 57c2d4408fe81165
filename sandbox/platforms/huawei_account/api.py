"""Simulated Huawei: the configuration that names issuer and keys, and the keys.

Protocol: "通过调用接口…获取发行者标识（issuer）与签名密钥证书URI（jwks_uri）" on the page that the signer names (read 2026-11-28).
"""

from __future__ import annotations

from flask import Blueprint, Response, jsonify

from sandbox.platforms.huawei_account import signer
from sandbox.state import current_state

blueprint = Blueprint("huawei_account", __name__, url_prefix="/huawei_account")


@blueprint.get("/v1beta/public/risc/.well-known/risc-configuration")
def configuration() -> Response:
    """Returns issuer and address of the keys."""
    own = f"{current_state().settings.sandbox_url}/huawei_account"
    return jsonify({"issuer": signer.ISSUER, "jwks_uri": f"{own}/v1beta/public/risc/certs"})


@blueprint.get("/v1beta/public/risc/certs")
def keys() -> Response:
    """Returns the one key there is."""
    return jsonify(signer.jwks())
