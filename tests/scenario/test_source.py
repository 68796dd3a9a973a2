"""Scenario files read: data with lines, and nothing that YAML can do beyond JSON."""

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from mockserver.base.jsontext import dumps, loads
from mockserver.scenario.export import dump
from mockserver.scenario.problem import Spot
from mockserver.scenario.source import Place, SourceError, read_file, read_text
from tests.wire.strategies import json_values

MAIN = Path("main.yaml")


def fault(text: str, file: Path = MAIN) -> str:
    """What is said of a text that cannot be read."""
    with pytest.raises(SourceError) as caught:
        read_text(text, file)
    return str(caught.value)


def test_a_value_knows_its_line() -> None:
    source = read_text('replies:\n  - match:\n      turn: 1\n    reply: {content: "6.5"}\n', MAIN)
    assert source.data == {"replies": [{"match": {"turn": 1}, "reply": {"content": "6.5"}}]}
    assert str(source.spot(("replies", 0, "match", "turn"))) == "main.yaml:3:7"
    assert source.spot(("replies", 0, "reply", "content")).line == 4
    assert source.spot(("replies", 0, "reply", "nothing", 7)).line == 4
    assert source.spot(("elsewhere",)).line == 1


def test_nothing_in_a_file_is_null_and_stands_on_line_one() -> None:
    assert read_text("# tea\n", MAIN).data is None
    assert str(read_text("", MAIN).spot(("replies",))) == "main.yaml:1:1"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "a: !!python/object:os.system x",
            "main.yaml:1:4: the tag tag:yaml.org,2002:python/object:os.system",
        ),
        ("a: !tea x", "the tag !tea is not read (write plain values)"),
        ("a: &x {b: 1}\nc:\n  <<: *x", "main.yaml:3:3: merge keys (<<) are not read"),
        ("a: 1\nb: 2\na: 3", "main.yaml:3:1: the key 'a' stands here twice (first on line 1)"),
        ("? [a]\n: 1", "a key must be a text"),
        ("a: !pot [1]", "main.yaml:1:4: the tag !pot is not read (write plain values)"),
        ("a: !!set {b, c}", "main.yaml:1:4: the tag tag:yaml.org,2002:set is not read"),
        ("a: &x 1\nb: &x 2", "main.yaml:2:4: the anchor &x stands here twice"),
        ("a: 1\n---\nb: 2", "main.yaml:2:1: a second document begins (a scenario file is one document)"),
        ("a: !!int tea", "main.yaml:1:4: 'tea' cannot be read: it is no int (take the tag out)"),
        ('a: !!int ""', "main.yaml:1:4: '' cannot be read: it is no int"),
        ('a: !!int "-"', "main.yaml:1:4: '-' cannot be read: it is no int"),
        ('a: !!float ""', "main.yaml:1:4: '' cannot be read: it is no float"),
        ("a: !!float 1:30", "main.yaml:1:4: '1:30' cannot be read: it is no float"),
        ("a: !!bool x", "main.yaml:1:4: 'x' cannot be read: it is no bool"),
        ("a: 1.0e+999", "main.yaml:1:1: inf is no JSON number"),
        (
            "a:\n  b: 18446744073709551616",
            "main.yaml:2:3: 18446744073709551616 is no whole number of 64 bits",
        ),
        ("[0, -9223372036854775809]", "main.yaml:1:5: -9223372036854775809 is no whole number of 64 bits"),
        ("a: " + "7" * 5000, "main.yaml:1:1: " + "7" * 80 + " is no whole number of 64 bits (put it in"),
        ("a: .inf", "main.yaml:1:1: inf is no JSON number (put it in quotes if it is a text)"),
        ("a: .nan", "is no JSON number"),
        ("a: b: c", "main.yaml:1:5: mapping values are not allowed"),
        ("a:\n\t- b", "main.yaml:2:1"),
        ("a: {{ tea }} pot", "put a text with a colon or with {{ }} in quotes"),
        ("a: [1", "main.yaml:"),
        ("a: *tea", "main.yaml:1:4: found undefined alias"),
        ("a: &x [*x]", "unfolds to too much"),
        ("a\x00b", "main.yaml:1:1: "),
    ],
)
def test_what_cannot_be_read_is_said_with_its_line(text: str, words: str) -> None:
    assert words in fault(text)


