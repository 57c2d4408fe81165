"""Files that simulated platforms were handed: read from a form, measured, and remembered by the id that was given for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flask import request

from sandbox.state import SandboxState, random_text


@dataclass(frozen=True)
class KeptFile:
    """One file as it arrived."""

    platform: str
    kind: str
    name: str
    content: bytes


class Refused(Exception):
    """Says why a file is not kept: `form`, `kind`, `size` or `empty`."""


def keep_file(
    state: SandboxState, platform: str, field: str, kind: str, most: Mapping[str, int], *, prefix: str = ""
) -> str:
    """Keeps the one file of a form and returns its id; raises Refused."""
    files = request.files.getlist(field)
    if kind not in most:
        raise Refused("kind")
    if len(files) != 1 or not files[0].filename:
        raise Refused("form")
    content = files[0].read()
    if not content:
        raise Refused("empty")
    if len(content) > most[kind]:
        raise Refused("size")
    number = prefix + random_text(43)
    with state.lock:
        state.shelf("media")[number] = KeptFile(platform, kind, files[0].filename, content)
    return number


def kept_file(state: SandboxState, number: str) -> KeptFile | None:
    """Returns a file by its id."""
    found: KeptFile | None = state.shelf("media").get(number)
    return found
