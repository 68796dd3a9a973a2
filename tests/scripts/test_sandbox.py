"""Templates end, whatever they do: loops, padding, doubling, recursion; what is usual stays allowed."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.base.deadline import Deadline
from mockserver.base.jsontext import is_writable, loads
from mockserver.scripts import sandbox
from mockserver.scripts.sandbox import (
    CODE,
    LONGEST,
    SOURCE,
    STEPS,
    Meter,
    TemplateError,
    compilable,
    compiled,
    measured,
    rendered,
)
from tests.wire.strategies import json_values

VALUES: dict[str, Any] = {
    "name": "tea",
    "items": [{"leaf": "sencha", "g": 5}, {"leaf": "龙井", "g": 3}],
    "n": 12,
}


def meter() -> Meter:
    """A meter whose clock stands still."""
    return Meter(Deadline(1, timer=lambda: 0.0))


def said(text: str, values: dict[str, Any] | None = None) -> str:
    return rendered(compiled(text), values or VALUES, meter())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{{ name }}", "tea"),
        ("{{ name | upper | center(7) }}", "  TEA  "),
        ("{{ '%05.1f' | format(3.14159) }}", "003.1"),
        ("{{ '%d cups' % n }} {{ '{:>4}'.format(name) }}", "12 cups  tea"),
        (
            (
                "{% for i in items %}{{ loop.index }}/{{ loop.length }} {{ i.leaf }}"
                "{% if not loop.last %}, {% endif %}{% endfor %}"
            ),
            "1/2 sencha, 2/2 龙井",
        ),
        ("{% for a, b in [(1, 2), (3, 4)] %}{{ a * b }};{% endfor %}", "2;12;"),
        ("{% for i in [] %}a{% else %}none{% endfor %}", "none"),
        ("{{ items | sum('g') }} {{ items | map(attribute='leaf') | join('+') }}", "8 sencha+龙井"),
        ("{% macro cup(x) %}[{{ x }}]{% endmacro %}{{ cup(name) ~ cup(n) }}", "[tea][12]"),
        ("{% set x = [1, 2] + [3] %}{{ x }} {{ x | length }}", "[1, 2, 3] 3"),
        ("{{ {'a': [1, {'b': None}]} | tojson }}", '{"a": [1, {"b": null}]}'),
        ("{{ name * 3 }}{{ '-' * 5 }} {{ 2 * 3 }} {{ n % 5 }}", "teateatea----- 6 2"),
        ("{{ items[0].get('leaf').replace('s', 'S').split('n') | join('N') }}", "SeNcha"),
        (
            (
                "{{ 'a b' | replace(' ', '_') }} {{ 'x' | indent(2) }} "
                "{{ 'one two' | wordwrap(3) | replace('\\n', '/') }}"
            ),
            "a_b x one/two",
        ),
        ("{% for i in range(3) recursive %}{{ i }}{% endfor %}", "012"),
        ("{{ '{\"a\": 1}' | from_json }} {{ 1795936620 | default(5) }}", "{'a': 1} 1795936620"),
        ("{% filter upper %}tea{% endfilter %}{% set y %}cup{% endset %}{{ y }}", "TEAcup"),
        (
            "{{ range(9).index(4) }}{% macro d() %}{{ caller() }}{% endmacro %}{% call d() %}x{% endcall %}",
            "4x",
        ),
        ("{{ (n, none, true) }}{{ 2.567 | round(1) }}", "(12, None, True)2.6"),
        ("{{ [3, 1, 2] | sort | join }} {{ [3, 1, 2] | max }} {{ [] | min | default(0) }}", "123 3 0"),
        ("{{ items | groupby('g') | map('first') | join }} {{ 'abab' | unique | join }}", "35 ab"),
        ("{{ range(9) | select('in', [2, 4]) | join }} {{ 2 is in([2]) }} {{ n is odd }}", "24 True False"),
        ("{{ none | select | list }} {{ 1795936620 | pprint }} {{ 'a tea' | title }}", "[] 1795936620 A Tea"),
        ("{{ 3 in [1, 3] and 1 < n < 13 }} {{ {'b': 1, 'a': 2} | dictsort }}", "True [('a', 2), ('b', 1)]"),
    ],
)
def test_what_people_write_is_filled(text: str, words: str) -> None:
    assert said(text) == words


@pytest.mark.parametrize(
    "text", [r"{{ '\ud800' }}", r"tea{{ 'a\udfff' | upper }}", "{{ '\\ud83c' }}{{ '\\udf75' }}"]
)
def test_half_a_surrogate_pair_is_not_said(text: str) -> None:
    with pytest.raises(TemplateError, match="it says half a surrogate pair, which UTF-8 cannot carry: write"):
        said(text)
    assert said(r"{{ '\ud800' | length }} 🍵") == "1 🍵"


def test_what_is_said_of_a_template_that_fails_can_be_written() -> None:
    with pytest.raises(TemplateError, match=r"'\\ud800' is an invalid keyword") as caught:
        said(r"{{ day.replace(**{'\ud800': 1}) }}", {"day": date(2026, 11, 30)})
    assert is_writable(str(caught.value))


DOUBLING = "{% set x = 'abcdefgh' %}" + "{% set x = x ~ x %}" * 60 + "{{ x }}"
NESTING = "{% set x = [1] %}" + "{% set x = [x, x] %}" * 60 + "{{ x }}"

NASTY = [
    (
        "{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}",
        "more than 100000 steps",
    ),
    ("{% for a in range(1000) %}{{ 'x' * 10000 }}{% endfor %}", "more than 1000000 characters"),
    ("{% for a in range(90000) %}" + "x" * 100 + "{% endfor %}", "more than 1000000 characters"),
    (
        "{% macro m(a) %}{{ m(a) }}{{ m(a) }}{% endmacro %}{{ m(1) }}",
        "more than 50 calls",
    ),
    (
        "{% macro m(a) %}{% if a %}{{ m(a - 1) }}{{ m(a - 1) }}{% endif %}{% endmacro %}{{ m(30) }}",
        "more than 100000 steps",
    ),
    (DOUBLING, "~ makes a text of more than"),
    ("{% set x = 'abcdefgh' %}" + "{% set x = x + x %}" * 60 + "{{ x }}", "more than 10000000 characters"),
    (NESTING, "more than 100000"),
    ("{% set x = (1,) %}" + "{% set x = (x, x) %}" * 60 + "{{ {x: 1} }}", "more than 100000"),
    ("{% set x = {'a': 1} %}" + "{% set x = dict(a=x, b=x) %}" * 60, "more than 100000"),
    ("{% set x = 3 %}" + "{% set x = x * x %}" * 60 + "{{ x }}", "more than 4096 bits"),
    ("{{ 'a' * 1000000000 }}", "a text or list of 1 times 1000000000 is too long"),
    ("{{ 1000000000 * [1] }}", "a text or list of 1 times 1000000000 is too long"),
    ("{{ 9 ** 9 ** 9 }}", r"\*\* is not allowed"),
    ("{{ 'a' | center(1000000000) }}", "center of this much"),
    ("{{ 'a' | indent('b' * 1000000, true) | indent(1000) }}", "indent of this much"),
    ("{{ 'a'.ljust(1000000000) }}", "ljust of this much"),
    ("{{ '\t'.expandtabs(1000000000) }}", "expandtabs of this much"),
    ("{{ 'a'.zfill(1000000000) }}", "zfill of this much"),
    ("{{ ('a' * 10000).replace('a', 'b' * 10000) }}", "replace of this much"),
    ("{{ ('a' * 10000) | replace('a', 'b' * 10000) }}", "replace of this much"),
    ("{{ range(90000) | join('b' * 1000) }}", "join of this much"),
    ("{{ ('b' * 1000).join(range(90000) | map('string')) }}", "join of this much"),
    ("{{ range(90000) | map('center', 1000) | join }}", "more than"),
    ("{{ '%1000000000d' % 1 }}", "has a width"),
    ("{{ '%*d' % (1000000000, 1) }}", "has a width"),
    ("{{ '%1000000000d' | format(1) }}", "has a width"),
    ("{{ '{:1000000000}'.format(1) }}", "has a width"),
    ("{{ '{:{}}'.format(1, 1000000000) }}", "has a width"),
    ("{{ '{0}{0}{0}{0}'.format('a' * 900000) }}", "format of this much"),
    ("{{ (1).to_bytes(1000000000, 'big') }}", "the method 'to_bytes' is not allowed"),
    ("{{ 'a'.encode() }}", "the method 'encode' is not allowed"),
    ("{{ [[1], [2]] | sum(start=[]) }}", "sum adds numbers alone"),
    ("{{ range(3) | sum(none, 'a') }}", "sum adds numbers alone"),
    ("{{ ('a ' * 100000) | wordwrap(1) }}", "wordwrap takes 10000 characters"),
    ("{{ 1.5 | round(1000000000) }}", "round of this much"),
    ("{{ range(90000) | list | list | list }}", "more than 100000"),
    ("{{ range(1000000000) }}", "Range too big"),
    ("{{ range(5) | batch(1000000000, 'a') | list }}", "batch of this much"),
    ("{{ [1, 2] | tojson(1000000000) }}", "tojson of this much"),
    ("{% for a in range(1000) recursive %}{{ loop(range(1000)) }}{% endfor %}", "more than"),
    ("{{ range(99999) | select('in', range(30000) | list) | list }}", "more than 100000 steps"),
    ("{{ range(99999) | reject('in', seq=range(30000) | list) | list }}", "more than 100000 steps"),
    ("{{ ('ab' * 100000) | title }}", "title takes 100000 characters"),
    ("{{ ('ab' * 100000) | urlencode }}", "urlencode takes 100000 characters"),
    ("{{ ('ab' * 3000) | pprint }}", "pprint takes 5000 characters"),
    *(
        (f"{{{{ ('ab' * 100000) | {through} }}}}", "more than 100000 steps")
        for through in (
            "groupby('a')",
            "list",
            "map('length') | sum",
            "max",
            "min",
            "reject('eq', 'b') | list",
            "select('eq', 'c') | first",
            "sort | first",
            "unique | list",
        )
    ),
]


@pytest.mark.parametrize(("text", "words"), NASTY)
def test_what_does_not_end_is_refused(text: str, words: str) -> None:
    with pytest.raises(TemplateError, match=words):
        said(text)


def test_the_deadline_ends_what_takes_long() -> None:
    clock = iter(range(10_000))
    slow = Meter(Deadline(100, timer=lambda: float(next(clock))))
    with pytest.raises(TemplateError, match="it takes too long"):
        rendered(compiled("{% for a in range(1000) %}{{ a }}{% endfor %}"), {}, slow)


def test_all_templates_of_a_reply_share_a_meter() -> None:
    template, shared = compiled("{{ 'x' * 600000 }}"), meter()
    assert len(rendered(template, {}, shared)) == 600_000
    with pytest.raises(TemplateError, match="says more than"):
        rendered(template, {}, shared)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{{", "is not a template: unexpected 'end of template'"),
        ("{% for a in b %}" * 30 + "{% endfor %}" * 30, "it is nested too deeply"),
        ("a" * (SOURCE + 1), f"it may have {SOURCE}"),
        ("{{a}}" * (CODE // 5 + 1), f"more than {CODE} characters stand within"),
        ("{{ '}}' " + "~ a" * (CODE // 3) + "}}", f"more than {CODE} characters stand within"),
        ("{{ ' }}", "is not a template: unexpected char"),
    ],
)
def test_what_cannot_be_compiled_says_why(text: str, words: str) -> None:
    with pytest.raises(TemplateError, match=words):
        compiled(text)


def test_a_long_text_with_a_hole_is_a_template() -> None:
    text = "tea " * 11_000
    assert said(text + "{{ name }}{# " + text[:4000] + "#}{% raw %}{{ }}{% endraw %}") == text + "tea{{ }}"


def test_templates_are_measured_before_the_first_is_compiled() -> None:
    each = "{{a}}" * (CODE // 10)
    compilable([each, each, "tea"])
    with pytest.raises(TemplateError, match="in the templates of one script"):
        compilable([each, each, "tea {{a}}"])


def test_what_is_too_large_is_not_said() -> None:
    values = {"large": ["x" * LONGEST, "y"]}
    with pytest.raises(TemplateError, match="too long to be said"):
        said("{{ large }}", values)
    with pytest.raises(TemplateError, match=r"~ makes|too long to be said"):
        said("{{ large ~ 'a' }}", values)


def test_the_program_is_out_of_reach() -> None:
    for text in (
        "{{ ''.__class__.__mro__ }}",
        "{{ cycler }}",
        "{{ name.__len__() }}",
        "{{ items.append(1) }}",
    ):
        with pytest.raises(TemplateError):
            said(text)


@given(json_values)
def test_a_value_is_measured_whole(value: Any) -> None:
    items, characters = measured(value, most=STEPS)
    assert items >= 1
    assert characters <= len(str(value))
    with pytest.raises(TemplateError):
        measured(value, most=0)


@given(st.lists(json_values, max_size=4))
def test_values_are_said_as_python_shows_them(value: list[Any]) -> None:
    assert said("{{ value }}", {"value": value}) == str(value)
    assert loads(said("{{ value | tojson }}", {"value": value}).replace("\\u0026", "&")) is not None


def test_every_filter_of_jinja_is_looked_at() -> None:
    filters = sandbox.environment().filters
    assert all(
        function.__name__ == "bounded" or hasattr(function, "__wrapped__") or name.startswith("mock_")
        for name, function in filters.items()
    )


def test_every_test_of_jinja_is_a_step() -> None:
    assert all(hasattr(function, "__wrapped__") for function in sandbox.environment().tests.values())


def test_what_is_compared_is_a_step() -> None:
    clock = iter(range(10_000))
    slow = Meter(Deadline(100, timer=lambda: float(next(clock))))
    with pytest.raises(TemplateError, match="it takes too long"):
        rendered(compiled("{{ [" + "1 == n, " * 500 + "] }}"), VALUES, slow)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("{{ last_user }}", "'last_user' is undefined; write request.last_user"),
        ("{{ tea }}", "'tea' is undefined; known are request, use"),
        ("{{ request.tea }}", "'dict object' has no attribute 'tea'"),
    ],
)
def test_a_name_that_is_not_there_is_told_where_it_stands(text: str, hint: str) -> None:
    with pytest.raises(TemplateError) as raised:
        rendered(compiled(text), {"use": 1, "request": {"last_user": "Tea?"}}, meter())
    assert str(raised.value) == hint