def test_a_tab_is_named() -> None:
    assert "YAML takes blanks, not tabs" in fault("a:\n\t- b")


def test_aliases_that_unfold_without_end_are_refused() -> None:
    laughs = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    laughs += [f"a{at}: &a{at} [{', '.join([f'*a{at - 1}'] * 10)}]" for at in range(1, 9)]
    with pytest.raises(SourceError, match=r"the file unfolds to too much \(it may have 1,000 values"):
        read_text("\n".join(laughs), MAIN, most=1000)


@pytest.mark.parametrize("file", [MAIN, Path("main.json")])
def test_a_text_may_have_so_many_values(file: Path) -> None:
    text = f"[{'1,' * 98}1]"  # a list of 99, which is a value too
    assert read_text(text, file, most=100).data == [1] * 99
    with pytest.raises(SourceError, match="values"):
        read_text(text, file, most=99)


def test_aliases_that_nest_too_deeply_are_refused() -> None:
    """Each of these holds the one before it, which is read at the depth where the alias stands."""
    lists = ["a0: &a0 x", *(f"a{at}: &a{at} [[[*a{at - 1}]]]" for at in range(1, 40))]
    assert "main.yaml:35:14: the file unfolds to too much" in fault("\n".join(lists))


def composed(node: yaml.Node, place: Place = (), at: yaml.Node | None = None) -> Iterator[tuple[Place, Spot]]:
    """Where all stands by YAML's own tree: a value in a list at itself, one in an object at its name."""
    mark = (at or node).start_mark
    yield place, Spot(MAIN, mark.line + 1, mark.column + 1)
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield from composed(value, (*place, key.value), key)
    elif isinstance(node, yaml.SequenceNode):
        for number, value in enumerate(node.value):
            yield from composed(value, (*place, number))


TEA = st.sampled_from(["tea", {"cup": "small"}, ["oolong", 7]])
SHARED = st.recursive(
    TEA,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=12,
)


@given(st.lists(SHARED, max_size=4), st.sampled_from(["block", "flow"]))
def test_every_value_stands_where_yaml_itself_says(values: list[Any], style: str) -> None:
    """The same list and object in several places is an anchor and its aliases."""
    text = yaml.safe_dump([*values, *values], default_flow_style=style == "flow")
    source = read_text(text, MAIN)
    assert source.data == [*values, *values]
    node = yaml.compose(text)
    assert node is not None
    for place, spot in composed(node):
        assert source.spot(place) == spot


def test_a_key_may_have_an_anchor_and_be_an_alias() -> None:
    source = read_text("&k tea: 1\ncup: {*k : [*k]}\npot: &p {&q lid: 2}\n? *q\n: *p", MAIN)
    assert source.data == {"tea": 1, "cup": {"tea": ["tea"]}, "pot": {"lid": 2}, "lid": {"lid": 2}}
    assert str(source.spot(("cup", "tea"))) == "main.yaml:2:7"
    assert str(source.spot(("lid", "lid"))) == "main.yaml:3:10"
    assert "main.yaml:2:1: a key must be a text" in fault("a: &x [1]\n*x : 2")


def test_an_alias_can_be_changed_alone() -> None:
    data = read_text("a: &x {b: [1]}\nc: *x", MAIN).data
    data["c"]["b"].append(2)
    assert data["a"] == {"b": [1]}


def test_an_alias_is_read_where_it_stands() -> None:
    assert read_text("a: &x {b: [1]}\nc: *x", MAIN).data == {"a": {"b": [1]}, "c": {"b": [1]}}


