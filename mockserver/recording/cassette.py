"""The format of a cassette: one JSON file for each interaction, as `schemas/cassette.schema.json` has it.

A file is made to be read in a diff: the request pretty, the answer as its exact chunks, one to a line, and
as the reply that they fold to. Files are written whole or not at all.
"""

import json
import os
import re
from base64 import b64decode, b64encode
from dataclasses import replace
from pathlib import Path
from typing import Any

from mockserver.base.jsontext import loads_bounded
from mockserver.recording import coding, documents, parts
from mockserver.recording.interaction import Chunk, Interaction, Request, Response
from mockserver.recording.redaction import Redaction
from mockserver.rules import schemas

FORMAT = "dashscope-mock-cassette/1"
MOST_BYTES = 256 * 1024 * 1024
"""The largest file that is read, in bytes."""

_LINE_END = re.compile(r"[\r\n\x00]")
TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""The name of a header (RFC 9110, 5.6.2)."""

_BODILESS = (204, 304)
_DIGITS = 19
"""No length has as many digits."""


class CassetteError(ValueError):
    """A file or a folder that is no cassette; the message says which, why and what to do."""


def redacted(interaction: Interaction, redaction: Redaction) -> Interaction:
    """The interaction without its secrets. Raises `coding.UncleanError`."""
    request, response = interaction.request, interaction.response
    redaction = redaction.knowing([*request.headers, *response.headers])
    return replace(
        interaction,
        request=replace(
            request,
            path=redaction.path(request.path),
            query=redaction.query(request.query),
            headers=redaction.pairs(request.headers),
            body=redaction.request_body(request.body),
        ),
        response=_redacted_response(response, redaction),
        client=redaction.text(interaction.client),
        source=redaction.text(interaction.source),
    )


def _redacted_response(response: Response, redaction: Redaction) -> Response:
    ends, size = [], 0
    for chunk in response.chunks:
        size += len(chunk.data)
        ends.append(size)
    name = coding.coding_of(response.headers)
    plain = coding.decoded(response.raw, name)
    clean, borders = redaction.answer_body(plain, ends if name == "identity" else ())
    headers = redaction.pairs(response.headers)
    if clean == plain:
        return replace(response, headers=headers)
    if name != "identity":
        # Packed anew, the chunks end where they ended before, as far as there is something left.
        clean = coding.packed(clean, name)
        borders = [min(end, len(clean)) for end in ends[:-1]] + [len(clean)]
    chunks, start = [], 0
    for chunk, end in zip(response.chunks, borders, strict=True):
        chunks.append(Chunk(chunk.at, clean[start:end]))
        start = end
    longer = len(clean) - ends[-1]
    headers = [
        (key, str(int(value) + longer) if key.lower() == "content-length" and value.isdecimal() else value)
        for key, value in headers
    ]
    return replace(response, headers=headers, chunks=tuple(chunk for chunk in chunks if chunk.data))


def _bytes_document(data: bytes, *, as_json: bool = False) -> dict[str, Any]:
    """Bytes as a file shows them: JSON, text, or base64 where they are neither."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return {"base64": b64encode(data).decode()}
    if as_json and text[:1] in ("{", "["):
        try:
            value = loads_bounded(data)
        except ValueError:
            return {"text": text}
        return {"json": value} if documents.parse(text) == value else {"text": text}
    return {"text": text}


def _bytes_of(document: Any) -> bytes:
    if "base64" in document:
        return b64decode(document["base64"])
    if "text" in document:
        text: str = document["text"]
        return text.encode("utf-8")
    return json.dumps(document["json"], ensure_ascii=False, separators=(",", ":")).encode("utf-8")


def to_document(interaction: Interaction) -> dict[str, Any]:
    """The interaction as its file holds it."""
    from mockserver.recording import canonical  # noqa: PLC0415 - it reads interactions

    request, response = interaction.request, interaction.response
    keys = canonical.keys_of(request)
    chunks = [{"at": round(chunk.at, 3), **_bytes_document(chunk.data)} for chunk in response.chunks]
    document = {
        "format": FORMAT,
        "recorded": interaction.recorded,
        "tool": interaction.tool,
        "client": interaction.client,
        "surface": interaction.surface,
        "model": interaction.model,
        "key": {"strict": keys.strict, "conversation": keys.talk, "system": keys.system},
        "request": {
            "method": request.method,
            "path": request.path,
            "query": request.query,
            "headers": [list(pair) for pair in request.headers],
            "body": _bytes_document(request.body, as_json=True),
        },
        "response": {
            "status": response.status,
            "headers": [list(pair) for pair in response.headers],
            "end": response.end,
            **({} if response.kept == "whole" else {"kept": response.kept}),
            **({"lost": response.lost} if response.lost else {}),
            "chunks": chunks,
        },
        "reply": interaction.folded().shown(),
    }
    if interaction.source:
        document["source"] = interaction.source
    return document


def from_document(document: Any, where: str) -> Interaction:
    """The interaction of a file's JSON. Raises `CassetteError`."""
    found = schemas.violations("cassette", document)
    if found:
        place = found[0].path or "the file"
        msg = f"{where}: {place}: {found[0].message[:200]}; docs/cassettes.md describes the format"
        raise CassetteError(msg)
    request, response = document["request"], document["response"]
    try:
        made = Interaction(
            request=Request(
                method=request["method"],
                path=request["path"],
                query=request["query"],
                headers=[(name, value) for name, value in request["headers"]],
                body=_bytes_of(request["body"]),
            ),
            response=Response(
                status=response["status"],
                headers=[(name, value) for name, value in response["headers"]],
                chunks=tuple(Chunk(float(chunk["at"]), _bytes_of(chunk)) for chunk in response["chunks"]),
                end=response["end"],
                kept=response.get("kept", "whole"),
                lost=response.get("lost", ""),
            ),
            recorded=document["recorded"],
            client=document["client"],
            tool=document["tool"],
            source=document.get("source", ""),
        )
    except ValueError as error:  # base64 that is none, a text that UTF-8 cannot carry
        msg = f"{where}: {error}; docs/cassettes.md describes the format"
        raise CassetteError(msg) from None
    return sendable(made, where)


