// A scenario is written, played and tried in one place.

import { send } from "./api.js";
import { attempt } from "./desk.js";
import { el, long, put, tell } from "./dom.js";
import { carried } from "./frames.js";
import { t } from "./words.js";

const KEPT = "dashscope-mock-scenario";
const TRY = "sk-page";
const MOST = 200000;
const FIRST = `name: Tea shop
replies:
  - match: {last_user: {contains: opening hours}}
    reply: {content: "We are open from 9 to 21."}
conversations:
  - name: which tea
    messages:
      - user: {contains: tea}
      - assistant: Green or black?
      - user: {regex: "(?i)green"}
      - assistant: Then take the Longjing.
`;

/** The view in which a scenario is written and tried. */
export class Scenario {
  constructor() {
    this.node = el("section", { id: "scenario", "aria-label": t("scenario") });
    this.history = [];
    this.text = el("textarea", { "aria-label": t("write"), rows: 18, spellcheck: "false", value: localStorage.getItem(KEPT) ?? FIRST, oninput: () => localStorage.setItem(KEPT, this.text.value) });
    this.key = el("input", { value: TRY, autocomplete: "off" });
    this.problems = el("div", { role: "status" });
    this.model = el("input", { value: "qwen-plus" });
    this.stream = el("input", { type: "checkbox", checked: true });
    this.message = el("input", { class: "grow", "aria-label": t("message"), placeholder: t("message"), value: "Which tea do you have?" });
    this.talk = el("div", { "aria-live": "polite" });
    const button = (name, work, look = "") => el("button", { type: "button", class: look, onclick: () => attempt(work) }, name);
    put(this.node, el("div", { class: "pair" },
      el("div", {}, el("h2", {}, t("write")), this.text,
        el("div", { class: "bar" }, el("label", {}, t("scenarioKey"), this.key), button(t("play"), () => this.play(), "main"), button(t("stop"), () => this.stop())),
        this.problems),
      el("div", {}, el("h2", {}, t("tryIt")), this.talk,
        el("form", { class: "bar", onsubmit: (event) => { event.preventDefault(); attempt(() => this.ask()); } }, this.message, el("button", { class: "main" }, t("ask"))),
        el("div", { class: "bar" }, el("label", {}, t("model"), this.model), el("label", {}, this.stream, t("asStream")), button(t("fresh"), () => this.fresh())))));
  }

  path() {
    const key = this.key.value.trim();
    return key ? `scenario?${new URLSearchParams({ key })}` : "scenario";
  }

  async play() {
    try {
      const { replies, warnings } = await send("PUT", this.path(), { files: { "scenario.yaml": this.text.value } });
      put(this.problems, el("p", { class: "note" }, t("played", { count: replies })), warnings.length ? el("pre", {}, warnings.join("\n")) : null);
    } catch (error) {
      put(this.problems, el("pre", { class: "bad" }, error.message));
    }
  }

  async stop() {
    await send("DELETE", this.path());
    put(this.problems);
    tell(t("stopped"));
  }

  async fresh() {
    this.history = [];
    put(this.talk);
  }

  said(look, who) {
    const bubble = el("div", { class: "bubble said-text" });
    this.talk.append(el("div", { class: `turn ${look}` }, el("div", { class: "who" }, who), bubble));
    return bubble;
  }

  async ask() {
    const content = this.message.value;
    this.message.value = "";
    this.said("user", t("user")).append(content);
    const messages = [...this.history, { role: "user", content }];
    const bubble = this.said("answer", t("answer"));
    const answer = await fetch("/compatible-mode/v1/chat/completions", {
      method: "POST",
      headers: { "Content-Type": "application/json", Authorization: `Bearer ${this.key.value.trim() || TRY}` },
      body: JSON.stringify({ model: this.model.value, messages, stream: this.stream.checked }),
    });
    let whole = "";
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
      rest += piece.value;
      const lines = rest.split("\n");
      rest = lines.pop();
      for (const line of lines) whole += spoken(line.replace(/^data: ?/, ""));
      put(bubble, whole.slice(0, MOST));
    }
    whole += spoken(rest.replace(/^data: ?/, ""));
    put(bubble, long(whole, (left) => t("more", { left })));
    if (answer.ok) this.history = [...messages, { role: "assistant", content: whole }];
  }
}

/** What a line of an answer says. */
function spoken(line) {
  if (!line.startsWith("{")) return "";
  try {
    return carried(JSON.parse(line)).filter(([kind]) => ["content", "error", "tool_call"].includes(kind)).map(([, value]) => value).join("");
  } catch {
    return "";
  }
}