@pytest.mark.parametrize("deep", ["[" * 200 + "]" * 200, "[" * 20_000])
def test_deep_nesting_is_refused(deep: str) -> None:
    assert fault(deep)


def test_what_only_old_yaml_takes_for_a_number_or_a_boolean_stays_text() -> None:
    read = read_text("[off, no, True, 12:30, 0x1F, 010, 1_000, -7, 0, 1.5, null]", MAIN).data
    assert read == ["off", "no", True, "12:30", "0x1F", "010", "1_000", -7, 0, 1.5, None]


def test_what_only_old_yaml_takes_for_a_number_to_the_base_60_stays_text_however_long() -> None:
    for text in ("12:30.5", "1:" * 300 + "1.0", "1:" * 100_000 + "1", "1:" * 100_000 + "1.0"):
        assert read_text(f"a: {text}", MAIN).data == {"a": text}


def test_numbers_with_a_point_are_read_as_yaml_writes_them() -> None:
    read = read_text("[1_000.5, .5, +1., 6.0e+2, !!float 5, !!null tea, !!bool TRUE, !!int +7]", MAIN).data
    assert read == [1000.5, 0.5, 1.0, 600.0, 5.0, None, True, 7]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (
            r"\ud800",
            r"'\ud800' holds half a surrogate pair, which UTF-8 cannot carry (write the whole character)",
        ),
        (r"tea \uDFFF", r"'tea \udfff' holds half"),
    ],
)
def test_half_a_surrogate_pair_is_in_no_text_and_no_key(value: str, words: str) -> None:
    file = Path("main.json")
    assert f"main.json:2:2: {words}" in fault(f'[1,\n "{value}"]', file)
    assert f"main.json:2:2: {words}" in fault(f'[1,\n {{"{value}": 1}}]', file)


def test_a_pair_that_json_escapes_is_one_character_and_loses_no_lines() -> None:
    source = read_text('{"tea":\n["\\ud83c\\udf75", {"a\\\\ud800": 1}]}', Path("main.json"))
    assert source.data == {"tea": ["🍵", {"a\\ud800": 1}]}
    assert source.spot(("tea", 0)).line == 2


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("NaN", "nan is no JSON number"),
        ("-Infinity", "-inf is no JSON number"),
        ("1e999", "inf is no JSON number"),
        ("9" * 30, f"{'9' * 30} is no whole number of 64 bits"),
        ("-" + "9" * 5000, f"-{'9' * 79} is no whole number of 64 bits"),
    ],
)
def test_json_has_the_numbers_that_are_written_again(value: str, words: str) -> None:
    assert f"main.json:2:2: {words}" in fault(f"[1,\n {value}]", Path("main.json"))


@pytest.mark.parametrize("file", [MAIN, Path("main.json")])
def test_the_widest_whole_numbers_are_read(file: Path) -> None:
    assert read_text("[18446744073709551615, -9223372036854775808]", file).data == [2**64 - 1, -(2**63)]


def test_json_is_read_as_deep_as_it_is_written() -> None:
    file = Path("main.json")
    assert read_text("[" * 200 + "]" * 200, file).data
    assert "main.json:1:1: the file is nested too deeply" in fault("[" * 201 + "]" * 201, file)


SCALARS = st.builds(
    "{}{}".format,
    st.sampled_from(["", "!!int ", "!!float ", "!!bool ", "!!null "]),
    st.text("0179.:+-_eExbinfaNtruo\"'", max_size=12) | st.floats().map(str) | st.integers().map(str),
)


def written_again(text: str, file: Path) -> Any:
    """What is written of a text that is read, as it is read from there; how its refusal begins."""
    try:
        data = read_text(text, file).data
    except SourceError as error:
        return str(error)[: len(f"{file}:1:")]
    assert loads(dumps(data)) == data
    return data


