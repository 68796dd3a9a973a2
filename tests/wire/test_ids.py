"""Identifiers have the cloud's forms, and a seed fixes them."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.rules import schemas
from mockserver.wire.ids import Ids, derived

REQUEST_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-9[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


@given(st.integers(0, 2**64))
def test_a_request_id_is_a_lower_case_uuid_of_version_9(seed: int) -> None:
    request_id = Ids(seed).request_id()
    assert REQUEST_ID.fullmatch(request_id)
    error = {"code": "InvalidParameter", "message": "no", "request_id": request_id}
    assert schemas.validator("native.error").is_valid(error)


@pytest.mark.parametrize("digits", [22, 24])
def test_a_tool_call_id_is_call_and_so_many_hexadecimal_digits(digits: int) -> None:
    ids = Ids(7)
    for _ in range(200):
        assert re.fullmatch(rf"call_[0-9a-f]{{{digits}}}", ids.tool_call_id(digits))


def test_a_dialect_may_begin_them_otherwise() -> None:
    assert re.fullmatch(r"toolu_[0-9a-f]{24}", Ids(7).tool_call_id(24, prefix="toolu_"))


def test_the_same_seed_gives_the_same_ids_in_the_same_order() -> None:
    one, other = Ids(5), Ids(5)
    assert [one.request_id(), one.tool_call_id(22), one.request_id()] == [
        other.request_id(),
        other.tool_call_id(22),
        other.request_id(),
    ]


def test_ids_differ_from_each_other_and_between_seeds() -> None:
    ids, other = Ids(1), Ids(2)
    assert len({ids.request_id() for _ in range(1000)} | {other.request_id() for _ in range(1000)}) == 2000


def test_without_a_seed_every_start_gives_other_ids() -> None:
    assert Ids().request_id() != Ids().request_id()


def test_a_part_of_an_exchange_has_an_id_that_follows_from_its_name() -> None:
    one = derived("rid", "content 0")
    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-9[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", one)
    assert one == derived("rid", "content 0")
    assert len({one, derived("rid", "content 1"), derived("other", "content 0")}) == 3
