// A conversation as people talk: turns, thinking folded, each call with its result.

import { el, long, pretty } from "./dom.js";
import { t } from "./words.js";

const PICTURE = /^data:image\/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/=\s]+$/;

const object = (value) => (value && typeof value === "object" && !Array.isArray(value) ? value : {});
const list = (value) => (Array.isArray(value) ? value : []);
const text = (value) => (typeof value === "string" ? value : value === null || value === undefined ? "" : pretty(value));
const more = (left) => t("more", { left });

/** The messages of a request of any dialect. */
export function messagesOf(body) {
  const whole = object(body);
  const source = "input" in whole ? object(whole.input) : whole;
  const messages = list(source.messages).map(object);
  const system = typeof whole.system === "string" || Array.isArray(whole.system) ? [{ role: "system", content: whole.system }] : [];
  const prompt = typeof source.prompt === "string" ? [{ role: "user", content: source.prompt }] : [];
  return [...system, ...messages, ...prompt];
}

/** The functions that a request offers. */
export function toolsOf(body) {
  const whole = object(body);
  return list(whole.tools ?? object(whole.parameters).tools);
}

/** What of a request is neither said nor offered. */
export function parametersOf(body) {
  const { messages, input, tools, system, ...rest } = object(body);
  return rest;
}

function part(one) {
  if (typeof one === "string") return { kind: "text", text: one };
  const given = object(one);
  const type = given.type;
  if (type === "thinking") return { kind: "thinking", text: text(given.thinking) };
  if (type === "tool_use") return { kind: "call", id: given.id, name: text(given.name), arguments: given.input };
  if (type === "tool_result") return { kind: "result", id: given.tool_use_id, content: given.content };
  if (typeof given.text === "string") return { kind: "text", text: given.text };
  const source = object(given.source);
  if (type === "image" && source.type === "base64") {
    return { kind: "image", value: `data:${source.media_type};base64,${source.data}` };
  }
  for (const kind of ["image_url", "image", "video_url", "video", "input_audio", "audio", "file"]) {
    if (kind in given) {
      const value = object(given[kind]).url ?? object(given[kind]).data ?? given[kind];
      return { kind: kind.startsWith("image") ? "image" : kind, value: text(value) };
    }
  }
  return { kind: "other", text: pretty(given) };
}

function partsOf(message) {
  const parts = [];
  if (message.reasoning_content) parts.push({ kind: "thinking", text: text(message.reasoning_content) });
  const content = message.content;
  if (message.role === "tool") parts.push({ kind: "result", id: message.tool_call_id, content });
  else if (Array.isArray(content)) parts.push(...content.map(part));
  else if (content !== null && content !== undefined && content !== "") parts.push({ kind: "text", text: text(content) });
  for (const call of list(message.tool_calls)) {
    const made = object(object(call).function ?? call);
    parts.push({ kind: "call", id: object(call).id, name: text(made.name), arguments: made.arguments });
  }
  return parts;
}

function unfolded(given) {
  if (typeof given !== "string") return pretty(given ?? "");
  try {
    return JSON.stringify(JSON.parse(given), null, 2);
  } catch {
    return given;
  }
}

function media(kind, value) {
  if (kind === "image" && PICTURE.test(value)) return el("img", { src: value, alt: t("picture") });
  return long(t("notShown", { kind, value }), more, "div", "said-text faint");
}

function resultOf(content) {
  if (!Array.isArray(content)) return long(unfolded(content), more, "pre", "");
  return content.map((one) => shownPart(part(one), new Map()));
}

function shownPart(one, results) {
  switch (one.kind) {
    case "text": return long(one.text, more);
    case "thinking": return el("details", {}, el("summary", {}, t("thinking")), long(one.text, more));
    case "call": return el("div", { class: "card" },
      el("div", {}, el("span", { class: "chip other" }, t("call")), " ", el("b", {}, one.name)),
      long(unfolded(one.arguments), more, "pre", ""),
      results.has(one.id)
        ? [el("span", { class: "chip good" }, t("result")), resultOf(results.get(one.id))]
        : el("span", { class: "faint" }, t("noResult")));
    case "result": return el("div", { class: "card" }, el("span", { class: "chip good" }, t("result")), resultOf(one.content));
    case "other": return long(one.text, more, "pre", "");
    default: return media(one.kind, one.value);
  }
}

const ROLES = ["system", "user", "assistant", "tool"];

function turn(who, look, parts, results) {
  return el("div", { class: `turn ${look}` }, el("div", { class: "who" }, who),
    el("div", { class: "bubble" }, parts.map((one) => shownPart(one, results))));
}

/** The whole conversation of an exchange, as the journal shows it. */
export function conversation(shown) {
  const turns = messagesOf(shown.body).map((message) => ({ role: text(message.role), parts: partsOf(message) }));
  const calls = new Set(turns.flatMap(({ parts }) => parts.filter((one) => one.kind === "call" && one.id).map((one) => one.id)));
  const results = new Map();
  for (const { parts } of turns) {
    for (const one of parts) if (one.kind === "result" && calls.has(one.id)) results.set(one.id, one.content);
  }
  const nodes = [];
  const offered = toolsOf(shown.body);
  if (offered.length) {
    nodes.push(el("details", {}, el("summary", {}, t("tools", { count: offered.length })), long(pretty(offered), more, "pre", "")));
  }
  const parameters = parametersOf(shown.body);
  if (Object.keys(parameters).length) {
    nodes.push(el("details", {}, el("summary", {}, t("parameters")), long(pretty(parameters), more, "pre", "")));
  }
  for (const { role, parts } of turns) {
    const left = parts.filter((one) => !(one.kind === "result" && results.has(one.id)));
    if (left.length) nodes.push(turn(ROLES.includes(role) ? t(role) : role, role === "user" ? "user" : "", left, results));
  }
  if (!turns.length) nodes.push(turn(t("request"), "user", [{ kind: "other", text: pretty(shown.body) }], results));
  for (const choice of shown.answer ?? []) {
    const parts = partsOf({ role: "assistant", ...choice });
    for (const one of choice.media ?? []) parts.push(part(one));
    nodes.push(turn(`${t("answer")} · ${choice.finish_reason}`, "answer", parts, results));
  }
  if (shown.raw) nodes.push(turn(t("sentRaw"), "answer", [{ kind: "other", text: pretty(shown.raw) }], results));
  if (shown.error) {
    nodes.push(el("div", { class: "note bad" }, el("b", {}, t("error", { status: shown.error.status })),
      " ", el("code", {}, shown.error.code), long(shown.error.message, more)));
  }
  return nodes;
}
