"""The verbs of a mock as the calls that they become."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.scenario.problem import BrokenScenarioError
from mockserver.testing.channel import ControlError
from mockserver.testing.exchange import Exchange
from mockserver.testing.matchers import contains
from mockserver.testing.mock import Mock


class Wire:
    """A channel that keeps what is called and gives these answers."""

    def __init__(self, **answers: Any) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self._answers: dict[str, Any] = {"replies": {"id": "reply-1"}, **answers}

    def call(self, method: str, path: str, body: Any = None, **query: Any) -> bytes:
        """One call."""
        self.calls.append((method, path, json.loads(json.dumps(body)), query))
        answer = self._answers.get(path, {})
        return answer if isinstance(answer, bytes) else json.dumps(answer).encode()

    @property
    def last(self) -> Any:
        """The body of the last call."""
        return self.calls[-1][2]


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.fixture
def mock(wire: Wire) -> Mock:
    return Mock(wire, "http://h:1", "sk-a")


def test_a_reply_is_posted_and_each_further_verb_puts_the_whole_sequence(wire: Wire, mock: Mock) -> None:
    script = mock.when(last_user=contains("Tea")).reply("Oolong.")
    assert wire.calls == [
        (
            "POST",
            "replies",
            {"match": {"last_user": {"contains": "Tea"}, "key": "sk-a"}, "reply": [{"content": "Oolong."}]},
            {},
        )
    ]
    assert script.then("Green.") is script
    assert wire.calls[1][:2] == ("PUT", "replies/reply-1")
    assert wire.last["reply"] == [{"content": "Oolong."}, {"content": "Green."}]
    assert repr(script) == "<Script reply-1: 2 replies>"


@pytest.mark.parametrize(
    ("verb", "spec"),
    [
        (lambda mock: mock.reply(), {"content": ""}),
        (lambda mock: mock.reply("a", reasoning="b"), {"content": "a", "reasoning_content": "b"}),
        (
            lambda mock: mock.reply({"chunks": ["a"]}, pace=None, fault="reset"),
            {"chunks": ["a"], "fault": "reset"},
        ),
        (
            lambda mock: mock.reply({"content": "a", "pace": {}}, pace={"first_ms": 1}),
            {"content": "a", "pace": {"first_ms": 1}},
        ),
        (lambda mock: mock.call("brew"), {"tool_calls": [{"name": "brew", "arguments": "{}"}]}),
        (lambda mock: mock.call("brew", {"a": 1}), {"tool_calls": [{"name": "brew", "arguments": {"a": 1}}]}),
        (
            lambda mock: mock.call("brew", id="call_1", ids="late"),
            {"tool_calls": [{"name": "brew", "arguments": "{}", "id": "call_1", "ids": "late"}]},
        ),
        (
            lambda mock: mock.reply([{"image": "https://a/b.png"}]),
            {"content": [{"image": "https://a/b.png"}]},
        ),
        (lambda mock: mock.raw(405, body={"error": "no"}), {"status": 405, "body": {"error": "no"}}),
        (lambda mock: mock.raw(frames=[": beat\n\n"]), {"status": 200, "frames": [": beat\n\n"]}),
        (lambda mock: mock.call("brew", "a"), {"tool_calls": [{"name": "brew", "arguments": "a"}]}),
        (lambda mock: mock.fail("Throttling"), {"error": {"code": "Throttling"}}),
        (
            lambda mock: mock.fail("Tea", status=418, message="Short."),
            {"error": {"code": "Tea", "status": 418, "message": "Short."}},
        ),
    ],
)
def test_each_verb_is_a_reply(
    wire: Wire, mock: Mock, verb: Callable[[Mock], Any], spec: dict[str, Any]
) -> None:
    verb(mock)
    assert wire.last == {"match": {"key": "sk-a"}, "reply": [spec]}


def test_how_often_counts_the_whole_sequence_until_one_is_for_ever(wire: Wire, mock: Mock) -> None:
    script = mock.reply("a", times=2)
    assert wire.last == {"match": {"key": "sk-a"}, "reply": [{"content": "a"}] * 2, "times": 2}
    script.fail("Throttling", times=1)
    assert (len(wire.last["reply"]), wire.last["times"]) == (3, 3)
    script.then("b")
    assert (len(wire.last["reply"]), "times" in wire.last) == (4, False)
    script.call("brew", times=1000)
    assert (len(wire.last["reply"]), wire.last["times"]) == (1004, 1004)


@given(st.lists(st.none() | st.integers(1, 4), min_size=1, max_size=5))
def test_a_sequence_ends_when_its_last_verb_says_how_often(times: list[int | None]) -> None:
    wire = Wire()
    script = Mock(wire, "http://h:1", "sk-a").when()
    for each in times:
        script.reply("a", times=each)
    size = sum(each or 1 for each in times)
    assert len(wire.last["reply"]) == size
    assert wire.last.get("times") == (None if times[-1] is None else size)


@pytest.mark.parametrize("times", [0, -1, 1001])
def test_how_often_has_its_limits_and_nothing_is_called(wire: Wire, mock: Mock, times: int) -> None:
    with pytest.raises(ValueError, match=f"^times is {times}: it must be 1 to 1000, or None for ever$"):
        mock.call("brew", times=times)
    assert wire.calls == []


def test_how_often_a_script_was_used_is_asked_of_the_server(wire: Wire, mock: Mock) -> None:
    script = mock.reply("a")
    wire._answers["replies"] = {"replies": [{"id": "reply-2", "used": 7}, {"id": "reply-1", "used": 3}]}
    assert script.used == 3
    wire._answers["replies"] = {"replies": []}
    assert script.used == 0


def test_every_sdk_is_pointed_to_its_surface(mock: Mock) -> None:
    assert (mock.base_url, mock.openai_base_url) == ("http://h:1/api/v1", "http://h:1/compatible-mode/v1")
    by_value: dict[str, set[str]] = {}
    for name, value in mock.env.items():
        by_value.setdefault(value, set()).add(name)
    assert by_value == {
        "sk-a": {
            "DASHSCOPE_API_KEY",
            "OPENAI_API_KEY",
            "ALIBABA_API_KEY",
            "ANTHROPIC_API_KEY",
            "ANTHROPIC_AUTH_TOKEN",
        },
        "http://h:1/apps/anthropic": {"ANTHROPIC_BASE_URL"},
        mock.base_url: {"DASHSCOPE_HTTP_BASE_URL", "DASHSCOPE_BASE_URL", "DASHSCOPE_HTTP_URL"},
        mock.openai_base_url: {
            "DASHSCOPE_COMPATIBLE_BASE_URL",
            "DASHSCOPE_API_BASE",
            "OPENAI_BASE_URL",
            "OPENAI_API_BASE",
        },
        "ws://h:1/api-ws/v1/inference": {"DASHSCOPE_WEBSOCKET_BASE_URL"},
        "127.0.0.1,localhost,h": {"NO_PROXY", "no_proxy"},
    }


@pytest.mark.parametrize(
    ("verb", "called"),
    [
        (lambda mock: mock.on_miss("error"), ("PUT", "on-miss", {"on_miss": "error"}, {"key": "sk-a"})),
        (lambda mock: mock.reset(), ("POST", "reset", None, {"key": "sk-a"})),
        (
            lambda mock: mock.verify(last_user="a"),
            ("POST", "verify", {"requests": [{"match": {"last_user": "a"}}]}, {}),
        ),
        (
            lambda mock: mock.verify(count=0),
            ("POST", "verify", {"requests": [{"match": {}, "count": 0}]}, {}),
        ),
    ],
)
def test_all_that_is_asked_is_asked_of_its_own_world(
    verb: Callable[[Mock], Any], called: tuple[str, str, Any, Any]
) -> None:
    wire = Wire(verify={"ok": True})
    verb(Mock(wire, "http://h:1", "sk-a"))
    if called[1] == "verify":
        called[2].update(key="sk-a", ordered=False, nothing_else=False)
    assert wire.calls == [called]


def test_what_was_asked_comes_as_exchanges_with_all_filters_passed_on() -> None:
    wire = Wire(requests={"requests": [{"number": 1}]})
    mock = Mock(wire, "http://h:1", "sk-a")
    assert mock.requests(contains="a", limit=None) == [Exchange({"number": 1})]
    assert wire.calls == [("GET", "requests", None, {"key": "sk-a", "contains": "a", "limit": None})]


def test_the_journal_is_exported_as_text() -> None:
    wire = Wire(requests="茶".encode())
    mock = Mock(wire, "http://h:1", "sk-a")
    assert (mock.export(), mock.export("jsonl", status=200)) == ("茶", "茶")
    assert [call[3] for call in wire.calls] == [
        {"key": "sk-a", "format": "scenario"},
        {"key": "sk-a", "format": "jsonl", "status": 200},
    ]


def test_unused_scripts_are_those_that_the_server_names() -> None:
    wire = Wire(replies={"replies": [{"id": "reply-2"}]})
    assert Mock(wire, "http://h:1", "sk-a").unused() == [{"id": "reply-2"}]
    assert wire.calls == [("GET", "replies", None, {"key": "sk-a", "unused": "true"})]


def test_what_was_not_asked_is_raised_with_every_problem() -> None:
    mock = Mock(Wire(verify={"ok": False, "problems": ["one", "two"]}), "http://h:1", "sk-a")
    with pytest.raises(AssertionError, match=r"^one\ntwo$"):
        mock.verify_all([{"match": {}}], ordered=True, nothing_else=True)


def test_a_scenario_is_sent_with_the_files_that_it_includes(tmp_path: Path) -> None:
    main, tea = tmp_path / "main.yaml", tmp_path / "tea.yaml"
    main.write_text("\ufeffinclude: [tea.yaml]", "utf-8")
    tea.write_text("replies: [{reply: {content: 茶}}]", "utf-8")
    wire = Wire(scenario={"warnings": ["odd"]})
    assert Mock(wire, "http://h:1", "sk-a").play(str(main)) == ["odd"]
    ((method, path, body, query),) = wire.calls
    assert (method, path, query) == ("PUT", "scenario", {"key": "sk-a"})
    assert body == {
        "files": {
            main.as_posix(): "include: [tea.yaml]",
            tea.as_posix(): "replies: [{reply: {content: 茶}}]",
        },
        "play": [main.as_posix()],
    }


def test_a_broken_scenario_is_not_sent(wire: Wire, mock: Mock, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("replies: 5")
    with pytest.raises(BrokenScenarioError, match=r"a\.yaml:1:1: error: replies: 5 is not"):
        mock.play(tmp_path / "a.yaml")
    assert wire.calls == []


def test_a_reply_that_is_refused_is_not_sent_again_with_the_next_one() -> None:
    class Strict(Wire):
        def call(self, method: str, path: str, body: Any = None, **query: Any) -> bytes:
            answer = super().call(method, path, body, **query)
            if any(reply.get("content") == "No." for reply in (body or {}).get("reply", ())):
                raise ControlError(400, "no")
            return answer

    wire = Strict()
    script = Mock(wire, "http://h:1", "sk-a").when().reply("Yes.")
    with pytest.raises(ControlError):
        script.then("No.", times=1)
    script.then("Well.")
    assert wire.last["reply"] == [{"content": "Yes."}, {"content": "Well."}]
    assert "times" not in wire.last
