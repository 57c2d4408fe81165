"""Writes a gateway's own files from the examples that come with the code; never over one that exists.

For production: settings with fresh secrets, the channels as an example that is off until accounts are set, and one
handler module in which nothing is registered. For development: the simulator's accounts and the example handlers.
Imports nothing of the gateway, because it runs before there is a configuration, and quickly.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

CODE = Path(__file__).resolve().parents[2]
FRESH = {
    "SECRET_KEY=": lambda: secrets.token_hex(32),
    "API_TOKENS=": lambda: f"ops:{secrets.token_hex(20)}",
    "ADMIN_PASSWORD=": lambda: secrets.token_hex(8),
}
ACCOUNTS_OF_THE_SIMULATOR = "# ----"
"""Begins the part of `.env.example` that only development wants."""

ADDRESS_SETTINGS = ("PUBLIC_BASE_URL", "SANDBOX_URL")
"""The settings that hold Addresses, in their order."""

ACCOUNTS = """\
# ---- Your accounts: what channels.toml asks for. A channel is off until its values are set.
"""
VARIABLE = re.compile(r"^[^#\n]*\$\{([A-Za-z_][A-Za-z0-9_]*)\}", re.MULTILINE)


class OwnFile(NamedTuple):
    """A file that was asked for, and whether it is new."""

    path: Path
    is_new: bool


class Addresses(NamedTuple):
    """Where a development gateway and its simulator are."""

    gateway: str = "http://localhost:5003"
    simulator: str = "http://localhost:5004"


def write_for_production(home: Path) -> list[OwnFile]:
    """Write settings, channels and an empty handler module; raises OSError when the folder cannot be written."""
    return [
        _write(home / ".env", _filled(_settings() + _accounts()), mode=0o600),
        _write(home / "channels.toml", _example("channels.example.toml")),
        *_write_handlers(home / "handlers", CODE / "examples" / "starter"),
    ]


def write_for_development(home: Path, addresses: Addresses | None = None) -> list[OwnFile]:
    """Write settings for the simulator, its channels and the example handlers; raises OSError."""
    settings = _at(addresses or Addresses(), _example(".env.example"))
    return [
        _write(home / ".env", _filled(settings), mode=0o600),
        _write(home / "channels.toml", _example("channels.example.toml")),
        *_write_handlers(home / "handlers", CODE / "examples" / "handlers"),
    ]


def _write_handlers(folder: Path, examples: Path) -> Iterator[OwnFile]:
    """Fill a folder that is not there yet; in one that is, a missing example was deleted on purpose."""
    if folder.exists():
        yield OwnFile(folder, is_new=False)
        return
    for example in sorted(examples.glob("*.py")):
        yield _write(folder / example.name, example.read_text(encoding="utf-8"))


def _write(path: Path, text: str, *, mode: int = 0o644) -> OwnFile:
    """Create a file, never open one that exists; a half-written one would be kept the next time, so it goes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        file = path.open("x", encoding="utf-8")
    except FileExistsError:
        return OwnFile(path, is_new=False)
    try:
        with file:
            path.chmod(mode)
            file.write(text)
    except OSError:
        path.unlink()
        raise
    return OwnFile(path, is_new=True)


def _example(name: str) -> str:
    return (CODE / name).read_text(encoding="utf-8")


def _at(addresses: Addresses, text: str) -> str:
    """Put the addresses into settings; the usual ones stay the defaults they are."""
    for name, usual, own in zip(ADDRESS_SETTINGS, Addresses(), addresses, strict=True):
        if own != usual:
            text = text.replace(f"# {name}={usual}", f"{name}={own}").replace(f"={usual}/", f"={own}/")
    return text


def _settings() -> str:
    """Return the settings without the simulator's accounts, which prod refuses."""
    return _example(".env.example").partition(ACCOUNTS_OF_THE_SIMULATOR)[0]


def _accounts() -> str:
    """Return a line to fill in for each variable that the example channels need."""
    names = dict.fromkeys(VARIABLE.findall(_example("channels.example.toml")))
    return ACCOUNTS + "".join(f"# {name}=\n" for name in names)


def _filled(text: str) -> str:
    """Put a fresh random value behind each empty secret."""
    lines = [line + FRESH[line.strip()]() if line.strip() in FRESH else line for line in text.splitlines()]
    return "\n".join(lines) + "\n"
