from hypothesis import given
from hypothesis import strategies as st

from mockserver.base.names import meant, nearest, several

NAMES = st.lists(st.text(max_size=30), min_size=1, max_size=8)


@given(name=st.text(max_size=200), known=NAMES)
def test_the_nearest_is_always_one_that_is_known(name: str, known: list[str]) -> None:
    assert nearest(name, known) in known


@given(known=NAMES, data=st.data())
def test_a_known_name_is_nearest_to_itself_but_for_case(known: list[str], data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(known))
    assert nearest(name, known).casefold() == name.casefold()


def test_one_slip_of_the_finger_is_forgiven() -> None:
    assert nearest("temprature", ["top_p", "temperature", "top_k"]) == "temperature"
    assert nearest("Top_P", ["top_p", "temperature"]) == "top_p"


def test_of_two_that_differ_by_case_the_first_is_meant() -> None:
    assert nearest("throttlin", ["Throttling", "throttling"]) == "Throttling"


def test_what_is_no_text_is_read_as_it_would_be_written() -> None:
    assert nearest(4040, ["404", "500"]) == "404"


def test_a_name_of_a_megabyte_takes_no_longer_than_a_short_one() -> None:
    assert nearest("model" + "x" * 1_000_000, ["model", "messages"]) == "model"


@given(name=st.text(max_size=200), known=NAMES)
def test_what_is_meant_is_the_nearest_or_nothing(name: str, known: list[str]) -> None:
    assert meant(name, known) in {nearest(name, known), None}


def test_a_slip_is_meant_and_a_stranger_is_not() -> None:
    assert meant("last_usr", ["last_user", "model"]) == "last_user"
    assert meant("zzz", ["last_user", "model"]) is None
    assert meant("anything", []) is None


def test_one_of_a_thing_is_not_many() -> None:
    told = [several(number, "turn") for number in (0, 1, 2)]
    assert told == ["0 turns", "1 turn", "2 turns"]
