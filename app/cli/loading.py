"""What a program named `flask` loads: the joined parts for a command of ours, the whole application for everybody else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask

from app.config.environment import DOTENV, own_folder_or_none
from app.core.errors import ConfigurationError
from app.factory import create_app, open_services
from app.pipeline.services import Services


def whole_app() -> Flask:
    """Make the application; a configuration that cannot be used ends the program with every fault."""
    with faults_end_the_program():
        return create_app()


def joined_services() -> Services:
    """Join the parts; a configuration that cannot be used ends the program with every fault."""
    with faults_end_the_program():
        return open_services()


@contextmanager
def faults_end_the_program() -> Iterator[None]:
    """End the program with every fault of a configuration that cannot be used, and with what to do where there is none at all."""
    try:
        yield
    except ConfigurationError as error:
        faults = "\n".join(f"  - {fault}" for fault in error.faults)
        raise SystemExit(f"The configuration cannot be used:\n{faults}\n{_what_to_do()}") from None


def _what_to_do() -> str:
    """Say how to get own files where there are none; else where those are that are meant."""
    here = own_folder_or_none()
    if here is None:
        return "Name a folder that is there, or make one: `flask init FOLDER`."
    if not (here / DOTENV).is_file():
        return (
            f"There is no {DOTENV} in {here.resolve()}. `flask init` writes one there; where it is elsewhere, go there or set "
            "CALLGATE_HOME=/its/folder."
        )
    return f"It is read from {(here / DOTENV).resolve()} and the environment. `flask doctor` says the cure of each."
