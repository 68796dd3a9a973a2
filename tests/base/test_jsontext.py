"""JSON as the cloud reads and writes it."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mockserver.base.jsontext import (
    VALUES,
    canonical,
    dump_text,
    dumps,
    dumps_in_turns,
    is_writable,
    loads,
    loads_bounded,
    whole_numbers,
    writable,
)
from tests.wire.strategies import json_values, texts


def test_json_is_written_compact_in_raw_utf8_and_in_the_order_of_the_keys() -> None:
    written = dumps({"z": "三分钟 🍵", "a": [1, None, True]})
    assert written == '{"z":"三分钟 🍵","a":[1,null,true]}'.encode()


@given(json_values)
def test_what_is_written_reads_back_the_same_and_stands_on_one_line(value: Any) -> None:
    written = dumps(value)
    assert loads(written) == value
    assert b"\n" not in written
    assert b"\r" not in written


@given(json_values, st.integers(min_value=0, max_value=90_000))
@settings(max_examples=30)
def test_what_is_written_in_turns_is_the_same(value: Any, size: int) -> None:
    long = {"a": [value, "é"] * (size // 2), "b": {"c": list(range(size))}, "d": value}
    assert dumps_in_turns(long) == dumps(long)


@given(json_values)
def test_what_another_library_writes_is_read_the_same(value: Any) -> None:
    assert loads(json.dumps(value)) == value
    assert loads(json.dumps(value, ensure_ascii=False).encode()) == value


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b'{"a": 1,}',
        b"NaN",
        b"[Infinity]",
        b"'tea'",
        b'"\xff"',
        b'"\xed\xa0\x80"',
        rb'"\ud83c"',
        b'"a\nb"',
        b"[" * 1025 + b"]" * 1025,
    ],
)
def test_text_that_is_no_strict_json_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError):
        loads(text)


def test_nesting_of_1024_levels_is_read() -> None:
    assert loads(b"[" * 1024 + b"]" * 1024)


def test_arbitrary_nesting_is_refused_not_a_crash() -> None:
    with pytest.raises(ValueError):
        loads(b'{"a":' * 200_000)


@given(texts)
def test_a_text_is_dumped_as_json(text: str) -> None:
    assert json.loads(dump_text(text)) == text


@given(st.text(st.characters(categories=["Cs", "Ll"]), min_size=1))
def test_lone_surrogates_become_replacement_characters(text: str) -> None:
    assert json.loads(dump_text(text)) == "".join(
        "\ufffd" if "\ud800" <= char <= "\udfff" else char for char in text
    )


@given(json_values)
def test_bounded_reading_reads_what_reading_reads(value: Any) -> None:
    assert loads_bounded(dumps(value)) == value


@pytest.mark.parametrize("shape", [(b"[", b"]"), (b'{"a":', b"}")])
def test_nesting_of_200_levels_is_taken_from_others_and_can_be_written_with_50_more_around(
    shape: tuple[bytes, bytes],
) -> None:
    head, foot = shape
    taken = loads_bounded(head * 200 + b"1" + foot * 200)
    for _ in range(50):
        taken = [taken]
    assert dumps(taken)
    with pytest.raises(ValueError, match="nested more than 200 levels deep"):
        loads_bounded(head * 201 + b"1" + foot * 201)


def test_many_brackets_side_by_side_are_no_nesting() -> None:
    assert loads_bounded(b"[" + b"[]," * 1000 + b"[]]") == [[]] * 1001


@pytest.mark.parametrize("text", [b"", b"{", b"[" * 100_000])
def test_bounded_reading_refuses_what_is_no_json(text: bytes) -> None:
    with pytest.raises(ValueError):
        loads_bounded(text)


@pytest.mark.parametrize("piece", [b"[]", b"{}", b"1", b'"a,b"', b'"\\",\\\\"'])
def test_a_text_of_too_many_values_is_not_read(piece: bytes) -> None:
    few = b"[" + b",".join([piece] * (VALUES // 2 - 2)) + b"]"
    assert len(loads_bounded(few)) == VALUES // 2 - 2
    many = b"[" + b",".join([piece] * (VALUES + 1)) + b"]"
    with pytest.raises(ValueError, match="more than 250,000 values"):
        loads_bounded(many)


def test_a_string_without_end_is_looked_through_once() -> None:
    with pytest.raises(ValueError, match="unexpected end of data"):
        loads_bounded(b'["' + b'\\",[' * 1_000_000)


def test_commas_within_strings_are_no_values() -> None:
    said = "a,b[c]{d" * 500_000
    assert loads_bounded(dumps({"said": said})) == {"said": said}


@given(json_values)
def test_the_canonical_text_is_the_same_however_a_value_is_written(value: Any) -> None:
    written = dumps(value).decode()
    assert canonical(json.dumps(value, indent=1, sort_keys=True)) == canonical(written)
    assert canonical(canonical(written)) == canonical(written)
    assert loads(canonical(written)) == value


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ('{"b": 0.0, "a": [1.0, 2.5]}', '{"a":[1,2.5],"b":0}'),
        ("1e300", "1e+300"),
        ('"\\u00e9"', '"é"'),
        ('{"a": ', '{"a": '),
        ("\ud800", "\ud800"),
    ],
)
def test_the_canonical_text_knows_no_order_and_no_whole_fractions(text: str, same: str) -> None:
    assert canonical(text) == same


def test_whole_numbers_are_integers_however_they_are_written() -> None:
    members = whole_numbers({"n": 2.0, "share": 0.5, "most": 1e300, "name": "2.0", "endless": float("inf")})
    assert dumps(members["n"]) == b"2"
    assert isinstance(members["most"], int)
    assert {name: members[name] for name in ("share", "name")} == {"share": 0.5, "name": "2.0"}
    assert members["endless"] == float("inf")


@given(st.text(st.characters()))
def test_a_text_is_writable_as_json_or_holds_half_a_pair(text: str) -> None:
    if is_writable(text):
        assert loads(dumps(text)) == text
    else:
        with pytest.raises(TypeError):
            dumps(text)


@given(st.text(st.one_of(st.characters(), st.characters(categories=["Cs"]))))
def test_what_is_made_writable_is_as_it_was_but_for_halves(text: str) -> None:
    made = writable(text)
    assert is_writable(made)
    assert made == text or not is_writable(text)


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("\ud83c\udf75", "\U0001f375"),
        ("a\ud83c", "a\ufffd"),
        ("\udf75\ud83c", "\ufffd\ufffd"),
        ("\ufeffa", "\ufeffa"),
    ],
)
def test_halves_of_a_pair_are_joined_and_one_alone_is_lost(text: str, made: str) -> None:
    assert writable(text) == made
