"""Published values: prod refuses each of them and names its key, test warns; compared exactly, never by how they begin."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_public_key,
)

from app.config.channels import load_channels
from app.config.sample_digests import SAMPLE_DIGESTS
from app.config.samples import is_sample, leads_to_this_machine
from app.core.errors import ConfigurationError
from app.factory import build_services
from sandbox.platforms import simulated_platforms
from sandbox.sample_digests import FILE, digests_file, secrets_in
from tests.builders import environment
from tests.platforms.samples import own_values

ROOT = Path(__file__).resolve().parents[2]
SAFE = {"PUBLIC_BASE_URL": "https://gw.example.com", "API_TOKENS": "ops:" + "4d1f8a2b" * 5}
ADDRESSES = [each.variable for platform in simulated_platforms() for each in platform.addresses]
SECRETS = [each for platform in simulated_platforms() for each in platform.credentials if each.in_example]
EXAMPLE = {each.variable: each.value for each in SECRETS}
LONGEST_SECRET = 200
KEYS = [each.value for each in SECRETS if len(each.value) > LONGEST_SECRET]
"""Keys and certificates, whose private halves everybody has."""


@cache
def own_key() -> RSAPrivateKey:
    return generate_private_key(65537, 2048)


def own_value(sample: str) -> str:
    """Return a value of somebody's own in the form of a sample: a key for a key, else any text that is long enough."""
    try:
        der = base64.b64decode(sample, validate=True)
    except ValueError:
        der = b""
    if len(der) < 200:
        return f"{'5f1c9d27b3e84a60' * 3}"[:43]
    try:
        load_der_public_key(der)
    except ValueError:
        return base64.b64encode(
            own_key().private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        ).decode()
    public = own_key().public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(public).decode()


def start(tmp_path: Path, channels: str, **env: str) -> None:
    (tmp_path / "channels.toml").write_text(channels, encoding="utf-8")
    build_services(
        environment(CALLGATE_HOME=str(tmp_path), DATABASE_URL="sqlite:///x.db", **env)
    ).database.close()


def faults_in_prod(tmp_path: Path, channels: str, **env: str) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        start(tmp_path, channels, **{"APP_ENV": "prod", **SAFE, **env})
    return list(caught.value.faults)


def test_the_file_of_digests_is_what_the_simulator_and_the_documentation_print() -> None:
    assert (ROOT / FILE).read_text(encoding="utf-8") == digests_file(ROOT), "run `make example-files`"


def test_the_file_names_no_value() -> None:
    text = (ROOT / FILE).read_text(encoding="utf-8")
    assert not [value for value in EXAMPLE.values() if value in text]


@pytest.mark.parametrize("credential", SECRETS, ids=lambda each: each.variable)
def test_prod_refuses_each_credential_of_the_simulator_and_names_its_key(
    tmp_path: Path, credential: object
) -> None:
    variable = credential.variable  # type: ignore[attr-defined]
    others = {name: own_value(value) for name, value in EXAMPLE.items()} | own_values()
    del others[variable]
    text = (ROOT / "channels.example.toml").read_text(encoding="utf-8")
    key = next(line.partition(" ")[0] for line in text.splitlines() if f'"${{{variable}}}"' in line)
    faults = faults_in_prod(
        tmp_path, text, **others, **{variable: EXAMPLE[variable]}, OAUTH2_BASE="https://login.example.com"
    )
    assert len(faults) == 1, faults
    assert f"] {key}: a sample" in faults[0]
    assert EXAMPLE[variable] not in faults[0]


def test_prod_refuses_a_sample_in_a_list_a_destination_and_without_its_prefix(tmp_path: Path) -> None:
    sample = EXAMPLE["STANDARD_WEBHOOKS_SECRET"]
    listed = (
        f'[channels.a]\nplatform = "standard-webhooks"\nsecret = ["whsec_5f1c9d27b3e84a60", "{sample[6:]}"]\n'
    )
    forwards = (
        f'[[destinations]]\nname = "crm"\nmatch = "*:*"\nurl = "http://127.0.0.1:9/"\nsecret = "{sample}"\n'
    )
    named = faults_in_prod(tmp_path, listed + forwards)
    assert [fault.partition(" a sample")[0] for fault in named] == [
        "[channels.a] secret:",
        "[[destinations]] 'crm': a secret is",
    ]


