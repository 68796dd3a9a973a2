"""What is said when no recording matches: which one is nearest, and in which lines it differs."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from mockserver.recording import cassette, nearest
from mockserver.recording.library import Library
from mockserver.recording.nearest import difference, lines_of, report
from tests.recording.exchanges import (
    TEXT,
    asked,
    compat_body,
    compat_frames,
    interaction,
    native_asked,
    native_body,
)
from tests.wire.strategies import json_values


def test_a_document_is_compared_line_by_line_with_its_keys_in_order() -> None:
    assert lines_of({"b": [1], "a": "茶"}) == ["{", ' "a": "茶",', ' "b": [', "  1", " ]", "}"]


def test_a_long_line_is_cut() -> None:
    (line,) = lines_of("x" * 500)
    assert line == '"' + "x" * 159 + "..."
    assert lines_of("x" * 158) == ['"' + "x" * 158 + '"']


def test_a_difference_shows_the_lines_that_differ_and_one_around_them() -> None:
    assert difference({"a": 1, "b": 2, "c": 3, "d": 4}, {"a": 1, "b": 2, "c": 3, "d": 5}) == [
        "--- recorded",
        "+++ asked",
        "@@ -4,3 +4,3 @@",
        '  "c": 3,',
        '- "d": 4',
        '+ "d": 5',
        " }",
    ]


@given(json_values)
def test_a_document_does_not_differ_from_itself(value: Any) -> None:
    assert difference(value, value) == []


@given(one=json_values, other=json_values)
def test_a_difference_is_there_where_the_lines_differ_and_is_never_long(one: Any, other: Any) -> None:
    rows = difference(one, other)
    assert bool(rows) is (lines_of(one) != lines_of(other))
    assert len(rows) <= 41


def test_a_long_difference_says_how_much_of_it_is_left_out() -> None:
    rows = difference([], ["tea"] * 100)
    assert len(rows) == 41
    assert rows[-1] == "... and 66 more lines"


def test_an_empty_cassette_is_named(tmp_path: Path) -> None:
    told = report(Library(tmp_path), interaction().request)
    assert told == f"no recording matches this request: {tmp_path.name} holds none"


def test_a_report_has_the_name_and_then_the_lines(tmp_path: Path) -> None:
    name = cassette.write(tmp_path, interaction(asked("steep", seed=1)))
    told = report(Library(tmp_path), interaction(asked("steep", seed=2)).request)
    assert told.splitlines() == [
        f"no recording matches this request; the nearest is {name}",
        "--- recorded",
        "+++ asked",
        "@@ -10,3 +10,3 @@",
        '  "parameters": {',
        '-  "seed": 1',
        '+  "seed": 2',
        "  },",
    ]


def test_a_recording_that_does_not_differ_is_told_as_such(tmp_path: Path) -> None:
    name = cassette.write(tmp_path, interaction(asked("steep")))
    assert report(Library(tmp_path), interaction(asked("steep")).request) == (
        f"no recording matches this request; the nearest is {name}; "
        "it differs only in what is not compared, or has no key of this kind"
    )


def test_a_recording_without_its_answer_says_so(tmp_path: Path) -> None:
    made = interaction(asked("steep"))
    lost = replace(made, response=replace(made.response, kept="missing", chunks=(), lost="it broke off"))
    name = cassette.write(tmp_path, lost)
    told = report(Library(tmp_path), made.request)
    words = "which holds no answer: it broke off; record it again"
    assert told == f"no recording matches this request; the nearest is {name}, {words}"


def test_a_stream_is_nearest_to_a_stream(tmp_path: Path) -> None:
    cassette.write(tmp_path, interaction(asked("steep")))
    stream = cassette.write(tmp_path, interaction(asked("steep", stream=True), compat_frames("a")))
    told = report(Library(tmp_path), interaction(asked("steeps", stream=True)).request)
    assert told.startswith(f"no recording matches this request; the nearest is {stream}\n")


@pytest.mark.parametrize("model", ["qwen-plus", "qwen-max"])
def test_only_so_many_are_compared_those_of_the_same_surface_and_model_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, model: str
) -> None:
    native = interaction(native_asked("steep", model=model), native_body(), path=TEXT, recorded="")
    cassette.write(tmp_path, native)
    names = {
        each: cassette.write(tmp_path, interaction(asked("something else", model=each), compat_body()))
        for each in ("qwen-plus", "qwen-max")
    }
    monkeypatch.setattr(nearest, "_LOOKED_AT", 1)
    told = report(Library(tmp_path), interaction(asked("steep", model=model)).request)
    assert f"the nearest is {names[model]}\n" in told
