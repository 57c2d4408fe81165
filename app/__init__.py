"""Callgate: the gateway package. A container only: nothing is imported here."""

VERSION = "0.1.0"
"""As in pyproject.toml, which is not there where the gateway runs."""
