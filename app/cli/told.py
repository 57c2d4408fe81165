"""Errors of ours as a terminal tells them: one sentence and exit 1."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click

from app.core.errors import CallgateError


@contextmanager
def told() -> Iterator[None]:
    """Tell an error of ours as a sentence."""
    try:
        yield
    except CallgateError as error:
        raise click.ClickException(error.message) from None
