"""Names that a surface does not know are reported with the nearest one, or with where they belong."""

from typing import Any

import pytest

from mockserver.catalogue.errors import Errors
from mockserver.catalogue.models import Models
from mockserver.dialects.compat.surface import COMPAT
from mockserver.dialects.native.read import read_request as read_native
from mockserver.dialects.native.surface import NATIVE_TEXT
from mockserver.dialects.responses.surface import RESPONSES
from mockserver.rules import check
from mockserver.rules.parameters import known_parameters
from mockserver.talk.surface import Surface
from tests.asking import ask, body_of


def hint(name: str, surface: Surface, errors: Errors) -> str:
    unknown: dict[str, Any] = {name: 1}
    (found,) = check(ask("Hi", surface=surface, **unknown), errors)
    assert found.rule == "parameters.unknown"
    return found.message.partition("; ")[2]


@pytest.mark.parametrize(
    ("name", "surface", "said"),
    [
        ("max_token", COMPAT, "the nearest known one is 'max_tokens'."),
        ("Stream", COMPAT, "the nearest known one is 'stream'."),
        ("incremental_output", COMPAT, "it is one of native-text, native-multimodal."),
        ("stream_options", NATIVE_TEXT, "it is one of compat."),
        ("x" * 1000, COMPAT, "the nearest known one is "),
    ],
)
def test_an_unknown_name_comes_with_a_hint(name: str, surface: Surface, said: str, errors: Errors) -> None:
    assert hint(name, surface, errors).startswith(said)


def test_a_surface_knows_what_it_documents() -> None:
    assert {"model", "messages", "stream", "stream_options", "top_p"} <= known_parameters(COMPAT)
    native = known_parameters(NATIVE_TEXT)
    assert {"incremental_output", "result_format", "stream"} <= native
    assert native.isdisjoint({"model", "messages", "input", "prompt", "history", "partial"})


@pytest.mark.parametrize("surface", [COMPAT, RESPONSES])
def test_several_names_are_all_reported(surface: Surface, errors: Errors) -> None:
    found = check(ask("Hi", surface=surface, tea=1, milk=2), errors)
    assert [finding.path for finding in found] == ["tea", "milk"]


def test_the_names_of_a_surface_are_read_once() -> None:
    assert known_parameters(COMPAT) is known_parameters(COMPAT)


@pytest.mark.parametrize("surface", [COMPAT, RESPONSES])
def test_of_a_long_name_eighty_characters_are_shown(surface: Surface, errors: Errors) -> None:
    unknown: dict[str, Any] = {"x" * 100: 1}
    (found,) = check(ask("Hi", surface=surface, **unknown), errors)
    assert found.path == "x" * 80
    assert found.message.startswith(f"'{'x' * 80}' is no parameter of this surface and does nothing; ")


def test_what_stands_outside_of_the_parameters_is_named(errors: Errors, models: Models) -> None:
    body = body_of("Hi", model="qwen-max", surface=NATIVE_TEXT)
    body |= {"input": {**body["input"], "seed": 1}, "x" * 100: 1}
    request = read_native(NATIVE_TEXT, body, models["qwen-max"], {})
    assert {(found.path, found.message) for found in check(request, errors)} == {
        ("input.seed", "'seed' stands outside `parameters`, where it does nothing."),
        ("x" * 80, f"'{'x' * 80}' stands outside `parameters`, where it does nothing."),
    }
