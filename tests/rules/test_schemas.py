"""What a schema refuses, why, and in which words the cloud says so."""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from mockserver.base import resources
from mockserver.base.jsontext import dumps, loads
from mockserver.catalogue import errors as error_catalogue
from mockserver.catalogue.errors import Errors
from mockserver.corridor.engine import Engine
from mockserver.corridor.settings import Settings
from mockserver.dialects.compat.surface import COMPAT
from mockserver.dialects.native.surface import NATIVE_MULTIMODAL, NATIVE_TEXT
from mockserver.dialects.table import SURFACES
from mockserver.meter.tokenizer import LazyTokenizer
from mockserver.rules import schemas
from mockserver.rules.schemas import Violation, path_text, violations
from mockserver.talk.surface import Surface
from tests.asking import COMPLETIONS, body_of
from tests.conftest import NOW, RULE_EXAMPLES, make_headers
from tests.steps import steps

TEXT, MULTIMODAL = NATIVE_TEXT, NATIVE_MULTIMODAL
CATALOGUE = error_catalogue.load()
P = "<400> InternalError.Algo.InvalidParameter: "

NOT_TEXT = (
    "Invalid type for 'messages.[0].content': expected one of a string or array of objects, "
    "but got {} instead."
)

FILLED = {"value", "role", "type", "limit", "expected", "path", "name", "index", "actual"}
"""The placeholders that a broken constraint can fill."""


def words(document: Any, surface: Surface) -> str:
    """The message that a surface answers to a request body that breaks its schema."""
    found = schemas.findings(f"{surface.name}.request", document, surface, CATALOGUE)
    assert found
    refusal = found[0].refusal
    assert refusal is not None
    assert refusal.status == 400
    return refusal.prefix + refusal.words[surface.voice].message


def with_parameter(surface: Surface, name: str, value: Any) -> dict[str, Any]:
    """A small request with one parameter."""
    return body_of("Hi", model="qwen-plus", surface=surface, parameters={name: value})


def with_message(surface: Surface, message: Any) -> dict[str, Any]:
    """A request of one message."""
    return body_of([message], model="qwen-plus", surface=surface)


def nodes(schema: Any) -> Iterator[dict[str, Any]]:
    """Every object inside a schema, itself first."""
    if isinstance(schema, dict):
        yield schema
        for inner in schema.values():
            yield from nodes(inner)
    elif isinstance(schema, list):
        for inner in schema:
            yield from nodes(inner)


def leaves(refusals: Any) -> Iterator[Any]:
    """The catalogue entries that an `x-refusal` names."""
    if isinstance(refusals, dict):
        for inner in refusals.values():
            yield from leaves(inner)
    else:
        yield refusals


def named_entries() -> dict[str, set[str]]:
    """The catalogue entries that the schemas name, by schema."""
    return {
        name: {
            entry
            for node in nodes(resources.schema(name))
            if "x-refusal" in node
            for entry in leaves(node["x-refusal"])
        }
        for name in resources.schema_names()
    }


def test_a_schema_is_found_by_its_identifier() -> None:
    for name in resources.schema_names():
        document = resources.schema(name)
        assert schemas._referred(document["$id"]) == document


def test_a_validator_reads_no_more_than_what_it_refers_to() -> None:
    with patch.object(schemas, "_documents", return_value=schemas._Documents()) as documents:
        validator = schemas.validator.__wrapped__("compat.request")
        assert validator.is_valid({"model": "qwen-plus", "messages": [{"role": "user", "content": "Tea?"}]})
        assert not validator.is_valid({"model": "qwen-plus", "messages": [], "n": "two"})
        assert documents().keys() == {"compat.request", "parameters"}


def test_every_refusal_that_a_schema_names_is_in_the_catalogue() -> None:
    named = named_entries()
    known = {entry.id for entry in CATALOGUE}
    speaking = {name for name, entries in named.items() if entries}
    assert {f"{surface.name}.request" for surface in SURFACES.values()} < speaking
    assert all(name.endswith(".request") for name in speaking - {"parameters"})
    for name, entries in named.items():
        assert entries <= known, name


