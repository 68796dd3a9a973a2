// Drives the AI SDK (`ai`) with `@ai-sdk/alibaba`. The messages that it gives for the history go into the history.
"use strict";

const { createAlibaba } = require("@ai-sdk/alibaba");
const { Output, generateText, jsonSchema, streamText, tool } = require("ai");
const { Answer, FEATURES, ToldError, serve } = require("../loop.cjs");
const { ModelMessages, NAMES, OWN } = require("../model_messages.cjs");

class Vercel extends ModelMessages {
  constructor(begin) {
    super({ ...begin, system: undefined }); // the system message is an argument of each call
    this.instructions = begin.system;
    this.tools = Object.fromEntries(
      (begin.tools ?? []).map(({ function: { name, description, parameters } }) => [
        name,
        tool({ description, inputSchema: jsonSchema(parameters) }),
      ]),
    );
  }

  user(text, parts) {
    const content = parts.flatMap((part) =>
      Object.entries(part).map(([kind, value]) =>
        kind === "text" ? { type: "text", text: value } : { type: "image", image: new URL(value) },
      ),
    );
    return { role: "user", content: content.length > 0 ? content : text };
  }

  settings(messages, command) {
    const provider = createAlibaba({ baseURL: this.begin.openai_url, apiKey: this.begin.key });
    const stop = new AbortController();
    const settings = { model: provider(this.begin.model), messages, headers: this.headers() };
    Object.assign(settings, { system: this.instructions, abortSignal: stop.signal, onError() {} });
    if (this.begin.tools) settings.tools = this.tools;
    const own = {};
    for (const [name, value] of Object.entries(this.options(command))) {
      if (name in NAMES) settings[NAMES[name]] = value;
      else if (name === "stop") settings.stopSequences = [value].flat();
      else if (name === "response_format") settings.output = output(value);
      else if (name === "tool_choice") settings.toolChoice = chosen(value);
      else own[OWN[name] ?? name] = value;
    }
    const milliseconds = 1000 * (this.begin.timeout ?? 30);
    settings.timeout = command.stream ? { chunkMs: milliseconds } : milliseconds;
    return { ...settings, providerOptions: { alibaba: own }, stop };
  }

  async ask(messages, command) {
    const answer = new Answer();
    answer.add();
    const { stop, ...settings } = this.settings(messages, command);
    try {
      const result = command.stream ? streamText(settings) : await generateText(settings);
      if (!(command.stream && (await listen(result, answer, command, stop)))) await gather(result, answer);
    } catch (error) {
      const last = error.lastError ?? error; // a RetryError holds what was refused
      throw new ToldError(last.name, last.data?.error?.code, last.statusCode, last.message);
    }
    return answer;
  }
}

/** The form of the answer. */
function output({ type, json_schema: { schema, name, description } = {} }) {
  if (type === "json_schema") return Output.object({ schema: jsonSchema(schema), name, description });
  return type === "json_object" ? Output.json() : Output.text();
}

/** Whether a function is called, and which one. */
function chosen(choice) {
  return typeof choice === "string" ? choice : { type: "tool", toolName: choice.function.name };
}

/** Listens to a stream; gives whether the user stopped it. Its errors are parts of it. */
async function listen(result, answer, command, stop) {
  let number = 0;
  for await (const part of result.fullStream) {
    if (part.type === "error") throw part.error;
    if (part.type !== "text-delta" && part.type !== "reasoning-delta") continue;
    if (command.cancel_after) answer.add({ [part.type === "text-delta" ? "text" : "thinking"]: part.text });
    number += 1;
    if (number !== command.cancel_after) continue;
    stop.abort();
    answer.cancelled = true;
    answer.own = [{ role: "assistant", content: answer.choices[0].text }];
    return true;
  }
  return false;
}

/** Notes what a result holds in the end; of a stream, everything is a promise. */
async function gather(result, answer) {
  const usage = await result.usage;
  answer.tokens(usage.inputTokens, usage.outputTokens);
  const [text, thinking] = [await result.text, await result.reasoningText];
  answer.choices = [];
  answer.add({ text, thinking, finish: await result.rawFinishReason });
  for (const { toolCallId, toolName, input } of await result.toolCalls) {
    const text = typeof input === "string" ? input : JSON.stringify(input); // a string: what was no JSON
    answer.call({ id: toolCallId, name: toolName, arguments: text });
  }
  answer.own = (await result.response).messages;
}

const versions = ["ai", "@ai-sdk/alibaba"].map((name) => `${name} ${require(`${name}/package.json`).version}`);
const features = FEATURES.filter((feature) => feature !== "choices");
serve((begin) => new Vercel(begin), { client: versions.join(", "), surfaces: ["compat"], features });
