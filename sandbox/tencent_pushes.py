"""How an account of Tencent's platforms pushes a message: signed, in one of three modes, in one of two formats.

The names of an account's variables begin with a prefix, which each platform's folder gives.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from sandbox import tencent_messages as signer
from sandbox.simulated import Order, Outgoing
from sandbox.state import SandboxState

Sign = Callable[[SandboxState, Order, dict[str, Any], str], Outgoing]
Read = Callable[[SandboxState, bytes], dict[str, Any]]


def signer_of(prefix: str) -> Sign:
    """Returns what turns a message into the request of the account with these variables."""

    def sign(state: SandboxState, order: Order, fields: dict[str, Any], path: str) -> Outgoing:
        settings = state.settings
        timestamp, nonce = str(int(state.now())), str(secrets.randbelow(10**9))
        signed = signer.signature(settings[f"{prefix}_TOKEN"], timestamp, nonce)
        query = {"signature": signed, "timestamp": timestamp, "nonce": nonce}
        if order.type == "url_verification":
            query["echostr"] = str(fields.get("echostr") or secrets.randbelow(9 * 10**18) + 10**18)
            return Outgoing("GET", f"{path}?{urlencode(query)}", {}, b"", query["echostr"])
        data_format = str(order.options.get("format", "xml"))
        query["openid"] = str(fields.get("FromUserName", ""))
        body = signer.build_body(fields, data_format)
        mode = str(order.options.get("mode") or settings[f"{prefix}_MODE"])
        if mode != "plain":
            encrypted = signer.encrypt(
                body, settings[f"{prefix}_ENCODING_AES_KEY"], settings[f"{prefix}_APP_ID"]
            )
            query["encrypt_type"] = "aes"
            query["msg_signature"] = signer.message_signature(
                settings[f"{prefix}_TOKEN"], timestamp, nonce, encrypted
            )
            shown = fields if mode == "compatible" else {"ToUserName": fields.get("ToUserName", "")}
            body = signer.build_body({**shown, "Encrypt": encrypted}, data_format)
        headers = {"Content-Type": "application/json" if data_format == "json" else "text/xml"}
        event_id = str(fields.get("MsgId") or f"{fields.get('FromUserName')}{fields.get('CreateTime')}")
        return Outgoing("POST", f"{path}?{urlencode(query)}", headers, body, event_id)

    return sign


def opened_reply(body: bytes, *, token: str, encoding_aes_key: str, receive_id: str) -> dict[str, Any]:
    """Returns what an encrypted answer of the gateway says, or why it cannot be opened; nothing for an answer of another form."""
    if not body.lstrip().startswith((b"<", b"{")):
        return {}
    try:
        message = signer.open_reply(
            body, token=token, encoding_aes_key=encoding_aes_key, receive_id=receive_id
        )
    except (ValueError, KeyError) as error:
        return {"reply_problem": str(error)}
    return {"reply": message}


def reader_of(prefix: str) -> Read:
    """Returns what opens the gateway's answers to that account."""

    def read(state: SandboxState, body: bytes) -> dict[str, Any]:
        settings = state.settings
        if not body.lstrip().startswith((b"<", b"{")):
            return {}
        try:
            message = signer.parse_body(body)
            if "Encrypt" in message:
                message = signer.open_reply(
                    body,
                    token=settings[f"{prefix}_TOKEN"],
                    encoding_aes_key=settings[f"{prefix}_ENCODING_AES_KEY"],
                    receive_id=settings[f"{prefix}_APP_ID"],
                )
            return {"reply": message}
        except (ValueError, KeyError) as error:
            return {"reply_problem": str(error)}

    return read
