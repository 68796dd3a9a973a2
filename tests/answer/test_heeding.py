"""What a complaint demands of the next answer."""

from typing import Any

import pytest
from hypothesis import given

from mockserver.answer.heeding import _about, _demands, _places, complaints, demand, heeding
from mockserver.base.jsontext import dumps
from tests.wire.strategies import texts

CUP: dict[str, Any] = {
    "type": "object",
    "properties": {
        "cups": {"type": "integer"},
        "name": {"type": "string"},
        "pots": {"type": "array", "items": {"$ref": "#/$defs/Pot"}},
    },
    "$defs": {"Pot": {"type": "object", "properties": {"size": {"type": "number"}}}},
}


@pytest.mark.parametrize(
    ("said", "keywords"),
    [
        ("Field required", {"required": True}),
        ("Input should be greater than or equal to 5", {"minimum": 5}),
        ("Input should be less than or equal to 1.5", {"maximum": 1.5}),
        ("Input should be greater than 0", {"exclusiveMinimum": 0}),
        ("Input should be less than 0", {"exclusiveMaximum": 0}),
        ("must be between 1 and 5", {"minimum": 1, "maximum": 5}),
        ("must be positive", {"exclusiveMinimum": 0}),
        ("String should have at most 3 characters", {"maxLength": 3}),
        ("String should have at least 3 characters", {"minLength": 3}),
        ("List should have at least 2 items", {"minItems": 2}),
        ("List should have at most 2 items after validation", {"maxItems": 2}),
        ("Value error, Name must be in uppercase", {"pattern": "^[^a-z]+$"}),
        ("must be lower case", {"pattern": "^[^A-Z]+$"}),
        ("Input should be a valid integer", {"type": "integer"}),
        ("String should match pattern '^a+$'", {"pattern": "^a+$"}),
        ("Input should be 'red', 'green' or 'blue'", {"enum": ["red", "green", "blue"]}),
        ("It tastes odd", {}),
    ],
)
def test_a_sentence_demands(said: str, keywords: dict[str, Any]) -> None:
    assert demand(said) == keywords


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("1 validation error for Cup\ncups\n  Too few [type=x]", (("cups",), "Too few [type=x]")),
        ('[{"type":"x","loc":["pots",0,"size"],"msg":"Too small"}]', (("pots", "0", "size"), "Too small")),
        ('[{"msg":"Too small","loc":["cups"]}]', (("cups",), "Too small")),
        ('[{"code":"x","path":["cups"],"message":"Too small"}]', (("cups",), "Too small")),
        ("- cups: must be at least 3", (("cups",), "must be at least 3")),
        ("1 validation error for Cup.cups: Too few", (("cups",), "Too few")),
    ],
)
def test_places_are_named_in_the_words_of_validators(text: str, found: tuple[tuple[str, ...], str]) -> None:
    assert found in complaints(text)


def test_what_is_demanded_is_added_at_its_place() -> None:
    mended = heeding(CUP, "2 validation errors\ncups\n  Field required\nname\n  must be in uppercase")
    assert mended["required"] == ["cups"]
    assert mended["properties"]["name"] == {"type": "string", "allOf": [{"pattern": "^[^a-z]+$"}]}
    assert "required" not in CUP


def test_a_place_within_a_list_is_found_behind_its_reference() -> None:
    mended = heeding(CUP, "pots.0.size\n  Input should be less than 3")
    assert mended["$defs"]["Pot"]["properties"]["size"]["allOf"] == [{"exclusiveMaximum": 3}]


@pytest.mark.parametrize(
    "text",
    [
        "It tastes odd.",
        "spoons\n  Input should be less than 3",
        "pots.spoons.size\n  Input should be less than 3",
        "",
    ],
)
def test_what_is_not_understood_changes_nothing(text: str) -> None:
    assert heeding(CUP, text) == CUP
    assert heeding(True, text) is True


def test_a_sentence_that_names_a_property_is_about_it() -> None:
    mended = heeding(CUP, "validation failed: cups must be at least 3")
    assert mended["properties"]["cups"]["allOf"] == [{"minimum": 3}]


def test_a_reference_that_leads_nowhere_is_passed_over() -> None:
    schema = {"type": "object", "properties": {"pot": {"$ref": "#/$defs/None"}, "far": {"$ref": "x.json"}}}
    for name in ("pot", "far"):
        mended = heeding(schema, f"{name}.size\n  Input should be less than 3")
        assert mended == schema


@given(texts)
def test_no_complaint_breaks_it(text: str) -> None:
    assert dumps(heeding(CUP, f"cups\n {text}"))


@pytest.mark.parametrize(
    "piece",
    [
        *(
            "\n",
            " ",
            "\n ",
            "-\n",
            "a:\n",
            "a\n ",
            "a: must ",
            "field a: ",
            '"loc":[',
            '"loc":[1] ',
            '"loc":[1] "msg": ',
        ),
        *(
            '"msg":',
            '"msg": "a" ',
            '"msg": "a", "loc": [',
            '"path":[',
            '"path":[1] "message":',
            '\\"',
            "validation error for a.",
        ),
    ],
)
def test_a_complaint_is_read_in_time_that_grows_with_its_length(piece: str) -> None:
    text = piece * (200_000 // len(piece))
    for pattern in (*_places(), *(pattern for pattern, _ in _demands())):
        assert len(list(pattern.finditer(text))) <= len(text)
    assert len(complaints(text)) <= 24


def test_of_two_places_that_stand_together_the_nearer_one_is_meant() -> None:
    said = '{"loc": ["a"], "loc": ["b", 0], "msg": "Field \\"required\\""}'
    assert complaints(said) == [(("b", "0"), 'Field \\"required\\"')]


@pytest.mark.parametrize(
    "said",
    [
        "\n\n - \n `cups`\n: \n must be 3",
        "  cups : must be 3",
        "\t* 'cups': must be 3",
        "Green tea\n\ncups: must be 3",
    ],
)
def test_a_line_names_its_place(said: str) -> None:
    assert complaints(said) == [(("cups",), "must be 3")]


@pytest.mark.parametrize(
    ("name", "text", "named"),
    [
        *(
            ("cups", "Cups must be 3", True),
            ("cup", "cups must be 3", False),
            ("cup", "my_cup must be 3", False),
        ),
        *(("tea-pot", "the tea-pot is required", True), ("tea-pot", "a tea-pots and tea-pot", True)),
        *(("tea-pot", "tea-pots", False), ("", "tea", False), ("茶 壶", "茶 壶 is required", True)),
    ],
)
def test_a_property_is_named_by_a_word_of_its_own(name: str, text: str, *, named: bool) -> None:
    assert bool(_about({"properties": {name: {}}}, text)) is named


def test_thousands_of_properties_need_no_expression_each() -> None:
    names = {f"p-{number}": True for number in range(100_000)}
    assert _about({"properties": names}, "xp-99999") == []
