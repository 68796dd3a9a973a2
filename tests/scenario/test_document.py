"""A scenario made of its files: includes, variables, keys, and all that can be wrong with it."""

from pathlib import Path

import pytest

from mockserver.base import resources
from mockserver.catalogue import errors as error_catalogue
from mockserver.catalogue import models as model_catalogue
from mockserver.corridor.engine import Engine
from mockserver.scenario.document import load, path_of, place_of
from mockserver.scenario.problem import BrokenScenarioError
from mockserver.scenario.reach import warnings
from mockserver.scripts.pace import INSTANT, recorded
from mockserver.scripts.script import FILES
from mockserver.scripts.stage import Setting
from tests.scenario.playing import ask, assistant, fresh, playable, say, scenario, told, user
from tests.steps import steps

SHIPPED = sorted((resources.folder("fixtures") / "scenarios").glob("*.yaml"))


def test_replies_come_before_conversations_and_are_named_by_their_lines() -> None:
    whole = playable(
        "conversations:\n  - messages:\n    - user: Tea?\n    - assistant: 'Yes.'\n"
        "replies:\n  - reply: {content: No.}\n"
    )
    assert [script.id for script in whole.scripts] == ["main.yaml:6", "main.yaml:4"]


def test_a_scenario_without_anything_is_playable() -> None:
    assert playable("").scripts == []
    assert playable("{}").setting == Setting()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("replies: 7", "main.yaml:1:1: error: replies: 7 is not of type 'array'"),
        ("replys: []", "the scenario has no field 'replys' (did you mean 'replies'?)"),
        ("zzz: []", "the scenario has no field 'zzz' (known are $schema, conversations"),
        ("reply: []", "the scenario has no field 'reply' (it belongs under 'replies')"),
        ("replies: [{key: sk-a, reply: {}}]", "replies[0] has no field 'key' (it belongs under 'match')"),
        (
            "conversations: [{user: Tea?}]",
            "conversations[0] has no field 'user' (it belongs under 'messages')",
        ),
        (
            "replies: [{reply: Oolong.}]",
            "'Oolong.' is not of type 'object', 'array' (a reply that only says something is {content: …})",
        ),
        (
            "replies:\n  - match: {last_usr: x}\n    reply: {}",
            "main.yaml:2:13: error: replies[0].match has no field 'last_usr' (did you mean 'last_user'?)",
        ),
        (
            "replies:\n  - reply: {content: 6.5}",
            "6.5 is not of type 'string', 'array', 'null' (a text that looks like a number stands in quotes)",
        ),
        ("on_miss: eror", "(did you mean 'error'?)"),
        ("replies: [{}]", "'reply' is a required property"),
        (
            "replies:\n  - reply: {error: {code: Throtling.RateQuota}}",
            "main.yaml:2:5: error: reply.error.code 'Throtling.RateQuota' is not in the catalogue (",
        ),
        ("replies:\n  - {match: {system: {regex: '('}}, reply: {}}", "is not a regular expression"),
        (
            "variables: {shop: A}\nreplies:\n  - reply:\n      content: '{{ shp }}'",
            "main.yaml:4:7: error: the template names 'shp', which nothing sets (did you mean 'shop'?)",
        ),
        ("replies:\n  - reply: {content: '{{ zzzz }}'}", "(known are counter, now, request, use)"),
        (
            "replies:\n  - reply: {content: '{{ 1 + }}'}",
            "main.yaml:2:5: error: '{{ 1 + }}' is not a template",
        ),
        ("replies:\n  - {match: {system: '{{ nope }}'}, reply: {}}", "cannot be filled: 'nope' is undefined"),
        (
            "conversations:\n  - messages:\n    - user: a\n    - assistant: b\n    - assistant: c",
            "main.yaml:5:7: error: an assistant line answers",
        ),
        ("conversations: [{messages: [{user: a}]}]", "the last line is never answered"),
        (
            "conversations: [{messages: [{user: a}, {system: b}, {assistant: c}]}]",
            "a system line stands at the beginning only",
        ),
        (
            "include: [../tea.yaml]",
            "main.yaml:1:11: error: '../tea.yaml' leads out of the folder of main.yaml",
        ),
        ("include: [/tea.yaml]", "leads out of the folder"),
        ("include: [tea.yaml]", "main.yaml:1:11: error: tea.yaml was not handed over"),
        ("include: [main.yaml]", "main.yaml:1:11: error: main.yaml includes itself (take one include out)"),
        ("a: b: c", "main.yaml:1:5: error: mapping values are not allowed in this"),
    ],
)
def test_what_is_wrong_is_said_with_line_reason_and_hint(text: str, words: str) -> None:
    whole = scenario(text)
    assert whole.broken
    assert any(words in line for line in told(whole)), told(whole)


