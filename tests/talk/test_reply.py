"""What the model says, and what it costs."""

from itertools import count

from hypothesis import given
from hypothesis import strategies as st

from mockserver.talk.reply import Choice, Reply, Usage
from mockserver.talk.request import ToolCall

COUNTS = st.integers(0, 10_000)
OPTIONAL = st.none() | COUNTS


def test_calls_without_an_id_get_one_each_in_order_and_others_keep_theirs() -> None:
    numbers = count(1)
    reply = Reply(
        (
            Choice(tool_calls=(ToolCall("brew", "{}"), ToolCall("pour", "{}", "call_mine"))),
            Choice("Tea is ready."),
            Choice(tool_calls=(ToolCall("brew", "{}"),)),
        ),
        dialect="classic",
        usage={"prompt_tokens": 5},
    )
    named = reply.with_tool_ids(lambda: f"call_{next(numbers)}")
    assert [[call.id for call in choice.tool_calls] for choice in named.choices] == [
        ["call_1", "call_mine"],
        [],
        ["call_2"],
    ]
    assert (named.dialect, named.usage, named.choices[1]) == (
        "classic",
        {"prompt_tokens": 5},
        reply.choices[1],
    )
    assert reply.choices[0].tool_calls[0].id == "", "the reply itself is as it was"


@given(st.builds(Usage, COUNTS, COUNTS, OPTIONAL, COUNTS, OPTIONAL, OPTIONAL, OPTIONAL))
def test_usage_adds_up(usage: Usage) -> None:
    assert usage.total == usage.input + usage.output
    media = sum(tokens or 0 for tokens in (usage.image, usage.video, usage.audio))
    assert usage.input_text + media == usage.input
