"""The notices of China Merchants Bank: proof, meaning, signed answer. Source: see the package.

A notice comes again after 0, 15, 15, 30, 180, 1800, 1800, 1800, 1800 and 3600 seconds. Nothing bounds its age, so de-duplication is what
stops a replay. `+` in sign arrives as %2B: the form is decoded once.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

from app.config.platform_settings import plain_text
from app.core.errors import PayloadError, VerificationError, unreadable_json
from app.core.values import (
    Coverage,
    InboundRequest,
    Outcome,
    ParsedEvent,
    Reply,
    Requirement,
    Verified,
    json_reply,
)
from app.platforms.cmbpay.settings import CmbpaySettings
from app.security.signatures import how_many, strict_base64
from app.security.strict_json import parse_json_object
from app.wire.beijing_time import beijing_moment_or_none
from app.wire.notice_answers import TAKEN, notice_answer
from app.wire.signed_forms import read_signed_form, sorted_pairs, sorted_text
from app.wire.sm2 import is_signed_by, public_half, read_private_key, read_public_key, sign

SM2: Final = b"02"
FIXED: Final = {"version": "0.0.1", "encoding": "UTF-8", "signMethod": "02"}
STATES: Final = (("tradeState", "pay"), ("refundState", "refund"))
"""What says how it ended, and the word of the event's type."""

LONGEST_WORD: Final = 64


@dataclass(frozen=True, repr=False)
class CmbpayCallbacks:
    """Takes notices; satisfies WebhookSource of app.core.ports, SlowProof of app.core.slow_proofs."""

    settings: CmbpaySettings
    bank_keys: tuple[str, ...] = field(init=False)
    own_key: str = field(init=False)
    """The merchant's private key; empty where none is set."""

    answer_within: float | None = 5.0
    """How long the bank waits is `unconfirmed`."""

    retries_failed_answers: bool = True
    methods: tuple[str, ...] = ("POST",)
    signature_covers: Coverage = Coverage.BODY
    proof_is_slow: bool = True
    """SM2 in Python: about 25 ms of a core for each key that is tried."""

    def __post_init__(self) -> None:
        """Read the keys once, when the channel is opened."""
        own = plain_text(self.settings.merchant_private_key_hex)
        object.__setattr__(
            self, "bank_keys", tuple(map(read_public_key, self.settings.cmb_public_key_spki_base64))
        )
        object.__setattr__(self, "own_key", read_private_key(own) if own else "")

    def verify(self, request: InboundRequest, now: datetime) -> Verified:
        """Prove all fields but sign, then read biz_content."""
        pairs = read_signed_form(request.body)
        if pairs.get(b"signMethod") != SM2:
            raise VerificationError(
                "sign_method_not_allowed", "signMethod is not 02 (SM2), the only one that is taken."
            )
        signature = _signature(pairs)
        content = sorted_pairs(pairs, without=(b"sign",))
        if not any(is_signed_by(key, signature, content) for key in self.bank_keys):
            tried = how_many(self.bank_keys, "cmb_public_key_spki_base64")
            raise VerificationError(
                "bad_signature",
                f"Tried: {tried}. It must be the bank's key, not the merchant's; a form that is decoded twice loses its + signs.",
            )
        business = pairs.get(b"biz_content", b"")
        try:
            data = parse_json_object(business)
        except ValueError as error:
            return Verified("cmbpay-sm2", business, context=unreadable_json(error))
        merchant = Requirement("merId", _word(data, "merId"), "mer_id", (self.settings.mer_id,))
        return Verified("cmbpay-sm2", business, context=data, requirements=(merchant,))

    def challenge(self, request: InboundRequest, verified: Verified) -> Reply | None:
        """Return None: there is no set-up request."""
        return None

    def parse(self, request: InboundRequest, verified: Verified) -> ParsedEvent:
        """Say what happened: type `pay.<tradeState>` or `refund.<refundState>`; `data` is biz_content."""
        if isinstance(verified.context, PayloadError):
            raise verified.context
        data: dict[str, Any] = verified.context
        order = _word(data, "cmbOrderId")
        state, kind = next(
            ((word, kind) for name, kind in STATES if (word := _word(data, name)) is not None), (None, "")
        )
        if order is None or state is None:
            raise PayloadError(
                "missing_order",
                message="biz_content must carry cmbOrderId and tradeState or refundState as plain words.",
            )
        occurred = beijing_moment_or_none(_word(data, "txnTime"))
        return ParsedEvent(f"{kind}.{state}", f"{order}:{state}", data, _word(data, "orderId"), occurred)

    def acknowledge(self, request: InboundRequest, verified: Verified, outcome: Outcome) -> Reply:
        """Answer SUCCESS, signed; anything else brings the notice again."""
        word = "SUCCESS" if outcome.situation in TAKEN else "FAIL"
        reply = json_reply(200, _answer(word, self.own_key))
        return notice_answer(outcome, taken=reply, failed=reply)


@lru_cache(maxsize=64)
def _answer(word: str, own_key: str) -> Mapping[str, str]:
    """Return an answer, signed where there is a key. It holds no time and no order, so one signature serves for all."""
    content = {"returnCode": word, "respCode": word, **FIXED}
    if not own_key:
        return content
    message = sorted_text(content).encode()
    return content | {"sign": b64encode(sign(own_key, public_half(own_key), message)).decode()}


def _signature(pairs: Mapping[bytes, bytes]) -> bytes:
    given = pairs.get(b"sign", b"")
    if not given:
        raise VerificationError("missing_signature", "The notice has no sign, or an empty one.")
    try:
        return strict_base64(given)
    except ValueError as error:
        raise VerificationError("malformed_signature", "sign is not Base64.") from error


def _word(data: Mapping[str, Any], name: str) -> str | None:
    value = data.get(name)
    if not isinstance(value, str) or not value or len(value) > LONGEST_WORD or not value.isprintable():
        return None
    return value
