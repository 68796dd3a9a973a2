"""Exchanges, written to files as real recorders write them: versions as in `fixtures/recorders.json`.

Each writer keeps and loses what its tool does, so that what is imported can be held against what was sent.
"""

import gzip
import json
import zlib
from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from mockserver.recording.importers.charsets import named
from tests.recording.exchanges import COMPAT, asked, dumped

URL = "https://dashscope.aliyuncs.com"
SENT = {"content-type": "application/json"}


@dataclass(frozen=True, kw_only=True)
class Sent:
    """One exchange: what was asked, and what was sent. `cut`: only so many bytes of it came."""

    answer: bytes
    asked: bytes = dumped(asked())
    path: str = COMPAT
    status: int = 200
    mime: str = "application/json"
    packed: bool = False
    coding: str = "gzip"
    cut: int | None = None

    @property
    def wire(self) -> bytes:
        """The bytes of the body as they came."""
        packers = {"gzip": lambda data: gzip.compress(data, mtime=0), "deflate": zlib.compress}
        whole = packers[self.coding](self.answer) if self.packed else self.answer
        return whole[: self.cut]

    @property
    def headers(self) -> dict[str, str]:
        """The headers of the answer."""
        return {"content-type": self.mime, **({"content-encoding": self.coding} if self.packed else {})}

    def charset(self, of_texts: str) -> str:
        """The charset that a tool reads the answer in: what its type names, else one for all texts."""
        return named(self.mime) or (of_texts if self.mime.startswith("text/") else "utf-8")


