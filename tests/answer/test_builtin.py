"""The built-in model: what it says to whom, and that it says the same tomorrow."""

from itertools import islice
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.answer import builtin, prose
from mockserver.base import resources
from mockserver.dialects.native.surface import NATIVE_MULTIMODAL
from mockserver.instances.language import language as language_of
from mockserver.meter import tokenizer as tokenizers
from mockserver.meter.tokenizer import Tokenizer
from mockserver.talk.reply import Choice, Reply
from mockserver.talk.request import ChatRequest
from tests.asking import Messages, ask
from tests.wire.strategies import texts

WORKING = tokenizers.load()
"""Hypothesis runs a test many times on one fixture, so its tests take the tokenizer from here."""

THINKS: dict[str, Any] = {"stream": True, "enable_thinking": True}
"""What makes a hybrid model think on any request."""

MOCK = {"en": "mock", "zh": "模拟", "ja": "モック"}
"""How an answer names itself, by language."""

TURNS: Messages = [
    {"role": "system", "content": "You know all about tea."},
    {"role": "user", "content": "绿茶怎么泡？"},
    {"role": "assistant", "content": "用八十度的水。"},
    {"role": "user", "content": "泡多久？"},
]


def only(reply: Reply) -> Choice:
    """The choice of an answer that has one."""
    (choice,) = reply.choices
    return choice


def say(request: ChatRequest) -> str:
    """What the built-in model answers to a request."""
    return only(builtin.answer(request, WORKING)).content


def limited(name: str, most: int) -> dict[str, Any]:
    """The parameter that limits an answer."""
    return {name: most}


def tokens(text: str) -> int:
    """How many tokens an answer's text costs."""
    return len(WORKING.ends(text))


def test_three_whole_answers_stay_as_they_are_within_a_major_release(tokenizer: Tokenizer) -> None:
    english = ask("What is green tea?")
    assert builtin.answer(english, tokenizer) == Reply(
        (
            Choice(
                "A mock of qwen-plus is speaking. "
                'You asked about "What is green tea?", so let us stay with it. '
                "The words are made up, yet the shape is real. "
                "The same request will be answered in the same way tomorrow. "
                "Two things matter here: the question and the history in front of it. "
                "Tell me more, and the next turn will take it up."
            ),
        )
    )
    chinese = ask(TURNS[1:], model="qwen3-max", stream=True, enable_thinking=True, seed=7)
    assert builtin.answer(chinese, tokenizer) == Reply(
        (
            Choice(
                "qwen3-max 不在线，这条回答来自模拟服务。您说的是“泡多久？”，下面就围绕它来谈。"
                "第 2 轮了，我接着您之前说的“绿茶怎么泡？”继续。这里没有进行任何推理，请不要把它当作建议。"
                "换一个随机种子，句子就会不同。通常分为三步，第一步是仔细阅读。模拟服务暂时就说到这里。",
                "用户说的是“泡多久？”。这是对话的第 2 轮。先弄清楚问题是什么。"
                "我背后没有真正的模型，所以回答要简单。简短友好就够了。再确认一下语气是否合适。"
                "现在可以组织语言回答了。",
            ),
        )
    )
    japanese = ask("お茶をください", model="qwen-turbo", temperature=0.3, n=2)
    assert builtin.answer(japanese, tokenizer) == Reply(
        (
            Choice(
                "こちらは qwen-turbo を模したモックの返信です。"
                "「お茶をください」について、まず簡単にお話しします。"
                "何回かに分けて送れるくらいの長さがあります。本物のモデルなら、まず細部を確認するでしょう。"
                "ほかに試したいことはありますか。"
            ),
            Choice(
                "これは qwen-turbo のモック回答です。いただいたメッセージは「お茶をください」でした。"
                "推論は行っていないので、助言としては使わないでください。続きをどうぞ。次の回でお答えします。"
            ),
        )
    )


@given(texts, st.integers(0, 2**31 - 1))
def test_the_same_request_is_answered_the_same_and_by_something_that_calls_itself_a_mock(
    text: str, seed: int
) -> None:
    reply = builtin.answer(ask(text, seed=seed), WORKING)
    assert reply == builtin.answer(ask(text, seed=seed), WORKING)
    assert MOCK[language_of(text)] in only(reply).content
    assert only(reply).finish_reason == "stop"
    assert only(reply).reasoning == ""


@pytest.mark.parametrize("language", ["en", "zh", "ja"])
def test_every_sentence_that_may_open_an_answer_says_mock_and_names_the_model(language: str) -> None:
    words = resources.fixture("builtin")[language]
    assert set(words) == {"first", "about", "later", "middle", "last", "thought", "result", "onward"}
    for sentence in words["first"]:
        assert MOCK[language] in sentence
        assert "{model}" in sentence
    for sentence in words["about"]:
        assert "{topic}" in sentence
    for sentence in words["later"]:
        assert "{turn}" in sentence
        assert "{before}" in sentence
    for place, sentences in words.items():
        assert len(set(sentences)) == len(sentences) >= 4, place


