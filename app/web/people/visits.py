"""What browsers say about a request (Fetch Metadata, W3C; read 2026-11-28): only a person's visit starts or ends a login.

A picture, a frame or a prefetch on somebody's page must not log anybody in. Who sends no such headers is no modern browser.
"""

from __future__ import annotations

from flask import request

from app.core.errors import RefusedError

PURPOSES = ("Sec-Purpose", "Purpose", "X-Purpose", "X-Moz")


def refuse_what_is_no_visit(*, may_be_script: bool = False) -> None:
    """Refuse link previews, prefetches and embedded requests before anything is looked up, so that they spend nothing.

    `may_be_script` lets a script of a page of ours, or of a sister host, ask where to send its browser.
    """
    purposes = (request.headers.get(name, "").lower() for name in PURPOSES)
    if any("prefetch" in purpose or "preview" in purpose for purpose in purposes):
        raise RefusedError("no_prefetch", "A login cannot be fetched ahead of time.")
    destination = request.headers.get("Sec-Fetch-Dest", "document")
    mode = request.headers.get("Sec-Fetch-Mode", "navigate")
    if (destination, mode) == ("document", "navigate"):
        return
    site = request.headers.get("Sec-Fetch-Site", "cross-site")
    if may_be_script and destination == "empty" and site in ("same-origin", "same-site"):
        return
    raise RefusedError(
        "not_a_visit",
        "A login starts and ends in a window of its own; open it there, not in a frame or by a script.",
    )
