"""Who somebody is on the Django site: the subject, as its documentation says for providers without mail addresses."""

from __future__ import annotations

from typing import Any

from mozilla_django_oidc.auth import OIDCAuthenticationBackend


class BySubject(OIDCAuthenticationBackend):  # type: ignore[misc]
    """People by `sub`."""

    def verify_claims(self, claims: dict[str, Any]) -> bool:
        """Take whoever has a subject."""
        return bool(claims.get("sub"))

    def filter_users_by_claims(self, claims: dict[str, Any]) -> Any:
        """Find the person."""
        return self.UserModel.objects.filter(username=claims["sub"])

    def create_user(self, claims: dict[str, Any]) -> Any:
        """Remember a new person."""
        return self.UserModel.objects.create_user(claims["sub"], first_name=claims["name"])
