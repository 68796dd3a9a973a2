// The list of exchanges: only the rows that are seen are there, so that thousands cost what dozens do.

import { el, put } from "./dom.js";
import { Detail } from "./detail.js";
import { running, Store } from "./store.js";
import { t } from "./words.js";

const AROUND = 6;
const CLOCK = new Intl.DateTimeFormat([], { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });

const KINDS = {
  all: () => true,
  refused: (one) => one.status >= 400,
  findings: (one) => one.findings.length > 0,
  faulted: (one) => one.fault !== null,
  missed: (one) => one.answered_by === "miss" || one.answered_by === "built-in",
  streamed: (one) => one.stream,
  running,
};

/** The view of all exchanges. `act` are `script` and `strike`, which need another view. */
export class Exchanges {
  constructor(act, trouble) {
    this.kind = "all";
    this.wanted = { model: "", key: "", surface: "" };
    this.chosen = null;
    this.shown = [];
    this.rows = new Map();
    this.node = el("section", { id: "exchanges", "aria-label": t("exchanges") });
    this.place = el("div", { id: "detail", role: "region", "aria-label": t("request"), tabindex: -1 });
    this.detail = new Detail(this.place, { ...act, back: () => this.back() });
    this.inner = el("div");
    this.list = el("div", {
      id: "list", role: "listbox", tabindex: 0, "aria-label": t("list"), onkeydown: (event) => this.key(event),
      onscroll: () => this.later(),
    }, this.inner);
    this.count = el("div", { id: "counted", role: "status" });
    this.chooser = Object.fromEntries(Object.keys(this.wanted).map((name) => [name, this.select(name)]));
    put(this.node, el("div", { id: "left" }, this.bar(), this.list), this.place);
    new ResizeObserver(() => this.later()).observe(this.list);
    this.store = new Store(() => this.changed(), trouble);
    this.store.soon(0);
  }

  bar() {
    let typed = 0;
    this.search = el("input", {
      type: "search", placeholder: t("search"), "aria-label": t("search"),
      oninput: () => { clearTimeout(typed); typed = setTimeout(() => this.store.follow({ contains: this.search.value }), 250); },
    });
    const kind = el("select", { "aria-label": t("filter"), onchange: () => { this.kind = kind.value; this.changed(); } },
      Object.keys(KINDS).map((name) => el("option", { value: name }, t(name))));
    this.beside = el("input", { type: "checkbox", onchange: () => { this.chosen = null; this.detail.empty(); this.store.follow({ endpoint: this.beside.checked ? "*" : "" }); } });
    return [
      el("div", { class: "bar" }, this.search, kind),
      el("div", { class: "bar choosers" }, Object.values(this.chooser)),
      el("div", { class: "bar" }, this.count, el("label", {}, this.beside, t("beside"))),
    ];
  }

  select(name) {
    const node = el("select", { "aria-label": t(name), onchange: () => { this.wanted[name] = node.value; this.changed(); } });
    return node;
  }

  /** What can be chosen is what there is. */
  choices() {
    for (const [name, node] of Object.entries(this.chooser)) {
      const there = [...new Set(this.store.newest.map((one) => one[name] ?? ""))].filter(Boolean).sort();
      const now = there.join("\n");
      if (node.there === now && node.options.length) continue;
      node.there = now;
      put(node, el("option", { value: "" }, `${t(name)}: ${t("any")}`), there.map((one) => el("option", { value: one }, one)));
      node.value = there.includes(this.wanted[name]) ? this.wanted[name] : (this.wanted[name] = "");
    }
  }

  changed() {
    this.choices();
    const before = this.shown;
    const wanted = Object.entries(this.wanted).filter(([, value]) => value);
    this.shown = this.store.newest.filter((one) => KINDS[this.kind](one) && wanted.every(([name, value]) => one[name] === value));
    const { newest } = this.store;
    put(this.count, newest.length ? t("counted", { shown: this.shown.length, all: newest.length }) : "");
    const height = this.height();
    this.inner.style.height = `${this.shown.length * height}px`;
    if (this.list.scrollTop > 0 && before.length) {
      // New ones come on top; what is being read stays where it is.
      const top = before[Math.floor(this.list.scrollTop / height)];
      const now = top ? this.shown.findIndex((one) => one.number === top.number) : -1;
      if (now >= 0) this.list.scrollTop = now * height + this.list.scrollTop % height;
    }
    this.drawn = "";
    this.later();
    const open = this.chosen === null ? null : this.store.known.get(this.chosen);
    if (open && this.open !== open && this.detail.number === this.chosen) {
      this.open = open;
      this.detail.show(this.chosen, this.beside.checked);
    }
  }

  height() {
    this.rem ??= Number.parseFloat(getComputedStyle(document.documentElement).fontSize);
    return 3.5 * this.rem;
  }

