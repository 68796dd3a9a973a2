// Scripts, faults and recordings: what there is, how often each was used, and forms for more.

import { get, send } from "./api.js";
import { el, heads, long, pretty, put, tell } from "./dom.js";
import { t } from "./words.js";

const more = (left) => t("more", { left });

/** What somebody wrote: JSON where it begins as JSON does, else a text. */
function written(text) {
  return /^\s*[[{"]/.test(text) ? JSON.parse(text) : text;
}

function table(label, names, rows) {
  return el("div", { class: "wide", tabindex: 0, role: "region", "aria-label": t("table", { of: label }) }, el("table", {},
    heads(names),
    el("tbody", {}, rows.map((cells) => el("tr", {}, cells.map((cell) => el("td", {}, cell)))))));
}

/** Does something that the server may refuse, and says so. */
export async function attempt(work) {
  try {
    await work();
  } catch (error) {
    tell(t("failed", { why: error.message }));
  }
}

/** The view of all that decides what is answered. */
export class Desk {
  constructor() {
    this.node = el("section", { id: "desk", "aria-label": t("scripts") });
    this.lists = { replies: el("div"), faults: el("div"), recordings: el("div") };
    this.match = el("textarea", { spellcheck: "false" });
    this.reply = el("textarea", { spellcheck: "false" });
    this.times = el("input", { type: "number", min: 1 });
    this.faultMatch = el("textarea", { spellcheck: "false" });
    this.fault = el("input", { class: "grow" });
    this.faultTimes = el("input", { type: "number", min: 1 });
    put(this.node,
      el("h2", {}, t("addReply")),
      this.form("replies", this.match, t("reply"), this.reply, this.times),
      this.lists.replies,
      el("h2", {}, t("addFault")),
      this.form("faults", this.faultMatch, t("fault"), this.fault, this.faultTimes),
      this.lists.faults,
      this.lists.recordings);
  }

  form(kind, match, label, what, times) {
    const stacked = (text, node) => el("label", { class: "stacked" }, text, node);
    return el("form", { class: "card", onsubmit: (event) => { event.preventDefault(); attempt(() => this.add(kind, match, what, times)); } },
      el("div", { class: "pair" }, stacked(t("match"), match), stacked(label, what)),
      el("div", { class: "bar" }, el("label", {}, t("times"), times), el("button", { class: "main" }, t("add"))));
  }

  async add(kind, match, what, times) {
    const body = { match: match.value.trim() ? JSON.parse(match.value) : {} };
    const said = written(what.value);
    if (kind === "replies") body.reply = typeof said === "string" ? { content: said } : said;
    else body.fault = said;
    if (times.value) body.times = Number(times.value);
    const { id } = await send("POST", kind, body);
    tell(t("added", { id }));
    await this.refresh();
  }

  async remove(kind, id) {
    await send("DELETE", `${kind}/${encodeURIComponent(id)}`);
    await this.refresh();
  }

  /** Begins a reply with that of an exchange. */
  async begin(number) {
    const script = await get(`requests/${number}/copy`, { form: "script" });
    const { match, reply } = JSON.parse(script);
    this.match.value = pretty(match);
    this.reply.value = pretty(reply);
    this.reply.focus();
  }

  /** Begins a fault for requests like that of an exchange. */
  async strike(number) {
    const { match } = JSON.parse(await get(`requests/${number}/copy`, { form: "script" }));
    this.faultMatch.value = pretty(match);
    this.fault.value = "Throttling.RateQuota";
    this.fault.focus();
  }

  entered(kind, rows, field, none) {
    if (!rows.length) return el("p", { class: "faint" }, none);
    return table(t(kind === "replies" ? "scripts" : "faults"), ["id", t("match").split(/ ?[(（]/)[0], t("says"), t("used"), ""], rows.map((one) => [
      el("code", {}, one.id), long(pretty(one.match), more, "code", "said-text"), long(pretty(one[field]), more, "code", "said-text"),
      `${one.used}${one.times ? ` / ${one.times}` : ""}`,
      el("button", { type: "button", class: "danger", "aria-label": `${t("remove")} ${one.id}`, onclick: () => attempt(() => this.remove(kind, one.id)) }, t("remove")),
    ]));
  }

  async refresh() {
    const found = await Promise.all([get("replies"), get("faults"), get("recordings")]);
    const now = JSON.stringify(found);
    if (now === this.seen) return; // what somebody reads or has the focus on is left alone
    this.seen = now;
    const [replies, faults, recordings] = found;
    put(this.lists.replies, this.entered("replies", replies.replies, "reply", t("noScripts")));
    put(this.lists.faults, this.entered("faults", faults.faults, "fault", t("noFaults")));
    put(this.lists.recordings, recordings.cassette === null ? null : [
      el("h2", {}, t("cassette", { name: recordings.cassette })),
      table(t("recordings"), [t("name"), t("surface"), t("model"), t("status"), t("recorded"), t("used")], recordings.recordings.map((one) => [
        el("code", {}, one.name), `${one.surface}${one.stream ? ` · ${t("stream")}` : ""}`, one.model, String(one.status), one.recorded, String(one.used)])),
    ]);
  }
}
