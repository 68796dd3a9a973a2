"""The pytest plugin: one server a session, one world a test.

    def test_my_app(dashscope_mock):
        dashscope_mock.when(last_user="Hello").reply("Hi!")

Under xdist all workers share one server, which the controller opens when the first of them calls.
Nothing of the server is imported before a test asks for it.
"""

import os
import select
import socket
import threading
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from mockserver.embedded import MockServer
    from mockserver.mock import Mock

_SEVERITIES = ("never", "refused", "refused-by-some", "harmful")
_MARK = (
    "dashscope(scenario, on_miss, fail_on, unused): run the test against the mock of DashScope; `scenario` "
    "is a file beside the test or several, `on_miss` built-in or error, `fail_on` the mildest finding that "
    "fails it, `unused` fail or allow."
)
_URL = "dashscope_mock_url"
_LOBBY: "pytest.StashKey[_Lobby]" = pytest.StashKey()
_REPORT: pytest.StashKey[str] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options, each of them in the settings file too."""
    group = parser.getgroup("dashscope", "mock of DashScope")
    group.addoption(
        "--dashscope-fail-on",
        choices=_SEVERITIES,
        default=None,
        help="fail a test whose requests have a finding of this severity or a graver one (default: never)",
    )
    group.addoption(
        "--dashscope-unused",
        choices=("allow", "fail"),
        default=None,
        help="whether a scripted reply that never answered fails its test (default: allow)",
    )
    parser.addini("dashscope_fail_on", "the same as --dashscope-fail-on", default="never")
    parser.addini("dashscope_unused", "the same as --dashscope-unused", default="allow")


def pytest_configure(config: pytest.Config) -> None:
    """Names the marker."""
    config.addinivalue_line("markers", _MARK)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test with the marker has the fixture, whether it names it or not."""
    for item in items:
        names = getattr(item, "fixturenames", None)
        if names is not None and item.get_closest_marker("dashscope") and "dashscope_mock" not in names:
            names.append("dashscope_mock")


class _Lobby:
    """A listening socket in the controller of xdist; the server behind it opens at the first call."""

    def __init__(self) -> None:
        self.sock = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self.url = f"http://127.0.0.1:{self.sock.getsockname()[1]}"
        self._wake, self._woken = socket.socketpair()
        self._server: MockServer | None = None
        self._thread = threading.Thread(target=self._wait, name="dashscope-mock-lobby", daemon=True)
        self._thread.start()

    def _wait(self) -> None:
        called, _, _ = select.select([self.sock, self._woken], [], [])
        if self._woken in called:
            self.sock.close()
            return
        from mockserver.embedded import MockServer  # noqa: PLC0415

        self._server = MockServer(journal=100_000).start(self.sock)

    def close(self) -> None:
        self._wake.send(b".")
        self._thread.join()
        if self._server is not None:
            self._server.stop()
        self._wake.close()
        self._woken.close()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tells a worker of xdist where the server is."""
    stash = node.config.stash
    if _LOBBY not in stash:
        stash[_LOBBY] = _Lobby()
    node.workerinput[_URL] = stash[_LOBBY].url


def pytest_unconfigure(config: pytest.Config) -> None:
    """Closes the server of the workers."""
    lobby = config.stash.get(_LOBBY, None)
    if lobby is not None:
        lobby.close()
        del config.stash[_LOBBY]


@pytest.fixture(scope="session")
def dashscope_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of the server that all tests of the session share."""
    shared = getattr(request.config, "workerinput", {}).get(_URL)
    if shared is not None:
        yield shared
        return
    from mockserver.embedded import MockServer  # noqa: PLC0415

    with MockServer(journal=100_000) as server:
        yield server.url


def _key(name: str) -> str:
    """The key of a test: its own, and none that anybody was given."""
    digest = blake2b(f"{name} {os.getpid()}".encode(), digest_size=6).hexdigest()
    return f"sk-test-{digest}"


