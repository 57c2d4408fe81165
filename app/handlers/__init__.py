"""What our side does with events: the folder to edit.

Every module here that has a `router` is loaded (HANDLERS names this package by default); copy examples.py.
"""

from __future__ import annotations

from app.pipeline.router import Context, Router

__all__ = ["Context", "Router"]