def test_every_placeholder_of_such_a_refusal_is_one_that_a_violation_fills() -> None:
    named: set[str] = set().union(*named_entries().values(), schemas._GENERAL.values(), {"schema.other"})
    for entry in named:
        assert set(CATALOGUE[entry].params) <= FILLED, entry


def test_the_words_of_a_surface_are_chosen_for_both_surfaces() -> None:
    for name in resources.schema_names():
        for node in nodes(resources.schema(name)):
            chosen = node.get("x-refusal")
            for inner in nodes(chosen) if isinstance(chosen, dict) else ():
                assert ("compat" in inner) is ("native" in inner), name


@pytest.mark.parametrize(
    ("parameter", "values", "message"),
    [
        ("temperature", [-0.1, 2, 2.5], P + "Temperature should be in [0.0, 2.0)"),
        ("top_p", [-0.5, 1.01], P + "Range of top_p should be (0.0, 1.0]"),
        ("top_k", [-1], P + "Parameter top_k be greater than or equal to 0"),
        ("repetition_penalty", [0, -1], P + "Repetition_penalty should be greater than 0.0"),
        ("presence_penalty", [-2.1, 2.1], P + "Presence_penalty should be in [-2.0, 2.0]"),
        ("n", [0, 5], P + "Range of n should be [1, 4]"),
        ("top_logprobs", [-1, 6], P + "Range of top_logprobs should be [0, 5]"),
        (
            "stop",
            [1, {"a": "b"}, ["a", 1], [[1], 1], True],
            P + 'The "stop" parameter must be of type "str", "list[str]", "list[int]", or "list[list[int]]", '
            "and all elements within the list must be of the same type.",
        ),
    ],
)
def test_a_value_out_of_its_documented_range_gets_the_documented_text(
    parameter: str, values: list[Any], message: str
) -> None:
    for surface in COMPLETIONS:
        for value in values:
            assert words(with_parameter(surface, parameter, value), surface) == message


@pytest.mark.parametrize(
    ("parameter", "values"),
    [
        ("temperature", [0, 1.999, None]),
        ("top_p", [0, 0.001, 1, None]),
        ("top_k", [0, 101, None]),
        ("repetition_penalty", [0.001, None]),
        ("presence_penalty", [-2, 2, None]),
        ("frequency_penalty", [-5, 5.5, None]),
        ("n", [1, 4, None]),
        ("top_logprobs", [0, 5, None]),
        ("seed", [0, 2**63 - 1, None]),
        ("stop", ["", "a", [], ["a", "b"], [1, 2], [[1, 2], [3]], None]),
        ("logit_bias", [{}, {"7": -100, "8": 100}, None]),
        ("tools", [None, [{"function": {"name": "f", "strict": True, "parameters": {"$schema": ""}}}]]),
        ("tool_choice", ["auto", "none", "required", {"type": "function", "function": {"name": "f"}}, None]),
        ("response_format", [{"type": "text"}, {"type": "json_schema", "json_schema": {}}, None]),
        ("something_else", [1, "a", [], {}, None]),
    ],
)
def test_the_ends_of_a_range_null_and_unknown_names_are_accepted(parameter: str, values: list[Any]) -> None:
    for surface in COMPLETIONS:
        for value in values:
            document = with_parameter(surface, parameter, value)
            assert violations(f"{surface.name}.request", document) == []