def test_everything_wrong_is_said_at_once() -> None:
    whole = scenario(
        "replies:\n  - {match: {system: {regex: '('}}, reply: {}}\n  - reply: {content: '{{ tea }}'}\n"
        "include: [no.yaml]"
    )
    assert [problem.spot.line for problem in whole.problems] == [2, 3, 4]


def test_an_included_file_comes_after_and_may_not_overrule_the_variables() -> None:
    whole = playable(
        "include: [tea.yaml]\nvariables: {leaf: Oolong}\nreplies: [{match: {turn: 2}, reply: {}}]",
        tea="variables: {leaf: Sencha, cup: small}\nreplies: [{reply: {content: '{{ leaf }}, {{ cup }}'}}]",
    )
    assert [script.id for script in whole.scripts] == ["main.yaml:3", "tea.yaml:2"]
    engine = fresh()
    engine.play(FILES, whole)
    assert say(engine, "Tea?") == "Oolong, small"


def test_a_scenario_is_played_at_once_however_much_it_is() -> None:
    """It is read and filed where nobody waits; what is left is to put it in its place."""

    def taken(size: int) -> int:
        replies = "".join(f"\n  - {{match: {{last_user: Tea {at}?}}, reply: {{}}}}" for at in range(size))
        whole, engine = playable(f"replies:{replies}"), fresh()
        assert len(whole.filed().scripts) == size
        return steps(lambda: engine.play(None, whole))

    assert taken(500) == taken(5)


def test_what_two_files_include_is_played_once() -> None:
    whole = playable("include: [a.yaml, b.yaml]", a="include: [b.yaml]", b="replies: [{reply: {}}]")
    assert [script.id for script in whole.scripts] == ["b.yaml:1"]
    assert [file.name for file in whole.files] == ["main.yaml", "a.yaml", "b.yaml"]


def test_a_scenario_may_not_have_files_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mockserver.scenario.document._MOST_FILES", 1)
    assert "a scenario may have 1 files" in told(scenario("include: [a.yaml]", a=""))[0]


def test_variables_fill_conditions_too_unless_templates_are_off() -> None:
    reply = "{match: {last_user: '{{ leaf }}?'}, reply: {content: '{{ leaf }}'}}"
    text = f"variables: {{leaf: oolong}}\nreplies: [{reply}]"
    engine = fresh()
    engine.play(FILES, playable(text))
    assert say(engine, "oolong?") == "oolong"
    engine.play(FILES, playable(f"templates: false\n{text}"))
    assert say(engine, "{{ leaf }}?") == "{{ leaf }}"


def test_keys_limit_a_scenario() -> None:
    engine = fresh()
    engine.play(FILES, playable("keys: [sk-a, sk-b]\nreplies: [{match: {turn: 1}, reply: {content: Mine.}}]"))
    assert [say(engine, "Tea?", key=key) == "Mine." for key in ("sk-a", "sk-b", "sk-c")] == [
        True,
        True,
        False,
    ]


def test_settings_of_the_first_file_count() -> None:
    whole = playable("include: [tea.yaml]\non_miss: error", tea="on_miss: built-in\npace: recorded")
    assert whole.setting == Setting("error", recorded())
    assert playable("pace: instant").setting.pace == INSTANT
    pace = playable("pace: {first_ms: 5}").setting.pace
    assert pace is not None
    assert pace.rows[0].pace.first_ms == 5


