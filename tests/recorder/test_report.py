"""What a check found: told by its weight, to people, to programs and to CI."""

import json
from dataclasses import asdict
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.recorder.report import WRITERS, Deviation, Report, Weight, as_json, as_junit, text
from tests.wire.strategies import texts

FOUND = (
    Deviation("b.json", Weight.INFO, "cut", "", "the answer was cut"),
    Deviation("a.json", Weight.WARNING, "new field", "usage.tea", "not known", live="number"),
    Deviation("a.json", Weight.ERROR, "retyped", "created", "another type", "number", "number", "string"),
)
REPORT = Report("drift", ["a.json", "b.json", "c.json"], FOUND)

deviations = st.builds(
    Deviation,
    recording=st.sampled_from(["a", "b"]),
    weight=st.sampled_from(Weight),
    kind=st.sampled_from(["schema", "json"]),
    path=texts,
    message=texts,
    schema=texts,
    recorded=texts,
    live=texts,
)
reports = st.builds(
    Report, title=texts, recordings=st.just(["a", "b"]), deviations=st.lists(deviations, max_size=4)
)


def test_people_read_the_heaviest_first_and_the_sum_last() -> None:
    assert text(REPORT).splitlines() == [
        "error   a.json: retyped created: another type",
        "        schema: number | recording: number | live: string",
        "warning a.json: new field usage.tea: not known",
        "        schema: - | recording: - | live: number",
        "info    b.json: cut: the answer was cut",
        "drift: 3 recordings; 1 error, 1 warning, 1 info",
    ]


def test_nothing_found_is_one_line() -> None:
    assert text(Report("verify", [], ())) == "verify: 0 recordings; 0 error, 0 warning, 0 info\n"


def test_programs_read_the_counts_and_every_deviation() -> None:
    assert json.loads(as_json(REPORT)) == {
        "title": "drift",
        "recordings": 3,
        "counts": {"error": 1, "warning": 1, "info": 1},
        "deviations": [asdict(found) for found in FOUND],
    }


def test_ci_reads_a_case_for_each_recording_that_fails_by_errors_only() -> None:
    suite = ET.fromstring(as_junit(REPORT))  # noqa: S314 - our own text
    assert suite.attrib == {"name": "drift", "tests": "3", "failures": "1", "errors": "0", "skipped": "0"}
    told = {
        case.attrib["name"]: [(said.tag, said.get("message") or said.text) for said in case] for case in suite
    }
    assert told == {
        "a.json": [
            ("failure", "error retyped created: another type (schema number, recording number, live string)"),
            (
                "system-out",
                "warning new field usage.tea: not known (schema -, recording -, live number)",
            ),
        ],
        "b.json": [("system-out", "info cut : the answer was cut")],
        "c.json": [],
    }


def test_a_deviation_of_no_recording_is_in_no_case() -> None:
    stray = Report("verify", ["a"], [Deviation("gone", Weight.ERROR, "file", "", "m")])
    assert ET.fromstring(as_junit(stray)).attrib["failures"] == "0"  # noqa: S314 - our own text
    assert stray.status("error") == 1


@pytest.mark.parametrize(
    ("weight", "statuses"),
    [
        (None, [0, 0, 0, 0]),
        (Weight.INFO, [0, 0, 1, 0]),
        (Weight.WARNING, [0, 1, 1, 0]),
        (Weight.ERROR, [1, 1, 1, 0]),
    ],
)
def test_a_run_fails_by_what_is_as_heavy_as_was_said(weight: Weight | None, statuses: list[int]) -> None:
    found = [] if weight is None else [Deviation("a", weight, "k", "", "m")]
    report = Report("verify", ["a"], found)
    assert [report.status(fail_on) for fail_on in ("error", "warning", "info", "never")] == statuses


def test_a_weight_that_there_is_not_is_an_error() -> None:
    with pytest.raises(ValueError, match="'heavy' is not a valid Weight"):
        REPORT.status("heavy")


@given(reports)
def test_every_form_tells_every_deviation(report: Report) -> None:
    assert sum(map(report.count, Weight)) == len(report.deviations)
    told = WRITERS["text"](report)
    assert told.endswith(f"{report.summary()}\n")
    assert all(found.message in told for found in report.deviations)
    assert len(json.loads(WRITERS["json"](report))["deviations"]) == len(report.deviations)
    suite = ET.fromstring(WRITERS["junit"](report))  # noqa: S314 - our own text
    assert len(suite.findall(".//failure")) == report.count(Weight.ERROR)
