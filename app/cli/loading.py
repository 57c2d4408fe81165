"""What a program named `flask` loads: the joined parts for a command of ours, the whole application for everybody else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask

from app.core.errors import ConfigurationError
from app.factory import create_app, open_services
from app.pipeline.services import Services


def whole_app() -> Flask:
    """Make the application; a configuration that cannot be used ends the program with every fault."""
    with _faults_end_the_program():
        return create_app()


def joined_services() -> Services:
    """Join the parts; a configuration that cannot be used ends the program with every fault."""
    with _faults_end_the_program():
        return open_services()


@contextmanager
def _faults_end_the_program() -> Iterator[None]:
    try:
        yield
    except ConfigurationError as error:
        faults = "\n".join(f"  - {fault}" for fault in error.faults)
        raise SystemExit(f"The configuration cannot be used:\n{faults}") from None
