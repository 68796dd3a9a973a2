"""Workflows: what each mode of streaming tells of the nodes, as documented; what moderation lets out."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.answer.moderation import Moderation
from mockserver.answer.wordlist import WordList
from mockserver.base.jsontext import loads
from mockserver.corridor.engine import Engine
from mockserver.endpoints import workflows
from mockserver.rules.schemas import violations
from mockserver.wire import sse
from tests.endpoints.test_apps import APP, ask, plain, say, streamed

WORKFLOW = "workflow-tea"


def told(engine: Engine, mode: str | None, *, app: str = APP, **options: Any) -> list[dict[str, Any]]:
    """The events of a workflow, each held against its schema."""
    asked = {"flow_stream_mode": mode} if mode else {}
    given = {"prompt": "Which tea?", "biz_params": {"city": "Hangzhou"}}
    answer = ask(engine, given, app=app, stream=True, **asked, **options)
    events = [loads(frame.data or "") for frame in sse.read(b"".join(answer.frames))]
    assert all(violations("apps.response", event) == [] for event in events)
    return events


def test_the_last_node_of_a_workflow_says_the_text_in_deltas_whatever_was_asked(engine: Engine) -> None:
    say(engine, "One two three four five six seven.")
    for incremental in (False, True):
        *said, done, last = told(engine, "message_format", incremental_output=incremental)
        messages = [event["output"]["workflow_message"] for event in said]
        assert "".join(message["message"]["content"] for message in messages) == (
            "One two three four five six seven."
        )
        assert [message["node_msg_seq_id"] for message in messages] == list(range(1, len(said) + 1))
        assert list(said[0]["output"]) == ["session_id", "workflow_message", "finish_reason"]
        assert list(messages[0]) == [
            "node_status",
            "node_type",
            "node_msg_seq_id",
            "node_name",
            "message",
            "node_is_completed",
            "node_id",
        ]
        assert (messages[0]["node_status"], messages[0]["node_is_completed"]) == ("executing", False)
        end = done["output"]["workflow_message"]
        assert (end["node_status"], end["node_is_completed"], end["message"]["content"]) == (
            "success",
            True,
            "",
        )
        assert list(last["output"]) == ["session_id", "finish_reason", "text"]
        assert (last["output"]["finish_reason"], last["output"]["text"]) == (
            "stop",
            "One two three four five six seven.",
        )
        assert all(event["usage"] == {} for event in (*said, done, last))


def test_all_nodes_of_a_workflow_tell_what_they_do(engine: Engine) -> None:
    say(engine, "One two three four five.", reasoning_content="Hm, which one?")
    *events, last = told(engine, "message_format_plus")
    messages = [event["output"]["workflow_message"] for event in events]
    assert list(dict.fromkeys(message["node_type"] for message in messages)) == ["Start", "LLM", "End"]
    assert loads(messages[0]["message"]["content"]) == {"user": {"city": "Hangzhou"}}
    model = [message for message in messages if message["node_type"] == "LLM"]
    contents = [loads(message["message"]["content"]) for message in model[:-1]]
    assert "".join(content["result"] for content in contents) == "One two three four five."
    assert "".join(content["reasoningContent"] for content in contents) == "Hm, which one?"
    assert (model[-1]["message"]["content"], model[-1]["node_is_completed"]) == ("", True)
    told_of = [bool(event["usage"]) for event in events]
    assert told_of == sorted(told_of), "what a model cost is told when it is done"
    assert last["usage"]["models"][0]["model_id"] == "qwen-plus"


@pytest.mark.parametrize("incremental", [False, True])
def test_the_thoughts_of_a_workflow_are_its_nodes_so_far(engine: Engine, *, incremental: bool) -> None:
    say(engine, "One two three four five six seven.")
    begun, *events, last = told(engine, None, app=WORKFLOW, has_thoughts=True, incremental_output=incremental)
    assert list(begun["output"]) == ["session_id", "finish_reason"]
    assert list(events[0]["output"]) == ["thoughts", "session_id", "finish_reason"]
    nodes = [[loads(thought["response"]) for thought in event["output"]["thoughts"]] for event in events]
    assert {tuple(node["nodeType"] for node in some) for some in nodes} == {("Start", "LLM")}
    results = [loads(some[1]["nodeResult"])["result"] for some in nodes]
    whole = "".join(results) if incremental else results[-1]
    assert whole == last["output"]["text"] == "One two three four five six seven."
    ended = [loads(thought["response"]) for thought in last["output"]["thoughts"]]
    assert [node["nodeStatus"] for node in ended] == ["success"] * 3
    assert list(ended[2]) == ["nodeName", "nodeResult", "nodeType", "nodeStatus", "nodeId", "nodeExecTime"]
    spent = [event["usage"]["models"][0]["output_tokens"] for event in (*events[1:], last)]
    assert spent == sorted(spent)


def test_a_workflow_without_thoughts_says_its_text_when_it_is_there(engine: Engine) -> None:
    say(engine, "Oolong.")
    begun, last = told(engine, None, app=WORKFLOW)
    assert (begun["output"]["finish_reason"], last["output"]["text"]) == ("null", "Oolong.")


def test_a_workflow_may_stream_like_an_agent(engine: Engine) -> None:
    say(engine, "One two three four five six seven.")
    like = told(engine, "agent_format", incremental_output=True)
    plain_agent = streamed(engine, incremental_output=True)
    assert [event["output"]["text"] for event in like] == [event["output"]["text"] for event in plain_agent]


def test_a_whole_answer_of_a_workflow_tells_of_no_cost(engine: Engine) -> None:
    say(engine, "Oolong.")
    answer = loads(ask(engine, {"prompt": "Which tea?"}, app=WORKFLOW, has_thoughts=True).body)
    assert violations("apps.response", answer) == []
    assert answer["usage"] == {}
    assert list(answer["output"]) == ["thoughts", "finish_reason", "session_id", "text"]
    (model,) = plain(engine)["usage"]["models"]
    assert model["model_id"] == "qwen-plus"


@pytest.mark.parametrize("mode", ["message_format", "message_format_plus", "full_thoughts"])
def test_moderation_cuts_a_workflow_before_its_first_word(engine: Engine, mode: str) -> None:
    say(engine, "One two three four five poison seven.")
    engine.moderation = Moderation(output=WordList(("poison",)))
    answer = ask(engine, {"prompt": "Tea?"}, stream=True, flow_stream_mode=mode, has_thoughts=True)
    assert b"event:error" in answer.frames[-1]
    assert all(b"poison" not in frame and b"One" not in frame for frame in answer.frames)


@pytest.mark.parametrize(
    ("app", "asked", "mode"),
    [
        ("workflow", {}, "full_thoughts"),
        ("workflow-tea", {"flow_stream_mode": None}, "full_thoughts"),
        ("workflow-tea", {"flow_stream_mode": "agent_format"}, None),
        ("tea", {"flow_stream_mode": "message_format"}, "message_format"),
        ("tea", {"flow_stream_mode": "agent_format"}, None),
        ("a-workflow", {}, None),
    ],
)
def test_an_id_or_a_mode_makes_a_workflow(app: str, asked: dict[str, Any], mode: str | None) -> None:
    assert workflows.mode_of(app, asked) == mode


PIECES = st.lists(st.tuples(st.text(), st.integers(0, 9)), max_size=6)


@given(thought=PIECES, pieces=PIECES, shown=st.booleans(), incremental=st.booleans())
@pytest.mark.parametrize("mode", ["message_format", "message_format_plus", "full_thoughts"])
def test_every_mode_ends_with_all_that_was_said_and_counts_each_piece_once(
    mode: str,
    thought: list[tuple[str, int]],
    pieces: list[tuple[str, int]],
    *,
    shown: bool,
    incremental: bool,
) -> None:
    told = workflows.Told("s", {}, thought, pieces, "stop")
    *events, (last, _, _) = told.events(mode, shown=shown, incremental=incremental)
    assert last["text"] == "".join(piece for piece, _ in pieces)
    assert all(event["finish_reason"] == "null" for event, _, _ in events)
    most = sum(size for _, size in (*thought, *pieces))
    assert sum(size for _, size, _ in events) in (most, sum(size for _, size in pieces))
