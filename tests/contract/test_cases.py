"""The cases: data that is sound, and files that say what is wrong with them."""

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from mockserver.contract import Case, CaseError, Turn, built_in, requirements
from mockserver.contract.cases import SURFACES, chosen, document_of, from_file, read_cases
from mockserver.contract.delivery import CHOPPED
from mockserver.contract.protocol import FEATURES, KNOWN_FEATURES
from mockserver.contract.suite import needs, permutations

HELLO = {"say": "Hi", "replies": [{"content": "Hi"}]}
COMPLETIONS = ("compat", "native-text", "native-multimodal")


def test_every_case_names_requirements_and_features_that_there_are() -> None:
    shown: set[str] = set()
    for case in built_in():
        assert case.title, case.id
        assert set(case.requires) <= set(requirements()), case.id
        assert needs(case, "stream") <= set(KNOWN_FEATURES), case.id
        shown |= set(case.requires)
    assert shown == set(requirements())
    assert len({case.id for case in built_in()}) == len(built_in())


def test_a_case_of_a_form_begins_with_an_ordinary_answer() -> None:
    """What a client cannot do at all is known before the form is tried, and is not blamed on it."""
    for case in built_in():
        if not case.id.startswith("form."):
            continue
        ordinary, odd, *others = case.turns
        assert not any("fault" in reply for reply in ordinary.replies), case.id
        assert all("fault" in reply for reply in odd.replies), case.id
        assert bool(ordinary.results) == any(turn.results for turn in (odd, *others)), case.id


def test_an_answer_by_a_schema_is_what_the_schema_says() -> None:
    """A client that reads it, as it may, is not to be blamed for an error."""
    checked = 0
    for case in built_in():
        for turn in case.turns:
            plain = not (turn.partial or turn.cancel_after or turn.result_options)
            form = {**case.options, **turn.options}.get("response_format") or {}
            for reply in turn.replies if plain and form.get("type") == "json_schema" else ():
                for said in reply.get("choices") or [reply]:
                    if "content" in said and not {"tool_calls", "finish_reason"} & said.keys():
                        answer = json.loads(said["content"])
                        assert jsonschema_rs.is_valid(form["json_schema"]["schema"], answer), case.id
                        checked += 1
    assert checked


def test_every_requirement_says_its_source() -> None:
    for requirement in requirements().values():
        assert requirement.source
        assert requirement.title.endswith(".")


def test_a_case_is_written_and_read_again() -> None:
    assert read_cases(document_of(built_in()), where="here") == built_in()


def test_what_a_case_leaves_unsaid() -> None:
    (case,) = read_cases({"cases": [{"id": "a", "turns": [HELLO]}]}, where="here")
    assert (case.session, case.timeout, case.conversations) == (False, 10.0, 1)
    assert case.turns[0].conversation == 0
    assert case.turns[0].json().keys() == HELLO.keys()


def test_a_case_cannot_be_changed() -> None:
    spec = {"id": "a", "requires": ["history.text"], "modes": ["plain"], "turns": [HELLO]}
    (case,) = read_cases({"cases": [spec]}, where="here")
    assert (case.requires, case.modes) == (("history.text",), ("plain",))
    assert case.turns[0].replies == ({"content": "Hi"},)


def test_the_built_in_cases_are_read_once() -> None:
    assert built_in() is built_in()


