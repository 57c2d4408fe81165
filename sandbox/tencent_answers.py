"""How the newer APIs of Tencent's platforms answer: every logical error is HTTP 200 with an errcode."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from flask import Response

from sandbox.state import random_text

TYPE = "application/json; charset=UTF-8"


def answer(value: Mapping[str, Any]) -> Response:
    """Answers with success."""
    text = json.dumps({"errcode": 0, "errmsg": "ok", **value}, ensure_ascii=False, separators=(",", ":"))
    return Response(text.encode(), content_type=TYPE)


def refused(messages: Mapping[int, str], code: int) -> Response:
    """Answers with an errcode; the text carries a hint and an address, as the real one does."""
    text = f"{messages[code]}, hint: [{random_text(10)}], from ip: 127.0.0.1"
    return Response(json.dumps({"errcode": code, "errmsg": text}).encode(), content_type=TYPE)
