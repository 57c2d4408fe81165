"""`flask secret`: a random secret of the kind that is wanted. It is printed, kept nowhere, and needs no configuration."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable, Mapping

import click

BYTES = 32


def _plain() -> str:
    return secrets.token_hex(BYTES)


def _whsec() -> str:
    """Return a key as Standard Webhooks write it: 24 to 64 random bytes in Base64 behind whsec_."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(BYTES)).decode()


def _encoding_aes_key() -> str:
    """Return 43 letters and digits, which with a = behind them are 32 bytes in Base64, as WeChat and WeCom ask for."""
    while True:
        key = base64.b64encode(secrets.token_bytes(BYTES)).decode().rstrip("=")
        if key.isalnum():
            return key


KINDS: Mapping[str, Callable[[], str]] = {
    "plain": _plain,
    "whsec": _whsec,
    "encoding-aes-key": _encoding_aes_key,
}


@click.command("secret")
@click.argument("kind", type=click.Choice(list(KINDS)), default="plain")
def secret_command(kind: str) -> None:
    """Print a fresh random secret: plain, whsec or encoding-aes-key."""
    click.echo(KINDS[kind]())
