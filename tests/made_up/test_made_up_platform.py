"""A platform is added by three folders alone: with login, callbacks, an app token and sending, and nothing is edited.

The platform is called Acme and does not exist. Its folders are in `acme`; the tree they are dropped into is a copy.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.made_up.tree import PLACES, Running, Tree

pytestmark = pytest.mark.timeout(240)

HEADERS = {"Authorization": "Bearer ops-token-4d1f8a2b"}
OWN = "tests/platforms/acme"
HOSTILE_SUITE = "tests/platforms/test_every_platform.py"
LISTS = (
    "tests/sandbox/test_examples.py",
    "tests/architecture/test_platform_folders.py",
    "tests/config/test_channels_file.py",
    "tests/web/test_translations.py",
)
"""Tests that hold every platform's folders against what is shared."""


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Tree:
    """Return the tree with the platform in it, after the commands a developer runs."""
    made = Tree(tmp_path_factory.mktemp("made_up") / "tree")
    made.add_platform()
    made.run_target("example-files")
    made.run("-m", "tests.web.catalogue")
    return made


@pytest.fixture(scope="module")
def running(tree: Tree) -> Iterator[Running]:
    with Running(tree) as both:
        yield both


def answer_of(address: str, **query: str) -> requests.Response:
    answer = requests.get(address, params=query, headers=HEADERS, timeout=10)
    assert answer.status_code == 200, answer.text
    return answer


def fired(running: Running, **order: Any) -> dict[str, Any]:
    order = {"channel": "acme", "type": "order.paid", "person": "maya"} | order
    (result,) = requests.post(f"{running.simulator}/_sandbox/fire", json=order, timeout=15).json()
    found: dict[str, Any] = result
    return found


def test_the_example_files_hold_its_account_and_its_channel(tree: Tree) -> None:
    accounts = (tree.folder / ".env.example").read_text("utf-8")
    assert "\nACME_CLIENT_ID=acme_sandbox0001\n" in accounts
    assert "\nACME_API_BASE=http://localhost:5004/acme\n" in accounts
    assert '\n[channels.acme]\nplatform = "acme"\n' in (tree.folder / "channels.example.toml").read_text(
        "utf-8"
    )


def test_the_terminal_lists_its_addresses_and_what_it_can(running: Running) -> None:
    listed = running.flask("channels", "list")
    block = listed[listed.index("acme  (acme, Acme)  enabled") :]
    assert f"{running.url}/webhooks/acme\n" in block
    assert f"{running.url}/oauth/acme/callback\n" in block
    assert "inbound, login, app_token, send\n" in block


def test_a_signed_event_of_the_simulator_is_taken(running: Running) -> None:
    result = fired(running)
    assert result["status"] == 200, result
    events = answer_of(f"{running.url}/api/v1/events", channel="acme").json()["items"]
    assert result["event_id"] in [event["key"] for event in events]


def test_an_event_that_is_not_signed_is_refused(running: Running) -> None:
    body = b'{"id":"forged","type":"order.paid"}'
    assert requests.post(f"{running.url}/webhooks/acme", data=body, timeout=10).status_code == 401


def test_somebody_logs_in_on_its_simulated_page(running: Running) -> None:
    with requests.Session() as browser:
        page = browser.get(f"{running.url}/oauth/acme/start?next=/", timeout=10)
        assert page.url.startswith(f"{running.simulator}/acme/authorize?")
        assert "Sign in with Acme" in page.text
        pressed = re.search(r'action="(/login/[^"]+)"', page.text)
        assert pressed is not None
        browser.post(running.simulator + pressed[1], data={"person": "maya", "decision": "allow"}, timeout=10)
        me = browser.get(f"{running.url}/api/v1/me", timeout=10).json()
    assert (me["identity"]["channel"], me["identity"]["name"]) == ("acme", "Maya Okafor")


def test_its_app_token_is_fetched(running: Running) -> None:
    assert "acme has a fresh app token." in running.flask("tokens", "refresh", "acme")


def test_a_message_is_sent_from_a_terminal_and_read_on_its_phone(running: Running) -> None:
    said = running.flask(
        "messages", "send", "acme", "--to", "user_id:acme-10004", "--text", "Your parcel is here"
    )
    assert "user_id acme-10004, part 1: sent" in said
    page = answer_of(f"{running.simulator}/phone", platform="acme", person="maya").text
    assert "Your parcel is here" in page


def test_the_gateways_front_page_offers_its_login_and_its_samples(running: Running) -> None:
    assert "/oauth/acme/start" in answer_of(f"{running.url}/").text
    chinese = answer_of(f"{running.url}/dev/samples", lang="zh-CN").json()["channels"]
    offered = next(channel for channel in chinese if channel["channel"] == "acme")
    assert offered["title"] == "艾克米"
    assert offered["samples"][0] == {"type": "order.paid", "title": "订单已支付"}


def test_the_simulators_front_page_offers_its_login_samples_and_faults(running: Running) -> None:
    page = answer_of(f"{running.simulator}/").text
    assert f'<a class="tile acme" href="{running.url}/oauth/acme/start?next=/">' in page
    assert '<option value="acme|order.paid">' in page
    assert 'value="acme.gone"' in page
    assert ".acme { --accent: #8a4b12;" in answer_of(f"{running.simulator}/looks.css").text


def test_its_chat_is_on_the_simulated_phone(running: Running) -> None:
    form = {"platform": "acme", "person": "maya", "action": "text", "text": "Where is my parcel?"}
    page = requests.post(f"{running.simulator}/phone/act", data=form, timeout=15)
    assert "Where is my parcel?" in page.text
    assert "Acme shop" in page.text


def test_the_hostile_suite_and_its_own_tests_pass_in_its_tree(tree: Tree) -> None:
    chosen = " or ".join(("acme", *(Path(name).stem for name in LISTS)))
    said = tree.run("-m", "pytest", "-v", "-p", "no:cacheprovider", "-k", chosen, OWN, HOSTILE_SUITE, *LISTS)
    passed = {line.partition(" PASSED")[0] for line in said.splitlines() if " PASSED" in line}
    for test in ("hostile_bodies_meet_our_own_errors", "anything_without_proof_is_refused"):
        assert f"{HOSTILE_SUITE}::test_{test}[acme-hmac]" in passed
    assert f"{OWN}/test_acme.py::test_a_message_is_read_on_the_simulated_phone" in passed
    assert all(any(name in one for one in passed) for name in LISTS)


def test_the_import_rules_hold_in_its_tree(tree: Tree) -> None:
    said = tree.run("-c", "from importlinter.cli import lint_imports_command as lint; lint()")
    assert "Simulated platforms never import each other KEPT" in said
    assert "0 broken" in said


def test_the_linter_has_nothing_to_say_in_its_tree(tree: Tree) -> None:
    assert "All checks passed!" in tree.run("-m", "ruff", "check", "--no-cache", *PLACES.values())
    tree.run("-m", "ruff", "format", "--check", "--no-cache", *PLACES.values())


def test_no_existing_file_was_edited(tree: Tree, running: Running) -> None:
    fired(running, type="chat.written")
    assert tree.edited() == []


def test_an_edited_file_would_be_seen(tmp_path: Path) -> None:
    made = Tree(tmp_path / "tree")
    made.add_platform()
    assert made.edited() == []
    with (made.folder / "sandbox" / "people.py").open("a") as file:
        file.write("# one line more\n")
    (made.folder / "wsgi.py").unlink()
    assert made.edited() == ["sandbox/people.py", "wsgi.py"]
