"""The one error of made-up JSON, which every server knows without loading what makes it."""

import ast
from pathlib import Path

import pytest

from mockserver.instances import impossible, instance
from mockserver.instances.impossible import ImpossibleSchemaError
from tests.instances.making import made


def test_it_is_the_error_of_an_instance_that_cannot_be_made() -> None:
    assert instance.ImpossibleSchemaError is ImpossibleSchemaError
    with pytest.raises(ImpossibleSchemaError, match=r"^schema: the schema false allows no value$"):
        made(schema=False)


def test_it_can_be_caught_as_the_error_of_a_value() -> None:
    assert issubclass(ImpossibleSchemaError, ValueError)


def test_its_module_imports_nothing() -> None:
    tree = ast.parse(Path(impossible.__file__).read_text(encoding="utf-8"))
    assert [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)] == []
