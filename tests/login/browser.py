"""A person's browser in front of the gateway: a cookie jar, and what both kinds of login tests do with it.

How a person gets through a platform's pages belongs to the platforms: `in_memory` and `simulated`.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from werkzeug.test import TestResponse

if TYPE_CHECKING:
    from tests.login.gateway import Gateway

HOST = "gate.example"
BASE_URL = f"https://{HOST}"
OWN = hashlib.sha256(BASE_URL.encode()).hexdigest()[:8]
SESSION_COOKIE = f"__Host-callgate_session_{OWN}"
LOGIN_COOKIE = f"__Host-callgate_login_{OWN}"


@dataclass(frozen=True)
class Started:
    """A login that was started: where the browser is sent, and what that address carries."""

    channel: str
    authorize_url: str
    answer: TestResponse

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.authorize_url).query))

    @property
    def state(self) -> str:
        return self.query["state"]


@dataclass(frozen=True)
class Returned:
    """Where a platform sent the browser back to."""

    path: str

    @property
    def address(self) -> str:
        return self.path.partition("?")[0]

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(self.path.partition("?")[2]))

    @property
    def code(self) -> str:
        return self.query["code"]

    @property
    def state(self) -> str:
        return self.query["state"]

    def with_changes(self, **changes: str) -> str:
        """Return the address with other parameters."""
        return f"{self.address}?{urlencode({**self.query, **changes})}"


class Browser:
    """One cookie jar. `seen` keeps everything the gateway ever answered to it."""

    usual_channel = "account"
    other_channel = "account"

    def __init__(self, gateway: Gateway):
        self._gateway = gateway
        self.client = gateway.app.test_client()
        self.seen: list[TestResponse] = []

    def open(self, path: str, **options: Any) -> TestResponse:
        options.setdefault("base_url", BASE_URL)
        answer = self.client.open(path, buffered=True, **options)
        self.seen.append(answer)
        return answer

    def get(self, path: str, **options: Any) -> TestResponse:
        return self.open(path, method="GET", **options)

    def post(self, path: str, **options: Any) -> TestResponse:
        return self.open(path, method="POST", **options)

    def start(self, channel: str | None = None, query: str = "next=/welcome", **options: Any) -> Started:
        """Start a login; the gateway must answer with a redirect to the platform."""
        channel = channel or self.usual_channel
        answer = self.get(f"/oauth/{channel}/start?{query}", **options)
        assert answer.status_code == 303, answer.text
        return Started(channel, answer.headers["Location"], answer)

    def callback(self, returned: Returned | str, **options: Any) -> TestResponse:
        return self.get(returned if isinstance(returned, str) else returned.path, **options)

    def start_link(self, channel: str | None = None) -> Started:
        """Start adding an account to the one that is logged in."""
        channel = channel or self.other_channel
        answer = self.post_proven(f"/oauth/{channel}/link")
        assert answer.status_code == 200, answer.text
        return Started(channel, answer.get_json()["authorize_url"], answer)

    def me(self, path: str = "/api/v1/me") -> dict[str, Any]:
        answer = self.get(path)
        assert answer.status_code == 200, answer.text
        return answer.get_json()

    def is_signed_in(self) -> bool:
        return self.get("/api/v1/me").status_code == 200

    def fresh(self) -> TestResponse:
        """Ask for the profile as the platform has it now."""
        return self.get("/api/v1/me?fresh=1")

    def post_proven(self, path: str, **options: Any) -> TestResponse:
        """Post as the gateway's own pages do."""
        return self.post(path, headers={"X-CSRF-Token": self.me()["csrf_token"]}, **options)

    def log_out(self, **options: Any) -> TestResponse:
        return self.post_proven("/oauth/logout", **options)

    def cookie(self, name: str = SESSION_COOKIE) -> str | None:
        """Return the value of a cookie; the name of a login cookie only begins so."""
        assert self.client._cookies is not None
        kept = [each for each in self.client._cookies.values() if each.domain == HOST]
        return next((each.value for each in kept if _is_named(each.key, name)), None)

    def session(self) -> str:
        """Return the session token in the jar."""
        value = self.cookie()
        assert value
        return value

    def set_cookie(self, name: str, value: str | None) -> None:
        if value is None:
            assert self.client._cookies is not None
            for kept in [each.key for each in self.client._cookies.values() if _is_named(each.key, name)]:
                self.client.delete_cookie(kept, domain=HOST)
        else:
            self.client.set_cookie(name, value, domain=HOST, secure=True)

    def jar(self) -> dict[str, str | None]:
        return {name: self.cookie(name) for name in (SESSION_COOKIE, LOGIN_COOKIE)}

    def restore(self, jar: dict[str, str | None]) -> None:
        for name, value in jar.items():
            self.set_cookie(name, value)

    def copy(self, gateway: Gateway | None = None) -> Self:
        """Return the same browser as another thread or another gateway process sees it."""
        twin = type(self)(gateway or self._gateway)
        twin.restore(self.jar())
        return twin


def cookies_set(answer: TestResponse) -> dict[str, tuple[str, dict[str, str]]]:
    """Return the cookies an answer sets: name → (value, attributes in lower case); login cookies by what they begin with."""
    found = {}
    for line in answer.headers.getlist("Set-Cookie"):
        pair, *rest = [part.strip() for part in line.split(";")]
        name, _, value = pair.partition("=")
        attributes = {key.lower(): text for key, _, text in (part.partition("=") for part in rest)}
        found[LOGIN_COOKIE if _is_named(name, LOGIN_COOKIE) else name] = (value, attributes)
    return found


def _is_named(name: str, wanted: str) -> bool:
    return name == wanted or (wanted == LOGIN_COOKIE and name.startswith(f"{LOGIN_COOKIE}_"))


def repeated_names(address: str) -> list[str]:
    """Return the parameters that occur more than once in an address."""
    values = parse_qs(urlsplit(address).query, keep_blank_values=True)
    return [name for name, given in values.items() if len(given) > 1]
