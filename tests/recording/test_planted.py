"""Secrets of every listed form, planted at every place: nothing of them is left, and nothing else changes."""

import base64
import gzip
import json
import re
import string
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mockserver.base import secrecy
from mockserver.base.secrecy import Form
from mockserver.recording.cassette import redacted
from mockserver.recording.interaction import Interaction
from mockserver.recording.redaction import MARK, Redaction
from tests.recording.exchanges import (
    JSON_TYPE,
    TEXT,
    asked,
    compat_body,
    compat_frames,
    dumped,
    interaction,
    native_asked,
    native_frames,
)

FORMS = {form.shown: form for form in secrecy.listed().forms}
LETTERS = string.ascii_letters + string.digits
HEX = string.digits + "abcdef"


def run(letters: str, least: int, most: int) -> st.SearchStrategy[str]:
    """Letters and at least one digit, which some forms need."""
    return st.text(letters, min_size=least, max_size=most).map(lambda text: f"{text[:-1]}7")


def keys(form: Form) -> st.SearchStrategy[str]:
    """Keys of a form; those that are no one run of characters are written out here."""
    made: dict[str, st.SearchStrategy[str]] = {
        "Zhipu key": st.tuples(run(HEX, 32, 32), run(LETTERS, 16, 16)).map(".".join),
        "JSON web token": st.tuples(*[run(LETTERS, 15, 30)] * 3).map(lambda parts: f"eyJ{'.'.join(parts)}"),
        "private key": run(LETTERS + "+/", 60, 90).map(
            lambda text: f"-----BEGIN RSA PRIVATE KEY-----\n{text}\n"
        ),
    }
    if form.shown in made:
        return made[form.shown]
    allowed = re.search(r"\(\[(.*?)\]\+\+\)", form.pattern.pattern)
    assert allowed is not None
    letters = "".join(letter for letter in LETTERS if re.fullmatch(f"[{allowed[1]}]", letter))
    most = min(form.most or form.least + 20, form.least + 20)
    return st.tuples(st.sampled_from(form.begins), run(letters, form.least, most)).map("".join)


SURROUNDED = ("Model Studio workspace host", "user and password of a URL")
"""Those that are known by what stands around them."""

secrets = st.sampled_from([form for name, form in FORMS.items() if name not in SURROUNDED]).flatmap(keys)
oneline = secrets.filter(lambda secret: "\n" not in secret)
simple = oneline.filter(lambda secret: re.fullmatch(r"[\w.-]+", secret) is not None)

BOUNDARY = b"--leaf"


def multipart(value: str) -> bytes:
    """A form with files, as browsers send it."""
    parts = [("note", f"see {value} there"), ("file", "tea")]
    told = "".join(
        f'--leaf\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{held}\r\n' for name, held in parts
    )
    return f"{told}--leaf--\r\n".encode()


def in_pieces(value: str, *, size: int = 5) -> list[str]:
    text = f"see {value} there"
    return [text[at : at + size] for at in range(0, len(text), size)]


def in_base64(value: str) -> str:
    """A text that holds a secret in base64; where none is left, the mark stands in its place."""
    return value if value == MARK else base64.b64encode(f"see {value} there".encode()).decode()


Place = Callable[[str], Interaction]

PLACES: dict[str, Place] = {
    "header": lambda value: interaction(sent=[("x-note", f"see {value} there"), ("x-b", "tea")]),
    "answer's header": lambda value: interaction(headers=[JSON_TYPE, ("x-note", f"see {value} there")]),
    "query": lambda value: interaction(query=f"a=1&q={value}&b=2"),
    "path": lambda value: interaction(path=f"/v1/tea/{value}"),
    "text of JSON": lambda value: interaction(asked(f"see {value} there", top_p=0.8)),
    "name of JSON": lambda value: interaction({"a": {f"see {value}": 1.0}}),
    "JSON in a text": lambda value: interaction(
        {"arguments": json.dumps({"note": [f"see {value} there", 1]})}
    ),
    "JSON in JSON in a text": lambda value: interaction(
        {"a": json.dumps({"b": json.dumps({"note": f"see {value} there"})})}
    ),
    "answer's text": lambda value: interaction(None, compat_body(f"see {value} there")),
    "base64": lambda value: interaction({"note": in_base64(value), "n": 1}),
    "base64 in a text": lambda value: interaction(None, compat_body(f"it is {in_base64(value)}, said he")),
    "form": lambda value: interaction(f"a=1&note={value}&b=tea".encode()),
    "plain text": lambda value: interaction(None, f"see {value} there".encode(), headers=[]),
    "broken JSON": lambda value: interaction(None, f'{{"a": "see {value} th'.encode()),
    "multipart": lambda value: interaction(multipart(value)),
    "comment of a stream": lambda value: interaction(
        None, [f": see {value} there\n\n".encode(), *compat_frames("a")]
    ),
}
"""Where a secret may stand; what is left of it is the mark."""


