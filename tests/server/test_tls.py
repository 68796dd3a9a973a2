"""HTTPS, as clients that take nothing else see it: chats, streams and faults."""

import json
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import trustme

from mockserver.base.options import SettingsError
from mockserver.cli import main
from mockserver.corridor.engine import Engine
from mockserver.corridor.settings import Settings
from mockserver.meter.tokenizer import LazyTokenizer
from mockserver.server.listening import CertificateError, bind, check_certificate, url_of
from mockserver.server.serve import Server
from mockserver.testing.channel import HttpChannel
from mockserver.testing.mock import Mock
from tests.server.talk import COMPAT

ASKED = {"model": "qwen-plus", "stream": True, "messages": [{"role": "user", "content": "Tea?"}]}


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def files(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate of the loopback and its key."""
    issued, folder = authority.issue_cert("127.0.0.1"), tmp_path_factory.mktemp("tls")
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    issued.cert_chain_pems[0].write_to_path(certificate)
    issued.private_key_pem.write_to_path(key)
    return certificate, key


@pytest.fixture(scope="module")
def client(
    authority: trustme.CA, files: tuple[Path, Path], lazy_tokenizer: LazyTokenizer
) -> Iterator[httpx.Client]:
    certificate, key = files
    settings = Settings(certificate=certificate, certificate_key=key)
    opened = threading.Event()
    server = Server(Engine(settings, tokenizer=lazy_tokenizer), on_open=opened.set, alone=False)
    sock = bind("127.0.0.1", 0)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [sock]})
    thread.start()
    assert opened.wait(20)
    trust = ssl.create_default_context()
    authority.configure_trust(trust)
    headers = {"Authorization": "Bearer sk-test"}
    with httpx.Client(verify=trust, base_url=url_of(sock, "https"), headers=headers, trust_env=False) as own:
        yield own
    server.should_exit = True
    thread.join()


def test_a_chat_streams_over_tls(client: httpx.Client) -> None:
    with client.stream("POST", COMPAT, json=ASKED) as answer:
        frames = list(answer.iter_lines())
    assert frames[-2] == "data: [DONE]"
    assert json.loads(frames[0].removeprefix("data: "))["object"] == "chat.completion.chunk"


def test_the_verbs_of_python_script_a_server_over_tls(
    client: httpx.Client, authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    url = str(client.base_url).rstrip("/")
    mock = Mock(HttpChannel(url), url, "sk-tls")
    mock.reply("Oolong.", times=1)
    whole = {**ASKED, "stream": False}
    said = client.post(COMPAT, json=whole, headers={"authorization": f"Bearer {mock.key}"}).json()
    assert said["choices"][0]["message"]["content"] == "Oolong."
    assert len(mock.requests()) == 1


def test_the_page_and_what_it_names_are_reached_over_tls(client: httpx.Client) -> None:
    assert client.get("/_mock/").status_code == 200
    client.post(COMPAT, json=ASKED)
    copied = client.get("/_mock/requests/1/copy").text
    assert f"curl -N {client.base_url}" in copied.replace("/compatible-mode", "")


@pytest.mark.parametrize("fault", ["reset-mid-chunk", "close-mid-chunk", "reset-before-headers"])
def test_a_fault_ends_the_connection_below_tls(client: httpx.Client, fault: str) -> None:
    with pytest.raises(httpx.TransportError):
        client.post(COMPAT, json=ASKED, headers={"x-mock-fault": fault})


def test_plain_http_on_the_port_of_tls_is_hung_up_on(client: httpx.Client) -> None:
    with socket.create_connection((client.base_url.host, client.base_url.port or 0), timeout=20) as line:
        line.sendall(b"GET /_mock/health HTTP/1.1\r\nhost: x\r\n\r\n")
        assert b"HTTP/1.1 200" not in line.recv(1000)


def test_a_certificate_without_its_key_is_refused(files: tuple[Path, Path]) -> None:
    with pytest.raises(SettingsError, match="come together"):
        Settings(certificate=files[0])


@pytest.mark.parametrize("broken", ["missing", "other", "no PEM", "password"])
def test_what_no_tls_can_be_spoken_with_is_told_in_words(
    broken: str, files: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    certificate, key = files
    if broken == "missing":
        key = tmp_path / "nowhere.pem"
    elif broken == "other":
        key = tmp_path / "other.pem"
        trustme.CA().issue_cert("127.0.0.1").private_key_pem.write_to_path(key)
    elif broken == "no PEM":
        certificate = tmp_path / "tea.pem"
        certificate.write_text("tea")
    else:
        key = tmp_path / "locked.pem"
        text = files[1].read_text().replace("EC PRIVATE KEY", "ENCRYPTED PRIVATE KEY")
        key.write_text(text.replace("RSA PRIVATE KEY", "ENCRYPTED PRIVATE KEY"))
    with pytest.raises(CertificateError, match="both must be PEM, of one pair"):
        check_certificate(Settings(certificate=certificate, certificate_key=key))
    given: list[Any] = ["serve", "--port", "0", "--tls-certificate", str(certificate), "--tls-key", str(key)]
    assert main(given) == 2
    assert "no TLS with" in capsys.readouterr().err
