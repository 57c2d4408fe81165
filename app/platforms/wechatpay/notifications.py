"""What a notification of WeChat Pay says: its envelope, and the resource inside, which AES-256-GCM seals. Pure.

Sources (read 2026-11-20): pay.weixin.qq.com, payment callback page; wechatpay-apiv3/wechatpay-skills. `data` of the event is the
opened resource: the envelope around it holds the id, the type and the time, which the event has itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from app.core.errors import PayloadError, unreadable_json
from app.core.values import Requirement
from app.platforms.wechatpay.settings import WechatpaySettings
from app.security.signatures import strict_base64
from app.security.strict_json import parse_json_object

ALGORITHM: Final = "AEAD_AES_256_GCM"
NONCE_BYTES: Final = 12
MAX_WORD: Final = 255
ACCOUNT_FIELDS: Final = (("mch_id", ("mchid", "sp_mchid")), ("app_id", ("appid", "sp_appid")))
"""Setting, and the fields that name the account: an ordinary merchant's, then a service provider's (服务商)."""

PAYER_FIELDS: Final = ("openid", "sp_openid", "sub_openid")


class Envelope(NamedTuple):
    """The outer part, which everybody may read."""

    identifier: str
    kind: str
    created: object
    resource: Mapping[str, Any]


def read_envelope(body: bytes) -> Envelope:
    """Read the outer part; raises PayloadError."""
    try:
        content = parse_json_object(body)
    except ValueError as error:
        raise unreadable_json(error) from error
    resource = content.get("resource")
    if not isinstance(resource, dict):
        raise PayloadError("bad_resource", message="A notification must carry the object `resource`.")
    return Envelope(_word(content, "id"), _word(content, "event_type"), content.get("create_time"), resource)


def open_sealed(sealed: Mapping[str, Any], keys: Sequence[bytes]) -> bytes | None:
    """Return what an object with algorithm, nonce, associated_data and ciphertext holds, None when no key opens it.

    Raises PayloadError when it is not such an object. Certificates come in the same form.
    """
    if sealed.get("algorithm") != ALGORITHM:
        raise PayloadError("unknown_algorithm", message=f"resource.algorithm must be {ALGORITHM}.")
    nonce, associated = _bytes(sealed, "nonce"), _bytes(sealed, "associated_data")
    try:
        ciphertext = strict_base64(_bytes(sealed, "ciphertext"))
    except ValueError as error:
        raise PayloadError("bad_ciphertext", message="resource.ciphertext must be Base64.") from error
    if len(nonce) != NONCE_BYTES:
        raise PayloadError("bad_nonce", message=f"resource.nonce must have {NONCE_BYTES} characters.")
    return next(
        (found for key in keys if (found := _opened(key, nonce, ciphertext, associated)) is not None), None
    )


def requirements_of(content: Mapping[str, Any], settings: WechatpaySettings) -> tuple[Requirement, ...]:
    """Return which merchant and app a resource names, to be compared with the channel's.

    Some products name no app, and some no merchant; the APIv3 key that opened it belongs to one merchant only.
    """
    expected = {"mch_id": (settings.mch_id,), "app_id": settings.app_id}
    found = []
    for setting, fields in ACCOUNT_FIELDS:
        name = next((each for each in fields if each in content), None)
        if name is not None and expected[setting]:
            given = content[name]
            found.append(
                Requirement(name, given if isinstance(given, str) else None, setting, expected[setting])
            )
    return tuple(found)


def payer_of(content: Mapping[str, Any]) -> str | None:
    """Return the OpenID of who paid."""
    payer = content.get("payer")
    places = (payer, content) if isinstance(payer, dict) else (content,)
    named = (place.get(name) for place in places for name in PAYER_FIELDS)
    return next((value for value in named if isinstance(value, str) and value), None)


def _opened(key: bytes, nonce: bytes, ciphertext: bytes, associated: bytes) -> bytes | None:
    try:
        return AESGCM(key).decrypt(nonce, ciphertext, associated)
    except (InvalidTag, ValueError):  # ValueError: shorter than a tag, in some versions.
        return None


def _bytes(sealed: Mapping[str, Any], name: str) -> bytes:
    value = sealed.get(name)
    if value is None:
        return b""
    if not isinstance(value, str):
        raise PayloadError(f"bad_{name}", message=f"resource.{name} must be text.")
    return value.encode()


def _word(content: Mapping[str, Any], name: str) -> str:
    value = content.get(name)
    if not isinstance(value, str) or not value.strip() or len(value) > MAX_WORD or not value.isprintable():
        raise PayloadError(
            f"bad_{name}", message=f"{name} must be printable text of 1 to {MAX_WORD} characters."
        )
    return value
