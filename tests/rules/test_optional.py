"""Parameters that no model could read, left out where the rules let them in."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.base.jsontext import dumps
from mockserver.catalogue.errors import load
from mockserver.corridor.engine import Engine
from mockserver.corridor.settings import Settings
from mockserver.dialects.anthropic.surface import ANTHROPIC
from mockserver.dialects.compat.surface import COMPAT
from mockserver.dialects.native.surface import NATIVE_MULTIMODAL, NATIVE_TEXT
from mockserver.dialects.responses.surface import RESPONSES
from mockserver.dialects.table import SURFACES
from mockserver.meter.tokenizer import LazyTokenizer
from mockserver.rules import optional, schemas
from mockserver.rules.optional import Part, part_at, rules, without
from mockserver.rules.registry import rules_by_id
from mockserver.talk.surface import Surface
from tests.asking import body_of
from tests.conftest import NOW, MakeHeaders, make_headers

MODELS = {NATIVE_MULTIMODAL: "qwen3-vl-plus"}
TOOL = {"type": "function", "function": {"name": "tea", "parameters": {"type": "object"}}}


def options_of(surface: Surface) -> list[str]:
    """The parameters that the schema of a surface names, without what no request may lack."""
    document = schemas.document(f"{surface.name}.request")
    if surface.options_at:
        document = document["properties"]["parameters"]
    return [name for name in document["properties"] if name not in document.get("required", ())]


@pytest.mark.parametrize(
    ("surface", "path", "part"),
    [
        (COMPAT, "seed", Part("seed")),
        (COMPAT, "stream_options.include_usage", Part("stream_options")),
        (COMPAT, "tools[1].function.name", Part("tools", 1)),
        (COMPAT, "messages[0].name", None),
        (COMPAT, "model", None),
        (COMPAT, "", None),
        (NATIVE_TEXT, "parameters", Part("")),
        (NATIVE_TEXT, "parameters.tools[0]", Part("tools", 0)),
        (NATIVE_TEXT, "parametersx", None),
        (NATIVE_TEXT, "input.prompt", None),
        (NATIVE_TEXT, "", None),
        (ANTHROPIC, "max_tokens", None),
        (ANTHROPIC, "system[0].text", Part("system", 0)),
        (RESPONSES, "input[0].role", None),
        (RESPONSES, "reasoning.effort", Part("reasoning")),
    ],
)
def test_what_can_be_left_out_is_a_parameter_or_an_item_of_one(
    surface: Surface, path: str, part: Part | None
) -> None:
    assert part_at(surface, path) == part


def test_what_is_left_out_is_looked_up_once() -> None:
    assert rules() is rules()
    assert optional._needed(COMPAT) is optional._needed(COMPAT)


def lenient(tokenizer: LazyTokenizer, **more: Any) -> Engine:
    """An engine that refuses nothing that can be answered."""
    return Engine(Settings(rules="lenient", **more), tokenizer=tokenizer, clock=lambda: NOW)


def test_what_is_left_of_a_list_stays() -> None:
    body = body_of(
        "Tea?", model="qwen-plus", parameters={"tools": [TOOL, 7, TOOL], "stop": 5, "modalities": [1]}
    )
    found = schemas.findings("compat.request", body, COMPAT, load())
    assert without(COMPAT, body, found) == body_of(
        "Tea?", model="qwen-plus", parameters={"tools": [TOOL, TOOL]}
    )
    assert body["stop"] == 5


def test_of_the_parameters_of_a_native_request_the_others_stay() -> None:
    body = body_of("Tea?", model="qwen-plus", surface=NATIVE_TEXT, parameters={"seed": -1, "top_k": 5})
    found = schemas.findings("native-text.request", body, NATIVE_TEXT, load())
    assert without(NATIVE_TEXT, body, found) == {**body, "parameters": {"top_k": 5}}
    bare = {"model": "qwen-plus", "input": body["input"]}
    assert without(NATIVE_TEXT, bare, []) == bare


def test_parameters_that_are_none_at_all_are_left_out_together() -> None:
    body = {**body_of("Tea?", model="qwen-plus", surface=NATIVE_TEXT), "parameters": 7}
    found = schemas.findings("native-text.request", body, NATIVE_TEXT, load())
    assert without(NATIVE_TEXT, body, found) == {"model": "qwen-plus", "input": body["input"]}


def test_what_a_lenient_server_leaves_out_is_told(
    lazy_tokenizer: LazyTokenizer, headers: MakeHeaders
) -> None:
    odd = {"seed": -1, "n": "two", "tool_choice": "tea", "tools": [], "response_format": {"type": "yaml"}}
    body = body_of("Tea?", model="qwen-plus", parameters=odd)
    answer = lenient(lazy_tokenizer).chat(COMPAT, headers(), dumps(body), arrived=NOW)
    assert answer.status == 200
    assert answer.entry is not None
    assert {(finding.rule, finding.path) for finding in answer.entry.findings} == {
        ("ranges.seed", "seed"),
        ("parameters.type", "n"),
        ("tools.choice", "tool_choice"),
        ("tools.empty", "tools"),
        ("forms.response-format", "response_format"),
    }
    plain = lenient(lazy_tokenizer).chat(
        COMPAT, headers(), dumps(body_of("Tea?", model="qwen-plus")), arrived=NOW
    )
    assert plain.entry is not None
    assert answer.entry.reply == plain.entry.reply


@pytest.mark.parametrize("action", ["report", "off"])
def test_one_rule_that_is_switched_leaves_out_what_breaks_it(
    lazy_tokenizer: LazyTokenizer, headers: MakeHeaders, action: str
) -> None:
    engine = Engine(Settings(rule_switches={"parameters.type": action}), tokenizer=lazy_tokenizer)

    def asked(**more: Any) -> tuple[int, list[str]]:
        body = {**body_of("Tea?", model="qwen-plus"), **more}
        answer = engine.chat(COMPAT, headers(), dumps(body), arrived=NOW)
        assert answer.entry is not None
        return answer.status, [finding.rule for finding in answer.entry.findings]

    assert asked(seed="7") == (200, ["parameters.type"] if action == "report" else [])
    # Of a message nothing is left out, so that it is refused all the same.
    status, found = asked(messages=[{"role": "user", "content": "Tea?", "name": 7}])
    assert (status, found) == (400, ["parameters.type"])


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**62), 2**62) | st.floats(-1e9, 1e9) | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["type", "effort", "id", "name", "function", "schema"]), inner, max_size=3
        )
    ),
    max_leaves=6,
)


def bodies(surface: Surface) -> st.SearchStrategy[dict[str, Any]]:
    """Requests with some parameters that hold anything."""
    bare = body_of("Tea?", model=MODELS.get(surface, "qwen-plus"), surface=surface)
    given = st.dictionaries(st.sampled_from(options_of(surface)), VALUES, min_size=1, max_size=4)
    return given.map(lambda odd: {**bare, "parameters": odd} if surface.options_at else {**bare, **odd})


@pytest.mark.parametrize("surface", SURFACES.values(), ids=str)
@given(data=st.data())
def test_whatever_a_parameter_holds_the_rest_is_a_valid_request(
    surface: Surface, data: st.DataObject
) -> None:
    body = data.draw(bodies(surface))
    found = schemas.findings(f"{surface.name}.request", body, surface, load())
    rest = without(surface, body, found)
    again = schemas.findings(f"{surface.name}.request", rest, surface, load())
    # What is left is let in as it stands, such as a temperature of 5, or is two that exclude each other.
    assert all(finding.fixed or not rules_by_id()[finding.rule].fixed for finding in again)
    assert {finding.rule for finding in again if not finding.fixed}.isdisjoint(rules())


@pytest.mark.parametrize("surface", SURFACES.values(), ids=str)
@given(data=st.data())
def test_whatever_a_parameter_holds_a_lenient_server_answers(
    surface: Surface, data: st.DataObject, lazy_tokenizer: LazyTokenizer
) -> None:
    body = data.draw(bodies(surface))
    answer = lenient(lazy_tokenizer).chat(surface, make_headers(), dumps(body), arrived=NOW)
    assert answer.entry is not None
    told = answer.entry.refusal
    if told is not None:
        refused = [
            one for one in answer.entry.findings if one.refusal is not None and one.refusal.id == told.id
        ]
        assert any(finding.fixed or rules_by_id()[finding.rule].fixed for finding in refused), told
