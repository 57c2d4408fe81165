"""Apple's own library as an independent judge: it takes what the simulator signs and refuses what we refuse."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from typing import Any

import jwt
import pytest
from appstoreserverlibrary.models.Environment import Environment
from appstoreserverlibrary.signed_data_verifier import SignedDataVerifier, VerificationException
from cryptography.hazmat.primitives.serialization import load_der_private_key

from sandbox.platforms.apple_notifications import keys
from sandbox.platforms.apple_notifications.signer import CHAIN, signed
from tests.platforms.apple_notifications.posting import (
    APP,
    BUNDLE,
    SIGNED_AT,
    TRANSACTION,
    channel,
    leaf,
    other_chain,
    payload,
    post,
)
from tests.platforms.recorded import judge

LIBRARY = SignedDataVerifier(
    [b64decode(keys.ROOT)],
    enable_online_checks=False,
    environment=Environment.PRODUCTION,
    bundle_id=BUNDLE,
    app_apple_id=APP,
)
HS_KEY = keys.LEAF.encode()


def believed(text: str) -> bool:
    try:
        LIBRARY.verify_and_decode_notification(text)
    except VerificationException:
        return False
    return True


def hs256(content: dict[str, Any]) -> str:
    return jwt.encode(content, HS_KEY, algorithm="HS256", headers={"x5c": list(CHAIN)})


CASES = {
    "good": signed(payload()),
    "another key": signed(payload(), private_key=leaf()[1]),
    "another root": signed(payload(), chain=other_chain()[0], private_key=other_chain()[1]),
    "another purpose": signed(
        payload(), chain=(leaf(purpose=None)[0], *CHAIN[1:]), private_key=leaf(purpose=None)[1]
    ),
    "not in force": signed(payload(), chain=(leaf(ends=2024)[0], *CHAIN[1:]), private_key=leaf(ends=2024)[1]),
    "in force then": signed(
        payload(signedDate=SIGNED_AT - 4 * 365 * 86_400_000),
        chain=(leaf(ends=2024)[0], *CHAIN[1:]),
        private_key=leaf(ends=2024)[1],
    ),
    "chain of two": signed(payload(), chain=CHAIN[:2]),
    "HS256": hs256(payload()),
    "another app": signed(payload({"bundleId": "com.other"})),
    "another number": signed(payload({"appAppleId": 1})),
    "the sandbox": signed(payload({"environment": "Sandbox"})),
    "cut": signed(payload())[:-4],
}


@pytest.mark.parametrize("name", CASES)
def test_the_library_and_we_agree(name: str) -> None:
    ours = judge(channel(), post(CASES[name])).outcome == "accept"
    assert ours is believed(CASES[name])
    assert ours is (name in ("good", "in force then"))


def test_the_library_reads_the_same_transaction() -> None:
    (event,) = judge(channel(), post(CASES["good"])).events
    read = LIBRARY.verify_and_decode_signed_transaction(event.data["data"]["signedTransactionInfo"])
    assert (read.transactionId, read.bundleId) == (TRANSACTION["transactionId"], BUNDLE)


def test_we_believe_what_another_implementation_signs() -> None:
    key = load_der_private_key(b64decode(keys.PRIVATE_KEY), None)
    text = jwt.encode(json.loads(json.dumps(payload())), key, algorithm="ES256", headers={"x5c": list(CHAIN)})  # type: ignore[arg-type]
    assert judge(channel(), post(text)).outcome == "accept"


def test_a_chain_in_base64_for_addresses_is_refused_by_both() -> None:
    odd = tuple(b64encode(b64decode(each), altchars=b"-_").decode() for each in CHAIN)
    assert odd != CHAIN
    text = signed(payload(), chain=odd)
    assert not believed(text)
    assert judge(channel(), post(text)).why == "bad_chain"
