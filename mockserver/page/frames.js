// The frames of an answer on a time line, with what each carries.

import { el, heads, long, put } from "./dom.js";
import { t } from "./words.js";

const STEP = 300;

/** What JSON of any dialect carries: pairs of what it is and what it says. */
export function carried(data) {
  const found = [];
  const add = (kind, value) => { if (value !== undefined && value !== null && value !== "") found.push([kind, typeof value === "string" ? value : JSON.stringify(value)]); };
  const said = (message) => {
    add("reasoning_content", message.reasoning_content);
    add("content", message.content);
    for (const call of message.tool_calls ?? []) add("tool_call", `${call.function?.name ?? ""}${call.function?.arguments ?? ""}`);
  };
  for (const choice of data.choices ?? data.output?.choices ?? []) {
    said(choice.delta ?? choice.message ?? {});
    if (choice.finish_reason && choice.finish_reason !== "null") add("finish_reason", choice.finish_reason);
  }
  add("text", data.output?.text);
  if (data.output?.finish_reason && data.output.finish_reason !== "null") add("finish_reason", data.output.finish_reason);
  add("type", data.type);
  if (data.delta) {
    add("thinking", data.delta.thinking);
    add("text", data.delta.text);
    add("input_json", data.delta.partial_json);
    add("stop_reason", data.delta.stop_reason);
  }
  add("usage", data.usage);
  add("error", data.error);
  if (data.code) add("code", `${data.code}: ${data.message ?? ""}`);
  return found;
}

/** What a frame carries, as far as it is events with JSON. */
export function carries(frame) {
  const found = [];
  for (const line of frame.split(/\r?\n/)) {
    const data = line.startsWith("data:") ? line.slice(5).trim() : line.startsWith("{") ? line : "";
    if (data === "[DONE]") found.push(["done", ""]);
    if (line.startsWith(":")) found.push(["comment", line.slice(1)]);
    if (!data.startsWith("{")) continue;
    try {
      found.push(...carried(JSON.parse(data)));
    } catch {
      found.push(["not JSON", data]);
    }
  }
  return found;
}

const LOOKS = { error: "bad", code: "bad", "not JSON": "bad", usage: "odd", done: "good", finish_reason: "good", stop_reason: "good" };

function row(frame, span) {
  const mark = el("i");
  // Not as an attribute: the policy of the page lets no style stand in its markup.
  mark.style.left = `${span ? 94 * frame.at_ms / span : 0}%`;
  const what = frame.text === null ? el("span", { class: "faint" }, t("packed"))
    : carries(frame.text).map(([kind, value]) => el("div", {},
      el("span", { class: `chip ${LOOKS[kind] ?? "other"}` }, kind), " ", long(value, (left) => t("more", { left }), "span", "")));
  return el("tr", {},
    el("td", {}, `${frame.at_ms.toFixed(frame.at_ms < 10 ? 1 : 0)} ms`),
    el("td", { class: "when" }, mark),
    el("td", { class: "number" }, String(frame.bytes)),
    el("td", {}, what),
    el("td", {}, frame.text === null ? "" : el("details", {}, el("summary", {}, t("wire")),
      long(JSON.stringify(frame.text).slice(1, -1), (left) => t("more", { left }), "code", "said-text"))));
}

/** All frames of what was sent; null when nothing of it is kept. */
export function timeline(sent) {
  if (!sent) return [el("p", {}, t("noFrames"))];
  const { frames } = sent;
  const span = Math.max(0, ...frames.map((frame) => frame.at_ms));
  const rows = el("tbody");
  const button = el("button", { type: "button" });
  let shown = 0;
  const show = () => {
    rows.append(...frames.slice(shown, shown + STEP).map((frame) => row(frame, span)));
    shown = Math.min(frames.length, shown + STEP);
    put(button, t("moreRows", { count: Math.min(STEP, frames.length - shown) }));
    button.hidden = shown === frames.length;
  };
  button.addEventListener("click", show);
  show();
  return [
    el("p", {}, `${t("status")} ${sent.status} · ${t("counting", { count: frames.length })} `,
      sent.ending === "end" ? "" : el("span", { class: "chip bad" }, t(`ending${sent.ending}`))),
    span ? null : el("p", { class: "faint" }, t("atOnce")),
    el("div", { class: "wide", tabindex: 0, role: "region", "aria-label": t("frames") }, el("table", { class: "frames" },
      heads([t("at"), "", t("bytes"), t("carries"), t("wire")]),
      rows)),
    button,
    el("details", {}, el("summary", {}, "HTTP"), el("pre", {}, sent.headers.map(([name, value]) => `${name}: ${value}`).join("\n"))),
  ];
}
