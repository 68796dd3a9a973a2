#!/usr/bin/env bash
# openai 6.49.0 (npm): the helper of a streamed response whose thought has no content part.
#
# Alibaba's documents show a thought as `output_item.added`, `reasoning_text.delta`, `.done`, `output_item.done`,
# without a `content_part.added` before its text.
# Guessed: the helper gathers the text of the thought, or leaves it out; plain streams and the helper agree.
# Seen: `responses.create({stream: true})` hands out all seven events, `responses.stream()` raises an error at the
# first piece of the thought.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --ignore-scripts --no-audit --no-fund --loglevel=error openai@6.49.0 >/dev/null
cat >find.cjs <<'JS'
const http = require("node:http");
const { OpenAI } = require("openai");
const event = (type, rest) => `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: 0, ...rest })}\n\n`;
const response = { id: "resp_1", object: "response", created_at: 1, status: "in_progress", model: "tea", output: [] };
const thought = { id: "rs_1", type: "reasoning", summary: [] };
const sent = [
  event("response.created", { response }),
  event("response.in_progress", { response }),
  event("response.output_item.added", { output_index: 0, item: thought }),
  event("response.reasoning_text.delta", { output_index: 0, item_id: "rs_1", content_index: 0, delta: "Hm." }),
  event("response.reasoning_text.done", { output_index: 0, item_id: "rs_1", content_index: 0, text: "Hm." }),
  event("response.output_item.done", { output_index: 0, item: thought }),
  event("response.completed", { response: { ...response, status: "completed", output: [thought] } }),
].join("");
const server = http.createServer((_, answer) => { answer.writeHead(200, { "content-type": "text/event-stream" }); answer.end(sent); });
server.listen(0, "127.0.0.1", async () => {
  const client = new OpenAI({ apiKey: "sk-tea", baseURL: `http://127.0.0.1:${server.address().port}/v1`, maxRetries: 0 });
  let count = 0;
  for await (const _ of await client.responses.create({ model: "tea", input: "Tea?", stream: true })) count += 1;
  console.log("create", count);
  try {
    const stream = client.responses.stream({ model: "tea", input: "Tea?" });
    for await (const _ of stream);
    console.log("stream", (await stream.finalResponse()).status);
  }
  catch (error) {
    console.log("stream", error.constructor.name, error.message);
  }
  process.exit(0);
});
JS
seen=$(node find.cjs)
echo "$seen"
[ "$seen" = "create 7
stream OpenAIError missing content at index 0" ]
