// Drives Genkit with `openAICompatible`, its plugin for services that speak chat completions. Calls are given back by
// `returnToolRequests`, and the messages of a response go into the history. It works in a thread, for long arguments of
// a call take all the memory that there is: that is an error of the turn, not the end of the driver.
"use strict";

const { once } = require("node:events");
const readline = require("node:readline");
const { Worker, isMainThread } = require("node:worker_threads");
const { openAICompatible } = require("@genkit-ai/compat-oai");
const { GENKIT_VERSION, genkit } = require("genkit");
const { Answer, Conversation, FEATURES, ToldError, heard, serve } = require("../loop.cjs");

const NAMES = { temperature: "temperature", top_p: "topP", max_tokens: "maxOutputTokens", logprobs: "logProbs" };
Object.assign(NAMES, { presence_penalty: "presencePenalty", frequency_penalty: "frequencyPenalty" });
Object.assign(NAMES, { top_logprobs: "topLogProbs" });

class Genkit extends Conversation {
  constructor(begin) {
    super(begin);
    const client = { apiKey: begin.key, baseURL: begin.openai_url, defaultHeaders: this.headers() };
    const plugin = openAICompatible({ name: "alibaba", timeout: 1000 * (begin.timeout ?? 30), ...client });
    this.ai = genkit({ plugins: [plugin] });
    this.tools = (begin.tools ?? []).map(({ function: { name, description, parameters } }) =>
      this.ai.defineTool({ name, description, inputJsonSchema: parameters }, () => undefined),
    );
  }

  system(text) {
    return { role: "system", content: [{ text }] };
  }

  user(text, parts) {
    const content = parts.map((part) => ("text" in part ? part : { media: { url: part.image } }));
    return { role: "user", content: content.length > 0 ? content : [{ text }] };
  }

  /** The beginning of an answer; there is no place for the mark. */
  begun(prefix) {
    return { role: "model", content: [{ text: prefix }] };
  }

  assistant(answer, prefix) {
    return prefix || answer.own === null ? [this.begun(prefix + answer.choices[0].text)] : answer.own;
  }

  results(command) {
    const calls = this.history.flatMap(({ content }) => content.map(({ toolRequest }) => toolRequest));
    const named = ({ id }) => calls.find((call) => call?.ref === id)?.name ?? "unknown";
    const content = command.results.map((result) => ({
      toolResponse: { name: named(result), ref: result.id, output: result.content },
    }));
    return this.turn([{ role: "tool", content }], command);
  }

  settings(messages, command) {
    const settings = { model: `alibaba/${this.begin.model}`, messages, config: {} };
    if (this.begin.tools) Object.assign(settings, { tools: this.tools, returnToolRequests: true });
    for (const [name, value] of Object.entries(this.options(command))) {
      if (name === "stop") settings.config.stopSequences = [value].flat();
      else if (name === "tool_choice" && typeof value === "string") settings.toolChoice = value;
      else if (name === "response_format") {
        settings.output = { format: value.type === "text" ? "text" : "json", jsonSchema: value.json_schema?.schema };
      } else settings.config[NAMES[name] ?? name] = value;
    }
    return settings;
  }

  async ask(messages, command) {
    const answer = new Answer();
    answer.add();
    const stop = new AbortController();
    const settings = { ...this.settings(messages, command), abortSignal: stop.signal };
    try {
      if (!command.stream) {
        gather(await this.ai.generate(settings), answer);
        return answer;
      }
      const { response, stream } = this.ai.generateStream(settings);
      response.catch(() => {}); // the stream tells it first
      for await (const piece of heard(stream, answer, command)) {
        if (command.cancel_after) answer.add({ text: piece.text, thinking: piece.reasoning });
      }
      if (answer.cancelled) stop.abort();
      else gather(await response, answer);
    } catch (error) {
      throw new ToldError(error.name, undefined, error.code, error.originalMessage ?? error.message);
    }
    return answer;
  }
}

/** Notes a response. */
function gather(response, answer) {
  answer.choices = [];
  // It has no word for an end by calls: that is a stop with calls.
  const finish = response.finishReason === "stop" && response.toolRequests.length > 0 ? "tool_calls" : response.finishReason;
  answer.add({ text: response.text, thinking: response.reasoning, finish });
  answer.tokens(response.usage.inputTokens, response.usage.outputTokens);
  for (const { toolRequest } of response.toolRequests) {
    const { ref, name, input } = toolRequest;
    answer.call({ id: ref, name, arguments: typeof input === "string" ? input : JSON.stringify(input) });
  }
  answer.own = [response.message.toJSON()];
}

/** Passes lines on to a thread that drives, and tells its end as an error of the turn that it was in. */
async function supervise() {
  const held = new Set(); // the conversations of the thread
  const lost = new Map(); // those that ended with a thread before, and its error
  let thread, answers, ended;
  const begin = () => {
    thread = new Worker(__filename, { stdin: true, stdout: true, resourceLimits: { maxOldGenerationSizeMb: 512 } });
    answers = readline.createInterface({ input: thread.stdout });
    ended = once(thread, "error");
  };
  begin();
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const { conversation, type } = JSON.parse(line);
    let answer;
    if (!lost.has(conversation)) {
      held.add(conversation);
      thread.stdin.write(`${line}\n`);
      [answer] = await Promise.race([once(answers, "line"), ended]);
    }
    if (answer instanceof Error) {
      for (const name of held) lost.set(name, { kind: answer.code, message: answer.message });
      held.clear();
      begin();
      answer = undefined;
    }
    const error = type === "end" ? undefined : lost.get(conversation);
    process.stdout.write(`${answer ?? JSON.stringify({ type: "report", error })}\n`);
    if (type === "end") lost.delete(conversation), held.delete(conversation);
  }
  process.exit();
}

const features = FEATURES.filter((feature) => feature !== "choices");
const client = `@genkit-ai/compat-oai ${GENKIT_VERSION}`;
if (isMainThread) supervise();
else serve((begin) => new Genkit(begin), { client, surfaces: ["compat"], features });
