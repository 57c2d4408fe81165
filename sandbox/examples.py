"""`python -m sandbox.examples`: writes the simulated platforms into `.env.example` and `channels.example.toml`.

The simulator's block of `.env.example` and the channel tables come from the platforms' folders. The settings above
that block, and the comments at the head and the foot of the channels file, are left as they are. Which gateway reads
the files is not this module's business.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sandbox.platforms import simulated_platforms
from sandbox.settings import SandboxSettings
from sandbox.simulated import Simulated

ENVIRONMENT_FILE = Path(".env.example")
CHANNELS_FILE = Path("channels.example.toml")
BLOCK_START = "# ---- The simulator's credentials"
BLOCK_HEAD = (
    f"{BLOCK_START} (make run). For a real account put its values here and delete the *_BASE lines.\n"
)
TABLES_START = "[channels."
TABLES_END = "# Forwarding:"


def main() -> None:
    """Rewrites both files in the working directory."""
    for file, write in ((ENVIRONMENT_FILE, write_environment), (CHANNELS_FILE, write_channels)):
        before = file.read_text(encoding="utf-8")
        after = write(before)
        if after != before:
            file.write_text(after, encoding="utf-8")
        print(f"{file}: {'written' if after != before else 'as it should be'}")


def write_environment(text: str) -> str:
    """Returns the text of an environment file with the simulator's block as the folders say."""
    return _before(text, BLOCK_START) + environment_block()


def write_channels(text: str) -> str:
    """Returns the text of a channels file with one table for each folder, between its own comments."""
    head, end = _before(text, TABLES_START), text.find(TABLES_END)
    if end < 0:
        raise ValueError(f"there is no line {TABLES_END!r}, before which the tables end")
    return head + channel_tables() + "\n" + text[end:]


def environment_block() -> str:
    """Returns the simulator's block: platforms without a login together, every other one by itself."""
    paragraphs = ["".join(_variables(each) for each in _in_order() if each.login is None)]
    paragraphs += [_variables(each) for each in _in_order() if each.login is not None]
    return BLOCK_HEAD + "\n".join(paragraph for paragraph in paragraphs if paragraph)


def channel_tables() -> str:
    """Returns the sample channels as TOML."""
    return "\n".join(_table(platform) for platform in _in_order())


def _in_order() -> list[Simulated]:
    """Returns the platforms that need no account first."""
    return sorted(simulated_platforms(), key=lambda platform: platform.login is not None)


def _variables(platform: Simulated) -> str:
    values = {each.variable: each.value for each in platform.credentials if each.in_example}
    values |= {each.variable: f"{SandboxSettings().sandbox_url}{each.path}" for each in platform.addresses}
    return "".join(f"{name}={value}\n" for name, value in values.items())


def _table(platform: Simulated) -> str:
    channel = platform.channel
    options: Mapping[str, Any] = {"platform": platform.slug, "title": channel.title, **channel.options}
    lines = [f"{key} = {_toml(value)}" for key, value in options.items()]
    return "\n".join([f"[channels.{channel.name}]", *lines]) + "\n"


def _toml(value: Any) -> str:
    """Writes a string, number, truth value, list or table of them on one line."""
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{key} = {_toml(each)}" for key, each in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_toml(each) for each in value) + "]"
    return json.dumps(value, ensure_ascii=False)


def _before(text: str, mark: str) -> str:
    """Returns what stands before the first line that begins with a mark; raises ValueError where none does."""
    lines = text.splitlines(keepends=True)
    for number, line in enumerate(lines):
        if line.startswith(mark):
            return "".join(lines[:number])
    raise ValueError(f"there is no line that begins with {mark!r}")


if __name__ == "__main__":
    main()
