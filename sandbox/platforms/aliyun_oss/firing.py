"""What the simulated OSS sends after an upload: the callbackBody, filled in.

Shapes follow help.aliyun.com, OSS, "Callback" (read 2026-11-28).
"""

from __future__ import annotations

import hashlib
import json
import secrets
from base64 import b64encode
from typing import Any
from urllib.parse import unquote, urlencode

from sandbox.cloud_keys import sign_rsa
from sandbox.platforms.aliyun_oss.api import FILE
from sandbox.simulated import Callbacks, Moment, Order, Outgoing, Sample
from sandbox.state import SandboxState
from sandbox.words import Words

FORM, JSON = "upload", "upload (JSON)"


def _upload(moment: Moment) -> dict[str, Any]:
    return {
        "bucket": moment.settings["ALIYUN_OSS_BUCKET"],
        "object": f"上传/{secrets.token_hex(4)} a.png",
        "etag": hashlib.md5(secrets.token_bytes(8)).hexdigest().upper(),
        "size": "5",
        "mimeType": "image/png",
        "imageInfo.height": "500",
        "imageInfo.width": "300",
        "imageInfo.format": "png",
        "my_var": moment.person.key,
    }


def signature(path: str, query: str, body: bytes) -> str:
    """Signs the decoded path, the query as it is, and the body, with RSA and MD5."""
    address = unquote(path) + (f"?{query}" if query else "")
    return b64encode(sign_rsa(address.encode() + b"\n" + body, "md5")).decode()


def _sign(state: SandboxState, order: Order, fields: dict[str, Any], path: str) -> Outgoing:
    is_form = order.type == FORM
    body = urlencode(fields) if is_form else json.dumps(fields, ensure_ascii=False)
    place, _, query = path.partition("?")
    query = query or f"token={state.settings['ALIYUN_OSS_CALLBACK_TOKEN']}"
    address = f"{state.settings.sandbox_url}/aliyun_oss/{FILE}"
    headers = {
        "Content-Type": "application/x-www-form-urlencoded" if is_form else "application/json",
        "Authorization": signature(place, query, body.encode()),
        "x-oss-pub-key-url": b64encode(address.encode()).decode(),
        "User-Agent": "aliyun-oss-callback",
    }
    key = hashlib.sha256(body.encode()).hexdigest()
    return Outgoing("POST", f"{place}?{query}", headers, body.encode(), key)


CALLBACKS = Callbacks(
    samples=(
        Sample(FORM, Words("An upload, told as a form", "上传完成（表单）"), _upload),
        Sample(JSON, Words("An upload, told as JSON", "上传完成（JSON）"), _upload),
    ),
    sign=_sign,
)
