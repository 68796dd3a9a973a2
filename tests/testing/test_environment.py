"""The environment of a process while its SDKs are pointed somewhere, and afterwards."""

import os
import sys
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mockserver.testing.environment import pointed

NATIVE, COMPAT = "DASHSCOPE_HTTP_BASE_URL", "DASHSCOPE_COMPATIBLE_BASE_URL"
SOCKET, KEY = "DASHSCOPE_WEBSOCKET_BASE_URL", "DASHSCOPE_API_KEY"
ALL = {NATIVE: "http://n", COMPAT: "http://c", SOCKET: "ws://s", KEY: "sk-a"}
NAMES = st.sampled_from(["TEA_A", "TEA_B", "TEA_C"])
VARIABLES = st.dictionaries(NAMES, st.text("xyz", max_size=3))


@pytest.fixture
def no_sdk(monkeypatch: pytest.MonkeyPatch) -> None:
    """The dashscope SDK is not imported."""
    monkeypatch.delitem(sys.modules, "dashscope", raising=False)


@pytest.fixture
def sdk(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A dashscope SDK that was imported, of a version that knows two of its addresses."""
    module = SimpleNamespace(base_http_api_url="before", api_key=None)
    monkeypatch.setitem(sys.modules, "dashscope", module)
    return module


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=VARIABLES, env=VARIABLES)
def test_variables_are_set_and_put_back(
    before: dict[str, str], env: dict[str, str], monkeypatch: pytest.MonkeyPatch, no_sdk: None
) -> None:
    with monkeypatch.context() as patch:
        for name in ("TEA_A", "TEA_B", "TEA_C"):
            patch.delenv(name, raising=False)
        for name, value in before.items():
            patch.setenv(name, value)
        outside = dict(os.environ)
        with pointed(env):
            assert dict(os.environ) == {**outside, **env}
        assert dict(os.environ) == outside


def test_they_are_put_back_when_the_program_fails(no_sdk: None) -> None:
    outside = dict(os.environ)
    with pytest.raises(ZeroDivisionError), pointed({"TEA_A": "1"}):
        _ = 1 / 0
    assert dict(os.environ) == outside


def test_what_changed_meanwhile_is_put_back_too(monkeypatch: pytest.MonkeyPatch, no_sdk: None) -> None:
    monkeypatch.setenv("TEA_A", "before")
    with pointed({"TEA_A": "1", "TEA_B": "2"}):
        monkeypatch.setenv("TEA_A", "changed")
        monkeypatch.delenv("TEA_B")
    assert os.environ["TEA_A"] == "before"
    assert "TEA_B" not in os.environ


def test_one_pointing_lies_within_another(no_sdk: None) -> None:
    with pointed({"TEA_A": "outer"}):
        with pointed({"TEA_A": "inner"}):
            assert os.environ["TEA_A"] == "inner"
        assert os.environ["TEA_A"] == "outer"


def test_an_sdk_that_is_imported_already_is_pointed_as_well(sdk: SimpleNamespace) -> None:
    with pointed(ALL):
        assert vars(sdk) == {"base_http_api_url": "http://n", "api_key": "sk-a"}
    assert vars(sdk) == {"base_http_api_url": "before", "api_key": None}


def test_what_an_sdk_has_and_the_environment_does_not_stays(sdk: SimpleNamespace) -> None:
    with pointed({NATIVE: "http://n"}):
        assert vars(sdk) == {"base_http_api_url": "http://n", "api_key": None}
    assert vars(sdk) == {"base_http_api_url": "before", "api_key": None}
