// Drives the `openai` package for Node: `driver.cjs [stream]`. Streams are put together by hand, or by its helper
// `chat.completions.stream`, whose message goes into the history: as its README and its helpers.md show it.
"use strict";

const OpenAI = require("openai");
const { VERSION } = require("openai/version");
const { Answer, Conversation, FEATURES, heard, serve } = require("../loop.cjs");

const HELPER = process.argv[2] === "stream";

class Chat extends Conversation {
  constructor(begin) {
    super(begin);
    this.client = new OpenAI({ apiKey: begin.key, baseURL: begin.openai_url, timeout: 1000 * (begin.timeout ?? 30) });
  }

  async ask(messages, command) {
    const answer = new Answer();
    const request = { model: this.begin.model, messages, ...this.options(command) };
    if (this.begin.tools) request.tools = this.begin.tools;
    if (command.stream) Object.assign(request, { stream: true, stream_options: { include_usage: true } });
    if (command.stream && HELPER) return this.helped(request, command, answer);
    const response = await this.client.chat.completions.create(request, { headers: this.headers() });
    if (!command.stream) {
      gather(answer, response);
      answer.own = [response.choices[0].message];
      return answer;
    }
    for await (const chunk of heard(response, answer, command)) gather(answer, chunk);
    return answer;
  }

  async helped(request, command, answer) {
    const stream = this.client.chat.completions.stream(request, { headers: this.headers() });
    // The helper reads ahead: of a stream that is left, what was heard is what counts.
    for await (const chunk of heard(stream, answer, command)) if (command.cancel_after) gather(answer, chunk);
    if (answer.cancelled) return answer;
    answer.choices = [];
    const whole = await stream.finalChatCompletion();
    gather(answer, whole);
    answer.own = [whole.choices[0].message];
    return answer;
  }
}

function gather(answer, response) {
  answer.tokens(response.usage?.prompt_tokens, response.usage?.completion_tokens);
  for (const { index, message, delta, finish_reason: finish } of response.choices) {
    const said = message ?? delta;
    answer.add({ index, text: said.content, thinking: said.reasoning_content, finish });
    for (const call of said.tool_calls ?? []) {
      answer.call({ choice: index, index: call.index, id: call.id, ...call.function });
    }
  }
}

const client = `openai-node ${VERSION}${HELPER ? " (chat.completions.stream)" : ""}`;
serve((begin) => new Chat(begin), { client, surfaces: ["compat"], features: FEATURES });
