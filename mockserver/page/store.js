// The journal as this page knows it: followed while somebody looks, begun anew when exchanges were forgotten.

import { get } from "./api.js";

const LOOKING = 500;
const ELSEWHERE = 5000;
const TROUBLE = 2000;

/** Follows the journal. `changed` is called when something is new, `trouble` with an error, or null when it is over. */
export class Store {
  constructor(changed, trouble) {
    this.changed = changed;
    this.trouble = trouble;
    this.source = { contains: "", endpoint: "" };
    this.timer = 0;
    this.forget();
    document.addEventListener("visibilitychange", () => { if (!document.hidden) this.soon(0); });
  }

  forget() {
    this.epoch = "";
    this.revision = 0;
    this.known = new Map();
    this.newest = [];
  }

  /** Follows other exchanges: those that hold a text, or calls beside chat. */
  follow(source) {
    this.source = { ...this.source, ...source };
    this.forget();
    this.turn = (this.turn ?? 0) + 1;
    this.soon(0);
  }

  soon(wait) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.look(), wait);
  }

  async look() {
    const turn = this.turn;
    let wait = document.hidden ? ELSEWHERE : LOOKING;
    try {
      const found = await get("changes", { revision: this.revision, ...this.source });
      if (turn !== this.turn) return;
      this.take(found);
      this.trouble(null);
    } catch (error) {
      if (turn !== this.turn) return;
      wait = TROUBLE;
      this.trouble(error);
    }
    this.soon(wait);
  }

  take(found) {
    const anew = found.epoch !== this.epoch;
    if (anew && this.epoch !== "") {
      // What was asked for is behind a revision of a journal that is no more.
      this.forget();
      this.epoch = found.epoch;
      this.changed();
      return;
    }
    this.epoch = found.epoch;
    this.revision = found.revision;
    for (const brief of found.exchanges) this.known.set(brief.number, brief);
    const first = found.first ?? Infinity;
    let gone = false;
    for (const number of this.known.keys()) {
      if (number >= first) break;
      this.known.delete(number);
      gone = true;
    }
    if (anew || gone || found.exchanges.length) {
      this.newest = [...this.known.values()].sort((one, other) => other.number - one.number);
      this.changed();
    }
  }
}

/** Whether an exchange is still being answered. */
export function running(brief) {
  return brief.finished_ms === null && brief.stream && brief.status < 400 && !brief.endpoint;
}
