"""What the figures say: medians of rounds, the table, the ratios, and the floors that the mock must keep."""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

SERVERS = ("bare", "reference", "mock")
NOISY = {"requests_per_second": (1.3, "requests/s"), "late_p99_ms": (2.0, "ms late (p99)")}
"""From which factor between the best and the worst round on a field is called noisy, and its unit."""


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One row of the table: a field of a measure, and how it is written."""

    measure: str
    field: str
    label: str
    form: str = "{:,.0f}"


FIGURES = (
    Figure(measure="chat-1", field="requests_per_second", label="chat, 1 connection: requests/s"),
    Figure(measure="chat-1", field="latency_p50_ms", label="… p50 ms", form="{:.2f}"),
    Figure(measure="chat-1", field="latency_p99_ms", label="… p99 ms", form="{:.2f}"),
    Figure(measure="chat-64", field="requests_per_second", label="chat, 64 connections: requests/s"),
    Figure(measure="chat-64", field="latency_p50_ms", label="… p50 ms", form="{:.2f}"),
    Figure(measure="chat-64", field="latency_p99_ms", label="… p99 ms", form="{:.2f}"),
    Figure(measure="stream-64", field="events_per_second", label="64 streams of 100 chunks: events/s"),
    Figure(measure="stream-64", field="requests_per_second", label="… streams/s"),
    Figure(
        measure="paced-1000", field="late_p50_ms", label="1,000 paced streams: p50 ms late", form="{:.1f}"
    ),
    Figure(measure="paced-1000", field="late_p99_ms", label="… p99 ms late", form="{:.1f}"),
    Figure(measure="paced-1000", field="first_event_p99_ms", label="… p99 ms to the first", form="{:.1f}"),
    Figure(measure="paced-1000", field="failures", label="… failed streams, all rounds"),
    Figure(measure="paced-5000", field="late_p50_ms", label="5,000 slow streams: p50 ms late", form="{:.1f}"),
    Figure(measure="paced-5000", field="late_p99_ms", label="… p99 ms late", form="{:.1f}"),
    Figure(measure="paced-5000", field="failures", label="… failed streams, all rounds"),
    Figure(measure="start", field="port_open", label="spawn to open port, s", form="{:.3f}"),
    Figure(measure="start", field="first_answer", label="spawn to first answer, s", form="{:.3f}"),
    Figure(measure="start", field="rss_first", label="memory after the first answer, MB"),
    Figure(measure="memory", field="rss_after", label="memory after the run, MB"),
    Figure(measure="native-chat-64", field="requests_per_second", label="native chat, 64: requests/s"),
    Figure(measure="native-chat-64", field="latency_p50_ms", label="… p50 ms", form="{:.2f}"),
    Figure(measure="native-chat-64", field="latency_p99_ms", label="… p99 ms", form="{:.2f}"),
    Figure(
        measure="native-stream-64", field="events_per_second", label="native, 64 streams of 100: events/s"
    ),
)


@dataclass(kw_only=True)
class Results:
    """Every sample of a run: measure, server, one mapping of fields a round."""

    samples: dict[str, dict[str, list[dict[str, float]]]] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, measure: str, server: str, sample: dict[str, float]) -> None:
        """Keep one round's sample."""
        self.samples.setdefault(measure, {}).setdefault(server, []).append(sample)

    def value(self, measure: str, server: str, name: str) -> float | None:
        """Return the median of the rounds, of failures their sum, or None when it was not measured."""
        values = [sample[name] for sample in self.samples.get(measure, {}).get(server, ())]
        if not values:
            return None
        return sum(values) if name == "failures" else statistics.median(values)

    def ratio(self, measure: str, name: str, *, to: str) -> float | None:
        """Return the mock's value as a multiple of another server's."""
        mock, other = self.value(measure, "mock", name), self.value(measure, to, name)
        return mock / other if mock is not None and other else None


@dataclass(frozen=True, kw_only=True)
class Floor:
    """A value that the mock must keep: which measure it needs, what is wanted, and how it is read."""

    name: str
    measure: str
    wanted: str
    form: str
    read: Callable[[Results], float | None]
    least: float | None = None
    most: float | None = None

    def holds(self, value: float | None) -> bool:
        """Say whether a value keeps the floor; one that could not be measured does not."""
        if value is None:
            return False
        return (self.least is None or value >= self.least) and (self.most is None or value <= self.most)


def _slow_lateness(results: Results) -> float | None:
    """Return how much of its bound the lateness of slow streams takes: 80 ms, or 1.2 times what bare has."""
    late = results.value("paced-5000", "mock", "late_p99_ms")
    bare = results.value("paced-5000", "bare", "late_p99_ms")
    return None if late is None else late / max(80.0, 1.2 * (bare or 0.0))


def _none_failed(name: str, measure: str) -> Floor:
    """Return the floor of a measure of which no stream may fail."""
    return Floor(
        name=name,
        measure=measure,
        wanted="0",
        form="{:.0f}",
        most=0,
        read=lambda results: results.value(measure, "mock", "failures"),
    )