@pytest.mark.parametrize(
    ("surface", "parameter", "value", "message"),
    [
        (COMPAT, "tools", [], "[] is too short - 'tools'"),
        (COMPAT, "temperature", "hot", "'temperature' must be Float"),
        (COMPAT, "top_p", "0.5", "'top_p' must be Float"),
        (COMPAT, "seed", "1234", "'seed' must be Integer"),
        (COMPAT, "seed", -1, "-1 is lesser than the minimum of 0 - 'seed'"),
        (COMPAT, "seed", 1.5, "'seed' must be Integer"),
        (
            COMPAT,
            "seed",
            1e30,
            "1e+30 is greater than the maximum of 18446744073709551615 - 'seed'",
        ),
        (TEXT, "seed", -1, P + "Range of seed should be [0, 9223372036854775807]"),
        (TEXT, "seed", 1e30, P + "Range of seed should be [0, 9223372036854775807]"),
        (TEXT, "seed", "1234", "Input should be a valid Integer: parameters.seed"),
        (COMPAT, "max_tokens", "many", "'max_tokens' must be Integer"),
        (COMPAT, "stream", "yes", "'stream' must be Boolean"),
        (COMPAT, "stream_options", [], "'stream_options' must be Object"),
        (TEXT, "max_tokens", [], "Input should be a valid Integer: parameters.max_tokens"),
        (TEXT, "enable_thinking", 1, "Input should be a valid Boolean: parameters.enable_thinking"),
        (TEXT, "reasoning_effort", 1, "Input should be a valid String: parameters.reasoning_effort"),
        (TEXT, "result_format", "xml", "Input should be ['text', 'message']: parameters.result_format"),
        (COMPAT, "max_input_tokens", 0, "0 is lesser than the minimum of 1 - 'max_input_tokens'"),
        (COMPAT, "logit_bias", {"a": 1}, "a is not valid - 'logit_bias'"),
        (COMPAT, "logit_bias", {"7\n": 1}, "7\n is not valid - 'logit_bias'"),
        (COMPAT, "logit_bias", {"7": 101}, "101 is greater than the maximum of 100 - 'logit_bias.7'"),
        (COMPAT, "logit_bias", {"7": -101}, "-101 is lesser than the minimum of -100 - 'logit_bias.7'"),
        (
            COMPAT,
            "response_format",
            {"type": "yaml"},
            P + "Unknown format of response_format, response_format should be a dict, includes 'type' and an "
            'optional key \'json_schema\'. The response_format type from user is {"type":"yaml"}.',
        ),
    ],
)
def test_a_parameter_of_a_wrong_kind_is_refused_in_the_words_of_its_surface(
    surface: Surface, parameter: str, value: Any, message: str
) -> None:
    assert words(with_parameter(surface, parameter, value), surface) == message


ROLES = 'Role must be in ["user","assistant","system","function","plugin","tool"] '
LAST = 'and the role in last message must be in ["user","function","tool"]'


@pytest.mark.parametrize(
    ("surface", "document", "message"),
    [
        (COMPAT, {"messages": []}, "you must provide a model parameter"),
        (COMPAT, {"model": "qwen-plus"}, "you must provide a messages parameter"),
        (COMPAT, {"model": "qwen-plus", "messages": []}, "[] is too short - 'messages'"),
        (COMPAT, {"model": "qwen-plus", "messages": "Hi"}, "'messages' must be Array"),
        (COMPAT, {}, "you must provide a model parameter"),
        (TEXT, {"input": {"prompt": "Hi"}}, 'Required parameter "model" missing from request.'),
        (TEXT, {"model": "qwen-plus"}, "Required input parameter missing from request."),
        (
            TEXT,
            {"model": "qwen-plus", "messages": [], "input": {}},
            'Either "prompt" or "messages" must exist and cannot both be none',
        ),
        (TEXT, {"model": "qwen-plus", "input": "Hi"}, "The input parameter requires json format."),
        (TEXT, {"model": "qwen-plus", "input": {"messages": []}}, P + ROLES + LAST),
        (
            TEXT,
            {"model": "qwen-plus", "input": {"messages": "Hi"}},
            'Either "prompt" or "messages" must exist and cannot both be none',
        ),
        (
            TEXT,
            {"model": "qwen-plus", "input": {"prompt": "Hi"}, "parameters": []},
            "Input should be a valid Object: parameters",
        ),
    ],
)
def test_a_body_without_its_parts_is_refused_in_the_words_of_its_surface(
    surface: Surface, document: dict[str, Any], message: str
) -> None:
    assert words(document, surface) == message