def folded(value: str, width: int) -> str:
    core = "".join(line for line in value.replace("\\n", "\n").split("\n") if "-----" not in line)
    return "\r\n".join(core[at : at + width] for at in range(0, len(core), width))


@pytest.mark.parametrize("width", [64, 76, 100_000])
def test_a_published_key_is_known_however_its_lines_are_broken(width: int) -> None:
    for key in KEYS:
        lines = folded(key, width)
        own = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
        framed = f"-----BEGIN CERTIFICATE-----\r\n{lines}\r\n-----END CERTIFICATE-----\r\n"
        assert is_sample(lines)
        assert is_sample(framed)
        assert is_sample(own + framed)
        assert is_sample(framed.replace("\r\n", "\\n"))
        assert not is_sample(framed.replace("M", "N"))


def test_a_secret_that_only_resembles_a_sample_is_taken(tmp_path: Path) -> None:
    own = EXAMPLE["WECHAT_APP_ID"] + "x"
    start(
        tmp_path,
        f'[channels.a]\nplatform = "callback"\nsecret = "{own}"\n',
        APP_ENV="prod",
        **SAFE,
    )


@pytest.mark.parametrize("variable", ADDRESSES)
def test_prod_refuses_an_address_that_leads_to_the_simulator(tmp_path: Path, variable: str) -> None:
    text = (ROOT / "channels.example.toml").read_text(encoding="utf-8")
    own = {name: own_value(value) for name, value in EXAMPLE.items()} | own_values()
    own |= {"OAUTH2_BASE": "https://login.example.com"}
    faults = faults_in_prod(tmp_path, text, **own | {variable: "http://localhost:5004/x"})
    assert len(faults) == 1, faults
    assert "leads to this machine" in faults[0]


def test_prod_refuses_an_issuer_that_is_the_simulator(tmp_path: Path) -> None:
    text = '[channels.a]\nplatform = "oauth2"\nclient_id = "c-1"\nclient_secret = "5f1c9d27b3e84a60"\n'
    (fault,) = faults_in_prod(tmp_path, f'{text}issuer = "http://localhost:5004/oauth2"\n')
    assert "issuer: leads to this machine" in fault
    start(tmp_path, f'{text}issuer = "https://id.example.com"\n', APP_ENV="prod", **SAFE)


@pytest.mark.parametrize(
    ("address", "is_local"),
    [
        ("http://localhost:5004/feishu", True),
        ("https://LOCALHOST./x", True),
        ("http://sub.localhost", True),
        ("http://127.9.0.1:1", True),
        ("http://[::1]:5004", True),
        ("http://[::ffff:127.0.0.1]:5004", True),
        ("http://0.0.0.0", True),
        ("https://open.feishu.cn", False),
        ("https://localhost.example.com", False),
        ("http://10.0.0.7", False),
        ("localhost", False),
        ("http://[bad", False),
    ],
)
def test_only_addresses_of_this_machine_count_as_local(address: str, is_local: bool) -> None:
    assert leads_to_this_machine(address) is is_local


def test_test_warns_about_samples_and_dev_takes_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    channel = f'[channels.a]\nplatform = "callback"\nsecret = "{EXAMPLE["CALLBACK_SECRET"]}"\n'
    start(tmp_path, channel)
    assert "unsafe_configuration" not in capsys.readouterr().out
    start(tmp_path, channel, APP_ENV="test", **SAFE)
    assert "[channels.a] secret: a sample" in capsys.readouterr().out


def test_what_the_documentation_would_print_as_a_secret_is_found() -> None:
    text = "# CRM_SECRET=a1b2c3d4e5\nAPI_TOKENS=${X}\ntoken: 'other-value-9'\nsee whsec_QUJDREVGRw== there\n"
    assert list(secrets_in(text)) == ["a1b2c3d4e5", "other-value-9", "whsec_QUJDREVGRw=="]


def test_the_channels_example_opens_with_the_simulators_values() -> None:
    file = load_channels(
        ROOT / "channels.example.toml", EXAMPLE | dict.fromkeys(ADDRESSES, "http://localhost:5004")
    )
    assert all(channel.disabled_reason is None for channel in file.channels)
    assert all(hashlib.sha256(value.encode()).hexdigest() in SAMPLE_DIGESTS for value in EXAMPLE.values())
