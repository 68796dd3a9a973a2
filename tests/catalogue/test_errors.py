"""The catalogue of errors: its file, its words, and how their placeholders are filled."""

import string
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.base import resources
from mockserver.catalogue import errors as error_catalogue
from mockserver.catalogue.errors import (
    Errors,
    UnknownErrorCodeError,
    Words,
    envelope_of,
    envelopes,
    fill,
    stream_forms,
)
from mockserver.rules.schemas import violations

CATALOGUE = error_catalogue.load()


def placeholders(message: str) -> list[str]:
    """The names of the placeholders of a message, in the order of their first use."""
    names = [name for _, name, _, _ in string.Formatter().parse(message) if name is not None]
    return list(dict.fromkeys(names))


def entries() -> list[dict[str, Any]]:
    """The entries as the file holds them."""
    found: list[dict[str, Any]] = resources.fixture("errors")["entries"]
    return found


def test_the_file_is_as_its_schema_says() -> None:
    assert violations("catalogue.errors", resources.fixture("errors")) == []


def test_every_entry_has_an_id_of_its_own_and_is_loaded(errors: Errors) -> None:
    ids = [entry["id"] for entry in entries()]
    assert len(set(ids)) == len(ids)
    assert [entry.id for entry in errors] == ids


def test_the_params_of_an_entry_are_the_placeholders_of_its_messages() -> None:
    for entry in entries():
        used = [
            name
            for side in ("native", "compat")
            for part in ("message", "param")
            for name in placeholders((entry[side] or {}).get(part, ""))
        ]
        assert sorted(set(used)) == sorted(entry["params"]), entry["id"]


def test_every_message_is_filled_with_values_and_without(errors: Errors) -> None:
    for entry in errors:
        bare = fill(entry, {})
        for words in bare.words.values():
            assert words.message
            for name in entry.params:
                assert f"{{{name}}}" not in words.message
        values = {name: f"the-{name}" for name in entry.params}
        filled = fill(entry, values)
        both = filled.words["native"].message + filled.words["compat"].message
        assert all(f"the-{name}" in both for name in entry.params), entry.id
        assert (filled.status, filled.origin, filled.id) == (entry.status, entry.origin, entry.id)


@given(st.sampled_from(list(CATALOGUE)), st.text())
def test_a_value_with_braces_is_taken_as_it_is(entry: error_catalogue.ErrorEntry, value: str) -> None:
    values = dict.fromkeys(entry.params, f"{{{value}}}")
    filled = fill(entry, values)
    for name in entry.params:
        template = entry.words["native"].message + entry.words["compat"].message
        assert (f"{{{value}}}" in filled.words["native"].message + filled.words["compat"].message) is (
            f"{{{name}}}" in template
        )


def test_a_placeholder_without_a_value_keeps_its_name_and_the_help_page_has_one(errors: Errors) -> None:
    unknown = errors.refuse("model.unknown").words["compat"]
    assert unknown.message == "The model `<model>` does not exist or you do not have access to it."
    wrong = errors.refuse("auth.wrong-key").words
    beijing = "https://help.aliyun.com/zh/model-studio/error-code"
    singapore = "https://www.alibabacloud.com/help/en/model-studio/error-code"
    assert wrong["compat"].text() == f"Incorrect API key provided. For details, see: {beijing}#apikey-error"
    assert wrong["compat"].text("us") == wrong["compat"].text("cn") == wrong["compat"].text()
    assert wrong["compat"].text("intl").endswith(f"For details, see: {singapore}#apikey-error")
    assert wrong["native"].text("intl") == wrong["native"].message


@pytest.mark.parametrize(
    ("entry", "status", "native", "compat"),
    [
        (
            "auth.wrong-key",
            401,
            Words("InvalidApiKey", "Invalid API-key provided."),
            Words(
                "invalid_api_key",
                "Incorrect API key provided.",
                "invalid_request_error",
                anchor="apikey-error",
            ),
        ),
        (
            "auth.missing-key",
            401,
            Words("InvalidApiKey", "No API-key provided."),
            Words(
                None,
                "You didn't provide an API key. You need to provide your API key in an Authorization header "
                "using Bearer auth (i.e. Authorization: Bearer YOUR_KEY). ",
                "invalid_request_error",
            ),
        ),
        (
            "model.unknown-native",
            400,
            Words("InvalidParameter", "Model not exist."),
            Words("invalid_parameter_error", "Model not exist.", "invalid_request_error"),
        ),
    ],
)
def test_recorded_errors_have_their_recorded_words(
    errors: Errors, entry: str, status: int, native: Words, compat: Words
) -> None:
    refusal = errors.refuse(entry)
    assert (refusal.status, refusal.words["native"], refusal.words["compat"]) == (status, native, compat)
    assert errors[entry].confidence == "recorded"


def test_an_entry_of_one_surface_speaks_its_words_on_the_other_too(errors: Errors) -> None:
    by_id = {entry["id"]: entry for entry in entries()}
    for entry in errors:
        data = by_id[entry.id]
        native, compat = entry.words["native"], entry.words["compat"]
        if data["native"] is None:
            plain = data["compat"]["type"] == "invalid_request_error"
            code = "InvalidParameter" if plain else data["compat"]["code"]
            assert (native.code, native.message) == (
                code,
                data["compat"]["message"],
            )
            assert (native.type, native.param) == (None, None)
        if data["compat"] is None:
            invalid = data["native"]["code"] == "InvalidParameter"
            code = "invalid_parameter_error" if invalid else data["native"]["code"]
            kind = "invalid_request_error" if invalid else data["native"]["code"]
            assert (compat.code, compat.type) == (code, kind)
            assert (compat.message, compat.anchor) == (
                native.message,
                native.anchor,
            )


