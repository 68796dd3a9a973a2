"""Cassettes in the pytest plugin: recorded against a second server, replayed when it is gone."""

import logging
import textwrap
from collections.abc import Iterator

import pytest

from mockserver import MockServer
from mockserver.recording.library import Library
from tests.plugin import ARGUMENTS, read_anew

ASK = """
import asyncio
import pytest
from openai import AsyncOpenAI, OpenAI

def ask(text, **more):
    messages = [{"role": "user", "content": text}]
    said = OpenAI(max_retries=0).chat.completions.create(model="qwen-plus", messages=messages, **more)
    return said.choices[0].message.content
"""

TEA = """
    @pytest.mark.dashscope(cassette=True)
    def test_tea(dashscope_mock):
        assert ask("Tea?") == "Oolong."
        (exchange,) = dashscope_mock.requests()
        assert exchange.answer == "Oolong."
        assert exchange.answered_by.startswith("recorded:exact:compat-qwen-plus-")

    @pytest.mark.dashscope(cassette=None)
    def test_coffee(dashscope_mock):
        assert ask("Coffee?") == "Oolong."
"""

KEY = "sk-planted-0123456789"


class Run:
    """A pytest run of one module, with an upstream to record from."""

    def __init__(self, pytester: pytest.Pytester, upstream: MockServer) -> None:
        self.pytester = pytester
        self.upstream = upstream

    def __call__(self, text: str, *arguments: str) -> pytest.RunResult:
        """Replays."""
        self.pytester.makepyfile(test_it=ASK + textwrap.dedent(text))
        return self.pytester.runpytest_inprocess(*ARGUMENTS, "-W", "ignore", *arguments)

    def record(self, text: str, *arguments: str, mode: str = "new") -> pytest.RunResult:
        """Records."""
        return self(text, "--dashscope-record", mode, "--dashscope-upstream", self.upstream.url, *arguments)

    def kept(self, folder: str = "cassettes/test_it") -> list[str]:
        """What the recordings say, in recorded order."""
        library = Library(self.pytester.path / folder)
        return [library.load(row).folded().choices[0].content for row in library.rows]


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    monkeypatch.setenv("DASHSCOPE_API_KEY", KEY)
    logger = logging.getLogger("uvicorn")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    with read_anew(), MockServer() as upstream:
        upstream.world(KEY).reply("Oolong.")
        yield Run(pytester, upstream)
    logger.setLevel(level)


def test_what_was_recorded_is_replayed_without_an_upstream(run: Run) -> None:
    run.record(TEA).assert_outcomes(passed=2)
    asked = run.upstream.world(KEY).requests()
    assert [exchange.last_user for exchange in asked] == ["Tea?", "Coffee?"]
    run.upstream.stop()
    run(TEA).assert_outcomes(passed=2)
    run.record(TEA).assert_outcomes(passed=2)
    assert run.kept() == ["Oolong.", "Oolong."]
    for file in (run.pytester.path / "cassettes").rglob("*.json"):
        assert KEY not in file.read_text("utf-8")


def test_all_records_in_the_place_of_what_was_there(run: Run) -> None:
    run.record(TEA).assert_outcomes(passed=2)
    run.upstream.world(KEY).reset()
    run.upstream.world(KEY).reply("Sencha.")
    anew = TEA.replace("Oolong", "Sencha")
    run.record(anew, mode="all").assert_outcomes(passed=2)
    assert run.kept() == ["Sencha.", "Sencha."]
    run(anew).assert_outcomes(passed=2)


def test_a_cassette_may_have_a_folder_of_its_own_or_be_switched_off(run: Run) -> None:
    text = """
        pytestmark = pytest.mark.dashscope(cassette="shared/tea")

        def test_own(dashscope_mock):
            assert ask("Tea?") == "Oolong."

        @pytest.mark.dashscope(cassette=False)
        def test_none(dashscope_mock):
            assert ask("Tea?") != "Oolong."
            assert dashscope_mock.requests()[0].answered_by == "built-in"
    """
    run.record(text).assert_outcomes(passed=2)
    run(text).assert_outcomes(passed=2)
    assert run.kept("shared/tea") == ["Oolong."]


