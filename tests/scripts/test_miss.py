"""A miss: the nearest script, the first condition that failed, and how the texts differ."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.base import resources
from mockserver.base.deadline import Deadline
from mockserver.base.jsontext import dumps, loads
from mockserver.catalogue import errors as error_catalogue
from mockserver.corridor.engine import Engine
from mockserver.corridor.settings import Settings
from mockserver.dialects.compat.surface import COMPAT
from mockserver.dialects.native.surface import NATIVE_MULTIMODAL
from mockserver.dialects.table import SURFACES
from mockserver.scripts.match import Match
from mockserver.scripts.miss import compare, cut, explain, look, text_diff
from mockserver.scripts.script import Scripts
from mockserver.talk.request import ChatRequest
from mockserver.talk.surface import Surface
from tests.asking import ask, body_of
from tests.conftest import NOW, make_headers
from tests.scripts.test_match import CASES, TALK, TEA
from tests.wire.strategies import texts

ERRORS = error_catalogue.load()


def why(match: dict[str, Any], request: ChatRequest = TEA) -> tuple[str, str, str, str]:
    """Which condition failed, what it wanted, what is there, and how they differ."""
    miss = compare(Match.read(match), request)
    assert miss is not None
    return miss.failed, miss.expected, miss.actual, miss.diff


def report(*specs: dict[str, Any], request: ChatRequest = TEA, key: str = "sk-test") -> str:
    """Why none of these scripts answers."""
    scripts = Scripts()
    for spec in specs:
        scripts.add({"reply": {}, **spec}, ERRORS)
    return explain(scripts.seen_by(key), key, request)


@pytest.mark.parametrize(
    ("match", "told"),
    [
        ({"model": "qwen-max"}, ("model", '"qwen-max"', '"qwen-plus"', "qwen-[-max-][+plus+]")),
        ({"stream": False}, ("stream", "false", "true", "")),
        ({"turn": 3}, ("turn", "3", "2", "")),
        ({"surface": "native-text"}, ("surface", '"native-text"', '"compat"', "")),
        ({"tools": ["brew"]}, ("tools", '["brew"]', '["get_weather","get_time"]', "")),
        ({"parameters": {"n": 2}}, ("parameters", '{"n":2}', '{"n":null}', "")),
        (
            {"last_user": "Pour me two, please."},
            (
                "last_user",
                '"Pour me two, please."',
                '"Pour me one, please."',
                "Pour me [-tw-]o[+ne+], please.",
            ),
        ),
        (
            {"last_user": {"contains": "me one please"}},
            (
                "last_user",
                'contains "me one please"',
                '"Pour me one, please."',
                "me one[+,+] please",
            ),
        ),
        ({"last_user": {"regex": "^Pour$"}}, ("last_user", 'regex "^Pour$"', '"Pour me one, please."', "")),
        (
            {"tool_result": "90 degrees"},
            ("tool_result", '"90 degrees"', '"80 degrees"', "[-9-][+8+]0 degrees"),
        ),
        ({"header": {"X-Span": "1"}}, ("header X-Span", '"1"', "no such header", "")),
        ({"header": {"X-Trace": "abc-2"}}, ("header X-Trace", '"abc-2"', '"abc-1"', "abc-[-2-][+1+]")),
        ({"request": {"messages": []}}, ("request", "the very same request", "another one", "")),
        ({"conversation": TALK[:2]}, ("conversation", "2 messages", "4 messages", "")),
        (
            {"conversation": [{"tool": "x"}]},
            ("conversation, step 1", 'tool: "x"', 'user: "Is it hot?"', ""),
        ),
        (
            {"conversation": [{"user": "Is it cold?"}, *TALK[1:]]},
            ("conversation, step 1 (user)", '"Is it cold?"', '"Is it hot?"', "Is it [-c-][+h+]o[-ld-][+t+]?"),
        ),
        (
            {"conversation": [TALK[0], {"assistant": " No. "}]},
            ("conversation, step 2 (assistant)", '"No."', '""', ""),
        ),
    ],
)
def test_the_first_condition_that_failed_is_told(match: dict[str, Any], told: tuple[str, ...]) -> None:
    assert why(match) == told


def test_every_condition_can_tell_why_it_failed() -> None:
    names = set(resources.schema("control.reply")["$defs"]["match"]["properties"]) - {"key"}
    for name in names:
        miss = next(spec for _, spec in CASES if name in spec)
        assert compare(Match.read(miss), TEA) is not None


def test_a_key_in_a_header_is_not_shown() -> None:
    request = ask("Tea?", headers={"authorization": "Bearer sk-secret"})
    assert "secret" not in str(why({"header": {"Authorization": "Bearer sk-other"}}, request))


def test_what_holds_is_no_miss() -> None:
    assert compare(Match.read({"turn": 2}), TEA) is None


def test_the_nearest_script_is_the_one_whose_text_is_alike() -> None:
    told = report(
        {"match": {"last_user": "Good night."}},
        {"match": {"model": "qwen-plus", "last_user": "Pour me one, pleas."}},
        {"match": {"model": "qwen-max", "turn": 2, "stream": True}},
    )
    assert told.startswith("No script answers this request.\nnearest: reply-2, 1 of 2 conditions hold\n")
    assert "  diff      Pour me one, pleas[+e+]." in told


def test_a_spent_script_is_the_nearest_of_all() -> None:
    scripts = Scripts()
    scripts.add({"match": {"last_user": "Pour me one, pleas."}, "reply": {}}, ERRORS)
    scripts.add({"match": {"turn": 2}, "reply": {}, "times": 1}, ERRORS).take()
    told = explain(scripts.seen_by("sk-test"), "sk-test", TEA)
    assert "nearest: reply-2, 1 of 1 conditions hold\nfailed: times" in told
    assert "it has answered 1 of 1 times" in told


def test_another_keys_scripts_are_not_shown() -> None:
    assert report({"match": {"key": "sk-b", "turn": 9}}) == (
        "No script answers this request: there is none for this key."
    )


def test_several_lines_are_compared_line_by_line() -> None:
    assert text_diff("green\ntea", "green\ncoffee") == (
        "--- expected\n+++ actual\n@@ -1,2 +1,2 @@\n green\n-tea\n+coffee"
    )


@pytest.mark.parametrize(
    ("spec", "text"), [("tea", ""), ("", "tea"), ("xyz", "abc"), ({"regex": "t"}, "tea"), (None, "a")]
)
def test_where_nothing_is_alike_there_is_no_diff(spec: Any, text: str) -> None:
    assert text_diff(spec, text) == ""


def test_a_long_text_is_cut_in_its_middle() -> None:
    assert cut("a" * 400) == "a" * 400
    assert cut("a" * 300 + "b" * 300) == f"{'a' * 200} ... 200 characters ... {'b' * 200}"


def test_only_the_nearest_script_is_compared_in_full() -> None:
    scripts = Scripts()
    for number in range(300):
        scripts.add({"match": {"last_user": {"contains": f"{number} " * 2000}}, "reply": {}}, ERRORS)
    with pytest.MonkeyPatch.context() as patch:
        told: list[str] = []

        def counted(_spec: Any, text: str) -> str:
            told.append(text)
            return ""

        patch.setattr("mockserver.scripts.miss.text_diff", counted)
        explain(scripts.seen_by("sk-a"), "sk-a", ask("x" * 20_000), deadline=Deadline(1, timer=lambda: 0.0))
    assert len(told) == 1


def test_after_the_deadline_the_nearest_of_those_looked_at_is_told() -> None:
    clock = iter(range(1000))
    scripts = Scripts()
    for text in ("Pour us six", "Pour me one, pleas.", "Pour me one, please"):
        scripts.add({"match": {"last_user": text}, "reply": {}}, ERRORS)
    deadline = Deadline(2, timer=lambda: float(next(clock)))
    assert "nearest: reply-2" in explain(scripts.seen_by("sk-a"), "sk-a", TEA, deadline=deadline)


@given(st.sampled_from([spec for _, spec in CASES]), texts)
def test_any_miss_is_told_without_a_fault(match: dict[str, Any], text: str) -> None:
    request = ask(text or "x")
    told = report({"match": {**match, "key": "sk-test"}}, request=request)
    assert told.startswith("No script answers")


@pytest.mark.parametrize("surface", list(SURFACES.values()))
def test_a_server_told_so_answers_a_miss_with_404_in_the_envelope_of_its_surface(
    engine: Engine, surface: Surface
) -> None:
    engine.stage.change(None, on_miss="error")
    engine.scripts.add({"match": {"last_user": {"contains": "Green"}}, "reply": {}}, engine.errors)
    model = "qwen-vl-max" if surface is NATIVE_MULTIMODAL else "qwen-plus"
    body = dumps(body_of("green", model=model, surface=surface, stream=True))
    answer = engine.chat(surface, make_headers({"X-DashScope-SSE": "enable"}), body, arrived=NOW)
    assert answer.status == 404
    said = loads(answer.body)
    words = said["error"] if surface is COMPAT else said
    assert words["code"] == "mock_no_script"
    assert "diff      [-G-][+g+]reen" in words["message"]
    (entry,) = engine.journal
    assert (entry.answered_by, entry.status) == ("miss", 404)


def test_without_being_told_so_the_built_in_model_answers(engine: Engine) -> None:
    assert Settings().on_miss == "built-in"
    body = b'{"model":"qwen-plus","messages":[{"role":"user","content":"Tea?"}]}'
    assert engine.chat(COMPAT, make_headers(), body, arrived=NOW).status == 200


def test_a_template_that_fails_is_answered_with_its_fault(engine: Engine) -> None:
    engine.scripts.add({"template": True, "reply": {"content": "{{ request.tea }}"}}, engine.errors)
    body = b'{"model":"qwen-plus","messages":[{"role":"user","content":"Tea?"}]}'
    answer = engine.chat(COMPAT, make_headers(), body, arrived=NOW)
    assert answer.status == 500
    assert "reply-1: '{{ request.tea }}' cannot be filled" in loads(answer.body)["error"]["message"]


def test_a_secret_header_is_never_told_neither_the_wanted_nor_the_sent() -> None:
    spec = {"header": {"X-Api-Key": "sk-wanted-secret"}}
    for headers, actual in (({"x-api-key": "sk-sent-secret"}, "another one"), ({}, "no such header")):
        missed = compare(Match.read(spec), ask("Tea?", headers=headers))
        assert missed is not None
        told = missed.report("reply-1")
        assert "secret" not in told.replace("(not shown", "")
        assert actual in told


def test_every_condition_is_looked_at_side_by_side() -> None:
    spec = {"model": "qwen-*", "last_user": "Coffee?", "header": {"X-Tea": "green"}}
    told = look(Match.read(spec), ask("Tea?", headers={"x-tea": "black"}))
    assert [(one.name, one.holds) for one in told] == [
        ("model", True),
        ("last_user", False),
        ("header X-Tea", False),
    ]
    assert (told[0].expected, told[0].actual, told[0].diff) == ('"qwen-*"', "", "")
    assert (told[1].expected, told[1].actual) == ('"Coffee?"', '"Tea?"')


def test_a_header_that_is_as_it_should_be_is_not_repeated() -> None:
    (told,) = look(
        Match.read({"header": {"X-Api-Key": "sk-wanted"}}), ask("Tea?", headers={"x-api-key": "sk-wanted"})
    )
    assert (told.holds, told.expected) == (True, "as it is")
