// Holds one conversation that is given as JSON on stdin, and tells as JSON what its SDK reports.
//
//     node talk.mjs sdk|vercel|vercel-openai <job>
//
// A job has base_url, key, model, stream, tools, and the turns: what the user says, or the results of the calls.

import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { join } from "node:path";

const home = createRequire(join(process.env.CLIENT_HOME, "package.json"));
const load = (name) => import(pathToFileURL(home.resolve(name)).href);

const told = (error) => ({
  kind: error.constructor.name,
  status: error.status ?? error.statusCode ?? null,
  message: String(error.message),
  body: error.error ?? error.data ?? error.responseBody ?? null,
});

async function sdk(job) {
  const { default: Anthropic } = await load("@anthropic-ai/sdk");
  const client = new Anthropic({ baseURL: job.base_url, apiKey: job.key, maxRetries: 0 });
  const messages = [];
  const answers = [];
  for (const turn of job.turns) {
    messages.push({ role: "user", content: turn });
    const asked = { model: job.model, max_tokens: 1024, messages, tools: job.tools };
    if (job.leave) {
      const stream = client.messages.stream(asked);
      for await (const event of stream) {
        if (event.type === "content_block_delta") {
          stream.abort();
          break;
        }
      }
      return [{ left: true }];
    }
    const answer = job.stream
      ? await client.messages.stream(asked).finalMessage()
      : await client.messages.create(asked);
    messages.push({ role: "assistant", content: answer.content });
    answers.push({
      text: answer.content.filter((block) => block.type === "text").map((block) => block.text).join(""),
      thinking: answer.content.filter((block) => block.type === "thinking").map((block) => block.thinking).join(""),
      calls: answer.content
        .filter((block) => block.type === "tool_use")
        .map(({ id, name, input }) => ({ id, name, input })),
      finish: answer.stop_reason,
      input: answer.usage.input_tokens,
      output: answer.usage.output_tokens,
    });
  }
  return answers;
}

/** Vercel's model of a job: Anthropic's provider, or OpenAI's, which asks for responses. */
async function modelOf(provider, job) {
  if (provider === "openai") {
    const { createOpenAI } = await load("@ai-sdk/openai");
    return createOpenAI({ baseURL: job.base_url, apiKey: job.key }).responses(job.model);
  }
  const { createAnthropic } = await load("@ai-sdk/anthropic");
  return createAnthropic({ baseURL: `${job.base_url}/v1`, apiKey: job.key })(job.model);
}

const vercel = (provider) => async (job) => {
  const { generateText, streamText, jsonSchema, tool } = await load("ai");
  const model = await modelOf(provider, job);
  const tools = Object.fromEntries(
    (job.tools ?? []).map(({ name, description, input_schema }) => [
      name,
      tool({ description, inputSchema: jsonSchema(input_schema) }),
    ]),
  );
  const messages = [];
  const answers = [];
  for (const turn of job.turns) {
    if (typeof turn === "string") {
      messages.push({ role: "user", content: turn });
    } else {
      const content = turn.map(({ tool_use_id, content: value }) => ({
        type: "tool-result",
        toolCallId: tool_use_id,
        toolName: job.tools[0].name,
        output: { type: "text", value },
      }));
      messages.push({ role: "tool", content });
    }
    const asked = { model, messages, tools, maxRetries: 0, maxOutputTokens: 1024, providerOptions: job.options };
    if (job.leave) {
      const leaving = new AbortController();
      const { fullStream } = streamText({ ...asked, abortSignal: leaving.signal, onError() {} });
      for await (const part of fullStream) {
        if (part.type === "text-delta") {
          leaving.abort();
          break;
        }
      }
      return [{ left: true }];
    }
    let failed;
    const result = job.stream
      ? streamText({ ...asked, onError: ({ error }) => (failed = error) })
      : await generateText(asked);
    if (job.stream) await result.consumeStream();
    if (failed) throw failed;
    const [text, thinking, calls, finish, usage, response] = await Promise.all([
      result.text, result.reasoningText, result.toolCalls, result.finishReason, result.usage, result.response,
    ]);
    messages.push(...response.messages);
    answers.push({
      text,
      thinking: thinking ?? "",
      calls: calls.map(({ toolCallId, toolName, input }) => ({ id: toolCallId, name: toolName, input })),
      finish,
      input: usage.inputTokens,
      output: usage.outputTokens,
    });
  }
  return answers;
};

const clients = { sdk, vercel: vercel("anthropic"), "vercel-openai": vercel("openai") };
const job = JSON.parse(process.argv[3]);
try {
  console.log(JSON.stringify({ answers: await clients[process.argv[2]](job) }));
} catch (error) {
  console.log(JSON.stringify({ error: told(error) }));
}
