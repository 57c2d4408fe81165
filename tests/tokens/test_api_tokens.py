"""API tokens of the channels file and of the database: what they may do, how long, and what of them is kept."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from click.testing import CliRunner

from app.cli.api_tokens import api_tokens_group
from app.config.api_tokens import path_pattern
from app.config.channels import parse_channels
from app.core.errors import ConfigurationError, RefusedError, RequestError
from app.core.roles import Role
from app.pipeline.api_tokens import (
    Caller,
    NewToken,
    caller_of_id,
    create_api_token,
    end_api_token,
    find_caller,
    grant_api_token,
    stored_api_tokens,
)
from app.pipeline.operators.console_people import add_console_person
from app.pipeline.services import Services
from app.storage.audit import list_audit
from tests.builders import CALLBACK_CHANNEL, FrozenClock

FILE = """
[[api_tokens]]
name = "crm"
token_sha256 = "{digest}"
scopes = ["send", "relay"]
channels = ["callback"]
paths = ["GET /cgi-bin/user/*", "/open-apis/im/v1/messages"]
rate = "60 per minute"
"""


def faults_of(text: str) -> str:
    with pytest.raises(ConfigurationError) as caught:
        parse_channels(f"{CALLBACK_CHANNEL}\n[[api_tokens]]\n{text}", {})
    return caught.value.message


def test_a_path_pattern_means_whole_segments() -> None:
    cases = (
        ("/cgi-bin/user/*", "GET", "/cgi-bin/user/get", True),
        ("/cgi-bin/user/*", "POST", "/cgi-bin/user/info/batchget", True),
        ("/cgi-bin/user/*", "GET", "/cgi-bin/user", False),
        ("/cgi-bin/user/*", "GET", "/cgi-bin/username/get", False),
        ("GET /cgi-bin/user/get", "POST", "/cgi-bin/user/get", False),
        ("/cgi-bin/user/get", "GET", "/cgi-bin/user/get/more", False),
        ("/im/*/messages", "GET", "/im/v1/messages", True),
        ("/im/*/messages", "GET", "/im/v1/x/messages", False),
        ("/im/*/messages", "GET", "/IM/v1/messages", False),
    )
    for pattern, method, path, is_meant in cases:
        assert path_pattern(pattern).matches(method, path) is is_meant, (pattern, path)


def test_a_table_that_opens_too_much_or_nothing_stops_the_start() -> None:
    for text, said in (
        ('name = "a"\ntoken = "x"\nscopes = ["relay"]', "no paths"),
        ('name = "a"\ntoken = "x"\nscopes = ["relay"]\npaths = ["/*"]', "everything the account can do"),
        ('name = "a"\ntoken = "x"\nscopes = ["relay"]\npaths = ["cgi-bin"]', "is no path"),
        ('name = "a"\ntoken = "x"\nscopes = ["relay"]\npaths = ["/a/../b"]', "is no path"),
        ('name = "a"\ntoken = "x"\nscopes = ["fly"]', "unknown scope"),
        ('name = "a"\ntoken = "x"\nscopes = ["read", "token"]\nchannels = ["c"]', "read would reach every"),
        ('name = "a"\ntoken = "x"\npaths = ["/a"]', "paths is for the scope relay"),
        ('name = "a"\ntoken = "x"\ntoken_sha256 = "' + "0" * 64 + '"', "one of the two"),
        ('name = "a"', "one of the two"),
        ('name = "a"\ntoken_sha256 = "abc"', "64 hex digits"),
        ('name = "a b"\ntoken = "x"', "letters, digits"),
        ('name = "a"\ntoken = "x"\nrate = "often"', "must look like"),
        ('name = "a"\ntoken = "${NOT_SET}"', "needs NOT_SET in the environment"),
        ('name = "a"\ntoken = "x"\n[[api_tokens]]\nname = "a"\ntoken = "y"', "two api tokens"),
    ):
        message = faults_of(text)
        assert said in message, (text, message)
        assert '"x"' not in message


@pytest.mark.backends("sqlite")
def test_a_token_of_the_file_is_known_by_its_digest(services_with: Callable[..., Services]) -> None:
    digest = hashlib.sha256(b"a-token-of-the-file").hexdigest()
    services = services_with(channels=CALLBACK_CHANNEL + FILE.format(digest=digest))
    caller = find_caller(services, "a-token-of-the-file")
    assert caller is not None
    assert (caller.name, caller.scopes, caller.channels) == (
        "crm",
        frozenset({"send", "relay"}),
        ("callback",),
    )
    for text in ("a-token-of-the-fil", digest, "", "é\ud800", "x" * 10_000, "cga_\ud800"):
        assert find_caller(services, text) is None


def test_a_token_of_the_database_works_until_it_ends(services: Services, clock: FrozenClock) -> None:
    new = NewToken("crm", ["read"], days=1)
    stored, text = create_api_token(services, new, actor="terminal")
    caller = find_caller(services, text)
    assert caller is not None
    assert (caller.name, caller.scopes) == ("crm", frozenset({"read"}))
    assert text not in repr(stored_api_tokens(services))
    with pytest.raises(RequestError, match="already"):
        create_api_token(services, new, actor="terminal")
    clock.advance(days=1)
    assert find_caller(services, text) is None
    _, other = create_api_token(services, new, actor="terminal")
    assert end_api_token(services, "crm", actor="terminal").id != stored.id
    assert find_caller(services, other) is None
    with services.database.read() as tx:
        actions = [entry.action for entry in list_audit(tx, before=None, limit=10)]
    assert actions.count("api_token.create") == 2


def test_a_token_has_no_name_under_which_somebody_else_is_known(
    services_with: Callable[..., Services],
) -> None:
    services = services_with(channels=CALLBACK_CHANNEL + FILE.format(digest="0" * 64))
    add_console_person(services, "Ana", "a-long-Password-of-hers-77", Role.VIEWER, actor="terminal")
    for name in ("crm", "CRM", "admin", "Terminal", "system", "ana", "0" * 32, "A" * 32):
        with pytest.raises(RequestError, match="somebody else's"):
            create_api_token(services, NewToken(name, ["read"]), actor="terminal")
    assert stored_api_tokens(services) == []


def test_a_token_with_a_rate_makes_others_of_that_rate_alone(services: Services) -> None:
    maker = Caller("db/x", "maker", frozenset({"tokens", "read"}), rate="60 per minute")
    for rate in ("", "6000 per minute"):
        with pytest.raises(RefusedError, match="any rate but 60 per minute") as caught:
            grant_api_token(services, maker, NewToken("crm", ["read"], rate=rate))
        assert caught.value.code == "beyond_own_token"
    made, _ = grant_api_token(services, maker, NewToken("crm", ["read"], rate="60 per minute"))
    assert made.limits["rate"] == "60 per minute"


def test_the_last_use_is_written_once_a_minute(services: Services, clock: FrozenClock) -> None:
    _, text = create_api_token(services, NewToken("crm", ["read"]), actor="terminal")
    started = services.clock.now()
    for _ in range(5):
        find_caller(services, text)
        clock.advance(seconds=12)
    assert stored_api_tokens(services)[0].last_used_at == started
    caller = find_caller(services, text)
    assert caller is not None
    assert stored_api_tokens(services)[0].last_used_at == started + timedelta(minutes=1)
    clock.advance(hours=1)
    assert caller_of_id(services, caller.id) == caller, "as a relay token asks"
    assert stored_api_tokens(services)[0].last_used_at == started + timedelta(minutes=61)


@pytest.mark.backends("sqlite")
def test_the_terminal_shows_a_tokens_text_once(services: Services) -> None:
    runner, group = CliRunner(), api_tokens_group(services)
    arguments = ["create", "crm", "--scope", "relay", "--path", "/cgi-bin/*", "--days", "30"]
    made = runner.invoke(group, arguments)
    assert made.exit_code == 0, made.output
    text = made.stdout.strip()
    assert find_caller(services, text) is not None
    listed = runner.invoke(group, ["list"]).output
    assert ("crm" in listed, text[:10] in listed, text in listed) == (True, True, False)
    items = json.loads(runner.invoke(group, ["list", "--json"]).output)
    assert (items[0]["state"], items[0]["paths"]) == ("works", ["/cgi-bin/*"])
    assert runner.invoke(group, ["revoke", text[:10]]).exit_code == 0
    assert find_caller(services, text) is None
    for wrong in (
        ["create", "x", "--scope", "relay"],
        ["create", "x", "--scope", "fly"],
        ["create", "x", "--scope", "token", "--channel", "nowhere"],
        ["create", "x y", "--scope", "token"],
        ["revoke", "crm"],
    ):
        assert runner.invoke(group, wrong).exit_code == 1, wrong


def test_a_relay_host_is_one_channels_and_a_host() -> None:
    for text, said in (
        ('relay_host = "https://x"', "must be a host"),
        (
            'relay_host = "a.test"\n[channels.b]\nplatform = "callback"\nrelay_host = "A.test"',
            "two relay hosts",
        ),
    ):
        with pytest.raises(ConfigurationError) as caught:
            parse_channels(f'[channels.a]\nplatform = "callback"\n{text}', {})
        assert said in caught.value.message