@pytest.mark.parametrize("place", PLACES)
@settings(max_examples=20)
@given(secret=simple)
def test_a_secret_is_taken_out_and_nothing_else(place: str, secret: str) -> None:
    clean = redacted(PLACES[place](secret), Redaction.of())
    assert clean == PLACES[place](MARK)


@pytest.mark.parametrize("name", [name for name in FORMS if name not in SURROUNDED])
@settings(max_examples=3)
@given(data=st.data())
def test_a_key_of_every_form_is_known(name: str, data: st.DataObject) -> None:
    secret = data.draw(keys(FORMS[name]))
    clean = redacted(interaction(asked(f"see {secret} there")), Redaction.of())
    assert secret.split("\n")[-2 if "\n" in secret else 0].encode() not in clean.request.body
    assert clean.asked["messages"][0]["content"].replace(" there", "").startswith(f"see {MARK}")


@pytest.mark.parametrize("name", ["x-api-key", "authorization", "X-Auth-Token", "api_key", "db_password"])
@settings(max_examples=20)
@given(secret=st.text(LETTERS, min_size=8, max_size=30))
def test_under_a_secret_name_all_goes_whatever_its_form(name: str, secret: str) -> None:
    secret = f"q{secret}"
    made = interaction(
        {"a": [{name: secret}], "text": "tea"}, {name: secret, "n": 1.5}, query=f"{name}={secret}&b=2"
    )
    clean = redacted(replace(made, request=replace(made.request, headers=[(name, secret)])), Redaction.of())
    assert clean.request.headers in ([(name, MARK)], [(name, secret)])
    assert (clean.request.query, clean.response.raw) == (f"{name}={MARK}&b=2", dumped({name: MARK, "n": 1.5}))
    assert clean.asked == {"a": [{name: MARK}], "text": "tea"}


@settings(max_examples=20)
@given(secret=oneline, size=st.integers(1, 12), native=st.booleans())
def test_of_a_stream_in_pieces_the_mark_alone_is_said(secret: str, size: int, *, native: bool) -> None:
    frames = (native_frames if native else compat_frames)(*in_pieces(secret, size=size))
    made = interaction(native_asked() if native else asked(stream=True), frames, path=TEXT if native else "")
    made = made if native else interaction(asked(stream=True), frames)
    clean = redacted(made, Redaction.of())
    assert clean.folded().choices[0].content == f"see {MARK} there"
    assert len(clean.response.chunks) == len(frames)


@settings(max_examples=15)
@given(secret=oneline)
def test_whatever_writes_it_hides_no_secret(secret: str) -> None:
    escaped = "".join(f"\\u{ord(letter):04x}" for letter in secret)
    percent = "".join(f"%{ord(letter):02X}" for letter in secret)
    within = json.dumps(json.dumps({"b": "KEY"})).replace("KEY", escaped.replace("\\", "\\\\"))
    bodies = [
        f'{{"a":"see {escaped} there"}}',
        f'{{"a":{within}}}',
        f'{{"a":"see {percent} there"}}',
        f"note={quote(secret, safe='')}&b=2",
    ]
    for body in bodies:
        clean = redacted(interaction(body.encode(), body.encode()), Redaction.of())
        for said in (clean.request.body, clean.response.raw):
            assert MARK.encode() in said
            for form in (secret, escaped, percent, quote(secret, safe="")):
                assert form.encode() not in said


@settings(max_examples=10)
@given(secret=oneline)
def test_a_packed_answer_hides_none(secret: str) -> None:
    packed: Any = gzip.compress(dumped(compat_body(f"see {secret} there")), mtime=0)
    headers = [JSON_TYPE, ("content-encoding", "gzip")]
    clean = redacted(interaction(None, packed, headers=headers), Redaction.of())
    assert clean.folded().choices[0].content == f"see {MARK} there"


@settings(max_examples=10)
@given(workspace=st.text(string.ascii_lowercase + string.digits, min_size=6, max_size=20).map("w{}7".format))
def test_the_host_of_a_workspace_hides_its_name(workspace: str) -> None:
    def made(name: str) -> Interaction:
        host = f"{name}.cn-beijing.maas.aliyuncs.com"
        return interaction(asked(f"see https://{host}/v1?a=1 there"), sent=[("host", host)])

    assert redacted(made(workspace), Redaction.of()) == made(MARK)
