"""Files with certificates: looked at once at the start, and told when they cannot be used."""

from __future__ import annotations

from pathlib import Path

import certifi
import pytest

from app.config.channels import load_channels
from app.config.settings import load_settings
from app.core.errors import ConfigurationError
from tests.builders import environment

DESTINATION = """
[[destinations]]
name = "crm"
match = "shop:*"
url = "https://crm.internal/hooks"
secret = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
"""


def own_files(folder: Path, text: str) -> Path:
    (folder / "ca.pem").write_bytes(Path(certifi.where()).read_bytes())
    path = folder / "channels.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_bundle_is_found_beside_the_file_that_names_it(tmp_path: Path) -> None:
    text = '[channels.shop]\nplatform = "callback"\nsecret = "s3cret-of-the-shop"\nca_bundle = "ca.pem"\n'
    file = load_channels(own_files(tmp_path, text + DESTINATION + 'ca_bundle = "ca.pem"\n'), {})
    assert file.channels[0].ca_bundle == str(tmp_path / "ca.pem")
    assert file.destinations[0].ca_bundle == str(tmp_path / "ca.pem")


@pytest.mark.parametrize("line", ['ca_bundle = "missing.pem"', 'ca_bundle = "channels.toml"'])
def test_a_bundle_that_cannot_be_used_is_told(tmp_path: Path, line: str) -> None:
    with pytest.raises(ConfigurationError, match=r"ca_bundle.*PEM"):
        load_channels(own_files(tmp_path, DESTINATION + line), {})


@pytest.mark.parametrize(
    "lines", ['client_certificate = "ca.pem"', 'client_certificate = "ca.pem"\nclient_key = "ca.pem"']
)
def test_a_certificate_without_its_key_is_told(tmp_path: Path, lines: str) -> None:
    with pytest.raises(ConfigurationError, match="client_certificate and client_key"):
        load_channels(own_files(tmp_path, DESTINATION + lines), {})


def test_the_bundle_for_all_is_told_too(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="CA_BUNDLE"):
        load_settings(environment(CALLGATE_HOME=str(tmp_path), CA_BUNDLE="missing.pem"))
