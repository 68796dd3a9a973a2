#!/usr/bin/env bash
# dashscope 2.0.2 (PyPI): an event whose data stands on two lines.
#
# The lines of an event that begin with `data:` are one text with line ends between them (WHATWG HTML, server-sent
# events); a proxy that writes events anew may break long ones so. Between the tokens of JSON a line end is nothing.
# Guessed: the client joins the lines and reads one answer.
# Seen: it takes each line for an event of its own, and tells of two refusals with status 400, each with half of the
# JSON as its message, where HTTP and the event said 200.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check dashscope==2.0.2

seen=$("$folder/venv/bin/python" - <<'PY'
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

EVENT = b"""id:1
event:result
:HTTP_STATUS/200
data:{"output":{"choices":[{"message":{"role":"assistant",
data:"content":"Oolong."},"finish_reason":"stop"}]},"usage":{"input_tokens":1,"output_tokens":2},"request_id":"r"}

"""


class Service(BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("content-length", str(len(EVENT)))
        self.end_headers()
        self.wfile.write(EVENT)

    def log_message(self, *_):
        pass


server = HTTPServer(("127.0.0.1", 0), Service)
threading.Thread(target=server.serve_forever, daemon=True).start()

import dashscope

dashscope.base_http_api_url = f"http://127.0.0.1:{server.server_port}/api/v1"
for told in dashscope.Generation.call(
    "qwen-plus", api_key="sk-tea", prompt="Tea?", result_format="message", stream=True
):
    print(told.status_code, told.code, told.message[:30], told.output)
PY
)
echo "$seen"
[ "$seen" = '400 Unknown {"output":{"choices":[{"messag None
400 Unknown "content":"Oolong."},"finish_r None' ]
