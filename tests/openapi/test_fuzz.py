"""Schemathesis: requests that the API's own description makes, right and wrong ones, one by one and in sequences.

No answer is 500, each has a status, a form and members that are promised, and nobody comes in without a token. The short
form is a part of the suite; `make api-fuzz` tries 20,000 cases and more, on PostgreSQL too.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import hypothesis
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase
from schemathesis import GenerationMode
from schemathesis.specs.openapi import checks

from app.web.openapi.document import openapi_document
from tests.openapi.filled import HEADERS, Filled

IS_LONG = os.environ.get("HOSTILE_SIZE") == "long"
CASES = 160 if IS_LONG else 3
ROUNDS, SEQUENCES, STEPS = (10, 30, 20) if IS_LONG else (1, 6, 8)
pytestmark = pytest.mark.backends("sqlite", "postgresql") if IS_LONG else pytest.mark.backends("sqlite")

NOT_HERE = ("/webhooks/", "/wechat", "/api/platform/", "/api/{version}/", "/relay/", "/oauth/", "/send/")
"""Signed callbacks, calls to platforms, a browser's steps and programs' own habits have tests of their own."""

ENDLESS = {"/api/v1/stream"}
CHECKS: list[Any] = [
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    checks.unsupported_method,
]
SETTINGS = hypothesis.settings(
    max_examples=CASES,
    deadline=None,
    database=None,
    derandomize=not IS_LONG,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture
def schema(filled: Filled) -> Any:
    document = openapi_document(filled.app, filled.services.settings.public_base_url)
    document["paths"] = {
        path: item
        for path, item in document["paths"].items()
        if path not in ENDLESS and not path.startswith(NOT_HERE)
    }
    document["servers"] = [{"url": "/"}]
    loaded = schemathesis.openapi.from_dict(document)
    loaded.app = filled.app
    return loaded


def with_real_names(filled: Filled, case: Any, random_: random.Random) -> None:
    """Put names that there are into half of the addresses; made-up ones find nothing."""
    for name in case.path_parameters or {}:
        real = filled.some(name, random_)
        if real is not None and random_.random() < 0.5:
            case.path_parameters[name] = real


def operations(schema: Any) -> Iterator[Any]:
    for result in schema.get_all_operations():
        yield result.ok()


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: str(mode.value))
def test_every_operation_answers_whatever_is_asked(schema: Any, filled: Filled, mode: GenerationMode) -> None:
    tried = 0
    random_ = random.Random(7)
    faults: list[str] = []

    for operation in operations(schema):

        @SETTINGS
        @hypothesis.given(case=operation.as_strategy(generation_mode=mode))
        def ask(case: Any) -> None:
            nonlocal tried
            tried += 1
            with_real_names(filled, case, random_)
            headers = HEADERS if random_.random() < 0.95 else {}
            response = case.call(headers=headers)
            assert response.status_code != 500, response.text
            case.validate_response(response, checks=CHECKS)

        try:
            ask()
        except hypothesis.errors.Unsatisfiable:
            continue  # Whatever is sent there is right.
        except Exception as error:
            faults.append(f"{operation.method} {operation.path}: {error}"[:1500])
    assert faults == []
    assert tried >= (10_000 if IS_LONG else 200)
    assert filled.client.get("/api/v1/events", headers=HEADERS).status_code == 200


def test_sequences_of_requests_keep_the_promises_too(schema: Any, filled: Filled) -> None:
    machine = schema.as_state_machine()
    faults: list[str] = []
    steps = 0

    class Sequence(machine):  # type: ignore[misc, valid-type]
        """Requests whose answers give the next ones their names."""

        def get_call_kwargs(self, _case: Any) -> dict[str, Any]:
            return {"headers": HEADERS}

        def validate_response(self, response: Any, case: Any, *_: Any, **__: Any) -> None:
            nonlocal steps
            steps += 1
            try:
                assert response.status_code != 500, response.text
                case.validate_response(response, checks=CHECKS)
            except Exception as error:
                faults.append(f"{case.method} {case.path}: {error}"[:1500])

    settings = hypothesis.settings(SETTINGS, max_examples=SEQUENCES, stateful_step_count=STEPS)
    for _ in range(ROUNDS):
        # What one sequence stores the next one finds, and then takes another turn than Hypothesis remembers.
        with suppress(hypothesis.errors.Flaky):
            Sequence.run(settings=settings)
    assert faults == []
    assert steps >= 20 * ROUNDS