def test_cases_are_chosen_by_name_and_group() -> None:
    assert [case.id for case in chosen(built_in(), ["turns.single"])] == ["turns.single"]
    group = chosen(built_in(), ["parallel"])
    assert {case.id.partition(".")[0] for case in group} == {"parallel"}
    assert chosen(built_in(), []) == built_in()
    with pytest.raises(CaseError, match=r"no case is 'turn'.*the groups are all, answer, anthropic, choices"):
        chosen(built_in(), ["turn"])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "own.json"),
        ('{"cases":[{"id":"a"}]}', "'turns' is a required property"),
        ('{"cases":[{"id":"A!","turns":[]}]}', "cases"),
        (json.dumps({"cases": [{"id": "a", "tools": ["x"], "turns": [HELLO]}]}), "names the tool 'x'"),
    ],
)
def test_a_file_says_what_is_wrong_with_it(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "own.json"
    path.write_text(text)
    with pytest.raises(CaseError, match=told):
        from_file(path)


@pytest.mark.parametrize(
    ("cases", "told"),
    [
        ([{"id": "a"}, {"turns": [HELLO]}], "here: cases[0]: 'turns' is a required property"),
        (
            [{"id": "A!" * 200, "turns": [HELLO]}],
            f"here: cases[0].id: '{'A!' * 99}A... does not match '^[a-z0-9-]+(\\\\.[a-z0-9-]+)*$'",
        ),
        (
            [{"id": "a", "tools": ["f", "x", "y"], "turns": [HELLO]}],
            "here: the case a names the tool 'x'; known are f, g",
        ),
    ],
)
def test_the_first_thing_that_is_wrong_is_told(cases: list[dict[str, Any]], told: str) -> None:
    tool = {"type": "function", "function": {"name": "f"}}
    with pytest.raises(CaseError) as raised:
        read_cases({"tools": {"f": tool, "g": tool}, "cases": cases}, where="here")
    assert str(raised.value) == told


def test_of_what_is_wrong_300_characters_are_told() -> None:
    case = {"id": "a", "turns": [HELLO], **{f"unknown-{at:02}": 1 for at in range(40)}}
    with pytest.raises(CaseError) as raised:
        read_cases({"cases": [case]}, where="here")
    told = "Additional properties are not allowed (" + ", ".join(f"'unknown-{at:02}'" for at in range(40))
    assert str(raised.value) == f"here: cases[0]: {told[:300]}"


def test_a_file_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "own.json"
    tool = {"type": "function", "function": {"name": "f"}}
    path.write_text(
        json.dumps({"tools": {"f": tool}, "cases": [{"id": "a", "tools": ["f"], "turns": [HELLO]}]})
    )
    (case,) = from_file(path)
    assert case.tools == (tool,)
    assert len(permutations([case])) == 3 * len(SURFACES)
    assert len(permutations([case], ["compat"])) == 3


def test_what_is_optional_is_asked_of_those_who_say_that_they_can() -> None:
    case = Case(id="a", features=("tools", "interrupt"), surfaces=("compat",), modes=("plain",))
    assert len(permutations([case])) == 1
    assert permutations([case], features=FEATURES) == []
    assert len(permutations([case], features=("interrupt",))) == 1


def test_native_options_are_for_native_surfaces() -> None:
    case = Case(id="a", options={"seed": 1}, native_options={"result_format": "text"})
    assert case.options_on("compat") == {"seed": 1}
    assert case.options_on("native-text") == {"seed": 1, "result_format": "text"}


def test_a_turn_falls_into_segments_behind_its_calls() -> None:
    call = {"tool_calls": [{"id": "1", "name": "f", "arguments": "{}"}]}
    turn = Turn(replies=({"error": {"code": "InternalError"}}, call, {"content": "Hi"}))
    plain = list(turn.segments(chopped=False))
    assert [len(segment) for segment in plain] == [2, 1]
    assert plain[0][0].delivery.sizes == ()
    assert next(iter(turn.segments(chopped=True)))[0].delivery.sizes == CHOPPED


def test_an_answer_that_ends_early_is_there_again() -> None:
    turn = Turn(replies=({"content": "Hi", "delivery": {"end": "cut", "sizes": [1]}},))
    (segment,) = turn.segments(chopped=True)
    assert [planned.delivery.end for planned in segment] == ["cut", *[""] * 12]
    assert {planned.delivery.sizes for planned in segment} == {(1,)}


def test_what_comes_in_the_place_of_an_answer_that_ended_early_may_be_another() -> None:
    delivery = {"end": "cut", "sizes": [3]}
    (segment,) = Turn(
        replies=({"content": "Hi", "delivery": delivery, "again": {"content": "Ho"}},)
    ).segments(chopped=False)
    assert [planned.reply for planned in segment] == [{"content": "Hi"}, *[{"content": "Ho"}] * 12]
    assert {planned.delivery.sizes for planned in segment} == {(3,)}


def test_what_comes_in_its_place_may_end_early_as_well() -> None:
    cut = {"content": "Hi", "delivery": {"end": "cut", "after": 2}}
    (segment,) = Turn(replies=({**cut, "again": cut},)).segments(chopped=False)
    assert [planned.reply for planned in segment] == [{"content": "Hi"}] * 13
    assert {(planned.delivery.end, planned.delivery.after) for planned in segment} == {("cut", 2)}


@pytest.mark.parametrize("broken", [{"delivery": {"end": "cut"}}, {"fault": "truncated-json"}])
def test_behind_calls_that_broke_off_and_are_the_last_an_answer_is_planned(broken: dict[str, Any]) -> None:
    call = {"tool_calls": [{"id": "1", "name": "f", "arguments": "{}"}]}

    def planned(*replies: dict[str, Any]) -> list[tuple[int, Any]]:
        segments = Turn(replies=replies).segments(chopped=False)
        return [(len(segment), segment[0].reply.get("content")) for segment in segments]

    assert planned({**call, **broken}) == [(13, None), (1, "Done.")]
    assert planned({**call, **broken}, {"content": "Hi"}) == [(13, None), (1, "Hi")]
    assert planned(call, {**call, **broken}) == [(1, None), (13, None), (1, "Done.")]
    assert planned(call) == planned({**call, "fault": "crlf"}) == [(1, None)]
    assert planned({"content": "Hi", **broken}) == [(13, "Hi")]


def test_what_a_surface_has_no_place_for_is_not_asked_there() -> None:
    case = Case(id="a", features=("partial",))
    assert [surface for surface in SURFACES if case.held_on(surface)] == [*COMPLETIONS]
    assert not Case(id="a", surfaces=("compat",)).held_on("anthropic")
    assert {surface for _, surface, _ in permutations([case])} == {*COMPLETIONS}


def test_every_surface_has_many_cases() -> None:
    held = [surface for _, surface, _ in permutations(built_in())]
    assert min(held.count(surface) for surface in SURFACES) >= 150


def test_what_a_conversation_has_of_its_own_stands_before_what_all_have() -> None:
    tool = {"type": "function", "function": {"name": "brew", "parameters": {}}}
    each = [
        {},
        {"system": "Mine.", "tools": ["brew"], "options": {"seed": 1}, "models": {"compat": "qwen-max"}},
    ]
    spec = {
        "id": "a",
        "system": "Ours.",
        "options": {"seed": 0, "top_p": 0.5},
        "conversations": 3,
        "each": each,
    }
    document = {"tools": {"brew": tool}, "cases": [{**spec, "turns": [HELLO]}]}
    (case,) = read_cases(document, where="here")
    assert case.of(0) == case.of(2) == case
    own = case.of(1)
    assert (own.system, own.tools, own.options) == ("Mine.", (tool,), {"seed": 1, "top_p": 0.5})
    assert own.models == {**case.models, "compat": "qwen-max"}
    assert read_cases(document_of([case]), where="again") == (case,)


def test_a_conversation_may_not_name_tools_that_there_are_not() -> None:
    case = {"id": "a", "each": [{"tools": ["brew"]}], "turns": [HELLO]}
    with pytest.raises(CaseError, match=r"the case a names the tool 'brew'; known are"):
        read_cases({"cases": [case]}, where="here")


def test_a_system_message_of_one_conversation_needs_the_means_for_it() -> None:
    case = {"id": "a", "conversations": 2, "each": [{}, {"system": "Mine."}], "turns": [HELLO]}
    assert "system" in needs(read_cases({"cases": [case]}, where="here")[0], "plain")
