"""Who it is: an identity out of the answers of a login, or the refusal of somebody who is nobody here."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

from app.core.errors import UpstreamError
from app.core.exact_json import REPLACEMENT
from app.core.values import Identity
from app.wire.logins.description import Who
from app.wire.logins.hints import COMPOSED
from app.wire.logins.judging import Seen, Told, compile_condition, is_there, refusal
from app.wire.logins.places import Scope, Values, as_text, compile_template, compile_value
from app.wire.oauth2 import MAX_SUBJECT, MAX_TEXT, web_address

EARLY = ("token", "claims", "return")
"""Answers that are there as soon as the code is redeemed."""

FIELDS = ("union_id", "tenant", "name", "avatar", "email", "email_verified", "anonymous", "audience")


class IdentityReader:
    """Reads who it is, as one description says."""

    def __init__(self, said: Who, scope: Scope, *, within: str):
        """Compile the places; raises ValueError that names the key at fault."""
        self._said = said
        try:
            self._subjects = [(each.kind, compile_value(each.at, scope)) for each in said.subjects]
            self._within = compile_template(said.within or within, scope)
            self._fields = {name: compile_value(getattr(said, name), scope) for name in FIELDS}
            self._must_be = [compile_condition(each) for each in said.must_be]
        except ValueError as error:
            raise ValueError(f"identity: {error}") from None
        for each in said.must_be:
            for path in each.where.split("|"):
                compile_value(path, scope)
        roots = {piece.strip().split(".")[0] for each in said.subjects for piece in each.at.split("|")}
        self.is_early = roots <= set(EARLY)
        """Whether the id is known as soon as the code is redeemed."""

    def subject(self, values: Values, told: Told) -> tuple[str, str]:
        """Return kind and id of the person; raises UpstreamError when none is named."""
        for kind, find in self._subjects:
            value = find(values)
            if value not in (None, ""):
                return kind, _exact(value, told)
        if self._said.no_subject:
            raise refusal(self._said.no_subject, None, told)
        raise _nobody(told)

    def read(self, values: Values, told: Told) -> Identity:
        """Return the identity; raises UpstreamError for a visitor, for somebody refused and for nobody."""
        if is_there(self._value("anonymous", values)):
            raise refusal("grant_rejected/anonymous_user", None, told)
        if not all(holds(Seen(values.answers, {})) for holds in self._must_be):
            raise refusal(self._said.no_subject or "grant_rejected/anonymous_user", None, told)
        if self._said.audience and self._value("audience", values) != values.texts.get("client_id"):
            raise refusal("token_rejected/id_token", None, told)
        kind, subject = self.subject(values, told)
        return Identity(
            issuer=self._within(values) or "",
            subject_kind=kind,
            subject=subject,
            name=_name(self._value("name", values)),
            avatar_url=web_address(self._value("avatar", values)),
            union_id=as_text(self._value("union_id", values)),
            profile=self._profile(values),
        )

    def _profile(self, values: Values) -> dict[str, Any]:
        found = {
            "email": _short(self._value("email", values)),
            "email_verified": _yes_or_no(self._value("email_verified", values)),
            "tenant": _short(self._value("tenant", values)),
        }
        return {name: value for name, value in found.items() if value is not None}

    def _value(self, name: str, values: Values) -> Any:
        value = self._fields[name](values)
        return unquote(value) if name in self._said.url_decode and isinstance(value, str) else value


def _exact(value: object, told: Told) -> str:
    """Return an id as exact text; whole numbers in decimal, anything else is refused."""
    text = str(value) if type(value) is int else value
    is_usable = isinstance(text, str) and bool(text.strip()) and len(text) <= MAX_SUBJECT
    if not isinstance(text, str) or not is_usable or "\x00" in text or REPLACEMENT in text:
        raise _nobody(told)
    return text


def _nobody(told: Told) -> UpstreamError:
    return UpstreamError("upstream_no_subject", COMPOSED["no_subject"].sentence.format(name=told.name))


def _name(value: object) -> str | None:
    text = " ".join(value.split()) if isinstance(value, str) else ""
    return text[:MAX_TEXT] or None


def _short(value: object) -> str | None:
    text = as_text(value)
    return text if text is not None and len(text) <= MAX_TEXT else None


def _yes_or_no(value: object) -> bool | None:
    """Return a truth that comes as such or as a text (Apple)."""
    return {"true": True, "false": False}.get(as_text(value) or "")
