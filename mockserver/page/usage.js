// What each world and each model cost, as a chart and as a table.

import { get } from "./api.js";
import { el, heads, put, svg } from "./dom.js";
import { t } from "./words.js";

const WIDTH = 720;
const NAMES = 0.27; // their share of the width
const LETTER = 7;
const RIGHT = 70;
const BAR = 26;
const MOST = 30;

function summed(rows, by) {
  const sums = new Map();
  for (const row of rows) {
    const sum = sums.get(row[by]) ?? { name: row[by], input: 0, output: 0 };
    sum.input += row.input_tokens;
    sum.output += row.output_tokens;
    sums.set(row[by], sum);
  }
  return [...sums.values()].sort((one, other) => other.input + other.output - one.input - one.output).slice(0, MOST);
}

/** The chart, as wide as there is room, so that its letters are as large on a phone as on a desk. */
function chart(rows, by, label, room) {
  const sums = summed(rows, by);
  const wide = Math.min(WIDTH, room);
  const left = Math.max(110, wide * NAMES);
  const most = Math.max(1, ...sums.map((sum) => sum.input + sum.output));
  const scale = Math.max(0, wide - left - RIGHT) / most;
  return svg("svg", { class: "chart", role: "img", "aria-label": t("chart", { by: label }), viewBox: `0 0 ${wide} ${sums.length * BAR + 4}` },
    sums.map((sum, at) => {
      const y = at * BAR + 4;
      const text = `${sum.name}: ${sum.input} + ${sum.output}`;
      return svg("g", {}, svg("title", {}, text),
        svg("text", { x: left - 8, y: y + 14, "text-anchor": "end" }, (sum.name || "—").slice(0, Math.floor(left / LETTER))),
        svg("rect", { class: "input", x: left, y, width: sum.input * scale, height: BAR - 8 }),
        svg("rect", { class: "output", x: left + sum.input * scale, y, width: sum.output * scale, height: BAR - 8 }),
        svg("text", { x: left + (sum.input + sum.output) * scale + 6, y: y + 14 }, (sum.input + sum.output).toLocaleString()));
    }));
}

/** The view of the ledger. */
export class Usage {
  constructor() {
    this.node = el("section", { id: "usage", "aria-label": t("usage") });
    this.by = "key";
    this.rows = [];
  }

  async refresh() {
    const { usage } = await get("usage");
    const now = JSON.stringify(usage);
    if (now === this.seen || !this.node.clientWidth) return; // what nobody sees has no width to be drawn for
    this.seen = now;
    this.rows = usage;
    this.draw();
  }

  draw() {
    if (!this.rows.length) {
      put(this.node, el("h2", {}, t("usage")), el("p", { class: "faint" }, t("noUsage")));
      return;
    }
    const button = (by, name) => el("button", { type: "button", "aria-pressed": String(this.by === by), onclick: () => { this.by = by; this.draw(); } }, name);
    const names = [t("world"), t("model"), t("requests"), t("refusals"), t("input"), t("output"), t("cached")];
    const fields = ["key", "model", "requests", "refusals", "input_tokens", "output_tokens", "cached_tokens"];
    put(this.node, el("h2", {}, t("usage")),
      el("div", { class: "bar" }, button("key", t("byKey")), button("model", t("byModel")),
        el("span", {}, el("span", { class: "swatch input" }), ` ${t("input")}`), el("span", {}, el("span", { class: "swatch output" }), ` ${t("output")}`)),
      chart(this.rows, this.by, this.by === "key" ? t("byKey") : t("byModel"), this.node.clientWidth - 24),
      el("div", { class: "wide", tabindex: 0, role: "region", "aria-label": t("table", { of: t("usage") }) }, el("table", {},
        heads(names),
        el("tbody", {}, this.rows.map((row) => el("tr", {}, fields.map((field, at) => el("td", { class: at > 1 ? "number" : "" }, String(row[field])))))))));
  }
}
