"""What JSON the words of a prompt ask for."""

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.answer import prompted
from mockserver.answer.course import known
from mockserver.answer.prompted import _read as read
from mockserver.answer.prompted import shape
from mockserver.base.jsontext import dumps, loads_bounded
from tests.answer.lengths import PIECES, drive, long_texts, over_and_over, patterns
from tests.wire.strategies import json_values, texts

CUP = {"type": "object", "properties": {"cups": {"type": "integer"}}, "required": ["cups"]}


def keys(*said: str) -> dict[str, Any]:
    """The properties that texts ask for, without what is said of them."""
    found = shape(said)
    properties = {} if found is None else found.schema["properties"]
    return {
        name: {key: value for key, value in schema.items() if key != "description"}
        for name, schema in properties.items()
    }


@pytest.mark.parametrize(
    "value",
    [
        CUP,
        {"name": "cup", "schema": CUP},
        {"type": "json_schema", "json_schema": {"name": "cup", "schema": CUP}},
        {"name": "cup", "parameters": CUP},
        {"cups": {"type": "integer"}},
    ],
)
def test_a_schema_is_found_in_its_wrappers(value: Any) -> None:
    found = shape([f"Answer by this schema:\n```json\n{dumps(value).decode()}\n```\n"])
    assert found is not None
    assert found.schema == CUP


@pytest.mark.parametrize("types", [["integer", "null"], ["integer"]])
def test_a_schema_may_name_several_types(types: list[str]) -> None:
    assert keys(dumps({"cups": {"type": types}}).decode()) == {"cups": {"type": types}}
    schema = {"type": ["object", "null"], "properties": {"cups": {"type": types}}}
    found = shape([dumps(schema).decode()])
    assert found is not None
    assert found.schema == schema


@pytest.mark.parametrize("types", [[], [["object"]], [{}], {}, ["cup"], 1, None])
def test_what_names_no_type_is_no_schema(types: Any) -> None:
    assert shape([dumps({"type": types, "enum": [1]}).decode()]) is None


def test_the_last_schema_of_a_text_is_meant_and_the_newest_text_speaks() -> None:
    other = '{"type": "object", "properties": {"foo": {"type": "string"}}}'
    cup = dumps(CUP).decode()
    assert keys(f"As an example, {other}. The schema is {cup}") == {"cups": {"type": "integer"}}
    assert keys(cup, f"By {other}") == {"foo": {"type": "string"}}
    assert keys(other, "Return JSON with the key `tea`") == {"foo": {"type": "string"}}


def test_where_it_stands_is_known() -> None:
    found = shape(["Be kind.", "Tea?\n" + dumps(CUP).decode() + "\nNow."])
    assert found is not None
    assert (found.which, found.start) == (1, 5)
    assert found.end == 5 + len(dumps(CUP))


def test_a_type_in_braces_that_the_words_ask_for() -> None:
    said = "Answer in JSON by this schema:\n{\n  name: string,\n  mood: 'good' | 'bad',\n}"
    assert keys(said) == {"name": {"type": "string"}, "mood": {"enum": ["good", "bad"]}}
    assert keys("The set {name: string} is odd") == {}


def test_the_last_declared_type_is_meant_and_speaks_of_others() -> None:
    said = "interface Pot { size: number }\ntype Tea = { pots: Pot[] }\nOf JSON."
    size = {"type": "object", "properties": {"size": {"type": "number"}}, "required": ["size"]}
    assert keys(said) == {"pots": {"type": "array", "items": size}}
    assert keys("interface Pot { size }\nReturn it: {a b}") == {}


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("Return JSON with keys `tea`, `cups` (int) and 'is_hot'.", ["string", "integer", "boolean"]),
        ("Return a JSON object with the fields tea (string), cups (integer), is_hot.", None),
        ("请以 JSON 格式返回，包含字段：tea、cups（整数）和 is_hot", None),
        ("As JSON with these keys:\n- tea: which one\n- cups (int)\n- is_hot\n\nThanks", None),
        ('JSON with "tea", "cups" (int) and "is_hot"', None),
    ],
)
def test_keys_stand_in_a_line_or_in_lines_of_their_own(said: str, found: list[str] | None) -> None:
    assert list(keys(said)) == ["tea", "cups", "is_hot"]
    if found:
        assert [schema["type"] for schema in keys(said).values()] == found


def test_keys_are_asked_for_in_json_only() -> None:
    assert keys("Which keys: `a`, `b`?") == {}
    assert keys("JSON keys: ?") == {}


def test_an_example_shows_keys_and_types() -> None:
    said = 'Respond like this: {"mood": "good|bad", "score": 0.5, "tags": [], "ok": true, "more": null}'
    assert keys(said) == {
        "mood": {"enum": ["good", "bad"]},
        "score": {"type": "number"},
        "tags": {"type": "array", "items": {"type": "string"}},
        "ok": {"type": "boolean"},
        "more": {"type": ["string", "null"]},
    }


def test_several_examples_are_one_and_data_is_none() -> None:
    said = 'Output: {"facts": []} Output: {"facts": [1]} Output: {"other": 1} of json'
    assert keys(said) == {"facts": {"type": "array", "items": {"type": "integer"}}}
    assert keys('What is {"a": 1}?') == {}
    assert keys("Return {} or {1}.") == {}


