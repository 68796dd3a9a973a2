"""App completion: plain and streamed, with a session, thoughts and references; scripted, struck, refused."""

from itertools import pairwise
from typing import Any

import dashscope
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mockserver.answer.moderation import Moderation
from mockserver.answer.wordlist import WordList
from mockserver.base.jsontext import dumps, loads
from mockserver.corridor.answers import Answer
from mockserver.corridor.engine import Engine
from mockserver.corridor.work import at_once
from mockserver.endpoints import apps, files
from mockserver.endpoints.files import Stored
from mockserver.rules.schemas import violations
from mockserver.wire import sse
from tests.conftest import KEY, NOW, make_headers

APP = "0123456789abcdef0123456789abcdef"
RAG = {"rag_options": {"pipeline_ids": ["base"]}}


def ask(
    engine: Engine, given: Any, *, app: str = APP, key: str | None = KEY, stream: bool = False, **options: Any
) -> Answer:
    """The answer of an app."""
    headers = make_headers({"Accept": "text/event-stream"} if stream else {}, key=key)
    body = given if isinstance(given, bytes) else dumps({"input": given, "parameters": options})
    answer = at_once(apps.completion(engine, app, headers, body, arrived=engine.clock()))
    engine.ended(answer)
    return answer


def plain(engine: Engine, prompt: str = "Which tea?", **more: Any) -> dict[str, Any]:
    """A whole answer, held against its schema."""
    options = more.pop("options", {})
    answer = ask(engine, {"prompt": prompt, **more}, **options)
    content = loads(answer.body)
    assert answer.status == 200, content
    assert violations("apps.response", content) == []
    found: dict[str, Any] = content
    return found


def streamed(engine: Engine, **options: Any) -> list[dict[str, Any]]:
    """The events of a stream, each held against its schema."""
    answer = ask(engine, {"prompt": "Which tea?"}, stream=True, **options)
    events = [loads(frame.data or "") for frame in sse.read(b"".join(answer.frames))]
    assert all(violations("apps.response", event) == [] for event in events)
    return events


def say(engine: Engine, content: str, **more: Any) -> None:
    """Scripts what is said."""
    engine.scripts.add({"reply": {"content": content, **more}}, engine.errors)


# -- whole answers


def test_an_answer_has_the_recorded_order_of_keys(engine: Engine) -> None:
    say(engine, "Oolong.")
    answer = plain(engine)
    assert list(answer) == ["output", "usage", "request_id"]
    assert list(answer["output"]) == ["finish_reason", "session_id", "text"]
    assert len(answer["output"]["session_id"]) == 32
    (model,) = answer["usage"]["models"]
    assert list(model) == ["output_tokens", "model_id", "input_tokens"]
    assert model["model_id"] == "qwen-plus"


def test_messages_are_the_whole_conversation(engine: Engine) -> None:
    said = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Tea?"}]
    assert ask(engine, {"messages": said}).status == 200
    (entry,) = engine.journal
    assert loads(entry.body)["input"]["messages"] == said
    assert ask(engine, {"messages": said, "prompt": "Milk?"}).status == 200
    assert loads(list(engine.journal)[1].body)["input"]["messages"][2]["content"] == "Milk?"


def test_a_script_and_the_journal_take_an_app_for_a_chat_with_its_model(engine: Engine) -> None:
    engine.scripts.add({"match": {"last_user": "Tea?"}, "reply": {"content": "Oolong."}}, engine.errors)
    assert plain(engine, "Tea?", options={"top_p": 0.5})["output"]["text"] == "Oolong."
    (entry,) = engine.journal
    assert (entry.model, entry.answered_by) == ("qwen-plus", "reply-1")
    assert loads(entry.body)["parameters"] == {"top_p": 0.5, "result_format": "text"}


# -- sessions


def test_a_session_goes_on_for_an_hour_and_in_one_world(engine: Engine) -> None:
    session = plain(engine, "Tea?")["output"]["session_id"]
    again = plain(engine, "Milk?", session_id=session)
    assert again["output"]["session_id"] == session
    sent = loads(list(engine.journal)[1].body)["input"]["messages"]
    assert [message["role"] for message in sent] == ["user", "assistant", "user"]
    ask(engine, {"prompt": "Milk?", "session_id": session}, key="sk-other")
    assert len(loads(list(engine.journal)[2].body)["input"]["messages"]) == 1
    engine.clock = lambda: NOW + 3600
    plain(engine, "Milk?", session_id=session)
    assert len(loads(list(engine.journal)[3].body)["input"]["messages"]) == 1


def test_a_session_keeps_its_last_rounds(engine: Engine) -> None:
    session = plain(engine, "Tea?")["output"]["session_id"]
    for number in range(60):
        plain(engine, f"Tea {number}?", session_id=session)
    assert len(engine.shelf.get(engine.worlds.of(KEY), "session", session, now=NOW)) == 100


