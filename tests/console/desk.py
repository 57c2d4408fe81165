"""An operator's browser in front of the console: signs in, opens pages, sends their forms."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

BASE_URL = "https://gate.example"
FIRST, PASSWORD = "admin", "Zq7-first-person-word"
PAGE = {"Accept": "text/html", "Sec-Fetch-Dest": "document", "Sec-Fetch-Site": "same-origin"}


class Desk:
    """One browser with its cookies."""

    def __init__(self, app: Flask):
        self.client = app.test_client()

    def open(self, path: str, **headers: str) -> TestResponse:
        """Open a page."""
        return self.client.get(path, base_url=BASE_URL, headers={**PAGE, **headers})

    def text(self, path: str, **headers: str) -> str:
        """Open a page that must be there and return it."""
        answer = self.open(path, **headers)
        assert answer.status_code == 200, (answer.status_code, answer.get_data(as_text=True)[:500])
        return answer.get_data(as_text=True)

    def sign_in(self, name: str = FIRST, password: str = PASSWORD, **fields: str) -> TestResponse:
        """Send the sign-in form."""
        return self.post("/console/sign-in", {"name": name, "password": password, **fields}, token=None)

    def post(
        self, path: str, fields: Mapping[str, Any] | None = None, *, token: str | None = "own", **headers: str
    ) -> TestResponse:
        """Send a form, with the token of this session unless another one or none is given."""
        given = dict(fields or {})
        if token is not None:
            given["csrf_token"] = self.token() if token == "own" else token
        return self.client.post(
            path, base_url=BASE_URL, data=given, headers={**PAGE, "Origin": BASE_URL, **headers}
        )

    def token(self) -> str:
        """Return what the forms of this session carry."""
        found = re.search(r'data-csrf="([0-9a-f]+)"', self.text("/console/account"))
        assert found is not None
        return found[1]
