// Drives `ChatAlibabaTongyi` of LangChain.js. Pieces of a stream are added up, and the sum goes into the history.
"use strict";

const { ChatAlibabaTongyi } = require("@langchain/community/chat_models/alibaba_tongyi");
const { version } = require("@langchain/community/package.json");
const { AIMessage, HumanMessage, SystemMessage, ToolMessage, trimMessages } = require("@langchain/core/messages");
const { concat } = require("@langchain/core/utils/stream");
const { Answer, Conversation, FEATURES, heard, serve } = require("../loop.cjs");

const PATHS = {
  "native-text": "/services/aigc/text-generation/generation",
  "native-multimodal": "/services/aigc/multimodal-generation/generation",
};
const NAMES = { temperature: "temperature", top_p: "topP", top_k: "topK", seed: "seed", max_tokens: "maxTokens" };
Object.assign(NAMES, { repetition_penalty: "repetitionPenalty", enable_search: "enableSearch" });

class Chain extends Conversation {
  system(text) {
    return new SystemMessage(text);
  }

  user(text, parts) {
    return new HumanMessage(parts.length > 0 ? { content: parts } : text);
  }

  begun(prefix) {
    return new AIMessage({ content: prefix, additional_kwargs: { partial: true } });
  }

  assistant(answer, prefix) {
    if (!prefix) return answer.own;
    const [{ tool_calls }] = answer.own;
    return [new AIMessage({ content: prefix + answer.choices[0].text, tool_calls })];
  }

  results(command) {
    const told = command.results.map(({ id, content }) => new ToolMessage({ content, tool_call_id: id }));
    return this.turn(told, command);
  }

  model(command) {
    const fields = {};
    const options = this.options(command);
    for (const [name, field] of Object.entries(NAMES)) if (name in options) fields[field] = options[name];
    const chat = new ChatAlibabaTongyi({
      model: this.begin.model,
      alibabaApiKey: this.begin.key,
      apiUrl: this.begin.native_url + PATHS[this.begin.surface],
      streaming: Boolean(command.stream),
      ...fields,
    });
    const { tool_choice, parallel_tool_calls } = options;
    return this.begin.tools ? chat.bindTools(this.begin.tools, { tool_choice, parallel_tool_calls }) : chat;
  }

  async ask(messages, command) {
    if (this.begin.keep) {
      // The limit is for the messages beside the system message, which counts as one.
      const limits = { strategy: "last", startOn: "human", includeSystem: true };
      const tokenCounter = (counted) => counted.length;
      const maxTokens = this.begin.keep + (this.begin.system === undefined ? 0 : 1);
      messages = await trimMessages(messages, { maxTokens, tokenCounter, ...limits });
    }
    const answer = new Answer();
    const model = this.model(command);
    const settings = { timeout: 1000 * (this.begin.timeout ?? 30) };
    if (this.options(command).stop) settings.stop = this.options(command).stop;
    let total;
    if (command.stream) {
      const pieces = await model.stream(messages, settings);
      for await (const piece of heard(pieces, answer, command)) total = total ? concat(total, piece) : piece;
    } else {
      total = await model.invoke(messages, settings);
    }
    answer.own = [total];
    answer.tokens(total.usage_metadata?.input_tokens, total.usage_metadata?.output_tokens);
    const { finish_reason: finish } = total.response_metadata;
    answer.add({ text: total.text, thinking: total.additional_kwargs.reasoning_content, finish });
    for (const call of [...(total.tool_calls ?? []), ...(total.invalid_tool_calls ?? [])]) {
      const text = typeof call.args === "string" ? call.args : JSON.stringify(call.args);
      answer.call({ id: call.id, name: call.name, arguments: text });
    }
    return answer;
  }
}

serve((begin) => new Chain(begin), {
  client: `ChatAlibabaTongyi, @langchain/community ${version}`,
  surfaces: ["native-text", "native-multimodal"],
  features: [...FEATURES, "keep"],
});
