"""A Django site with mozilla-django-oidc, set up as its documentation says, in the test's own process."""

from __future__ import annotations

from typing import Any

import django
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import include, path

SILENT_AFTER_SECONDS = 900
urlpatterns: list[Any] = []


def open_site(issuer: str, secret: str) -> Any:
    """Configure Django, once in a process, and return the client class of its tests."""
    settings.configure(
        SECRET_KEY="of a test, long enough to be one",
        ALLOWED_HOSTS=["127.0.0.1"],
        LOGGING_CONFIG=None,
        ROOT_URLCONF=__name__,
        USE_TZ=True,
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
        INSTALLED_APPS=[
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.sessions",
            "mozilla_django_oidc",
        ],
        MIDDLEWARE=[
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "mozilla_django_oidc.middleware.SessionRefresh",
        ],
        SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies",
        AUTHENTICATION_BACKENDS=["tests.issuer.real.django_people.BySubject"],
        LOGIN_REDIRECT_URL="/private/",
        OIDC_RP_CLIENT_ID="django",
        OIDC_RP_CLIENT_SECRET=secret,
        OIDC_RP_SIGN_ALGO="RS256",
        OIDC_RP_SCOPES="openid profile",
        OIDC_USE_PKCE=True,
        OIDC_STORE_ID_TOKEN=True,
        OIDC_OP_AUTHORIZATION_ENDPOINT=f"{issuer}/oidc/authorize",
        OIDC_OP_TOKEN_ENDPOINT=f"{issuer}/oidc/token",
        OIDC_OP_USER_ENDPOINT=f"{issuer}/oidc/userinfo",
        OIDC_OP_JWKS_ENDPOINT=f"{issuer}/oidc/jwks",
        OIDC_RENEW_ID_TOKEN_EXPIRY_SECONDS=SILENT_AFTER_SECONDS,
    )
    django.setup()
    from django.core.management import call_command
    from django.test import Client

    call_command("migrate", verbosity=0)
    urlpatterns.append(path("oidc/", include("mozilla_django_oidc.urls")))
    urlpatterns.append(path("private/", private))
    return Client


def private(request: HttpRequest) -> HttpResponse:
    """Show who is there."""
    return HttpResponse(request.user.get_username() if request.user.is_authenticated else "nobody")
