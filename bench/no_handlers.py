"""No route at all, so that a measured event goes to its destination only."""

from __future__ import annotations

from app.handlers import Router

router = Router()
