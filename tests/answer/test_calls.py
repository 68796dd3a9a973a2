"""When the built-in model calls a function, which one, and with what."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import repeat
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.answer import calls, prose
from mockserver.answer.course import course_of
from mockserver.base.jsontext import loads
from mockserver.instances.impossible import ImpossibleSchemaError
from mockserver.talk.request import ChatRequest
from tests.asking import Messages, ask
from tests.instances.making import drawn

ASKED = "What is the weather in Berlin?"
BOTH_ASKED = "What is the weather in Berlin, and what is 3 + 4? Use get_weather and calculate_sum."


def tool(name: str, description: str = "", parameters: Any = None) -> dict[str, Any]:
    function: dict[str, Any] = {"name": name, "description": description}
    if parameters is not None:
        function["parameters"] = parameters
    return {"type": "function", "function": function}


WEATHER = tool(
    "get_weather",
    "Get the weather of a city",
    {
        "type": "object",
        "properties": {"city": {"type": "string"}, "days": {"type": "integer", "const": 2}},
        "required": ["city", "days"],
    },
)
SUM = tool(
    "calculate_sum",
    "Add two numbers",
    {
        "type": "object",
        "properties": {"a": {"type": "number"}, "b": {"type": "number"}},
        "required": ["a", "b"],
    },
)
TOOLS = [SUM, WEATHER]


def force(name: str) -> dict[str, Any]:
    return {"type": "function", "function": {"name": name}}


def names(request: ChatRequest) -> list[str]:
    """The functions that a request gets called."""
    return [call.name for call in calls.calls(request, prose.numbers(request, 0))]


def with_parameters(request: ChatRequest, **parameters: Any) -> ChatRequest:
    """A request with parameters that its schema would refuse."""
    return replace(request, parameters={**request.parameters, **parameters})


def arguments(parameters: Any, *, said: str = "Tea?", numbers: Iterator[int] | None = None) -> str:
    """The arguments of a forced call of a tool with these parameters."""
    request = ask(said, tools=[WEATHER])
    request = with_parameters(request, tools=[tool("brew", "", parameters)], tool_choice=force("brew"))
    (made,) = calls.calls(request, drawn() if numbers is None else numbers)
    assert (made.name, made.id) == ("brew", "")
    return made.arguments


def test_without_tools_nothing_is_called() -> None:
    assert names(ask(ASKED)) == []
    assert calls.calls(ask(ASKED), drawn()) == ()


def test_what_the_words_ask_for_is_called() -> None:
    assert names(ask(ASKED, tools=TOOLS)) == ["get_weather"]
    assert names(ask(ASKED, tools=TOOLS, tool_choice="auto")) == ["get_weather"]
    assert names(ask(ASKED, tools=TOOLS, tool_choice=None)) == ["get_weather"]


def test_words_that_ask_for_no_tool_call_none() -> None:
    assert names(ask("Hello", tools=TOOLS)) == []


def test_none_forbids_what_the_words_ask_for() -> None:
    assert names(ask(ASKED, tools=TOOLS, tool_choice="none")) == []


def test_required_calls_what_is_asked_for_and_else_the_first_tool() -> None:
    assert names(ask(ASKED, tools=TOOLS, tool_choice="required")) == ["get_weather"]
    assert names(ask("Hello", tools=TOOLS, tool_choice="required")) == ["calculate_sum"]


def test_a_tool_is_forced_by_its_name_whatever_the_words_are() -> None:
    assert names(ask("Hello", tools=TOOLS, tool_choice=force("get_weather"))) == ["get_weather"]


def test_of_two_tools_of_one_name_the_first_is_forced_and_an_unknown_name_calls_none() -> None:
    twice = ask("Hello", tools=[SUM, WEATHER, tool("get_weather")], tool_choice=force("get_weather"))
    assert calls.wanted(list(twice.tools), course_of(twice), force("get_weather")) == (
        [],
        [calls.Errand(WEATHER)],
    )
    assert names(with_parameters(twice, tool_choice=force("brew"))) == []


def test_only_parallel_calls_are_several() -> None:
    assert names(ask(BOTH_ASKED, tools=TOOLS)) == ["get_weather"]
    assert names(ask(BOTH_ASKED, tools=TOOLS, parallel_tool_calls=False)) == ["get_weather"]
    both = ask(BOTH_ASKED, tools=TOOLS, parallel_tool_calls=True)
    assert names(both) == ["get_weather", "calculate_sum"]
    assert [call.name for call in calls.calls(both, drawn())] == ["get_weather", "calculate_sum"]


def test_after_a_tool_has_answered_another_is_called_only_where_that_is_required() -> None:
    call = {"id": "call_1", "type": "function", "function": {"name": "get_weather", "arguments": "{}"}}
    history: Messages = [
        {"role": "user", "content": ASKED},
        {"role": "assistant", "content": "", "tool_calls": [call]},
        {"role": "tool", "content": "Rain.", "tool_call_id": "call_1"},
    ]
    assert names(ask(history, tools=TOOLS)) == []
    assert names(ask(history, tools=TOOLS, tool_choice="required")) == ["calculate_sum"]
    again: Messages = [
        *history,
        {"role": "assistant", "content": "Rain."},
        {"role": "user", "content": ASKED},
    ]
    assert names(ask(again, tools=TOOLS)) == ["get_weather"]


@pytest.mark.parametrize("nameless", [{"type": "web_search"}, {"type": "function", "function": {}}])
def test_a_tool_without_a_name_is_never_called(nameless: dict[str, Any]) -> None:
    request = with_parameters(ask("Hello", tools=TOOLS, tool_choice="required"), tools=[nameless])
    assert names(request) == []
    assert names(with_parameters(request, tools=[nameless, WEATHER])) == ["get_weather"]


def test_the_arguments_come_from_the_words_and_are_spaced_as_models_write_them() -> None:
    (made,) = calls.calls(ask(ASKED, tools=TOOLS), drawn())
    assert (made.name, made.arguments, made.id) == ("get_weather", '{"city": "Berlin", "days": 2}', "")
    (chinese,) = calls.calls(ask("北京的天气怎么样？", tools=TOOLS), drawn())
    assert chinese.arguments == '{"city": "北京", "days": 2}'


def test_inner_values_are_written_without_blanks() -> None:
    inner = {"type": "object", "properties": {"of": {"const": {"leaf": [1, 2]}}}, "required": ["of"]}
    assert arguments(inner) == '{"of": {"leaf":[1,2]}}'


@pytest.mark.parametrize("parameters", [None, "none", [], 3])
def test_a_tool_that_describes_no_arguments_gets_an_empty_object(parameters: Any) -> None:
    assert arguments(parameters) == "{}"


def test_arguments_are_an_object_where_their_schema_names_no_type() -> None:
    assert arguments({}) == "{}"
    assert arguments({"properties": {"cups": {"const": 2}}}) == '{"cups": 2}'


def test_arguments_that_their_schema_wants_as_an_array_are_written_as_they_are() -> None:
    assert arguments({"type": "array", "const": [1, "茶"]}) == '[1,"茶"]'


def test_arguments_that_cannot_exist_are_an_error() -> None:
    with pytest.raises(ImpossibleSchemaError):
        arguments({"type": "object", "properties": {"a": False}, "required": ["a"]})


@given(
    st.integers(0, 2**31 - 1),
    st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), max_size=8), st.integers(), max_size=4),
)
def test_the_arguments_are_valid_json_by_the_tools_own_schema(seed: int, members: dict[str, int]) -> None:
    kinds = ({"type": "string"}, {"type": "integer"}, {"type": "array", "items": {"type": "boolean"}})
    parameters = {
        "type": "object",
        "properties": {name: kinds[kind % 3] for name, kind in members.items()},
        "required": list(members),
        "additionalProperties": False,
    }
    request = ask("Tea?", seed=seed, tools=[tool("brew", "", parameters)], tool_choice=force("brew"))
    (made,) = calls.calls(request, prose.numbers(request, 0))
    assert calls.calls(request, prose.numbers(request, 0)) == (made,)
    value = loads(made.arguments)
    assert set(value) == set(members)
    checks = (str, int, list)
    assert all(isinstance(value[name], checks[kind % 3]) for name, kind in members.items())


def test_numbers_that_are_all_the_same_make_arguments_too() -> None:
    made = arguments(SUM["function"]["parameters"], numbers=repeat(0))
    assert set(loads(made)) == {"a", "b"}


FINAL = tool(
    "final_answer",
    "Gives the final answer",
    {"type": "object", "properties": {"answer": {"type": "string"}}, "required": ["answer"]},
)


def run(said: str, *tools: dict[str, Any], results: str = "Rain.", rounds: int = 6, **more: Any) -> list[str]:
    """The calls of a program that answers each of them, until there are none."""
    history: list[dict[str, Any]] = [{"role": "user", "content": said}]
    made: list[str] = []
    for _ in range(rounds):
        request = ask(history, tools=list(tools), **more)
        found = calls.calls(request, prose.numbers(request, 0))
        if not found:
            return made
        sent = []
        for call in found:
            made.append(f"{call.name} {call.arguments}")
            function = {"name": call.name, "arguments": call.arguments}
            sent.append({"id": f"c{len(made)}", "type": "function", "function": function})
        history.append({"role": "assistant", "content": "", "tool_calls": sent})
        history += [{"role": "tool", "tool_call_id": one["id"], "content": results} for one in sent]
    return [*made, "…"]


def test_forced_calls_end_with_the_tool_that_ends_the_work() -> None:
    for order in ([FINAL, WEATHER], [WEATHER, FINAL]):
        assert run(ASKED, *order, tool_choice="required") == [
            'get_weather {"city": "Berlin", "days": 2}',
            'final_answer {"answer": "Rain."}',
        ]


def test_forced_calls_end_when_every_tool_has_answered() -> None:
    made = run("Hello", *TOOLS, tool_choice="required")
    assert [one.split()[0] for one in made] == ["calculate_sum", "get_weather"]


def test_what_nothing_is_near_to_is_answered_at_once() -> None:
    (made,) = run("Hello", WEATHER, FINAL, tool_choice="required")
    assert made.startswith("final_answer ")


def test_what_is_near_to_the_words_is_forced_first() -> None:
    towns = tool("list_towns", "Lists the towns where the forecast promises rain or snow or sun or wind")
    made = run("Will there be rain?", SUM, towns, FINAL, tool_choice="required")
    assert made == ["list_towns {}", 'final_answer {"answer": "Rain."}']


def test_one_call_for_each_thing_asked_for() -> None:
    assert run(BOTH_ASKED, *TOOLS) == [
        'get_weather {"city": "Berlin", "days": 2}',
        'calculate_sum {"a": 3, "b": 4}',
    ]
    cities = ['get_weather {"city": "Paris", "days": 2}', 'get_weather {"city": "London", "days": 2}']
    for parallel in (True, False):
        assert (
            run("What is the weather in Paris and in London?", *TOOLS, parallel_tool_calls=parallel) == cities
        )


@pytest.mark.parametrize(
    ("words", "order"),
    [
        ('Read the file a.txt, then edit it: replace "tea" by "mate"', ["read_file", "edit_file"]),
        ("Edit the file a.txt, then read it", ["edit_file", "read_file"]),
    ],
)
def test_the_words_say_what_comes_first(words: str, order: list[str]) -> None:
    path: Mapping[str, Any] = {"properties": {"path": {"type": "string"}}, "required": ["path"]}
    tools = [tool("edit_file", "Edit a file", path), tool("read_file", "Read a file", path)]
    assert [made.split()[0] for made in run(words, *tools)] == order


def test_a_way_from_one_place_to_another_is_one_thing() -> None:
    way = tool(
        "find_flights",
        "Find flights",
        {"type": "object", "properties": {"start": {"type": "string"}, "destination": {"type": "string"}}},
    )
    assert len(run("Find flights from Paris to Rome", way)) == 1


def test_a_call_that_could_not_be_used_is_mended() -> None:
    wrong = "1 validation error for get_weather\ncity\n  Value error, must be in uppercase"
    made = run(ASKED, WEATHER, results=wrong)
    assert made[:2] == [
        'get_weather {"city": "Berlin", "days": 2}',
        'get_weather {"city": "BERLIN", "days": 2}',
    ]


def test_a_tool_that_cannot_use_its_arguments_is_given_up() -> None:
    wrong = "1 validation error for brew\nleaves\n  It tastes odd"
    loose = tool("brew", "Brew tea", {"properties": {"leaves": {"type": "integer"}}, "required": ["leaves"]})
    for choice in ("auto", "required"):
        made = run("Brew tea", loose, results=wrong, tool_choice=choice)
        assert len(set(made)) == len(made) == calls.MOST_TRIES


def test_what_cannot_be_mended_is_called_otherwise_or_not_again() -> None:
    wrong = "1 validation error for brew\ncups\n  Input should be less than 1"
    fixed = tool(
        "brew", "Brew tea", {"type": "object", "properties": {"cups": {"const": 3}}, "required": ["cups"]}
    )
    assert run("Brew tea", fixed, results=wrong) == ['brew {"cups": 3}']


def test_a_forced_function_is_not_called_twice_with_the_same() -> None:
    fixed = tool("ping", "Ping")
    assert run("Ping", fixed, tool_choice=force("ping")) == ["ping {}"]
    made = run(ASKED, WEATHER, rounds=3, tool_choice=force("get_weather"))
    assert len(set(made)) == len(made)


def test_results_of_the_users_messages_count() -> None:
    history: Messages = [
        {"role": "user", "content": ASKED},
        {"role": "assistant", "content": 'Calling tools: [{"name": "get_weather"}]'},
        {"role": "user", "content": "Observation:\nRain."},
    ]
    assert names(ask(history, tools=[WEATHER, FINAL], tool_choice="required")) == ["final_answer"]


OPTIONAL = tool(
    "get_forecast",
    "Get the forecast",
    {
        "type": "object",
        "properties": {
            "country": {"type": "string"},
            "city": {"type": "string"},
            "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]},
            "days": {"type": "integer"},
            "note": {"anyOf": [{"type": "string"}, {"type": "null"}]},
            "day": {"type": "string", "description": "ISO date"},
        },
        "required": ["city", "note"],
    },
)


@pytest.mark.parametrize(
    ("said", "arguments_sent"),
    [
        ("Get the forecast for Oslo", '{"city": "Oslo", "note": null}'),
        ("Get the forecast for Oslo tomorrow", '{"city": "Oslo", "note": null}'),
        ("Get the forecast for Oslo on 2026-01-02", '{"city": "Oslo", "note": null, "day": "2026-01-02"}'),
        (
            "Get the forecast for Oslo in Fahrenheit for 3 days, note: short",
            '{"city": "Oslo", "unit": "fahrenheit", "days": 3, "note": "short"}',
        ),
    ],
)
def test_optional_fields_are_there_when_the_words_give_them(said: str, arguments_sent: str) -> None:
    assert run(said, OPTIONAL)[0] == f"get_forecast {arguments_sent}"


def test_a_schema_that_says_nothing_of_what_is_required_means_all() -> None:
    properties = {"city": {"type": "string"}, "days": {"type": "integer"}, "unit": {"default": "c"}}
    loose = tool("get_weather", "Get the weather", {"type": "object", "properties": properties})
    (made,) = run("What is the weather in Berlin in 2 days?", loose)
    assert made == 'get_weather {"city": "Berlin", "days": 2}'


def test_a_demanded_absolute_path_lies_in_the_folder_that_the_conversation_names() -> None:
    read = tool(
        "read_file",
        "Reads a file",
        {
            "type": "object",
            "properties": {
                "path": {"type": "string", "description": "The absolute path of the file"},
                "limit": {"type": "number"},
                "offset": {"type": "number"},
            },
            "required": ["path", "offset"],
        },
    )
    history: Messages = [
        {"role": "system", "content": "Working directory: /srv/tea"},
        {"role": "user", "content": "Read the file notes.txt"},
    ]
    request = ask(history, tools=[read])
    (made,) = calls.calls(request, drawn())
    assert made.arguments == '{"path": "/srv/tea/notes.txt", "offset": 0}'


def test_what_ends_the_work_is_called_where_a_framework_reminds_of_it_by_name() -> None:
    ending = tool("submit_report", "Hands in the report.")
    reminder = {
        "role": "user",
        "content": "<system-reminder>Call 'submit_report' when done.</system-reminder>",
    }
    turns: Messages = [{"role": "user", "content": "Jason is 25 years old"}]
    assert names(ask(turns, tools=[ending])) == []
    assert names(ask([*turns, reminder], tools=[ending])) == ["submit_report"]
    assert names(ask([*turns, reminder], tools=[tool("brew")])) == []


BOX = tool(
    "final_result",
    "The final response which ends this conversation",
    {
        "type": "object",
        "properties": {
            "width": {"type": "integer"},
            "height": {"type": "integer"},
            "units": {"type": "string"},
        },
        "required": ["width", "height", "units"],
    },
)


@pytest.mark.parametrize(
    ("said", "called"), [("The box is 10x20 cm", ["final_result"]), ("Hello", []), ("A box, please", [])]
)
def test_a_tool_that_takes_down_what_is_said_is_called_where_no_other_is(
    said: str, called: list[str]
) -> None:
    assert names(ask(said, tools=[BOX])) == called
    assert names(ask(said, tools=[BOX, WEATHER])) == []


def test_what_the_words_feed_is_called_before_the_end_where_a_call_is_forced() -> None:
    lookup = tool(
        "find_id",
        "Looks up",
        {"type": "object", "properties": {"email": {"type": "string"}}, "required": ["email"]},
    )
    forced = ask("Write to a@b.co, please", tools=[BOX, lookup], tool_choice="required")
    assert names(forced) == ["find_id"]
    assert names(ask("Write, please", tools=[BOX, lookup], tool_choice="required")) == ["final_result"]


def test_a_list_of_which_the_words_have_something_is_not_left_out() -> None:
    user = {
        "type": "object",
        "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
        "required": ["name", "age"],
    }
    tasks = {"type": "array", "items": user}
    many = tool("Users", "", {"type": "object", "properties": {"tasks": tasks}, "required": []})

    def told(text: str) -> Any:
        request = ask(text, tools=[many], tool_choice=force("Users"))
        return loads(calls.calls(request, drawn())[0].arguments)

    assert told("Jason has the age 25")["tasks"][0]["age"] == 25
    assert told("Hello") == {}


ADD = tool("add", "Add two numbers", SUM["function"]["parameters"])
MULTIPLY = tool("multiply", "Multiply two numbers", SUM["function"]["parameters"])


def test_what_is_asked_for_behind_another_thing_is_called_with_what_that_gave() -> None:
    question = "Multiply 3 by 4, then add 5 to the result"
    messages: list[dict[str, Any]] = [{"role": "user", "content": question}]
    request = ask(messages, tools=[ADD, MULTIPLY], parallel_tool_calls=True)
    [first] = calls.calls(request, drawn())
    assert (first.name, loads(first.arguments)) == ("multiply", {"a": 3, "b": 4})
    call = {"id": "c", "type": "function", "function": {"name": "multiply", "arguments": first.arguments}}
    messages += [
        {"role": "assistant", "content": "", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c", "content": "12"},
    ]
    [second] = calls.calls(ask(messages, tools=[ADD, MULTIPLY]), drawn())
    assert (second.name, sorted(loads(second.arguments).values())) == ("add", [5, 12])


def test_each_step_has_the_words_that_ask_for_it() -> None:
    request = ask("Multiply 3 by 4, and then add 7 and 8", tools=[ADD, MULTIPLY], parallel_tool_calls=True)
    made = [(call.name, loads(call.arguments)) for call in calls.calls(request, drawn())]
    assert made == [("multiply", {"a": 3, "b": 4}), ("add", {"a": 7, "b": 8})]


@pytest.mark.parametrize("piece", [" ", "\n", ", ", ". ", "then", "and ", "a  "])
def test_steps_are_parted_in_time_that_grows_with_the_text(piece: str) -> None:
    assert len(calls._steps().split(piece * (200_000 // len(piece)))) <= 200_000


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("add 1,  then  add 2", ["add 1", "  add 2"]),
        ("add 1 and then add 2", ["add 1", " add 2"]),
        ("then add 1;  then add 2", ["", " add 1", " add 2"]),
        ("add 1.  And  so on", ["add 1", " And  so on"]),
        ("加1，然后加2", ["加1", "加2"]),
    ],
)
def test_steps_stand_apart(text: str, steps: list[str]) -> None:
    assert calls._steps().split(text) == steps
