"""What proves a notification of the App Store, and what does not."""

from __future__ import annotations

import hashlib
from base64 import b64decode
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from pydantic import ValidationError

from sandbox.platforms.apple_notifications import keys
from sandbox.platforms.apple_notifications.signer import CHAIN, signed, signed_bytes
from tests.platforms.apple_notifications.posting import (
    APP,
    BUNDLE,
    RENEWAL,
    SIGNED_AT,
    TRANSACTION,
    channel,
    leaf,
    notification,
    other_chain,
    payload,
    post,
)
from tests.platforms.deliveries import delivery
from tests.platforms.recorded import judge

YEAR = 365 * 86_400_000


def refusal(request: Any, **settings: Any) -> str:
    judged = judge(channel(**settings), request)
    assert judged.outcome == "refuse"
    return judged.why


def with_leaf(made: tuple[str, str], content: dict[str, Any] | None = None) -> Any:
    return post(signed(content or payload(), chain=(made[0], *CHAIN[1:]), private_key=made[1]))


def test_a_notification_is_proven_up_to_the_root_that_we_have() -> None:
    assert judge(channel(), notification()).outcome == "accept"


def test_without_another_root_only_apples_own_is_believed() -> None:
    source = channel(root_certs_pem=[])
    (root,) = source.roots
    found = hashlib.sha256(root.public_bytes(Encoding.DER)).hexdigest()
    assert found == "63343abfb89a6a03ebb57e9b3f5fa7be7c4f5c756f3017b3a8c488c3653e9179"
    root.verify_directly_issued_by(root)
    assert judge(source, notification()).why == "bad_chain"


def test_a_chain_with_the_same_names_to_another_root_is_refused() -> None:
    chain, key = other_chain()
    assert refusal(post(signed(payload(), chain=chain, private_key=key))) == "bad_chain"
    mixed = (*chain[:2], keys.ROOT)
    assert refusal(post(signed(payload(), chain=mixed, private_key=key))) == "bad_chain"


def test_the_root_that_comes_along_says_nothing() -> None:
    chain = (*CHAIN[:2], other_chain()[0][2])
    assert judge(channel(), post(signed(payload(), chain=chain))).outcome == "accept"


@pytest.mark.parametrize(
    "chain",
    [(), CHAIN[:1], CHAIN[:2], (*CHAIN, keys.ROOT), (keys.LEAF, keys.LEAF, keys.ROOT), (*reversed(CHAIN),)],
    ids=["none", "one", "two", "four", "leaf twice", "reversed"],
)
def test_a_chain_is_leaf_intermediate_root(chain: tuple[str, ...]) -> None:
    assert refusal(post(signed(payload(), chain=chain))) == "bad_chain"


@pytest.mark.parametrize(
    "x5c", [None, "text", [5, 5, 5], ["*", "*", "*"], ["AAAA", "AAAA", "AAAA"]], ids=repr
)
def test_what_is_no_chain_is_refused(x5c: Any) -> None:
    assert refusal(post(signed_bytes(b"{}", {"alg": "ES256", "x5c": x5c}))) == "bad_chain"


def test_a_certificate_for_another_purpose_is_refused() -> None:
    assert refusal(with_leaf(leaf(purpose=None))) == "wrong_purpose"
    assert judge(channel(), with_leaf(leaf())).outcome == "accept"


@pytest.mark.parametrize(
    ("intermediate", "why"),
    [({}, ""), ({"purpose": None}, "wrong_purpose"), ({"ca": False}, "bad_chain")],
    ids=["as it is", "another purpose", "issues none"],
)
def test_the_intermediate_is_for_this_purpose_and_may_issue(intermediate: dict[str, Any], why: str) -> None:
    chain, key = other_chain(**intermediate)
    root = f"-----BEGIN CERTIFICATE-----\n{chain[2]}\n-----END CERTIFICATE-----"
    request = post(
        signed(
            payload(data={"bundleId": BUNDLE, "appAppleId": APP, "environment": "Production"}),
            chain=chain,
            private_key=key,
        )
    )
    assert judge(channel(root_certs_pem=[root]), request).why == why


def test_a_leaf_issues_no_certificates() -> None:
    made, key = leaf(issuer="leaf")
    assert (
        refusal(post(signed(payload(), chain=(made, keys.LEAF, keys.ROOT), private_key=key))) == "bad_chain"
    )


def test_a_leaf_has_a_key_for_this_algorithm() -> None:
    made, _ = leaf(curve="secp384r1")
    assert refusal(post(signed(payload(), chain=(made, *CHAIN[1:])))) == "bad_chain"


def test_certificates_count_when_it_was_signed() -> None:
    old = leaf(starts=2020, ends=2024)
    assert refusal(with_leaf(old)) == "certificate_not_in_force"
    then = payload(signedDate=SIGNED_AT - 4 * YEAR)
    assert judge(channel(), with_leaf(old, then)).outcome == "accept"


