"""The requirements: each is there once, and a failure says how grave it is and by whose word."""

import re
from pathlib import Path

import pytest

from mockserver import contract
from mockserver.base import resources
from mockserver.contract.requirements import Failure, Requirement, Severity, requirements
from mockserver.faults.kinds import kinds

NAMED = re.compile(r'"([a-z]+\.[a-z]+(?:-[a-z]+)*)"')
"""Names in double quotes that look like those of requirements."""

GROUPS = {name.partition(".")[0] for name in requirements()}


def test_no_requirement_is_there_twice_and_their_order_is_that_of_the_fixture() -> None:
    rows = resources.fixture("requirements")["requirements"]
    assert list(requirements()) == [row["id"] for row in rows]
    assert all(name == requirement.id for name, requirement in requirements().items())
    assert requirements() is requirements()


def test_a_requirement_is_read_as_it_is_written() -> None:
    assert requirements()["request.sent"] == Requirement(
        "request.sent",
        Severity.MUST,
        "What is said reaches the cloud with the key of its conversation.",
        "Model Studio docs, get an API key",
    )


def test_requirements_of_one_group_stand_together() -> None:
    groups = [name.partition(".")[0] for name in requirements()]
    changes = [after for before, after in zip(["", *groups], groups, strict=False) if before != after]
    assert len(changes) == len(set(changes))


def test_what_the_kit_blames_is_a_requirement() -> None:
    blamed = set()
    for module in ("judge", "closer", "truth", "session"):
        source = (Path(contract.__file__).parent / f"{module}.py").read_text("utf-8")
        blamed |= {name for name in NAMED.findall(source) if name.partition(".")[0] in GROUPS}
    assert blamed == {name for name, requirement in requirements().items() if not requirement.form}


def test_a_form_is_a_fault_that_takes_nothing_away() -> None:
    forms = {requirement.form for requirement in requirements().values() if requirement.form}
    assert forms <= {name for name, kind in kinds().items() if kind.harm in ("none", "finish")}
    assert {name.partition(".")[0] for name, one in requirements().items() if one.form} == {"form"}


def test_a_severity_is_shown_by_its_word() -> None:
    assert f"{Severity.MUST} and {Severity.SHOULD}" == "MUST and SHOULD"


def test_a_failure_is_as_grave_as_its_requirement_and_cites_its_source() -> None:
    must, should = Failure("request.sent", "it is not"), Failure("usage.plain", "none")
    assert (must.severity, should.severity) == (Severity.MUST, Severity.SHOULD)
    assert must.cited == "Model Studio docs, get an API key"
    assert must.cited != should.cited == requirements()["usage.plain"].source


def test_a_rule_that_was_broken_cites_its_own_source() -> None:
    failure = Failure("request.valid", "it is refused", 1, "seed", "some.rule", "the vendor's docs")
    assert failure.cited == "the vendor's docs"
    assert failure.severity is Severity.MUST


def test_a_failure_of_what_nobody_requires_has_no_severity() -> None:
    with pytest.raises(KeyError, match=r"tea\.hot"):
        _ = Failure("tea.hot", "it is cold").severity
