// Drives an `Agent` of Mastra with its own provider for Alibaba. Functions have no `execute`, so the agent gives the
// calls back; the messages that it gives for the history go into the history.
"use strict";

const { Agent } = require("@mastra/core/agent");
const { createTool } = require("@mastra/core/tools");
const { version } = require("@mastra/core/package.json");
const { Answer, FEATURES, ToldError, serve } = require("../loop.cjs");
const { ModelMessages, NAMES, OWN } = require("../model_messages.cjs");

/** What a picture is, by its address: the documentation says it beside each. */
const kind = (address) => address.match(/^data:([^;,]+)/)?.[1] ?? `image/${address.match(/\.(png|webp|gif)\b/)?.[1] ?? "jpeg"}`;

class Mastra extends ModelMessages {
  constructor(begin) {
    super({ ...begin, system: undefined }); // the system message is the instructions of the agent
    process.env.ALIBABA_BASE_URL = begin.openai_url; // where its documentation puts another address
    const tools = (begin.tools ?? []).map(({ function: { name, description, parameters } }) => [
      name,
      createTool({ id: name, description, inputSchema: parameters }),
    ]);
    const model = { id: `alibaba/${begin.model}`, apiKey: begin.key, headers: this.headers() };
    const agent = { id: "agent", name: "Agent", instructions: begin.system ?? [], model };
    this.agent = new Agent({ ...agent, tools: Object.fromEntries(tools) });
  }

  user(text, parts) {
    const content = parts.map((part) =>
      "text" in part ? { type: "text", text: part.text } : { type: "image", image: part.image, mimeType: kind(part.image) },
    );
    return { role: "user", content: content.length > 0 ? content : text };
  }

  settings(command) {
    const modelSettings = {};
    const settings = { modelSettings, maxSteps: 1 };
    const own = {};
    for (const [name, value] of Object.entries(this.options(command))) {
      if (name in NAMES) modelSettings[NAMES[name]] = value;
      else if (name === "stop") modelSettings.stopSequences = [value].flat();
      else if (name === "response_format" && value.json_schema) {
        settings.structuredOutput = { schema: value.json_schema.schema, errorStrategy: "warn" };
      } else if (name === "tool_choice") {
        settings.toolChoice = typeof value === "string" ? value : { type: "tool", toolName: value.function.name };
      } else own[OWN[name] ?? name] = value;
    }
    // There is a limit for the whole of a call and one for its first piece, but none for silence.
    const milliseconds = 1000 * (this.begin.timeout ?? 30);
    modelSettings.timeout = command.stream ? { firstChunkMs: milliseconds } : { stepMs: milliseconds };
    return { ...settings, providerOptions: { alibaba: own } };
  }

  async ask(messages, command) {
    const answer = new Answer();
    answer.add();
    const stop = new AbortController();
    const settings = { ...this.settings(command), abortSignal: stop.signal };
    try {
      if (!command.stream) {
        gather(await this.agent.generate(messages, settings), answer);
      } else {
        const output = await this.agent.stream(messages, settings);
        if (!(await listen(output, answer, command, stop))) gather(await output.getFullOutput(), answer);
      }
    } catch (error) {
      throw told(error);
    }
    return answer;
  }
}

/** An error by what the service said, where it said it: a RetryError and those of Mastra hold it. */
function told(error) {
  let last = error;
  for (let inner = last; inner instanceof Error && last.statusCode === undefined; inner = inner.lastError ?? inner.cause) {
    last = inner;
  }
  return new ToldError(last.name, last.data?.error?.code, last.statusCode, last.message);
}

/** Listens to a stream; gives whether the user stopped it. Its errors are parts of it. */
async function listen(output, answer, command, stop) {
  let number = 0;
  for await (const { type, payload } of output.fullStream) {
    if (type === "error") throw payload.error;
    if (type !== "text-delta" && type !== "reasoning-delta") continue;
    if (command.cancel_after) answer.add({ [type === "text-delta" ? "text" : "thinking"]: payload.text });
    number += 1;
    if (number !== command.cancel_after) continue;
    stop.abort();
    answer.cancelled = true;
    answer.own = [{ role: "assistant", content: answer.choices[0].text }];
    return true;
  }
  return false;
}

/** Notes what an output holds in the end; its reasons to end are the words of the wire with a hyphen. */
function gather(output, answer) {
  if (output.error) throw output.error;
  answer.tokens(output.usage.inputTokens, output.usage.outputTokens);
  answer.choices = [];
  answer.add({ text: output.text, thinking: output.reasoningText, finish: output.finishReason?.replace("-", "_") });
  for (const { payload } of output.toolCalls) {
    const text = typeof payload.args === "string" ? payload.args : JSON.stringify(payload.args ?? {});
    answer.call({ id: payload.toolCallId, name: payload.toolName, arguments: text });
  }
  answer.own = output.response.messages;
}

const features = FEATURES.filter((feature) => feature !== "choices");
serve((begin) => new Mastra(begin), { client: `@mastra/core ${version}`, surfaces: ["compat"], features });
