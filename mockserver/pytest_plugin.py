"""The pytest plugin: one server a session, one world a test.

    def test_my_app(dashscope_mock):
        dashscope_mock.when(last_user="Hello").reply("Hi!")

Under xdist all workers share one server, which the controller opens when the first of them calls. Tests with
a cassette have one server a worker, for it plays the cassette of one test at a time. With `--dashscope-url`
all others ask a server that runs already, which other sessions and hosts may share.
Nothing of the server is imported before a test asks for it.
"""

import os
import select
import shutil
import socket
import threading
from collections.abc import Iterable, Iterator, Mapping
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from mockserver.testing.deck import Deck
    from mockserver.testing.embedded import MockServer
    from mockserver.testing.mock import Mock

_SEVERITIES = ("never", "refused", "refused-by-some", "harmful")
_MARK = (
    "dashscope(scenario, cassette, on_miss, fail_on, unused): run the test against the mock of DashScope; "
    "`scenario` is a file beside the test or several, `cassette` a folder of recordings beside it or True "
    "for cassettes/<module>, `on_miss` built-in or error, `fail_on` the mildest finding that fails it, "
    "`unused` fail or allow."
)
_TAKEN = ("scenario", "cassette", "on_miss", "fail_on", "unused")
_UPSTREAM = "https://dashscope.aliyuncs.com"
_URL = "dashscope_mock_url"
_SESSION = os.urandom(8)
"""What tells the keys of this session's tests from those of the same tests elsewhere."""
_LOBBY: "pytest.StashKey[_Lobby]" = pytest.StashKey()
_REPORT: pytest.StashKey[str] = pytest.StashKey()
_UPSTREAM_KEY: pytest.StashKey[str | None] = pytest.StashKey()
_USED: pytest.StashKey[dict[str, set[str]]] = pytest.StashKey()
_NEVER_ASKED: pytest.StashKey[dict[str, list[str]]] = pytest.StashKey()
_OUTPUT = "dashscope_recordings"


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
    group.addoption(
        "--dashscope-record",
        choices=("none", "new", "all"),
        default="none",
        help="none: replay cassettes, ask nobody (default); new: record what is not known; all: record anew",
    )
    group.addoption(
        "--dashscope-upstream",
        metavar="URL",
        default=None,
        help="where recordings are made (default: https://dashscope.aliyuncs.com)",
    )
    group.addoption(
        "--dashscope-upstream-key-env",
        metavar="NAME",
        default=None,
        help="the environment variable with the key for it (default: DASHSCOPE_API_KEY)",
    )
    group.addoption(
        "--dashscope-unused-recordings",
        choices=("allow", "fail"),
        default=None,
        help="whether recordings that no test asked for fail the run (default: allow)",
    )
    group.addoption(
        "--dashscope-region",
        choices=("cn", "intl", "us"),
        default=None,
        help="as which region requests are answered whose Host names none (default: cn)",
    )
    group.addoption(
        "--dashscope-url",
        metavar="URL",
        default=None,
        help="a server that runs already, for all tests but those with a cassette (default: one of our own)",
    )
    parser.addini("dashscope_url", "the same as --dashscope-url", default="")
    parser.addini("dashscope_region", "the same as --dashscope-region", default="cn")
    parser.addini("dashscope_upstream", "the same as --dashscope-upstream", default=_UPSTREAM)
    parser.addini("dashscope_upstream_key_env", "the same as the option", default="DASHSCOPE_API_KEY")
    parser.addini("dashscope_unused_recordings", "the same as --dashscope-unused-recordings", default="allow")
    parser.addini("dashscope_redact", "patterns of what is not recorded, one a line", type="linelist")
    parser.addini("dashscope_fail_on", "the same as --dashscope-fail-on", default="never")
    parser.addini("dashscope_unused", "the same as --dashscope-unused", default="allow")


