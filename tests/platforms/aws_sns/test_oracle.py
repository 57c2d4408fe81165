"""PyCryptodome as an independent judge of both signatures; the text that is signed is written here once more, by hand.

npm's sns-validator 0.3.5 said the same about the simulator's messages when it was tried by hand (2026-11-28).
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from typing import Any

import pytest
from Crypto.Hash import SHA1, SHA256
from Crypto.PublicKey import RSA
from Crypto.Signature import pkcs1_15

from sandbox.platforms.aws_sns import keys
from tests.platforms.aws_sns.posting import (
    ADDRESS,
    CONFIRMATION,
    NOTIFICATION,
    PEM,
    channel,
    message,
    post,
    remote,
)
from tests.platforms.recorded import judge

PUBLIC = RSA.import_key(PEM)
PRIVATE = RSA.import_key(b64decode(keys.PRIVATE_KEY))
DIGESTS = {"1": SHA1, "2": SHA256}


def text_of(made: dict[str, Any]) -> bytes:
    text = f"Message\n{made['Message']}\nMessageId\n{made['MessageId']}\n"
    if made["Type"] == "Notification":
        text += f"Subject\n{made['Subject']}\n" if "Subject" in made else ""
        text += f"Timestamp\n{made['Timestamp']}\n"
    else:
        text += (
            f"SubscribeURL\n{made['SubscribeURL']}\nTimestamp\n{made['Timestamp']}\nToken\n{made['Token']}\n"
        )
    return f"{text}TopicArn\n{made['TopicArn']}\nType\n{made['Type']}\n".encode()


def believed(made: dict[str, Any]) -> bool:
    try:
        digest = DIGESTS[made["SignatureVersion"]].new(text_of(made))
        pkcs1_15.new(PUBLIC).verify(digest, b64decode(made["Signature"]))
    except ValueError:
        return False
    return True


@pytest.mark.parametrize("version", ["1", "2"])
@pytest.mark.parametrize("fields", [NOTIFICATION, CONFIRMATION], ids=lambda fields: fields["Type"])
def test_the_other_implementation_believes_what_we_believe(version: str, fields: dict[str, Any]) -> None:
    made = message(fields, version=version)
    assert believed(made)
    altered = made | {"Message": "other"}
    assert not believed(altered)
    assert judge(channel(), post(altered), remote()).why == "bad_signature"


@pytest.mark.parametrize("version", ["1", "2"])
def test_we_believe_what_the_other_implementation_signs(version: str) -> None:
    signature = pkcs1_15.new(PRIVATE).sign(DIGESTS[version].new(text_of(NOTIFICATION)))
    made = NOTIFICATION | {
        "SignatureVersion": version,
        "Signature": b64encode(signature).decode(),
        "SigningCertURL": ADDRESS,
    }
    assert judge(channel(), post(made), remote()).outcome == "accept"