def _is_text(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _lists(headers: dict[str, str]) -> dict[str, list[str]]:
    return {name: [value] for name, value in headers.items()}


class _Quoting(yaml.SafeDumper):
    """Puts every text in quotes, as all of these tools do where it could be something else."""


_Quoting.add_representer(
    str, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"')
)


def _written(path: Path, document: Any, *, as_yaml: bool = False) -> Path:
    if as_yaml:
        text = yaml.dump(document, Dumper=_Quoting, sort_keys=False)
        path.write_text(text, encoding="utf-8", newline="")
    else:
        path.write_text(json.dumps(document), encoding="utf-8")
    return path


def _vcr_text(data: bytes) -> str | bytes:
    return data.decode("utf-8") if _is_text(data) else data


def vcr(folder: Path, sent: Sequence[Sent]) -> Path:
    """vcrpy 9.4: texts, and !!binary for what is none."""
    entries = [
        {
            "request": {
                "method": "POST",
                "uri": URL + one.path,
                "headers": _lists(SENT),
                "body": _vcr_text(one.asked),
            },
            "response": {
                "status": {"code": one.status, "message": "OK"},
                "headers": _lists(one.headers),
                "body": {"string": _vcr_text(one.wire)},
            },
        }
        for one in sent
    ]
    return _written(folder / "exchanges.yaml", {"interactions": entries, "version": 1}, as_yaml=True)


def go_vcr(folder: Path, sent: Sequence[Sent]) -> Path:
    """go-vcr 4.0: version 2, the status as a number beside its words."""
    entries = [
        {
            "id": at,
            "request": {
                "method": "POST",
                "url": URL + one.path,
                "headers": _lists(SENT),
                "body": _vcr_text(one.asked),
            },
            "response": {
                "content_length": len(one.wire) if one.cut is None else len(one.answer),
                "uncompressed": False,
                "body": _vcr_text(one.wire),
                "headers": _lists(one.headers),
                "status": f"{one.status} OK",
                "code": one.status,
                "duration": "213.741835ms",
            },
        }
        for at, one in enumerate(sent)
    ]
    return _written(folder / "exchanges.yaml", {"version": 2, "interactions": entries}, as_yaml=True)


def betamax(folder: Path, sent: Sequence[Sent]) -> Path:
    """betamax 0.9: a text with its encoding, ISO-8859-1 for texts without a charset; gzip is base64."""

    def body(one: Sent) -> dict[str, str]:
        if one.packed and one.coding == "gzip":
            return {"encoding": "utf-8", "base64_string": b64encode(one.wire).decode()}
        charset = one.charset("ISO-8859-1")
        return {"encoding": charset, "string": one.wire.decode(charset, "replace")}

    entries = [
        {
            "request": {
                "method": "POST",
                "uri": URL + one.path,
                "headers": _lists(SENT),
                "body": {"encoding": "utf-8", "string": one.asked.decode()},
            },
            "response": {
                "status": {"code": one.status, "message": "OK"},
                "headers": _lists(one.headers),
                "body": body(one),
                "url": URL + one.path,
            },
            "recorded_at": "2026-02-02T00:00:00",
        }
        for one in sent
    ]
    document = {"http_interactions": entries, "recorded_with": "betamax/0.9.0"}
    return _written(folder / "exchanges.json", document)


def _typed(data: bytes) -> tuple[str, Any]:
    if not data:
        return "none", None
    if not _is_text(data):
        return "binary", data.hex()
    try:
        value = json.loads(data)
    except ValueError:
        value = None
    return ("json", value) if isinstance(value, dict | list) else ("text", data.decode("utf-8"))


def cassetter(folder: Path, sent: Sequence[Sent]) -> Path:
    """cassetter 0.16 in YAML: bodies by type, unpacked."""

    def body(data: bytes) -> dict[str, Any]:
        kind, content = _typed(data)
        return {"type": kind, "content": content}

    entries = [
        {
            "request": {
                "method": "POST",
                "uri": URL + one.path,
                "headers": _lists(SENT),
                "body": body(one.asked),
            },
            "response": {
                "status": one.status,
                "headers": _lists(one.headers),
                "body": body(one.answer[: one.cut]),
            },
            "recorded_at": "2026-02-02T00:00:00.000000+00:00",
        }
        for one in sent
    ]
    return _written(folder / "exchanges.yaml", {"version": 1, "interactions": entries}, as_yaml=True)


def cassetter_toml(folder: Path, sent: Sequence[Sent]) -> Path:
    """cassetter 0.16 in TOML: JSON is a text there."""

    def text(value: str) -> str:
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")

    def body(data: bytes) -> list[str]:
        kind, content = _typed(data)
        if kind == "none":
            return ['body_type = "none"']
        held = json.dumps(content, ensure_ascii=False) if kind == "json" else str(content)
        return [f'body_type = "{kind}"', f"body_content = {text(held)}"]

    rows = ["version = 1"]
    for one in sent:
        rows += ["[[interactions]]", "[interactions.request]", 'method = "POST"', f'uri = "{URL}{one.path}"']
        rows += [*body(one.asked), "[interactions.request.headers]", 'content-type = ["application/json"]']
        rows += ["[interactions.response]", f"status = {one.status}", *body(one.answer[: one.cut])]
        rows += ["[interactions.response.headers]", f'content-type = ["{one.mime}"]']
    path = folder / "exchanges.toml"
    path.write_text("\n".join(rows), encoding="utf-8", newline="")
    return path


def nock(folder: Path, sent: Sequence[Sent]) -> Path:
    """nock 15.0: JSON as values, packed answers as a list of hex, what is no UTF-8 as one text of hex."""

    def response(one: Sent) -> tuple[Any, bool]:
        if one.packed:
            half = len(one.wire) // 2
            return [part.hex() for part in (one.wire[:half], one.wire[half:])], False
        if not _is_text(one.wire):
            return one.wire.hex(), True
        try:
            return json.loads(one.wire), False
        except ValueError:
            return one.wire.decode("utf-8"), False

    entries = []
    for one in sent:
        value, binary = response(one)
        entries.append(
            {
                "scope": f"{URL}:443",
                "method": "POST",
                "path": one.path,
                "body": json.loads(one.asked),
                "status": one.status,
                "response": value,
                "rawHeaders": one.headers,
                "responseIsBinary": binary,
            }
        )
    return _written(folder / "exchanges.json", entries)


def _entry(one: Sent, content: dict[str, Any], *, failure: str = "") -> dict[str, Any]:
    pairs = [{"name": name, "value": value} for name, value in one.headers.items()]
    response: dict[str, Any] = {"status": one.status, "headers": pairs, "content": content, "bodySize": -1}
    if failure:
        response["_failureText"] = failure
    return {
        "startedDateTime": "2026-02-02T00:00:00.000Z",
        "request": {
            "method": "POST",
            "url": URL + one.path,
            "headers": [{"name": name, "value": value} for name, value in SENT.items()],
            "bodySize": len(one.asked),
            "postData": {"mimeType": "application/json", "params": [], "text": one.asked.decode()},
        },
        "response": response,
        "timings": {"send": 0, "wait": 5, "receive": 5},
    }


def har(folder: Path, sent: Sequence[Sent], content: Callable[[Sent], dict[str, Any]] | None = None) -> Path:
    """Chromium and Playwright: unpacked texts with their size; of what broke off nothing."""

    def held(one: Sent) -> dict[str, Any]:
        if one.cut is not None:
            return {"size": -1, "mimeType": one.mime}
        text = one.answer.decode(one.charset("utf-8"), "replace")
        return {"size": len(one.answer), "mimeType": one.mime, "text": text}

    entries = [
        _entry(one, (content or held)(one), failure="net::ERR_ABORTED" if one.cut is not None else "")
        for one in sent
    ]
    document = {"log": {"version": "1.2", "creator": {"name": "made", "version": "1"}, "entries": entries}}
    return _written(folder / "exchanges.har", document)


def chrome(folder: Path, sent: Sequence[Sent]) -> Path:
    """Chromium, which reads a stream without a charset as windows-1252."""

    def held(one: Sent) -> dict[str, Any]:
        data, charset = one.answer, one.charset("cp1252")
        if charset == "cp1252":
            text = "".join(bytes([byte]).decode("cp1252", "ignore") or chr(byte) for byte in data)
        else:
            text = data.decode(charset, "replace")
        return {"size": -1 if one.cut is not None else len(data), "mimeType": one.mime} | (
            {} if one.cut is not None else {"text": text}
        )

    return har(folder, sent, held)


def mitmproxy(folder: Path, sent: Sequence[Sent]) -> Path:
    """mitmproxy 12.3: texts, ISO-8859-1 without a charset, and the size of the packed body."""

    def held(one: Sent) -> dict[str, Any]:
        text = one.answer[: one.cut].decode(one.charset("ISO-8859-1"), "surrogateescape")
        return {"size": len(one.wire), "mimeType": one.mime, "compression": 0, "text": text}

    return har(folder, sent, held)


def _polly_plain(one: Sent, marked: dict[str, Any], written: Callable[[bytes], str]) -> dict[str, Any]:
    if _is_text(one.wire):
        return {"mimeType": one.mime, "size": len(one.wire), "text": one.wire.decode("utf-8")}
    return {"mimeType": one.mime, "size": len(one.wire), **marked, "text": written(one.wire)}


def polly(folder: Path, sent: Sequence[Sent]) -> Path:
    """Polly.js 6.0: packed answers as a JSON list of base64 in pieces."""

    def held(one: Sent) -> dict[str, Any]:
        if not one.packed:
            return _polly_plain(one, {"encoding": "base64"}, lambda data: b64encode(data).decode())
        parts = [one.wire[at : at + 17] for at in range(0, len(one.wire), 17)]
        text = json.dumps([b64encode(part).decode() for part in parts])
        return {"mimeType": one.mime, "size": len(parts), "encoding": "base64", "text": text}

    return har(folder, sent, held)


def polly5(folder: Path, sent: Sequence[Sent]) -> Path:
    """Polly.js 5.1: the same in hex, marked as binary."""

    def held(one: Sent) -> dict[str, Any]:
        if not one.packed:
            return _polly_plain(one, {"_isBinary": True}, bytes.hex)
        half = len(one.wire) // 2
        text = json.dumps([part.hex() for part in (one.wire[:half], one.wire[half:])])
        return {"mimeType": one.mime, "size": 2 * len(one.wire), "_isBinary": True, "text": text}

    return har(folder, sent, held)


def wiremock(folder: Path, sent: Sequence[Sent]) -> Path:
    """WireMock 3.13: texts in their charset, of gzip unpacked; the newest with the lowest number."""
    (folder / "mappings").mkdir(exist_ok=True)
    for at, one in enumerate(sent):
        data = one.wire if one.packed and one.coding != "gzip" else one.answer[: one.cut]
        if one.mime.startswith(("text/", "application/json")):
            body = {"body": data.decode(one.charset("utf-8"), "replace")}
        else:
            body = {"base64Body": b64encode(data).decode()}
        mapping = {
            "request": {
                "url": one.path,
                "method": "POST",
                "bodyPatterns": [{"equalToJson": one.asked.decode()}],
            },
            "response": {"status": one.status, **body, "headers": {"content-type": one.mime}},
            "uuid": f"{at}",
            "insertionIndex": len(sent) - at,
        }
        _written(folder / "mappings" / f"{(at * 7919) % 1000}-{at}.json", mapping)
    return folder


WRITERS: dict[str, Callable[[Path, Sequence[Sent]], Path]] = {
    "vcr": vcr,
    "go-vcr": go_vcr,
    "betamax": betamax,
    "cassetter": cassetter,
    "cassetter-toml": cassetter_toml,
    "nock": nock,
    "har": har,
    "chrome": chrome,
    "mitmproxy": mitmproxy,
    "polly": polly,
    "polly-5": polly5,
    "wiremock": wiremock,
}
"""The writers by their names."""
