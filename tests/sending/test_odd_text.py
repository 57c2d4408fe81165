"""Odd text on its way into the tables of messages: recipients are refused where no store keeps them, a platform's words are fitted."""

from __future__ import annotations

from contextlib import suppress

from app.core.errors import RequestError
from app.core.sending import SendRefused
from app.pipeline.services import Services
from tests.odd_text import ODD_TEXTS
from tests.sending.office import Clerk, Office, ask, run_due, states


def test_whom_a_message_goes_to_and_what_a_platform_says(
    gateway: Services, office: Office, clerk: Clerk
) -> None:
    for text in ODD_TEXTS.values():
        with suppress(RequestError):
            ask(gateway, to={"user_id": text}, caller=text)
        run_due(gateway)
        office.answers((200, {"id": text, "not_reached": {"u1": text}}))
        refused = ask(gateway)
        run_due(gateway)
        office.answers((200, {"id": text}))
        taken = ask(gateway)
        run_due(gateway)
        clerk.refusal = SendRefused("content", f"No: {text}")
        failed = ask(gateway)
        run_due(gateway)
        clerk.refusal = None
        found = [states(gateway, each)[0] for each in (refused, taken, failed)]
        assert found == ["refused", "sent", "failed"], text[:20]
