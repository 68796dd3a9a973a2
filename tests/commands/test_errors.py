"""`dashscope-mock errors`: its table, its cards, its JSON, and what it says of a code that is none."""

import json
import re

import pytest

from mockserver.catalogue import errors as error_catalogue
from mockserver.cli import main

IDS = [entry.id for entry in error_catalogue.load()]


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What the command prints when it succeeds."""
    assert main(["errors", *arguments]) == 0
    said = capsys.readouterr()
    assert said.err == ""
    return said.out


def test_the_table_has_every_code_once_and_fits_80_columns(capsys: pytest.CaptureFixture[str]) -> None:
    lines = told(capsys).splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[0].split() == ["HTTP", "native", "code", "compat", "code", "texts"]
    rows = [re.split(r"  +", line.strip()) for line in lines[1:-2]]
    assert ["429", "Throttling.RateQuota", "limit_requests", "3"] in rows
    assert ["400", "Arrearage", "=", "1"] in rows
    assert len({tuple(row[:3]) for row in rows}) == len(rows)
    assert sum(int(row[3]) for row in rows) == len(IDS)


def test_a_card_has_all_of_a_code(capsys: pytest.CaptureFixture[str]) -> None:
    first, second, third, streams = told(capsys, "limit_requests").split("\n\n")
    assert second.startswith("throttling.request-limit\n")
    assert third.startswith("throttling.request-list\n")
    assert (
        first
        == """\
throttling.rate-quota
  status   429
  native   Throttling.RateQuota
           Requests rate limit exceeded, please try again later.
  compat   limit_requests (type limit_requests)
           You have exceeded your current request limit. For details, see:
           https://help.aliyun.com/zh/model-studio/error-code#rate-limit
  also     LimitRequests
  arises   in the gateway
  known    documented: Model Studio docs, error codes (zh), 2025-12 (native);
           the compatible words and their link as in pasted logs of 2025 and
           2026 that are no public thread"""
    )
    assert (
        streams
        == """all 3 of these
  stream   native, older models: HTTP 200, one frame `event:error` that names
           429 (recorded)
           native, newest models: HTTP 429, one frame `event:error` that names
           429 (reported)
           native, in a stream that has begun: HTTP 200, one frame `event:error`
           that names 429 (reported)
           compat: HTTP 429, a JSON body (recorded)
           compat, in a stream that has begun: HTTP 200, one frame `event:error`
           that names 429 (reported)
"""
    )


def test_texts_that_stream_otherwise_stand_in_groups_of_their_own(
    capsys: pytest.CaptureFixture[str],
) -> None:
    blocks = told(capsys, "InvalidParameter").split("\n\n")
    groups = [int(block.split()[1]) for block in blocks if block.startswith("all ")]
    assert len(groups) > 1
    assert "\n".join(blocks).count("  stream ") == len(blocks) - sum(groups)


@pytest.mark.parametrize("entry", IDS)
def test_every_card_fits_80_columns(entry: str, capsys: pytest.CaptureFixture[str]) -> None:
    lines = told(capsys, entry).splitlines()
    assert lines[0] == entry
    assert max(map(len, lines)) <= 80


def test_json_is_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    (entry,) = json.loads(told(capsys, "auth.missing-key", "--json"))
    assert entry["status"] == 401
    assert entry["native"] == {"code": "InvalidApiKey", "message": "No API-key provided."}
    assert entry["compat"]["code"] is None
    assert entry["origin"] == "door"
    assert {form["surface"] for form in entry["stream"]} == {"native", "compat"}
    assert [entry["id"] for entry in json.loads(told(capsys, "--json"))] == IDS


@pytest.mark.parametrize(
    ("code", "near"),
    [
        ("Throtling.RateQuota", "Throttling.RateQuota"),
        ("throttling.ratequota", "Throttling.RateQuota"),
        ("tool.nocall", "tool.no-call"),
    ],
)
def test_an_unknown_code_names_the_nearest(code: str, near: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["errors", code]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == f"dashscope-mock: no error has the code {code!r}; the nearest known one is {near!r}\n"


def test_the_help_fits_80_columns(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["errors", "--help"])
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 80
