"""The table of faults: complete, told apart, each with a plan and a sample that is read."""

import pytest

from mockserver.catalogue.errors import Errors
from mockserver.faults.cutting import CUTS
from mockserver.faults.kinds import kinds, presets
from mockserver.faults.plan import _MAKERS
from mockserver.faults.reading import read_faults
from mockserver.talk.fault import COMMON, Kind


@pytest.mark.parametrize("kind", kinds().values(), ids=lambda kind: kind.name)
def test_a_kind_says_what_it_does_and_what_it_imitates(kind: Kind) -> None:
    assert kind.group in ("sequence", "error", "time", "connection", "body", "odd", "bytes")
    assert kind.where in ("any", "stream", "tools")
    assert kind.harm in ("none", "error", "incomplete", "mislabelled", "usage", "finish", "changed")
    assert len(kind.does) > 20
    assert len(kind.imitates) > 10
    assert kind.main is None or kind.main in kind.options
    assert set(kind.options) <= {"code", "ms", "after", "at", "seed"}


def test_every_kind_but_ok_has_a_plan() -> None:
    assert set(_MAKERS) == set(kinds()) - {"ok"}


def test_the_cuts_are_the_kinds_of_bytes() -> None:
    assert set(CUTS) == {kind.name for kind in kinds().values() if kind.group == "bytes"}


@pytest.mark.parametrize(("name", "text"), presets().items())
def test_a_short_name_stands_for_a_fault(name: str, text: str, errors: Errors) -> None:
    assert read_faults(name, errors) == read_faults(text, errors)


def test_no_short_name_hides_a_kind_or_an_error(errors: Errors) -> None:
    assert not set(presets()) & (set(kinds()) | set(errors.codes()))


def test_options_of_all_faults_are_none_of_a_kind_but_the_seed() -> None:
    assert {option for kind in kinds().values() for option in kind.options} & set(COMMON) == {"seed"}
