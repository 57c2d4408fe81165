"""The keys of a channel with a described login: those that its description names, typed, and those that every one takes."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    Field,
    PrivateAttr,
    SecretStr,
    StringConstraints,
    create_model,
    field_validator,
)

from app.config.platform_settings import PlatformSettings, Secrets, plain
from app.config.setting_kinds import HOST
from app.security.outbound import origin_of
from app.wire.logins.description import Setting
from app.wire.logins.login import Login
from app.wire.oidc import judge_address

ISSUER, BASE_URL = "issuer", "base_url"
SERVER = "server"
"""What templates may use beside a key base_url: the same without its scheme."""

LONGEST_ISSUER = 180
"""So that it fits the store together with the platform's slug."""

USUAL_SETTINGS = {
    "client_id": Setting(label="The application's id.", label_zh="应用的 ID。"),
    "client_secret": Setting(label="The application's secret.", label_zh="应用的密钥。", secret=True),
}


def _address(text: str) -> str:
    if text:
        origin_of(text)
        if "?" in text or "#" in text or len(text) > LONGEST_ISSUER:
            raise ValueError(f"must be an address without a query, of at most {LONGEST_ISSUER} characters")
    return text


def _hosts(values: tuple[str, ...]) -> tuple[str, ...]:
    lowered = tuple(value.lower() for value in values)
    for value in lowered:
        if not HOST.fullmatch(value):
            raise ValueError(f"{value!r} is not a host or host:port such as id.corp.internal")
    return lowered


class LoginSettings(PlatformSettings):
    """What every channel with a described login takes."""

    preset: str = Field(description="Slug of the provider; `flask presets list` prints them all.")
    base: Annotated[str, AfterValidator(_address)] = Field(
        "", description="Replaces scheme and host of every address: a simulator, a proxy, a test."
    )
    allowed_hosts: Annotated[tuple[str, ...], AfterValidator(_hosts)] = Field(
        (), description="Hosts, or host:port, that addresses may lead to although they are private."
    )
    scope: str = Field("", max_length=1000, description="Scopes asked for, separated by blanks.")
    authorize_params: dict[str, str] = Field(
        default_factory=dict, description="Added to the address people are sent to."
    )
    _login: Login | None = PrivateAttr(None)

    @property
    def login(self) -> Login:
        """The description, with what the channel overrides."""
        if self._login is None:
            raise LookupError("settings of a described login are made by app.wire.logins.channel_table")
        return self._login

    def texts(self) -> dict[str, str | None]:
        """Return the keys that templates may use, with their texts; a key that is empty has none."""
        found: dict[str, str | None] = {}
        made = self.login.client_secret
        for name, said in settings_of(self.login).items():
            if said.listed or name == "client_secret" or (made is not None and name == made.key):
                continue
            value = getattr(self, name)
            found[name] = (value.get_secret_value() if isinstance(value, SecretStr) else value) or None
        if address := found.get(BASE_URL):
            found[SERVER] = address.partition("://")[2].rstrip("/")
        return found

    def texts_of(self, name: str) -> tuple[str, ...]:
        """Return a key that is a list."""
        value = getattr(self, name, ())
        return value if isinstance(value, tuple) else ()

    def plain_secret(self, name: str) -> str:
        """Return a secret; of several the first is used."""
        value: Any = getattr(self, name, "")
        if isinstance(value, tuple):
            return plain(value)[0].decode() if value else ""
        return value.get_secret_value() if isinstance(value, SecretStr) else str(value)


RESERVED = frozenset({*LoginSettings.model_fields, "allow_unsigned"})


def settings_of(login: Login) -> dict[str, Setting]:
    """Return the keys that a description names, client_id and client_secret first."""
    found = {name: login.settings.get(name, said) for name, said in USUAL_SETTINGS.items()}
    return found | login.settings


def settings_model(login: Login) -> type[LoginSettings]:
    """Return the model of such a channel's own keys."""
    fields: dict[str, Any] = {}
    checks: dict[str, Any] = {}
    for name, said in settings_of(login).items():
        if name in RESERVED:
            raise ValueError(f"settings: {name} is a key of every channel; choose another name")
        fields[name] = _field(name, said)
    if ISSUER in fields:
        checks["issuer_can_be_asked"] = field_validator(ISSUER)(_can_be_asked)
    if "client_secret" in fields and settings_of(login)["client_secret"].default is None:
        checks["secret_is_filled"] = field_validator("client_secret")(_filled)
    return create_model(f"{login.slug}_settings", __base__=LoginSettings, __validators__=checks, **fields)


def _field(name: str, said: Setting) -> tuple[Any, Any]:
    # The library's patterns take time in step with the text. An empty text is judged by whether the key is needed.
    kind: Any = Annotated[str, StringConstraints(pattern=f"^(?:{said.pattern})?$")] if said.pattern else str
    text = kind
    if name == "client_secret":
        kind = Secrets
    elif said.listed:
        kind = tuple.__class_getitem__((text, ...))
    elif said.secret:
        kind = SecretStr
    elif name in (ISSUER, BASE_URL):
        kind = Annotated[str, AfterValidator(_address)]
    if said.default is None:
        return kind, Field(description=said.label, min_length=1 if kind is text else None)
    default: Any = said.default
    if kind is SecretStr:
        default = SecretStr(said.default)
    elif kind is Secrets or said.listed:
        default = ()
    return kind, Field(default, description=said.label)


def _can_be_asked(issuer: str, info: Any) -> str:
    if issuer:
        judge_address(issuer, issuer=issuer, private_hosts=info.data.get("allowed_hosts", ()))
    return issuer


def _filled(secrets: Secrets) -> Secrets:
    if not secrets:
        raise ValueError("must not be empty")
    return secrets
