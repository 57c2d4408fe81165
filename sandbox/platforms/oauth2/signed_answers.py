"""The signature of answers, for described providers that sign them (`[proof]`); with the fictional key that is in `.env`.

Alipay: RSA2 over the text of the inner object (Alipay's Node SDK, read 2026-11-27).
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_private_key

from sandbox.state import SandboxState

KEYS = {"alipay-rsa2": "ALIPAY_PRIVATE_KEY"}
"""The setting that holds the fictional provider's key, by the way of signing."""


def signed(state: SandboxState, login: Mapping[str, Any], text: str) -> str:
    """Returns an answer with its signature where the provider signs, else as it is."""
    proof = login.get("proof")
    if proof is None:
        return text
    name = next(iter(json.loads(text)))
    inner = text.partition(":")[2].rpartition(',"sign"')[0]
    signature = _key(state.settings[KEYS[proof["kind"]]]).sign(inner.encode(), PKCS1v15(), SHA256())
    return f'{{"{name}":{inner},"sign":"{b64encode(signature).decode()}"}}'


@lru_cache(4)
def _key(text: str) -> RSAPrivateKey:
    key = load_der_private_key(b64decode(text), password=None)
    if not isinstance(key, RSAPrivateKey):
        raise ValueError("not an RSA key")
    return key
