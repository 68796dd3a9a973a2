"""All importers over what their tools write: what is called complete is what was sent, to the byte."""

import json
import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from mockserver.recording import cassette
from mockserver.recording.importers import NAMES, ImportFaultError, Skipped, Taken, found
from mockserver.recording.importers.charsets import named
from tests.recording.exchanges import COMPAT, TEXT, asked, compat_frames, dumped, native_asked, native_frames
from tests.recording.importers.tools import WRITERS, Sent
from tests.wire.strategies import json_values, texts

SAID = st.one_of(
    texts, st.sampled_from(["你好", "Ã©t茶", "é", "ÿþ", "\ufffd", "12:30", "no", "1e3", "2026-01-01"])
)

SOME = settings(max_examples=int(os.environ.get("IMPORTED_EXAMPLES", "20")))
"""So many for each tool, within a minute; `scripts/nightly importers` has an hour's worth."""


TYPES = [
    "text/plain",
    "text/plain; charset=gbk",
    "text/html; charset=ISO-8859-1",
    "application/json; charset=gbk",
]


@st.composite
def odd(draw: st.DrawFn) -> Sent:
    """An answer as a gateway gives it: a text in some charset, values that are no objects, bytes."""
    said = draw(st.sampled_from(['"tea"', "1.0", "null", " \n", "key: value", "> tea", "- a", "~"]) | SAID)
    mime = draw(st.sampled_from([*TYPES, "application/json", "application/octet-stream"]))
    answer = draw(st.just(said.encode(named(mime) or "utf-8", "ignore")) | st.binary(max_size=20))
    return Sent(
        answer=answer,
        mime=mime,
        status=draw(st.sampled_from([200, 502])),
        packed=draw(st.booleans()),
        coding=draw(st.sampled_from(["gzip", "deflate"])),
    )


@st.composite
def sent(draw: st.DrawFn) -> Sent:
    """An exchange of a chat, plain or streamed, of either dialect, whole or cut."""
    pieces = draw(st.lists(SAID, min_size=1, max_size=3))
    streamed, native = draw(st.booleans()), draw(st.booleans())
    if streamed:
        answer = b"".join((native_frames if native else compat_frames)(*pieces))
    else:
        answer = dumped({"choices": [{"message": {"content": "".join(pieces)}}], "n": draw(json_values)})
    made = Sent(
        asked=dumped(native_asked(pieces[0]) if native else asked(pieces[0], stream=streamed)),
        path=TEXT if native else COMPAT,
        status=draw(st.sampled_from([200, 400])),
        answer=answer,
        mime=draw(st.sampled_from(["text/event-stream", "text/event-stream;charset=UTF-8"]))
        if streamed
        else "application/json",
        packed=draw(st.booleans()),
        coding=draw(st.sampled_from(["gzip", "deflate"])),
    )
    cut = draw(st.none() | st.integers(0, len(made.wire) - 1))
    return made if cut is None else Sent(**{**vars(made), "cut": cut})


def held_against(one: Any, exchange: Sent) -> None:
    """What was imported, against what was sent."""
    if isinstance(one, Skipped):
        event("skipped")
        return
    assert isinstance(one, Taken)
    response = one.interaction.response
    standing = response.standing
    event(standing)
    assert cassette.sendable(one.interaction, "here")
    assert cassette.encode(one.interaction)
    if standing == "complete":
        assert response.body == exchange.answer
    elif standing == "cut":
        sent_so_far = exchange.answer.startswith(response.body) or exchange.wire.startswith(response.raw)
        assert sent_so_far or response.kept == "rebuilt"
    elif standing == "missing":
        assert response.raw == b""
    else:
        assert response.lost
    asks = one.interaction.request.body
    assert json.loads(asks) == json.loads(exchange.asked)


@SOME
@pytest.mark.parametrize("tool", WRITERS)
@given(exchanges=st.lists(sent() | odd(), min_size=1, max_size=3))
def test_what_is_called_complete_is_what_was_sent(tool: str, exchanges: list[Sent]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        made = [one for _, one in found(WRITERS[tool](Path(folder), exchanges))]
        assert len(made) == len(exchanges)
        for one, exchange in zip(made, exchanges, strict=True):
            held_against(one, exchange)


@SOME
@pytest.mark.parametrize("tool", WRITERS)
@given(exchange=sent(), noise=st.binary(max_size=40), at=st.integers(0, 10_000), gone=st.integers(0, 60))
def test_no_damage_is_too_odd_for_a_result_or_a_clear_error(
    tool: str, exchange: Sent, noise: bytes, at: int, gone: int
) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = WRITERS[tool](folder, [exchange])
        files = [file for file in folder.rglob("*") if file.is_file()]
        raw = files[0].read_bytes()
        place = at % (len(raw) + 1)
        files[0].write_bytes(raw[:place] + noise + raw[place + gone :])
        with suppress(ImportFaultError):
            for _, one in found(path):
                assert one


@settings(max_examples=10)
@given(value=json_values)
def test_nor_is_any_value_in_any_place(value: Any) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for tool in ("betamax", "nock", "har", "go-vcr", "cassetter"):
            shutil.rmtree(folder)
            folder.mkdir()
            path = WRITERS[tool](folder, [Sent(answer=b"{}")])
            if path.suffix == ".yaml":
                continue
            document = json.loads(path.read_bytes())
            for damaged in each_replaced(document, value):
                path.write_text(json.dumps(damaged))
                for kind in (None, *NAMES):
                    with suppress(ImportFaultError):
                        list(found(path, kind))


def each_replaced(document: Any, value: Any, most: int = 12) -> list[Any]:
    """The document with a value in the place of another, for some of its places."""
    places: list[Any] = []

    def walk(item: Any) -> None:
        keys = item.keys() if isinstance(item, dict) else range(len(item)) if isinstance(item, list) else ()
        for key in keys:
            places.append((item, key))
            walk(item[key])

    walk(document)
    made = []
    for item, key in places[:: max(1, len(places) // most)]:
        before, item[key] = item[key], value
        made.append(json.loads(json.dumps(document)))
        item[key] = before
    return made