def test_without_a_date_certificates_count_now() -> None:
    assert (
        refusal(with_leaf(leaf(starts=2020, ends=2024), payload(signedDate=None)))
        == "certificate_not_in_force"
    )
    assert judge(channel(), notification(signedDate=None)).outcome == "accept"


@pytest.mark.parametrize("algorithm", ["HS256", "none", "ES384", "RS256", "", None])
def test_no_other_algorithm_is_taken(algorithm: Any) -> None:
    text = signed_bytes(b"{}", {"alg": algorithm, "x5c": list(CHAIN)})
    assert refusal(post(text)) == "algorithm_not_allowed"


@pytest.mark.parametrize("name", ["crit", "b64", "zip", "jwk", "jku", "x5u"])
def test_a_header_that_points_elsewhere_is_refused(name: str) -> None:
    text = signed_bytes(b"{}", {"alg": "ES256", "x5c": list(CHAIN), name: ["b64"]})
    assert refusal(post(text)) == "malformed_signature"


def test_a_signature_by_another_key_is_refused() -> None:
    assert refusal(post(signed(payload(), private_key=leaf()[1]))) == "bad_signature"


@pytest.mark.parametrize("place", [0, 1, 2], ids=["header", "payload", "signature"])
def test_each_part_is_covered(place: int) -> None:
    parts = signed(payload()).split(".")
    middle = len(parts[place]) // 2
    parts[place] = (
        parts[place][:middle] + ("A" if parts[place][middle] != "A" else "B") + parts[place][middle + 1 :]
    )
    judged = judge(channel(), post(".".join(parts)))
    assert judged.outcome == "refuse"


@pytest.mark.parametrize(
    "cut",
    [
        lambda text: text[: text.rindex(".")],
        lambda text: text[: text.rindex(".") + 1],
        lambda text: text[:-9],
    ],
    ids=["two parts", "empty", "short"],
)
def test_a_missing_or_cut_signature_is_refused(cut: Any) -> None:
    assert refusal(post(cut(signed(payload())))) in ("malformed_signature", "bad_signature")


@pytest.mark.parametrize("text", ["", None, 5, ["x"]])
def test_a_body_without_signed_data_is_refused(text: Any) -> None:
    assert refusal(post(text)) == "missing_signature"


@pytest.mark.parametrize("body", [b"", b"[]", b"text", b'{"signedPayload":"a","signedPayload":"b"}'])
def test_what_is_no_notification_is_refused(body: bytes) -> None:
    assert refusal(delivery(body)) == "not_a_notification"


def test_a_very_long_text_is_not_opened() -> None:
    assert refusal(post("a" * 200_000 + "." + "b" * 100_000 + ".c")) == "malformed_signature"


@pytest.mark.parametrize("name", ["signedTransactionInfo", "signedRenewalInfo"])
def test_each_signed_text_within_is_proven_too(name: str) -> None:
    chain, key = other_chain()
    forged = signed(TRANSACTION | RENEWAL, chain=chain, private_key=key)
    assert refusal(notification({name: forged})) == "bad_chain"
    assert refusal(notification({name: signed(TRANSACTION)[:-6] + "AAAAAA"})) == "bad_signature"


@pytest.mark.parametrize(
    ("part", "why"),
    [
        ({"bundleId": "com.other"}, "wrong_bundleId"),
        ({"bundleId": None}, "wrong_bundleId"),
        ({"environment": "Sandbox"}, "wrong_environment"),
        ({"appAppleId": APP + 1}, "wrong_appAppleId"),
        ({"appAppleId": str(APP)}, "wrong_appAppleId"),
        ({"appAppleId": None}, "wrong_appAppleId"),
    ],
)
def test_a_notification_for_another_app_is_refused(part: dict[str, Any], why: str) -> None:
    assert refusal(notification(part)) == why


def test_the_sandbox_has_no_number_of_the_app() -> None:
    request = notification({"environment": "Sandbox", "appAppleId": None})
    assert judge(channel(environment="Sandbox"), request).outcome == "accept"
    assert refusal(notification(), environment="Sandbox") == "wrong_environment"


def test_what_cannot_be_done_is_told_at_the_start() -> None:
    for settings in ({"online_checks": True}, {"environment": "Xcode"}, {"root_certs_pem": "text"}):
        with pytest.raises(ValidationError):
            channel(**settings)


def test_without_a_bundle_id_no_callbacks_are_taken() -> None:
    source = channel(bundle_id="")
    assert source.settings.missing_signature_secret() == "bundle_id"
    assert judge(source, notification({"bundleId": ""})).why == "wrong_bundleId"


def test_the_simulated_certificates_are_what_they_claim() -> None:
    names = [x509.load_der_x509_certificate(b64decode(each)).subject.rfc4514_string() for each in CHAIN]
    assert all("Sandbox" in name for name in names)
