"""The made-up platforms of binding and login, whose tables take text from outside too."""

from __future__ import annotations

from tests.binding.conftest import binding, shop
from tests.login.conftest import gateway

__all__ = ["binding", "gateway", "shop"]
