"""The keys of one `[channels.X]` table with platform = "smtp"."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr, model_validator

from app.config.platform_settings import PlatformSettings, Texts

ADDRESS = re.compile(r"[!-;=?A-Z\[-~]{1,64}@[A-Za-z0-9.-]{1,253}")
HOST = re.compile(r"[A-Za-z0-9._:\[\]-]{1,253}")
MOST_OWN_RECIPIENTS = 100


def _address(value: str) -> str:
    if not ADDRESS.fullmatch(value):
        raise ValueError("must be an address such as ops@example.com, without a name")
    return value


def _host(value: str) -> str:
    if not HOST.fullmatch(value):
        raise ValueError("must be a host's name or address, without smtp:// and port")
    return value


Address = Annotated[str, AfterValidator(_address)]


class SmtpSettings(PlatformSettings):
    """One account on a mail server."""

    host: Annotated[str, AfterValidator(_host)] = Field(description="The mail server.")
    port: int = Field(465, ge=1, le=65_535, description="465 for tls, 587 for starttls.")
    security: Literal["tls", "starttls", "none"] = Field(
        "tls", description="none sends in plain text, and never a password."
    )
    username: str = Field(
        "", max_length=200, description="The account's user name; mostly the whole address."
    )
    password: SecretStr = Field(
        SecretStr(""), description="Its password; an app password at Gmail, the 授权码 at QQ Mail and 163."
    )
    sender: Address = Field(description="The address letters come from.")
    sender_name: str = Field("", max_length=100, description="The name in front of it.")
    to: Texts = Field((), description="Addresses that get what names nobody; a list for several.")

    @model_validator(mode="after")
    def _fits_together(self) -> SmtpSettings:
        if self.security == "none" and self.password.get_secret_value():
            raise ValueError("password is never sent in plain text; set security to tls or starttls")
        if any(not char.isprintable() for char in self.sender_name):
            raise ValueError("sender_name must be one line of text")
        if len(self.to) > MOST_OWN_RECIPIENTS:
            raise ValueError(f"to takes {MOST_OWN_RECIPIENTS} addresses")
        for each in self.to:
            _address(each)
        return self

    @classmethod
    def may_be_empty(cls) -> frozenset[str]:
        """Name the keys that are not always needed."""
        return frozenset({"username", "password", "sender_name", "to"})