def sendable(interaction: Interaction, where: str) -> Interaction:
    """The interaction, when HTTP can carry it. Raises `CassetteError` with the place of what it cannot."""
    for side, message in (("request", interaction.request), ("response", interaction.response)):
        for at, (name, value) in enumerate(message.headers):
            place = f"{where}: {side}.headers[{at}]"
            if _LINE_END.search(name + value):
                msg = f"{place}: {name[:40]!r} holds a line end, which no header can; write it on one line"
                raise CassetteError(msg)
            if side == "response" and not TOKEN.fullmatch(name):
                msg = f"{place}: {name[:40]!r} is no name of a header; write letters, digits and `-`"
                raise CassetteError(msg)
    response = interaction.response
    size = len(response.raw)
    bare = interaction.request.method == "HEAD" or response.status in _BODILESS
    for at, (name, value) in enumerate(response.headers):
        if name.lower() != "content-length" or bare:
            continue
        length = int(value) if value.isdecimal() and len(value) < _DIGITS else -1
        if length != size if response.end == "complete" else length < size:
            place = f"{where}: response.headers[{at}]"
            msg = f"{place}: content-length is {value[:40]!r}, and the chunks hold {size} bytes; write {size}"
            raise CassetteError(msg)
    return interaction


def pretty(value: Any, indent: int = 0) -> str:
    """JSON for people: indented, but pairs, and small objects that hold no others, on one line."""
    flat = json.dumps(value, ensure_ascii=False)
    pad = "  " * (indent + 1)
    if isinstance(value, dict) and value:
        small = indent > 1 and not any(isinstance(item, dict | list) for item in value.values())
        if small and ("at" in value or len(flat) <= 100):  # noqa: PLR2004 - a line of a page
            return flat
        rows = [
            f"{json.dumps(key, ensure_ascii=False)}: {pretty(item, indent + 1)}"
            for key, item in value.items()
        ]
        return "{\n" + ",\n".join(pad + row for row in rows) + "\n" + "  " * indent + "}"
    if isinstance(value, list) and value and any(isinstance(item, dict | list) for item in value):
        rows = [pretty(item, indent + 1) for item in value]
        return "[\n" + ",\n".join(pad + row for row in rows) + "\n" + "  " * indent + "]"
    return flat


def encode(interaction: Interaction) -> bytes:
    """The bytes of an interaction's file; half characters, which UTF-8 has none of, as JSON escapes them."""
    return (pretty(to_document(interaction)) + "\n").encode("utf-8", "backslashreplace")


def read(path: Path) -> Interaction:
    """The interaction in a file. Raises `CassetteError`."""
    try:
        if path.stat().st_size > MOST_BYTES:
            msg = f"{path.name} is larger than {MOST_BYTES // 1024**2} MB; no interaction is"
            raise CassetteError(msg)
        document = json.loads(path.read_bytes())
    except OSError as error:
        msg = f"{path.name} cannot be read: {error.strerror}"
        raise CassetteError(msg) from None
    except (ValueError, RecursionError) as error:
        msg = f"{path.name} is no JSON: {error}; restore it, or delete it and record again"
        raise CassetteError(msg) from None
    return from_document(document, path.name)


def stem_of(interaction: Interaction) -> str:
    """The name of an interaction's file without number and ending: it depends on nothing but the request."""
    from mockserver.recording import canonical  # noqa: PLC0415 - it reads interactions

    model = re.sub(r"[^A-Za-z0-9.]+", "-", interaction.model).strip("-.")[:60]
    parts = [interaction.surface, model, canonical.keys_of(interaction.request).strict[:8]]
    return "-".join(part for part in parts if part)


def _numbered(stem: str, number: int) -> str:
    return f"{stem}.json" if number == 1 else f"{stem}-{number}.json"


def write(folder: Path, interaction: Interaction, *, over: str | None = None) -> str:
    """Writes an interaction, whole or not at all, and returns its file's name.

    The first free name of its stem is taken, so that two recorders lose nothing; `over` names a file that
    is replaced instead. Raises `CassetteError` when the folder cannot be written.
    """
    content = encode(interaction)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with parts.new(folder) as (part, file):
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
            name = _placed(folder, part, stem_of(interaction), over)
        _sync_folder(folder)
    except OSError as error:
        msg = f"{folder} cannot be written: {error.strerror}; name a folder that can, with --cassette DIR"
        raise CassetteError(msg) from None
    return name


def _placed(folder: Path, part: Path, stem: str, over: str | None) -> str:
    if over is not None:
        part.replace(folder / over)
        return over
    number = 1
    while True:
        name = _numbered(stem, number)
        try:
            # A link fails where a name is taken, also by another recorder at this very moment.
            os.link(part, folder / name)
        except FileExistsError:
            number += 1
        else:
            return name


def _sync_folder(folder: Path) -> None:
    """Brings the name to the disk, not only the content."""
    if os.name == "nt":  # pragma: no cover - folders cannot be opened there
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
