"""Named pieces of code beside the data: how a provider signs its answers, for a channel that has the provider's public key.

Alipay: RSA2 over the text of the answer's inner object as it stands in the body (Alipay's Node SDK, read 2026-11-27). Refusals are
believed unsigned: all they can do is to end a call.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from app.security.signatures import strict_base64
from app.wire.json_members import member_text
from app.wire.logins.description import AnswerProof
from app.wire.public_keys import is_signed_by, read_rsa_key

Prove = Callable[[Mapping[str, Any], bytes, str], bool]
"""Takes an answer as it was read, its body, and the name of the member that holds its fields; says whether they are signed."""


def compile_proof(said: AnswerProof | None, texts: Mapping[str, str | None]) -> Prove | None:
    """Return what proves answers, None where a channel has no key for it; raises ValueError for a key that is none."""
    text = texts.get(said.key) if said is not None else None
    if said is None or not text:
        return None
    try:
        key = read_rsa_key(text)
    except ValueError:
        raise ValueError(
            f"{said.key}: is no RSA public key of 2048 bits or more; paste it as PEM, or as the Base64 text of the provider's console"
        ) from None
    return partial(PROOFS[said.kind], key)


def alipay_rsa2(key: RSAPublicKey, answer: Mapping[str, Any], body: bytes, member: str) -> bool:
    """Say whether the holder of the key signed this member of an answer."""
    try:
        signature = strict_base64(str(answer.get("sign", "")))
        content = member_text(body, member)
    except ValueError:
        return False
    return is_signed_by(key, message=content.encode(), signature=signature)


PROOFS: dict[str, Callable[[RSAPublicKey, Mapping[str, Any], bytes, str], bool]] = {
    "alipay-rsa2": alipay_rsa2
}