@pytest.mark.parametrize(
    ("surface", "message", "text"),
    [
        (
            COMPAT,
            {"role": "developer", "content": "Hi"},
            (
                "developer is not one of ['system', 'assistant', 'user', 'tool', 'function'] "
                "- 'messages.[0].role'"
            ),
        ),
        (
            COMPAT,
            {"role": None, "content": "Hi"},
            "null is not one of ['system', 'assistant', 'user', 'tool', 'function'] - 'messages.[0].role'",
        ),
        (COMPAT, {"content": "Hi"}, "'role' is a required property - 'messages.0.role'"),
        (COMPAT, {"role": "user"}, P + "The content field is a required field."),
        (
            COMPAT,
            {"role": "user", "content": [{"type": "poem", "poem": "Hi"}]},
            "Invalid value: poem. Supported values are: 'text','image_url','video_url' and 'video'.",
        ),
        (
            COMPAT,
            {"role": "user", "content": [{"type": "file", "file": {"file_id": "file-1"}}]},
            "Invalid value: file. Supported values are: 'text','image_url','video_url' and 'video'.",
        ),
        (
            COMPAT,
            {"role": "user", "content": [{"type": "image_url"}]},
            P + "The provided messages input is invalid. "
            "The error info is [Unexpected item type in content.].",
        ),
        (COMPAT, {"role": "user", "content": {"a": 1}}, NOT_TEXT.format("an object")),
        (COMPAT, {"role": "user", "content": 7}, NOT_TEXT.format("an integer")),
        (COMPAT, {"role": "user", "content": 7.5}, NOT_TEXT.format("a number")),
        (COMPAT, {"role": "user", "content": True}, NOT_TEXT.format("a boolean")),
        (
            COMPAT,
            {"role": "assistant", "tool_calls": [{"function": {"name": "f"}}]},
            P + "If tool_calls are present in the message, function.arguments must be defined.",
        ),
        *(
            (
                surface,
                {"role": "assistant", "tool_calls": []},
                P + "Empty tool_calls is not supported in message.",
            )
            for surface in (COMPAT, TEXT, MULTIMODAL)
        ),
        (
            COMPAT,
            {"role": "assistant", "tool_calls": [{"function": {"arguments": "{}"}}]},
            "'name' is a required property - 'messages.0.tool_calls.0.function.name'",
        ),
        (COMPAT, {"role": "user", "content": "Hi", "partial": "yes"}, "'partial' must be Boolean"),
        (TEXT, {"role": "developer", "content": "Hi"}, P + ROLES + LAST),
        (TEXT, {"content": "Hi"}, P + ROLES + LAST),
        (TEXT, {"role": "user"}, P + "The content field is a required field."),
        (TEXT, {"role": "user", "content": 7}, P + "input content must be a string."),
        (TEXT, "Hi", "Input should be a valid dictionary or instance of GPT3Message"),
        (
            MULTIMODAL,
            {"role": "user", "content": "Hi"},
            "Input should be a valid list: input.messages.0.content",
        ),
        (
            MULTIMODAL,
            {"role": "user", "content": [{"poem": "Hi"}]},
            "The item of content should be a message of a certain modal.",
        ),
    ],
)
def test_a_message_of_a_wrong_form_is_refused_in_the_words_of_its_surface(
    surface: Surface, message: Any, text: str
) -> None:
    assert words(with_message(surface, message), surface) == text


@pytest.mark.parametrize(
    ("tool", "surface"),
    [({}, COMPAT), ({"function": {}}, TEXT), ({"function": {"name": ""}}, COMPAT), ("f", TEXT)],
)
def test_a_tool_of_a_wrong_form_is_refused(tool: Any, surface: Surface) -> None:
    assert words(with_parameter(surface, "tools", [tool]), surface)


def test_an_index_is_the_place_of_the_message() -> None:
    fine = {"role": "user", "content": "Hi"}
    document = body_of([fine, fine, {"role": "critic", "content": "Hm"}], model="qwen-plus")
    assert words(document, COMPAT).endswith("- 'messages.[2].role'")


def test_what_is_missing_is_told_before_what_is_wrong_and_the_outer_before_the_inner() -> None:
    document = {"temperature": 9, "messages": [{"role": "user", "content": "Hi", "partial": "x"}]}
    found = [(violation.keyword, violation.path) for violation in violations("compat.request", document)]
    assert found == [("required", ""), ("exclusiveMaximum", "temperature"), ("type", "messages[0].partial")]