  later() {
    this.frame ??= requestAnimationFrame(() => { this.frame = undefined; this.draw(); });
  }

  draw() {
    const height = this.height();
    const from = Math.max(0, Math.floor(this.list.scrollTop / height) - AROUND);
    const to = Math.min(this.shown.length, Math.ceil((this.list.scrollTop + this.list.clientHeight) / height) + AROUND);
    const drawn = `${from} ${to} ${this.chosen}`;
    if (drawn === this.drawn) return;
    this.drawn = drawn;
    // A row that stays is left alone: what scrolls in is all that costs anything.
    const before = this.rows;
    this.rows = new Map();
    for (let at = from; at < to; at += 1) {
      const one = this.shown[at];
      const known = before.get(one.number);
      const same = known && known.one === one && known.at === at && known.of === this.shown.length && known.chosen === (one.number === this.chosen);
      this.rows.set(one.number, same ? known : { one, at, of: this.shown.length, chosen: one.number === this.chosen, node: this.row(one, at, height) });
    }
    const kept = new Set([...this.rows.values()].map((row) => row.node));
    for (const node of [...this.inner.children]) if (!kept.has(node)) node.remove();
    let last = null;
    for (const { node } of this.rows.values()) {
      const place = last ? last.nextSibling : this.inner.firstChild;
      if (place !== node) this.inner.insertBefore(node, place);
      last = node;
    }
    if (!this.shown.length) put(this.inner, this.nothing());
    const active = this.shown.some((one) => one.number === this.chosen) && this.inner.querySelector(`#row-${this.chosen}`);
    if (active) this.list.setAttribute("aria-activedescendant", active.id);
    else this.list.removeAttribute("aria-activedescendant");
  }

  nothing() {
    if (this.store.newest.length || this.search.value) return el("p", { class: "bar", role: "option", "aria-disabled": "true" }, t("nothingFits"));
    return el("div", { class: "bar", role: "option", "aria-disabled": "true" }, t("nothing"),
      el("pre", {}, `OPENAI_BASE_URL=${location.origin}/compatible-mode/v1\nOPENAI_API_KEY=sk-test\nDASHSCOPE_HTTP_BASE_URL=${location.origin}/api/v1\nDASHSCOPE_API_KEY=sk-test`));
  }

  row(one, at, height) {
    const chip = (look, text) => el("span", { class: `chip ${look}` }, text);
    const time = CLOCK.format(one.time * 1000);
    const node = el("div", {
      class: "row", role: "option", id: `row-${one.number}`, "aria-selected": String(one.number === this.chosen),
      "aria-posinset": at + 1, "aria-setsize": this.shown.length, onclick: () => this.choose(one.number),
    },
    el("div", {}, el("span", { class: "faint" }, time), chip(one.status < 400 ? "good" : "bad", String(one.status)),
      el("span", { class: "model" }, one.model ?? one.endpoint ?? one.surface),
      running(one) ? chip("other", t("running")) : null, one.fault ? chip("odd", one.fault) : null,
      one.findings.length ? chip("odd", `⚑ ${one.findings.length}`) : null,
      el("span", { class: "faint" }, one.answered_by)),
    el("div", {}, el("span", { class: "said" }, one.asked || `${one.bytes} ${t("bytes")}`, el("span", { class: "faint" }, " → "), one.answered)));
    node.style.top = `${at * height}px`;
    return node;
  }

  choose(number) {
    this.chosen = number;
    this.open = this.store.known.get(number);
    this.node.classList.add("open");
    this.reveal();
    this.later();
    this.detail.show(number, this.beside.checked);
  }

  /** Scrolls as far as the chosen row needs. */
  reveal() {
    const at = this.shown.findIndex((one) => one.number === this.chosen);
    const height = this.height();
    if (at * height < this.list.scrollTop) this.list.scrollTop = at * height;
    const end = (at + 1) * height - this.list.clientHeight;
    if (this.list.clientHeight && end > this.list.scrollTop) this.list.scrollTop = end;
  }

  back() {
    this.node.classList.remove("open");
    this.list.focus();
  }

  step(by) {
    if (!this.shown.length) return;
    const at = this.shown.findIndex((one) => one.number === this.chosen);
    const next = at < 0 ? 0 : Math.max(0, Math.min(this.shown.length - 1, at + by));
    this.choose(this.shown[next].number);
  }

  key(event) {
    const page = Math.max(1, Math.floor(this.list.clientHeight / this.height()) - 1);
    const by = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity }[event.key];
    if (by !== undefined) {
      event.preventDefault();
      this.step(by);
    } else if (event.key === "Enter" && this.chosen !== null) {
      this.node.classList.add("open");
      this.place.focus();
    }
  }
}
