"""What handlers import: `from app.handlers import Router, Context, Event, PermanentError, Postponed`.

These five names, and what docs/contract.md says about them, are covered by Semantic Versioning; the places where they are
defined are not. Handlers themselves are in the folder `handlers/` of the gateway's own files, never in here.
"""

from __future__ import annotations

from app.core.errors import PermanentError, Postponed
from app.core.values import Event
from app.pipeline.router import Context, Router

__all__ = ["Context", "Event", "PermanentError", "Postponed", "Router"]
