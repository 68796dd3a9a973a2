"""An exchange as code: each copy asks the very same, whatever it says, and runs nothing of it."""

import ast
import json
import pprint
import re
import shlex
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mockserver.server.copying import FORMS, copied
from tests.plugin import ARGUMENTS
from tests.wire.strategies import json_values

URL = "http://127.0.0.1:8000"
HOSTILE = '\'"`$(touch /tmp/x)${process.exit()}\\u0022; """ {key} \u2028\n</script>'


def shown(body: Any, **more: Any) -> dict[str, Any]:
    """An exchange as the journal shows it."""
    return {
        "surface": "compat",
        "model": "qwen-plus",
        "stream": False,
        "body": body,
        "status": 200,
        "answer": [{"content": "Oolong.", "finish_reason": "stop"}],
        "error": None,
        **more,
    }


def asking(text: str) -> dict[str, Any]:
    return {"model": "qwen-plus", "messages": [{"role": "user", "content": text}]}


def from_curl(text: str) -> Any:
    """The body that a shell hands to curl; nothing in single quotes is anything but itself."""
    words = shlex.split(text.replace("\\\n", ""))
    assert words[:2] == ["curl", "-N"]
    return words[words.index("--data-binary") + 1]


def calls(text: str, name: str) -> ast.Call:
    found = [
        node
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == name
    ]
    return found[0]


def from_python(text: str, name: str = "stream") -> Any:
    (given,) = [word for word in calls(text, name).keywords if word.arg in ("json", "content")]
    value = given.value.func.value if isinstance(given.value, ast.Call) else given.value  # type: ignore[attr-defined]
    return ast.literal_eval(value)


def from_node(text: str) -> Any:
    literal = re.search(r"^  body: (.*),$", text, re.MULTILINE)
    assert literal is not None
    return json.loads(literal[1])


def from_java(text: str) -> str:
    inside = text[text.index("ofString(") + len("ofString(") : text.index("))\n            .build")]
    pieces = re.findall(r'"(?:[^"\\]|\\.)*"', inside)
    return "".join(
        json.loads(piece) for piece in (pieces[1:] if inside.startswith("String.join") else pieces)
    )


bodies = st.one_of(json_values, st.text()).filter(lambda body: body is not None)


@given(bodies)
@example(asking(HOSTILE))
@example(HOSTILE)
@example({"__proto__": {"x": 1}})
@example("x" * 70_000 + "\U0001f375" * 9000)
def test_every_copy_asks_the_very_same(body: Any) -> None:
    told = shown(body)
    plain = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
    assert from_curl(copied(told, "curl", url=URL)) == plain
    assert from_python(copied(told, "python", url=URL)) == body
    assert from_python(copied(told, "pytest", url=URL), "post") == body
    assert from_node(copied(told, "node", url=URL)) == plain
    assert from_java(copied(told, "java", url=URL)) == plain


@pytest.mark.parametrize(
    "body",
    [
        asking("Tea? " * 1000),
        {"messages": [{"role": "user", "content": f"Tea {at}?"} for at in range(2000)], "seed": 7},
    ],
)
def test_what_people_ask_is_laid_out(body: Any) -> None:
    laid_out = pprint.pformat(body, width=96, sort_dicts=False)
    assert f"json={laid_out},\n" in copied(shown(body), "python", url=URL)


def nested(value: Any, depth: int, name: str = "properties") -> Any:
    for _ in range(depth):
        value = {name: value}
    return value


@pytest.mark.parametrize(
    "body",
    [
        nested({f"p{at}": {"type": "string"} for at in range(3000)}, 80),
        nested([*range(20_000)], 1, "long" * 10_000),
        nested("tea " * 20_000, 20),
        nested("\n" * 100_000, 2),
        asking("Tea? " * 200_000),
    ],
    ids=["deep", "a long name", "words", "lines", "large"],
)
def test_what_would_be_far_too_long_laid_out_stands_in_one_line(body: Any) -> None:
    """The first one was 164 MB, and took half a minute."""
    for form, name in (("python", "stream"), ("pytest", "post")):
        text = copied(shown(body), form, url=URL)
        assert f"json={body!r},\n" in text
        assert from_python(text, name) == body


