"""Templates in scripted replies: what they see, what they cannot reach, what is said when they fail."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.scripts.sandbox import TemplateError
from mockserver.scripts.template import (
    Draft,
    fill,
    filled,
    is_template,
    names_in,
    new_meter,
    shown,
    texts,
)
from mockserver.talk.request import ChatRequest
from tests.asking import ask

NOW = 1_770_000_000.0
TEA = ask(
    [
        {"role": "system", "content": "You pour tea."},
        {"role": "user", "content": "Green, please."},
    ],
    headers={"authorization": "Bearer sk-secret"},
    seed=7,
)


def said(text: str, request: ChatRequest = TEA, **variables: Any) -> str:
    """A text with its holes filled, as the third use of its script."""
    draft: Draft[Any] = Draft({"content": text}, lambda spec: spec["content"])
    counters: dict[str, int] = {}
    return str(draft.fill(request, now=NOW, use=3, counters=counters, variables=variables))


@pytest.mark.parametrize(
    ("text", "heard"),
    [
        ("{{ request.last_user }}", "Green, please."),
        ("{{ request.system|upper }}", "YOU POUR TEA."),
        ("{{ request.model }} {{ request.surface }} {{ request.stream }}", "qwen-plus compat False"),
        ("{{ request.turn }} {{ request.parameters.seed }}", "1 7"),
        ("{{ request.messages[0].role }}: {{ request.messages[-1].content }}", "system: Green, please."),
        ("{{ request.tool_result }}", ""),
        ("{{ now.strftime('%Y-%m-%d %H:%M') }}", "2026-02-02 02:40"),
        ("{{ use }}", "3"),
        ("{{ counter() }}{{ counter() }}{{ counter('b') }}", "121"),
        ("{% if use > 2 %}late{% else %}early{% endif %}", "late"),
        ("{{ leaf }}{# never said #}", "oolong"),
        ("{{ ('{\"a\": 1}'|from_json).a }}", "1"),
        ("{{ 'ab' * 2 }}{{ 3 * 4 }}", "abab12"),
        ("no hole\n", "no hole\n"),
    ],
)
def test_a_template_sees_the_request_the_clock_and_the_counters(text: str, heard: str) -> None:
    assert said(text, leaf="oolong") == heard


def test_counters_belong_to_whoever_hands_them_over() -> None:
    draft: Draft[Any] = Draft({"content": "{{ counter('tea') }}"}, lambda spec: spec["content"])
    counters: dict[str, int] = {"tea": 4}
    assert draft.fill(TEA, now=NOW, use=1, counters=counters, variables={}) == "5"
    assert counters == {"tea": 5}


@pytest.mark.parametrize(
    "text",
    [
        "{{ request.__class__ }}",
        "{{ ''.__class__.__mro__ }}",
        "{{ counter.__globals__ }}",
        "{{ now.__init__.__globals__ }}",
        "{{ request.messages.append(1) }}",
        "{{ self.__init__ }}",
        "{% include 'x' %}",
        "{{ lipsum() }}",
        "{{ 'a' * 10000000 }}",
        "{{ 10000000 * [1] }}",
        "{{ 2 ** 100 }}",
        "{% for a in range(1000000) %}x{% endfor %}",
        "{{ nothing }}",
        "{{ request.nothing }}",
        "{{ 1 / 0 }}",
        "{{ request.messages[9].content }}",
        "{{ 'x'|from_json }}",
    ],
)
def test_what_a_template_may_not_or_cannot_do_is_an_error_in_words(text: str) -> None:
    with pytest.raises(TemplateError, match="cannot be filled: "):
        said(text)


def test_a_template_never_sees_the_headers() -> None:
    assert "secret" not in str(shown(TEA))


def test_a_template_that_cannot_be_read_is_refused_at_once() -> None:
    with pytest.raises(TemplateError, match="is not a template: "):
        Draft({"tool_calls": [{"arguments": "{{ 1 + }}"}]}, lambda spec: spec)


def test_only_texts_with_holes_are_templates() -> None:
    assert is_template({"a": [{"b": "{{ c }}"}]})
    assert is_template("{% if a %}{% endif %}")
    assert is_template("{# a #}")
    assert not is_template({"a": [1, None, "{ b }", {"c": "}}"}]})


def test_every_template_is_found_with_its_place() -> None:
    spec = {"content": "{{ a }}", "choices": [{"content": "b"}, {"content": "{{ c }}"}]}
    assert list(texts(spec)) == [("content", "{{ a }}"), ("choices[1].content", "{{ c }}")]


def test_the_names_that_a_template_needs() -> None:
    assert names_in("{{ a }}{% set b = c %}{{ b }}{{ range(3) }}") == {"a", "c"}


def test_a_whole_value_is_filled() -> None:
    spec = {"a": ["{{ x }}", 7, None, {"b": "plain"}]}
    assert fill(spec, {"x": "1"}) == {"a": ["1", 7, None, {"b": "plain"}]}


@given(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=40).filter(lambda text: not is_template(text))
)
def test_a_text_without_a_hole_is_said_as_it_is(text: str) -> None:
    assert said(text) == text


@given(
    st.lists(
        st.sampled_from(["{{", "}}", "{%", "%}", "a", " ", "|", ".", "(", ")", "if", "*", "'"]), max_size=10
    )
)
def test_any_template_is_filled_or_refused(parts: list[str]) -> None:
    with suppress(TemplateError):
        assert isinstance(filled("".join(parts), {"a": "tea"}), str)


def test_the_templates_of_a_reply_end_by_the_clock_that_is_given() -> None:
    clock = iter(range(1000))
    meter = new_meter(timer=lambda: clock.__next__() / 100)
    with pytest.raises(TemplateError, match=r"cannot be filled: it takes too long"):
        fill({"content": ["{% for a in range(1000) %}{{ a }}{% endfor %}"]}, {}, meter)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Order {{ counter('orders') }} of {{request.last_user}}.", True),
        ("{ {{ shop }} } {", True),
        ("{{ now.isoformat() }}", False),
        ("{% for a in range(9) %}{{ a }}{% endfor %}", False),
        ("{{ range(9) | join }}", False),
        ("{{ shop * 9 }}{# a note #}", False),
    ],
)
def test_a_template_with_but_names_in_its_holes_is_plain(text: str, plain: bool) -> None:  # noqa: FBT001 - a table
    assert Draft({"content": text}, lambda spec: spec).plain is plain
