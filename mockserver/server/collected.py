"""The state of an engine as Prometheus collects it.

Models are labels, keys are not: a test draws keys without end, and each would be a series for ever.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from mockserver.base.version import __version__
from mockserver.corridor.engine import Engine
from mockserver.state.worlds import Ledger

_PREFIX = "dashscope_mock"


def _by_model(engine: Engine) -> dict[str, Ledger]:
    """What each model cost in all worlds together; `` for requests that name none."""
    sums: defaultdict[str, Ledger] = defaultdict(Ledger)
    for world in engine.worlds:
        for model, account in world.ledger.items():
            whole = sums[model]
            whole.requests += account.requests
            whole.refusals += account.refusals
            whole.input_tokens += account.input_tokens
            whole.output_tokens += account.output_tokens
            whole.cached_tokens += account.cached_tokens
    return dict(sorted(sums.items()))


class Collected:
    """The state of one engine, as Prometheus collects it; a reset begins its counters anew."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def collect(self) -> Iterator[Metric]:
        """Every metric, as it is now."""
        yield InfoMetricFamily(_PREFIX, "The server that tells.", value={"version": __version__})
        yield from _ledger(_by_model(self._engine))
        if self._engine.keeping.shared:
            yield from _processes(self._engine.keeping.processes)
        yield _gauge(
            "worlds", "API keys that are remembered.", sum(1 for world in self._engine.worlds if world.key)
        )
        yield _gauge("journal_exchanges", "Chats that the journal remembers.", len(self._engine.journal))
        yield _gauge("scripts", "Scripted replies.", len(self._engine.scripts))
        yield _kept(self._engine)


def _processes(ledgers: Mapping[str, Ledger]) -> Iterable[Metric]:
    """What each of many processes did since it began, a reset or not."""
    name = f"{_PREFIX}_process"
    requests = CounterMetricFamily(f"{name}_requests", "Chats that a process answered.", labels=["process"])
    refusals = CounterMetricFamily(f"{name}_refusals", "Those it refused.", labels=["process"])
    tokens = CounterMetricFamily(f"{name}_tokens", "Tokens of a process.", labels=["process", "kind"])
    for process, ledger in ledgers.items():
        requests.add_metric([process], ledger.requests)
        refusals.add_metric([process], ledger.refusals)
        for kind in ("input", "output", "cached"):
            tokens.add_metric([process, kind], getattr(ledger, f"{kind}_tokens"))
    return requests, refusals, tokens


def _gauge(name: str, text: str, value: int) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"{_PREFIX}_{name}", text, value=value)


def _kept(engine: Engine) -> Metric:
    """What of a server's memory has bounds, and how much of each is taken."""
    kept = GaugeMetricFamily(
        f"{_PREFIX}_kept_bytes", "About how many bytes are kept, of what has a bound.", labels=["what"]
    )
    sizes = {
        "journal": engine.journal.size,
        "journal_sent": engine.journal.sent_size,
        "calls": engine.calls.size,
        "requests": engine.known.size,
        "heads": engine.known.heads.size,
        "scripts": engine.scripts.size + engine.faults.size,
        "worlds": engine.worlds.size,
        "things": engine.shelf.size,
    }
    for what, size in sizes.items():
        kept.add_metric([what], size)
    return kept


def _ledger(sums: dict[str, Ledger]) -> Iterable[Metric]:
    requests = CounterMetricFamily(f"{_PREFIX}_requests", "Chats that were asked for.", labels=["model"])
    refusals = CounterMetricFamily(f"{_PREFIX}_refusals", "Chats that were refused.", labels=["model"])
    tokens = CounterMetricFamily(f"{_PREFIX}_tokens", "Tokens, as usage says.", labels=["model", "kind"])
    for model, account in sums.items():
        requests.add_metric([model], account.requests)
        refusals.add_metric([model], account.refusals)
        for kind in ("input", "output", "cached"):
            tokens.add_metric([model, kind], getattr(account, f"{kind}_tokens"))
    return requests, refusals, tokens


def written(engine: Engine) -> tuple[bytes, str]:
    """All metrics as text, and the content type of that text."""
    registry = CollectorRegistry()
    registry.register(Collected(engine))
    return generate_latest(registry), CONTENT_TYPE_LATEST
