import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.base.junit import Case, Complaint, junit

ANY = st.text(st.characters(exclude_categories=()), max_size=20)
COMPLAINTS = st.builds(Complaint, ANY, ANY, st.sampled_from(["failure", "error"]))
CASES = st.builds(Case, ANY, ANY, st.lists(COMPLAINTS, max_size=3), ANY)


def read(text: str) -> ET.Element:
    """The suite, as a CI system reads the file."""
    return ET.fromstring(text.encode("utf-8"))  # noqa: S314 - our own


@given(title=ANY, cases=st.lists(CASES, max_size=5))
def test_any_text_makes_a_document_that_can_be_read(title: str, cases: list[Case]) -> None:
    suite = read(junit(title, cases))
    assert suite.attrib["tests"] == str(len(suite)) == str(len(cases))
    failed = sum(case.find("failure") is not None for case in suite)
    broken = sum(case.find("error") is not None and case.find("failure") is None for case in suite)
    assert (suite.attrib["failures"], suite.attrib["errors"]) == (str(failed), str(broken))


def test_a_case_says_all_that_it_has_to_say() -> None:
    bad = Case("two turns", "history", [Complaint("forgot", "user: hi\n<nothing>")], "slow & late")
    suite = read(junit("conform mine", [Case("one turn", "history"), bad]))
    assert suite.attrib == {
        "name": "conform mine",
        "tests": "2",
        "failures": "1",
        "errors": "0",
        "skipped": "0",
    }
    first, second = suite
    assert first.attrib == {"name": "one turn", "classname": "history"}
    assert len(first) == 0
    failure, output = second
    assert (failure.tag, failure.attrib, failure.text) == (
        "failure",
        {"message": "forgot"},
        "user: hi\n<nothing>",
    )
    assert (output.tag, output.text) == ("system-out", "slow & late")


@pytest.mark.parametrize("character", ["\x00", "\x1b", "\ud800", "\uffff"])
def test_what_xml_cannot_carry_is_marked(character: str) -> None:
    [case] = read(junit("x", [Case(f"a{character}b", "g")]))
    assert case.attrib["name"] == "a?b"


def test_what_was_expected_to_fail_is_skipped() -> None:
    known = Case("old", "g", [Complaint("known to fail: it forgets", "user: hi", "skipped")])
    suite = read(junit("x", [known]))
    assert (suite.attrib["failures"], suite.attrib["skipped"]) == ("0", "1")
    (skipped,) = suite.iter("skipped")
    assert (skipped.get("message"), skipped.text) == ("known to fail: it forgets", "user: hi")