def _files(request: pytest.FixtureRequest, options: dict[str, Any]) -> list[Path]:
    scenario = options.get("scenario", ())
    given = [scenario] if isinstance(scenario, str | Path) else list(scenario)
    return [request.path.parent / file for file in given]


def _options(request: pytest.FixtureRequest) -> dict[str, Any]:
    """What the markers of a test say, the nearest one last."""
    options: dict[str, Any] = {}
    for mark in reversed(list(request.node.iter_markers("dashscope"))):
        unknown = set(mark.kwargs) - {"scenario", "on_miss", "fail_on", "unused"}
        if unknown or mark.args:
            said = ", ".join(sorted(unknown)) or "arguments without a name"
            msg = f"the marker dashscope does not take {said}; it takes scenario, on_miss, fail_on and unused"
            raise pytest.UsageError(msg)
        options |= mark.kwargs
    return options


def _chosen(request: pytest.FixtureRequest, options: dict[str, Any], name: str) -> str:
    config = request.config
    option = config.getoption(f"dashscope_{name}")
    return str(options.get(name) or option or config.getini(f"dashscope_{name}"))


def _faults(mock: "Mock", stopped: list[str], *, fail_on: str, unused: str) -> Iterator[str]:
    """What is wrong with a test that passed."""
    yield from stopped
    if fail_on not in _SEVERITIES:
        yield f"fail_on is {fail_on!r}: it must be one of {', '.join(_SEVERITIES)}"
        return
    grave = _SEVERITIES[1 : _SEVERITIES.index(fail_on) + 1]
    for exchange in mock.requests() if grave else ():
        for finding in exchange.findings:
            if finding["severity"] in grave:
                yield (
                    f"request {exchange.number} breaks {finding['rule']} ({finding['severity']}) at "
                    f"{finding['path']}: {finding['message']}"
                )
    if unused == "fail":
        for script in mock.unused():
            match = {name: spec for name, spec in script["match"].items() if name != "key"}
            yield f"{script['id']} never answered: it waits for {match or 'any request'}"


@pytest.fixture
def dashscope_mock(request: pytest.FixtureRequest, dashscope_url: str) -> Iterator["Mock"]:
    """The mock of DashScope with a world of this test's own; the SDKs' environment points to it."""
    from mockserver.channel import HttpChannel  # noqa: PLC0415
    from mockserver.guard import guarding  # noqa: PLC0415
    from mockserver.mock import Mock  # noqa: PLC0415

    options = _options(request)
    mock = Mock(HttpChannel(dashscope_url), dashscope_url, _key(request.node.nodeid))
    mock.reset()
    files = _files(request, options)
    if files:
        for warning in mock.play(*files):
            request.node.add_report_section("setup", "dashscope scenario", warning)
    if "on_miss" in options:
        mock.on_miss(options["on_miss"])
    with mock.environment(), guarding() as guard:
        yield mock
        request.node.stash[_REPORT] = _report(mock, guard.stopped)
        fail_on, unused = _chosen(request, options, "fail_on"), _chosen(request, options, "unused")
        found = list(_faults(mock, guard.stopped, fail_on=fail_on, unused=unused))
        mock.reset()
    if found:
        pytest.fail("\n".join(found), pytrace=False)


def _report(mock: "Mock", stopped: list[str]) -> str:
    """What a failing test shows of its world."""
    exchanges = mock.requests()
    lines = [f"guard: {message}" for message in stopped]
    lines += [str(exchange) for exchange in exchanges]
    if not exchanges:
        lines.append(
            "No request came with this test's key. Does the app take its key and its base URL from the "
            "environment, and is its client made inside of the test?"
        )
    return "\n\n".join(lines)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    """Adds what was asked, answered and found to the report of a failing test."""
    report: pytest.TestReport = yield
    mock = getattr(item, "funcargs", {}).get("dashscope_mock")
    if report.failed and mock is not None and call.when == "call":
        report.sections.append(("dashscope mock", _report(mock, [])))
    elif report.failed and call.when == "teardown" and _REPORT in item.stash:
        report.sections.append(("dashscope mock", item.stash[_REPORT]))
    return report
