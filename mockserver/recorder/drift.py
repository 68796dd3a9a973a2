"""Recorded requests sent again: how the cloud of today differs in shape from the one that was recorded.

Answers are compared by what they are made of and not by their wording, in three columns: what our schemas
allow, what was recorded, what is answered now.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from mockserver.recorder.report import Deviation, Report, Weight
from mockserver.recorder.shape import Shape, eventual, names_of, shape_of
from mockserver.recorder.upstream import UnreachableError, Upstream
from mockserver.recorder.verify import schema_of, sums_up
from mockserver.recording import fold
from mockserver.recording.cassette import redacted
from mockserver.recording.coding import UncleanError
from mockserver.recording.documents import UNREADABLE
from mockserver.recording.interaction import Chunk, Interaction, Response
from mockserver.recording.redaction import MARK, Redaction
from mockserver.rules import schemas

_WORDS = re.compile(r"[0-9]+|\"[^\"]*\"|'[^']*'|`[^`]*`")


async def ask_again(
    upstream: Upstream, interaction: Interaction, redaction: Redaction, *, now: datetime
) -> Interaction:
    """The same request sent again, and what is answered now. Raises `UnreachableError`."""
    request = interaction.request
    headers = [
        (name.encode("latin-1", "replace"), value.encode("latin-1", "replace"))
        for name, value in request.headers
        if MARK not in value
    ]
    target = request.path + (f"?{request.query}" if request.query else "")
    incoming = await upstream.send(request.method, target, headers, request.body)
    try:
        chunks = tuple([Chunk(0.0, data) async for data in incoming.chunks()])
    finally:
        await incoming.close()
    pairs = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in incoming.headers]
    live = replace(
        interaction,
        response=Response(status=incoming.status, headers=pairs, chunks=chunks),
        recorded=now.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    )
    return redacted(live, redaction)


def allowed_at(schema: str, path: str) -> str:
    """The types that a schema allows at a path of an answer; "" where it knows none."""
    nodes: list[Any] = [(schemas.document(schema), schemas.document(schema))]
    for step in re.findall(r"\[\]|[^.\[\]]+", path):
        nodes = [below for root, node in nodes for below in _below(root, node, step)]
    found: set[str] = set()
    for root, node in nodes:
        for _, part in _parts(root, node, 0):
            kinds = part.get("type", ())
            found.update([kinds] if isinstance(kinds, str) else kinds)
            found.update(_kind_of(value) for value in [*part.get("enum", ()), *_const(part)])
    return names_of(frozenset("number" if kind == "integer" else kind for kind in found))


def _const(part: Mapping[str, Any]) -> list[Any]:
    return [part["const"]] if "const" in part else []


def _kind_of(value: Any) -> str:
    return {bool: "boolean", str: "string", type(None): "null"}.get(type(value), "number")


def _parts(root: Any, node: Any, depth: int) -> Iterator[tuple[Any, Mapping[str, Any]]]:
    """A schema with all that it is made of by reference and combination, and the file each stands in."""
    if not isinstance(node, Mapping) or depth > 12:  # noqa: PLR2004 - our schemas are not so deep
        return
    yield root, node
    if "$ref" in node:
        yield from _parts(*schemas.resolved(root, node["$ref"]), depth + 1)
    for word in ("allOf", "anyOf", "oneOf"):
        for part in node.get(word, ()):
            yield from _parts(root, part, depth + 1)
    for word in ("if", "then", "else"):
        yield from _parts(root, node.get(word), depth + 1)


def _below(root: Any, node: Any, step: str) -> Iterator[tuple[Any, Any]]:
    for home, part in _parts(root, node, 0):
        if step == "[]":
            inner = [part.get("items"), *part.get("prefixItems", ())]
        else:
            inner = [part.get("properties", {}).get(step)]
        yield from ((home, found) for found in inner if found is not None)


@dataclass(frozen=True, slots=True)
class Drift:
    """One recording held against its live answer."""

    name: str
    recorded: Interaction
    live: Interaction

    def deviations(self) -> Iterator[Deviation]:
        """Everything in which the live answer differs in shape."""
        before, after = shape_of(self.recorded), shape_of(self.live)
        if before.status != after.status:
            yield self._said(Weight.ERROR, "status", "", "another status", (before.status, after.status))
        yield from self._codes(before, after)
        if before.framing != after.framing:
            yield self._said(
                Weight.ERROR, "framing", "", "another framing", (before.framing[:120], after.framing[:120])
            )
        if (before.error is None) == (after.error is None):
            yield from self._fields(before, after)
        if after.usage is not None and not sums_up(after.usage):
            message = "total tokens are not input and output together"
            yield self._said(Weight.ERROR, "usage", "usage", message, ("", str(after.usage)[:120]))

    def _said(
        self, weight: Weight, kind: str, path: str, message: str, sides: tuple[object, object]
    ) -> Deviation:
        recorded, live = (str(side) for side in sides)
        schema = self._allowed(path) if path else ""
        return Deviation(self.name, weight, kind, path, message, schema, recorded, live)

    def _allowed(self, path: str) -> str:
        pairs = fold.payloads(self.live.response.body)
        frame, document = next(pair for pair in pairs if pair[1] is not UNREADABLE)
        name = schema_of(self.live, document, framed=frame is not None)
        return allowed_at(name, path) if name else ""

    def _codes(self, before: Shape, after: Shape) -> Iterator[Deviation]:
        was, now = before.error, after.error
        if was is None and now is None:
            return
        if was is None or now is None:
            sides = ("an answer" if was is None else was.code, "an answer" if now is None else now.code)
            yield self._said(Weight.ERROR, "code", "", "a refusal comes or goes", sides)
            return
        if was.code != now.code or was.type != now.type:
            sides = (_error(was), _error(now))
            yield self._said(Weight.ERROR, "code", "", "another error code", sides)
        if was.status != now.status and before.status == after.status:
            yield self._said(
                Weight.ERROR, "status", "", "another status in a frame", (was.status, now.status)
            )
        if _WORDS.sub("#", was.message) != _WORDS.sub("#", now.message):
            yield self._said(
                Weight.INFO, "message", "", "other words", (was.message[:120], now.message[:120])
            )

    def _fields(self, before: Shape, after: Shape) -> Iterator[Deviation]:
        for path, kinds in after.types.items():
            known = before.types.get(path)
            if known is None and _parent(path) in before.types:
                weight = Weight.INFO if eventual(path) else Weight.WARNING
                yield self._said(weight, "new field", path, "not in the recording", ("", names_of(kinds)))
            elif known is not None and kinds - known:
                # A field that is null in some pieces and a text in others is no new type of the field.
                weight = Weight.INFO if kinds & known and kinds ^ known <= {"null"} else Weight.ERROR
                yield self._said(weight, "retyped", path, "another type", (names_of(known), names_of(kinds)))
        for path, kinds in before.types.items():
            if path not in after.types and _parent(path) in after.types:
                weight = Weight.INFO if eventual(path) else Weight.ERROR
                yield self._said(weight, "gone field", path, "no longer there", (names_of(kinds), ""))


def _error(error: fold.Failure) -> str:
    return f"{error.code} ({error.type})" if error.type else str(error.code)


def _parent(path: str) -> str:
    """The path of what holds a path; so that a new object is told of once and not for each of its fields."""
    return path.removesuffix("[]") if path.endswith("[]") else path.rpartition(".")[0]


async def compare(
    recordings: Iterable[tuple[str, Interaction]],
    upstream: Upstream,
    redaction: Redaction,
    *,
    now: datetime,
) -> tuple[Report, list[Drift]]:
    """Asks every recording again, one after the other, and tells how the answers differ."""
    names: list[str] = []
    found: list[Deviation] = []
    drifts: list[Drift] = []
    for name, interaction in recordings:
        names.append(name)
        try:
            live = await ask_again(upstream, interaction, redaction, now=now)
        except (UnreachableError, UncleanError) as error:
            message = redaction.text(str(error))
            found.append(Deviation(name, Weight.ERROR, "unreachable", "", message))
            continue
        drift = Drift(name, interaction, live)
        drifts.append(drift)
        found += drift.deviations()
    return Report("drift", names, found), drifts


def unkeyed(drifts: Sequence[Drift]) -> bool:
    """Whether the host answers nobody for want of a key: each answer is a 401, and not each recording."""
    refused = HTTPStatus.UNAUTHORIZED
    return all(drift.live.response.status == refused for drift in drifts) and any(
        drift.recorded.response.status != refused for drift in drifts
    )


def learned(drifts: Iterable[Drift], *, now: datetime) -> dict[str, Any]:
    """What is new, as a proposal for the schemas and the catalogue, with the evidence for it."""
    seen: dict[str, int] = {}
    fields: dict[tuple[str, str], dict[str, Any]] = {}
    codes: dict[str, dict[str, Any]] = {}
    for drift in drifts:
        frame, document = fold.payloads(drift.live.response.body)[0]
        schema = None
        if document is not UNREADABLE:
            schema = schema_of(drift.live, document, framed=frame is not None)
        if schema:
            seen[schema] = seen.get(schema, 0) + 1
        for deviation in drift.deviations():
            if schema and deviation.kind in ("new field", "gone field", "retyped"):
                entry = fields.setdefault(
                    (schema, deviation.path),
                    {
                        "schema": schema,
                        "path": deviation.path,
                        "change": deviation.kind,
                        "allowed": deviation.schema,
                        "types": sorted({kind for kind in deviation.live.split("|") if kind}),
                        "recordings": [],
                    },
                )
                entry["recordings"].append(drift.name)
            elif deviation.kind == "code" and (error := shape_of(drift.live).error) is not None:
                words = {"code": error.code, "type": error.type, "message": error.message}
                entry = codes.setdefault(
                    repr(words),
                    {**words, "status": error.status, "surface": drift.live.surface, "recordings": []},
                )
                entry["recordings"].append(drift.name)
    for entry in fields.values():
        entry["evidence"] = f"{len(entry['recordings'])} of {seen[entry['schema']]}"
    for entry in codes.values():
        entry["evidence"] = str(len(entry["recordings"]))
    return {"made": now.isoformat(), "schemas": list(fields.values()), "errors": list(codes.values())}
