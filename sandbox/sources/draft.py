"""A request that is being written: its parts can still be looked at and added to. No signature is made here."""

from __future__ import annotations

import base64
import json
import re
from typing import Any
from urllib.parse import parse_qsl, urlencode


class Draft:
    """One request before it is signed."""

    def __init__(self, sample: dict[str, Any], settings: dict[str, Any], words: dict[str, str], address: str):
        self.method = sample.get("method", "POST")
        self.rest = sample.get("path", "").strip("/")
        self.query = {name: _filled(value, words) for name, value in sample.get("query", {}).items()}
        self.headers = {name: _filled(value, words) for name, value in sample.get("headers", {}).items()}
        self.body = _filled(sample.get("body", ""), words).encode()
        self.settings = settings
        self.address = address
        self.items: dict[str, str] = {}
        self.claims: dict[str, Any] = {}
        """What a token says besides what its description demands."""
        self.element: dict[str, Any] | None = None

    @property
    def query_string(self) -> str:
        """Returns the parameters as they stand in the address."""
        return urlencode(self.query)

    @property
    def url(self) -> str:
        """Returns the address as the sender knows it."""
        plain = f"{self.address}/{self.rest}" if self.rest else self.address
        return f"{plain}?{self.query_string}" if self.query else plain

    def form(self) -> dict[str, str]:
        """Returns the fields of the form."""
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))

    def xml(self) -> dict[str, str]:
        """Returns the elements of the XML."""
        found = re.findall(r"<(\w+)>(?:<!\[CDATA\[(.*?)\]\]>|([^<]*))</\1>", self.body.decode(), re.DOTALL)
        return {name: inside or plain for name, inside, plain in found}

    def tree(self) -> Any:
        """Returns the body as JSON."""
        return json.loads(self.body)

    def claims_of_body(self) -> dict[str, Any]:
        """Returns the claims where the body is a token, as it stands in the file."""
        payload = self.body.split(b".")[1]
        claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + b"=" * (-len(payload) % 4)))
        return claims

    def add(self, place: str, value: str) -> None:
        """Puts a value where a place says."""
        source, _, name = place.partition(":")
        if name.startswith("<"):
            name = str(self.settings.get(name[1:-1], ""))
        if source == "params":
            source = "form" if self.body else "query"
        getattr(self, f"_add_{source}")(name, value)

    def _add_path(self, _name: str, value: str) -> None:
        self.rest = value

    def _add_header(self, name: str, value: str) -> None:
        self.headers[name.replace("{n}", "1")] = value

    def _add_query(self, name: str, value: str) -> None:
        self.query[name] = value

    def _add_form(self, name: str, value: str) -> None:
        pairs = [pair for pair in self.body.decode().split("&") if pair and pair.partition("=")[0] != name]
        self.body = "&".join([*pairs, urlencode({name: value})]).encode()

    def _add_xml(self, name: str, value: str) -> None:
        text = re.sub(rf"<{name}>.*?</{name}>", "", self.body.decode(), flags=re.DOTALL)
        self.body = text.replace("</xml>", f"<{name}>{value}</{name}></xml>").encode()

    def _add_json(self, path: str, value: str) -> None:
        if path.startswith("[]."):
            if not isinstance(self.element, dict):
                raise KeyError(path)
            self.element[path[3:]] = value
            return
        tree = self.tree()
        at = tree
        *before, last = re.sub(r"\[\]", ".0", path).split(".")
        for name in before:
            at = at[int(name)] if isinstance(at, list) else at.setdefault(name, {})
        at[last] = value
        self.body = json.dumps(tree, ensure_ascii=False, separators=(",", ":")).encode()

    def _add_claim(self, name: str, value: str) -> None:
        self.claims[name] = value

    def _add_item(self, name: str, value: str) -> None:
        self.items[name] = value


def _filled(text: str, words: dict[str, str]) -> str:
    for name, value in words.items():
        text = text.replace(f"${{{name}}}", value)
    return text
