// What the drivers share whose clients take the messages of the AI SDK, and its provider for Alibaba.
"use strict";

const { Conversation } = require("./loop.cjs");

// The options by their names there, and those that are the provider's own.
const NAMES = { temperature: "temperature", top_p: "topP", top_k: "topK", seed: "seed", max_tokens: "maxOutputTokens" };
Object.assign(NAMES, { presence_penalty: "presencePenalty", frequency_penalty: "frequencyPenalty" });
const OWN = { enable_thinking: "enableThinking", thinking_budget: "thinkingBudget" };
Object.assign(OWN, { preserve_thinking: "preserveThinking", parallel_tool_calls: "parallelToolCalls" });

/** A conversation in the messages of the AI SDK. */
class ModelMessages extends Conversation {
  begun(prefix) {
    return { role: "assistant", content: prefix, providerOptions: { alibaba: { partial: true } } };
  }

  results(command) {
    const calls = this.history.flatMap(({ role, content }) => (role === "assistant" ? content : []));
    const named = ({ id }) => calls.find(({ toolCallId }) => toolCallId === id)?.toolName ?? "unknown";
    const content = command.results.map((result) => ({
      type: "tool-result",
      toolCallId: result.id,
      toolName: named(result),
      output: { type: "text", value: result.content },
    }));
    return this.turn([{ role: "tool", content }], command);
  }
}

module.exports = { ModelMessages, NAMES, OWN };
