"""One call of a description: its request out of templates, its answer judged and unwrapped. Nothing is ever repeated here."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote_plus, urlsplit

from app.core.errors import UpstreamError
from app.core.ports import HttpClient
from app.security.outbound import origin_of
from app.wire.logins.bodies import compile_readers
from app.wire.logins.description import Call
from app.wire.logins.hints import COMPOSED
from app.wire.logins.judging import Judge, Told, refusal
from app.wire.logins.places import Fill, Scope, Values, compile_template, split_path
from app.wire.logins.proofs import Prove
from app.wire.logins.signing import SIGNERS
from app.wire.oauth2 import at_path

Address = Callable[[], str]
"""Gives an address that may be known only while running."""

Fields = list[tuple[str, Fill]]


def compile_fields(params: Mapping[str, str], scope: Scope) -> Fields:
    """Return named templates in their order; raises ValueError that names the one at fault."""
    found: Fields = []
    for name, text in params.items():
        try:
            found.append((name, compile_template(text, scope)))
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from None
    return found


def filled(fields: Fields, values: Values) -> dict[str, str]:
    """Return the fields that have a value."""
    return {name: text for name, fill in fields if (text := fill(values)) is not None}


def rebased(address: str, base: str) -> str:
    """Return an address with scheme and host of `base`, whose path comes first; unchanged where base is empty."""
    if not base or address.startswith(f"{base.rstrip('/')}/"):
        return address
    parts = urlsplit(address)
    rest = parts._replace(scheme="", netloc="").geturl()
    return f"{base.rstrip('/')}{rest if rest.startswith('/') else '/' + rest}"


def basic(client_id: str, secret: str) -> str:
    """Return the header by which an application proves itself (RFC 6749 §2.3.1)."""
    pair = f"{quote_plus(client_id)}:{quote_plus(secret)}"
    return f"Basic {base64.b64encode(pair.encode()).decode()}"


class CompiledCall:
    """One call, ready to be made."""

    def __init__(
        self, name: str, call: Call, *, address: Address, params: Mapping[str, str], scope: Scope, judge: Judge, auth: str = "none",
        prove: Prove | None = None,
    ):  # fmt: skip
        """Compile it; raises ValueError that names the table and key at fault."""
        self.name = name
        self._method, self._place, self._address, self._judge = call.method, call.place, address, judge
        self._signing, self._auth, self._prove = call.signing, auth, prove
        try:
            self._params = compile_fields(params, scope)
            self._query = compile_fields(call.query, scope)
            self._headers = compile_fields(call.headers, scope)
            self._read = compile_readers(call.parse)
            self._unwrap = split_path(call.unwrap) if call.unwrap else ()
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from None

    @property
    def address(self) -> str:
        """Where the call goes."""
        return self._address()

    def __call__(self, values: Values, told: Told, http: HttpClient) -> Mapping[str, Any]:
        """Make the call and return the fields of its answer; raises UpstreamError and its kin."""
        params, query = filled(self._params, values), filled(self._query, values)
        headers = filled(self._headers, values)
        secret = values.texts.get("client_secret") or ""
        if self._auth == "basic":
            headers["Authorization"] = basic(values.texts.get("client_id") or "", secret)
        if self._signing:
            now = float(values.texts.get("now") or 0)
            params |= SIGNERS[self._signing](query | params, secret, now)
        answer = self._sent(params, query, headers, http)
        body = self._judge.content(answer, self.name, self._read, told)
        inner = at_path(body, self._unwrap) if self._unwrap else body
        if self._prove is not None and not self._is_proven(body, answer.body, inner):
            raise refusal("config/answer_signature", "bad_signature", told)
        return inner if isinstance(inner, Mapping) else body

    def _is_proven(self, answer: Mapping[str, Any], body: bytes, inner: object) -> bool:
        """Say whether the fields that are used are signed; they are those of one member."""
        is_member = isinstance(inner, Mapping) and len(self._unwrap) == 1
        return is_member and self._prove is not None and self._prove(answer, body, self._unwrap[0])

    def _sent(
        self, params: dict[str, str], query: dict[str, str], headers: dict[str, str], http: HttpClient
    ) -> Any:
        address = self._address()
        if not address:
            raise UpstreamError("bad_discovery", COMPOSED["no_address"].sentence.format(call=self.name))
        if self._place == "query":
            return http.request(self._method, address, params=query | params, headers=headers or None)
        body: dict[str, Any] = {"form" if self._place == "form" else "json": params}
        return http.request(self._method, address, params=query or None, headers=headers or None, **body)


def checked_address(text: str, hosts: tuple[str, ...]) -> str:
    """Return an address that is a plain https one on one of these hosts; raises ValueError."""
    origin_of(text)
    parts = urlsplit(text)
    if parts.fragment:
        raise ValueError("must have no fragment")
    if hosts and parts.hostname not in hosts:
        raise ValueError(f"{parts.hostname} is not among hosts: {', '.join(hosts)}")
    return text
