#!/usr/bin/env bash
# uvicorn 0.54.0 with httptools 0.9.0 or with h11 0.16.0: how a client of HTTP/1.0 hears a stream.
#
# HTTP/1.0 knows no chunks (RFC 9112, section 6.1): a stream to such a client (a health check, `ab`, nginx towards
# its upstream in its older setting) ends with its connection.
# Guessed: both parsers see the version in the request and send the bytes as they are.
# Seen: with h11 it does. With httptools, which it takes where that is installed, the sizes of the chunks stand
# among the events.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check uvicorn==0.54.0 httptools==0.9.0 h11==0.16.0

seen=$("$folder/venv/bin/python" - <<'PY'
import socket
import threading
import time

import uvicorn


async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"data: tea\n\n", "more_body": True})
    await send({"type": "http.response.body", "body": b""})


for http in ("h11", "httptools"):
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, http=http, log_level="critical", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    while not server.started:
        time.sleep(0.01)
    with socket.create_connection(listener.getsockname()) as line:
        line.sendall(b"GET / HTTP/1.0\r\n\r\n")
        heard = b""
        while some := line.recv(4096):
            heard += some
    print(http, heard.partition(b"\r\n\r\n")[2])
    server.should_exit = True
    thread.join()
PY
)
echo "$seen"
[ "$seen" = 'h11 b'"'"'data: tea\n\n'"'"'
httptools b'"'"'b\r\ndata: tea\n\n\r\n0\r\n\r\n'"'" ]
