"""The judges are judged: what the client programs call wrong, and what the driver says of a missing one."""

from pathlib import Path

import pytest

from contract_tests import drivers
from contract_tests.clients import curl
from contract_tests.clients.jobs import Gathering
from contract_tests.drivers import Client, Driver, Home


def gathered(*pieces: str, cumulative: bool = False) -> Gathering:
    """Gather pieces of one choice under one id; the last one ends it."""
    answer = Gathering()
    for number, piece in enumerate(pieces, start=1):
        answer.envelope(answer_id="1", usage={"total_tokens": number})
        finish = "stop" if number == len(pieces) else "null"
        answer.choice(index=0, content=piece, reasoning=None, finish_reason=finish, cumulative=cumulative)
    return answer


@pytest.mark.parametrize("cumulative", [False, True])
def test_pieces_make_a_turn(*, cumulative: bool) -> None:
    """Deltas and growing texts come to the same turn; the last usage counts."""
    turn = gathered(*(("你", "你好") if cumulative else ("你", "好")), cumulative=cumulative).turn()

    assert turn["choices"] == [{"content": "你好", "reasoning": "", "finish_reason": "stop"}]
    assert turn["usage"] == {"total_tokens": 2}
    assert turn["pieces"] == 2


def test_text_after_the_end_is_wrong() -> None:
    """Nothing may follow the finish reason."""
    answer = gathered("a")

    with pytest.raises(ValueError, match="after 'stop'"):
        answer.choice(index=0, content="b", reasoning=None, finish_reason=None)


def test_shrinking_text_is_wrong() -> None:
    """Deltas in the place of growing texts show."""
    with pytest.raises(ValueError, match="does not begin with"):
        gathered("a", "b", cumulative=True)


def test_changing_id_is_wrong() -> None:
    """All pieces of an answer carry one id."""
    answer = gathered("a")
    answer.envelope(answer_id="2", usage=None)

    with pytest.raises(ValueError, match="not one"):
        answer.turn()


def test_missing_choice_is_wrong() -> None:
    """Choices are numbered from 0 without a gap."""
    answer = gathered("a")
    answer.choice(index=2, content="c", reasoning=None, finish_reason="stop")

    with pytest.raises(ValueError, match=r"\[0, 2\]"):
        answer.turn()


NATIVE = b'id:1\nevent:result\n:HTTP_STATUS/200\ndata:{"a":1}\n\n'
COMPAT = b'data: {"a":1}\n\ndata: [DONE]\n\n'


@pytest.mark.parametrize(("surface", "body"), [("native-text", NATIVE), ("compat", COMPAT)])
def test_exact_frames_are_read(surface: str, body: bytes) -> None:
    """Frames as they were recorded are read."""
    assert curl.frames(surface, body) == [{"a": 1}]


@pytest.mark.parametrize(
    ("surface", "body"),
    [
        pytest.param("native-text", NATIVE.replace(b"data:", b"data: "), id="native-space-after-colon"),
        pytest.param("native-text", NATIVE.replace(b"id:1", b"id:0"), id="native-counts-from-0"),
        pytest.param("native-text", NATIVE[:-1], id="native-without-the-last-blank-line"),
        pytest.param("native-text", NATIVE.replace(b":HTTP_STATUS/200\n", b""), id="native-without-status"),
        pytest.param("native-text", NATIVE + b"data:[DONE]\n\n", id="native-with-end-mark"),
        pytest.param("native-text", NATIVE.replace(b"\n", b"\r\n"), id="native-with-crlf"),
        pytest.param("compat", COMPAT.replace(b"data: ", b"data:"), id="compat-no-space-after-colon"),
        pytest.param("compat", COMPAT[: -len(b"data: [DONE]\n\n")], id="compat-without-end-mark"),
        pytest.param("compat", b": keep-alive\n\n" + COMPAT, id="compat-with-comment"),
        pytest.param("compat", COMPAT[:-1], id="compat-without-the-last-blank-line"),
    ],
)
def test_other_frames_are_wrong(surface: str, body: bytes) -> None:
    """What a recording never shows is not read, even where an SDK would forgive it."""
    with pytest.raises(ValueError, match=r"stream ends|frame"):
        curl.frames(surface, body)


def test_missing_environment_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No environment, one from other sources, the right one, and no interpreter."""
    monkeypatch.setattr(drivers, "HOMES", tmp_path)
    home = Home(name="node", sources=("node/package.json",))
    assert home.missing() == "node is not installed: run scripts/install-clients"
    home.path.mkdir()
    (home.path / "stamp").write_text("0\n")
    assert home.missing() == "node was installed from other sources: run scripts/install-clients"
    client = Client(
        name="some", command=(), surface="compat", model="qwen-plus", tool="no-such-tool", home=home
    )
    assert client.missing() == "some needs 'no-such-tool' on the PATH"


def test_dead_program_tells_its_last_words() -> None:
    """A program that ends without a report fails the test with what it wrote to stderr."""
    command = ("sh", "-c", "echo last words >&2; exit 3")
    driver = Driver(Client(name="dying", command=command, surface="compat", model="qwen-plus"))
    try:
        with pytest.raises(RuntimeError, match=r"dying ended in the middle[^\n]*\nlast words"):
            driver.run(
                {
                    "openai_url": "",
                    "native_url": "",
                    "surface": "compat",
                    "key": "",
                    "model": "",
                    "say": [],
                    "system": None,
                    "stream": False,
                    "n": 1,
                    "parameters": {},
                }
            )
    finally:
        driver.close()
