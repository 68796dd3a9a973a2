"""What the tests share: one loaded tokenizer, the catalogues, an engine with a fixed clock and ids."""

import os
from collections.abc import Iterator, Mapping
from typing import Protocol

import pytest
from hypothesis import HealthCheck, settings

from mockserver.catalogue import errors as error_catalogue
from mockserver.catalogue import models as model_catalogue
from mockserver.catalogue.errors import Errors
from mockserver.catalogue.models import Models
from mockserver.corridor.engine import Engine
from mockserver.corridor.settings import Settings
from mockserver.meter import tokenizer as tokenizers
from mockserver.meter.tokenizer import LazyTokenizer, Tokenizer
from mockserver.talk.surface import Surface
from mockserver.wire.ids import Ids
from mockserver.wire.incoming import RequestHeaders
from tests.server.live import serving
from tests.state.engines import Engine as Redis

pytest_plugins = ("pytester",)

# A first example loads tables that later ones find loaded, so the time of one example says nothing.
settings.register_profile("steady", deadline=None)
# The same tree has to pass or fail alike wherever CI runs it; elsewhere each run tries new examples.
settings.register_profile("ci", deadline=None, derandomize=True)
# `HYPOTHESIS_PROFILE=nightly pytest tests/rules/test_properties.py`
settings.register_profile("nightly", deadline=None, print_blob=True)
_PROFILE = os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if os.environ.get("CI") else "steady")
settings.load_profile(_PROFILE)

RENDERED = 2_000 if _PROFILE == "nightly" else 400
"""How many answers are rendered in every dialect and form, and folded back."""

RULE_EXAMPLES = settings(
    max_examples=10_000 if _PROFILE == "nightly" else 300,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
"""How many conversations the rules are shown: by night more than by day."""

ASKED = 200 if _PROFILE == "nightly" else 20
"""How many requests an endpoint is asked by who reads the OpenAPI page."""

SHARED = settings(
    max_examples=2_000 if _PROFILE == "nightly" else 20,
    stateful_step_count=30,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
"""How many ways a shared state and one of a process are taken together."""

KEY = "sk-test"
"""The API key that the tests send."""

NOW = 1_770_000_000.25
"""What the engine's clock says, in seconds since 1970: 2 February 2026, 02:40:00.25 UTC."""


def pytest_make_parametrize_id(val: object) -> str | None:
    """A surface is called by its name."""
    return val.name if isinstance(val, Surface) else None


class MakeHeaders(Protocol):
    """The type of the `headers` fixture."""

    def __call__(self, extra: Mapping[str, str] | None = None, /, *, key: str | None = KEY) -> RequestHeaders:
        """Request headers with the key as bearer (none for None) and those of `extra`."""
        ...


def make_headers(extra: Mapping[str, str] | None = None, /, *, key: str | None = KEY) -> RequestHeaders:
    """Request headers as a server hands them over: with the key as bearer (none for None) and `extra`."""
    pairs = {} if key is None else {"Authorization": f"Bearer {key}"}
    pairs.update(extra or {})
    return RequestHeaders([(name.lower().encode(), value.encode()) for name, value in pairs.items()])


@pytest.fixture(scope="session")
def tokenizer() -> Tokenizer:
    """The real tokenizer, loaded once."""
    return tokenizers.load()


@pytest.fixture(scope="session")
def lazy_tokenizer(tokenizer: Tokenizer) -> LazyTokenizer:
    """The real tokenizer as an engine takes it, loaded."""
    lazy = LazyTokenizer(lambda: tokenizer)
    lazy.get()
    return lazy


@pytest.fixture(scope="session")
def models() -> Models:
    """The catalogue of models."""
    return model_catalogue.load()


@pytest.fixture(scope="session")
def errors() -> Errors:
    """The catalogue of errors."""
    return error_catalogue.load()


@pytest.fixture
def engine(lazy_tokenizer: LazyTokenizer) -> Engine:
    """A new engine whose clock stands still and whose ids are always the same."""
    return Engine(Settings(), tokenizer=lazy_tokenizer, clock=lambda: NOW, ids=Ids(1))


@pytest.fixture
def url(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Where the engine is served; the dashscope SDK asks there."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with serving(engine) as base:
        monkeypatch.setattr("dashscope.base_http_api_url", f"{base}/api/v1")
        yield base


@pytest.fixture
def headers() -> MakeHeaders:
    """Makes request headers: `headers()`, `headers({"X-DashScope-SSE": "enable"})`, `headers(key=None)`."""
    return make_headers


@pytest.fixture(scope="session")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Redis]:
    """A redis-server for whoever shares it by a prefix of its own."""
    with Redis(tmp_path_factory.mktemp("redis")) as server:
        yield server
