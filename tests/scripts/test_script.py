"""Scripted replies: how they are read, in which order they answer, when they are spent."""

import json
import tracemalloc
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mockserver.catalogue import errors as error_catalogue
from mockserver.catalogue import models as model_catalogue
from mockserver.catalogue.errors import Errors, Refusal, Words
from mockserver.dialects.compat.refuse import refused as render_compat
from mockserver.dialects.native.refuse import refused as render_native
from mockserver.rules import schemas
from mockserver.scripts.match import MatchError
from mockserver.scripts.sandbox import TemplateError
from mockserver.scripts.script import Cast, Script, ScriptError, Scripts, read_answer
from mockserver.scripts.template import Draft
from mockserver.talk.reply import Choice, Pace, Raw, Reply
from mockserver.talk.request import Part, ToolCall
from mockserver.wire import sse
from tests.asking import ask
from tests.wire.strategies import texts

if TYPE_CHECKING:
    from collections.abc import Callable

TEA = ask("Tea?")
RID = "0b8f3d52-6c1e-9d2a-8f4b-2a7c5e910d3f"


def entered(spec: dict[str, Any], errors: Errors) -> Script:
    """A script that its schema allows, read."""
    assert schemas.violations("control.reply", spec) == []
    return Scripts().add(spec, errors)


def answer(reply: dict[str, Any], errors: Errors) -> Reply | Refusal:
    """The first answer of a script with one reply."""
    said = entered({"reply": reply}, errors).take()
    assert not isinstance(said, Draft)
    return said


def refusal(error: dict[str, Any], errors: Errors) -> Refusal:
    """The refusal that a script's `error` stands for."""
    said = answer({"error": error}, errors)
    assert isinstance(said, Refusal)
    return said


@pytest.mark.parametrize(
    ("reply", "choice"),
    [
        ({}, Choice()),
        ({"content": None, "reasoning_content": None, "finish_reason": None}, Choice()),
        ({"content": "Green."}, Choice("Green.")),
        ({"content": "Gre", "finish_reason": "length"}, Choice("Gre", finish_reason="length")),
        ({"content": "3", "reasoning_content": "1 + 2"}, Choice("3", "1 + 2")),
        (
            {"tool_calls": [{"name": "brew", "arguments": {"leaf": "龙井", "minutes": 3}}]},
            Choice(tool_calls=(ToolCall("brew", '{"leaf":"龙井","minutes":3}'),), finish_reason="tool_calls"),
        ),
        (
            {"tool_calls": [{"id": "call_1", "name": "brew", "arguments": "{not json"}], "content": "So:"},
            Choice("So:", "", (ToolCall("brew", "{not json", "call_1"),), "tool_calls"),
        ),
        (
            {"tool_calls": [{"name": "brew", "arguments": ""}], "finish_reason": "stop"},
            Choice(tool_calls=(ToolCall("brew", ""),)),
        ),
        ({"tool_calls": []}, Choice()),
    ],
)
def test_a_reply_has_the_choice_that_its_parts_imply(
    errors: Errors, reply: dict[str, Any], choice: Choice
) -> None:
    assert answer(reply, errors) == Reply((choice,))


@pytest.mark.parametrize(
    ("more", "constant"),
    [
        ({"reply": {"content": "Tea."}}, True),
        ({"reply": {"content": "{{ use }}"}}, True),
        ({"reply": {"content": "{{ use }}"}, "template": True}, False),
        ({"reply": {"content": "Tea."}, "template": True}, True),
        ({"reply": {"error": {"code": "Throttling.RateQuota"}}}, True),
        ({"reply": {"body": "Tea."}}, True),
        ({"reply": {"content": "Tea."}, "times": 3}, False),
        ({"reply": [{"content": "Tea."}, {"content": "Milk."}]}, False),
        ({"reply": {"content": "Tea.", "fault": "close-mid-chunk"}}, False),
        ({"reply": {"fault": "InternalError, ok"}}, False),
    ],
)
def test_a_script_is_constant_that_always_says_the_same(
    errors: Errors, more: dict[str, Any], *, constant: bool
) -> None:
    assert entered(more, errors).constant is constant


def test_the_templates_of_all_replies_of_a_script_are_measured_together(errors: Errors) -> None:
    spec: dict[str, Any] = {"reply": [{"content": "{{a}}" * 900 + str(at)} for at in range(3)]}
    assert len(entered(spec, errors).answers) == 3
    with pytest.raises(TemplateError, match="more than 10000 characters stand within"):
        entered(spec | {"template": True}, errors)


