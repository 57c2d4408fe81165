"""A described source and the code that sends for the same party, joined to one platform: callbacks by data, messages by code.

The folder of such a platform knows its sending alone; the keys of both stand in one channel table.
"""

from __future__ import annotations

from typing import Any

from pydantic import create_model

from app.core.ports import PlatformSpec
from app.core.sending import Sender


def joined_platform(source: PlatformSpec, sending: PlatformSpec) -> PlatformSpec:
    """Return the platform whose channels take the callbacks of `source`, and send where the keys of `sending` are there."""
    settings = create_model(
        f"Settings_{sending.slug.replace('-', '_')}_joined", __base__=(sending.settings, source.settings)
    )
    return PlatformSpec(
        slug=sending.slug,
        display_name=sending.display_name,
        docs_url=source.docs_url,
        settings=settings,
        open=lambda name, typed: _open(source, sending, name, typed),
        unknown_events=source.unknown_events,
        console=sending.console or source.console,
    )


def _open(source: PlatformSpec, sending: PlatformSpec, name: str, settings: Any) -> object:
    callbacks, sender = source.open(name, settings), sending.open(name, settings)
    if not isinstance(sender, Sender):
        return callbacks
    made = type(f"Joined{type(sender).__name__}", (type(sender), type(callbacks)), {})
    if shared := vars(callbacks).keys() & vars(sender).keys():
        raise ValueError(f"both halves of {sending.slug} keep {', '.join(sorted(shared))}")
    connector: object = object.__new__(made)
    vars(connector).update(vars(callbacks) | vars(sender))
    return connector
