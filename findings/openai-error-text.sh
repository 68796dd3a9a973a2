#!/usr/bin/env bash
# openai 3.57.0 (PyPI, 2026-11): an error whose `error` is a text, not an object, loses that text in its message.
#
# Such a body is what a plan for coding agents answers to others (aaif-goose/goose#8005).
# Guessed: the message of the exception shows the body, as it does for an object.
# Seen: the message is "Error code: 405" and nothing else; the text is in `body` alone.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check openai==3.57.0 httpx==0.28.1

seen=$("$folder/venv/bin/python" - <<'PY'
import httpx
import openai

for error in ("Only for agents", {"message": "Only for agents", "code": "agents_only"}):
    answer = httpx.Response(405, json={"error": error})
    network = httpx.MockTransport(lambda _, answer=answer: answer)
    client = openai.OpenAI(
        api_key="sk-test", base_url="http://localhost/v1", http_client=httpx.Client(transport=network), max_retries=0
    )
    try:
        client.chat.completions.create(model="tea", messages=[{"role": "user", "content": "Tea?"}])
    except openai.APIStatusError as raised:
        print(str(raised), "|", raised.body)
PY
)
echo "$seen"
[ "$(head -n 1 <<<"$seen")" = "Error code: 405 | Only for agents" ]
grep -q "^Error code: 405 - .*Only for agents" <<<"$(tail -n 1 <<<"$seen")"
