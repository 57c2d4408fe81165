"""Keeps pytest out of the made-up platform's own folders: they run in a copy of the tree, where they are in place."""

from __future__ import annotations

collect_ignore = ["acme"]
