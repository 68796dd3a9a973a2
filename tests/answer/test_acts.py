"""What the service's own tools are made to do."""

from typing import Any

from mockserver.answer.acts import with_acts
from mockserver.catalogue import models as model_catalogue
from mockserver.dialects.responses.read import read_request
from mockserver.talk.reply import Choice, Reply

REPLY = Reply((Choice("Tea."),))


def acted(tools: list[dict[str, Any]], said: Any = "Where  is the tea?", reply: Reply = REPLY) -> Reply:
    sent = {"model": "qwen3.7-plus", "input": said, "tools": tools}
    return with_acts(read_request(sent, model_catalogue.load()["qwen3.7-plus"], {}), reply)


def test_each_tool_that_is_offered_is_used_once() -> None:
    tools = [{"type": name} for name in ("file_search", "mcp", "web_search")]
    assert acted(tools).acts == (
        {
            "type": "file_search_call",
            "queries": ["Where is the tea?"],
            "results": [
                {
                    "file_id": "file-mock",
                    "filename": "mock.txt",
                    "score": 0.5,
                    "text": "Mock text of a file.",
                }
            ],
        },
        {
            "type": "mcp_call",
            "name": "mock",
            "arguments": "{}",
            "server_label": "mock",
            "output": "Mock result of a tool.",
        },
    )


def test_a_server_of_the_user_is_called_by_its_name() -> None:
    assert acted([{"type": "mcp", "server_label": "leaves"}]).acts[0]["server_label"] == "leaves"


def test_without_tools_of_the_service_nothing_is_done() -> None:
    assert acted([]) is REPLY
    assert acted([{"type": "function", "name": "brew"}]) is REPLY


def test_a_script_says_itself_what_was_done() -> None:
    own = Reply(REPLY.choices, acts=({"type": "file_search_call"},))
    assert acted([{"type": "mcp"}], reply=own) is own


def test_behind_the_result_of_a_function_nothing_is_done_anew() -> None:
    call = {"type": "function_call", "call_id": "c", "name": "brew", "arguments": "{}"}
    result = {"type": "function_call_output", "call_id": "c", "output": "A cup."}
    asked = [{"role": "user", "content": "Tea?"}, call, result]
    assert acted([{"type": "mcp"}], said=asked) is REPLY