def test_what_is_refused_is_not_remembered(engine: Engine) -> None:
    engine.moderation = Moderation(WordList(("poison",)))
    assert ask(engine, {"prompt": "poison", "session_id": "s"}).status == 400
    assert engine.shelf.get(engine.worlds.of(KEY), "session", "s", now=NOW) is None


# -- thoughts and references


def test_a_search_is_shown_as_a_thought_and_cited_documents_as_references(engine: Engine) -> None:
    say(engine, "Oolong <ref>[2]</ref>, <ref>[1]</ref>, <ref>[2]</ref>, <ref>[9]</ref>.")
    output = plain(engine, options=RAG)["output"]
    assert list(output) == ["thoughts", "finish_reason", "session_id", "text", "doc_references"]
    (thought,) = output["thoughts"]
    assert (thought["action_type"], thought["action"]) == ("agentRag", "rag")
    assert [found["referenceIndex"] for found in loads(thought["observation"])] == [1, 2, 3]
    assert [document["index_id"] for document in output["doc_references"]] == ["2", "1"]
    assert list(output["doc_references"][0]) == [
        "images",
        "doc_name",
        "text",
        "index_id",
        "title",
        "doc_id",
    ]


def test_a_text_without_a_citation_refers_to_all_that_was_found(engine: Engine) -> None:
    assert len(plain(engine, options=RAG)["output"]["doc_references"]) == 3


def test_a_file_of_this_key_is_quoted(engine: Engine) -> None:
    world = engine.worlds.of(KEY)
    files.keep(engine, world, Stored("file-fe-1", "tea.txt", "file-extract", b"Oolong steeps.", NOW))
    options = {"rag_options": {"file_ids": ["file-fe-1", "file-fe-2"]}}
    found = plain(engine, options=options)["output"]["doc_references"]
    assert [document["doc_name"] for document in found] == ["tea.txt", "Mock document", "Mock document 1"]
    assert found[0]["text"] == "Oolong steeps."


def test_thoughts_are_shown_when_they_are_asked_for(engine: Engine) -> None:
    say(engine, "Oolong.", reasoning_content="Hm.")
    output = plain(engine, memory_id="m", options={"has_thoughts": True})["output"]
    memory, reasoning = output["thoughts"]
    assert (memory["action"], loads(memory["arguments"])) == (
        "memory",
        {"memory_id": "m", "query": "Which tea?"},
    )
    assert list(reasoning) == ["thought", "action_type", "response", "action_name", "action"]
    assert (reasoning["thought"], reasoning["action_type"]) == ("Hm.", "reasoning")
    assert "thoughts" not in plain(engine)["output"]


# -- streams


def test_a_stream_has_deltas_and_ends_empty(engine: Engine) -> None:
    say(engine, "One two three four five six seven.")
    events = streamed(engine, incremental_output=True)
    assert "".join(event["output"]["text"] for event in events) == "One two three four five six seven."
    assert events[-1]["output"]["text"] == ""
    assert [event["output"]["finish_reason"] for event in events] == ["null"] * (len(events) - 1) + ["stop"]
    assert list(events[0]["output"]) == ["session_id", "finish_reason", "text"]
    spent = [event["usage"]["models"][0]["output_tokens"] for event in events]
    assert spent == sorted(spent)


def test_a_stream_that_is_not_incremental_says_everything_so_far(engine: Engine) -> None:
    say(engine, "One two three four five six seven.")
    texts = [event["output"]["text"] for event in streamed(engine)]
    assert all(later.startswith(sooner) for sooner, later in pairwise(texts))
    assert texts[-1] == "One two three four five six seven."


def test_references_grow_with_the_citations(engine: Engine) -> None:
    say(engine, "Green <ref>[1]</ref> or black <ref>[3]</ref> tea, as you like it best of all.")
    events = streamed(engine, incremental_output=True, rag_options=RAG["rag_options"])
    counts = [len(event["output"].get("doc_references", ())) for event in events]
    assert counts == sorted(counts)
    assert set(counts) == {0, 1, 2}
    assert list(events[-1]["output"]["doc_references"][0]) == [
        "images",
        "text",
        "index_id",
        "title",
        "doc_name",
        "doc_id",
    ]


def test_a_stream_thinks_first_when_it_is_asked_to(engine: Engine) -> None:
    say(engine, "Oolong.", reasoning_content="Hm, which one?")
    events = streamed(engine, has_thoughts=True)
    assert events[0]["output"]["thoughts"][0]["action"] == "reasoning"
    assert "thoughts" not in events[-1]["output"]
    assert all("thoughts" not in event["output"] for event in streamed(engine))


def test_a_fault_strikes_the_frames_of_an_app(engine: Engine) -> None:
    answer = ask(engine, {"prompt": "Tea?"}, stream=True, key="sk-mock-reset")
    assert answer.plan is not None
    assert answer.plan.ending == "reset"
    assert b'"session_id"' in answer.plan.pieces[0].data


def test_moderation_cuts_a_stream(engine: Engine) -> None:
    say(engine, "One two three four five poison seven.")
    engine.moderation = Moderation(output=WordList(("poison",)))
    answer = ask(engine, {"prompt": "Tea?"}, stream=True)
    assert b"event:error" in answer.frames[-1]