def test_several_choices_stand_in_their_order(errors: Errors) -> None:
    reply = {"choices": [{"content": "a"}, {"content": "b", "finish_reason": "length"}]}
    assert answer(reply, errors) == Reply((Choice("a"), Choice("b", finish_reason="length")))


def test_chunks_are_the_deltas_and_their_join_is_the_content(errors: Errors) -> None:
    said = answer({"chunks": ["Gr", "", "een."], "content": "ignored"}, errors)
    assert said == Reply((Choice("Green."),), chunks=("Gr", "", "een."))
    assert answer({"chunks": [], "content": "Green."}, errors) == Reply((Choice("Green."),))


def test_chunks_belong_to_the_first_of_several_choices(errors: Errors) -> None:
    reply = {"chunks": ["a", "b"], "choices": [{"content": "x"}, {"content": "y"}]}
    assert answer(reply, errors) == Reply((Choice("ab"), Choice("y")), chunks=("a", "b"))


def test_what_a_reply_asks_of_its_rendering_is_carried_as_it_is(errors: Errors) -> None:
    usage = {"prompt_tokens": 7}
    found = {"search_results": [{"index": 1}]}
    reply = {
        "content": "Green.",
        "dialect": "model-first",
        "usage": usage,
        "search_info": found,
        "tool_info": [{"code": "1+1"}],
        "pace": {"first_ms": 50, "per_token_ms": 2.5, "jitter": 0.1, "seed": 3},
    }
    assert answer(reply, errors) == Reply(
        (Choice("Green."),),
        dialect="model-first",
        usage=usage,
        search_info=found,
        tool_info=[{"code": "1+1"}],
        pace=Pace(50, 2.5, 0.1, 3),
    )
    assert answer({"pace": {}}, errors) == Reply((Choice(),))
    assert answer({"pace": {"first_ms": 1}}, errors) == Reply((Choice(),), pace=Pace(1))


@pytest.mark.parametrize("code", ["Throttling.RateQuota", "limit_requests", "LimitRequests"])
def test_an_error_is_named_by_its_code_on_either_surface(errors: Errors, code: str) -> None:
    assert refusal({"code": code}, errors) == Refusal(
        429,
        {
            "native": Words("Throttling.RateQuota", "Requests rate limit exceeded, please try again later."),
            "compat": Words(
                "limit_requests",
                "You have exceeded your current request limit.",
                "limit_requests",
                anchor="rate-limit",
            ),
        },
        "gateway",
        id="throttling.rate-quota",
    )


def test_every_code_of_the_catalogue_can_be_scripted(errors: Errors) -> None:
    for code in errors.codes():
        said = refusal({"code": code}, errors)
        assert said.id == errors.by_code(code).id
        assert code in errors.by_code(code).codes
        for name in errors[said.id].params:
            assert f"{{{name}}}" not in said.words["native"].message + said.words["compat"].message


def test_a_placeholder_that_only_a_request_fills_keeps_its_name(errors: Errors) -> None:
    assert "`<model>`" in refusal({"code": "model_not_found"}, errors).words["compat"].message


def test_an_error_takes_its_own_status_message_and_type(errors: Errors) -> None:
    known = refusal({"code": "DataInspectionFailed"}, errors)
    assert refusal({"code": "DataInspectionFailed", "status": 451}, errors).status == 451
    worded = refusal({"code": "InternalError.Algo", "message": "Out of tea."}, errors)
    assert refusal({"code": "InternalError.Algo"}, errors).prefix == "<500> InternalError.Algo: "
    assert (worded.words["native"].message, worded.words["compat"].message, worded.prefix) == (
        "Out of tea.",
        "Out of tea.",
        "",
    )
    assert (worded.status, worded.words["native"].code) == (500, "InternalError.Algo")
    typed = refusal({"code": "DataInspectionFailed", "type": "tea_error"}, errors)
    assert (typed.words["compat"].type, typed.words["native"], typed.words["compat"].message) == (
        "tea_error",
        known.words["native"],
        known.words["compat"].message,
    )
    assert refusal({"code": "DataInspectionFailed", "type": None}, errors) == known


