"""What a client tells of a conversation is what was scripted, and what it sent is what the journal shows."""

from typing import Any

from contract_tests.clients.jobs import Choice, Report, Turn
from contract_tests.conftest import Converse
from contract_tests.drivers import Client
from contract_tests.matrix import both_ways, cumulative_clients, every_client, text_clients, thinking_clients
from contract_tests.world import World

SYSTEM = "You are a guide to Hangzhou. 请用中文回答。"
ASKED = ("今天去西湖骑车好吗？🚲", 'And then?\u2028"Quotes", a \\ backslash,\ttabs and\nlines.')
SCRIPTED = (
    Choice(
        content="可以！今天晴，18 到 26 度 ☀️。\u2028先绕白堤，再上苏堤 🌉；别忘了带水。",
        reasoning="",
        finish_reason="stop",
    ),
    Choice(
        content='{"晚上": "河坊街 👩‍👩‍👧‍👦", "note": "a \\ b\\n\u2029c"}\r\n\tand so on and',
        reasoning="",
        finish_reason="length",
    ),
)


def turns_of(report: Report) -> list[Turn]:
    """Give the turns of a conversation in which nothing failed."""
    assert [turn["error"] for turn in report["turns"] if "error" in turn] == []
    return report["turns"]


def tokens(usage: dict[str, Any]) -> tuple[int, int, int]:
    """Read input, output and total, by the names of either dialect."""
    if "prompt_tokens" in usage:
        return usage["prompt_tokens"], usage["completion_tokens"], usage["total_tokens"]
    return usage["input_tokens"], usage["output_tokens"], usage["total_tokens"]


def parts(client: Client, text: str) -> str | list[dict[str, str]]:
    """Write a content as the client's surface does."""
    return [{"text": text}] if client.surface == "native-multimodal" else text


def sent_messages(client: Client, *turns: tuple[str, str]) -> list[dict[str, Any]]:
    """Write the messages that a client must send, from roles and texts."""
    return [{"role": role, "content": parts(client, text)} for role, text in turns]


def messages_in(client: Client, body: dict[str, Any]) -> Any:
    """Find the messages in a request's body."""
    return body["input"]["messages"] if client.native else body["messages"]


@every_client
@both_ways
def test_scripted_conversation(client: Client, converse: Converse, world: World, *, stream: bool) -> None:
    """Two turns arrive to the letter, and the second request holds the whole history to the letter."""
    for reply in SCRIPTED:
        world.script({"content": reply["content"], "finish_reason": reply["finish_reason"]})

    turns = turns_of(converse(*ASKED, system=SYSTEM, stream=stream))

    assert [turn["choices"] for turn in turns] == [[reply] for reply in SCRIPTED]
    for turn in turns:
        read, written, total = tokens(turn["usage"])
        assert read + written == total
        assert written > 0
        assert turn["pieces"] > 1 if stream else turn["pieces"] == 1
    requests = world.requests()
    for request in requests:
        assert (request["surface"], request["model"]) == (client.surface, client.model)
        assert request["stream"] is stream
    system, first = ("system", SYSTEM), ("user", ASKED[0])
    answer, second = ("assistant", SCRIPTED[0]["content"]), ("user", ASKED[1])
    assert [messages_in(client, request["body"]) for request in requests] == [
        sent_messages(client, system, first),
        sent_messages(client, system, first, answer, second),
    ]
    assert [tokens(request["usage"]) for request in requests] == [tokens(turn["usage"]) for turn in turns]


@every_client
def test_system_is_optional(client: Client, converse: Converse, world: World) -> None:
    """A conversation without a system message sends none."""
    world.script({"content": "好"})

    turns_of(converse("你好"))

    (request,) = world.requests()
    assert messages_in(client, request["body"]) == sent_messages(client, ("user", "你好"))


@text_clients
@both_ways
def test_several_answers(client: Client, converse: Converse, world: World, *, stream: bool) -> None:
    """With n=2 both answers arrive whole, each with its own end.

    The usage is that of both, but in a native stream, where each frame counts the one choice that it carries.
    The SDK that merges such frames adds their counts up.
    """
    answers = ["第一个答案 🥇，短。", "The second answer is rather longer than the first one. 🥈"]
    world.script({"choices": [{"content": content} for content in answers]})

    (turn,) = turns_of(converse("两个答案", n=2, stream=stream))

    assert [choice["content"] for choice in turn["choices"]] == answers
    assert [choice["finish_reason"] for choice in turn["choices"]] == ["stop", "stop"]
    read, written, total = tokens(turn["usage"])
    assert read + written == total
    (request,) = world.requests()
    read_in_all, written_in_all, _ = tokens(request["usage"])
    assert read == read_in_all
    if client.native and stream and not client.merges:
        assert written < written_in_all
    else:
        assert written == written_in_all


@thinking_clients
def test_thinking(client: Client, converse: Converse, world: World) -> None:
    """Thoughts arrive apart from the answer, and do not go back with the history."""
    world.script({"reasoning_content": "用户在打招呼。\u2028Answer briefly 🤔.", "content": "你好！"})
    world.script({"reasoning_content": "再见了。", "content": "再见！"})

    turns = turns_of(converse("你好", "再见", stream=True, parameters={"enable_thinking": True}))

    assert [turn["choices"] for turn in turns] == [
        [Choice(content="你好！", reasoning="用户在打招呼。\u2028Answer briefly 🤔.", finish_reason="stop")],
        [Choice(content="再见！", reasoning="再见了。", finish_reason="stop")],
    ]
    history = sent_messages(client, ("user", "你好"), ("assistant", "你好！"), ("user", "再见"))
    assert messages_in(client, world.requests()[1]["body"]) == history


@every_client
@both_ways
def test_built_in_model(converse: Converse, world: World, *, stream: bool) -> None:
    """Nothing scripted: the built-in model holds the conversation, and the client has all that it said."""
    turns = turns_of(converse("你好，我叫小明。", "我叫什么名字？", stream=stream))

    assert len(turns) == len(world.requests()) == 2
    for turn in turns:
        (choice,) = turn["choices"]
        assert choice["content"]
        assert choice["finish_reason"] == "stop"
        read, written, total = tokens(turn["usage"])
        assert read + written == total


@cumulative_clients
def test_cumulative_frames(converse: Converse, world: World) -> None:
    """The old SDK really asks for texts that grow, and its frames do (its program checks that they do)."""
    world.script({"content": "一二三四五六七八九十，春眠不觉晓。"})

    (turn,) = turns_of(converse("数到十", stream=True))

    (request,) = world.requests()
    assert request["body"]["parameters"]["incremental_output"] is False
    assert turn["pieces"] > 1
    assert turn["choices"][0]["content"] == "一二三四五六七八九十，春眠不觉晓。"
