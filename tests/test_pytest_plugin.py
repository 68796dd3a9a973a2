"""The pytest plugin, in a pytest of its own: worlds, markers, guard, reports, xdist and asyncio."""

import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mockserver import MockServer, pytest_plugin
from tests.plugin import ARGUMENTS, read_anew

ASK = """
import pytest
from openai import OpenAI

def ask(text, **more):
    messages = [{"role": "user", "content": text}]
    said = OpenAI(max_retries=0).chat.completions.create(model="qwen-plus", messages=messages, **more)
    return said.choices[0].message.content
"""


class Run:
    """A pytest run of one module."""

    def __init__(self, pytester: pytest.Pytester) -> None:
        self.pytester = pytester

    def __call__(self, text: str, *arguments: str) -> pytest.RunResult:
        self.pytester.makepyfile(test_it=ASK + textwrap.dedent(text))
        return self.pytester.runpytest_inprocess(*ARGUMENTS, "-W", "ignore", *arguments)


@pytest.fixture
def run(pytester: pytest.Pytester) -> Iterator[Run]:
    with read_anew():
        yield Run(pytester)


def test_a_session_finds_what_it_stashed_whoever_read_the_plugin_anew() -> None:
    before = pytest_plugin._USED
    with read_anew():
        assert pytest_plugin._USED is not before
    assert pytest_plugin._USED is before


def test_each_test_has_a_world_of_its_own(run: Run) -> None:
    result = run("""
        @pytest.mark.parametrize("word", ["a", "b", "c"])
        def test_mine(dashscope_mock, word):
            dashscope_mock.when(last_user="Tea?").reply(word)
            assert ask("Tea?") == word
            assert len(dashscope_mock.requests()) == 1

        def test_other(dashscope_mock):
            assert ask("Tea?") not in ("a", "b", "c")
    """)
    result.assert_outcomes(passed=4)


def test_the_marker_brings_fixture_scenario_and_miss(run: Run) -> None:
    run.pytester.makefile(".yaml", tea="replies: [{match: {last_user: Tea?}, reply: {content: Oolong.}}]")
    result = run("""
        @pytest.mark.dashscope(scenario="tea.yaml", on_miss="error")
        def test_marked():
            assert ask("Tea?") == "Oolong."
            with pytest.raises(Exception, match="nearest: tea.yaml:1"):
                ask("Tee?")

        @pytest.mark.dashscope(scenario=["tea.yaml"])
        class TestClass:
            @pytest.mark.dashscope(on_miss="error")
            def test_both(self, dashscope_mock):
                assert ask("Tea?") == "Oolong."
                with pytest.raises(Exception, match="404"):
                    ask("Tee?")
    """)
    result.assert_outcomes(passed=2)


