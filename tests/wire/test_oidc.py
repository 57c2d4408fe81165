"""ID tokens and key sets as joserfc, an independent implementation, makes them; each point that must hold is broken once."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jws
from joserfc import jwt as peer
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from app.core.errors import UpstreamError
from app.wire.key_sets import ALGORITHMS, USUAL_ALGORITHMS
from app.wire.oidc import (
    Expected,
    UnknownKeyError,
    document_address,
    judge_address,
    read_document,
    read_id_token,
    read_keys,
)

# It warns of what is tried here on purpose: short keys, and the older name of Ed25519's algorithm.
pytestmark = pytest.mark.filterwarnings("ignore::joserfc.errors.SecurityWarning")

NOW = 1_790_000_000
ISSUER = "https://id.example.com/realms/a"
ACCESS = "access-token-1"
EXPECTED = Expected(ISSUER, "client-1", "nonce-1", ACCESS, NOW)
CLAIMS = {
    "iss": ISSUER,
    "aud": "client-1",
    "sub": "person-1",
    "iat": NOW,
    "exp": NOW + 300,
    "nonce": "nonce-1",
}
DOCUMENT = {
    "issuer": ISSUER,
    "authorization_endpoint": "https://id.example.com/a",
    "token_endpoint": "https://id.example.com/t",
    "jwks_uri": "https://keys.example.com/k",
}


@cache
def key_for(algorithm: str, number: int) -> Any:
    parameters: Any = {"kid": f"key-{number}"}
    if algorithm in ("PS256", "RS384", "RS512"):
        return key_for("RS256", number)
    if algorithm == "RS256":
        return RSAKey.generate_key(2048, parameters)
    if algorithm == "ES256":
        return ECKey.generate_key("P-256", parameters)
    if algorithm in ("ES384", "ES512"):
        return ECKey.generate_key({"ES384": "P-384", "ES512": "P-521"}[algorithm], parameters)
    return OKPKey.generate_key("Ed25519", parameters)


def public(algorithm: str = "ES256", number: int = 1, **changes: Any) -> dict[str, Any]:
    return {**key_for(algorithm, number).as_dict(private=False), **changes}


def signed(algorithm: str = "ES256", *, number: int = 1, header: Any = None, **changes: Any) -> str:
    """Return a token whose claims are changed; a claim that is None is left out."""
    claims = {name: value for name, value in {**CLAIMS, **changes}.items() if value is not None}
    head = {"alg": algorithm, "typ": "JWT", "kid": f"key-{number}", **(header or {})}
    return peer.encode(head, claims, key_for(algorithm, number), algorithms=[algorithm])


def read(token: object, *keys: Any, expected: Expected = EXPECTED) -> Any:
    return read_id_token(token, expected, read_keys({"keys": list(keys or [public()])}))


def refusal(token: object, *keys: Any, expected: Expected = EXPECTED) -> str:
    with pytest.raises(UpstreamError) as caught:
        read(token, *keys, expected=expected)
    assert caught.value.code == "bad_id_token"
    return caught.value.message


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_token_in_each_algorithm_is_taken(algorithm: str):
    digest = {"384": hashlib.sha384, "512": hashlib.sha512, "DSA": hashlib.sha512}.get(
        algorithm[-3:], hashlib.sha256
    )
    whole = digest(ACCESS.encode()).digest()
    half = base64.urlsafe_b64encode(whole[: len(whole) // 2]).rstrip(b"=").decode()
    expected = replace(EXPECTED, algorithms=(algorithm,))
    assert read(signed(algorithm, at_hash=half), public(algorithm), expected=expected)["sub"] == "person-1"


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_token_that_another_key_signed_is_not_taken(algorithm: str):
    with pytest.raises(UnknownKeyError):
        read(
            signed(algorithm),
            public(algorithm, 2, kid="key-1"),
            expected=replace(EXPECTED, algorithms=(algorithm,)),
        )


@pytest.mark.parametrize("algorithm", sorted(set(ALGORITHMS) - set(USUAL_ALGORITHMS)))
def test_other_algorithms_are_named_in_the_refusal(algorithm: str):
    assert "RS256" in refusal(signed(algorithm), public(algorithm))


def test_the_servers_own_list_of_algorithms_narrows_ours():
    assert "alg" in refusal(signed(), public(), expected=replace(EXPECTED, algorithms=("RS256",)))


@pytest.mark.parametrize("secret", [b"client-secret-client-secret-client", json.dumps(public()).encode()])
def test_a_token_signed_with_a_shared_secret_or_the_public_key_as_one_is_refused(secret: bytes):
    forged = peer.encode({"alg": "HS256", "kid": "key-1"}, CLAIMS, OctKey.import_key(secret))
    octets = base64.urlsafe_b64encode(secret).rstrip(b"=").decode()
    assert "alg" in refusal(forged, public(), {"kty": "oct", "kid": "key-1", "k": octets})


@pytest.mark.parametrize("name", ["none", "None", "NONE", ""])
def test_an_unsigned_token_is_refused(name: str):
    head, body = (
        base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()
        for part in ({"alg": name}, CLAIMS)
    )
    for token in (f"{head}.{body}.", f"{head}.{body}.AA"):
        assert refusal(token)


@pytest.mark.parametrize(
    "header",
    [
        {"crit": ["exp"]},
        {"zip": "DEF"},
        {"typ": "at+jwt"},
        {"typ": "logout+jwt"},
    ],
)  # fmt: skip
def test_a_header_that_asks_for_more_is_refused(header: dict[str, Any]):
    part = {"alg": "ES256", "typ": "JWT", "kid": "key-1", **header}
    # The peer would not write some of these: its signature over another header is beside the point here.
    head = base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()
    assert refusal(".".join([head, *signed().split(".")[1:]]))


def test_a_key_inside_the_token_is_never_looked_at():
    stranger = key_for("ES256", 2)
    token = peer.encode(
        {"alg": "ES256", "kid": "key-1", "jwk": stranger.as_dict(private=False)}, CLAIMS, stranger, algorithms=["ES256"]
    )  # fmt: skip
    with pytest.raises(UnknownKeyError):
        read(token)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"iss": ISSUER + "/"}, "iss"),
        ({"iss": ISSUER.upper()}, "iss"),
        ({"iss": [ISSUER]}, "iss"),
        ({"iss": None}, "iss"),
        ({"aud": "client-12"}, "aud"),
        ({"aud": "client"}, "aud"),
        ({"aud": None}, "aud"),
        ({"aud": []}, "aud"),
        ({"aud": {"client-1": 1}}, "aud"),
        ({"aud": ["client-1", 7]}, "aud"),
        ({"aud": ["client-1", "other"]}, "azp"),
        ({"aud": ["client-1", "other"], "azp": "other"}, "azp"),
        ({"azp": "other"}, "azp"),
        ({"azp": ["client-1"]}, "azp"),
        ({"sub": None}, "sub"),
        ({"sub": ""}, "sub"),
        ({"sub": 7}, "sub"),
        ({"sub": "a\x00"}, "sub"),
        ({"sub": "a" * 256}, "sub"),
        ({"exp": NOW}, "exp"),
        ({"exp": None}, "exp"),
        ({"exp": "9999999999"}, "exp"),
        ({"exp": True}, "exp"),
        ({"exp": 10**400}, "exp"),
        ({"exp": -1}, "exp"),
        ({"iat": None}, "iat"),
        ({"iat": NOW + 61}, "future"),
        ({"nbf": NOW + 61}, "future"),
        ({"iat": NOW - 661}, "long before"),
        ({"nonce": None}, "nonce"),
        ({"nonce": "nonce-2"}, "nonce"),
        ({"nonce": ["nonce-1"]}, "nonce"),
        ({"nonce": "nonce-é"}, "nonce"),
        ({"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"}, "at_hash"),
        ({"at_hash": ""}, "at_hash"),
        ({"at_hash": 7}, "at_hash"),
    ],
)
def test_a_claim_that_does_not_hold_is_named(changes: dict[str, Any], says: str):
    assert says in refusal(signed(**changes))


@pytest.mark.parametrize("text", ["Infinity", "NaN", "1e999", "-Infinity"])
def test_a_time_that_is_no_number_is_refused(text: str):
    body = json.dumps(CLAIMS).replace(str(NOW + 300), text)
    head = {"alg": "ES256", "kid": "key-1"}
    token = jws.serialize_compact(head, body.encode(), key_for("ES256", 1), algorithms=["ES256"])
    assert "claims of the login server's ID token cannot be read" in refusal(token)


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": ["client-1"]},
        {"aud": ["client-1", "other"], "azp": "client-1"},
        {"iat": NOW - 600, "exp": NOW + 1},
        {"iat": NOW + 60},
        {"exp": NOW + 0.5},
    ],
)
def test_what_the_rules_allow_is_taken(changes: dict[str, Any]):
    assert read(signed(**changes))["sub"] == "person-1"


@pytest.mark.parametrize(
    "token", ["", "a.b", "a.b.c.d", "é.b.c", 7, [], "a" * 20_000, f"{'a' * 9000}.b.{'c' * 9000}"]
)
def test_what_is_no_token_is_refused(token: object):
    assert "signed JWT" in refusal(token)


def test_without_a_token_the_refusal_says_so():
    assert "there is none" in refusal(None)


def test_both_keys_of_one_name_are_tried():
    assert read(signed(), public("ES256", 2, kid="key-1"), public())
    assert read(signed(), public(), public("ES256", 2, kid="key-1"))


def test_a_token_that_names_a_key_outside_the_set_may_be_signed_by_a_new_one():
    with pytest.raises(UnknownKeyError):
        read(signed(header={"kid": "key-9"}), public())


def test_a_token_without_a_key_id_is_tried_with_the_keys_that_fit():
    token = peer.encode({"alg": "ES256"}, CLAIMS, key_for("ES256", 1), algorithms=["ES256"])
    assert read(token, public("RS256"), public("ES256", 2), public())


@pytest.mark.parametrize(
    "changes",
    [
        {"use": "enc"},
        {"use": ["sig"]},
        {"key_ops": ["encrypt"]},
        {"key_ops": "verify"},
        {"alg": "ES384"},
        {"alg": 7},
        {"kid": 7},
        {"crv": "P-384"},
        {"crv": None},
        {"kty": "RSA"},
        {"kty": "oct"},
        {"kty": ["EC"]},
        {"x": "!"},
        {"x": 7},
        {"x": ""},
        {"x": "A" * 2000},
        {"d": "AAAA"},
    ],
)
def test_a_key_that_is_not_meant_or_not_fit_for_this_is_passed_over(changes: dict[str, Any]):
    with pytest.raises(UnknownKeyError):
        read(signed(), public(**changes))
    assert read(signed(), public(**changes), public())


@pytest.mark.parametrize("entry", [None, 7, "key", [], {}, {"kty": None}])
def test_what_is_no_key_is_passed_over(entry: Any):
    assert read(signed(), entry, public())


def test_a_weak_or_huge_rsa_key_is_passed_over():
    weak = RSAKey.generate_key(1024, {"kid": "key-1"}).as_dict(private=False)
    huge = public("RS256", n="A" * 1401)
    slow = public("RS256", e="A" * 100)
    assert read_keys({"keys": [weak, huge, slow]}) == ()


def test_only_so_many_keys_are_looked_at_and_tried():
    others = [public("ES256", 2, kid="key-1")] * 8
    with pytest.raises(UnknownKeyError):
        read(signed(), *others, public())
    assert len(read_keys({"keys": [public()] * 100})) == 64


@pytest.mark.parametrize("said", [{}, {"keys": None}, {"keys": {}}, {"keys": "x"}])
def test_a_key_set_without_a_list_is_refused(said: Any):
    with pytest.raises(UpstreamError) as caught:
        read_keys(said)
    assert caught.value.code == "bad_keys"


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
MEMBERS = st.sampled_from(["kty", "use", "key_ops", "alg", "kid", "crv", "x", "y", "n", "e", "d"])
KEYS = st.dictionaries(
    MEMBERS, JSON_VALUES | st.sampled_from(["RSA", "EC", "OKP", "P-256", "Ed25519", "AQAB"])
)


@given(st.lists(KEYS | JSON_VALUES, max_size=4), st.text(max_size=40))
def test_whatever_a_server_says_only_our_own_errors_come_out(entries: list[Any], token: str):
    keys = read_keys({"keys": entries})
    for candidate in (token, signed(), signed("EdDSA")):
        with pytest.raises((UpstreamError, UnknownKeyError)):
            read_id_token(candidate, EXPECTED, keys)


def document(**changes: Any) -> Any:
    said = {name: value for name, value in {**DOCUMENT, **changes}.items() if value is not None}
    return read_document(said, ISSUER, lambda address: judge_address(address, issuer=ISSUER))


def test_a_document_is_read_with_the_addresses_it_names():
    read = document()
    assert (read.token_endpoint, read.userinfo_endpoint) == ("https://id.example.com/t", "")
    assert read.algorithms == USUAL_ALGORITHMS
    assert not read.promises_issuer
    assert document(authorization_response_iss_parameter_supported=True).promises_issuer


@pytest.mark.parametrize(
    ("offered", "used"), [(["RS256", "HS256", "none"], ("RS256",)), (["EdDSA", "ES512"], ("EdDSA",))]
)
def test_of_the_algorithms_only_those_that_both_know_are_used(offered: list[str], used: tuple[str, ...]):
    assert document(id_token_signing_alg_values_supported=offered).algorithms == used


@pytest.mark.parametrize(
    "changes",
    [
        {"issuer": None},
        {"issuer": [ISSUER]},
        {"issuer": ISSUER + "/"},
        {"jwks_uri": None},
        {"token_endpoint": ""},
        {"userinfo_endpoint": ["https://id.example.com/u"]},
        {"id_token_signing_alg_values_supported": ["HS256", "none"]},
        {"id_token_signing_alg_values_supported": "RS256"},
    ],
)
def test_a_document_that_cannot_be_used_says_why(changes: dict[str, Any]):
    with pytest.raises(UpstreamError) as caught:
        document(**changes)
    assert caught.value.code == "bad_discovery"


@pytest.mark.parametrize(
    ("address", "issuer"),
    [
        ("http://127.0.0.1:5005/x", "http://127.0.0.1:5004"),
        ("http://localhost:5004/x", "http://127.0.0.1:5004"),
        ("https://127.0.0.1:5004/x", "http://127.0.0.1:5004"),
        ("http://id.example.com/x", "http://id.example.com"),
        ("http://127.0.0.1:5004/x#a", "http://127.0.0.1:5004"),
    ],
)
def test_only_a_simulators_own_origin_may_be_on_this_machine_or_without_https(address: str, issuer: str):
    with pytest.raises(ValueError, match=r"must|public|local"):
        judge_address(address, issuer=issuer)
    judge_address("http://127.0.0.1:5004/x", issuer="http://127.0.0.1:5004/oauth2")


@pytest.mark.parametrize("issuer", ["https://id.example.com/a", "https://id.example.com/a/"])
def test_the_document_lies_below_the_issuer(issuer: str):
    assert document_address(issuer) == "https://id.example.com/a/.well-known/openid-configuration"