@pytest.mark.parametrize("arguments", [(), ("--dashscope-record=new",)])
def test_scripts_and_faults_come_before_recordings(run: Run, arguments: tuple[str, ...]) -> None:
    run.record(TEA)
    run.upstream.stop()
    result = run(
        """
        @pytest.mark.dashscope(cassette=True)
        def test_scripted(dashscope_mock):
            dashscope_mock.when(last_user="Tea?").fail("Throttling.RateQuota", times=1)
            with pytest.raises(Exception, match="429"):
                ask("Tea?")
            assert ask("Tea?") == "Oolong."
            with pytest.raises(Exception, match="500"):
                ask("Tea?", extra_headers={"x-mock-fault": "InternalError"})
            by = [exchange.answered_by.split(":")[0] for exchange in dashscope_mock.requests()]
            assert by[:2] == [dashscope_mock.requests()[0].answered_by, "recorded"]
            assert len(OpenAI(api_key="none", max_retries=0).api_key) == 4
            with pytest.raises(Exception, match="401"):
                OpenAI(api_key="sk-invalid", max_retries=0).chat.completions.create(
                    model="qwen-plus", messages=[{"role": "user", "content": "Tea?"}]
                )
        """,
        *arguments,
        "--dashscope-upstream",
        run.upstream.url,
    )
    result.assert_outcomes(passed=1)


def test_what_the_rules_find_in_a_recorded_request_fails_a_test(run: Run) -> None:
    text = """
        @pytest.mark.dashscope(cassette=True, fail_on="harmful")
        def test_harmful():
            ask("Tea?", extra_body={"wibble": 1})

        @pytest.mark.dashscope(cassette=True, fail_on="refused")
        def test_refused():
            with pytest.raises(Exception):
                ask("Tea?", temperature=9)
    """
    run.record(text).assert_outcomes(passed=2, errors=2)
    result = run(text)
    result.assert_outcomes(passed=2, errors=2)
    result.stdout.fnmatch_lines(["*request 1 breaks * (harmful) at wibble: *", "*(refused) at temperature*"])


def test_a_miss_shows_the_nearest_recording(run: Run) -> None:
    run.record(TEA)
    result = run("""
        @pytest.mark.dashscope(cassette=True)
        def test_miss():
            ask("Tee?")

        @pytest.mark.dashscope(cassette=True, on_miss="built-in")
        def test_built_in(dashscope_mock):
            assert ask("Tee?")
            assert dashscope_mock.requests()[0].answered_by == "built-in"
    """)
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        [
            "*no recording matches this request; the nearest is compat-*",
            '*-*"text": "Tea?"*',
            '*+*"text": "Tee?"*',
        ]
    )


def test_a_cassette_that_cannot_be_is_explained(run: Run) -> None:
    result = run("""
        @pytest.mark.dashscope(cassette=True)
        def test_absent():
            pass

        @pytest.mark.dashscope(cassette="../elsewhere")
        def test_outside():
            pass
    """)
    result.assert_outcomes(errors=2)
    result.stdout.fnmatch_lines(["*is no cassette*", "*--dashscope-record=new records it*", "*leads out of*"])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--dashscope-upstream-key-env", "NOT_THERE"), "there is no key for dashscope.aliyuncs.com"),
        (("--dashscope-upstream", "http://dashscope.aliyuncs.com"), "keys do not travel without TLS"),
        (("-o", "dashscope_redact=("), "pattern"),
    ],
)
def test_an_upstream_that_cannot_be_is_explained(run: Run, arguments: tuple[str, ...], words: str) -> None:
    result = run(TEA, "--dashscope-record=new", *arguments)
    result.assert_outcomes(errors=2)
    assert words in result.stdout.str()
    assert KEY not in result.stdout.str()


def test_recordings_that_no_test_asked_for_are_listed_and_can_fail_the_run(run: Run) -> None:
    run.record(TEA)
    result = run(TEA, "-k", "coffee")
    assert result.ret == 0
    result.stdout.fnmatch_lines(["recordings of *test_it that no test asked for: compat-qwen-plus-*.json"])
    result = run(TEA, "-k", "coffee", "--dashscope-unused-recordings=fail")
    result.assert_outcomes(passed=1, deselected=1)
    assert result.ret == 1
    result = run(TEA, "-o", "dashscope_unused_recordings=fail")
    assert result.ret == 0
    result.stdout.no_fnmatch_line("*no test asked for*")


