"""Somebody who is sent to log in once more."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

from tests.issuer.clients import Person


def log_in_again(person: Person, page_text: str) -> str:
    """Go through the login that a page offers, and return where it leads to."""
    start = page_text.split('href="/oauth/fake/start?next=')[1].split('"', maxsplit=1)[0]
    started = person.browser.get(f"/oauth/fake/start?next={start}")
    state = dict(parse_qsl(urlsplit(started.headers["Location"]).query))["state"]
    return person.browser.finish(state, "again").headers["Location"]
