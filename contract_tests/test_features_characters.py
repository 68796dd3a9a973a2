"""Characters: their profile, and a memory of theirs that lives on the server."""

from typing import Any

import pytest

from contract_tests.clients.jobs import Message, RefusedError
from contract_tests.conftest import Converse
from contract_tests.matrix import both_ways, text_clients
from contract_tests.sdks import SDKS, Answer, Sdk, text_sdks, token_ids
from contract_tests.world import Server, World

MODEL = "qwen-plus-character"
PROFILE = "你是江让，一个围棋天才。"
FIRST, SECOND = "班长，我今天去了西湖。", "我刚才说我去了哪里？"
EVENT: list[Message] = [
    {"role": "system", "content": "Player enters level 3."},
    {"role": "user", "content": "I open the door."},
    {"role": "assistant", "content": "It is dark in there."},
    {"role": "user", "content": "I light a torch."},
]


def remembering(*skipped: str, profile: str = "", entries: int = 50) -> dict[str, Any]:
    """Write the options of a character that remembers."""
    memory = {"enable_long_term_memory": True, "memory_entries": entries, "skip_save_types": list(skipped)}
    return {"character_options": {"memory": memory} | ({"profile": profile} if profile else {})}


def session(name: str = "session-1") -> dict[str, str]:
    """Name a session."""
    return {"x-dashscope-aca-session": name}


def tell(sdk: Sdk, said: str | list[Message], *, name: str = "session-1", **options: Any) -> Answer:
    """Say something new in a session; what was said before is not sent."""
    return sdk.ask(said, model=MODEL, headers=session(name), **(options or remembering()))


@text_sdks
@both_ways
def test_profile_is_a_system_message(sdk: Sdk, *, stream: bool) -> None:
    options = {"profile": PROFILE}
    answer = sdk.ask(FIRST, model=MODEL, stream=stream, character_options=options)
    same = sdk.ask(
        [{"role": "system", "content": PROFILE}, {"role": "user", "content": FIRST}],
        model=MODEL,
        stream=stream,
    )

    assert answer.content == same.content
    assert answer.usage == same.usage


@text_sdks
def test_new_message_is_answered_in_context(sdk: Sdk) -> None:
    """The second request sends one message; it is answered, and costs, as if it had sent all."""
    first = tell(sdk, FIRST, **remembering(profile=PROFILE))
    second = tell(sdk, SECOND, **remembering(profile=PROFILE))
    whole = sdk.ask(
        [
            {"role": "system", "content": PROFILE},
            {"role": "user", "content": FIRST},
            {"role": "assistant", "content": first.content},
            {"role": "user", "content": SECOND},
        ],
        model=MODEL,
    )

    assert FIRST in second.content
    assert second.content == whole.content
    assert second.usage.input == whole.usage.input > first.usage.input


@text_sdks
def test_memory_needs_a_session(sdk: Sdk) -> None:
    first = sdk.ask(FIRST, model=MODEL, **remembering())
    again = sdk.ask(FIRST, model=MODEL, **remembering())

    assert again.usage.input == first.usage.input


@text_sdks
def test_session_without_memory_remembers_nothing(sdk: Sdk) -> None:
    first = sdk.ask(FIRST, model=MODEL, headers=session())
    again = sdk.ask(FIRST, model=MODEL, headers=session())

    assert again.usage.input == first.usage.input


@text_sdks
@pytest.mark.parametrize(
    "skipped", [(), ("system",), ("user",), ("assistant",), ("output",), ("user", "output")]
)
def test_skipped_types_are_not_saved(sdk: Sdk, skipped: tuple[str, ...]) -> None:
    """The next request costs exactly what was saved of this one."""
    answer = tell(sdk, EVENT, **remembering(*skipped))
    kept = [message for message in EVENT if message["role"] not in skipped]
    if "output" not in skipped:
        kept.append({"role": "assistant", "content": answer.content})
    after: Message = {"role": "user", "content": "What do I see?"}

    assert tell(sdk, [after]).usage.input == sdk.ask([*kept, after], model=MODEL).usage.input


