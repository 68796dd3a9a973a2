"""Keeping a cassette: what is shown of it, what is taken out, and what can go for which reason."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mockserver.recording import cassette
from mockserver.recording.cassette import CassetteError, to_document
from mockserver.recording.interaction import Interaction, Request, Response
from mockserver.recording.library import Library
from mockserver.recording.redaction import Redaction
from mockserver.recording.upkeep import (
    difference,
    inspect,
    interactions,
    prunable,
    scrub,
    secrets_listed,
    stats,
)
from tests.recording.exchanges import (
    COMPAT,
    TEXT,
    asked,
    compat_body,
    compat_frames,
    interaction,
    native_asked,
    native_body,
)

KEY = "sk-0123456789abcdef0123456789abcdef"
NOW = datetime(2026, 2, 3, tzinfo=UTC)


def test_a_recording_is_shown_by_what_was_asked_and_answered() -> None:
    made = interaction(asked("Tea?\n Now!", system="be  brief", stream=True), compat_frames("Oo", "long"))
    size = len(made.response.raw)
    assert inspect("a.json", made) == [
        "a.json",
        "  2026-02-02T02:40:00.250Z, tea/1.0",
        f"  POST {COMPAT}  qwen-plus",
        "  system: be brief",
        "  user: Tea? Now!",
        f"  -> 200, 5 chunks, {size} bytes, the last after 50 ms, complete",
        "  answer: Oolong",
    ]


def test_thinking_calls_and_refusals_are_shown_and_long_texts_cut() -> None:
    body = compat_body("")
    body["choices"][0]["message"] |= {
        "reasoning_content": "x" * 73,
        "tool_calls": [{"id": "c", "function": {"name": "brew", "arguments": '{"leaf": "green"}'}}],
    }
    assert inspect("a", interaction(None, body))[5:] == [
        f"  thinking: {'x' * 69}...",
        '  calls: brew({"leaf": "green"})',
    ]
    refused = interaction(native_asked(), {"code": "Bad", "message": "y" * 72}, path=TEXT, status=400)
    assert inspect("a", refused)[-1] == f"  error: Bad: {'y' * 72}"


def test_what_is_not_known_of_a_recording_is_said() -> None:
    bare = Interaction(
        request=Request(method="GET", path="/x"),
        response=Response(status=204, end="cut-by-client"),
        recorded="",
    )
    assert inspect("a", bare) == [
        "a",
        "  at an unknown time, unknown client",
        "  GET /x  ",
        "  -> 204, 0 chunks, 0 bytes, cut-by-client",
    ]


def test_what_was_lost_of_a_recording_is_shown_and_what_is_missing_can_go(tmp_path: Path) -> None:
    made = interaction()
    rebuilt = replace(made, response=replace(made.response, kept="rebuilt", lost="its bytes"))
    assert inspect("a", rebuilt)[5] == "  rebuilt: its bytes"
    missing = replace(made, response=replace(made.response, kept="missing", chunks=()))
    assert inspect("a", missing)[5] == "  missing: nobody told why"
    name = cassette.write(tmp_path, missing)
    library = Library(tmp_path)
    reasons = prunable(library, now=NOW, older=None, used=None, cut=True, doubles=False)
    assert reasons == {name: "missing"}
    assert (stats(library)["missing"], library.unused) == (1, [])


def test_two_recordings_differ_in_what_was_asked_or_answered() -> None:
    one, other = interaction(), interaction(None, compat_body("bye"))
    assert difference(one, one) == ["request: the same", "answer: the same"]
    rows = difference(one, other)
    assert rows[:2] == ["request: the same", "answer:"]
    assert rows[2].startswith("@@ ")
    changed = [row for row in rows if row[0] in "-+"]
    assert changed == ['-    "content": "hello",', '+    "content": "bye",']
    told = difference(one, interaction(asked("ho"), status=201, end="cut-by-client"))
    assert '-   "text": "hi"' in told
    assert told.index("answer:") > told.index('+   "text": "ho"')
    assert {'- "status": 200', '+ "status": 201', '+ "end": "cut-by-client",'} <= set(told)


def test_only_what_held_a_secret_is_written_anew(tmp_path: Path) -> None:
    clean = cassette.write(tmp_path, interaction())
    leaky = cassette.write(tmp_path, interaction(asked("a"), compat_body(f"it is {KEY}")))
    before = (tmp_path / clean).read_bytes()
    assert list(scrub(tmp_path, Redaction.of())) == [leaky]
    assert (tmp_path / clean).read_bytes() == before
    assert KEY not in (tmp_path / leaky).read_text()
    assert list(scrub(tmp_path, Redaction.of())) == []
    assert sorted(path.name for path in tmp_path.glob("*.json")) == sorted([clean, leaky])


def test_what_cannot_be_cleaned_is_named_with_what_to_do(tmp_path: Path) -> None:
    document = to_document(interaction())
    document["response"]["headers"] = [["content-encoding", "br"]]
    (tmp_path / "br.json").write_text(json.dumps(document))
    words = r"^br\.json: the body is coded as 'br'; .*; delete it and record again$"
    with pytest.raises(CassetteError, match=words):
        list(scrub(tmp_path, Redaction.of()))


@pytest.fixture
def filled(tmp_path: Path) -> dict[str, str]:
    """A cassette with something of everything; the names of its files."""
    made = {
        "first": interaction(asked("a")),
        "again": interaction(asked("a"), recorded="2026-02-02T03:00:00Z"),
        "otherwise": interaction(asked("a"), compat_body("bye"), recorded="2026-02-02T04:00:00Z"),
        "system": interaction(asked("a", system="s"), recorded="2026-02-02T05:00:00Z"),
        "cut": interaction(asked("b", stream=True), compat_frames("a")[:1], end="cut-by-upstream"),
        "old": interaction(asked("c"), recorded="2025-01-01T00:00:00Z"),
        "timeless": interaction(asked("d"), recorded=""),
    }
    return {name: cassette.write(tmp_path, one) for name, one in made.items()}


@pytest.mark.parametrize(
    ("how", "reasons"),
    [
        ({}, {}),
        ({"older": timedelta(30)}, {"old": "too old", "timeless": "too old"}),
        ({"cut": True}, {"cut": "cut-by-upstream"}),
        ({"doubles": True}, {"again": "the same as {first}"}),
        (
            {"used": {"first", "cut"}, "cut": True, "older": timedelta(30)},
            {
                "again": "not used",
                "otherwise": "not used",
                "system": "not used",
                "cut": "cut-by-upstream",
                "old": "too old",
                "timeless": "too old",
            },
        ),
    ],
)
def test_what_can_go_is_told_with_its_reason(
    tmp_path: Path, filled: dict[str, str], how: dict[str, object], reasons: dict[str, str]
) -> None:
    wanted: dict[str, object] = {"older": None, "used": None, "cut": False, "doubles": False, **how}
    if isinstance(used := wanted["used"], set):
        wanted["used"] = {filled[name] for name in used}
    told = prunable(Library(tmp_path), now=NOW, **wanted)  # type: ignore[arg-type]
    assert told == {filled[name]: reason.format(**filled) for name, reason in reasons.items()}


def test_what_goes_for_another_reason_is_nothing_that_a_double_is_held_against(tmp_path: Path) -> None:
    names = [
        cassette.write(tmp_path, interaction(recorded=when))
        for when in ("2025-01-01T00:00:00Z", *(f"2026-02-02T0{hour}:00:00Z" for hour in range(3)))
    ]
    told = prunable(Library(tmp_path), now=NOW, older=timedelta(30), used=None, cut=False, doubles=True)
    same = f"the same as {names[1]}"
    assert told == {names[0]: "too old", names[2]: same, names[3]: same}


def test_a_cassette_in_figures(tmp_path: Path, filled: dict[str, str]) -> None:
    cassette.write(tmp_path, interaction(b"", b"", path="/x", method="GET", status=404))
    cassette.write(tmp_path, interaction(native_asked(), native_body(), path=TEXT))
    assert stats(Library(tmp_path)) == {
        "recordings": 9,
        "bytes": sum(path.stat().st_size for path in tmp_path.glob("*.json")),
        "requests": 6,
        "oldest": "2025-01-01T00:00:00+00:00",
        "newest": "2026-02-02T05:00:00+00:00",
        "surfaces": {"compat": 7, "other": 1, "native-text": 1},
        "models": {"qwen-plus": 8, "none": 1},
        "statuses": {"200": 8, "404": 1},
        "streams": 1,
        "rebuilt": 0,
        "missing": 0,
        "cut": 1,
    }


def test_an_empty_cassette_in_figures(tmp_path: Path) -> None:
    figures = stats(Library(tmp_path))
    assert (figures["recordings"], figures["bytes"], figures["oldest"], figures["newest"]) == (
        0,
        0,
        None,
        None,
    )


def test_all_that_is_taken_out_is_listed_by_name_and_by_form() -> None:
    told = secrets_listed()
    assert told[0] == "Names (* before: and all that end so):"
    assert any(line.startswith("  *password ") for line in told)
    assert any(line.startswith("  Alibaba Cloud access key LTAI: ") for line in told)
    assert told[-1] == "What a secret header holds is taken out elsewhere too, from 8 characters on."


def test_recordings_are_given_by_their_names_with_or_without_the_ending(
    tmp_path: Path, filled: dict[str, str]
) -> None:
    library = Library(tmp_path)
    wanted = [filled["cut"].removesuffix(".json"), filled["first"]]
    assert [name for name, _ in interactions(library, wanted)] == [filled["cut"], filled["first"]]
    given = dict(interactions(library))
    assert list(given) == [row.name for row in library.rows]
    assert given[filled["cut"]].response.end == "cut-by-upstream"
    with pytest.raises(
        CassetteError, match="has no recording 'tea'; dashscope-mock cassette inspect lists them"
    ):
        list(interactions(library, ["tea"]))
