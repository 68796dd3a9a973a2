"""What a server can be told: each bad value is refused with the value, the rule, and what would be right."""

from dataclasses import FrozenInstanceError
from math import inf, nan
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.base.options import SettingsError
from mockserver.corridor.settings import INVALID_KEY, KEY_FORM, Settings


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ({"port": -1}, "port is -1: it must lie in 0 to 65535; 0 takes a free one"),
        ({"port": 65536}, "port is 65536: it must lie in 0 to 65535; 0 takes a free one"),
        (
            {"api_keys": ("sk-good", "key-of-mine")},
            "api key key... (11 characters): a key is `sk-` and 1 to 250 visible characters",
        ),
        (
            {"api_keys": ("sk-",)},
            "api key sk-... (3 characters): a key is `sk-` and 1 to 250 visible characters",
        ),
        (
            {"api_keys": ("sk-with blank",)},
            "api key sk-... (13 characters): a key is `sk-` and 1 to 250 visible characters",
        ),
        (
            {"api_keys": ("sk-" + "x" * 251,)},
            "api key sk-... (254 characters): a key is `sk-` and 1 to 250 visible characters",
        ),
        ({"max_body": 0}, "max body is 0: it must be at least 1 byte"),
        (
            {"request_timeout": 0},
            "request timeout is 0: it must be above 0 seconds and at most 86400",
        ),
        (
            {"request_timeout": nan},
            "request timeout is nan: it must be above 0 seconds and at most 86400",
        ),
        (
            {"request_timeout": inf},
            "request timeout is inf: it must be above 0 seconds and at most 86400",
        ),
        ({"grace": -0.5}, "grace is -0.5: it must be 0 seconds or more, at most 86400"),
        ({"grace": nan}, "grace is nan: it must be 0 seconds or more, at most 86400"),
        ({"journal": 0}, "journal is 0: it must keep at least 1 exchange"),
        ({"max_connections": 0}, "max connections is 0: it must let in at least 1"),
        (
            {"idle_timeout": nan},
            "idle timeout is nan: it must be above 0 seconds and at most 86400",
        ),
        ({"control": "maybe"}, "control is 'maybe': it must be one of on, off, token"),
        (
            {"control_token": "tea"},
            (
                "the control token has 3 characters: it must be 16 to 250 visible ones; "
                "python -c 'import secrets; print(secrets.token_urlsafe())' makes one"
            ),
        ),
        (
            {"task_seconds": -1},
            "task seconds is -1: it must be 0 seconds or more, at most 86400",
        ),
        (
            {"control": "off", "control_token": "0123456789abcdef"},
            "there is a control token, but control is off: only --control token asks for one",
        ),
    ],
)
def test_a_bad_value_is_refused_with_its_rule(option: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError) as caught:
        Settings(**option)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    "option",
    [
        {"port": 0},
        {"port": 65535},
        {"api_keys": ("sk-x", "sk-" + "x" * 250, "sk-~!")},
        {"max_body": 1},
        {"request_timeout": 0.001},
        {"request_timeout": 86_400},
        {"grace": 0},
        {"grace": 86_400},
        {"journal": 1},
        {"task_seconds": 0},
        {"task_seconds": 86_400},
        {"models": {"qwen-tea": "qwen-plus"}},
        {"seed": 0},
    ],
)
def test_the_ends_of_a_range_are_accepted(option: dict[str, Any]) -> None:
    settings = Settings(**option)
    assert all(getattr(settings, name) == value for name, value in option.items())


def test_the_defaults_are_good_and_let_every_key_in() -> None:
    settings = Settings()
    assert (settings.host, settings.port) == ("127.0.0.1", 8000)
    assert (settings.api_keys, settings.seed) == ((), None)


def test_settings_stay_as_they_are() -> None:
    with pytest.raises(FrozenInstanceError):
        Settings().port = 1  # type: ignore[misc]


def test_a_key_is_shown_neither_by_the_settings_nor_by_their_fault() -> None:
    assert "secret" not in repr(Settings(api_keys=("sk-secret",)))
    with pytest.raises(SettingsError) as caught:
        Settings(api_keys=("sk-secret with blank",))
    assert "secret" not in str(caught.value)


def test_the_key_that_is_always_refused_has_the_form_of_a_key() -> None:
    assert KEY_FORM.fullmatch(INVALID_KEY)


@given(st.text(max_size=260))
def test_any_text_is_a_key_or_refused(text: str) -> None:
    form = text.startswith("sk-") and 1 <= len(text) - 3 <= 250 and all("!" <= char <= "~" for char in text)
    if form:
        assert Settings(api_keys=(text,)).api_keys == (text,)
    else:
        with pytest.raises(SettingsError):
            Settings(api_keys=(text,))


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=250))
def test_every_key_of_the_right_form_is_taken(rest: str) -> None:
    assert Settings(api_keys=(f"sk-{rest}",)).api_keys == (f"sk-{rest}",)
