#!/usr/bin/env bash
# openai 3.57.0 (PyPI): a stream that is answered with the page of a gateway.
#
# A proxy that is down for a moment answers 200 with a page of HTML where events were asked for.
# Guessed: the client looks at the content type, or misses the first event, and raises an error.
# Seen: the stream ends at once without a piece and without an error, as if the model had said nothing. The
# helper `chat.completions.stream` is silent too; asked for the final answer it raises an AssertionError without words.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check openai==3.57.0

seen=$("$folder/venv/bin/python" - <<'PY'
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

from openai import OpenAI

PAGE = b"<html><body>Back in a minute.</body></html>"


class Gateway(BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-type", "text/html")
        self.send_header("content-length", str(len(PAGE)))
        self.end_headers()
        self.wfile.write(PAGE)

    def log_message(self, *_):
        pass


server = HTTPServer(("127.0.0.1", 0), Gateway)
threading.Thread(target=server.serve_forever, daemon=True).start()
client = OpenAI(base_url=f"http://127.0.0.1:{server.server_port}/v1", api_key="sk-tea", max_retries=0)
asked = {"model": "tea", "messages": [{"role": "user", "content": "Tea?"}]}
print("create", list(client.chat.completions.create(stream=True, **asked)))
with client.chat.completions.stream(**asked) as events:
    print("stream", list(events))
    try:
        print(events.get_final_completion())
    except Exception as error:
        print("final", type(error).__name__)
PY
)
echo "$seen"
[ "$seen" = "create []
stream []
final AssertionError" ]
