"""A file's content as data: whatever it is written in, and never more than a file may be."""

from pathlib import Path
from typing import Any

import pytest

from mockserver.recording.importers import opening
from mockserver.recording.importers.opening import Numbers, kind_of, loaded, written
from mockserver.recording.importers.pieces import ImportFaultError

FILE = Path("tea")


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (b'{"a": 1}', "json"),
        (b"\n [1]", "json"),
        (b'{"a": 1}\n{"a": 2}\n', "lines"),
        (b'{"a":\n 1}', "json"),
        (b"interactions: []", "yaml"),
        (b"---\n- a\n[b]", "yaml"),
        (b"version = 1\n\n[[interactions]]\n", "toml"),
        (b"HTTP/1.1 200 OK\n\n", "message"),
        (b"* Connected\n> POST / HTTP/1.1\n", "message"),
        (b"1234:5:reply;", "flows"),
        (b"", "yaml"),
    ],
)
def test_what_a_file_is_written_in_its_content_tells(raw: bytes, kind: str) -> None:
    assert kind_of(raw) == kind
    assert written(raw) == (kind if kind in ("json", "toml") else "yaml")


@pytest.mark.parametrize(
    ("scalar", "text", "old", "core"),
    [
        ("12:30", "12:30", 750, "12:30"),
        ("2026-01-01", "2026-01-01", None, "2026-01-01"),
        ("no", "no", False, "no"),
        ("1e3", "1e3", "1e3", 1000.0),
        ("7b7d", "7b7d", "7b7d", "7b7d"),
        ("010", "010", 8, 10),
        ("5", "5", 5, 5),
        ("true", "true", True, True),
        ("-1.5", "-1.5", -1.5, -1.5),
        ("null", None, None, None),
        ("~", None, None, None),
        ("", None, None, None),
        ("'5'", "5", "5", "5"),
        ("!!binary e30=", b"{}", b"{}", b"{}"),
    ],
)
def test_plain_scalars_are_read_as_their_tool_wrote_them(scalar: str, text: Any, old: Any, core: Any) -> None:
    ways: tuple[tuple[Numbers, Any], ...] = (("text", text), ("1.1", old), ("core", core))
    for numbers, wanted in ways:
        found = loaded(FILE, f"a: {scalar}\n".encode(), "yaml", numbers)["a"]
        if wanted is None and scalar == "2026-01-01":
            assert found.year == 2026
        else:
            assert (found, type(found)) == (wanted, type(wanted))


def test_json_and_toml() -> None:
    assert loaded(FILE, b'{"a": [1]}', "json") == {"a": [1]}
    assert loaded(FILE, b"a = [1]", "toml") == {"a": [1]}


@pytest.mark.parametrize(
    ("raw", "kind", "words"),
    [
        (b"{", "json", "tea: it is no JSON, or cut"),
        (b"a = ", "toml", "tea: it is no TOML"),
        (b"a = '\xff'", "toml", r"tea: it is no text in UTF-8, .* \(from byte 5 on\)"),
        (b"\xfc[h\n[x", "json", r"tea: it is no text in UTF-8, .* \(from byte 0 on\)"),
        (b"a: \xff", "yaml", r"tea: it is no text in UTF-8, .* \(from byte 3 on\)"),
        (b"[" * 900 + b"]" * 900, "json", "tea: its JSON is nested more than 200 levels deep"),
        (b"[" * 90_000 + b"]" * 90_000, "json", "tea: its JSON is nested more than 200 levels deep"),
        (b"[" * 900, "json", "tea: it is no JSON, or cut"),
        (b"a: [", "yaml", "tea: it is no plain YAML"),
        (b"!!python/object/apply:os.system ['true']", "yaml", "tea: it is no plain YAML"),
        (b"a: !!binary '!'", "yaml", "a !!binary is no base64"),
        ("a: x\x85y".encode(), "yaml", "it holds U\\+0085"),
        (b"a: &a [*a]", "yaml", "its aliases unfold to too much"),
    ],
)
def test_what_is_no_data_is_refused_with_the_way_out(raw: bytes, kind: Any, words: str) -> None:
    with pytest.raises(ImportFaultError, match=words):
        loaded(FILE, raw, kind)


@pytest.mark.parametrize("scalar", ['!!int ""', '!!int "-"', '!!float ""', "!!bool x", "1:" * 300 + "1.0"])
@pytest.mark.parametrize("numbers", ["text", "1.1", "core"])
def test_a_scalar_that_is_not_what_it_says_is_refused_or_a_text(scalar: str, numbers: Numbers) -> None:
    if not scalar.startswith("!") and numbers != "1.1":
        assert loaded(FILE, f"a: {scalar}".encode(), "yaml", numbers) == {"a": scalar}
        return
    with pytest.raises(ImportFaultError, match="tea: it is no plain YAML"):
        loaded(FILE, f"a: {scalar}".encode(), "yaml", numbers)


@pytest.mark.parametrize("scalar", ["1:" * 101 + "1", "1:" * 101 + "1.5", "!!int " + "1:" * 101 + "1"])
def test_a_number_to_the_base_60_ends(scalar: str) -> None:
    words = "a number to the base 60 has more than 100 colons: put it in quotes if it is a text"
    with pytest.raises(ImportFaultError, match=words):
        loaded(FILE, f"a: {scalar}".encode(), "yaml", "1.1")
    assert loaded(FILE, b"a: 1:30.5\nb: 190:20:30", "yaml", "1.1") == {"a": 90.5, "b": 685_230}


def test_aliases_are_counted_as_what_they_stand_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "_MOST_VALUES", 20)
    assert loaded(FILE, b"a: &a [1, 2]\nb: [*a, *a]", "yaml")["b"] == [["1", "2"], ["1", "2"]]
    with pytest.raises(ImportFaultError, match="its aliases unfold to too much; write it without aliases"):
        loaded(FILE, b"a: &a [1, 2, 3, 4]\nb: [*a, *a, *a, *a, *a]", "yaml")


def test_yaml_in_utf_16_says_so_and_is_read() -> None:
    assert loaded(Path("tea"), "a: 茶".encode("utf-16"), "yaml") == {"a": "茶"}
