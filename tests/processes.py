"""Tests in several processes: the first one collects them and hears how they went, each of the others is a fork of it.

So everything is imported and collected once, not in each process, and what a process changes stays its own. Which tests go
together, and when, is said in tests/schedule.py.
"""

from __future__ import annotations

import os
import sys
import traceback
import warnings
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain, pairwise
from multiprocessing.connection import Connection, Pipe, wait
from types import SimpleNamespace
from typing import Any, NoReturn

import pytest

from tests.schedule import Schedule

NUMBER = pytest.StashKey[int]()


def add_option(parser: pytest.Parser) -> None:
    """Let `-n 4` ask for four processes."""
    help_ = "run the tests in so many processes; 0 and 1 run them in this one"
    parser.getgroup("processes")._addoption("-n", "--processes", type=int, default=0, help=help_)


def configure(config: pytest.Config) -> None:
    """Take over from pytest's own loop when several processes are asked for."""
    if config.option.processes > 1 and not config.option.usepdb and hasattr(os, "fork"):
        config.pluginmanager.register(Processes(config.option.processes))


def name_of_process(config: pytest.Config) -> str:
    """Return a name that no other process of these tests has."""
    return f"p{config.stash.get(NUMBER, 0)}"


@dataclass
class Process:
    """A process of tests as the first one sees it; `tests` were given to it and have not ended."""

    number: int
    pid: int
    pipe: Connection[Any, Any]
    tests: deque[int] = field(default_factory=deque)
    has_begun: bool = False
    is_done: bool = False


class Processes:
    """The loop of the first process."""

    def __init__(self, count: int):
        self._count = count
        self._running: dict[Connection[Any, Any], Process] = {}
        self._faults: list[str] = []

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool | None:
        """Have all tests run; what makes this impossible is left to pytest's own loop."""
        if session.testsfailed or session.config.option.collectonly:
            return None
        self._session = session
        self._schedule = Schedule([item.nodeid for item in session.items], self._count)
        factory: Any = session.config._tmp_path_factory  # type: ignore[attr-defined]
        factory.getbasetemp()
        try:
            for number in range(self._count):
                self._start(number)
            self._hear_all()
        finally:
            self._leave()
        if self._faults:
            raise RuntimeError("a process of tests did not end well:\n" + "\n".join(self._faults))
        return True

    def _start(self, number: int) -> None:
        ours, theirs = Pipe()
        sys.stdout.flush()
        sys.stderr.flush()
        pid = os.fork()
        if not pid:
            for other in (ours, *self._running):
                other.close()
            run_tests(self._session, number, theirs)
        theirs.close()
        self._running[ours] = Process(number, pid, ours)

    def _hear_all(self) -> None:
        session = self._session
        while self._running:
            for pipe in wait(list(self._running)):
                process = self._running[pipe]  # type: ignore[index]
                try:
                    word, value = process.pipe.recv()
                except (EOFError, ConnectionError):
                    self._bury(process)
                else:
                    getattr(self, f"_on_{word}")(process, value)
        if session.shouldfail:
            raise session.Failed(session.shouldfail)
        if session.shouldstop:
            raise session.Interrupted(session.shouldstop)

    def _on_next(self, process: Process, _: None) -> None:
        tests = [] if self._is_over() else self._schedule.give(process.number)
        process.tests.extend(tests)
        process.pipe.send(tests)

    def _is_over(self) -> bool:
        return bool(self._session.shouldfail or self._session.shouldstop)

    def _on_begun(self, process: Process, _: None) -> None:
        process.has_begun = True

    def _on_report(self, process: Process, data: dict[str, Any]) -> None:
        hook, was_over = self._session.config.hook, self._is_over()
        report = hook.pytest_report_from_serializable(config=self._session.config, data=data)
        hook.pytest_runtest_logreport(report=report)
        if self._is_over() and not was_over:
            for each in self._running.values():
                each.pipe.send([])

    def _on_warning(self, process: Process, given: dict[str, Any]) -> None:
        text, file, line = given.pop("message")
        message = warnings.WarningMessage(text, Warning, file, line)
        self._session.config.hook.pytest_warning_recorded.call_historic(
            kwargs={"warning_message": message, **given}
        )

    def _on_ended(self, process: Process, _: None) -> None:
        item = self._session.items[process.tests.popleft()]
        process.has_begun = False
        item.config.hook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)

    def _on_fault(self, process: Process, text: str) -> None:
        self._faults.append(text)

    def _on_bye(self, process: Process, _: None) -> None:
        process.is_done = True

    def _bury(self, process: Process) -> None:
        """Forget a process; when it died in a test, that one failed and another process takes over the rest."""
        del self._running[process.pipe]
        process.pipe.close()
        code = os.waitstatus_to_exitcode(os.waitpid(process.pid, 0)[1])
        if process.is_done:
            return
        if not process.has_begun:
            self._faults.append(f"process {process.number} ended with {code} between two tests")
            return
        item = self._session.items[process.tests.popleft()]
        report = pytest.TestReport(
            nodeid=item.nodeid,
            location=item.location,
            keywords={},
            outcome="failed",
            longrepr=f"the process of this test ended with {code}",
            when="call",
        )
        item.config.hook.pytest_runtest_logreport(report=report)
        self._schedule.take_back(process.tests)
        self._start(process.number)

    def _leave(self) -> None:
        """Wait for the processes that are still there; without an answer they clean up and end."""
        for process in self._running.values():
            process.pipe.close()
        for process in self._running.values():
            os.waitpid(process.pid, 0)