def test_a_reply_that_is_too_long_laid_out_stands_in_one_line() -> None:
    raw = {"error": nested([*range(10_000)], 20)}
    assert f"reply(\n        {raw!r}\n    )" in copied(shown(asking("Tea?"), raw=raw), "pytest", url=URL)
    script = copied(shown(asking("Tea?"), raw=raw), "script", url=URL)
    assert (script.count("\n"), json.loads(script)["reply"]) == (1, raw)


def test_a_copy_for_the_shell() -> None:
    assert copied(shown(asking("Tea?")), "curl", url=URL) == (
        "curl -N http://127.0.0.1:8000/compatible-mode/v1/chat/completions \\\n"
        '  -H "Content-Type: application/json" \\\n'
        '  -H "Authorization: Bearer $DASHSCOPE_API_KEY" \\\n'
        '  --data-binary \'{"model": "qwen-plus", "messages": [{"role": "user", "content": "Tea?"}]}\'\n'
    )


@pytest.mark.parametrize(
    ("surface", "stream", "path", "header"),
    [
        ("native-text", True, "/api/v1/services/aigc/text-generation/generation", "X-DashScope-SSE: enable"),
        ("native-multimodal", False, "/multimodal-generation/generation", "Bearer $DASHSCOPE_API_KEY"),
        ("anthropic", True, "/apps/anthropic/v1/messages", "x-api-key: $DASHSCOPE_API_KEY"),
        ("compat", True, "/compatible-mode/v1/chat/completions", "application/json"),
    ],
)
def test_each_surface_has_its_path_and_its_headers(
    surface: str, path: str, header: str, *, stream: bool
) -> None:
    text = copied(shown({}, surface=surface, stream=stream), "curl", url=URL)
    assert path in text
    assert header in text
    assert ("X-DashScope-SSE" in text) is (stream and surface.startswith("native"))


@pytest.mark.parametrize("form", ["python", "node", "java", "pytest"])
def test_every_program_fills_in_the_key_when_it_runs(form: str) -> None:
    for surface in ("compat", "anthropic"):
        text = copied(shown({}, surface=surface), form, url=URL)
        assert "sk-" not in text
        assert {"python": "{key}", "node": "${key}", "java": '" + key', "pytest": "{key}"}[form] in text


@pytest.mark.parametrize(
    ("more", "reply"),
    [
        ({}, {"content": "Oolong.", "finish_reason": "stop"}),
        ({"answer": []}, {"content": ""}),
        ({"answer": None}, {"content": ""}),
        (
            {
                "answer": [
                    {"content": "a", "finish_reason": "stop"},
                    {"content": "b", "finish_reason": "stop"},
                ]
            },
            {
                "choices": [
                    {"content": "a", "finish_reason": "stop"},
                    {"content": "b", "finish_reason": "stop"},
                ]
            },
        ),
        (
            {
                "answer": [
                    {"content": "See:", "finish_reason": "stop", "media": [{"image": "https://a/b.png"}]}
                ]
            },
            {"content": [{"text": "See:"}, {"image": "https://a/b.png"}], "finish_reason": "stop"},
        ),
        (
            {"error": {"status": 429, "code": "Throttling", "message": "Slow."}},
            {"error": {"status": 429, "code": "Throttling", "message": "Slow."}},
        ),
        ({"raw": {"status": 502, "body": "no"}}, {"status": 502, "body": "no"}),
    ],
)
def test_a_script_says_again_what_was_answered(more: dict[str, Any], reply: dict[str, Any]) -> None:
    script = json.loads(copied(shown(asking("Tea?"), **more), "script", url=URL))
    assert script == {"match": {"model": "qwen-plus", "last_user": "Tea?"}, "reply": reply}


def test_a_script_waits_for_what_was_said_last() -> None:
    result = {"messages": [{"role": "tool", "content": "20 degrees"}]}
    assert json.loads(copied(shown(result, model=None), "script", url=URL))["match"] == {
        "tool_result": "20 degrees"
    }
    partial = {"messages": [{"role": "assistant", "content": "Once"}]}
    assert json.loads(copied(shown(partial), "script", url=URL))["match"] == {"model": "qwen-plus"}


def test_a_pytest_passes_as_it_is(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(copied(shown(asking(HOSTILE)), "pytest", url=URL))
    pytester.runpytest_subprocess(*ARGUMENTS).assert_outcomes(passed=1)


@given(st.sampled_from(FORMS), json_values)
def test_any_exchange_has_a_copy_of_every_form(form: str, body: Any) -> None:
    assert copied(shown(body), form, url=URL).endswith("\n")