@pytest.mark.parametrize(
    ("length", "shown"), [(120, "x" * 120), (121, "x" * 120 + "..."), (500, "x" * 120 + "...")]
)
def test_a_long_value_is_shown_by_its_beginning(length: int, shown: str) -> None:
    message = words(with_message(COMPAT, {"role": "x" * length, "content": "Hi"}), COMPAT)
    assert message.startswith(f"{shown} is not one of")


def test_a_reference_leads_within_its_file_or_into_another() -> None:
    parameters = schemas.document("parameters")
    top_k = (parameters, parameters["$defs"]["top_k"])
    assert schemas.resolved(parameters, "#/$defs/top_k") == top_k
    compat = schemas.document("compat.request")
    assert schemas.resolved(compat, "parameters.schema.json#/$defs/top_k") == top_k


def test_schemas_are_read_and_compiled_once() -> None:
    assert schemas.document("parameters") is schemas.document("parameters")
    assert schemas.validator("compat.request") is schemas.validator("compat.request")
    assert schemas._explainer("compat.request") is schemas._explainer("compat.request")
    assert schemas._table() is schemas._table()


def test_a_finding_tells_how_a_long_value_begins_and_what_is_wrong_with_it(errors: Errors) -> None:
    document = with_message(COMPAT, {"role": "x" * 1000, "content": "Hi"})
    (found,) = schemas.findings("compat.request", document, COMPAT, errors)
    assert found.message.startswith(f"'{'x' * 199}... is not one of ['system', ")


def test_a_violation_knows_the_properties_beside_it() -> None:
    (violation,) = violations("control.reply", {"reply": {}, "time": 1})
    assert violation.keyword == "additionalProperties"
    assert violation.properties == ("match", "reply", "times", "template")


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ([], ""),
        (["model"], "model"),
        (["messages", 0, "role"], "messages[0].role"),
        (["input", "messages", 12, "content", 3], "input.messages[12].content[3]"),
    ],
)
def test_a_path_is_written_as_one_writes_it_in_code(path: list[str | int], text: str) -> None:
    assert path_text(path) == text


@pytest.mark.parametrize(
    ("keyword", "demand", "value", "message"),
    [
        ("const", "function", "tool", "tool is not one of 'function' - 'a.0.b'"),
        ("enum", ["x", None], "y", "y is not one of ['x'] - 'a.0.b'"),
        ("type", ["null", "number"], "y", "'b' must be Float"),
        ("type", "array", "y", "'b' must be Array"),
        ("type", ["array", "string"], 1, "'b' must be Array"),
        ("minimum", 3, 2, "2 is lesser than the minimum of 3 - 'a.0.b'"),
        ("exclusiveMinimum", 3, 3, "3 is lesser than the minimum of 3 - 'a.0.b'"),
        ("maximum", 3, 4, "4 is greater than the maximum of 3 - 'a.0.b'"),
        ("exclusiveMaximum", 3, 3, "3 is greater than the maximum of 3 - 'a.0.b'"),
        ("required", ["c", "d"], {"c": 1}, "'d' is a required property - 'a.0.b.d'"),
        ("minLength", 1, "", " is not valid - 'a.0.b'"),
        ("oneOf", [], [1, {"k": None}], "[1,{\"k\":null}] is not valid - 'a.0.b'"),
    ],
)
def test_a_constraint_without_words_of_its_own_gets_general_ones(
    keyword: str, demand: Any, value: Any, message: str, errors: Errors
) -> None:
    violation = Violation("a[0].b", keyword, demand, value, None, "")
    assert schemas.refusal(violation, COMPAT, errors).words["compat"].message == message


plain = st.characters(exclude_categories=["Cs"], exclude_characters="<>{}")
json_values: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(plain, max_size=12)
    | st.sampled_from(["user", "developer", "function", "text", "auto", "json_object", "7", "7\n"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(plain, max_size=5), inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["role", "type", "function", "text", "7\n", "name"]), inner, max_size=3
        )
    ),
    max_leaves=6,
)