class Teller:
    """Tells the first process, from within another one, what came of the tests."""

    _is_new = True
    """While pytest still tells it of the warnings that the first process knows of already."""

    def __init__(self, config: pytest.Config, pipe: Connection[Any, Any]):
        self._config = config
        self._pipe = pipe
        config.pluginmanager.register(self)
        self._is_new = False

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Pass a report on."""
        data = self._config.hook.pytest_report_to_serializable(config=self._config, report=report)
        self._pipe.send(("report", data))

    def pytest_warning_recorded(
        self,
        warning_message: warnings.WarningMessage,
        when: str,
        nodeid: str,
        location: tuple[str, int, str] | None,
    ) -> None:
        """Pass a warning on as a sentence; the object may hold what no other process can."""
        if self._is_new:
            return
        text = f"{warning_message.category.__name__}: {warning_message.message}"
        message = (text, warning_message.filename, warning_message.lineno)
        given = {"message": message, "when": when, "nodeid": nodeid, "location": location}
        self._pipe.send(("warning", given))


def run_tests(session: pytest.Session, number: int, pipe: Connection[Any, Any]) -> NoReturn:
    """Run what this process is given until nothing is left, clean up and end the process."""
    config: Any = session.config
    code = 1
    try:
        _settle(config, number)
        Teller(config, pipe)
        # One test is asked for ahead: which fixtures stay open depends on what comes next.
        for item, following in pairwise(chain(_given(session, pipe), (None,))):
            pipe.send(("begun", None))
            config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            pipe.send(("ended", None))
        config._ensure_unconfigure()
        pipe.send(("bye", None))
        code = 0
    except BaseException:
        _say_fault(session, pipe)
    finally:
        _save_coverage()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _given(session: pytest.Session, pipe: Connection[Any, Any]) -> Iterator[pytest.Item]:
    while True:
        pipe.send(("next", None))
        tests: list[int] = pipe.recv()
        if not tests:
            return
        for test in tests:
            if pipe.poll():
                return
            yield session.items[test]


def _settle(config: Any, number: int) -> None:
    """Give this process what it must not share with the one that it is a fork of."""
    config.stash[NUMBER] = number
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    config.pluginmanager.unregister(reporter)
    # Who asks for the terminal still gets it; only the first process writes there of its own accord.
    config.pluginmanager.register(SimpleNamespace(_tw=reporter._tw), "terminalreporter")
    capturing = config.pluginmanager.get_plugin("capturemanager")
    capturing.stop_global_capturing()
    capturing.start_global_capturing()
    capturing.suspend_global_capture(in_=True)
    factory = config._tmp_path_factory
    factory._basetemp = factory.getbasetemp() / f"p{number}"
    factory._basetemp.mkdir(mode=0o700, exist_ok=True)


def _say_fault(session: Any, pipe: Connection[Any, Any]) -> None:
    text = traceback.format_exc()
    try:
        session._setupstate.teardown_exact(None)
        pipe.send(("fault", text))
        pipe.send(("bye", None))
    except Exception:
        traceback.print_exc()


def _save_coverage() -> None:
    if (coverage := sys.modules.get("coverage")) and (measured := coverage.Coverage.current()):
        measured.stop()
        measured.save()
