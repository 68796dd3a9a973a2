"""A text taken apart: each kind of piece, in the order of the text, each once."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.instances import fragments as parted
from mockserver.instances.fragments import LONGEST, Fragments, fragments, number, shortened
from tests.wire.strategies import texts

ALL = {name for name in vars(Fragments) if not name.startswith("_")}

FOUND: list[tuple[str, str, tuple[Any, ...]]] = [
    ("It is -3, \u22127 and 1,234.50", "numbers", (-3, -7, 1234.5)),
    ("v2.0, 1.2.3, #12, A-5, 3D and x_4", "numbers", ()),
    ("5, 5 and 5", "numbers", (5, 5, 5)),
    ("10x20x30 cm, 4 × 5", "numbers", (10, 20, 30, 4, 5)),
    ("0xff and x4", "numbers", ()),
    ("6 to +7@8.example.com on 2026.11.30 or May 3, 2026", "numbers", (6,)),
    ("at 10:30 on 2026-05-01, for 2", "numbers", (2,)),
    ("\"a\" 'b' “c” ‘d’ `e` 「f」 『g』 《h》", "quoted", tuple("abcdefgh")),
    ("don't and can't", "quoted", ()),
    ('"a\nb and " c " or', "quoted", ("c",)),
    ("from Oslo, NO to the Hague", "places", ("Oslo, NO", "Hague")),
    ("Is Paris's tower in Paris's centre?", "places", ("Paris",)),
    ("in May, in French and of IBM", "places", ()),
    ("in new york today", "places", ("New York",)),
    ("in general and in advance", "places", ()),
    ("浙江省杭州市和西湖区", "places", ("浙江省杭州市", "西湖区")),
    ("from Oslo to Rome", "origins", ("Oslo",)),
    ("from Oslo to Rome", "goals", ("Rome",)),
    ("从北京到上海的航班", "origins", ("北京",)),
    ("从北京飞上海的航班", "goals", ("上海",)),
    ("大阪から京都へ", "origins", ("大阪",)),
    ("大阪から京都へ", "goals", ("京都",)),
    ("My name is Ann Lee. I'm Bob.", "people", ("Ann Lee", "Bob")),
    ("我叫小明，私の名前は太郎です", "people", ("小明", "太郎")),
    ("i am tired", "people", ()),
    ("What did Ada Lovelace say? Nothing. The End", "names", ("Ada Lovelace", "End")),
    ("in French in May", "names", ()),
    (
        "May 1st, 2026, 2026/05/02, 2026年5月3日, 2026-5-4",
        "dates",
        tuple(f"2026-05-0{n}" for n in range(1, 5)),
    ),
    ("12026-05-01 and 2026-05-011", "dates", ()),
    ("Tomorrow, 今天, tonight or todays", "days", ("Tomorrow", "今天", "tonight")),
    ("10:30, 7:05:09 and 1:2", "times", ("10:30", "7:05:09")),
    ("a.b+c@example.co.uk, x@y", "emails", ("a.b+c@example.co.uk",)),
    ("https://u:p@h.com/a?b=1, (http://x.y/z).", "urls", ("https://u:p@h.com/a?b=1", "http://x.y/z")),
    ("https://a@b.com/c", "emails", ()),
    ("./a/b.txt, ~/x, C:\\t\\a.md, e.g. main.py", "paths", ("./a/b.txt", "~/x", "C:\\t\\a.md", "main.py")),
    ("see https://h.com/a/b", "paths", ()),
    ("(3+4)*2 or 10 / 4", "formulas", ("(3+4)*2", "10 / 4")),
    ("6 Multiplied by 7, 8除以2, 1 minus 1", "formulas", ("6 * 7", "8 / 2", "1 - 1")),
    ("A-1234, #567, 89, x9 and 2026-05-01", "codes", ("A-1234", "567", "x9")),
    ("AAPL or MSFT, A, TOOLONG", "tickers", ("AAPL", "MSFT")),
    ("Send the note to John Doe, then fly to Oslo", "recipients", ("John Doe",)),
    ("Say it to Paris", "recipients", ()),
    ("Send the note to John Doe, then fly to Oslo", "places", ("Oslo",)),
    ("Alice and Bob are in Voss and Bergen", "places", ("Voss", "Bergen")),
    ("It is in London, Great Britain", "places", ("London, Great Britain",)),
    ("张伟今年32岁，李雷老师说", "people", ("张伟", "李雷")),
    ("Hi, this is Tom Hale.", "people", ("Tom Hale",)),
    ("以JSON返回", "names", ()),
    ("5cm, 10 kg or 3 mm", "units", ("cm", "kg", "mm")),
    ("法语 or English, French", "languages", ("法语", "English", "French")),
    ("请问杭州天气怎么样", "pieces", ("杭州",)),
    ("パリの《春》を", "pieces", ("パリ",)),
]


@pytest.mark.parametrize(("text", "kind", "pieces"), FOUND)
def test_a_piece_of_each_kind_is_found(text: str, kind: str, pieces: tuple[Any, ...]) -> None:
    assert getattr(fragments(text), kind) == pieces


def test_every_kind_is_tried_here() -> None:
    assert {kind for _, kind, _ in FOUND} == ALL


def test_an_empty_text_has_no_pieces() -> None:
    assert [name for name in ALL if getattr(fragments(""), name)] == []


@given(texts)
def test_no_text_is_too_odd_to_be_taken_apart(text: str) -> None:
    found = fragments(text)
    for name in ALL - {"numbers"}:
        pieces = getattr(found, name)
        assert len(set(pieces)) == len(pieces), name
        assert [piece for piece in pieces if not piece or piece != piece.strip()] == [], name


NUMBERS = st.integers(-(10**9), 10**9) | st.decimals(-(10**6), 10**6, places=2).map(float)


@given(st.lists(NUMBERS, max_size=5))
def test_numbers_are_read_as_they_are_written(numbers: list[float]) -> None:
    assert list(fragments(" or ".join(map(str, numbers))).numbers) == numbers


@given(st.dates())
def test_a_date_is_read_in_all_its_ways(date: Any) -> None:
    year, month, day = date.year, date.month, date.day
    name = date.strftime("%B")
    ways = (f"{year:04}-{month}-{day}", f"{year:04}年{month}月{day}日", f"{name} {day}, {year:04}")
    for way in ways:
        assert fragments(f"on {way} please").dates == (f"{year:04}-{month:02}-{day:02}",)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("1,234.50", 1234.5),
        ("\u22127", -7),
        ("-0", 0),
        (str(2**64 - 1), 2**64 - 1),
        (str(2**64), None),
        (str(-(2**63)), -(2**63)),
        (str(-(2**63) - 1), None),
        ("9" * 400, None),
        ("9" * 5000, None),
        ("9" * 400 + ".5", None),
        ("9" * 20 + ".5", 1e20),
    ],
)
def test_a_number_is_read_as_long_as_json_can_carry_it(text: str, read: float | None) -> None:
    assert number(text) == read


@pytest.mark.parametrize("digits", [20, 400])
def test_a_number_without_measure_is_no_number_of_a_text(digits: int) -> None:
    assert fragments(f"a is {'9' * digits}, b is 7").numbers == (7,)


@pytest.mark.parametrize("size", [0, 1, LONGEST])
def test_a_text_that_is_not_too_long_is_read_whole(size: int) -> None:
    assert shortened("x" * size) == "x" * size


@given(more=st.integers(1, 100))
def test_a_long_text_keeps_its_two_ends(more: int) -> None:
    text = "".join(map(str, range(LONGEST)))[: LONGEST + more]
    assert len(text) == LONGEST + more
    assert shortened(text) == f"{text[: LONGEST // 2]}\n{text[-LONGEST // 2 :]}"


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Extract Jason is 25", ("Jason",)),
        ("Jason is 25", ("Jason",)),
        ("Current Task: Jason is 25", ("Jason",)),
        ("Tea is hot", ("Tea",)),
        ("Tea please", ()),
    ],
)
def test_a_name_at_the_start_is_told_by_what_follows_it(text: str, names: tuple[str, ...]) -> None:
    assert fragments(text).names == names


@pytest.mark.parametrize("change", [str.lower, str.upper, str.title, str.capitalize])
@pytest.mark.parametrize(
    "said", ["my name is", "i am", "i'm", "a boy called", "a boy named", "by name", "just call me"]
)
def test_who_is_introduced_is_known_in_whatever_case(said: str, change: Callable[[str], str]) -> None:
    assert fragments(f"{change(said)} Ann Lee, 5").people == ("Ann Lee",)


def test_a_name_in_quotes_is_taken_as_it_stands() -> None:
    assert fragments("a customer named 'Tom & Co.' (Hello Group)").people == ("Tom & Co.",)


NUMBER = re.compile(
    r"(?<![A-Za-z_\d.#])(?<![A-Za-z]-)[-\u2212]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?![A-Za-z_\d])(?!\.\d)"
)
"""A number as it is read by who has time: what may not stand before it is told before it."""


@given(st.text(st.sampled_from("a-\u22121,,.#_ 30Z x"), max_size=20))
def test_numbers_are_those_that_stand_by_themselves(text: str) -> None:
    bare = fragments(text)._measured
    assert fragments(text).numbers == tuple(map(number, NUMBER.findall(bare)))


@given(st.text(st.sampled_from("2026-0/1.年月日 a\n"), max_size=24))
def test_no_date_in_digits_is_passed_over(text: str) -> None:
    assert parted._YEAR.search(text) or not parted._DATE.search(text)


@pytest.mark.parametrize(
    ("kind", "piece"),
    [
        *(("formulas", piece) for piece in ("1", "1.", "1..", "1 ", "(1", "1-", "-1", "1 plus ", " ", "\n")),
        *(
            (kind, piece)
            for kind in ("origins", "goals")
            for piece in ("データ", "中", "从中", "到中", "から", "へ")
        ),
        *(("paths", piece) for piece in ("a-", "1-1-", "-", "/a", "~/", "a.b-", "é-")),
        *(("quoted", piece) for piece in ("“", "‘ ", "「", "『", "《", "`", '"', "'a' ", "“a「")),
        *(("places", ", CA " + piece) for piece in ("A", "Ab ", "A.", "A-")),
        *(("people", piece) for piece in ("named “", "called ‘", "named A", "我叫")),
        *(("emails", piece) for piece in ("a", "a@", "a@b.", "a.")),
    ],
)
def test_a_text_is_taken_apart_in_time_that_grows_with_its_length(kind: str, piece: str) -> None:
    """As one that is not shortened is: a shortened one takes a fiftieth of it."""
    start, _, piece = piece.rpartition(", CA ") if kind == "places" else ("", "", piece)
    text = start + ", CA " * (kind == "places") + piece * (200_000 // len(piece))
    assert len(getattr(Fragments(text), kind)) <= len(text)


@pytest.mark.parametrize(
    ("text", "kind", "found"),
    [
        ("See ../a-b/c.py, x-C:\\dir and b-c.txt", "paths", ("../a-b/c.py", "C:\\dir", "b-c.txt")),
        ("--dry-run on a-b.yaml or a-b", "paths", ("a-b.yaml",)),
        ("Of 12 and 3: ..(1.5 + 2) * 3, 4.5 plus 6 or 7 times", "formulas", ("(1.5 + 2) * 3", "4.5 + 6")),
        ("...12+3, 9", "formulas", ("12+3",)),
        ("大阪から東京まで", "origins", ("大阪",)),
        ("大阪から東京まで", "goals", ("東京",)),
        ("从北京到上海", "origins", ("北京",)),
        ("“a “b” c” 《《茶》经》 'it'", "quoted", ("b", "茶", "it")),
    ],
)
def test_pieces_are_whole(text: str, kind: str, found: tuple[str, ...]) -> None:
    assert getattr(fragments(text), kind) == found


def test_a_state_stands_behind_its_city() -> None:
    cities = parted._STATE.findall("iX St. Louis, MO or Lake Elsinore, CA in Bath, UK")
    assert [city for city in cities if city] == ["Louis, MO", "Lake Elsinore, CA", "Bath, UK"]
