"""Requests as the vendor's own client library makes and takes them (lark-oapi, used only here)."""

from __future__ import annotations

import base64
import json
import warnings
from functools import cache
from types import SimpleNamespace
from typing import Any

import pytest

from app.core.errors import VerificationError
from app.core.sending import Message, Recipient
from sandbox.people import PEOPLE
from sandbox.platforms.feishu.people import open_id
from tests.platforms.feishu.channel import NOW, connector, delivery, v2_event
from tests.platforms.feishu.signing import (
    ENCRYPT_KEY,
    IV,
    TOKEN,
    VECTORS,
    card_signature,
    compact,
    event_signature,
    seal,
    stamped,
)
from tests.platforms.feishu.test_sending import channel
from tests.platforms.sending import sending
from tests.sandbox.server import SandboxServer

KINDS = {
    "message": v2_event({"message": {"message_id": "om_1"}}, event_type="im.message.receive_v1"),
    "unicode": v2_event({"text": "你好 \u2028 €"}),
    "block": v2_event({"text": "x" * 16}),
    "empty": v2_event({}),
}


@cache
def lark() -> SimpleNamespace:
    """Import the library when the first test needs it: that takes over a second and warns."""
    pytest.importorskip("lark_oapi")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from lark_oapi.card.action_handler import CardActionHandler
        from lark_oapi.core.model import RawRequest
        from lark_oapi.core.utils import AESCipher
        from lark_oapi.event.dispatcher_handler import EventDispatcherHandler
    return SimpleNamespace(
        AESCipher=AESCipher,
        CardActionHandler=CardActionHandler,
        EventDispatcherHandler=EventDispatcherHandler,
        RawRequest=RawRequest,
    )


def lark_body(receiver: str, msg_type: str, content: str, uuid: str) -> Any:
    """Return a message's body as the library writes it."""
    lark()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import lark_oapi
        from lark_oapi.api.im.v1 import CreateMessageRequestBody
    builder = CreateMessageRequestBody.builder().receive_id(receiver).msg_type(msg_type)
    return json.loads(lark_oapi.JSON.marshal(builder.content(content).uuid(uuid).build()))


def library_accepts(body: bytes, headers: dict[str, str], *, old_card: bool = False) -> bool:
    """Ask the library's handler, which calls ours back when signature, key and token are right."""
    library = lark()
    seen: list[object] = []
    if old_card:
        handler = library.CardActionHandler.builder(ENCRYPT_KEY, TOKEN).register(seen.append).build()
    else:
        builder = library.EventDispatcherHandler.builder(ENCRYPT_KEY, TOKEN)
        for kind in ("im.message.receive_v1", "contact.user.updated_v3"):
            builder = builder.register_p2_customized_event(kind, seen.append)
        handler = builder.build()
    request = library.RawRequest()
    request.uri, request.body, request.headers = "/webhooks/feishu", body, headers
    return handler.do(request).status_code == 200 and bool(seen)


def we_accept(body: bytes, headers: dict[str, str]) -> bool:
    try:
        connector(old_cards=True).verify(delivery(body, headers), NOW)
    except VerificationError:
        return False
    return True


@pytest.mark.parametrize("kind", KINDS)
def test_what_the_library_accepts_we_accept(kind: str) -> None:
    body = seal(compact(KINDS[kind]))
    headers = stamped(event_signature(body))
    assert library_accepts(body, headers)
    assert we_accept(body, headers)


@pytest.mark.parametrize("name", ["X-Lark-Signature", "X-Lark-Request-Timestamp", "X-Lark-Request-Nonce"])
def test_what_the_library_refuses_we_refuse(name: str) -> None:
    body = seal(compact(KINDS["message"]))
    headers = stamped(event_signature(body))
    headers[name] = headers[name][:-1] + ("1" if headers[name][-1] != "1" else "2")
    assert not library_accepts(body, headers)
    assert not we_accept(body, headers)


def test_what_its_cipher_opens_is_what_we_opened() -> None:
    sealed = json.loads(VECTORS["message"]["body"])["encrypt"]
    request = delivery(VECTORS["message"]["body"], stamped(VECTORS["message"]["signatures"]["accepted"]))
    ours = connector().verify(request, NOW).plaintext
    assert lark().AESCipher(ENCRYPT_KEY).decrypt(base64.b64decode(sealed)) == ours


def test_a_body_sealed_with_its_cipher_key_is_accepted() -> None:
    from Crypto.Cipher import AES
    from Crypto.Util.Padding import pad

    cipher = AES.new(lark().AESCipher(ENCRYPT_KEY).digest, AES.MODE_CBC, IV)
    sealed = base64.b64encode(IV + cipher.encrypt(pad(compact(KINDS["unicode"]), 16))).decode()
    body = compact({"encrypt": sealed})
    assert we_accept(body, stamped(event_signature(body)))


def test_its_old_card_handler_and_we_agree() -> None:
    body = VECTORS["old_card"]["body"].encode()
    right, wrong = stamped(card_signature(body)), stamped(card_signature(body, token="wrong"))
    assert library_accepts(body, right, old_card=True)
    assert we_accept(body, right)
    assert not library_accepts(body, wrong, old_card=True)
    assert not we_accept(body, wrong)


def test_the_downgrade_it_allows_is_refused_here() -> None:
    body = compact(KINDS["message"])
    headers = stamped(event_signature(body))
    assert library_accepts(body, headers)
    assert not we_accept(body, headers)


def test_the_vendors_library_writes_the_body_that_we_send(sandbox: SandboxServer) -> None:
    to = Recipient("open_id", open_id(PEOPLE[0], sandbox.settings["FEISHU_APP_ID"]))
    sending(channel(sandbox)).send(Message("text", {"text": "你好"}), to, repeat_key="2" * 32)
    (call,) = sandbox.state.calls("feishu.send_message")
    assert call.json == lark_body(to.value, "text", '{"text":"你好"}', "2" * 32)
