"""What Hypothesis draws for the tests of the wire: texts of any script, JSON, replies."""

from typing import Any

from hypothesis import strategies as st

from mockserver.talk.reply import Choice, Reply
from mockserver.talk.request import ToolCall

SCRIPTS = (
    "The kettle sings at noon.",
    "绿茶用八十度的水泡三分钟。",
    "お茶を一杯どうぞ",
    "차 한 잔 주세요",
    "كوب من الشاي",
    "चाय गरम है",
    "ชาร้อนหนึ่งถ้วย",
    "Чай остывает",
    "👩‍👩‍👧‍👦🍵🇨🇳👍🏽",
    "𠮷野家 \U0001d517ea",
    "e\u0301 n\u0303",
    "line\u2028para\u2029next\u0085end",
    'tab\tquote"back\\slash\x00\x1f\x7f',
    "\r\n\r\ndata: [DONE]\n\n",
    "\ue000mark\ue000 $text $id?",
    "\ufeff\ufffd",
    "   \n\n   ",
    "<|im_end|><think>",
)

texts = st.one_of(
    st.sampled_from(SCRIPTS),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=40),
    st.lists(st.sampled_from(SCRIPTS), max_size=4).map("".join),
)
"""Texts that UTF-8 can carry, in any script, empty ones too."""

json_values: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
"""Values that JSON can carry exactly."""

tool_calls = st.builds(
    ToolCall,
    name=st.sampled_from(["brew_tea", "取水", "lookup"]),
    arguments=st.one_of(
        st.sampled_from(["", "{}", '{"leaf": "sencha", "minutes": 3}', '{"叶": "龙井"}', "not json"]), texts
    ),
    id=st.integers(0, 16**22 - 1).map(lambda number: f"call_{number:022x}"),
)


@st.composite
def choices(draw: st.DrawFn, *, thinks: bool | None = None, calls: bool = True) -> Choice:
    """A choice: text, thinking and parallel calls, each possibly empty. `thinks` fixes whether it thinks."""
    said = draw(st.lists(tool_calls, max_size=3)) if calls else []
    return Choice(
        content=draw(texts),
        reasoning="" if thinks is False else draw(texts.filter(bool) if thinks else texts),
        tool_calls=tuple(said),
        finish_reason=draw(st.sampled_from(["tool_calls", "stop", "length"] if said else ["stop", "length"])),
    )


@st.composite
def replies(draw: st.DrawFn, *, most: int = 4, calls: bool = True, thinks: bool | None = None) -> Reply:
    """A reply of 1 to `most` choices."""
    return Reply(tuple(draw(st.lists(choices(thinks=thinks, calls=calls), min_size=1, max_size=most))))