def pytest_configure(config: pytest.Config) -> None:
    """Names the marker, and takes the key for the upstream before any test changes the environment."""
    config.addinivalue_line("markers", _MARK)
    config.stash[_USED] = {}
    if config.getoption("dashscope_record") != "none":
        config.stash[_UPSTREAM_KEY] = os.environ.get(_setting(config, "upstream_key_env"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test with the marker has the fixture, whether it names it or not."""
    for item in items:
        names = getattr(item, "fixturenames", None)
        if names is not None and item.get_closest_marker("dashscope") and "dashscope_mock" not in names:
            names.append("dashscope_mock")


class _Lobby:
    """A listening socket in the controller of xdist; the server behind it opens at the first call."""

    def __init__(self, region: str) -> None:
        self._region = region
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
        from mockserver.testing.embedded import MockServer  # noqa: PLC0415

        self._server = MockServer(journal=100_000, region=self._region).start(self.sock)

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
    if _setting(node.config, "url"):
        return  # the worker has the same settings
    stash = node.config.stash
    if _LOBBY not in stash:
        stash[_LOBBY] = _Lobby(_setting(node.config, "region"))
    node.workerinput[_URL] = stash[_LOBBY].url


def pytest_unconfigure(config: pytest.Config) -> None:
    """Closes the server of the workers."""
    lobby = config.stash.get(_LOBBY, None)
    if lobby is not None:
        lobby.close()
        del config.stash[_LOBBY]


def _keep_used(config: pytest.Config, used: Mapping[Any, Iterable[str]]) -> None:
    for folder, names in used.items():
        config.stash[_USED].setdefault(str(folder), set()).update(names)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Takes from a worker of xdist which recordings its tests used."""
    _keep_used(node.config, (getattr(node, "workeroutput", None) or {}).get(_OUTPUT, {}))


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Finds the recordings that no test asked for; a worker of xdist leaves that to the controller."""
    config = session.config
    used = config.stash[_USED]
    if hasattr(config, "workeroutput"):
        config.workeroutput[_OUTPUT] = {folder: sorted(names) for folder, names in used.items()}
        return
    if not used:
        return
    from mockserver.testing.deck import never_asked  # noqa: PLC0415

    found = {folder: never_asked(Path(folder), names) for folder, names in sorted(used.items())}
    config.stash[_NEVER_ASKED] = found
    failing = _setting(config, "unused_recordings") == "fail"
    if failing and any(found.values()) and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Lists the recordings that no test asked for."""
    for folder, names in config.stash.get(_NEVER_ASKED, {}).items():
        if names:
            terminalreporter.write_line(f"recordings of {folder} that no test asked for: {', '.join(names)}")


@pytest.fixture(scope="session")
def _dashscope_deck(request: pytest.FixtureRequest) -> Iterator["Deck"]:
    """The server of this process that plays and records cassettes."""
    from mockserver.recorder.upstream import UpstreamError  # noqa: PLC0415
    from mockserver.recording.redaction import RedactionError  # noqa: PLC0415
    from mockserver.testing.deck import Deck  # noqa: PLC0415

    config = request.config
    try:
        deck = Deck.of(
            config.getoption("dashscope_record"),
            upstream=_setting(config, "upstream"),
            key=config.stash.get(_UPSTREAM_KEY, None),
            patterns=config.getini("dashscope_redact"),
        )
    except (RedactionError, UpstreamError) as error:
        pytest.fail(str(error), pytrace=False)
    deck.start()
    yield deck
    deck.stop()
    _keep_used(config, deck.used)


@pytest.fixture(scope="session")
def dashscope_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of the server that all tests of the session share."""
    running = _setting(request.config, "url")
    if running:
        yield _reached(running.rstrip("/"))
        return
    shared = getattr(request.config, "workerinput", {}).get(_URL)
    if shared is not None:
        yield shared
        return
    from mockserver.testing.embedded import MockServer  # noqa: PLC0415

    with MockServer(journal=100_000, region=_setting(request.config, "region")) as server:
        yield server.url


def _reached(url: str) -> str:
    """The URL of a server that runs already; the test fails when none of ours answers there."""
    from http.client import HTTPException  # noqa: PLC0415

    from mockserver.testing.channel import ControlError, HttpChannel  # noqa: PLC0415

    try:
        HttpChannel(url).call("GET", "health")
    except (OSError, ValueError, HTTPException, ControlError) as error:
        fix = "start one with `dashscope-mock serve`, or leave --dashscope-url out"
        pytest.fail(f"no dashscope-mock answers at {url} ({error}): {fix}", pytrace=False)
    return url


def _setting(config: pytest.Config, name: str) -> str:
    """An option of the command line, else of the settings file."""
    return str(config.getoption(f"dashscope_{name}") or config.getini(f"dashscope_{name}"))


def _key(name: str) -> str:
    """The key of a test: its own, whoever shares the server, and none that anybody was given."""
    digest = blake2b(f"{name} {os.getpid()}".encode(), digest_size=6, key=_SESSION).hexdigest()
    return f"sk-test-{digest}"


def _files(request: pytest.FixtureRequest, options: dict[str, Any]) -> list[Path]:
    scenario = options.get("scenario", ())
    given = [scenario] if isinstance(scenario, str | Path) else list(scenario)
    return [request.path.parent / file for file in given]


def _options(request: pytest.FixtureRequest) -> dict[str, Any]:
    """What the markers of a test say, the nearest one last."""
    options: dict[str, Any] = {}
    for mark in reversed(list(request.node.iter_markers("dashscope"))):
        unknown = set(mark.kwargs) - set(_TAKEN)
        if unknown or mark.args:
            said = ", ".join(sorted(unknown)) or "arguments without a name"
            taken = f"{', '.join(_TAKEN[:-1])} and {_TAKEN[-1]}"
            msg = f"the marker dashscope does not take {said}; it takes {taken}"
            raise pytest.UsageError(msg)
        options |= mark.kwargs
    return options


def _chosen(request: pytest.FixtureRequest, options: dict[str, Any], name: str) -> str:
    return str(options.get(name) or _setting(request.config, name))


def _server(request: pytest.FixtureRequest, options: dict[str, Any]) -> str:
    """The URL of the server of a test, with its cassette in it when it has one."""
    cassette = options.get("cassette", False)
    if cassette is False:
        return str(request.getfixturevalue("dashscope_url"))
    from mockserver.recording.cassette import CassetteError  # noqa: PLC0415
    from mockserver.testing.deck import cassette_of  # noqa: PLC0415

    deck = request.getfixturevalue("_dashscope_deck")
    try:
        folder = cassette_of(request.path, None if cassette in (True, None) else str(cassette))
        deck.insert(folder, strict_miss=options.get("on_miss") != "built-in")
    except (CassetteError, ValueError) as error:
        hint = "" if deck.upstream else "\n(--dashscope-record=new records it)"
        pytest.fail(f"{error}{hint}", pytrace=False)
    return str(deck.url)


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
def dashscope_mock(request: pytest.FixtureRequest) -> Iterator["Mock"]:
    """The mock of DashScope with a world of this test's own; the SDKs' environment points to it."""
    from mockserver.scenario.problem import BrokenScenarioError  # noqa: PLC0415
    from mockserver.testing.channel import HttpChannel  # noqa: PLC0415
    from mockserver.testing.guard import guarding  # noqa: PLC0415
    from mockserver.testing.mock import Mock  # noqa: PLC0415

    options = _options(request)
    url = _server(request, options)
    key = _key(request.node.nodeid)
    mock = Mock(HttpChannel(url, key=key), url, key)
    mock.reset()
    files = _files(request, options)
    if files:
        warnings, broken = [], ""
        try:
            warnings = mock.play(*files)
        except BrokenScenarioError as error:
            broken = str(error)
        if broken:  # not within the handler: the report would tell it twice
            pytest.fail(broken, pytrace=False)
        for warning in warnings:
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


_SILENCE = (
    "No request came with this test's key. Does the app take its key and its base URL\n"
    "from the environment, and is its client made inside of the test?"
)


def _report(mock: "Mock", stopped: list[str], silence: str = _SILENCE) -> str:
    """What a failing test shows of its world."""
    from mockserver.testing.report import folded  # noqa: PLC0415

    lines = [f"guard: {message}" for message in stopped]
    lines.append(folded(mock.report(), shutil.get_terminal_size().columns) or silence)
    return "\n\n".join(lines)


def _wonders(error: BaseException) -> bool:
    """Whether silence may be why a test failed: not where Python or we said what was written wrongly."""
    ours_or_python = type(error).__module__.partition(".")[0] in ("builtins", "mockserver")
    return isinstance(error, AssertionError | OSError) or not ours_or_python


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    """Adds what was asked, answered and found to the report of a failing test."""
    report: pytest.TestReport = yield
    mock = getattr(item, "funcargs", {}).get("dashscope_mock")
    if report.failed and mock is not None and call.when == "call":
        silence = _SILENCE if call.excinfo is None or _wonders(call.excinfo.value) else ""
        told = _report(mock, [], silence)
        if told:
            report.sections.append(("dashscope mock", told))
    elif report.failed and call.when == "teardown" and _REPORT in item.stash:
        report.sections.append(("dashscope mock", item.stash[_REPORT]))
    return report
