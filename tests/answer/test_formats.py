"""The formats that frameworks ask for in their prompts."""

import re
from typing import Any

import pytest
from hypothesis import given

from mockserver.answer import builtin, formats
from mockserver.answer.asked import asked_format
from mockserver.answer.course import known
from mockserver.base.jsontext import loads
from mockserver.meter.tokenizer import LazyTokenizer
from mockserver.talk.request import ChatRequest
from tests.answer.lengths import PIECES, drive, long_texts, patterns
from tests.asking import ask
from tests.instances.making import drawn
from tests.wire.strategies import texts

CITY = '{"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}'
HERMES = (
    'Use <tools>\n{"type": "function", "function": {"name": "get_weather", "description": "Get the weather", '
    f'"parameters": {CITY}}}}}\n</tools>, call as\n<tool_call>\n{{"name": ...}}\n</tool_call>'
)
REACT = (
    "Tools:\n> Tool Name: get_weather\nTool Description: Get the weather\nTool Args: " + CITY + "\n\n"
    "Thought: think\nAction: a tool\nAction Input: its input\nObservation: what it says\n"
    "Final Answer: the end"
)
FUNCTION = 'def get_weather(city: str) -> str:\n    """Get the weather"""\n'
CODE = f"Thought, then <code>. End with final_answer.\n{FUNCTION}"
FIELDS = (
    "Your output fields are:\n1. `name` (str): who\n2. `age` (int): how old\n"
    "3. `mood` (Literal['good', 'bad']): how\n[[ ## completed ## ]]"
)
ASKED = "What is the weather in Paris?"


def turns(system: str, *said: str) -> ChatRequest:
    """A conversation: of the system, then of the user and the assistant in turn."""
    roles = ("user", "assistant")
    messages: list[dict[str, Any]] = [{"role": "system", "content": system}]
    messages += [{"role": roles[at % 2], "content": text} for at, text in enumerate(said)]
    return ask(messages)


def answered(request: ChatRequest) -> str:
    """What is answered in the format that a request asks for."""
    found = formats.answer(asked_format(request), request, drawn())
    assert found is not None
    return found


def selecting(history: str) -> ChatRequest:
    """A request for the role that speaks next, as one message of the user."""
    cue = "select the next role from ['Plan', 'Web', 'Data'] to play. Only return the role."
    return ask(f"Roles:\nPlan: plans\nWeb: searches\nData: counts\nThen {cue}\n\n{history}\n\nThen {cue}")


@pytest.mark.parametrize(
    ("history", "role"),
    [
        ("user: Tea?", "Plan"),
        ("user: Tea?\n\nPlan: I plan.", "Web"),
        ("user: Tea?\n\nPlan: I plan.\n\nData: 5", "Web"),
        ("user: Tea?\n\nPlan: a\n\nWeb: b\n\nData: c", "Plan"),
        ("user: Tea?\n\nPlan: a\n\nuser: And?", "Plan"),
    ],
)
def test_the_role_that_has_not_spoken_speaks_next(history: str, role: str) -> None:
    assert answered(selecting(history)) == role


@given(texts)
def test_a_role_of_any_conversation_is_one_of_those_listed(history: str) -> None:
    assert answered(selecting(history)) in ("Plan", "Web", "Data")


def test_calls_in_tags_are_made_and_end_with_the_result() -> None:
    call = answered(turns(HERMES, ASKED))
    assert call == '<tool_call>\n{"name": "get_weather", "arguments": {"city": "Paris"}}\n</tool_call>'
    told = answered(turns(HERMES, ASKED, call, "<tool_response>\nSunny.\n</tool_response>"))
    assert "Sunny." in told
    assert "tool_" not in told
    assert formats.answer("hermes", turns(HERMES, "Hello"), drawn()) is None


@pytest.mark.parametrize("final", ["Final Answer:", "Answer:"])
def test_steps_of_react_end_under_the_marker_of_the_prompt(final: str) -> None:
    system = REACT.replace("Final Answer:", final)
    call = answered(turns(system, ASKED))
    assert call.splitlines()[1:] == ["Action: get_weather", 'Action Input: {"city": "Paris"}']
    told = answered(turns(system, ASKED, call, "Observation: Sunny."))
    assert f"\n{final} " in told
    assert "Sunny." in told


