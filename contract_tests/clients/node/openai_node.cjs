// The `openai` package for Node. Jobs and reports are those of contract_tests/clients/jobs.py.
"use strict";

const readline = require("node:readline");
const OpenAI = require("openai");

/** Puts one turn together from a whole completion or from chunks; as strict as its twin in Python. */
class Gathering {
  #choices = [];
  #ids = new Set();
  #usage = {};
  #pieces = 0;

  add(response) {
    this.#ids.add(response.id);
    this.#pieces += 1;
    if (response.usage) this.#usage = response.usage;
    for (const choice of response.choices) {
      const said = choice.message ?? choice.delta;
      const known = (this.#choices[choice.index] ??= { content: "", reasoning: "", finish_reason: null });
      if (known.finish_reason && (said.content || said.reasoning_content)) {
        throw new Error(`text ${JSON.stringify(said)} after ${known.finish_reason}`);
      }
      known.content += said.content ?? "";
      known.reasoning += said.reasoning_content ?? "";
      known.finish_reason = choice.finish_reason ?? known.finish_reason;
    }
  }

  turn() {
    if (this.#ids.size !== 1) throw new Error(`the pieces carry the ids ${[...this.#ids]}, not one`);
    return { choices: this.#choices, usage: this.#usage, id: [...this.#ids][0], pieces: this.#pieces };
  }
}

async function ask(job, history) {
  const client = new OpenAI({ apiKey: job.key, baseURL: job.openai_url, maxRetries: 0 });
  const request = { model: job.model, messages: history, ...job.parameters };
  if (job.n > 1) request.n = job.n;
  if (job.stream) Object.assign(request, { stream: true, stream_options: { include_usage: true } });
  const response = await client.chat.completions.create(request, { headers: job.headers });
  const answer = new Gathering();
  if (job.stream) {
    for await (const chunk of response) answer.add(chunk);
  } else {
    answer.add(response);
  }
  return answer.turn();
}

function failure(error) {
  return {
    kind: error.constructor.name,
    status: error.status ?? null,
    code: error.code ?? null,
    message: error.message,
  };
}

async function converse(job) {
  const history = job.system ? [{ role: "system", content: job.system }] : [];
  const begun = job.begin ? [{ role: "assistant", content: job.begin, partial: true }] : [];
  const turns = [];
  for (const text of job.say) {
    history.push({ role: "user", content: text });
    try {
      turns.push(await ask(job, [...history, ...begun]));
    } catch (error) {
      turns.push({ error: failure(error) });
      break;
    }
    history.push({ role: "assistant", content: (job.begin ?? "") + turns.at(-1).choices[0].content });
  }
  return { turns };
}

async function main() {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    process.stdout.write(`${JSON.stringify(await converse(JSON.parse(line)))}\n`);
  }
}

main();
