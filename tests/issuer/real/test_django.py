"""mozilla-django-oidc logs a person in, asks silently whether they are still there, and sees that they are not."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode, urlsplit

from tests.issuer.real.conftest import Provider, Surfer
from tests.issuer.real.django_site import open_site


def test_a_django_site_logs_in_asks_silently_and_sees_the_logout(provider: Provider, surfer: Surfer) -> None:
    port = provider.ports["django"]
    client_class = open_site(provider.issuer, provider.secret("django"))
    site: Any = client_class(HTTP_HOST=f"127.0.0.1:{port}")
    callback = f"http://127.0.0.1:{port}/oidc/callback/"

    def through(address: str) -> Any:
        landed = urlsplit(surfer.land(address, until=callback))
        return site.get(f"{landed.path}?{landed.query}", follow=True).content.decode()

    person = through(site.get("/oidc/authenticate/")["Location"])
    me: Any = surfer.session.get(f"{provider.issuer}/api/v1/me", timeout=20).json()
    assert person == me["user_id"]
    assert site.get("/private/").content.decode() == person
    id_token = site.session["oidc_id_token"]
    silent = is_over(site)
    assert "prompt=none" in silent
    assert through(silent) == person
    query = {"id_token_hint": id_token, "post_logout_redirect_uri": f"http://127.0.0.1:{port}/bye"}
    surfer.land(f"{provider.issuer}/oidc/logout?{urlencode(query)}", until=f"http://127.0.0.1:{port}/bye")
    landed = urlsplit(surfer.land(is_over(site), until=callback))
    assert "error=login_required" in landed.query
    site.get(f"{landed.path}?{landed.query}")
    assert site.get("/private/").content.decode() == "nobody"


def is_over(site: Any) -> str:
    """Let the site's own time be over, and return where it then sends the browser."""
    from django.conf import settings

    session = site.session
    session["oidc_id_token_expiration"] = 0
    session.save()
    site.cookies[settings.SESSION_COOKIE_NAME] = session.session_key
    return str(site.get("/private/")["Location"])