FLOORS = (
    Floor(
        name="chat, 64 connections, against the reference",
        measure="chat-64",
        wanted=">= 0.6",
        form="{:.2f}",
        least=0.6,
        read=lambda results: results.ratio("chat-64", "requests_per_second", to="reference"),
    ),
    Floor(
        name="stream events, against the reference",
        measure="stream-64",
        wanted=">= 1.5",
        form="{:.2f}",
        least=1.5,
        read=lambda results: results.ratio("stream-64", "events_per_second", to="reference"),
    ),
    Floor(
        name="paced streams, p99 lateness, against bare",
        measure="paced-1000",
        wanted="<= 1",
        form="{:.2f}",
        most=1.0,
        read=lambda results: results.ratio("paced-1000", "late_p99_ms", to="bare"),
    ),
    _none_failed("paced streams that failed", "paced-1000"),
    Floor(
        name="slow streams, p99 lateness, of 80 ms or of 1.2 times bare's",
        measure="paced-5000",
        wanted="<= 1",
        form="{:.2f}",
        most=1.0,
        read=_slow_lateness,
    ),
    _none_failed("slow streams that failed", "paced-5000"),
    Floor(
        name="spawn to open port, s",
        measure="start",
        wanted="<= 0.3",
        form="{:.3f}",
        most=0.3,
        read=lambda results: results.value("start", "mock", "port_open"),
    ),
    Floor(
        name="spawn to first answer, s",
        measure="start",
        wanted="< 1",
        form="{:.3f}",
        most=0.999,
        read=lambda results: results.value("start", "mock", "first_answer"),
    ),
    Floor(
        name="memory after the run, MB",
        measure="memory",
        wanted="< 150",
        form="{:.0f}",
        most=149.9,
        read=lambda results: results.value("memory", "mock", "rss_after"),
    ),
)


def _write(form: str, value: float | None) -> str:
    return "-" if value is None else form.format(value)


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Return a Markdown table whose columns line up in plain text, too."""
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]

    def line(row: tuple[str, ...]) -> str:
        cells = [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        return "| " + " | ".join([row[0].ljust(widths[0]), *cells]) + " |"

    rule = "|" + "|".join(["-" * (widths[0] + 2)] + ["-" * (width + 1) + ":" for width in widths[1:]]) + "|"
    return [line(head), rule, *map(line, rows)]


def figures_table(results: Results) -> list[str]:
    """Return the table of what was measured, with the mock's ratios to the other two."""
    rows = [
        (
            figure.label,
            *(_write(figure.form, results.value(figure.measure, name, figure.field)) for name in SERVERS),
            _write("{:.2f}", results.ratio(figure.measure, figure.field, to="reference")),
            _write("{:.2f}", results.ratio(figure.measure, figure.field, to="bare")),
        )
        for figure in FIGURES
        if figure.measure in results.samples
    ]
    return _table(("measure", *SERVERS, "mock/reference", "mock/bare"), rows)


def floors(results: Results, *, asked: set[str]) -> list[tuple[Floor, float | None, bool]]:
    """Return each floor of the measures that were asked for, its value, and whether it is kept."""
    found = [(floor, floor.read(results)) for floor in FLOORS if floor.measure in asked]
    return [(floor, value, floor.holds(value)) for floor, value in found]


def floors_table(kept: list[tuple[Floor, float | None, bool]]) -> list[str]:
    """Return the table of the floors, each marked ok or MISSED."""
    rows = [
        (floor.name, floor.wanted, _write(floor.form, value), "ok" if ok else "MISSED")
        for floor, value, ok in kept
    ]
    return _table(("floor", "wanted", "mock", "verdict"), rows)


def client_notes(results: Results) -> list[str]:
    """Say how fast the client itself can go, and how busy it was with each server."""
    notes = []
    for measure, name, unit in (
        ("chat-64", "requests_per_second", "requests/s"),
        ("stream-64", "events_per_second", "events/s"),
    ):
        rates = [sample[name] for sample in results.samples.get(measure, {}).get("ceiling", ())]
        if rates:
            notes.append(f"the client's own ceiling, {measure}: at least {max(rates):,.0f} {unit}")
    for measure, servers in results.samples.items():
        if measure not in {"start", "memory"}:
            busy = {server: results.value(measure, server, "client_busy") for server in servers}
            shares = ", ".join(f"{server} {share:.0%}" for server, share in busy.items() if share is not None)
            notes.append(f"client busy in {measure}: {shares}")
    return notes


def noise_notes(results: Results) -> list[str]:
    """Name what differed so much from round to round that its median says little."""
    notes = []
    for measure, servers in results.samples.items():
        for server, rounds in servers.items():
            for name, (factor, unit) in NOISY.items():
                values = [sample[name] for sample in rounds if name in sample]
                if values and max(values) > factor * min(values):
                    between = f"{min(values):,.1f} and {max(values):,.1f} {unit}"
                    notes.append(f"noisy: {measure} of {server} lay between {between}")
    return notes


def as_json(results: Results, kept: list[tuple[Floor, float | None, bool]]) -> dict[str, object]:
    """Return every sample, the floors and the notes, for a file that a later run can be held against."""
    return {
        "samples": results.samples,
        "floors": [
            {"name": floor.name, "wanted": floor.wanted, "value": value, "ok": ok}
            for floor, value, ok in kept
        ],
        "notes": [*results.notes, *client_notes(results), *noise_notes(results)],
        "errors": results.errors,
    }


def render(results: Results, *, asked: set[str]) -> str:
    """Return the whole report as Markdown."""
    parts = ["## Measured (medians of the rounds)", "", *figures_table(results)]
    kept = floors(results, asked=asked)
    if kept:
        parts += ["", "## Floors", "", *floors_table(kept)]
    notes = [*results.notes, *client_notes(results), *noise_notes(results)]
    parts += ["", "## Notes", "", *(f"- {note}" for note in notes)]
    if results.errors:
        parts += ["", "## Not measured", "", *(f"- {error}" for error in results.errors)]
    return "\n".join(parts) + "\n"