def test_another_seed_gives_another_answer_and_the_documented_one_is_the_default() -> None:
    said = {seed: say(ask("Tea?", seed=seed)) for seed in (0, 1, 2, 1234)}
    assert len(set(said.values())) == 4
    assert say(ask("Tea?")) == say(ask("Tea?", seed=None)) == said[1234]


@pytest.mark.parametrize(
    "changed",
    [
        {"temperature": 0.5},
        {"top_p": 0.5},
        {"top_k": 5},
        {"presence_penalty": 1.0},
        {"frequency_penalty": 1.0},
        {"repetition_penalty": 1.1},
    ],
)
def test_a_sampling_parameter_gives_another_answer(changed: dict[str, Any]) -> None:
    assert say(ask("Tea?", **changed)) != say(ask("Tea?"))


def test_a_parameter_that_does_not_sample_leaves_the_answer_as_it_is() -> None:
    assert say(ask("Tea?", logprobs=True, max_tokens=1000, stream=True)) == say(ask("Tea?"))


def test_another_model_or_history_gives_another_answer() -> None:
    assert say(ask("Tea?", model="qwen-max")).replace("qwen-max", "qwen-plus") != say(ask("Tea?"))
    other = [{"role": "system", "content": "You know nothing of tea."}, *TURNS[1:]]
    assert say(ask(other)) != say(ask(TURNS))


def test_another_picture_gives_another_answer() -> None:
    def look(url: str) -> str:
        content = [{"image": url}, {"text": "What is this?"}]
        messages = [{"role": "user", "content": content}]
        return say(ask(messages, model="qwen-vl-max", surface=NATIVE_MULTIMODAL))

    assert look("https://example.com/cup.png") == look("https://example.com/cup.png")
    assert look("https://example.com/cup.png") != look("https://example.com/pot.png")


def test_each_of_four_choices_is_another_one_and_the_first_is_the_only_one_of_n_1() -> None:
    four = builtin.answer(ask("Tea?", n=4), WORKING).choices
    assert len({choice.content for choice in four}) == 4
    assert four[0] == only(builtin.answer(ask("Tea?"), WORKING))


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("What is tea?", "en"),
        ("Qu'est-ce que le thé ?", "en"),
        ("", "en"),
        ("什么是茶？", "zh"),
        ("tea 茶", "zh"),
        ("お茶とは？", "ja"),
        ("コーヒー", "ja"),
        ("龙井茶 お茶", "ja"),
    ],
)
def test_a_text_has_the_language_of_its_script(text: str, language: str) -> None:
    assert language_of(text) == language
    assert MOCK[language] in say(ask(text))


def test_the_last_user_message_decides_the_language() -> None:
    turned: Messages = [
        *TURNS,
        {"role": "assistant", "content": "三分钟。"},
        {"role": "user", "content": "Why?"},
    ]
    assert "mock" in say(ask(turned))
    assert "模拟" in say(ask(turned[:4]))


def test_a_first_turn_looks_at_nothing_before_it() -> None:
    assert "turn 1" not in say(ask("Tea?"))


def test_a_later_turn_knows_its_number_and_what_was_said_before() -> None:
    said = say(ask(TURNS))
    assert "第 2 轮" in said
    assert "“绿茶怎么泡？”" in said
    assert "“泡多久？”" in said


def test_a_long_message_is_quoted_by_its_beginning_on_one_line() -> None:
    said = say(ask("Tell me\n\n  all " + "about tea " * 10))
    assert '"Tell me all about tea about tea about te…"' in said


def test_a_message_with_braces_is_quoted_as_it_is() -> None:
    assert '"{model} {0} {"' in say(ask("{model} {0} {"))


def test_a_conversation_without_a_user_gets_a_general_answer() -> None:
    said = say(ask([{"role": "system", "content": "Say something."}]))
    assert '"…"' in said
    assert "mock" in said


def test_a_second_turn_behind_an_empty_one_quotes_three_dots() -> None:
    messages = [{"role": "user", "content": ""}, {"role": "user", "content": "Tea?"}]
    assert '"…"' in say(ask(messages))


@pytest.mark.parametrize("text", ["Tea?", "什么是茶？", "お茶とは？"])
@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens"])
def test_an_answer_is_cut_to_the_tokens_asked_for(name: str, text: str) -> None:
    whole = say(ask(text))
    for most in range(1, tokens(whole)):
        cut = only(builtin.answer(ask(text, **limited(name, most)), WORKING))
        assert tokens(cut.content) == most
        assert whole.startswith(cut.content)
        assert cut.finish_reason == "length"
    exact = only(builtin.answer(ask(text, **limited(name, tokens(whole))), WORKING))
    assert exact == Choice(whole)