def test_steps_may_stand_in_one_message() -> None:
    tools = "get_weather(city: str) -> str - Get the weather\nAction: one\nAction Input: x\nFinal Answer: y"
    begun = f"{tools}\nQuestion: {ASKED}\nThought:"
    assert "Action: get_weather" in answered(ask(begun))
    done = f"{begun} I look.\nAction: get_weather\nAction Input: {{}}\nObservation: Sunny.\nThought:"
    assert "Final Answer: " in answered(ask(done))
    assert "Sunny." in answered(ask(done))


@pytest.mark.parametrize(
    ("system", "opening"), [(CODE, "<code>"), (CODE.replace("<code>", "code"), "```python")]
)
def test_code_calls_a_tool_and_ends_with_the_final_answer(system: str, opening: str) -> None:
    code = answered(turns(system, ASKED))
    assert code.splitlines()[1:4] == [opening, "result = get_weather(city='Paris')", "print(result)"]
    told = answered(
        turns(
            system, ASKED, code, "Observation:\nExecution logs:\nSunny.\nLast output from code snippet:\nNone"
        )
    )
    assert "final_answer(" in told
    assert "Sunny." in told


def test_marked_fields_have_their_types() -> None:
    said = (
        "[[ ## text ## ]]\nJason is 25 years old, a good age\n\nRespond with the fields `[[ ## name ## ]]`, "
        "`[[ ## age ## ]]`, `[[ ## mood ## ]]`, and then `[[ ## completed ## ]]`."
    )
    assert answered(turns(FIELDS, said)) == (
        "[[ ## name ## ]]\nJason\n\n[[ ## age ## ]]\n25\n\n[[ ## mood ## ]]\ngood\n\n[[ ## completed ## ]]"
    )
    assert formats.answer("fields", turns(FIELDS, "Hello"), drawn()) is None


def test_json_by_words_alone() -> None:
    said = "Jason is 25 years old. Return a JSON object with the keys name and age."
    assert answered(ask(said)) == '{"name":"Jason","age":25}'
    assert answered(ask(f"{said} In a ```json block.")) == '```json\n{"name":"Jason","age":25}\n```'
    for plain in ("What is JSON?", "Return it as JSON."):
        assert formats.answer("json", ask(plain), drawn()) is None


def test_what_nothing_can_be_is_answered_in_words() -> None:
    said = turns("Be kind.", 'Return JSON by the schema {"type": ["object", "null"], "enum": [1]}')
    assert asked_format(said) == "json"
    assert formats.answer("json", said, drawn()) is None


def test_what_the_parameters_ask_for_goes_first() -> None:
    tool = {"type": "function", "function": {"name": "x", "parameters": loads(CITY)}}
    assert asked_format(ask("As json", tools=[tool])) == ""
    assert asked_format(ask("As json", response_format={"type": "json_object"})) == ""
    assert asked_format(ask("As json")) == "json"
    assert asked_format(ask("Hello")) == ""


def test_the_built_in_model_answers_in_the_format(lazy_tokenizer: LazyTokenizer) -> None:
    said = builtin.answer(turns(HERMES, ASKED), lazy_tokenizer.get()).choices[0].content
    assert said.startswith("<tool_call>")
    assert "Hello" in builtin.answer(turns(HERMES, "Hello"), lazy_tokenizer.get()).choices[0].content


@given(texts)
def test_no_words_break_a_format(text: str) -> None:
    for entry in known()["formats"]["known"]:
        request = turns(" ".join(entry["markers"]) + text, text)
        found = formats.answer(entry["id"], request, drawn())
        assert found is None or found


BLOB = """You have access to these tools:

multiply(a: int, b: int) -> int - Multiply two numbers.

Use a json blob with an action key and an action_input key:
Action:
```
$JSON_BLOB
```
Observation: action result"""
TAGS = """You have access to the following tools:

search(query: str) -> str - Searches the web for current events.

Use <tool></tool> and <tool_input></tool_input>. When you are done, <final_answer>so</final_answer>.

Question: """