def test_an_unknown_code_is_refused_with_the_nearest_known_one(errors: Errors) -> None:
    with pytest.raises(ScriptError) as caught:
        entered({"reply": {"error": {"code": "Throtling.RateQuota"}}}, errors)
    assert str(caught.value) == (
        "reply.error.code 'Throtling.RateQuota' is not in the catalogue; "
        "the nearest known one is 'Throttling.RateQuota'; or give status and message too"
    )


@pytest.mark.parametrize("given_too", [{}, {"status": 500}, {"message": "No."}])
def test_an_unknown_code_without_status_or_message_is_refused(
    errors: Errors, given_too: dict[str, Any]
) -> None:
    with pytest.raises(ScriptError) as caught:
        entered({"reply": {"error": {"code": "§", **given_too}}}, errors)
    assert str(caught.value) == (
        "reply.error.code '§' is not in the catalogue; or give status and message too"
    )


@pytest.mark.parametrize("code", ["DataInspectionFailed", "TeaPot"])
def test_the_status_of_an_error_is_a_whole_number_however_json_writes_it(code: str, errors: Errors) -> None:
    assert repr(refusal({"code": code, "status": 451.0, "message": "No."}, errors).status) == "451"


def test_an_unknown_code_with_status_and_message_is_taken_as_it_is(errors: Errors) -> None:
    native, compat = (Words("TeaPot", "I am short and stout.", kind) for kind in (None, "TeaPot"))
    error = {"code": "TeaPot", "status": 418, "message": "I am short and stout."}
    assert refusal(error, errors) == Refusal(418, {"native": native, "compat": compat}, "gateway")
    typed = refusal({**error, "type": "pot"}, errors)
    assert (typed.words["native"].code, typed.words["compat"].type) == ("TeaPot", "pot")


@pytest.mark.parametrize(
    ("error", "native", "compat"),
    [
        ({}, Words("InvalidParameter", "Bad Request"), Words(None, "Bad Request", "invalid_request_error")),
        (
            {"status": 503, "type": None},
            Words("InternalError", "Service Unavailable"),
            Words(None, "Service Unavailable", "internal_error"),
        ),
        (
            {"status": 499},
            Words("InvalidParameter", "HTTP status 499"),
            Words(None, "HTTP status 499", "invalid_request_error"),
        ),
        (
            {"status": 503, "message": "Later.", "type": "busy"},
            Words("InternalError", "Later."),
            Words(None, "Later.", "busy"),
        ),
    ],
)
def test_an_error_without_a_code_says_what_its_status_says(
    errors: Errors, error: dict[str, Any], native: Words, compat: Words
) -> None:
    said = refusal({"code": None, **error}, errors)
    assert said == Refusal(error.get("status", 400), {"native": native, "compat": compat}, "gateway")


GATEWAY = {
    "invalid_api_key",
    "model_not_found",
    "Arrearage",
    "limit_requests",
    "insufficient_quota",
    "AllocationQuota.FreeTierOnly",
}
"""The codes of refusals that never reached the model service, so that no words of its own are theirs."""

SERVICE = "<400> InternalError.Algo.InvalidParameter: too much tea"


@given(
    code=st.none() | st.sampled_from(error_catalogue.load().codes()) | st.text(min_size=1),
    given_too=st.fixed_dictionaries(
        {},
        optional={
            "status": st.integers(200, 599),
            "message": st.just(SERVICE) | st.text(min_size=1),
            "type": st.none() | st.text(min_size=1),
        },
    ),
    model=st.sampled_from(["qwen-plus", "qwen3.8-max"]),
    stream=st.booleans(),
)
def test_every_scripted_error_keeps_to_the_schemas(
    code: str | None, given_too: dict[str, Any], model: str, *, stream: bool
) -> None:
    try:
        said = refusal({"code": code, **given_too}, error_catalogue.load())
    except ScriptError:
        assert not {"status", "message"} <= set(given_too)
        return
    assume(said.words["compat"].code not in GATEWAY or given_too.get("message") != SERVICE)
    for name, rendered in (
        ("native.error", render_native(said, RID, stream=stream)),
        ("compat.error", render_compat(said, RID, model_catalogue.load()[model], stream=stream)),
    ):
        data = sse.read(rendered.body)[0].data if rendered.sse else rendered.body
        assert schemas.violations(name, json.loads(data or "")) == []


def test_a_sequence_gives_one_reply_after_the_other_and_repeats_the_last(errors: Errors) -> None:
    script = entered(
        {"reply": [{"content": "a"}, {"error": {"code": "Throttling"}}, {"content": "c"}]}, errors
    )
    first, second, *rest = [script.take() for _ in range(5)]
    assert first == Reply((Choice("a"),))
    assert isinstance(second, Refusal)
    assert rest == [Reply((Choice("c"),))] * 3
    assert not script.spent