# -- refusals


@pytest.mark.parametrize(
    ("given", "app", "status", "code"),
    [
        (b"{", APP, 400, "InvalidParameter"),
        (b"{}", APP, 400, "BadRequest.EmptyInput"),
        ({}, APP, 400, "InvalidParameter"),
        ({"prompt": ""}, APP, 400, "InvalidParameter"),
        ("tea", APP, 400, "BadRequest.IllegalInput"),
        ({"messages": []}, APP, 400, "InvalidParameter"),
        ({"messages": [{"role": "teapot"}]}, APP, 400, "InvalidParameter"),
        ({"prompt": "Tea?"}, "no app", 400, "InvalidParameter"),
        ({"prompt": "Tea?"}, "", 400, "InvalidParameter"),
    ],
)
def test_a_bad_request_is_refused(engine: Engine, given: Any, app: str, status: int, code: str) -> None:
    answer = ask(engine, given, app=app)
    content = loads(answer.body)
    assert violations("native.error", content) == []
    assert (answer.status, content["code"]) == (status, code)
    assert len(engine.journal) == 1


def test_an_unknown_app_is_refused_on_a_stream_as_it_was_recorded(engine: Engine) -> None:
    answer = ask(engine, {"prompt": "Tea?"}, app="no app", stream=True)
    (frame,) = sse.read(answer.body)
    assert (answer.status, frame.event, frame.status) == (200, "error", 400)
    message = "Required parameter(AppId) missing or invalid, please check the request parameters."
    assert loads(frame.data or "")["message"] == message


def test_without_a_key_nobody_is_let_in(engine: Engine) -> None:
    assert ask(engine, {"prompt": "Tea?"}, key=None).status == 401


ANY = st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=9) | st.lists(st.text(), max_size=2)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    given=st.dictionaries(st.sampled_from(["prompt", "messages", "session_id", "memory_id"]), ANY) | ANY,
    options=st.dictionaries(
        st.sampled_from(["has_thoughts", "rag_options", "incremental_output", "seed"]), ANY
    )
    | st.fixed_dictionaries(
        {
            "flow_stream_mode": st.sampled_from(
                ["message_format", "message_format_plus", "full_thoughts", "tea"]
            ),
            "has_thoughts": st.booleans(),
            "incremental_output": st.booleans(),
        }
    ),
    stream=st.booleans(),
)
def test_any_request_is_answered_or_refused_in_form(
    engine: Engine, given: Any, options: dict[str, Any], *, stream: bool
) -> None:
    answer = ask(engine, dumps({"input": given, "parameters": options}), stream=stream)
    bodies = [answer.body] if not answer.frames else answer.frames
    for body in bodies:
        content = loads(body.partition(b"data:")[2] if b"data:" in body[:60] else body)
        assert violations("native.error" if "code" in content else "apps.response", content) == []


# -- through the real client


def test_the_dashscope_sdk_asks_an_app_in_a_session(engine: Engine, url: str) -> None:
    say(engine, "Oolong <ref>[1]</ref>.", reasoning_content="Hm.")
    first: Any = dashscope.Application.call(
        app_id=APP, prompt="Tea?", api_key=KEY, has_thoughts=True, rag_options={"pipeline_ids": ["base"]}
    )
    assert (first.status_code, first.output.text) == (200, "Oolong <ref>[1]</ref>.")
    assert [thought.action for thought in first.output.thoughts] == ["rag", "reasoning"]
    assert [document.index_id for document in first.output.doc_references] == ["1"]
    second: Any = dashscope.Application.call(
        app_id=APP, prompt="Milk?", api_key=KEY, session_id=first.output.session_id
    )
    assert second.output.session_id == first.output.session_id
    assert second.usage.models[0].model_id == "qwen-plus"


def test_the_dashscope_sdk_streams_a_workflow(engine: Engine, url: str) -> None:
    say(engine, "One two three four five six seven.")
    pieces: Any = dashscope.Application.call(
        app_id=APP, prompt="Tea?", api_key=KEY, stream=True, flow_stream_mode="message_format"
    )
    *said, last = [piece.output for piece in pieces]
    content = "".join(output.workflow_message["message"]["content"] for output in said)
    assert content == last.text == "One two three four five six seven."


def test_the_dashscope_sdk_streams_an_app(engine: Engine, url: str) -> None:
    say(engine, "One two three four five six seven.")
    pieces: Any = dashscope.Application.call(
        app_id=APP, prompt="Tea?", api_key=KEY, stream=True, incremental_output=True
    )
    assert "".join(piece.output.text for piece in pieces) == "One two three four five six seven."


def test_the_dashscope_sdk_hears_a_refusal(url: str) -> None:
    refused: Any = dashscope.Application.call(app_id="a.b", prompt="Tea?", api_key=KEY)
    assert (refused.status_code, refused.code) == (400, "InvalidParameter")
