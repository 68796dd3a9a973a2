// The `openai` package for Node on the Responses API. One job on stdin, one report on stdout: what each turn
// said, by the id of the turn before it, and what went wrong.
"use strict";

const OpenAI = require("openai");

/** One turn: its whole response, asked for at once, taken from its last event, or put together by the helper.
 * Who leaves goes at the first piece of the text, and has the response as it was when it began. */
async function turn(client, way, body) {
  if (way === "plain") return client.responses.create(body);
  if (way === "helper") return client.responses.stream(body).finalResponse();
  let last;
  for await (const event of await client.responses.create({ ...body, stream: true })) {
    if (way === "leave" && event.type === "response.output_text.delta") break;
    if (event.response) last = event;
  }
  return last.response;
}

/** What its messages say. */
function textOf(response) {
  const messages = response.output.filter((item) => item.type === "message");
  return messages.flatMap((item) => item.content.map((part) => part.text)).join("");
}

async function main() {
  let text = "";
  for await (const piece of process.stdin) text += piece;
  const job = JSON.parse(text);
  const client = new OpenAI({ baseURL: job.url, apiKey: job.key, maxRetries: 0 });
  const turns = [];
  let previous;
  for (const ask of job.asks) {
    try {
      const body = { model: job.model, ...ask, ...(previous ? { previous_response_id: previous } : {}) };
      const response = await turn(client, job.way, body);
      previous = response.id;
      turns.push({
        text: textOf(response),
        status: response.status,
        types: response.output.map((item) => item.type),
        calls: response.output.filter((item) => item.type === "function_call"),
        total: response.usage ? response.usage.total_tokens : 0,
      });
    } catch (error) {
      turns.push({ error: error.constructor.name, status: error.status ?? null, message: error.message });
    }
  }
  process.stdout.write(JSON.stringify(turns));
}

main();
