"""JUnit XML: the results of a run, as CI systems read them."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

_UNWRITABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot carry."""


@dataclass(frozen=True, slots=True)
class Complaint:
    """Why a case did not pass: a `failure` of what is tested, or an `error` of the test itself.

    `skipped` is a failure that was expected.
    """

    message: str
    text: str = ""
    kind: Literal["failure", "error", "skipped"] = "failure"


@dataclass(frozen=True, slots=True)
class Case:
    """One test case. Without complaints it passed; `output` is what else it has to say."""

    name: str
    group: str
    complaints: Sequence[Complaint] = field(default=())
    output: str = ""


def _clean(text: str) -> str:
    return _UNWRITABLE.sub("?", text)


def junit(title: str, cases: Iterable[Case]) -> str:
    """The document of a suite; what XML cannot carry stands in it as `?`."""
    suite = ET.Element("testsuite", name=_clean(title))
    counts = {"tests": 0, "failures": 0, "errors": 0, "skipped": 0}
    for case in cases:
        kinds = {complaint.kind for complaint in case.complaints}
        counts["tests"] += 1
        counts["failures"] += "failure" in kinds
        counts["errors"] += kinds == {"error"}
        counts["skipped"] += kinds == {"skipped"}
        element = ET.SubElement(suite, "testcase", name=_clean(case.name), classname=_clean(case.group))
        for complaint in case.complaints:
            said = ET.SubElement(element, complaint.kind, message=_clean(complaint.message))
            said.text = _clean(complaint.text) or None
        if case.output:
            ET.SubElement(element, "system-out").text = _clean(case.output)
    suite.attrib |= {name: str(count) for name, count in counts.items()}
    ET.indent(suite)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(suite, encoding="unicode") + "\n"