def test_max_tokens_counts_before_max_completion_tokens() -> None:
    cut = only(builtin.answer(ask("Tea?", max_tokens=3, max_completion_tokens=5), WORKING))
    assert tokens(cut.content) == 3


@pytest.mark.parametrize("stop", ["mock", ["mock"], ["never said", "mock"]])
def test_an_answer_ends_before_a_stop_string(stop: Any) -> None:
    whole = say(ask("Tea?"))
    cut = only(builtin.answer(ask("Tea?", stop=stop), WORKING))
    assert cut == Choice(whole[: whole.index("mock")])


def test_the_first_of_several_stop_strings_ends_the_answer() -> None:
    whole = say(ask("Tea?"))
    cut = say(ask("Tea?", stop=[whole[20:25], whole[10:15], whole[30:35]]))
    assert cut == whole[:10]


def test_a_stop_string_that_is_never_said_stops_nothing() -> None:
    assert say(ask("Tea?", stop=["Observation", ""])) == say(ask("Tea?"))


def test_an_answer_ends_before_a_stop_token(tokenizer: Tokenizer) -> None:
    whole = say(ask("Tea?"))
    ids = tokenizer.encode(whole)
    cut = tokenizer.head(whole, ids.index(ids[4]))
    assert say(ask("Tea?", stop=[ids[4]])) == cut
    assert say(ask("Tea?", stop=[37763, ids[4]])) == cut


def test_an_answer_ends_before_a_run_of_stop_tokens_and_not_before_half_of_it(
    tokenizer: Tokenizer,
) -> None:
    whole = say(ask("Tea?"))
    ids = tokenizer.encode(whole)
    run = ids[5:8]
    assert say(ask("Tea?", stop=[run])) == tokenizer.head(whole, 5)
    assert say(ask("Tea?", stop=[[*run, 37763], [37763, 367]])) == whole


def test_an_answer_that_its_stop_ends_within_its_tokens_is_not_cut_by_length() -> None:
    cut = only(builtin.answer(ask("Tea?", stop="mock", max_tokens=50), WORKING))
    assert cut.finish_reason == "stop"
    shorter = only(builtin.answer(ask("Tea?", stop="history", max_tokens=2), WORKING))
    assert (tokens(shorter.content), shorter.finish_reason) == (2, "length")


@pytest.mark.parametrize("text", ["Tea?", "什么是茶？", "お茶とは？"])
def test_thinking_takes_exactly_its_budget_save_for_half_a_character(text: str) -> None:
    whole = only(builtin.answer(ask(text, **THINKS), WORKING))
    assert tokens(whole.reasoning) > 20
    for budget in range(1, tokens(whole.reasoning) + 2):
        said = only(builtin.answer(ask(text, thinking_budget=budget, **THINKS), WORKING))
        ends = WORKING.ends(whole.reasoning)
        assert said.reasoning == whole.reasoning[: ends[min(budget, len(ends)) - 1]]
        assert tokens(said.reasoning) in (budget, len(ends)) or ends[budget - 1] == ends[budget - 2]
        assert (said.content, said.finish_reason) == (whole.content, "stop")


def test_max_tokens_does_not_cut_the_thinking_but_max_completion_tokens_does() -> None:
    whole = only(builtin.answer(ask("Tea?", **THINKS), WORKING))
    thought = tokens(whole.reasoning)
    answer_only = only(builtin.answer(ask("Tea?", max_tokens=2, **THINKS), WORKING))
    assert (tokens(answer_only.reasoning), tokens(answer_only.content)) == (thought, 2)
    both = only(builtin.answer(ask("Tea?", max_completion_tokens=thought + 2, **THINKS), WORKING))
    assert (both.reasoning, tokens(both.content), both.finish_reason) == (whole.reasoning, 2, "length")
    tight = only(builtin.answer(ask("Tea?", max_completion_tokens=20, **THINKS), WORKING))
    assert (tokens(tight.reasoning), tight.content, tight.finish_reason) == (20, "", "length")


def test_the_numbers_behind_an_answer_never_run_out_and_do_not_repeat() -> None:
    drawn = list(islice(prose.numbers(ask("Tea?"), 0), 192))
    assert len({tuple(drawn[start : start + 64]) for start in (0, 64, 128)}) == 3
    assert drawn == list(islice(prose.numbers(ask("Tea?"), 0), 192))


def test_a_model_without_thinking_does_not_think() -> None:
    assert only(builtin.answer(ask("Tea?", thinking_budget=5), WORKING)).reasoning == ""