def test_a_broken_scenario_is_an_error_with_its_line(run: Run) -> None:
    run.pytester.makefile(".yaml", tea="replies:\n  - replyy: {}")
    result = run("""
        @pytest.mark.dashscope(scenario="tea.yaml")
        def test_marked():
            pass
    """)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*tea.yaml:2:5: error: replies?0? has no field 'replyy' (did you*"])


def test_the_warnings_of_a_scenario_stand_in_a_failing_report(run: Run) -> None:
    run.pytester.makefile(".yaml", tea="replies: [{match: {model: qwen-plis}, reply: {}}]")
    result = run("""
        @pytest.mark.dashscope(scenario="tea.yaml")
        def test_marked():
            assert False
    """)
    result.stdout.fnmatch_lines(["*no model is named 'qwen-plis'*"])


@pytest.mark.parametrize("mark", ["senario='x'", "'tea.yaml'"])
def test_a_marker_that_cannot_be_is_explained(run: Run, mark: str) -> None:
    result = run(f"""
        @pytest.mark.dashscope({mark})
        def test_marked():
            pass
    """)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*it takes scenario, cassette, on_miss, fail_on and unused*"])


def test_a_failing_test_shows_its_exchanges(run: Run) -> None:
    result = run("""
        def test_failing(dashscope_mock):
            dashscope_mock.reply("Oolong.")
            assert ask("Tea?") == "Green."

        def test_silent(dashscope_mock):
            assert False
    """)
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(
        [
            "*dashscope mock*",
            "#1 *qwen-plus*",
            "  user      Tea?",
            "  says      Oolong.",
            "*No request came with*",
        ]
    )


def test_what_was_written_wrongly_is_told_without_our_frames(run: Run) -> None:
    Path("tea.yaml").write_text("reply: []\n", "utf-8")
    result = run("""
        def test_condition(dashscope_mock):
            dashscope_mock.when(last_usr="Tea?").reply("Oolong.")

        def test_count(dashscope_mock):
            dashscope_mock.verify(count=1)

        def test_scenario(dashscope_mock):
            dashscope_mock.play("tea.yaml")

        @pytest.mark.dashscope(scenario="tea.yaml")
        def test_marked():
            pass
    """)
    result.assert_outcomes(failed=3, errors=1)
    told = result.stdout.str()
    assert "the nearest known one is 'last_user'" in told
    assert told.count("the scenario has no field 'reply' (it belongs under 'replies')") >= 2
    assert "mockserver/testing" not in told
    assert "self._channel" not in told
    # Only one of these may have failed because the app asks elsewhere.
    assert told.count("No request came with") == 1
    assert "another exception occurred" not in told


HARMFUL = """
    def test_harmful(dashscope_mock):
        with pytest.raises(Exception):
            ask("Tea?", temperature=9)
"""


def test_findings_fail_a_test_when_that_is_asked_for(run: Run) -> None:
    run(HARMFUL).assert_outcomes(passed=1)
    result = run(HARMFUL, "--dashscope-fail-on", "refused")
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*request 1 breaks * (refused) at temperature: *", "*dashscope mock*"])
    run(HARMFUL, "-o", "dashscope_fail_on=harmful").assert_outcomes(passed=1, errors=1)
    result = run(HARMFUL, "-o", "dashscope_fail_on=sometimes")
    result.stdout.fnmatch_lines(["*fail_on is 'sometimes': it must be one of never, refused*"])


def test_an_unused_script_fails_a_test_when_that_is_asked_for(run: Run) -> None:
    text = """
        def test_unused(dashscope_mock):
            dashscope_mock.when(last_user="Tea?").reply("a")
            dashscope_mock.reply("b")
            ask("Coffee?")
    """
    run(text).assert_outcomes(passed=1)
    result = run(text, "--dashscope-unused=fail")
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*reply-* never answered: it waits for {'last_user': 'Tea?'}*"])


def test_the_real_service_fails_a_test_even_if_the_app_swallows_it(run: Run) -> None:
    result = run("""
        import socket

        def test_host(dashscope_mock):
            with pytest.raises(OSError):
                socket.create_connection(("dashscope.aliyuncs.com", 443))

        def test_key(dashscope_mock):
            client = OpenAI(api_key="sk-" + "0123456789abcdef" * 2, max_retries=0)
            with pytest.raises(Exception):
                client.models.list()
    """)
    result.assert_outcomes(passed=2, errors=2)
    result.stdout.fnmatch_lines(
        ["*the test wanted to reach dashscope.aliyuncs.com*", "*a key that looks real (sk-012...)*"]
    )
    assert "0123456789abcdef0" not in result.stdout.str().replace('"0123456789abcdef"', "")


def test_nothing_is_imported_while_no_test_asks_for_it(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        import sys

        def test_cheap():
            assert "mockserver.pytest_plugin" in sys.modules
            loaded = {name for name in sys.modules if name.startswith("mockserver")}
            version = {"mockserver.base", "mockserver.base.version"}
            assert loaded == {"mockserver", "mockserver.pytest_plugin", *version}
            assert "starlette" not in sys.modules
    """)
    pytester.runpytest_subprocess(*ARGUMENTS).assert_outcomes(passed=1)


CLASHING = """
import asyncio
import pytest
from openai import AsyncOpenAI, OpenAI

MESSAGES = [{"role": "user", "content": "Tea?"}]

@pytest.mark.parametrize("number", range(COUNT))
def test_sync(dashscope_mock, number):
    dashscope_mock.when(last_user="Tea?").reply(f"cup {number}").then(f"pot {number}")
    with OpenAI() as client:
        said = [client.chat.completions.create(model="qwen-plus", messages=MESSAGES) for _ in range(2)]
    assert [each.choices[0].message.content for each in said] == [f"cup {number}", f"pot {number}"]
    assert len(dashscope_mock.requests()) == 2

@pytest.mark.parametrize("number", range(COUNT))
@pytest.mark.anyio
async def test_async(dashscope_mock, number):
    dashscope_mock.when(last_user="Tea?").reply(f"glass {number}")
    async with AsyncOpenAI() as client:
        asked = [client.chat.completions.create(model="qwen-plus", messages=MESSAGES) for _ in range(3)]
        said = await asyncio.gather(*asked)
    assert {each.choices[0].message.content for each in said} == {f"glass {number}"}

@pytest.fixture
def anyio_backend():
    return "asyncio"
"""


SHARED = """
from openai import OpenAI

def test_mine(dashscope_mock):
    dashscope_mock.reply("Oolong.", times=1)
    messages = [{"role": "user", "content": "Tea?"}]
    said = OpenAI(max_retries=0).chat.completions.create(model="qwen-plus", messages=messages)
    assert said.choices[0].message.content == "Oolong."
    assert dashscope_mock.url == "URL"
"""


def test_sessions_share_a_server_that_runs_already_and_never_meet(pytester: pytest.Pytester) -> None:
    with MockServer() as server:
        pytester.makepyfile(test_it=SHARED.replace("URL", server.url))
        asked = ("--dashscope-url", f"{server.url}/")
        for more in ((), ("-n", "2")):
            result = pytester.runpytest_subprocess(*ARGUMENTS, "-W", "ignore", *asked, *more)
            result.assert_outcomes(passed=1)
        pytester.makeini(f"[pytest]\ndashscope_url = {server.url}")
        pytester.runpytest_subprocess(*ARGUMENTS, "-W", "ignore").assert_outcomes(passed=1)


def test_the_key_of_a_test_is_another_one_in_every_session() -> None:
    key = pytest_plugin._key("tests/test_it.py::test_mine")
    with read_anew():
        assert pytest_plugin._key("tests/test_it.py::test_mine") != key
    assert pytest_plugin._key("tests/test_it.py::test_mine") == key


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "http://127.0.0.1:99999", "nowhere"])
def test_a_server_that_does_not_answer_is_named_with_what_to_do(run: Run, url: str) -> None:
    result = run("def test_mine(dashscope_mock): pass", "--dashscope-url", url)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([f"*no dashscope-mock answers at {url} (*): start one with*"])


def test_a_worker_of_xdist_is_told_of_no_server_when_one_runs_already() -> None:
    config: Any = Config(url="http://127.0.0.1:8000")
    node = Node(config)
    pytest_plugin.pytest_configure_node(node)
    assert node.workerinput == {}


def test_workers_share_one_server_and_never_meet(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_it=CLASHING.replace("COUNT", "10"))
    result = pytester.runpytest_subprocess(*ARGUMENTS, "-W", "ignore", "-n", "2")
    result.assert_outcomes(passed=20)


class Node:
    """A worker of xdist as the controller sees it."""

    def __init__(self, config: Any) -> None:
        self.config = config
        self.workerinput: dict[str, str] = {}


class Config:
    """The settings of a session."""

    def __init__(self, *, url: str = "") -> None:
        self.stash = pytest.Stash()
        self._given = {"dashscope_region": "us", "dashscope_url": url}

    def getoption(self, name: str) -> str:
        return self._given[name]

    def getini(self, name: str) -> str:
        return {"dashscope_url": ""}[name]


def test_the_controllers_server_opens_at_the_first_call_only() -> None:
    from mockserver.testing.channel import HttpChannel  # noqa: PLC0415

    config: Any = Config()
    nodes = [Node(config), Node(config)]
    for node in nodes:
        pytest_plugin.pytest_configure_node(node)
    urls = {node.workerinput["dashscope_mock_url"] for node in nodes}
    assert len(urls) == 1
    assert b"replies" in HttpChannel(urls.pop()).call("GET", "replies")
    pytest_plugin.pytest_unconfigure(config)
    pytest_plugin.pytest_unconfigure(config)


def test_the_controllers_socket_is_closed_when_nobody_called() -> None:
    config: Any = Config()
    pytest_plugin.pytest_configure_node(Node(config))
    lobby = config.stash[pytest_plugin._LOBBY]
    pytest_plugin.pytest_unconfigure(config)
    assert lobby.sock.fileno() == -1
    assert sys.modules["mockserver.pytest_plugin"] is pytest_plugin