def test_an_entry_of_one_surface_with_a_code_of_its_own_keeps_it() -> None:
    compat = {"code": "tea_empty", "type": "tea_empty", "message": "No tea."}
    data = {"id": "tea.empty", "status": 400, "native": None, "compat": compat, "origin": "service"}
    rest: dict[str, Any] = {"prefix": None, "params": [], "confidence": "reported", "source": "-"}
    assert error_catalogue._entry({**data, **rest}, {}).words["native"] == Words("tea_empty", "No tea.")


def test_an_entry_without_words_is_no_entry() -> None:
    data = {"id": "tea.empty", "status": 400, "native": None, "compat": None, "origin": "service"}
    with pytest.raises(ValueError, match="words on one surface at least"):
        error_catalogue._entry({**data, "prefix": None, "params": [], "confidence": "", "source": ""}, {})


def test_every_entry_says_how_well_it_is_known_and_a_report_names_its_threads(errors: Errors) -> None:
    for entry in errors:
        assert entry.confidence in ("recorded", "reported", "documented", "own"), entry.id
        assert entry.confidence != "reported" or entry.references, entry.id
        assert entry.source, entry.id
        assert entry.confidence != "recorded" or "record" in entry.source, entry.id


@pytest.mark.parametrize("surface", ["native", "compat"])
@pytest.mark.parametrize("origin", ["door", "gateway", "validator", "service"])
def test_every_origin_has_an_envelope_and_every_envelope_is_named_once(surface: Any, origin: Any) -> None:
    assert envelope_of(surface, "json", origin) in envelopes()
    names = [row["name"] for row in resources.fixture("errors")["envelopes"]]
    assert sorted(envelopes()) == sorted(names)


def test_every_envelope_is_one_that_somebody_has(errors: Errors) -> None:
    named = {words.envelope for entry in errors for words in entry.words.values()} - {None}
    assert named <= set(envelopes())
    by_place = {name for name, row in envelopes().items() if "dialect" in row}
    elsewhere = {"line-late", "nested-embedding"}
    assert named | by_place | elsewhere == set(envelopes())


def test_a_prefix_is_what_stands_before_the_message_on_the_wire(errors: Errors) -> None:
    assert {entry.prefix for entry in errors} == {
        "",
        "<400> InternalError.Algo.InvalidParameter: ",
        "<400> InternalError.Algo.DataInspectionFailed: ",
        "<500> InternalError.Algo: ",
    }


def test_a_code_finds_its_commonest_entry_by_either_surface_and_by_alias(errors: Errors) -> None:
    for code in ("Throttling.AllocationQuota", "insufficient_quota"):
        assert errors.by_code(code).id == "throttling.allocation-quota"
    assert errors.by_code("LimitRequests").id == "throttling.rate-quota"
    assert errors.by_code("InvalidApiKey").id == "auth.wrong-key"


def test_every_code_is_listed_once_in_order_and_finds_an_entry_that_has_it(errors: Errors) -> None:
    codes = errors.codes()
    assert codes == sorted(set(codes))
    for code in codes:
        assert code in errors.by_code(code).codes


def test_an_unknown_code_is_told(errors: Errors) -> None:
    with pytest.raises(UnknownErrorCodeError, match="the error catalogue has no code 'TeaPot'") as caught:
        errors.by_code("TeaPot")
    assert caught.value.code == "TeaPot"


def test_an_unknown_entry_is_a_key_error(errors: Errors) -> None:
    with pytest.raises(KeyError):
        errors.refuse("tea.pot")


def test_an_id_finds_its_entry_where_no_code_has_its_name(errors: Errors) -> None:
    assert errors.by_code("tool.no-call").id == "tool.no-call"
    assert [entry.id for entry in errors.all_by_code("tool.no-call")] == ["tool.no-call"]


def test_all_entries_of_a_code_are_found_the_commonest_first(errors: Errors) -> None:
    found = [entry.id for entry in errors.all_by_code("limit_requests")]
    assert found == ["throttling.rate-quota", "throttling.request-limit", "throttling.request-list"]
    assert errors.all_by_code("TeaPot") == []


@pytest.mark.parametrize("surface", ["native", "compat"])
@pytest.mark.parametrize("moment", ["refused", "late"])
def test_every_refusal_has_a_form_on_a_stream_and_every_form_has_a_refusal(
    errors: Errors, surface: Any, moment: Any
) -> None:
    forms = stream_forms(surface, moment)
    assert forms[-1].holds(errors.refuse("throttling.general"), backend="line", era="2025")
    for form in forms:
        assert form.statuses == (200,) or any(form.holds(entry, backend=None, era=None) for entry in errors)
        assert all(name in {entry.id for entry in errors} for name in form.entries)


def test_the_catalogue_is_loaded_once() -> None:
    assert error_catalogue.load() is error_catalogue.load()
