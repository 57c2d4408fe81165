"""A made-up RSA key with its certificate, and one key on P-256, with which simulated clouds and shops sign. They protect nothing: everybody can read them.

Signing is here too, written from the protocol notes alone; what is signed is each platform's own.
"""

from __future__ import annotations

from base64 import b64decode
from functools import cache
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_private_key
from cryptography.x509 import load_der_x509_certificate

RSA_KEY = (
    "MIIEvgIBADANBgkqhkiG9w0BAQEFAASCBKgwggSkAgEAAoIBAQD9OwE99BempvlYz6OFrSXgOA93fCYq4hRm2paaazStU93KTdjruJLB"
    "QlX7KQ8v91c82qMg1idvmAZwP392RHxJQB0HHbura6FtzseEBRNnXAjEU6jMsswj6DlNbsvkewc4E6n4crDw6EPDlNxe5uiiD7tOQyto"
    "q8LBZh5BORqH5g8aYg4XFcJNmOTTJMNm+x50ZpbMw1zR5//G6pDigGjIXk5pWs8Y+YFa9R2OFNftA2KqIb1pN09nMgGM/5Z1YquRLWJQ"
    "1OWG2NzDbO0X1kn88V+QL88RTid/oFZPWiMKWEoJZqs/N6XWniCdzJw1tnmBhZhg6UjPswX5aueEr5dBAgMBAAECggEABLBKrmhqRnC3"
    "o89C5WUKgy14jFdfL8q0MuAT2ye2X8nybKYuuLUX+wXw2HvW8xX43pij/fX3IJXjkyEa2aBMnpDWRMEmPhcZ4+II78rmBEM4CpYLtWAP"
    "X3ATnQla0zf7rwwuqMnrWKeNRyYWwzdSaftBdiJQX8GT41+yGlYtxYO5mMPIg1VPRI6yPGmUzqNKxUFiw22rmMF4aGYlhAS9kCOn0EHo"
    "ZRyWxyTtCLTMR1GJ6TkzUmV0FY7kSdk5x7W6gaFHyYtel/mi7WyvUl2GhmiY5WPPvuS3u1paXuiJTpsMU59cDCqpfB259qZYBkSixnZf"
    "SH37/p64zoXW+bq70QKBgQD/aC/orhkRg3qVt0X+XP8SpWnj0OYh83Pj5w3jaE21whq8cS7xYZHWYTRCnn30obL3wsMvXJ7R12VnBzy6"
    "BGr6whJ9b0ch859yA5A//hef03pioL0hvS7qWOYOnRq3UypB1jceuJG8LDkA8bQAo+d+E4nowm9hgMzwspBx9xzC0QKBgQD90YYlcDKP"
    "JC8msr1gc7MYjJBw1Ld5W7rQyH+rsFZPUDdDxTOZrJiYy8w8hYhpxtmKMNsjBuhEmNzk1swhPpwOqwwyQIYFbkg+vGj4/Jw7z82APbbE"
    "BHmdDIyjBJXmVrsRMjXUOWN26vk1YCkvVMBZnt70kbjQsvjSfg6pYnBJcQKBgQC8sBsc2moYvzq0Gucx6UBkZSIatX0fPf2zNELVa3xl"
    "uFYKO9ADciLM75ktUmwZa9CNLC0I83M98dSvTfB2OMdUJEaGtswlcBeuoqVSMYUAhbsX3Ep9/4cGiNDFoRlYsK86XmjwYEkCbOVcJjTm"
    "eDCQuxyagfLJZN+DP1hpabes0QKBgQDBIUuscwnVhxflnz2gBYlyFYrWf9U3n4ev08/piNyzrvrOM2BG/2CBaxj1uDmLGwZuMyybI2da"
    "wuHZsmNSrHw8YQR/vD7+JOMN8XkCc9xBWqYofUzzK+CJkoH0jMmuobHnrMfuutgnJTYI2imcXSWbS9qkR7lT+8p/B/IKCuAb0QKBgGKA"
    "7dqVg8xsn3JtYWxwk3cVmCgC+silxGehnfMDyTVcAtcVczusRfTgHBDd85A+rAJmN1i7DRhnTS4ZHtbIjoztF807kYjkEHR3s3UoeKtd"
    "Y/C0aKbv0YrD5WP7q2mY2N3FXLJgUw7/RLG4+/We7qL5QmmVU9XYVBadnDjPgm1C"
)
CERTIFICATE = (
    "MIICsjCCAZqgAwIBAgIGWk2wwP/uMA0GCSqGSIb3DQEBCwUAMBoxGDAWBgNVBAMMD1NpbXVsYXRlZCBjbG91ZDAeFw0yMDAxMDEwMDAw"
    "MDBaFw00OTEyMzEwMDAwMDBaMBoxGDAWBgNVBAMMD1NpbXVsYXRlZCBjbG91ZDCCASIwDQYJKoZIhvcNAQEBBQADggEPADCCAQoCggEB"
    "AP07AT30F6am+VjPo4WtJeA4D3d8JiriFGbalpprNK1T3cpN2Ou4ksFCVfspDy/3VzzaoyDWJ2+YBnA/f3ZEfElAHQcdu6troW3Ox4QF"
    "E2dcCMRTqMyyzCPoOU1uy+R7BzgTqfhysPDoQ8OU3F7m6KIPu05DK2irwsFmHkE5GofmDxpiDhcVwk2Y5NMkw2b7HnRmlszDXNHn/8bq"
    "kOKAaMheTmlazxj5gVr1HY4U1+0DYqohvWk3T2cyAYz/lnViq5EtYlDU5YbY3MNs7RfWSfzxX5AvzxFOJ3+gVk9aIwpYSglmqz83pdae"
    "IJ3MnDW2eYGFmGDpSM+zBflq54Svl0ECAwEAATANBgkqhkiG9w0BAQsFAAOCAQEABesVJnnzUsCRTUFjldQjkAmUsFIckykSJhGS3AXR"
    "8QWbXhYnRyT07yzLFJWwlFvA47Y66d4xcKcMKCahrnT12mTywI964TedWrFKRmmmB2z3cPf6NpE6Kzv5cgJGZ+0z1mQnIZvSG3XmWGAw"
    "ThAf0robduGnnJs4AluasAlSCHOJx9wOM7K34oswExuf6YCm3s8jL+Irq9COcdLnYUi41sKQvyAF6iea7hOmeQwwgfgSzml4C1Oj9ywE"
    "7pF5CKt6mrcaIh92+0tNzxVd6RZbxRtqgxcpqH/jqMrCB+T2uqPHpnKII2uQg4x9yAj/Ttx4y+B9Cno6pFcH0H1jPpxcQA=="
)
EC_KEY = (
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg1LxvAjG4dSRSLXnpTXsthCEBlPli697m8KJ6xLjKOtGhRANCAATNJ9L8"
    "csb/UKyTx+4d3wBePe3HBnZd2AtSOCD4fnt5nYDBlFGDXVcOXjwNLsXvFAzNftcge65wCvCGfwwmxgH+"
)

