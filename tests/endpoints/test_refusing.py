"""The words of endpoints beside chat for a model they do not have, and for a body that is not one."""

import pytest

from mockserver.catalogue.errors import Errors
from mockserver.corridor.engine import Engine
from mockserver.dialects.compat.surface import COMPAT
from mockserver.dialects.native.surface import NATIVE_TEXT
from mockserver.endpoints.refusing import model_of, plain, worded
from mockserver.talk.refused import Refused
from mockserver.talk.surface import Surface

NATIVE = NATIVE_TEXT


def test_a_model_of_the_task_is_found(engine: Engine) -> None:
    assert model_of(engine, NATIVE, "qwen3-rerank", task="rerank").max_documents == 500


@pytest.mark.parametrize(
    ("surface", "name", "entry"),
    [
        (NATIVE, None, "model.missing"),
        (NATIVE, "", "model.missing"),
        (COMPAT, 7, "model.missing"),
        (NATIVE, "qwen-tea", "model.unknown-native"),
        (COMPAT, "qwen-tea", "model.unknown"),
        (NATIVE, "qwen-plus", "path.wrong-task"),
        (COMPAT, "text-embedding-v4", "model.compat-unsupported"),
    ],
)
def test_another_model_is_refused(engine: Engine, surface: Surface, name: object, entry: str) -> None:
    with pytest.raises(Refused, match=entry):
        model_of(engine, surface, name, task="rerank")


def test_what_a_service_refuses_has_the_native_code_and_no_prefix_natively(errors: Errors) -> None:
    refusal = errors.refuse("parameter.input-length", max=7)
    native, compat = worded(NATIVE, refusal).refusal, worded(COMPAT, refusal).refusal
    assert (native.prefix, native.words["compat"].code) == ("", "InvalidParameter")
    assert compat.words["compat"].code == compat.words["compat"].type == "InvalidParameter"
    assert compat.prefix == refusal.prefix != ""


def test_what_the_door_refuses_keeps_its_words(errors: Errors) -> None:
    refusal = errors.refuse("model.missing")
    assert worded(COMPAT, refusal).refusal is refusal


def test_a_body_that_its_schema_allows_passes(engine: Engine) -> None:
    good = {"model": "qwen3-rerank", "query": "tea", "documents": ["tea"]}
    plain(engine, "rerank.request", good, COMPAT)
    with pytest.raises(Refused, match=r"schema\.required"):
        plain(engine, "rerank.request", {"model": "qwen3-rerank", "query": "tea"}, COMPAT)