FULL: dict[str, Any] = {
    "temperature": 0.7,
    "top_p": 0.8,
    "top_k": 20,
    "repetition_penalty": 1.05,
    "presence_penalty": 0.5,
    "frequency_penalty": 0.5,
    "max_tokens": 100,
    "max_completion_tokens": 100,
    "thinking_budget": 10,
    "max_input_tokens": 1000,
    "n": 1,
    "seed": 1234,
    "stop": ["Observation", "\n"],
    "logit_bias": {"7": -100},
    "logprobs": True,
    "top_logprobs": 2,
    "enable_thinking": True,
    "preserve_thinking": False,
    "reasoning_effort": "high",
    "enable_search": True,
    "search_options": {"forced_search": True},
    "enable_code_interpreter": False,
    "tools": [{"type": "function", "function": {"name": "f", "description": "", "parameters": {}}}],
    "tool_choice": {"type": "function", "function": {"name": "f"}},
    "parallel_tool_calls": True,
    "tool_stream": False,
    "response_format": {"type": "json_object"},
    "vl_high_resolution_images": False,
    "character_options": {"profile": ""},
    "translation_options": {"source_lang": "auto"},
    "result_format": "message",
    "incremental_output": True,
    "stream_options": {"include_usage": True},
    "modalities": ["text"],
    "audio": {"voice": "Cherry"},
}


def conversation(surface: Surface) -> list[dict[str, Any]]:
    """Messages of every role, with everything that a message may carry."""
    parts: dict[Surface, Any] = {
        COMPAT: [{"type": "text", "text": "Hi"}, {"type": "image_url", "image_url": {"url": "a"}}],
        TEXT: "Hi",
        MULTIMODAL: [{"text": "Hi"}, {"image": "a"}, {"video": ["a", "b"]}],
    }
    text: Any = [{"text": "Hi"}] if surface is MULTIMODAL else "Hi"
    call = {"id": "1", "type": "function", "index": 0, "function": {"name": "f", "arguments": "{}"}}
    return [
        {"role": "system", "content": text, "name": "s"},
        {"role": "user", "content": parts[surface]},
        {"role": "assistant", "content": text, "tool_calls": [call], "reasoning_content": "Hm."},
        {"role": "tool", "content": text, "tool_call_id": "1"},
        {"role": "assistant", "content": text, "partial": True},
    ]


def full_body(surface: Surface) -> dict[str, Any]:
    """A valid body that carries everything the surface knows."""
    return body_of(conversation(surface), model="qwen-plus", surface=surface, parameters=FULL)


