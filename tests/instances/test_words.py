"""What a user's words offer for the properties of a JSON object."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.instances import words
from mockserver.instances.fragments import LONGEST, fragments
from mockserver.instances.kinds import counts, kind_of, made_up, parts, tables, usual
from mockserver.instances.language import language
from mockserver.instances.stems import stem
from mockserver.instances.words import Words

STRING = {"type": "string"}
NUMBER = {"type": "number"}
WHOLE = {"type": "integer"}
MOMENT = {"type": ["string"], "format": "date-time"}
UNITS = {"type": "string", "enum": ["celsius", "fahrenheit"]}
OPERATIONS = {"type": "string", "enum": ["add", "subtract", "multiply", "divide"]}

PICKS: list[tuple[str, str, dict[str, Any], Any]] = [
    ("call the tool with the answer 'tea'", "answer", STRING, "tea"),
    ('with the title "A b" and more', "title", STRING, "A b"),
    ("My name is Laurie and I like tea", "name", STRING, "Laurie"),
    ("Send 'Dinner is ready' to John Doe", "recipient", STRING, "John Doe"),
    ("My name is Laurie, write to John Doe", "recipient", STRING, "John Doe"),
    ("My name is Laurie, write to John Doe", "sender", STRING, "Laurie"),
    ("Remind Maria to send the 'Q3 report'", "assignee", STRING, "Maria"),
    ("Invoice INV-204 for customer Maria Lopez", "customer", STRING, "Maria Lopez"),
    ("Invoice INV-204 for customer Maria Lopez", "number", STRING, "INV-204"),
    ("username is jane_doe", "username", STRING, "jane_doe"),
    ("It was held in London, Great Britain", "city", STRING, "London"),
    ("It was held in London, Great Britain", "country", STRING, "Great Britain"),
    ("It was held in London, Great Britain", "location", STRING, "London, Great Britain"),
    ("weather in San Francisco, CA", "city", STRING, "San Francisco, CA"),
    ("The box is 10x20x30 cm", "units", STRING, "cm"),
    ("Multiply 3 by 4, then add 5", "a", NUMBER, 3),
    ("Anna is 1.65 meters tall and Bob is 1.82 meters tall", "height_in_meters", NUMBER, 1.65),
    ("my confirmation number is ABC123, thanks", "confirmation_number", STRING, "ABC123"),
    ("The mood is sunny", "mood", STRING, None),
    ("update my seat to 23A", "new_seat", STRING, "23A"),
    ("refund my flight 507811", "flight_id", STRING, "507811"),
    ("At 4521 Drive. The budget for the event is $50,000.", "budget", WHOLE, 50000),
    ("At 4521 Drive. The budget: €1,200", "budget", WHOLE, 1200),
    ("What's the weather in Paris?", "location", STRING, "Paris"),
    ("What's the weather in Paris?", "city", STRING, "Paris"),
    ("weather in paris today", "city", STRING, "Paris"),
    ("What's the weather like in San Francisco, CA?", "location", STRING, "San Francisco, CA"),
    ("Is Tokyo bigger than London?", "city", STRING, "London"),
    ("What is the price in advance?", "city", STRING, None),
    ("Say it in French", "city", STRING, None),
    ("Flights from Paris to New York", "from_city", STRING, "Paris"),
    ("Flights from Paris to New York", "destination", STRING, "New York"),
    ("北京的天气", "location", STRING, "北京"),
    ("杭州天气怎么样", "城市", STRING, "杭州"),
    ("浙江省杭州市现在的天气", "location", STRING, "浙江省杭州市"),
    ("今天嘉兴的天气如何？", "location", STRING, "嘉兴"),
    ("从北京到上海的航班", "出发地", STRING, "北京"),
    ("从北京到上海的航班", "destination", STRING, "上海"),
    ("東京の天気はどうですか", "city", STRING, "東京"),
    ("パリの天気を教えて", "location", STRING, "パリ"),
    ("大阪から京都まで", "origin", STRING, "大阪"),
    ("大阪から京都まで", "destination", STRING, "京都"),
    ("What is the square root of 132413?", "number", NUMBER, 132413),
    ("It costs 1,234.50 in 2026-01-02", "amount", NUMBER, 1234.5),
    ("It costs 12.5", "count", WHOLE, None),
    ("It is -3 degrees, p1 and v2.0.1", "temperature", WHOLE, -3),
    ("a is 1, b is 2", "b", NUMBER, 2),
    ("3 day forecast for the next 10 trips", "days", WHOLE, 3),
    ("top 5 of 100 results", "results", WHOLE, 100),
    ("第3天", "n", WHOLE, 3),
    ("echo 5", "timeout", {"type": "integer", "default": 300}, None),
    ("echo 5 with timeout 20", "timeout", {"type": "integer", "default": 300}, 20),
    ("weather in Celsius", "unit", UNITS, "celsius"),
    ("warm weather", "unit", UNITS, None),
    ("What is 15 multiplied by 7?", "operation", OPERATIONS, "multiply"),
    ("the task is in progress", "status", {"enum": ["pending", "in_progress"]}, "in_progress"),
    ("Is the USA better than Canada?", "country", {"enum": ["Canada", "USA"]}, "USA"),
    ("category", "kind", {"enum": ["cat", "", None, True, 7, 8]}, None),
    ("8 cats", "kind", {"enum": ["", None, True, 7, 8]}, 8),
    ("选择蓝色的", "color", {"enum": ["红色", "蓝色"]}, "蓝色"),
    ("use c++ here", "language", {"enum": ["c", "c++"]}, "c++"),
    ("My name is Alice Smith.", "name", STRING, "Alice Smith"),
    ("Please introduce Einstein briefly", "name", STRING, "Einstein"),
    ("我叫小明", "name", STRING, "小明"),
    ("請問，私の名前は太郎です", "name", STRING, "太郎"),
    ("Mail bob@example.com at https://example.com/a?b=1.", "email", STRING, "bob@example.com"),
    ("Mail bob@example.com at https://example.com/a?b=1.", "link", STRING, "https://example.com/a?b=1"),
    ("Mail bob@example.com", "to", {"type": "string", "format": "email"}, "bob@example.com"),
    ("on 2026-05-01 please", "day", {"type": "string", "format": "date"}, "2026-05-01"),
    ("on May 3rd, 2026 or 2026年5月1日", "date", STRING, "2026-05-03"),
    ("tomorrow at 10:30", "date", STRING, "tomorrow"),
    ("tomorrow at 10:30", "time", STRING, "10:30"),
    ("tomorrow", "when", {"type": "string", "format": "date-time"}, None),
    ("Translate 'good morning' to French", "target_language", STRING, "French"),
    ("Translate 'good morning' to French", "text", STRING, "good morning"),
    ("翻译成法语：你好", "语言", STRING, "法语"),
    ("100 USD in euros", "currency", STRING, "USD"),
    ("price of AAPL", "ticker", STRING, "AAPL"),
    ("Where is order #A-1234?", "order_id", STRING, "A-1234"),
    ("请读取文件 /var/data/a.txt ，谢谢", "path", STRING, "/var/data/a.txt"),
    ("Run the command: echo hello_world", "command", STRING, "echo hello_world"),
    ("Run `ls -l`", "command", STRING, "ls -l"),
    ("Hello", "command", STRING, None),
    ("What is 6 multiplied by 7?", "expression", STRING, "6 * 7"),
    ("compute (3+4)*2", "expression", STRING, "(3+4)*2"),
    ("Search AI news", "query", STRING, "AI news"),
    ("Please search the web for AI news?", "query", STRING, "AI news"),
    ("请搜索人工智能新闻", "query", STRING, "人工智能新闻"),
    ('search for "red shoes" now', "query", STRING, "red shoes"),
    ("", "query", STRING, None),
    ("请调用工具，query 传 apollo telemetry。然后", "query", STRING, "apollo telemetry"),
    ("project_name: apollo", "project_name", STRING, "apollo"),
    ("把“我喜欢蓝色”保存", "content", STRING, "我喜欢蓝色"),
    ("What a day", "question", STRING, "What a day"),
    ('call it "x y"', "widget", STRING, "x y"),
    ('call it "x y"', "widget", {"type": "string", "default": "z"}, None),
    ("Hello", "widget", STRING, None),
    ("Hello", "summary", STRING, None),
    ("Hello in Paris", "flag", {"type": "boolean"}, None),
    ("7 of them", "anything", {"type": ["string", "integer"]}, 7),
    ("Paris", "anything", {}, None),
]


@pytest.mark.parametrize(("text", "name", "schema", "value"), PICKS)
def test_a_property_gets_what_the_text_has_for_it(
    text: str, name: str, schema: dict[str, Any], value: Any
) -> None:
    assert Words.of(text).pick(name, "", schema) == value


def test_the_description_helps_where_the_name_does_not() -> None:
    words = Words.of("How is Lisbon? I mean the weather in Lisbon.")
    assert words.pick("loc", "The city to look at", STRING) == "Lisbon"
    assert words.pick("name", "The name of the city", STRING) == "Lisbon"
    assert words.pick("loc", "", STRING) is None


def test_each_number_is_taken_once() -> None:
    words = Words.of("5 plus 5 minus 8")
    assert [words.pick("a", "", NUMBER, taken=[5] * times) for times in range(3)] == [5, 5, 8]
    assert words.pick("a", "", NUMBER, taken=[5, 5, 8]) is None


@pytest.mark.parametrize("text", [f"n is {10**20}", f"{10**20} n", f"n: {'9' * 400}.5", f"{-(10**20)}"])
def test_a_number_that_json_cannot_carry_is_not_offered(text: str) -> None:
    assert Words.of(text).offers("n", "", NUMBER) == []


def test_several_places_are_offered_in_the_order_of_the_text() -> None:
    words = Words.of("Compare the weather in Paris, London and Rome")
    assert words.offers("cities", "", STRING)[0].startswith("Paris")
    assert Words.of("根据杭州和上海现在的天气").offers("locations", "", STRING) == ["杭州", "上海"]
    assert Words.of("from Oslo to Bergen and Voss").offers("city", "", STRING) == ["Oslo", "Bergen", "Voss"]


def test_commands_that_stand_in_a_row_are_several() -> None:
    words = Words.of("Run these two shell commands in parallel: echo hello and echo world")
    assert words.offers("command", "", STRING) == ["echo hello", "echo world"]


@given(st.text(), st.text(max_size=12), st.text(max_size=20))
def test_any_text_offers_only_values_of_the_type(text: str, name: str, description: str) -> None:
    words = Words.of(text)
    assert all(isinstance(value, str) for value in words.offers(name, description, STRING))
    assert all(isinstance(value, int) for value in words.offers(name, description, WHOLE))
    assert set(words.offers(name, description, UNITS)) <= set(UNITS["enum"])


@given(st.lists(st.integers(0, 10**9), max_size=6))
def test_all_numbers_are_read_in_order(numbers: list[int]) -> None:
    assert fragments(" and ".join(map(str, numbers))).numbers == tuple(numbers)


@given(st.sampled_from(["a", "1-", "A.", "(", "'", "/a", "in A, ", "从", "市", "@", "1,000", " "]))
def test_a_long_text_is_read_at_both_ends(piece: str) -> None:
    words = Words.of("in Paris " + piece * 20_000 + " at 10:30")
    assert len(words.text) == LONGEST + 1
    assert words.fragments.times[-1:] == ("10:30",)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("Hello", "en"), ("你好", "zh"), ("こんにちは", "ja"), ("東京へ", "ja"), ("", "en"), ("Olá", "en")],
)
def test_the_script_tells_the_language(text: str, expected: str) -> None:
    assert language(text) == expected


def test_a_name_in_any_case_has_the_same_parts() -> None:
    expected = ["get", "current", "weather"]
    for name in ("get_current_weather", "getCurrentWeather", "get-current.weather", "GETCurrent_Weather"):
        assert parts(name) == expected


@pytest.mark.parametrize(
    ("name", "description", "kind"),
    [
        ("city_name", "", "place"),
        ("cities", "", "place"),
        ("userEmail", "", "email"),
        ("start_date", "", "date"),
        ("time_zone", "", "timezone"),
        ("zip_code", "", "postcode"),
        ("order_id", "", "id"),
        ("file_path", "", "path"),
        ("name", "", "person"),
        ("name", "The name of the file", "path"),
        ("x", "要查询的城市", "place"),
        ("x", "", ""),
        ("text", "the text of a summary", "made"),
        ("tag", "something else", "tag"),
    ],
)
def test_the_kind_of_a_property(name: str, description: str, kind: str) -> None:
    assert kind_of(name, description) == kind


def test_every_kind_has_things_in_every_language() -> None:
    for kind in (*tables()["kinds"], "unknown", ""):
        for tongue in ("en", "zh", "ja"):
            assert made_up(kind, tongue)


def test_numbers_have_usual_ranges() -> None:
    assert usual("user_age") == (18, 75)
    assert usual("whatever") == (1, 100)


@pytest.mark.parametrize("word", ["multiply", "multiplies", "multiplied", "multiplying"])
def test_the_forms_of_a_word_share_a_stem(word: str) -> None:
    assert stem(word) == "multipl"


def test_short_words_keep_their_letters() -> None:
    assert [stem(word) for word in ("is", "pass", "bus", "Day")] == ["is", "pass", "bus", "day"]


def test_what_a_description_allows_is_kept() -> None:
    form = {"type": ["string"]}
    assert Words.of("in descending order").offers("order", "one of: asc, desc", form) == ["desc"]
    assert Words.of("Hello").offers("order", "one of: asc, desc", form) == ["asc"]
    assert Words.of("Hello").gives("order", "one of: asc, desc", form) == []
    assert Words.of("ordered desc").gives("order", "one of: asc, desc", form) == ["desc"]


@pytest.mark.parametrize(
    ("text", "name", "description", "directory", "path"),
    [
        ("Read a.txt", "path", "The absolute path", "/srv", "/srv/a.txt"),
        ("Read ./a.txt", "path", "The absolute path", "/", "/a.txt"),
        ("Read /b/a.txt", "path", "The absolute path", "/srv", "/b/a.txt"),
        ("Read a.txt", "path", "The absolute path", "", "/a.txt"),
        ("Read a.txt", "path", "The path", "/srv", "a.txt"),
        ("Read it", "path", "The absolute path of a file", "/srv", "/srv/notes.txt"),
        ("List it", "path", "The absolute path of the directory", "/srv", "/srv"),
        ("List it", "dir_path", "", "/srv", "/srv"),
    ],
)
def test_paths_are_as_they_are_demanded(
    text: str, name: str, description: str, directory: str, path: str
) -> None:
    words = Words.of(text, directory=directory)
    assert words.offers(name, description, {"type": ["string"]}) == [path]


@pytest.mark.parametrize(
    ("text", "name", "schema", "given"),
    [
        ("in Paris", "city", {"type": ["string"]}, ["Paris"]),
        ("Paris is nice", "note", {"type": ["string"]}, []),
        ("Ask Bob Stone now", "city", {"type": ["string"]}, []),
        ("Read it", "path", {"type": ["string"]}, []),
        ("mail bob@example.com", "emails", {"type": ["array"]}, ["bob@example.com"]),
        ("3 cups", "cups", {"type": ["integer"]}, [3]),
        ("3 cups", "pots", {"type": ["integer"]}, []),
        ("a red cup", "color", {"enum": ["red", "blue"]}, ["red"]),
        ("a red cup", "flag", {"type": ["boolean"]}, []),
        (
            "on 2026-01-02 at 9:30",
            "start",
            {"type": ["string"], "format": "date-time"},
            ["2026-01-02T09:30:00Z"],
        ),
    ],
)
def test_only_what_is_for_the_property_is_given(
    text: str, name: str, schema: dict[str, Any], given: list[Any]
) -> None:
    assert Words.of(text).gives(name, "", schema) == given


def test_what_tools_have_answered_is_told_and_gives_values() -> None:
    words = Words.of("Weather?", results=["In Oslo it is 4 degrees."])
    assert words.offers("summary", "", {"type": ["string"]}) == ["In Oslo it is 4 degrees."]
    assert words.offers("city", "", {"type": ["string"]}) == ["Oslo"]


def test_days_that_are_no_dates_are_none_for_an_iso_date() -> None:
    form = {"type": ["string"]}
    assert Words.of("tomorrow").offers("date", "", form) == ["tomorrow"]
    assert Words.of("tomorrow").offers("date", "as YYYY-MM-DD", form) == []


@pytest.mark.parametrize("parameters", [None, {}, {"properties": []}, {"properties": {"city": True}}])
def test_a_function_without_places_is_called_for_one_thing(parameters: Any) -> None:
    assert Words.of("Paris and London").things(parameters) == ()


@pytest.mark.parametrize(
    ("name", "whole"), [("limit", True), ("start_line", True), ("price", False), ("x", False)]
)
def test_names_tell_what_counts(name: str, *, whole: bool) -> None:
    assert counts(name) is whole


@pytest.mark.parametrize("root", ["count", "a", "1", "年"])
@pytest.mark.parametrize("piece", ["\n", " ", "- ", "1", "a", "is ", "a ", "1 ", "-1"])
def test_a_number_beside_a_word_is_found_in_time_that_grows_with_the_text(root: str, piece: str) -> None:
    for begins in ("", root, f"{root} a", f"1{root}"):
        text = begins + piece * (200_000 // len(piece))
        for pattern in words._beside(root):
            assert len(list(pattern.finditer(text))) <= len(text)


@pytest.mark.parametrize("sign", ["=", ": ", "传", " is ", ' "', " “", " "])
@pytest.mark.parametrize("piece", ["\n", " ", "\u3000", ". ", " .", "a ", "a-", "“"])
def test_what_follows_a_name_is_found_in_time_that_grows_with_the_text(sign: str, piece: str) -> None:
    text = f"name{sign}b" + piece * (200_000 // len(piece)) + "c"
    assert words._VALUE.match(text, len("name")) or sign in (" is ", ' "', " “", " ")


def test_a_command_is_found_in_time_that_grows_with_the_text() -> None:
    assert not any(found[1] for found in words._ORDER.finditer("run " * 50_000))
    assert Words.of("run it and run\nexecute now: ls -l and echo hi").pick("command", "", {}) == "ls -l"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("count   is   5", 5),
        ("counts:\n7", 7),
        ("8 - counts", 8),
        ("the count of all cups is 9", 9),
        ("count 1,000", 1000),
    ],
)
def test_a_number_stands_beside_its_word(text: str, value: int) -> None:
    assert Words.of(f"3 cups; {text}").pick("count", "", {"type": "integer"}) == value


@pytest.mark.parametrize(
    ("text", "value"), [("name: tea  . ", "tea"), ("name =  green tea   ", "green tea"), ("name: a. B", "a")]
)
def test_a_value_ends_before_the_stop_and_the_blanks_behind_it(text: str, value: str) -> None:
    assert Words.of(text).pick("name", "", {"type": "string"}) == value
