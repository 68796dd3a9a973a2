"""Whether a user's words ask for a tool."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.answer.asks import asks_for, names, terms

Tool = dict[str, Any]


def tool(name: str, description: str = "", **properties: Any) -> Tool:
    parameters = {"type": "object", "properties": properties}
    function = {"name": name, "description": description, "parameters": parameters}
    return {"type": "function", "function": function}


WEATHER = tool("get_current_weather", "Get the current weather in a given location", location={})
WEATHER_ZH = tool("get_current_weather", "获取现在的天气")
PLAIN_ZH = tool("f1", "获取现在的天气")
WISH_ZH = tool("tianqi", "当你想查询指定城市的天气时非常有用。")
CLOCK = tool("get_current_time", "当你想知道现在的时间时非常有用。")
ROOT = tool("square_root", "Calculates and return the square root of a number")
SUMS = tool("calculator", "Perform basic arithmetic operations")
SUMS_BY_MEMBERS = tool("op2", "Works on a pair", kind={"enum": ["multiply", "divide"]}, odd=True)
EXPRESSION = tool("evaluator_react", "Evaluate a simple arithmetic expression and return the numeric result.")
SUM = tool("calculate_sum", "Calculate sum of two numbers.")
SHELL = tool("execute_shell_command", "Execute given command and return the return code")
SEARCH = tool("search", "Search info")
FORMAT = tool("format", "Format resp")
READ = tool("read_file", "Read a text file with line numbers and pagination.")
WRITE = tool("write_file", "Write content to a file, completely replacing existing content.")
MAIL = tool("send_email", "Send an email to a recipient")
FLIGHTS = tool("search_flights", "Search for flights between two cities")
BEST = tool("best_country", "A tool to specify the best country")
MEMORY = tool("memory", "Save durable information to persistent memory that survives across sessions.")
TODO = tool("todo", "Manage your task list for the current session.")
STOCK = tool("getStockPrice", "Get the price of a stock")
TRANSLATE = tool("翻訳", "テキストを翻訳する")
HELP = tool("lookup", "Finds opening hours of museums")

TO_HISTORY = tool(
    "transfer_to_history_tutor",
    "Handoff to the History Tutor agent to handle the request. Specialist agent for historical questions",
)
TO_SEATS = tool("transfer_to_seat_booking_agent", "Handoff to the agent that can update a seat on a flight.")
TO_ALICE = tool("transfer_to_alice", "Transfer to Alice, she can help with math")
WEB_AGENT = tool("web_search_agent", "Runs web searches for you.")
SPANISH = tool("translate_to_spanish", "Translate the user's message to Spanish")
TRIP = tool("get_travel_duration", "Gets the travel time between two places.")
ADD = tool("add", "Add two numbers")
SET_NAME = tool("set_name", "Set the name of the user.")
SET_NAME["function"]["parameters"] = {"properties": {"name": {"type": "string"}}, "required": ["name"]}

ASKED: list[tuple[Tool, str]] = [
    (TO_HISTORY, "Who was the first president? It is a question of history homework"),
    (TO_SEATS, "Please update my seat on the flight to 23A"),
    (TO_ALICE, "what's 5 + 7?"),
    (WEB_AGENT, "Search the web: where does the Mona Lisa hang?"),
    (SPANISH, "Say 'Hello, how are you?' in Spanish."),
    (TRIP, "How long is the trip from Paris to Berlin?"),
    (ADD, "what's 5 + 7?"),
    (SET_NAME, "My name is Laurie"),
    (WEATHER, "What is the weather in Paris?"),
    (WEATHER, "Will it rain in Paris?"),
    (WEATHER, "杭州天气怎么样"),
    (WEATHER, "東京の天気はどうですか"),
    (WEATHER_ZH, "杭州天气怎么样"),
    (PLAIN_ZH, "杭州天气怎么样"),
    (PLAIN_ZH, "What is the weather in Hangzhou?"),
    (WISH_ZH, "北京天气如何"),
    (CLOCK, "现在几点了？"),
    (CLOCK, "What time is it?"),
    (CLOCK, "今何時ですか"),
    (ROOT, "What is the square root of 132413?"),
    (SUMS, "What is 15 multiplied by 7?"),
    (SUMS, "1+1等于几？"),
    (SUMS_BY_MEMBERS, "15 * 7"),
    (EXPRESSION, "What is 6 multiplied by 7?"),
    (SUM, "What is the sum of 3 and 4?"),
    (SHELL, "Run the command: echo hello_world"),
    (SEARCH, "Search AI news"),
    (FORMAT, "Format this"),
    (READ, "Read the content of the file /var/data/x.txt and return it."),
    (READ, "请读取文件 /var/data/x.txt"),
    (MAIL, "Send an email to bob@example.com"),
    (FLIGHTS, "Find flights from Paris to Rome"),
    (FLIGHTS, "帮我查找从北京到上海的航班"),
    (BEST, "Call the tool best_country to tell me."),
    (MEMORY, "请务必调用 memory 工具，把“我喜欢蓝色”保存"),
    (MEMORY, "Use the tool memory"),
    (STOCK, "阿里股价"),
    (TRANSLATE, "この文を翻訳して"),
    (HELP, "What are the opening hours of the museum?"),
]

NOT_ASKED: list[tuple[Tool, str]] = [
    (TO_HISTORY, "What is the weather in Paris?"),
    (TO_HISTORY, "I have a question for an agent, please handle my request"),
    (TO_SEATS, "What bags are allowed?"),
    (SPANISH, "Say hello in French"),
    (SPANISH, "I met a friend of theirs"),
    (ADD, "what's 5 * 7?"),
    (SET_NAME, "What is the weather in Paris?"),
    (SET_NAME, "The table has no name"),
    *(
        (each, small_talk)
        for each in (WEATHER, WEATHER_ZH, PLAIN_ZH, CLOCK, SEARCH, FORMAT, MEMORY, TODO, MAIL)
        for small_talk in (
            "Hello",
            "Hello, how are you?",
            "Hi! Who are you?",
            "Thank you",
            "Thanks, that was great!",
            "你好",
            "谢谢你",
            "こんにちは",
            "ありがとうございます",
            "",
        )
    ),
    (CLOCK, "北京天气如何"),
    (CLOCK, "Tell me a joke"),
    (WEATHER, "What is the square root of 132413?"),
    (WEATHER, "1+1等于几？"),
    (WEATHER, "I love the location"),
    (WEATHER, "介绍一下杭州西湖最近有什么好玩的？"),
    (ROOT, "What is the weather in Paris?"),
    (SUM, "What's the weather in Beijing?"),
    (SHELL, "Hi! Who are you?"),
    (WRITE, "Read the content of the file /var/data/x.txt and return it."),
    (WRITE, "Write a short poem"),
    (MAIL, "What's the weather?"),
    (MAIL, "北京的天气"),
    (FLIGHTS, "Search the web for cats"),
    (BEST, "What is the capital of France? Answer in one word."),
    (MEMORY, "Hello, my name is Alice"),
    (HELP, "What are museums?"),
]


@pytest.mark.parametrize(("offered", "text"), ASKED)
def test_words_that_share_the_idea_ask_for_the_tool(offered: Tool, text: str) -> None:
    assert asks_for(offered, text)
    assert asks_for(offered["function"], text)


@pytest.mark.parametrize(("offered", "text"), NOT_ASKED)
def test_other_words_do_not(offered: Tool, text: str) -> None:
    assert not asks_for(offered, text)


@pytest.mark.parametrize("offered", [{}, {"function": 5}, {"name": None}, {"name": "", "parameters": []}])
def test_a_tool_that_says_nothing_is_never_asked_for(offered: Tool) -> None:
    assert not asks_for(offered, "What is the weather in Paris?")


def test_the_terms_of_a_text_are_ideas_stems_and_pairs_of_characters() -> None:
    assert terms("What's the forecast for closed museums?") == ("weather", "clos", "museum")
    assert terms("杭州天气") == ("weather", "杭州")


@given(st.text(), st.text(max_size=30), st.text(max_size=60))
def test_any_words_and_any_tool_get_an_answer(text: str, name: str, description: str) -> None:
    assert asks_for(tool(name, description), text) in (True, False)
    assert asks_for(tool(name, description), "") is False


@given(
    st.from_regex(r"[a-z]{3,8}_[a-z]{3,8}", fullmatch=True),
    st.sampled_from(["Use {}.", "请调用 {} 工具", "{}"]),
)
def test_a_tool_that_is_named_is_asked_for(name: str, frame: str) -> None:
    assert asks_for(tool(name), frame.format(name))


def test_what_is_remembered_of_long_texts_is_bounded_in_their_length() -> None:
    """The pairs of characters of an Asian text take some hundred times its length."""
    texts = [chr(0x4E00 + number) * 40_000 + "茶" for number in range(5)]
    first = terms(texts[0])
    assert terms(texts[0]) is first
    for text in texts[1:]:
        terms(text)
    assert terms(texts[0]) is not first, "it was forgotten for the others"


def test_a_name_is_looked_for_in_time_that_grows_with_the_text() -> None:
    assert not names(" " * 200_000, " ")
    assert not names("a" + " " * 200_000, "a")
    assert not names("tool " * 40_000 + "x", "x y")
    assert names("the tool " + " " * 200_000 + "tea", "tea")