def test_times_says_how_often_a_sequence_answers(errors: Errors) -> None:
    script = entered({"reply": [{"content": "a"}, {"content": "b"}], "times": 3}, errors)
    said = []
    while not script.spent:
        said.append(script.take())
    assert said == [Reply((Choice(text),)) for text in ("a", "b", "b")]
    assert script.used == 3


@given(st.lists(texts, min_size=1, max_size=5), st.integers(1, 8))
def test_any_sequence_gives_its_replies_in_order_and_then_the_last(said: list[str], uses: int) -> None:
    script = Script.read(
        {"reply": [{"content": text} for text in said], "times": uses}, "reply-1", error_catalogue.load()
    )
    taken = [script.take() for _ in range(uses)]
    assert taken == [Reply((Choice(said[min(use, len(said) - 1)]),)) for use in range(uses)]
    assert script.spent


def test_the_first_script_that_matches_and_is_not_spent_answers(errors: Errors) -> None:
    scripts = Scripts()
    once = scripts.add({"match": {"last_user": "Tea?"}, "reply": {"content": "Once."}, "times": 1}, errors)
    never = scripts.add({"match": {"last_user": "Coffee?"}, "reply": {"content": "Never."}}, errors)
    always = scripts.add({"reply": {"content": "Always."}}, errors)
    assert [script.id for script in scripts] == ["reply-1", "reply-2", "reply-3"]
    found = scripts.find("sk-test", TEA)
    assert found is once
    found.take()
    assert scripts.find("sk-test", TEA) is always
    assert scripts.find("sk-test", ask("Coffee?")) is never


def test_no_script_that_matches_is_none(errors: Errors) -> None:
    scripts = Scripts()
    assert scripts.find("sk-test", TEA) is None
    scripts.add({"match": {"turn": 2}, "reply": {}}, errors)
    assert scripts.find("sk-test", TEA) is None


def test_a_script_of_one_key_answers_that_key_only(errors: Errors) -> None:
    scripts = Scripts()
    mine = scripts.add({"match": {"key": "sk-a"}, "reply": {}}, errors)
    assert scripts.find("sk-a", TEA) is mine
    assert scripts.find("sk-b", TEA) is None


def test_a_script_is_removed_by_its_id_which_no_other_gets_again(errors: Errors) -> None:
    scripts = Scripts()
    scripts.add({"reply": {}}, errors)
    assert scripts.remove("reply-1")
    assert not scripts.remove("reply-1")
    assert list(scripts) == []
    assert scripts.add({"reply": {}}, errors).id == "reply-2"


def test_clearing_a_key_forgets_its_scripts_and_clearing_without_one_forgets_all(errors: Errors) -> None:
    scripts = Scripts()
    scripts.add({"match": {"key": "sk-a"}, "reply": {}}, errors)
    shared = scripts.add({"reply": {}}, errors)
    other = scripts.add({"match": {"key": "sk-b"}, "reply": {}}, errors)
    scripts.clear("sk-a")
    assert list(scripts) == [shared, other]
    scripts.clear()
    assert list(scripts) == []


def test_a_script_that_cannot_be_read_is_not_entered(errors: Errors) -> None:
    scripts = Scripts()
    with pytest.raises(ScriptError):
        scripts.add({"reply": [{"content": "a"}, {"error": {"code": "nope"}}]}, errors)
    with pytest.raises(MatchError):
        scripts.add({"match": {"system": {"regex": "["}}, "reply": {}}, errors)
    assert list(scripts) == []


def test_a_script_does_not_show_its_key(errors: Errors) -> None:
    script = entered({"match": {"key": "sk-secret"}, "reply": {"content": "Tea."}}, errors)
    assert "sk-secret" not in repr(script)
    assert script.spec["match"]["key"] == "sk-secret"


def test_a_reply_is_read_without_a_script_around_it(errors: Errors) -> None:
    assert read_answer({"content": "Green."}, errors) == Reply((Choice("Green."),))


