"""The table of dialects: every surface by its name, its paths and the form of a body."""

import pytest

from mockserver.catalogue.plans import coding_paths
from mockserver.dialects.compat.surface import COMPAT
from mockserver.dialects.native.surface import NATIVE_MULTIMODAL, NATIVE_TEXT
from mockserver.dialects.table import DIALECTS, PATHS, SURFACES, around, at, detect, dialect_of, named
from mockserver.rules import schemas
from mockserver.talk.surface import Surface
from tests.dialects.toy import TOY, Toy, entered

TEXT = "/api/v1/services/aigc/text-generation/generation"


def test_a_surface_is_found_by_its_name_and_by_each_of_its_paths() -> None:
    for name, surface in SURFACES.items():
        assert (surface.name, named(name), str(surface)) == (name, surface, name)
        assert [at(path) for path in surface.paths] == [surface] * len(surface.paths)
    paths = [path for surface in SURFACES.values() for path in surface.paths]
    assert set(PATHS) == {path for path in paths if "{" not in path}
    assert at("/compatible-mode/v1/models") is None
    with pytest.raises(KeyError):
        named("tea")


def test_the_path_of_the_coding_plan_speaks_the_compatible_dialect() -> None:
    assert {at(path) for path in coding_paths()} == {COMPAT}


def test_every_surface_has_its_dialect_and_its_schemas() -> None:
    for name, dialect in DIALECTS.items():
        assert dialect.name == name
        for surface in dialect.surfaces:
            assert dialect_of(surface) is dialect
            assert schemas.validator(f"{surface.name}.request")


@pytest.mark.parametrize(
    ("path", "surface"),
    [
        ("/compatible-mode/v1/models", COMPAT),
        ("/compatible-api/v1/reranks", COMPAT),
        ("/api/v1/chat/completions", COMPAT),
        (TEXT, NATIVE_TEXT),
        ("/api/v1/services/aigc/multimodal-generation/generation", NATIVE_MULTIMODAL),
        ("/api/v1/tasks", NATIVE_TEXT),
        ("/tea", NATIVE_TEXT),
    ],
)
def test_a_path_beside_chat_speaks_the_dialect_of_its_root(path: str, surface: Surface) -> None:
    assert around(path) is surface


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ({"input": {"messages": []}, "parameters": {}}, "native"),
        ({"messages": []}, "compat"),
        ({"input": "Tea?"}, "responses"),
        ({"input": [{"role": "user", "content": "Tea?"}]}, "responses"),
        ({}, "compat"),
        (None, "compat"),
        ([{"input": {}}], "compat"),
    ],
)
def test_a_body_tells_its_dialect_and_else_is_a_compatible_one(body: object, name: str) -> None:
    assert detect(body).name == name


def test_a_dialect_is_entered_with_its_surfaces() -> None:
    with entered() as toy:
        assert (named("toy"), at("/toy/talk"), dialect_of(TOY)) == (TOY, TOY, toy)
        assert isinstance(detect({"said": ["Tea?"]}), Toy)
    assert at("/toy/talk") is None
