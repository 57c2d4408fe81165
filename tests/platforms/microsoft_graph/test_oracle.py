"""PyCryptodome and PyJWT as independent judges: a seal opened and made, and a token read and made, by other code than ours."""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import b64decode, b64encode
from typing import Any

import jwt
from Crypto.Cipher import AES, PKCS1_OAEP
from Crypto.PublicKey import RSA
from Crypto.Util.Padding import pad, unpad
from joserfc import jwt as joserfc_jwt
from joserfc.jwk import RSAKey

from sandbox.platforms.microsoft_graph import keys
from sandbox.platforms.microsoft_graph.signer import jwks, sealed
from tests.platforms.deliveries import SECONDS
from tests.platforms.microsoft_graph.notifying import (
    APP,
    BASE,
    RESOURCE,
    TENANT,
    channel,
    entry,
    notify,
    proof,
    remote,
)
from tests.platforms.recorded import judge

KEY = RSA.import_key(b64decode(keys.ENCRYPTION_PRIVATE_KEY))


def opened_elsewhere(content: dict[str, str]) -> Any:
    key = PKCS1_OAEP.new(KEY).decrypt(b64decode(content["dataKey"]))
    data = b64decode(content["data"])
    assert hmac.new(key, data, hashlib.sha256).digest() == b64decode(content["dataSignature"])
    return json.loads(unpad(AES.new(key, AES.MODE_CBC, key[:16]).decrypt(data), 16))


def sealed_elsewhere(resource: dict[str, Any]) -> dict[str, str]:
    key = hashlib.sha256(b"any 32 bytes").digest()
    data = AES.new(key, AES.MODE_CBC, key[:16]).encrypt(pad(json.dumps(resource).encode(), 16))
    return {
        "data": b64encode(data).decode(),
        "dataKey": b64encode(PKCS1_OAEP.new(KEY.public_key()).encrypt(key)).decode(),
        "dataSignature": b64encode(hmac.new(key, data, hashlib.sha256).digest()).decode(),
        "encryptionCertificateId": keys.ENCRYPTION_CERTIFICATE_ID,
    }


def test_both_open_what_the_simulator_seals() -> None:
    content = sealed(RESOURCE)
    assert opened_elsewhere(content) == RESOURCE
    (event,) = judge(channel(), notify(entry(encryptedContent=content), tokens=[proof()]), remote()).events
    assert event.data["content"] == RESOURCE


def test_we_open_what_another_implementation_seals() -> None:
    request = notify(entry(encryptedContent=sealed_elsewhere(RESOURCE)), tokens=[proof()])
    (event,) = judge(channel(), request, remote()).events
    assert event.data["content"] == RESOURCE


def test_the_simulators_token_is_one_for_another_implementation() -> None:
    read = jwt.decode(
        proof(),
        jwt.PyJWK(jwks()["keys"][0], "RS256"),
        algorithms=["RS256"],
        audience=APP,
        options={"verify_exp": False, "verify_nbf": False, "verify_iat": False},
    )
    assert read["tid"] == TENANT


def test_we_believe_a_token_that_another_implementation_signs() -> None:
    claims = {
        "aud": APP,
        "iss": f"{BASE}/{TENANT}/v2.0",
        "exp": SECONDS + 60,
        "azp": "0bf30f3b-4a52-48df-9a82-234910c4a086",
    }
    key = RSAKey.import_key(b64decode(keys.PRIVATE_KEY))
    made = joserfc_jwt.encode({"alg": "RS256", "kid": keys.KEY_ID}, claims, key)
    request = notify(entry(encryptedContent=sealed(RESOURCE)), tokens=[made])
    assert judge(channel(), request, remote()).outcome == "accept"