def test_own_patterns_are_not_recorded(run: Run) -> None:
    text = """
        @pytest.mark.dashscope(cassette=True)
        def test_secret():
            ask("My number is tea-4711.")
    """
    patterns = ("-o", r"dashscope_redact=tea-\d+")
    run.record(text, *patterns).assert_outcomes(passed=1)
    (file,) = (run.pytester.path / "cassettes" / "test_it").glob("*.json")
    assert "4711" not in file.read_text("utf-8")
    run(text, *patterns).assert_outcomes(passed=1)


def test_the_guard_holds_while_recording(run: Run) -> None:
    result = run.record("""
        import socket

        @pytest.mark.dashscope(cassette=True)
        def test_host():
            with pytest.raises(OSError):
                socket.create_connection(("dashscope.aliyuncs.com", 443))
            assert ask("Tea?") == "Oolong."
    """)
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*the test wanted to reach dashscope.aliyuncs.com*"])


def test_a_key_that_looks_real_may_go_to_the_upstream_but_not_from_the_client(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = "sk-" + "0123456789abcdef" * 2
    monkeypatch.setenv("DASHSCOPE_API_KEY", real)
    run.upstream.world(real).reply("Oolong.")
    run.record(TEA).assert_outcomes(passed=2)
    assert len(run.upstream.world(real).requests()) == 2
    result = run.record("""
        @pytest.mark.dashscope(cassette=True)
        def test_key():
            with pytest.raises(Exception):
                OpenAI(api_key="sk-" + "0123456789abcdef" * 2, max_retries=0).models.list()
    """)
    result.assert_outcomes(passed=1, errors=1)
    assert len(run.upstream.world(real).requests()) == 2


def test_an_upstream_that_does_not_answer_is_told_and_nothing_is_recorded(run: Run) -> None:
    run.upstream.stop()
    result = run.record("""
        @pytest.mark.dashscope(cassette=True)
        def test_gone(dashscope_mock):
            with pytest.raises(Exception, match="see that the upstream can be reached"):
                ask("Tea?")
    """)
    result.assert_outcomes(passed=1)
    assert run.kept() == []


def test_endpoints_beside_chat_are_recorded_too(run: Run) -> None:
    text = """
        @pytest.mark.dashscope(cassette=True)
        def test_models():
            assert "qwen-plus" in {model.id for model in OpenAI(max_retries=0).models.list()}
    """
    run.record(text).assert_outcomes(passed=1)
    run.upstream.stop()
    run(text).assert_outcomes(passed=1)


MANY = """
@pytest.mark.parametrize("number", range(6))
@pytest.mark.dashscope(cassette=True)
def test_sync(dashscope_mock, number):
    assert ask(f"Cup {number}?") == "Oolong."
    assert len(dashscope_mock.requests()) == 1

@pytest.mark.parametrize("number", range(6))
@pytest.mark.dashscope(cassette="cassettes/async")
@pytest.mark.anyio
async def test_async(dashscope_mock, number):
    async def one(turn):
        messages = [{"role": "user", "content": f"Glass {number} {turn % 2}?"}]
        said = await client.chat.completions.create(model="qwen-plus", messages=messages)
        return said.choices[0].message.content

    async with AsyncOpenAI(max_retries=0) as client:
        said = await asyncio.gather(*(one(turn) for turn in range(4)))
    assert said == ["Oolong."] * 4
    assert len(dashscope_mock.requests()) == 4

@pytest.fixture
def anyio_backend():
    return "asyncio"
"""


def test_two_workers_record_and_replay_side_by_side(run: Run) -> None:
    run.pytester.makepyfile(test_it=ASK + MANY)
    arguments = [*ARGUMENTS, "-W", "ignore", "-n", "2", "--dashscope-unused-recordings=fail"]
    upstream = ["--dashscope-record=new", "--dashscope-upstream", run.upstream.url]
    result = run.pytester.runpytest_subprocess(*arguments, *upstream)
    result.assert_outcomes(passed=12)
    assert result.ret == 0
    run.upstream.stop()
    assert run.kept() == ["Oolong."] * 6
    assert run.kept("cassettes/async") == ["Oolong."] * 12
    result = run.pytester.runpytest_subprocess(*arguments, "-k", "not test_sync[5]")
    result.assert_outcomes(passed=11)
    assert result.ret == 1
    result.stdout.fnmatch_lines(["recordings of *test_it that no test asked for: compat-qwen-plus-*.json"])
