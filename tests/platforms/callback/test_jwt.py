"""The jwt scheme of the unified envelope: one key, one algorithm list, no surprises."""

from __future__ import annotations

import hashlib
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.platforms.callback.channel import channel, refusal, take
from tests.platforms.callback.signing import EC_KEY, RSA_KEY, SECRET, bearer, body_of, pem, token
from tests.platforms.deliveries import SECONDS, delivery

CLAIMS = {"exp": SECONDS + 60}


class TestJwtScheme:
    def test_a_good_token_is_taken(self) -> None:
        assert take(bearer(token(CLAIMS)), scheme="jwt").key == "evt_1"

    @pytest.mark.parametrize(("algorithm", "key"), [("RS256", RSA_KEY), ("ES256", EC_KEY)])
    def test_public_keys_prove_too(self, algorithm: str, key: Any) -> None:
        keys = {"scheme": "jwt", "jwt_algorithms": [algorithm], "jwt_public_key": pem(key), "secret": ""}
        assert take(bearer(token(CLAIMS, algorithm=algorithm)), **keys).key == "evt_1"
        one_line = keys | {"jwt_public_key": pem(key).replace("\n", "\\n")}
        assert take(bearer(token(CLAIMS, algorithm=algorithm)), **one_line).key == "evt_1"

    def test_it_agrees_with_pyjwt_as_signer(self) -> None:
        assert take(bearer(jwt.encode(CLAIMS, SECRET, algorithm="HS256")), scheme="jwt").key == "evt_1"

    def test_a_public_key_is_never_an_hmac_secret(self) -> None:
        forged = token(CLAIMS, secret=pem(RSA_KEY).encode())
        keys = {"scheme": "jwt", "jwt_public_key": pem(RSA_KEY)}
        refusal(bearer(forged), jwt_algorithms=["RS256"], **keys)
        refusal(bearer(forged), jwt_algorithms=["RS256", "HS256"], **keys)

    def test_only_the_configured_algorithms_count_whatever_keys_there_are(self) -> None:
        keys = {"scheme": "jwt", "jwt_public_key": pem(RSA_KEY)}
        assert refusal(bearer(token(CLAIMS, algorithm="RS256")), jwt_algorithms=["HS256"], **keys)
        assert refusal(bearer(token(CLAIMS)), jwt_algorithms=["RS256"], **keys)

    @pytest.mark.parametrize(
        "header",
        [
            {"alg": "none"},
            {"alg": "None"},
            {"alg": "NONE"},
            {"alg": ""},
            {"alg": None},
            {"alg": ["HS256"]},
            {"alg": "HS512"},
            {"alg": "RS256"},
            {"crit": ["exp"]},
            {"crit": []},
            {"b64": False},
            {"zip": "DEF"},
            {"jwk": {"kty": "oct", "k": "AA"}},
            {"jku": "https://evil.example/keys"},
            {"x5u": "https://evil.example/cert"},
            {"x5c": ["AA"]},
            {"kid": 5},
        ],
    )
    def test_odd_headers_are_refused(self, header: dict[str, Any]) -> None:
        refusal(bearer(token(CLAIMS, **header)), scheme="jwt")

    @pytest.mark.parametrize("kid", ["../../etc/passwd", "' or 1=1", "k" * 2000])
    def test_a_key_id_is_only_a_label(self, kid: str) -> None:
        take(bearer(token(CLAIMS, kid=kid)), scheme="jwt")

    @pytest.mark.parametrize(
        "claims",
        [
            {},
            {"exp": SECONDS},
            {"exp": SECONDS - 1},
            {"exp": -1},
            {"exp": str(SECONDS + 60)},
            {"exp": None},
            {"exp": True},
            {"exp": [SECONDS + 60]},
            {"exp": float("nan")},
            {"exp": float("inf")},
            {"exp": 1e300},
            {"exp": 10**30},
            {"exp": SECONDS + 60, "nbf": float("-inf")},
            {"exp": SECONDS + 60, "iat": float("-inf")},
            {"exp": SECONDS + 60, "iat": float("nan")},
            {"exp": SECONDS + 60, "nbf": SECONDS + 120},
            {"exp": SECONDS + 60, "nbf": "soon"},
            {"exp": SECONDS + 60, "iat": SECONDS + 120},
            {"exp": SECONDS + 60, "iat": "x"},
            {"exp": SECONDS + 60, "body_sha256": "0" * 64},
            {"exp": SECONDS + 60, "body_sha256": None},
            {"exp": SECONDS + 60, "body_sha256": 5},
            {"exp": SECONDS + 60, "body_sha256": "é"},
            {"exp": SECONDS + 60, "body_sha256": "\ud83d"},
            [],
            "text",
            None,
            5,
        ],
    )
    def test_odd_claims_are_refused(self, claims: Any) -> None:
        refusal(bearer(token(claims)), scheme="jwt")

    def test_the_body_may_be_bound_to_the_token(self) -> None:
        digest = hashlib.sha256(body_of()).hexdigest()
        for written in (digest, digest.upper()):
            assert take(bearer(token(CLAIMS | {"body_sha256": written})), scheme="jwt").key == "evt_1"
        other = bearer(token(CLAIMS | {"body_sha256": digest}), body_of(event_id="evt_2"))
        assert refusal(other, scheme="jwt") == "body_does_not_match_token"

    def test_audience_and_issuer_are_demanded_where_configured(self) -> None:
        keys = {"scheme": "jwt", "jwt_audience": "callgate", "jwt_issuer": "crm"}
        good = CLAIMS | {"aud": "callgate", "iss": "crm"}
        assert take(bearer(token(good)), **keys).key == "evt_1"
        for change in (
            {"aud": "call"},
            {"aud": None},
            {"iss": "crm2"},
            {"iss": None},
            {"aud": 5},
            {"iss": ["crm"]},
        ):
            refusal(bearer(token(good | change)), **keys)
        refusal(bearer(token(CLAIMS)), **keys)

    @pytest.mark.parametrize(
        "header",
        [
            "",
            "Bearer",
            "Bearer ",
            "Bearer  a.b.c",
            "Basic a.b.c",
            "Bearer a.b",
            "Bearer a.b.c.d",
            "Bearer é.é.é",
            "Bearer " + "a" * 1000000,
            "Bearer a.b.c",
            "Bearer ..",
            "Bearer eyJhbGciOiJIUzI1NiJ9.e30.",
            "�",
        ],
    )
    def test_a_malformed_authorization_is_refused(self, header: str) -> None:
        refusal(delivery(body_of(), {"Authorization": header}), scheme="jwt")

    @given(st.text("abcABC0189-_.=", max_size=60) | st.text(max_size=30))
    def test_whatever_the_token_only_a_refusal_comes_out(self, text: str) -> None:
        refusal(bearer(text), scheme="jwt")

    @given(
        st.recursive(st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5), st.lists)
    )
    def test_whatever_the_claims_only_a_refusal_comes_out(self, value: Any) -> None:
        refusal(
            bearer(token({"exp": SECONDS + 60, "body_sha256": value, "iss": value, "nbf": value})),
            scheme="jwt",
        )

    @pytest.mark.parametrize(
        "keys",
        [
            {"secret": "short"},
            {"secret": [SECRET, "short"]},
            {"jwt_algorithms": ["none"]},
            {"jwt_algorithms": []},
            {"jwt_algorithms": ["RS256"]},
            {"jwt_algorithms": ["RS256"], "jwt_public_key": "nonsense"},
            {"jwt_algorithms": ["RS256"], "jwt_public_key": pem(EC_KEY)},
            {"jwt_algorithms": ["ES256"], "jwt_public_key": pem(RSA_KEY)},
            {"jwt_algorithms": ["RS256"], "jwt_public_key": pem(rsa.generate_private_key(65537, 1024))},
        ],
    )
    def test_unusable_keys_are_settings_faults(self, keys: dict[str, Any]) -> None:
        with pytest.raises(ValidationError):
            channel(scheme="jwt", **keys)