DIGESTS = {"md5": hashes.MD5(), "sha1": hashes.SHA1(), "sha256": hashes.SHA256()}  # noqa: S303 - these platforms sign with them


def sign_rsa(message: bytes, digest: str) -> bytes:
    """Signs with RSA, PKCS #1 v1.5."""
    signature: bytes = private_key(RSA_KEY).sign(message, PKCS1v15(), DIGESTS[digest])
    return signature


def sign_ecdsa(message: bytes, digest: str) -> bytes:
    """Signs with ECDSA on P-256; the signature is DER."""
    signature: bytes = private_key(EC_KEY).sign(message, ECDSA(DIGESTS[digest]))
    return signature


def enclose_rsa(data: bytes) -> bytes:
    """Encloses bytes with the private half (PKCS #1 type 1), so that everybody who has the certificate can open them."""
    numbers = private_key(RSA_KEY).private_numbers()
    size = (numbers.public_numbers.n.bit_length() + 7) // 8
    padded = b"\x00\x01" + b"\xff" * (size - len(data) - 3) + b"\x00" + data
    return pow(int.from_bytes(padded, "big"), numbers.d, numbers.public_numbers.n).to_bytes(size, "big")


def certificate_pem() -> str:
    """Returns the certificate as clouds hand it out."""
    return load_der_x509_certificate(b64decode(CERTIFICATE)).public_bytes(Encoding.PEM).decode()


def public_pem(key: str) -> str:
    """Returns the public half of a key as PEM."""
    public = private_key(key).public_key()
    pem: bytes = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return pem.decode()


@cache
def private_key(key: str) -> Any:
    """Returns a key, ready for use."""
    return load_der_private_key(b64decode(key), None)