@given(json_values)
def test_any_value_is_a_schema_an_example_or_nothing(value: Any) -> None:
    found = shape([f"Return it in this format: {dumps(value).decode()}"])
    assert found is None or dumps(found.schema)


@given(st.lists(texts, max_size=3), st.text(alphabet='{}[]":,.?|<>ab json\n', max_size=60))
def test_no_text_breaks_it(said: list[str], odd: str) -> None:
    found = shape([*said, f"json format {odd}"])
    assert found is None or dumps(found.schema)


def test_a_list_of_keys_below_an_example_tells_of_what_is_in_it() -> None:
    text = """Return JSON.
{"notes": [{"id": "0", "text": "First note"}]}

## Fields
- **id** (string): A number.
- **text** (string): What is noted.
"""
    found = shape([text])
    assert found is not None
    assert list(found.schema["properties"]) == ["notes"]


def test_a_list_far_from_any_word_of_json_names_no_keys() -> None:
    text = "Fields:\n- size\n- colour\n" + "Tea. " * 400 + "Answer in JSON."
    assert shape([text]) is None


def test_a_text_that_comes_again_is_read_once_however_many_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[bytes] = []

    def loads(data: bytes) -> Any:
        read.append(data)
        return loads_bounded(data)

    monkeypatch.setattr("mockserver.answer.prompted.loads_bounded", loads)
    system = f"Answer once more by {dumps(CUP).decode()}"
    assert [shape([system, f"Tea, number {number}?"]) for number in range(3)] == [shape([system])] * 3
    assert read == [dumps(CUP)]


BRACED = st.text(st.sampled_from('{}[]"\\ab:, \n茶'), max_size=12)
"""Texts that look like JSON where they are none."""


@given(
    st.dictionaries(
        BRACED.filter(bool), BRACED | st.lists(BRACED, max_size=2) | st.integers(-9, 9), min_size=1
    ),
    st.sampled_from(["", "Set {tea}. ", 'Say "tea" and don\'t. ', "A {cup", 'It is 5" {long}\n']),
    st.integers(0, 1),
)
def test_braces_within_strings_end_no_piece(value: dict[str, Any], before: str, indent: int) -> None:
    text = f"{before}{json.dumps(value, ensure_ascii=False, indent=indent or None)} }} {{ }}"
    assert (value, json.dumps(value)) in [(each, json.dumps(each)) for _, each in read(text).values]


@given(st.lists(st.sampled_from(["{", "}", "\n", " tea ", "\\{", "\\}", "'"]), max_size=20).map("".join))
def test_where_no_string_is_each_brace_counts(text: str) -> None:
    opened, spans = [], []
    for at, char in enumerate(text):
        if char == "{":
            opened.append(at)
        elif char == "}" and opened:
            spans.append((opened.pop(), at + 1))
    assert [(piece.start, piece.end) for piece in read(text).pieces] == sorted(spans)


@pytest.mark.parametrize("text", ['{ tea } 5" {x}', '{"tea": 5" }', '{ 5" {x} }\n{ 6" }'])
def test_a_quotation_mark_that_ends_in_no_line_hides_no_brace(text: str) -> None:
    plain = text.replace('"', "'")
    assert [piece.start for piece in read(text).pieces] == [piece.start for piece in read(plain).pieces]


BEGINS, *FOLLOWS = prompted._listing()


@pytest.mark.parametrize(
    "pattern",
    [*patterns(prompted), BEGINS, prompted._declaration()],
    ids=lambda pattern: pattern.pattern[:40],
)
def test_a_pattern_takes_as_long_as_its_text(pattern: re.Pattern[str]) -> None:
    assert drive(pattern) >= len(PIECES)


@pytest.mark.parametrize("pattern", FOLLOWS, ids=("key", "line"))
def test_a_key_takes_as_long_as_its_text(pattern: re.Pattern[str]) -> None:
    for text in long_texts(pattern.pattern):
        for begins in ("", "\n", "\n- ", "a", "`"):
            match = pattern.match(begins + text)
            assert match is None or match.end()


def test_looking_for_keys_takes_as_long_as_the_text() -> None:
    for begins in ("json keys", "json keys: ", "json keys\n"):
        for text in long_texts(known()["json"]["keys"]):
            shape([begins + text])


@pytest.mark.parametrize(
    "piece", ["jsonkey", "json key ", "key, json ", '{"key":json ', "json{", '{"a":', "json{a: b}"]
)
def test_many_mentions_take_as_long_as_the_text(piece: str) -> None:
    shape([over_and_over(piece)])
    shape([over_and_over(piece, begins='{"a": "json"} json keys: ')])


@pytest.mark.parametrize("space", ["\n", "\n\n", " \n\t\n  "])
def test_keys_below_each_other_may_stand_apart(space: str) -> None:
    said = f"Return JSON with these keys:{space}- `name` (str): who{space}* **age** - how old"
    assert keys(said) == {"name": {"type": "string"}, "age": {"type": "integer"}}


def test_an_example_has_the_keys_that_are_listed_behind_it() -> None:
    example = '{"a": {"name": "Foo", "cups": 1}} As JSON with the keys name, cups.'
    assert keys(example) == keys('JSON like {"a": {"name": "Foo", "cups": 1}}')
    assert list(keys(example.replace("cups.", "cup."))) == ["name", "cup"]