@given(SCALARS)
def test_any_scalar_is_read_so_that_it_can_be_written_or_refused_with_its_place(text: str) -> None:
    found = written_again(f"a: {text}", MAIN)
    assert found == "main.yaml:1:" or list(found) == ["a"]


@given(st.recursive(st.text(st.characters()) | st.integers() | st.floats(), st.lists, max_leaves=4))
def test_any_json_is_read_so_that_it_can_be_written_or_refused_with_its_place(value: Any) -> None:
    text = json.dumps({"a": value})
    assert written_again(text, Path("main.json")) in ("main.json:1:", json.loads(text))


def test_a_date_stays_the_text_it_is() -> None:
    assert read_text("a: 2026-11-21\nb: 2026-11-21T10:00:00Z\nc: =", MAIN).data == {
        "a": "2026-11-21",
        "b": "2026-11-21T10:00:00Z",
        "c": "=",
    }


def test_json_has_lines_too_with_tabs_and_without() -> None:
    file = Path("main.json")
    for blank in ("  ", "\t"):
        source = read_text(f'{{\n{blank}"replies": [\n{blank}{{"times": 1}}]}}', file)
        assert source.data == {"replies": [{"times": 1}]}
        assert source.spot(("replies", 0, "times")).line == 3
    assert "main.json:2:1: this is not JSON: " in fault('{"a":\n}', file)
    assert "the key 'a' stands here twice" in fault('{"a": 1, "a": 2}', file)
    assert "nested too deeply" in fault("[" * 100_000 + "]" * 100_000, file)


@given(json_values)
def test_whatever_json_can_say_is_read_the_same_from_yaml_and_from_json(value: Any) -> None:
    document = {"value": value}
    assert read_text(json.dumps(document), Path("main.json")).data == document
    assert read_text(dump(document), MAIN).data == document


@given(
    st.text(max_size=60) | st.lists(st.sampled_from("a: -\n[]{}&*!|>'\"#%@`,?\t"), max_size=30).map("".join)
)
def test_any_text_is_read_or_refused_with_its_place(text: str) -> None:
    for file in (MAIN, Path("main.json")):
        with suppress(SourceError):
            assert read_text(text, file).spot(()).line >= 1


def test_a_file_that_cannot_be_opened_is_absent(tmp_path: Path) -> None:
    with pytest.raises(SourceError) as caught:
        read_file(tmp_path / "no.yaml")
    assert caught.value.absent
    assert "no.yaml cannot be read: No such file" in str(caught.value)


def test_a_file_is_utf_8_with_or_without_a_mark(tmp_path: Path) -> None:
    file = tmp_path / "tea.yaml"
    file.write_bytes(b"\xef\xbb\xbfname: \xe8\x8c\xb6\n")
    assert read_file(file).data == {"name": "茶"}
    file.write_bytes(b"a: 1\nb: \xff\n")
    with pytest.raises(SourceError, match="2:1: this is not UTF-8"):
        read_file(file)


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mockserver.scenario.source._SIZE", 3)
    file = tmp_path / "tea.yaml"
    file.write_text("a: 1")
    with pytest.raises(SourceError, match="the file has 4 bytes"):
        read_file(file)


@pytest.mark.parametrize("name", ["tea.yaml", "tea.json"])
def test_a_source_that_is_let_go_knows_its_data_and_its_file(name: str) -> None:
    source = read_text('{\n"tea": ["oolong"]}', Path(name))
    assert source.spot(("tea", 0)) == Spot(Path(name), 2, 9)
    source.let_go()
    assert source.spot(("tea", 0)) == Spot(Path(name), 1)
    assert source.data == {"tea": ["oolong"]}


def test_an_alias_stands_for_the_same_wherever_it_is() -> None:
    """What is taken apart when all is made is not taken from what it was made into."""
    data = read_text("a: &a [tea, {cup: small}]\nb: *a\nc: [*a, *a]", Path("tea.yaml")).data
    tea = ["tea", {"cup": "small"}]
    assert data == {"a": tea, "b": tea, "c": [tea, tea]}