def test_blobs_of_json_call_a_tool_and_end_with_what_it_found() -> None:
    first = answered(turns(BLOB, "What is 6 times 7?"))
    blob = loads(first.partition("```\n")[2].partition("\n```")[0])
    assert blob == {"action": "multiply", "action_input": {"a": 6, "b": 7}}
    before = "What is 6 times 7?\n\nThis was your previous work (I see none of it):"
    work = f"{before}\n{first}\nObservation: 42\nThought:"
    for request in (turns(BLOB, work), turns(BLOB, "What is 6 times 7?", first, "Observation: 42")):
        last = loads(answered(request).partition("```\n")[2].partition("\n```")[0])
        assert last["action"] == "Final Answer"
        assert "42" in last["action_input"]


def test_a_tool_in_tags_is_called_and_what_it_found_is_told() -> None:
    first = answered(ask(f"{TAGS}Search for the tallest mountain"))
    assert first == "<tool>search</tool><tool_input>the tallest mountain</tool_input>"
    last = answered(ask(f"{TAGS}Search for the tallest mountain\n{first}<observation>Everest</observation>"))
    assert last.startswith("<final_answer>")
    assert "Everest" in last


def test_a_list_stands_in_one_line() -> None:
    said = answered(
        ask("List ice creams. Your response should be a list of comma separated values, eg: `a, b`")
    )
    assert len(set(said.split(", "))) == 5
    assert "\n" not in said


CUES = [re.compile(known()["formats"][name]) for name in ("json_cue", "block_cue")]
MARKS = {name: marks for name, marks in vars(formats).items() if isinstance(marks, tuple)}


@pytest.mark.parametrize("pattern", [*patterns(formats), *CUES], ids=lambda pattern: pattern.pattern[:40])
def test_a_pattern_takes_as_long_as_its_text(pattern: re.Pattern[str]) -> None:
    assert drive(pattern) >= len(PIECES)


@pytest.mark.parametrize("name", MARKS)
def test_parts_within_marks_take_as_long_as_their_text(name: str) -> None:
    opening, closing = marks = MARKS[name]
    for text in long_texts(opening.pattern, closing.pattern):
        found, rest = formats._parted(text, marks)
        assert sum(map(len, found)) + len(rest) <= len(text) + len(found)


def test_types_take_as_long_as_their_text() -> None:
    for text in long_texts("`a` (|) :|`a` (b):|`a` (Literal["):
        assert set(formats._types(text)) <= {"a"}


@pytest.mark.parametrize(
    ("said", "schema"),
    [
        ("int", {"type": "integer"}),
        ("Literal['good', 'bad']", {"enum": ["good", "bad"]}),
        ("Optional[Literal[1]]", {"enum": ["1"]}),
        ("Literal['good", {"type": "string"}),
        ("Cup", {"type": "string"}),
    ],
)
def test_a_field_has_the_type_in_its_words(said: str, schema: Any) -> None:
    assert formats._types(f"1. `a` ({said}): how\n2. `b` (str\n3. `c` (str)") == {"a": said, "c": "str"}
    assert formats._field_schema(said) == schema


@pytest.mark.parametrize(
    ("text", "found", "rest"),
    [
        ("a <observation>b</observation> c", ["b"], ["a", "c"]),
        ("<observation>a</observation><observation> b </observation>", ["a", " b "], []),
        ("a</observation> <observation>b", ["b"], ["a</observation>"]),
        ("a", [], ["a"]),
    ],
)
def test_parts_end_with_their_mark_or_the_text(text: str, found: list[str], rest: list[str]) -> None:
    parts, beside = formats._parted(text, formats._OBSERVED)
    assert (parts, beside.split()) == (found, rest)


@pytest.mark.parametrize("space", ["\n", "\n\n  ", " \n\t"])
def test_an_observation_ends_before_the_next_step(space: str) -> None:
    course = formats._worked("", f"Observation: 1{space}Thought: a\nObservation:\n2", formats._OBSERVATION)
    assert course.results == ("1", "2")
    assert "Thought: a" in course.said


def test_a_role_is_told_by_its_own_brackets() -> None:
    cue = "select the next role from "
    assert (
        answered(ask(f"{cue}[no end\n{cue}['A', 'B']. Only return the role.\nuser: Tea?\nA: I plan.")) == "B"
    )