def test_a_fault_comes_with_words_or_leaves_them_to_the_model(errors: Errors) -> None:
    said = answer({"content": "Green.", "fault": "lost-chunk=1"}, errors)
    silent = answer({"fault": ["ok", {"kind": "empty", "times": 2}], "pace": {"first_ms": 5}}, errors)
    assert isinstance(said, Reply)
    assert isinstance(silent, Reply)
    assert (said.choices, str(said.fault)) == ((Choice("Green."),), "lost-chunk=1")
    assert (silent.choices, str(silent.fault), silent.pace) == ((), "ok, empty;times=2", Pace(first_ms=5))


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        ({"fault": "emtpy"}, "reply.fault: there is no fault 'emtpy'; the nearest known one is 'empty'"),
        ({"error": {"code": "InternalError"}, "fault": "slow"}, "reply.fault: an error has no fault"),
    ],
)
def test_a_fault_that_cannot_be_is_explained(reply: dict[str, Any], message: str, errors: Errors) -> None:
    with pytest.raises(ScriptError, match=message):
        answer(reply, errors)


def test_parts_of_a_content_are_its_text_and_its_media(errors: Errors) -> None:
    parts: list[dict[str, Any]] = [{"text": "A "}, {"image": "https://a.example/cup.png"}, {"text": "cup"}]
    said = answer({"content": [*parts, {"audio": {"data": "UklGRg=="}}]}, errors)
    media = (Part("image", "https://a.example/cup.png"), Part("audio", {"data": "UklGRg=="}))
    assert said == Reply((Choice("A cup", media=media),))
    assert answer({"content": [], "empty_finish": True}, errors) == Reply((Choice(),), empty_finish=True)


def test_a_call_may_say_how_it_is_streamed(errors: Errors) -> None:
    call = {"name": "brew", "chunks": ['{"leaf":', '"龙井"}'], "ids": "restated", "id": "call_1"}
    said = answer({"tool_calls": [call]}, errors)
    assert isinstance(said, Reply)
    assert said.choices[0].tool_calls == (
        ToolCall("brew", '{"leaf":"龙井"}', "call_1", ('{"leaf":', '"龙井"}'), "restated"),
    )
    assert answer({"tool_calls": [{**call, "arguments": {"leaf": "龙井"}}]}, errors) == said


@pytest.mark.parametrize(
    ("call", "words"),
    [
        ({"name": "brew"}, "the call of 'brew' has no arguments: give them, or their chunks"),
        ({"name": "brew", "arguments": "{}", "chunks": ["{"]}, "do not make up its arguments"),
    ],
)
def test_a_call_without_one_way_to_its_arguments_is_explained(
    call: dict[str, Any], words: str, errors: Errors
) -> None:
    with pytest.raises(ScriptError, match=words):
        answer({"tool_calls": [call]}, errors)


def test_a_raw_reply_says_nothing_but_its_bytes(errors: Errors) -> None:
    said = answer({"status": 503, "body": {"a": 1}, "fault": "slow", "pace": {"first_ms": 5}}, errors)
    assert isinstance(said, Reply)
    assert (said.choices, said.raw, said.pace) == ((), Raw(503, (), b'{"a":1}'), Pace(first_ms=5))
    assert str(said.fault) == "slow"
    closed = answer({"error": "Closed for the night", "status": 405}, errors)
    assert isinstance(closed, Reply)
    assert closed.raw == Raw(405, (), b'{"error":"Closed for the night"}')


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        ({"body": "a", "content": "b"}, "reply.content does not go with body, .* take one of them out"),
        ({"status": 429, "error": {"code": "Throttling"}}, "the status of an error stands in it"),
        ({"error": "Closed", "body": "a"}, "reply.body does not go with error"),
        ({"error": "Throttling"}, "'Throttling' is a code of the catalogue"),
        ({"headers": {"x-a": "b\r\nc: d"}}, "reply.headers: x-a cannot be"),
    ],
)
def test_a_raw_reply_that_cannot_be_is_explained(reply: dict[str, Any], words: str, errors: Errors) -> None:
    with pytest.raises(ScriptError, match=words):
        answer(reply, errors)


@pytest.mark.parametrize(
    ("match", "content"),
    [
        ({"last_user": "q{}"}, "a cup of tea, neither hot nor cold"),
        ({"last_user": {"contains": "q{}"}}, "tea " * 2_000),
    ],
    ids=["short", "long"],
)
def test_a_script_is_weighed_as_what_it_takes(match: Any, content: str, errors: Errors) -> None:
    specs = [
        json.loads(json.dumps({"match": match, "reply": {"content": content}}).replace("{}", str(at)))
        for at in range(1_000)
    ]
    text = json.dumps(specs)
    del specs
    scripts = Scripts()
    scripts.add({"reply": {}}, errors)  # what is loaded first
    tracemalloc.start()
    try:
        for spec in json.loads(text):
            scripts.add(spec, errors)
        taken = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert 0.6 < taken / scripts.size < 1.4


