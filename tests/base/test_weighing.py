"""What a document is weighed as, held against what it takes."""

import tracemalloc
from typing import Any

import pytest
from hypothesis import given

from mockserver.base.jsontext import dumps, loads
from mockserver.base.weighing import weight
from tests.wire.strategies import json_values


@pytest.mark.parametrize(
    "document",
    [["a" * 1_000] * 500, [f"tea {at}" for at in range(5_000)], [{"tea": f"{at}"} for at in range(5_000)]],
    ids=["long texts", "short texts", "objects"],
)
def test_a_document_is_weighed_as_about_what_it_takes(document: Any) -> None:
    text = dumps(document)
    tracemalloc.start()
    try:
        read = loads(text)
        taken = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert 0.4 < taken / weight(read) < 1.5


@given(json_values)
def test_whoever_holds_a_document_weighs_more(document: Any) -> None:
    assert weight([document]) == weight({"tea": document}) == weight(document) + weight([])