@text_sdks
def test_long_history_is_summed_up(sdk: Sdk) -> None:
    """At twenty entries the history becomes a text of a thousand tokens at most."""
    long = "今天天气很好，我们去西湖边走走吧。" * 40
    costs = [tell(sdk, long, **remembering(entries=20)).usage.input for _ in range(10)]
    after = tell(sdk, SECOND, **remembering(entries=20)).usage.input

    assert costs == sorted(costs)
    assert costs[-1] > 3000
    assert len(token_ids(SECOND)) + 8 < after < 1000 + len(token_ids(SECOND)) + 20


@text_sdks
@pytest.mark.parametrize("entries", [19, 401])
def test_entries_have_their_range(sdk: Sdk, entries: int) -> None:
    with pytest.raises(RefusedError, match="memory_entries"):
        tell(sdk, FIRST, **remembering(entries=entries))


@text_sdks
def test_sessions_are_apart(sdk: Sdk) -> None:
    first = tell(sdk, FIRST)

    assert tell(sdk, FIRST, name="session-2").usage.input == first.usage.input


@text_sdks
def test_keys_are_apart(sdk: Sdk, server: Server) -> None:
    first = tell(sdk, FIRST)
    other = server.world(f"{sdk.world.key}-other")

    assert tell(type(sdk)(other), FIRST).usage.input == first.usage.input
    other.forget()


@text_sdks
def test_reset_forgets(sdk: Sdk, world: World) -> None:
    first = tell(sdk, FIRST)
    world.forget()

    assert tell(sdk, FIRST).usage.input == first.usage.input


@pytest.mark.parametrize("first", ["openai", "generation"])
def test_surfaces_share_a_session(world: World, first: str) -> None:
    second = "generation" if first == "openai" else "openai"
    tell(SDKS[first](world), FIRST)

    assert FIRST in tell(SDKS[second](world), SECOND).content


@text_sdks
def test_session_cache(sdk: Sdk) -> None:
    """A second request of a session has read most of its prompt before."""
    lead: list[Message] = [
        {"role": "system", "content": PROFILE * 60},
        {"role": "user", "content": FIRST},
    ]
    first = sdk.ask(lead, model=MODEL, headers=session())
    second = sdk.ask(
        [*lead, {"role": "assistant", "content": first.content}, {"role": "user", "content": SECOND}],
        model=MODEL,
        headers=session(),
    )

    assert first.usage.cached == 0
    assert first.usage.input - 64 < second.usage.cached <= first.usage.input


@text_sdks
def test_roles_may_repeat_and_system_may_come_late(sdk: Sdk) -> None:
    answer = sdk.ask(
        [
            {"role": "system", "content": PROFILE},
            {"role": "assistant", "content": "班长，忙什么呢？"},
            {"role": "user", "content": "看书。"},
            {"role": "user", "content": "很厚的书。"},
            {"role": "system", "content": "今天是情人节。"},
            {"role": "user", "content": "你呢？"},
        ],
        model=MODEL,
    )

    assert answer.content
    assert answer.finish_reason == "stop"


@text_clients
@both_ways
def test_every_client_is_remembered(converse: Converse, world: World, *, stream: bool) -> None:
    """Two conversations of one message each, in one session: the second is answered in context."""
    options = remembering(profile=PROFILE)
    first, second = (
        converse(said, headers=session(), parameters=options, model=MODEL, stream=stream)["turns"][0]
        for said in (FIRST, SECOND)
    )

    assert FIRST in second["choices"][0]["content"]
    assert [request["model"] for request in world.requests()] == [MODEL, MODEL]
    name = "prompt_tokens" if "prompt_tokens" in first["usage"] else "input_tokens"
    assert second["usage"][name] > first["usage"][name] + len(token_ids(FIRST))
