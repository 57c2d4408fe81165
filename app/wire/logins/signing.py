"""Named pieces of code beside the data: signatures that two Chinese gateways want on every call, and Facebook's proof.

JD: upper-case MD5 over the secret, the sorted names and values, and the secret again, time in Beijing (JustAuth's request class, read
2026-11-28). Alipay: RSA2 over the sorted parameters (Alipay's Node SDK, read 2026-11-27). Facebook: HMAC-SHA256 of the access token
with the application's secret ("Secure Graph API Calls", unconfirmed here).
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from app.core.errors import UpstreamError
from app.security.signatures import hmac_sha256
from app.wire.beijing_time import in_beijing
from app.wire.public_keys import read_private_rsa_key
from app.wire.signed_forms import sorted_text

Sign = Callable[[Mapping[str, str], str, float], dict[str, str]]
"""Takes the parameters, the application's secret and now; returns what is added."""


def appsecret_proof(access_token: str, secret: str) -> str:
    """Return what proves to Facebook that a token is used by its own application."""
    return hmac_sha256(secret.encode(), access_token.encode()).hex()


def jd_md5(params: Mapping[str, str], secret: str, now: float) -> dict[str, str]:
    """Return time and signature of a call to JD's gateway; empty parameters are not signed."""
    added = {"timestamp": in_beijing(now)}
    signed = {name: value for name, value in (dict(params) | added).items() if value}
    text = secret + "".join(f"{name}{signed[name]}" for name in sorted(signed)) + secret
    digest = hashlib.md5(text.encode(), usedforsecurity=False)
    return added | {"sign": digest.hexdigest().upper()}


def alipay_rsa2(params: Mapping[str, str], secret: str, now: float) -> dict[str, str]:
    """Return time, kind and signature of a call to Alipay's gateway; `secret` is the application's private key."""
    added = {"sign_type": "RSA2", "timestamp": in_beijing(now)}
    signed = {name: value for name, value in (dict(params) | added).items() if value}
    try:
        key = read_private_rsa_key(secret)
    except ValueError as error:
        raise UpstreamError(
            "platform_configuration",
            "client_secret must be the application's RSA private key, as PEM or Base64.",
        ) from error
    signature = key.sign(sorted_text(signed).encode(), PKCS1v15(), SHA256())
    return added | {"sign": base64.b64encode(signature).decode()}


SIGNERS: dict[str, Sign] = {"jd-md5": jd_md5, "alipay-rsa2": alipay_rsa2}