def places(document: Any, at: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The path of every value inside a document."""
    pairs = document.items() if isinstance(document, dict) else enumerate(document)
    for key, value in pairs:
        yield (*at, key)
        if isinstance(value, dict | list):
            yield from places(value, (*at, key))


@st.composite
def spoiled(draw: st.DrawFn, surface: Surface) -> dict[str, Any]:
    """A valid body in which up to three values are replaced, removed or joined by others."""
    document = deepcopy(full_body(surface))
    for _ in range(draw(st.integers(1, 3))):
        known = list(places(document))
        assume(known)
        *way, last = draw(st.sampled_from(known))
        holder: Any = document
        for step in way:
            holder = holder[step]
        if draw(st.booleans()):
            holder[last] = draw(json_values)
        elif isinstance(holder, dict) and draw(st.booleans()):
            holder[draw(st.text(plain, max_size=3))] = draw(json_values)
        else:
            del holder[last]
    body: dict[str, Any] = loads(dumps(document))
    return body


SPOILED = st.sampled_from(COMPLETIONS).flatmap(lambda surface: st.tuples(st.just(surface), spoiled(surface)))
"""A surface, and a body for it."""


@pytest.mark.parametrize("surface", COMPLETIONS)
def test_a_body_with_everything_is_valid(surface: Surface) -> None:
    assert violations(f"{surface.name}.request", full_body(surface)) == []


@given(SPOILED)
@example((COMPAT, with_parameter(COMPAT, "logit_bias", {"7\n": 1})))
@example((COMPAT, with_parameter(COMPAT, "seed", 2.0**64)))
@example((TEXT, with_parameter(TEXT, "tools", [[]])))
@example((MULTIMODAL, with_message(MULTIMODAL, None)))
def test_whatever_a_body_holds_both_validators_agree_and_every_refusal_is_complete(
    case: tuple[Surface, dict[str, Any]],
) -> None:
    surface, document = case
    name = f"{surface.name}.request"
    found = violations(name, document)
    assert bool(found) is not schemas.validator(name).is_valid(document)
    for violation in found:
        refusal = schemas.refusal(violation, surface, CATALOGUE)
        assert refusal.status == 400
        entry = CATALOGUE[refusal.id]
        for message in (refusal.words["native"].message, refusal.words["compat"].message):
            assert message
            assert not any(f"<{name}>" in message for name in entry.params)
        assert refusal.words[surface.voice].code == entry.words[surface.voice].code


@given(st.sampled_from([*SURFACES.values()]), json_values)
def test_any_json_is_judged_without_a_crash(surface: Surface, document: Any) -> None:
    name = f"{surface.name}.request"
    found = violations(name, loads(dumps(document)))
    assert found
    assert all(schemas.refusal(violation, surface, CATALOGUE).words["native"].message for violation in found)


def test_a_document_that_breaks_its_schema_without_end_is_explained_a_little() -> None:
    messages = [{"role": "tea", "content": 7}] * 5_000
    found = schemas.violations("compat.request", {"model": "qwen-plus", "messages": messages})
    assert 100 <= len(found) <= 200


def test_where_the_two_validators_disagree_the_fast_one_is_right_and_says_what_it_can() -> None:
    # `$` of Python's patterns matches before a line feed at the end, that of JSON Schema does not.
    quota = {"key": "sk-a\n", "model": "qwen-plus", "rpm": 1}
    assert list(schemas._explainer("control.quota").iter_errors(quota)) == []
    (found,) = violations("control.quota", quota)
    assert (found.path, found.keyword, found.value) == ("key", "pattern", "sk-a\n")
    assert "does not match" in found.message


def test_of_what_fits_no_choice_nothing_is_made_but_that() -> None:
    """Of 20,000 values that do not fit, each has two reasons, which nobody looks at."""

    def taken(size: int) -> int:
        body = with_parameter(TEXT, "stop", [{}] * size)
        return steps(lambda: violations("native-text.request", body))

    (found,) = violations("native-text.request", with_parameter(TEXT, "stop", [{}]))
    assert (found.path, found.keyword) == ("parameters.stop", "anyOf")
    assert taken(20_000) == taken(200)  # of both as much is shown


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ({}, "{'at': 0} is not valid under any of the given schemas"),
        ({"text": "a", "base64": "YQ=="}, "is valid under more than one of the given schemas"),
    ],
)
def test_of_several_choices_one_alone_may_fit(content: dict[str, str], says: str) -> None:
    chunk = {"at": 0, **content}
    (found,) = [
        one
        for one in violations("cassette", {"response": {"chunks": [chunk]}})
        if one.path == "response.chunks[0]"
    ]
    assert found.keyword == "oneOf"
    assert says in found.message


class Content:
    """An explaining validator that never finds anything."""

    def iter_errors(self, _: Any) -> list[Any]:
        return []


def test_what_the_fast_one_says_alone_becomes_a_refusal_in_general_words(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(schemas, "_explainer", lambda _: Content())
    cases = {
        "'role' is a required property - 'messages.0.role'": {"content": "Hi"},
        "'name' must be String": {"role": "user", "content": "Hi", "name": 7},
        "poem is not one of ['system', 'assistant', 'user', 'tool', 'function'] - 'messages.0.role'": {
            "role": "poem",
            "content": "Hi",
        },
    }
    for text, message in cases.items():
        assert words(with_message(COMPAT, message), COMPAT) == text


def test_what_the_fast_one_says_of_a_long_value_is_told_by_500_characters(
    monkeypatch: pytest.MonkeyPatch, errors: Errors
) -> None:
    monkeypatch.setattr(schemas, "_explainer", lambda _: Content())
    body = with_message(COMPAT, {"role": "x" * 1000, "content": "Hi"})
    (found,) = schemas.findings("compat.request", body, COMPAT, errors)
    assert found.message == '"' + "x" * 499


@pytest.fixture(scope="module")
def judging(lazy_tokenizer: LazyTokenizer) -> Engine:
    """One engine for all requests."""
    return Engine(Settings(), tokenizer=lazy_tokenizer, clock=lambda: NOW)


@RULE_EXAMPLES
@given(SPOILED)
@example((COMPAT, with_parameter(COMPAT, "logit_bias", {"7\n": 1})))
def test_a_mutated_request_ends_as_no_500_and_as_no_200_by_mistake(
    judging: Engine, case: tuple[Surface, dict[str, Any]]
) -> None:
    judging.reset()
    surface, body = case
    if surface is MULTIMODAL and body.get("model") == "qwen-plus":
        body["model"] = "qwen3-vl-plus"
    answer = judging.chat(surface, make_headers(), dumps(body), arrived=NOW)
    assert answer.entry is not None
    refusal = answer.entry.refusal
    assert refusal is not None or schemas.validator(f"{surface.name}.request").is_valid(body)
    assert refusal is None or 400 <= refusal.status < 500


@RULE_EXAMPLES
@given(name=st.sampled_from(resources.schema_names()), data=st.data())
def test_whatever_the_fast_one_refuses_has_a_place_and_a_reason(name: str, data: st.DataObject) -> None:
    properties = sorted(schemas.document(name).get("properties", {})) or ["tea"]
    lines = st.sampled_from(["\n", "sk-a\n", "a.b\n", "qwen-plus\n", "1\n"])
    document = data.draw(st.dictionaries(st.sampled_from(properties), json_values | lines, max_size=4))
    document = loads(dumps(document))
    found = violations(name, document)
    assert bool(found) is not schemas.validator(name).is_valid(document)
    assert all(one.message for one in found)


def test_what_explains_a_no_is_imported_once_and_then_is_there() -> None:
    schemas.learn()
    assert schemas.explains()
    assert schemas._explaining() is schemas._explaining()


@pytest.mark.parametrize("name", ["fault", "control.reply"])
def test_the_fast_one_tells_a_broken_constraint_of_what_does_not_fit_alone(name: str) -> None:
    document = {"kind": "slow-first", "ms": "x"} if name == "fault" else {"reply": 5}
    told = schemas.told_at_once(name, document)
    assert told is not None
    assert (told.path, told.keyword) == (("ms", "type") if name == "fault" else ("reply", "type"))
    assert (
        schemas.told_at_once(name, {"kind": "slow-first", "ms": 5} if name == "fault" else {"reply": {}})
        is None
    )


@pytest.mark.parametrize(
    ("among", "document", "told"),
    [
        ("oneOf", "teapot", []),
        ("oneOf", 7, []),
        ("oneOf", "tea", ["'tea' is valid under more than one of the given schemas"]),
        ("anyOf", "teapot", []),
        ("anyOf", "tea", []),
    ],
)
def test_of_choices_one_has_to_fit_or_any_number(among: str, document: Any, told: list[str]) -> None:
    kind, _ = schemas._explaining()
    schema = {among: [{"type": "string"}, {"maxLength": 3}]}
    assert [error.message for error in kind(schema).iter_errors(document)] == told


@pytest.mark.parametrize(
    ("part", "field", "home"),
    [
        ("script", "last_user", "match"),
        ("conversation", "assistant", "messages"),
        ("", "rpm", "quotas"),
        ("script", "rpm", None),
        ("script", "tea", None),
        ("call", "content", None),
    ],
)
def test_a_field_in_the_wrong_part_of_a_scenario_has_a_home_below(
    part: str, field: str, home: str | None
) -> None:
    whole = schemas.document("scenario")
    inner = whole["$defs"][part] if part else whole
    assert schemas.home_within("scenario", inner["properties"], field) == home


@pytest.mark.parametrize(
    ("field", "parts"),
    [
        ("content", ("a choice", "a reply")),
        ("assistant", ("a line",)),
        ("on_miss", ("the body",)),
        ("tea", ()),
    ],
)
def test_the_parts_that_have_a_field_are_named(field: str, parts: tuple[str, ...]) -> None:
    assert schemas.owners("scenario", field) == parts
