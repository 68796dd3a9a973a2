#!/usr/bin/env bash
# betamax 0.9 in mode `all` takes requests of one method and address for one, whatever their bodies: of three chats to
# one endpoint its cassette keeps the last, and nothing tells of the others.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check betamax==0.9.0 requests==2.34.2
cd "$folder"
venv/bin/python - <<'PY'
import http.server
import json
import threading

import betamax
import requests


class Tea(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = http.server.HTTPServer(("127.0.0.1", 0), Tea)
threading.Thread(target=server.serve_forever, daemon=True).start()
session = requests.Session()
with betamax.Betamax(session, cassette_library_dir=".").use_cassette("tea", record="all"):
    for said in ("green", "black", "white"):
        session.post(f"http://127.0.0.1:{server.server_port}/chat", data=said)
kept = [one["request"]["body"]["string"] for one in json.load(open("tea.json"))["http_interactions"]]
print("asked green, black, white; kept", ", ".join(kept))
raise SystemExit(kept != ["white"])
PY
