// What every driver for Node shares: commands of the contract kit come in by lines, answers go out.
// It is loop.py over again; the protocol is described by schemas/driver.schema.json.
"use strict";

const readline = require("node:readline");

/** The error of a client that returns errors instead of throwing them. */
class ToldError extends Error {
  constructor(kind, code, status, message) {
    super(message);
    Object.assign(this, { kind, code, status });
  }
}

/** One answer as the client told it, put together from a whole response or from the pieces of a stream. */
class Answer {
  choices = [];
  usage = null;
  cancelled = false;
  /** The client's own messages, for the history, where it gives whole ones. */
  own = null;

  add({ index = 0, text, thinking, finish } = {}) {
    this.choices[index] ??= { text: "", thinking: "", tool_calls: [], finish_reason: null };
    const choice = this.choices[index];
    choice.text += text ?? "";
    choice.thinking += thinking ?? "";
    if (finish && finish !== "null") choice.finish_reason = finish;
    return choice;
  }

  /** Adds to a call of a function: the first id and name count, arguments are joined. */
  call({ choice = 0, index, id, name, arguments: text }) {
    const calls = this.add({ index: choice }).tool_calls;
    const call = (calls[index ?? calls.length] ??= { id: "", name: "", arguments: "" });
    call.id ||= id ?? "";
    call.name ||= name ?? "";
    call.arguments += text ?? "";
  }

  tokens(input, output) {
    if (Number.isInteger(input) && Number.isInteger(output)) this.usage = { input, output };
  }

  /** Whether the user stopped it where it calls. */
  inCalls() {
    return this.cancelled && this.choices.some((choice) => choice.tool_calls.length > 0);
  }

  report() {
    return { type: "report", choices: this.choices, usage: this.usage, cancelled: this.cancelled };
  }
}

/** One conversation: the history, and how the client is asked. A turn that failed leaves nothing in it. */
class Conversation {
  spent = null;
  /** Where the running turn begins in the history. */
  start = 0;

  constructor(begin) {
    this.begin = begin;
    this.history = begin.system === undefined ? [] : [this.system(begin.system)];
  }

  options(command) {
    return { ...this.begin.options, ...command.options };
  }

  headers() {
    return this.begin.session ? { "x-dashscope-aca-session": this.begin.session } : {};
  }

  system(text) {
    return { role: "system", content: text };
  }

  user(text, parts) {
    const content = parts.flatMap((part) =>
      Object.entries(part).map(([kind, value]) =>
        kind === "text" ? { type: "text", text: value } : { type: `${kind}_url`, [`${kind}_url`]: { url: value } },
      ),
    );
    return { role: "user", content: content.length > 0 ? content : text };
  }

  /** The answer as the history keeps it: the client's own messages, or else one made of its pieces. */
  assistant(answer, prefix) {
    if (answer.own !== null && prefix === "") return answer.own;
    const said = answer.choices[0] ?? { text: "", tool_calls: [] };
    const message = { role: "assistant", content: prefix + said.text };
    if (said.tool_calls.length > 0) {
      message.tool_calls = said.tool_calls.map(({ id, name, arguments: text }) => ({
        id,
        type: "function",
        function: { name, arguments: text },
      }));
    }
    return [message];
  }

  begun(prefix) {
    return { role: "assistant", content: prefix, partial: true };
  }

  results(command) {
    return this.turn(
      command.results.map(({ id, content }) => ({ role: "tool", tool_call_id: id, content })),
      command,
    );
  }

  say(command) {
    this.start = this.history.length;
    return this.turn([this.user(command.text ?? "", command.parts ?? [])], command);
  }

  end() {
    return { type: "report", usage: this.spent };
  }

  async turn(told, command) {
    const prefix = command.partial ?? "";
    const begun = prefix ? [this.begun(prefix)] : [];
    let answer;
    try {
      answer = await this.ask([...this.history, ...told, ...begun], command);
    } catch (error) {
      this.history.length = this.start;
      throw error;
    }
    // Half of a call cannot be answered; what the cloud remembers is not sent again.
    if (answer.inCalls()) this.history.length = this.start;
    else if (!this.begin.session) this.history.push(...told, ...this.assistant(answer, prefix));
    if (answer.usage) {
      const { input, output } = this.spent ?? { input: 0, output: 0 };
      this.spent = { input: input + answer.usage.input, output: output + answer.usage.output };
    }
    return answer.report();
  }
}

/** The pieces of a stream, until it ends or the user stops listening: leaving the loop closes it. */
async function* heard(stream, answer, command) {
  let number = 0;
  for await (const piece of stream) {
    yield piece;
    number += 1;
    if (number === command.cancel_after) {
      answer.cancelled = true;
      return;
    }
  }
}

function failure(error) {
  const status = error.status ?? error.statusCode;
  return {
    kind: error.kind ?? error.constructor.name,
    code: typeof error.code === "string" ? error.code : null,
    status: Number.isInteger(status) ? status : null,
    message: String(error.message),
  };
}

/** Answers the commands on stdin until it ends. */
async function serve(make, hello) {
  const held = new Map();
  async function answered(command) {
    if (command.type === "hello") return { type: "hello", version: 1, ...hello };
    if (command.type === "begin") {
      held.set(command.conversation, make(command));
      return { type: "ok" };
    }
    const conversation = held.get(command.conversation);
    try {
      return await conversation[command.type](command);
    } catch (error) {
      return { type: "report", error: failure(error) };
    }
  }
  const tell = process.stdout.write.bind(process.stdout);
  process.stdout.write = process.stderr.write.bind(process.stderr); // whatever a client prints by
  for await (const line of readline.createInterface({ input: process.stdin })) {
    let document;
    try {
      document = await answered(JSON.parse(line));
    } catch (error) {
      document = { type: "trouble", message: String(error.stack ?? error) };
    }
    tell(`${JSON.stringify(document)}\n`);
  }
}

const FEATURES =
  "stream system tools thinking partial choices parts options usage cancel session parallel timeout".split(" ");

module.exports = { Answer, Conversation, FEATURES, ToldError, heard, serve };
