"""A file's content as data, whatever it is written in: JSON, YAML, TOML, or something of its own.

YAML is loaded by PyYAML's safe loader, which makes no objects; how plain scalars are read, the tool decides.
"""

import re
import tomllib
from base64 import b64decode
from binascii import Error
from pathlib import Path
from typing import Any, Literal

import yaml

from mockserver.recording import documents
from mockserver.recording.importers import pieces

Numbers = Literal["text", "1.1", "core"]
"""How plain scalars of YAML are read: all as texts, as in YAML 1.1, or as in YAML 1.2's core schema."""

Kind = Literal["json", "yaml", "toml", "lines", "flows", "message"]

_MOST_VALUES = 4_000_000
"""The most values of a file, an alias counted as what it stands for."""

_COLONS = 100
"""The most colons of a number to the base 60, as 12:30:00 is one with two."""

_TOML = re.compile(rb"(?m)^\[\[?[A-Za-z]")
_FLOWS = re.compile(rb"\d{1,12}:\d{1,12}:")
_MESSAGE = re.compile(rb"\s*(?:HTTP/[0-9.]+ |[*>{}<] )")
_LINES = re.compile(rb"\s*\{[^\n]*\}\s*\n\s*\{")

_NEXT_LINE = b"\xc2\x85"
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
"""How YAML in UTF-16 begins."""

_NO_TEXT = "it is no text in UTF-8, as recordings in JSON, YAML and TOML are"

_SAFE: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The safe loader in C, where there is one."""


def _strict_binary(_: yaml.SafeLoader, node: yaml.ScalarNode) -> bytes:
    try:
        return b64decode("".join(str(node.value).split()), validate=True)
    except (Error, ValueError):
        msg = "a !!binary is no base64"
        raise yaml.constructor.ConstructorError(None, None, msg, node.start_mark) from None


def _short(loader: Any, node: yaml.Node) -> Any:
    """A number as YAML 1.1 reads it, unless it is one to the base 60 that takes long to multiply."""
    if isinstance(node, yaml.ScalarNode) and node.value.count(":") > _COLONS:
        msg = f"a number to the base 60 has more than {_COLONS} colons: put it in quotes if it is a text"
        raise yaml.constructor.ConstructorError(None, None, msg, node.start_mark)
    return _SAFE.yaml_constructors[node.tag](loader, node)


class _Plain(_SAFE):  # type: ignore[misc]  # which of the two, is known when it runs
    """Reads what the safe loader reads, base64 strictly."""


class _Texts(_Plain):
    """Reads plain scalars as texts; only null is none."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - as the class above has it


class _Core(_Texts):
    """Reads plain scalars as YAML 1.2 does (10.3.2): 12:30, no and dates are texts."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - the same


_Plain.add_constructor("tag:yaml.org,2002:binary", _strict_binary)
for _tag in ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float"):
    _Plain.add_constructor(_tag, _short)
for _loader in (_Texts, _Core):
    _loader.add_implicit_resolver(
        "tag:yaml.org,2002:null", re.compile(r"(?:null|Null|NULL|~|)\Z"), [*"nN~", ""]
    )
_Core.add_implicit_resolver(
    "tag:yaml.org,2002:bool", re.compile(r"(?:true|True|TRUE|false|False|FALSE)\Z"), [*"tTfF"]
)
_Core.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"[-+]?[0-9]+\Z"), [*"-+0123456789"])
_Core.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z"),
    [*"-+.0123456789"],
)
_Core.add_constructor("tag:yaml.org,2002:int", lambda _, node: int(node.value))
_Core.add_constructor("tag:yaml.org,2002:float", lambda _, node: float(node.value))

_LOADERS: dict[Numbers, Any] = {"text": _Texts, "1.1": _Plain, "core": _Core}


def kind_of(raw: bytes) -> Kind:
    """What a file is written in, by its content."""
    head = raw[:4096].lstrip()
    if head[:1] in (b"{", b"["):
        lines = _LINES.match(raw) is not None and documents.parse(raw) is documents.UNREADABLE
        return "lines" if lines else "json"
    if _FLOWS.match(head):
        return "flows"
    if _MESSAGE.match(head):
        return "message"
    return "toml" if _TOML.search(raw) and not re.match(rb"---|[a-z_]+:", head) else "yaml"


def written(raw: bytes) -> Kind:
    """The same for a file that is known to be a document: JSON, YAML or TOML."""
    kind = kind_of(raw)
    return kind if kind in ("json", "toml") else "yaml"


def loaded(path: Path, raw: bytes, kind: Kind, numbers: Numbers = "text") -> Any:
    """The data of a file. Raises `ImportFaultError`."""
    if not raw.startswith(_UTF_16):
        try:
            raw.decode("utf-8")
        except UnicodeDecodeError as error:
            raise pieces.fault(path.name, f"{_NO_TEXT} (from byte {error.start} on)") from None
    if kind == "json":
        found = documents.parse(raw)
        if found is documents.UNREADABLE:
            raise pieces.fault(path.name, documents.unreadable(raw))
        return found
    if kind == "toml":
        try:
            return tomllib.loads(raw.decode("utf-8"))
        except (ValueError, RecursionError) as error:
            raise pieces.fault(path.name, f"it is no TOML: {error}") from None
    return _yaml(path, raw, numbers)


def _yaml(path: Path, raw: bytes, numbers: Numbers) -> Any:
    if _NEXT_LINE in raw:
        words = (
            "it holds U+0085, which YAML 1.1 takes for the end of a line; write it as \\N in double quotes"
        )
        raise pieces.fault(path.name, words)
    try:
        value = yaml.load(raw, Loader=_LOADERS[numbers])  # noqa: S506 - it is the safe one
    except (
        yaml.YAMLError,
        ValueError,
        RecursionError,
        AttributeError,
        TypeError,
        LookupError,
        ArithmeticError,
    ) as error:
        words = " ".join(str(error).split())
        raise pieces.fault(path.name, f"it is no plain YAML: {words}") from None
    _bounded(value, path)
    return value


def _bounded(value: Any, path: Path) -> None:
    """Walks through a value, an alias as often as it is met. Raises `ImportFaultError` beyond all measure."""
    left, count = [value], 0
    while left:
        item = left.pop()
        inner = list(item.values()) if isinstance(item, dict) else item if isinstance(item, list) else ()
        count += len(inner)
        if count > _MOST_VALUES:
            raise pieces.fault(path.name, "its aliases unfold to too much; write it without aliases")
        left += inner
