"""Files with certificates that settings and channels name: looked at once at the start, so that a wrong one is told there."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator

FILES = ("ca_bundle", "client_certificate", "client_key")


def with_own_files(document: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Return a channels file whose relative certificate files begin at a folder: that of the file which names them."""
    channels, destinations = document.get("channels"), document.get("destinations")
    if isinstance(channels, dict):
        channels = {name: _from_folder(table, folder) for name, table in channels.items()}
    if isinstance(destinations, list):
        destinations = [_from_folder(table, folder) for table in destinations]
    found = {"channels": channels, "destinations": destinations}
    return document | {key: value for key, value in found.items() if key in document}


def _from_folder(table: Any, folder: Path) -> Any:
    if not isinstance(table, Mapping):
        return table
    found = {
        name: str(folder / table[name]) for name in FILES if isinstance(table.get(name), str) and table[name]
    }
    return {**table, **found}


def checked_bundle(path: str) -> str:
    """Return the path of a PEM file with authorities; raises ValueError for one that cannot be used, empty means none."""
    if path:
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(path)
        except (OSError, ssl.SSLError) as error:
            raise ValueError(f"{path} is not a readable PEM file of certificates") from error
    return path


def check_pair(certificate: str, key: str) -> None:
    """Raise ValueError unless both files of a client certificate are there and belong together, or neither is named."""
    if bool(certificate) != bool(key):
        raise ValueError("client_certificate and client_key are needed together")
    if certificate:
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain(certificate, key)
        except (OSError, ssl.SSLError) as error:
            raise ValueError(
                "client_certificate and client_key must be PEM files that belong together"
            ) from error


Bundle = Annotated[str, AfterValidator(checked_bundle)]