@given(
    st.lists(
        st.tuples(st.sampled_from(["add", "replace", "remove", "clear", "forget"]), st.integers(0, 9), texts)
    )
)
def test_what_all_scripts_take_is_the_sum_of_each(steps: list[tuple[str, int, str]]) -> None:
    scripts, catalogue = Scripts(), error_catalogue.load()
    for what, at, said in steps:
        spec = {"match": {"key": f"sk-{at % 2}"}, "reply": {"content": said}}
        script_id = f"reply-{at}"
        if what == "add":
            scripts.add(spec, catalogue)
        elif what == "replace":
            scripts.replace(script_id, Script.read(spec, "", catalogue))
        elif what == "remove":
            scripts.remove(script_id)
        else:
            scripts.clear(None if what == "clear" else f"sk-{at % 2}")
        assert scripts.size == sum(script.size for script in scripts)


def asked(scripts: Scripts, key: str = "sk-me") -> tuple[bool, str | None]:
    lasts, script = scripts.lasting(key, TEA)
    return lasts, None if script is None else script.id


def test_what_answers_for_good_is_the_first_that_matches_if_none_before_it_may_be_used_up(
    errors: Errors,
) -> None:
    scripts = Scripts()
    assert asked(scripts) == (True, None)
    scripts.add({"match": {"last_user": "Coffee?"}, "reply": {"content": "no"}}, errors)
    assert asked(scripts) == (True, None)
    scripts.add({"match": {"key": "sk-you"}, "reply": {"content": "yours"}}, errors)
    scripts.add({"reply": {"content": "Oolong."}}, errors)
    assert asked(scripts) == (True, "reply-3")
    assert asked(scripts, "sk-you") == (True, "reply-2")
    scripts.add({"times": 1, "reply": {"content": "never"}}, errors)
    assert asked(scripts) == (True, "reply-3")
    scripts.remove("reply-3")
    assert asked(scripts) == (False, None)


def test_a_spent_script_of_a_file_is_no_reason_to_rely_on_the_next(errors: Errors) -> None:
    specs: list[dict[str, Any]] = [{"times": 1, "reply": {}}, {"reply": {"content": "Then."}}]
    scripts = Scripts()
    filed = [Script.read(spec, str(at), errors, source=f"tea.yaml:{at}") for at, spec in enumerate(specs)]
    scripts.play(None, Cast.of(filed))
    filed[0].take("sk-me")
    assert scripts.find("sk-me", TEA) is filed[1]
    assert asked(scripts) == (False, None)


def test_every_change_of_the_scripts_counts_and_no_use_does(errors: Errors) -> None:
    scripts = Scripts()
    script = scripts.add({"times": 1, "reply": {}}, errors)
    other = Script.read({"times": 1, "reply": {}}, "", errors)
    filed = Script.read({"reply": {}}, "a", errors, source="a")
    steps: list[tuple[Callable[[], object], int]] = [
        (lambda: scripts.replace(script.id, other), 1),
        (other.take, 0),
        (lambda: scripts.find("sk-me", TEA), 0),
        (lambda: scripts.remove("reply-9"), 0),
        (lambda: scripts.remove(script.id), 1),
        (lambda: scripts.play(None, Cast.of([filed])), 1),
        (lambda: scripts.play(None, Cast.of([])), 1),
        (lambda: scripts.clear("sk-me"), 1),
        (scripts.clear, 1),
    ]
    for step, more in steps:
        before = scripts.revision
        step()
        assert scripts.revision - before == more


def test_a_script_counts_for_so_many_keys_and_so_many_bytes_of_them(errors: Errors) -> None:
    script = Script.read({"reply": {"content": "Tea."}}, "reply-1", errors, source="tea.yaml:1")
    for number in range(12_000):
        script.take(f"sk-{number}")
    assert (script.used_by("sk-0"), script.used_by("sk-11999"), len(script.uses)) == (0, 1, 10_000)
    for number in range(12_000):
        script.take(f"sk-{number:0>240}")
    assert script.uses.size <= 2 * 1024 * 1024
    assert script.used_by(f"sk-{11_999:0>240}") == 1
