"""The evidence: which row speaks for a model, and how well a fact is known."""

from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.base import resources
from mockserver.catalogue import models as model_catalogue
from mockserver.catalogue.evidence import Evidence
from mockserver.catalogue.regions import REGIONS, Region
from mockserver.rules.schemas import violations

DATA = resources.fixture("families")


@dataclass(frozen=True)
class Tea:
    """A model of a made-up catalogue."""

    name: str
    generation: str
    line: str


OOLONG = Tea("oolong", "3", "max")
OOLONG_DATED = Tea("oolong-2026", "3", "max")
GREEN = Tea("green", "3", "plus")
OLD = Tea("old", "2", "max")
NEW = Tea("new", "4", "max")
FRUIT = Tea("fruit", "fruit", "fruit")
ALL = (OOLONG, OOLONG_DATED, GREEN, OLD, NEW, FRUIT)


def row(value: str, *recorded: str, **more: Any) -> dict[str, Any]:
    """A row of the file that says what the taste is."""
    entry = {"facts": {"taste": value}, "source": "made up", **more}
    return entry if "of" in entry else {**entry, "recorded": list(recorded)}


def taste(
    model: Tea, *rows: dict[str, Any], region: Region = "cn", without: str | None = None
) -> tuple[str, str]:
    """What the rows say of a model, and how well it is known."""
    data = {"evidence": rows, "default": {"taste": "plain"}}
    found = Evidence.read(data, ALL, without=without).facts(model, region)["taste"]
    assert (found.row is None) is (found.standing == "assumed")
    return found.value, found.standing


def test_the_file_is_as_its_schema_says() -> None:
    assert violations("catalogue.families", DATA) == []


def test_every_row_speaks_of_models_that_there_are() -> None:
    models = model_catalogue.load()
    lines = {model.line for model in models}
    generations = {model.generation for model in models}
    for entry in DATA["evidence"]:
        scope = entry.get("of", {})
        for name in [*entry.get("recorded", ()), *scope.get("names", ())]:
            assert name in {model.name for model in models}
        assert lines.issuperset(scope.get("lines", ()))
        assert generations.issuperset(scope.get("generations", ()))


@pytest.mark.parametrize(
    ("model", "known"),
    [
        (OOLONG, ("own", "recorded")),
        (OOLONG_DATED, ("own", "inherited")),
        (GREEN, ("said", "documented")),
        (OLD, ("own", "inherited")),
        (NEW, ("newest", "recorded")),
        (FRUIT, ("plain", "assumed")),
    ],
)
def test_the_nearest_row_speaks(model: Tea, known: tuple[str, str]) -> None:
    rows = [
        row("said", of={"lines": ["plus"], "generations": ["3", "4"]}),
        row("own", "oolong"),
        row("newest", "new"),
    ]
    assert taste(model, *rows) == known


def test_a_document_about_a_model_beats_the_recordings_of_its_relatives() -> None:
    rows = [row("twin", "oolong-2026"), row("said", of={"names": ["oolong"]})]
    assert taste(OOLONG, *rows) == ("said", "documented")


def test_the_same_generation_is_nearer_than_the_same_line() -> None:
    assert taste(OOLONG, row("line", "new"), row("generation", "green")) == ("generation", "inherited")


def test_the_nearest_generation_of_a_line_speaks() -> None:
    far = Tea("far", "3.9", "max")
    data = {"evidence": [row("old", "old"), row("new", "new")], "default": {}}
    assert Evidence.read(data, [*ALL, far]).facts(far, "cn")["taste"].value == "new"


def test_among_equals_the_region_counts_then_the_date() -> None:
    rows = [
        row("anywhere", "oolong", since="2026-03"),
        row("here, old", "oolong", region="us", since="2026-01"),
        row("here, new", "oolong", region="us", since="2026-02"),
        row("there", "oolong", region="intl", since="2026-09"),
    ]
    assert taste(OOLONG, *rows, region="us")[0] == "here, new"
    assert taste(OOLONG, *rows, region="intl")[0] == "there"
    assert taste(OOLONG, *rows, region="cn")[0] == "anywhere"
    assert taste(OOLONG, rows[1], rows[3], region="cn")[0] == "there"


@pytest.mark.parametrize(
    ("lends", "takers"),
    [
        ("all", {"oolong-2026", "green", "old", "new"}),
        ("line", {"oolong-2026", "old", "new"}),
        ("generation", {"oolong-2026", "green"}),
        ("twins", {"oolong-2026"}),
    ],
)
def test_a_row_lends_its_facts_to_the_relatives_that_it_names(lends: str, takers: set[str]) -> None:
    odd = row("odd", "oolong", lends=lends)
    assert {model.name for model in ALL if taste(model, odd)[0] == "odd"} == {"oolong", *takers}


def test_what_is_not_served_is_not_answered() -> None:
    assert taste(OOLONG, row("served", "oolong"), row("known", "oolong", since="2026-09", served=False)) == (
        "served",
        "recorded",
    )


def test_without_its_own_recordings_a_model_has_what_its_relatives_show() -> None:
    rows = [row("own", "oolong", since="2025-02"), row("both", "oolong", "green", since="2025-01")]
    assert taste(OOLONG, *rows) == ("own", "recorded")
    assert taste(OOLONG, *rows, without="oolong") == ("both", "inherited")
    assert taste(OOLONG, rows[0], without="oolong") == ("plain", "assumed")


def test_models_of_one_group_have_the_same_facts() -> None:
    evidence = model_catalogue.evidence()
    groups: dict[tuple[str, str, str], Any] = {}
    for model in model_catalogue.load():
        values = {name: found.value for name, found in evidence.facts(model, "cn").items()}
        assert groups.setdefault(evidence.group(model), values) == values


@given(st.sampled_from(ALL), st.sampled_from(REGIONS), st.permutations(range(6)))
def test_the_order_of_the_rows_does_not_matter(model: Tea, region: Region, order: list[int]) -> None:
    rows = [
        row("a", "oolong", since="2026-01"),
        row("b", "oolong", since="2026-02"),
        row("c", "green", region="us", since="2026-03"),
        row("d", "new", since="2026-04"),
        row("e", of={"generations": ["4"]}, since="2026-05"),
        row("f", "old", since="2026-06"),
    ]
    assert taste(model, *[rows[at] for at in order], region=region) == taste(model, *rows, region=region)