def test_files_are_opened_beside_their_includer_and_nowhere_else(tmp_path: Path) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    (tmp_path / "secret.yaml").write_text("replies: [{reply: {}}]")
    (inner / "link.yaml").symlink_to(tmp_path / "secret.yaml")
    (inner / "more").mkdir()
    (inner / "more" / "tea.yaml").write_text("replies: [{reply: {}}]")
    main = inner / "main.yaml"
    main.write_text("include: [more/tea.yaml, link.yaml, ../secret.yaml]")
    whole = load([main], error_catalogue.load())
    assert [script.source for script in whole.scripts] == ["tea.yaml:1"]
    assert ["leads out of the folder" in line for line in told(whole)] == [True, True]


def test_a_broken_scenario_lists_its_problems() -> None:
    whole = scenario("replys: []")
    error = BrokenScenarioError(whole.problems)
    assert str(error) == told(whole)[0]
    assert error.problems == tuple(whole.problems)


@pytest.mark.parametrize("path", ["", "replies", "replies[0].match.last_user", "a[1][2].b"])
def test_a_path_and_a_place_are_the_same(path: str) -> None:
    assert path_of(place_of(path)) == path


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: file.stem)
def test_nothing_is_wrong_with_a_shipped_scenario(file: Path) -> None:
    whole = load([file], error_catalogue.load())
    assert told(whole) == []
    assert warnings(whole, model_catalogue.load()) == []


def test_the_phone_shop_asks_its_way_to_a_phone() -> None:
    engine = fresh()
    for name, said, heard in (
        (
            "phone-shop",
            ["Hello, I want a phone.", "6.5 inches, please", "1080p"],
            ["Lotus Phones", "Which resolution", "2,399 yuan"],
        ),
        ("phone-shop.zh", ["我想买手机", "6.5 英寸", "1080p 吧"], ["荷花手机", "分辨率", "2399 元"]),
    ):
        engine.play(FILES, load([resources.folder("fixtures") / "scenarios" / f"{name}.yaml"], engine.errors))
        history = [{"role": "system", "content": "Be kind."}]
        for asked, answered in zip(said, heard, strict=True):
            history.append(user(asked))
            text = say(engine, history)
            assert answered in text
            history.append(assistant(text))


def play(name: str) -> Engine:
    """An engine with a shipped scenario."""
    engine = fresh()
    engine.play(FILES, load([resources.folder("fixtures") / "scenarios" / f"{name}.yaml"], engine.errors))
    return engine


def test_the_group_chat_goes_on_from_a_name() -> None:
    engine = play("group-chat")
    history = [user("Who pours the tea?"), assistant("Lin: ", partial=True)]
    assert say(engine, history) == "I will. Sit down, everybody."
    history[1] = assistant("Lin: I will. Sit down, everybody.")
    history += [user("What does Mei say?"), assistant("Mei: ", partial=True)]
    assert say(engine, history) == "Only if there is oolong."


def test_the_weather_is_asked_for_twice_and_compared() -> None:
    engine = play("weather")
    tools = [{"type": "function", "function": {"name": "get_weather", "parameters": {"type": "object"}}}]
    history = [user("Is it warmer in Hangzhou or Beijing?")]
    calls = ask(engine, history, tools=tools)["choices"][0]["message"]["tool_calls"]
    assert [call["id"] for call in calls] == ["call_hangzhou", "call_beijing"]
    history.append(assistant("", tool_calls=calls))
    history += [
        {"role": "tool", "tool_call_id": call["id"], "content": text}
        for call, text in zip(calls, ["21 degrees", "9 degrees"], strict=True)
    ]
    assert say(engine, history, tools=tools) == "Hangzhou: 21 degrees. Beijing: 9 degrees."


def test_the_throttled_key_is_well_at_the_third_attempt() -> None:
    engine = play("throttled")
    said = [say(engine, "Hello", key=key) for key in ("sk-a", "sk-a", "sk-b", "sk-a", "sk-a")]
    throttled = "limit_requests"
    assert said == [throttled, throttled, throttled, "Well again, on attempt 3.", "Well again, on attempt 4."]


def test_thinking_makes_the_answer_right() -> None:
    engine = play("thinking")
    question = "Which is greater, 9.9 or 9.11?"
    assert say(engine, question) == "9.11 is the greater one."
