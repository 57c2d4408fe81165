"""What a program of the platform's own hands over about its person: data sealed with their session, a code for a phone number.

Nothing of it is stored or logged; it goes to whoever holds the person's session.
"""

from __future__ import annotations

from app.core.errors import RefusedError, RequestError
from app.core.ports import UserDataSource
from app.core.values import JSON
from app.pipeline.channels import ask_platform
from app.pipeline.services import Services
from app.pipeline.tokens.app_tokens import with_app_token
from app.pipeline.tokens.user_tokens import stored_tokens
from app.storage.login.identities import StoredIdentity

LONGEST_DATA = 16_384
LONGEST_CODE = 512


def opened_user_data(
    services: Services, channel_name: str, identity: StoredIdentity, encrypted_data: object, iv: object
) -> JSON:
    """Return what was sealed with this person's own session on this channel; raises CallgateError."""
    _, source = services.channels.with_capability(channel_name, UserDataSource)
    _check_channel(channel_name, identity)
    data, vector = _text("encryptedData", encrypted_data, LONGEST_DATA), _text("iv", iv, LONGEST_CODE)
    tokens = stored_tokens(services, identity)
    now = services.clock.now()
    opened = ask_platform(lambda: source.open_user_data(tokens, encrypted_data=data, iv=vector, now=now))
    if opened.get("openId", identity.known.subject) != identity.known.subject:
        raise RequestError("bad_user_data", "The data is about another person than the one who is logged in.")
    return opened


def phone_number_for(services: Services, channel_name: str, identity: StoredIdentity, code: object) -> JSON:
    """Return the phone number behind a code of this channel's program; raises CallgateError."""
    channel, source = services.channels.with_capability(channel_name, UserDataSource)
    _check_channel(channel_name, identity)
    text = _text("code", code, LONGEST_CODE)
    return with_app_token(
        services,
        channel_name,
        lambda token: ask_platform(lambda: source.phone_number(text, token, channel.http)),
    )


def _check_channel(channel_name: str, identity: StoredIdentity) -> None:
    if identity.channel != channel_name:
        raise RefusedError(
            "other_channel", "This session was opened on another channel; log in on this one first."
        )


def _text(name: str, value: object, longest: int) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= longest or not value.isprintable():
        raise RequestError("bad_user_data", f"{name} is needed and must be the text that the program got.")
    return value
