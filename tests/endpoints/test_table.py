"""The table of endpoints: a row and a function for each, and nothing that is only one of both."""

from mockserver.base import resources
from mockserver.base.resources import fixture
from mockserver.corridor.unshared import alone
from mockserver.endpoints import table
from mockserver.endpoints.table import endpoints
from mockserver.wire.headers import response_headers

ELSEWHERE = {"uploadFile", "taskResult", "appCompletion"}
"""Rows that a server answers without the table: OSS stands behind them, or a chat."""


def test_every_row_beside_chat_has_its_function_and_every_function_its_row() -> None:
    rows = {row["id"] for row in fixture("endpoints")["endpoints"] if row["tag"] == "neighbours"}
    assert rows - ELSEWHERE == set(table._PRODUCERS) == {row.id for row in endpoints()}


def test_a_row_sends_headers_that_there_are() -> None:
    for row in endpoints():
        assert response_headers(row.sends, request_id="1", arrived_ms=0, started_ms=0)


def test_methods_of_one_path_agree_on_its_dialect_and_places() -> None:
    by_path: dict[str, set[object]] = {}
    for row in endpoints():
        by_path.setdefault(row.path, set()).add((row.surface, row.slashes))
    assert {len(kinds) for kinds in by_path.values()} == {1}


def test_a_row_that_takes_a_body_has_a_schema_for_it() -> None:
    for row in resources.fixture("endpoints")["endpoints"]:
        if row["tag"] == "neighbours" and "body" in row:
            assert resources.schema(row["body"])


def test_a_row_keeps_what_there_is_or_tells_of_the_mock_itself() -> None:
    rows = [row for row in endpoints() if not row.stateless]
    assert {row.keeps for row in rows} == {"", "conversations", "files"}
    assert {row.id for row in rows if not row.keeps} == {"uploadPolicy"}
    for row in endpoints():
        assert not row.keeps or alone(row.keeps)
