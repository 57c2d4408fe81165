"""openssl as an independent judge of the RSA and ECDSA signatures that clouds and shops make."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from app.wire.public_keys import is_signed_by_ecdsa, is_signed_by_rsa, read_key, recovered_by_rsa
from sandbox.cloud_keys import EC_KEY, RSA_KEY, enclose_rsa, private_key, public_pem, sign_ecdsa, sign_rsa

OPENSSL = shutil.which("openssl")
MESSAGE = "POST\n你好".encode()

pytestmark = pytest.mark.skipif(OPENSSL is None, reason="openssl is not installed")


def openssl(*arguments: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    assert OPENSSL is not None
    return subprocess.run([OPENSSL, *arguments], input=given, capture_output=True, check=False, timeout=20)


def file(folder: Path, name: str, content: bytes) -> str:
    (folder / name).write_bytes(content)
    return str(folder / name)


def private_pem(key: str) -> bytes:
    pem: bytes = private_key(key).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return pem


@pytest.mark.parametrize("digest", ["md5", "sha1", "sha256"])
def test_openssl_and_we_believe_each_others_rsa_signatures(tmp_path: Path, digest: str) -> None:
    key, signed = file(tmp_path, "key", private_pem(RSA_KEY)), sign_rsa(MESSAGE, digest)
    public = file(tmp_path, "public", public_pem(RSA_KEY).encode())
    theirs = openssl("dgst", f"-{digest}", "-sign", key, given=MESSAGE).stdout
    assert is_signed_by_rsa(read_key(public_pem(RSA_KEY)), message=MESSAGE, signature=theirs, digest=digest)
    ours = ("dgst", f"-{digest}", "-verify", public, "-signature", file(tmp_path, "signature", signed))
    assert openssl(*ours, given=MESSAGE).returncode == 0
    assert openssl(*ours, given=MESSAGE + b" ").returncode != 0


def test_openssl_and_we_believe_each_others_ecdsa_signatures(tmp_path: Path) -> None:
    key, signed = file(tmp_path, "key", private_pem(EC_KEY)), sign_ecdsa(MESSAGE, "sha1")
    public = file(tmp_path, "public", public_pem(EC_KEY).encode())
    theirs = openssl("dgst", "-sha1", "-sign", key, given=MESSAGE).stdout
    assert is_signed_by_ecdsa(read_key(public_pem(EC_KEY)), message=MESSAGE, signature=theirs, digest="sha1")
    ours = ("dgst", "-sha1", "-verify", public, "-signature", file(tmp_path, "signature", signed))
    assert openssl(*ours, given=MESSAGE).returncode == 0


def test_openssl_and_we_open_what_the_other_enclosed(tmp_path: Path) -> None:
    key = file(tmp_path, "key", private_pem(RSA_KEY))
    public = file(tmp_path, "public", public_pem(RSA_KEY).encode())
    theirs = openssl(
        "pkeyutl", "-sign", "-inkey", key, "-pkeyopt", "rsa_padding_mode:pkcs1", given=b"one-time key"
    ).stdout
    assert recovered_by_rsa(read_key(public_pem(RSA_KEY)), theirs) == b"one-time key"
    opened = openssl(
        "pkeyutl",
        "-verifyrecover",
        "-pubin",
        "-inkey",
        public,
        "-in",
        file(tmp_path, "enclosed", enclose_rsa(b"one-time key")),
    )
    assert opened.stdout == b"one-time key"
