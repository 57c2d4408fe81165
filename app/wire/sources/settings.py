"""The typed keys of a channel whose source is described by data; made from the description."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field, SecretStr, create_model, field_validator, model_validator

from app.config.platform_settings import PlatformSettings, Secrets, plain, plain_text, renamed
from app.wire.key_sets import keys_of_set
from app.wire.sources.description import Signature
from app.wire.sources.keys import key_bytes, load_public_key
from app.wire.sources.places import compile_places


def _as_text(value: object) -> object:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _as_texts(value: object) -> object:
    return [value] if isinstance(value, str) else value


WrittenText = Annotated[str, BeforeValidator(_as_text)]
PublicKeys = Annotated[tuple[str, ...], BeforeValidator(_as_texts)]
SEEDED = "repeat32"
"""A form of key by which both halves of a key pair are made from the secret."""


class SourceSettings(PlatformSettings):
    """The keys that channels of all described sources take; `settings_model` makes the class of one source."""

    signature: ClassVar[Signature]
    """The description these settings belong to."""

    signed_url: str = Field(
        "",
        max_length=1000,
        description="The address that the sender signs, where it is not this channel's public one.",
    )
    event_id: str = Field(
        "", max_length=500, description="Where the event's key stands, instead of the source's word."
    )
    event_type: str = Field("", max_length=500, description="Where the event's type stands, likewise.")

    @field_validator("event_id", "event_type")
    @classmethod
    def _places_can_be_read(cls, place: str) -> str:
        if place:
            compile_places(place)
        return place

    def texts(self) -> dict[str, str]:
        """Return the plain settings that templates and places may name."""
        named = self.signature.all_settings
        values = {name: getattr(self, name) for name in named}
        found = {
            name: plain_text(value) if isinstance(value, SecretStr) else value
            for name, value in values.items()
        }
        for name in ("username", "password", "encrypt_key", "jwks_url"):
            value = getattr(self, name, "")
            found[name] = plain_text(value) if isinstance(value, SecretStr) else value
        return found | {"event_id": self.event_id, "event_type": self.event_type}

    def missing_signature_secret(self) -> str | None:
        """Name the first key without which nothing can be proven."""
        description = self.signature
        if any(each.only_without_secret for each in description.handshakes):
            return None
        missing = [name for name in needed(description) if not _is_there(self, name)]
        proofs = {description.secret_setting, "public_key"}
        if len(proofs & set(needed(description))) > 1 and not proofs <= set(missing):
            # Either kind of key proves something; a notice of the other kind is refused.
            missing = [name for name in missing if name not in proofs]
        return next(iter(missing), None)


def _is_there(settings: SourceSettings, name: str) -> bool:
    if name == "jwks_url":
        return bool(
            getattr(settings, "jwks_url", "")
            or getattr(settings, "jwks", None)
            or settings.signature.jwt.jwks_url
        )
    value = getattr(settings, name, None)
    return bool(plain_text(value) if isinstance(value, SecretStr) else value)


def needed(signature: Signature) -> list[str]:
    """Name the channel keys without which a description proves nothing."""
    names = []
    if signature.uses_secret or signature.key == SEEDED:
        names.append(signature.secret_setting)
    elif signature.kind == "basic":
        names += ["username", "password"]
    elif signature.kind == "jwt":
        names.append("jwks_url")
    if signature.uses_public_key:
        names.append("public_key")
    if any(step.startswith("aes-") for step in signature.unwrap):
        names.append("encrypt_key")
    return names + [name for name in signature.settings if name not in names]


def asked_of(signature: Signature) -> list[str]:
    """Name the keys that a channel itself must give; the description may bring the address of a key set."""
    return [name for name in needed(signature) if name != "jwks_url" or not signature.jwt.jwks_url]


def settings_model(signature: Signature, name: str) -> type[SourceSettings]:
    """Return the pydantic model of a channel's keys for one description."""
    fields: dict[str, Any] = {}
    for key in needed(signature):
        fields[key] = _standard("secret" if key == signature.secret_setting else key)
    if signature.kind == "jwt" and not signature.uses_secret:
        fields["jwks"] = (
            Mapping[str, Any] | None,
            Field(None, description="The key set itself, instead of its address."),
        )
    for key, sentence in signature.all_settings.items():
        fields.setdefault(key, (WrittenText, Field("", description=sentence)))
        if key not in needed(signature) or key in signature.all_settings:
            fields[key] = (WrittenText, Field("", description=sentence))
    if signature.tolerance_s is not None:
        fields["tolerance_s"] = (
            int | None,
            Field(
                None, ge=1, le=86_400, description="Seconds by which the signed time may differ from ours."
            ),
        )
    model = create_model(
        f"Settings_{name.replace('-', '_')}",
        __base__=SourceSettings,
        __validators__=_validators(signature, fields),
        **fields,
    )
    model.signature = signature
    return model


def _standard(key: str) -> tuple[Any, Any]:
    return {
        "secret": (Secrets, Field((), description="The shared secret; a list while it changes.")),
        "public_key": (PublicKeys, Field((), description="The platform's public key, as its page shows it.")),
        "username": (str, Field("", description="User name of Basic credentials.")),
        "password": (SecretStr, Field(SecretStr(""), description="Password of Basic credentials.")),
        "encrypt_key": (SecretStr, Field(SecretStr(""), description="Key of the encrypted content.")),
        "jwks_url": (str, Field("", description="Address of the platform's key set.")),
    }.get(key, (WrittenText, Field("", description="")))


def _validators(signature: Signature, fields: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if signature.secret_setting in fields:
        found["secrets_decode"] = field_validator(signature.secret_setting)(_secrets_of(signature))
    if "public_key" in fields and "public_key" not in signature.all_settings:
        found["public_keys_read"] = field_validator("public_key")(_public_keys_of(signature))
    if signature.other_names:
        found["names_of_the_platform"] = model_validator(mode="before")(
            lambda values: renamed(values, signature.other_names)
        )
    if "jwks" in fields:
        found["jwks_read"] = field_validator("jwks")(_jwks)
    return found


def _secrets_of(signature: Signature) -> Any:
    def check(secrets: Any) -> Any:
        for secret in plain(secrets):
            try:
                key_bytes(secret, signature.key)
            except ValueError:
                raise ValueError(f"it must be written as {signature.key}, as the platform shows it") from None
        return secrets

    return check


def _public_keys_of(signature: Signature) -> Any:
    def check(texts: tuple[str, ...]) -> tuple[str, ...]:
        filled = tuple(text for text in texts if text.strip())
        for text in filled:
            try:
                load_public_key(text, signature.public_kind)
            except Exception as error:
                raise ValueError(
                    f"it is no public key for {signature.public_kind}: PEM, or Base64 or hex"
                ) from error
        return filled

    return check


def _jwks(said: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    if said is not None:
        keys_of_set(dict(said))
    return said
