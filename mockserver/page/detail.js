// One exchange with all that is known of it, in tabs.

import { get } from "./api.js";
import { el, heads, long, pretty, put, tell } from "./dom.js";
import { timeline } from "./frames.js";
import { conversation } from "./talk.js";
import { t } from "./words.js";

const FORMS = ["curl", "python", "node", "java", "script", "pytest"];
const more = (left) => t("more", { left });

let rules = null;

/** Every rule by its id, asked for once. */
async function rule(id) {
  rules ??= get("rules").then((found) => new Map(found.rules.map((one) => [one.id, one])));
  return (await rules).get(id);
}

function finding(one) {
  const about = el("dl");
  rule(one.rule).then((found) => {
    if (!found) return;
    const pairs = [["fix", found.fix], ["source", found.source], ["museum", found.museum]];
    put(about, pairs.filter(([, value]) => value).map(([name, value]) => [el("dt", {}, el("b", {}, t(name))), el("dd", {}, value)]));
  }, () => {});
  return el("div", { class: "card" },
    el("span", { class: `chip ${one.severity === "refused" ? "bad" : "odd"}` }, one.severity), " ",
    el("b", {}, one.rule), one.path ? [" ", t("at"), " ", el("code", {}, one.path)] : "",
    long(one.message, more), about);
}

function side(near) {
  if (!near) return [el("p", {}, t("noNear"))];
  const word = near.answers_now ? t("answersNow") : near.spent ? t("spent") : t("side", near);
  return [
    el("p", { class: near.answers_now ? "note" : "note bad" }, el("b", {}, near.source ?? near.script.id), " · ", word),
    el("div", { class: "wide", tabindex: 0, role: "region", "aria-label": t("near") }, el("table", {},
      heads([t("condition"), t("expected"), t("actual"), t("differs")]),
      el("tbody", {}, near.conditions.map((one) => el("tr", {},
        el("th", { scope: "row", class: one.holds ? "good" : "bad" }, one.condition),
        el("td", {}, long(one.expected, more, "code", "said-text")),
        el("td", {}, one.holds ? t("holds") : long(one.actual, more, "code", "said-text")),
        el("td", {}, one.diff ? long(one.diff, more, "code", "said-text") : "")))))),
    el("details", { open: true }, el("summary", {}, near.script.id), el("pre", {}, pretty(near.script))),
  ];
}

async function write(text) {
  await navigator.clipboard.writeText(text);
  tell(t("copied"));
}

function copies(number) {
  const text = el("pre", { tabindex: 0 });
  const button = el("button", { type: "button", class: "main", onclick: () => write(text.textContent) }, t("copyNow"));
  const forms = FORMS.map((form) => el("button", { type: "button", "aria-pressed": "false", onclick: () => choose(form) }, form));
  async function choose(form) {
    forms.forEach((one) => one.setAttribute("aria-pressed", String(one.textContent === form)));
    try {
      put(text, await get(`requests/${number}/copy`, { form }));
    } catch (error) {
      put(text, error.message);
    }
  }
  choose("curl");
  return [el("div", { class: "bar", role: "group", "aria-label": t("copy") }, forms, button), text];
}

const chip = (look, text) => el("span", { class: `chip ${look}` }, text);

function head(shown) {
  const { timings, usage } = shown;
  return [
    el("div", { class: "bar" },
      chip(shown.status < 400 ? "good" : "bad", String(shown.status)), chip("", shown.surface),
      shown.stream ? chip("other", t("stream")) : null, shown.fault ? chip("odd", shown.fault) : null,
      el("span", {}, `${t("key")} `, el("code", {}, shown.key)),
      el("span", { class: "faint" }, new Date(shown.time * 1000).toLocaleString())),
    el("div", { class: "bar faint" },
      `${t("by")} ${shown.answered_by} · ${t("first")} ${timings.first_byte_ms} ms`,
      timings.finished_ms === null ? "" : ` · ${t("finished")} ${timings.finished_ms} ms`,
      usage ? ` · ${t("tokens")} ${usage.input_tokens} ${t("in")}, ${usage.output_tokens} ${t("out")}` : ""),
  ];
}

/** Shows the exchange of a number in a place. `act` are what its buttons do: `back`, `script`, `strike`. */
export class Detail {
  constructor(place, act) {
    this.place = place;
    this.act = act;
    this.tab = "conversation";
    this.number = null;
    this.empty();
  }

  empty() {
    this.number = null;
    put(this.place, el("p", { class: "faint" }, t("choose")));
  }

  async show(number, beside) {
    this.number = number;
    this.beside = beside;
    let found;
    try {
      found = await get(`requests/${number}`, beside ? { endpoint: "*" } : {});
    } catch (error) {
      if (this.number === number) put(this.place, this.backButton(), el("p", { class: "note bad" }, error.status === 404 ? t("gone") : error.message));
      return;
    }
    if (this.number !== number) return;
    this.found = found;
    this.draw();
  }

  backButton() {
    return el("button", { type: "button", class: "back", onclick: () => this.act.back() }, `← ${t("back")}`);
  }

  tabs() {
    const { request, near } = this.found;
    const tabs = [["conversation", t("conversation")], ["frames", t("frames")], ["findings", `${t("found")} (${request.findings.length})`]];
    if (near) tabs.push(["near", t("near")]);
    tabs.push(["raw", t("raw")]);
    if (!this.beside) tabs.push(["copy", t("copy")]);
    return tabs;
  }

  draw() {
    const { request } = this.found;
    const tabs = this.tabs();
    if (!tabs.some(([name]) => name === this.tab)) this.tab = "conversation";
    const panel = el("div", { id: "panel", role: "tabpanel", "aria-labelledby": `tab-${this.tab}`, tabindex: 0 }, this.panel());
    const buttons = tabs.map(([name, text]) => el("button", {
      type: "button", role: "tab", id: `tab-${name}`, "aria-selected": String(name === this.tab), "aria-controls": "panel",
      tabindex: name === this.tab ? 0 : -1, onclick: () => this.choose(name),
    }, text));
    put(this.place, this.backButton(), el("h2", {}, `#${request.number} ${request.model ?? request.endpoint ?? request.surface}`), head(request),
      this.beside ? null : el("div", { class: "bar" },
        el("button", { type: "button", onclick: () => this.act.script(this.found) }, t("scriptIt")),
        el("button", { type: "button", onclick: () => this.act.strike(this.found) }, t("strikeIt"))),
      el("div", { class: "bar", role: "tablist", "aria-label": t("request"), onkeydown: (event) => this.step(event, tabs) }, buttons), panel);
  }

  step(event, tabs) {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    const at = tabs.findIndex(([name]) => name === this.tab);
    this.choose(tabs[(at + by + tabs.length) % tabs.length][0]);
    this.place.querySelector(`#tab-${this.tab}`).focus();
  }

  choose(name) {
    this.tab = name;
    const focused = this.place.contains(document.activeElement) ? document.activeElement.id : "";
    this.draw();
    if (focused) this.place.querySelector(`#${CSS.escape(`tab-${name}`)}`)?.focus();
  }

  panel() {
    const { request, sent, near } = this.found;
    switch (this.tab) {
      case "frames": return timeline(sent);
      case "findings": return request.findings.length ? request.findings.map(finding) : [el("p", {}, t("noFindings"))];
      case "near": return side(near);
      case "raw": return [long(pretty(request), more, "pre", "")];
      case "copy": return copies(request.number);
      default: return conversation(request);
    }
  }
}
