"""The sample channels of the channels file, opened for tests that send through each of them to the simulator."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import NamedTuple

from app.config.channels import load_channels
from app.core.sending import Message, Recipient, Sender
from app.pipeline.channels import Channel, Channels, open_channels
from app.platforms import discover
from sandbox.simulated import Simulated
from tests.live import ROOT


class FirstMessage(NamedTuple):
    """What the simulator's example of a first message says."""

    channel: str
    to: Recipient | None
    message: Message


def sample_channels(environment: Mapping[str, str]) -> Channels:
    """Open every channel of the sample file."""
    file = load_channels(ROOT / "channels.example.toml", environment)
    return open_channels(file.channels, discover())[0]


def senders(channels: Channels) -> dict[str, Channel]:
    """Return the channels that can send, by their platform."""
    return {channel.spec.slug: channel for channel in channels if channel.as_capability(Sender) is not None}


def first_message(platform: Simulated) -> FirstMessage:
    """Read the example as the command line would."""
    channel, *words = shlex.split(platform.first_message)
    given = dict(zip(words[::2], words[1::2], strict=True))
    kind, _, value = given.get("--to", "").partition(":")
    message = Message(title=given.get("--title", ""), text=given["--text"])
    return FirstMessage(channel, Recipient(kind, value) if kind else None, message)
