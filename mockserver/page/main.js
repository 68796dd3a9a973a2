// The frame of the page: the four views, language, theme, the keys, and what is said when the server is silent.

import { send, setToken } from "./api.js";
import { attempt, Desk } from "./desk.js";
import { el, put, tell } from "./dom.js";
import { Exchanges } from "./exchanges.js";
import { Scenario } from "./scenario.js";
import { Usage } from "./usage.js";
import { language, setLanguage, t } from "./words.js";

const THEME = "dashscope-mock-theme";
const THEMES = ["auto", "light", "dark"];
const EVERY = 2000;

const root = document.documentElement;

function theme() {
  const kept = localStorage.getItem(THEME);
  return THEMES.includes(kept) ? kept : "auto";
}

function dress() {
  root.lang = language() === "zh" ? "zh-Hans" : "en";
  if (theme() === "auto") delete root.dataset.theme;
  else root.dataset.theme = theme();
}

const trouble = el("div", { role: "alert" });

/** Says why the journal cannot be followed, and asks for a token where that is why. */
function troubled(error) {
  if (error === null) {
    if (trouble.hasChildNodes()) put(trouble);
    return;
  }
  if (error.status !== 403) {
    put(trouble, el("p", { class: "note bad" }, error.status ? error.message : t("offline")));
    return;
  }
  if (trouble.querySelector("form")) return;
  const field = el("input", { type: "password", autocomplete: "off", class: "grow" });
  put(trouble, el("form", { class: "note bad bar", onsubmit: (event) => { event.preventDefault(); setToken(field.value.trim()); put(trouble); views[0][1].store.soon(0); } },
    el("span", {}, error.message), el("label", {}, t("token"), field), el("button", { class: "main" }, t("enter"))));
}

const desk = new Desk();
const views = [
  ["exchanges", new Exchanges({
    script: (found) => { open("scripts"); attempt(() => desk.begin(found.request.number)); },
    strike: (found) => { open("scripts"); attempt(() => desk.strike(found.request.number)); },
  }, troubled)],
  ["scripts", desk],
  ["usage", new Usage()],
  ["scenario", new Scenario()],
];
const exchanges = views[0][1];
const main = el("main", { id: "content", tabindex: -1 }, views.map(([, view]) => view.node));
const buttons = views.map(([name], at) => el("button", { type: "button", title: String(at + 1), onclick: () => open(name) }, t(name)));
let now = "";

/** Shows a view; what it shows is asked for again, now and while it is open. */
function open(name) {
  now = views.some(([other]) => other === name) ? name : "exchanges";
  const [, view] = views.find(([other]) => other === now);
  views.forEach(([other, { node }], at) => {
    node.hidden = other !== now;
    if (other === now) buttons[at].setAttribute("aria-current", "page");
    else buttons[at].removeAttribute("aria-current");
  });
  if (location.hash !== `#${now}`) history.replaceState(null, "", `#${now}`);
  if (view.refresh) attempt(() => view.refresh());
}

addEventListener("hashchange", () => open(location.hash.slice(1)));

setInterval(() => {
  const view = views.find(([name]) => name === now)[1];
  if (view.refresh && !document.hidden) view.refresh().catch(troubled);
}, EVERY);

const question = el("dialog", { "aria-label": t("reset") }, el("p", {}, t("resetAsk")),
  el("div", { class: "bar" }, el("button", { type: "button", class: "danger", onclick: () => { question.close(); attempt(reset); } }, t("yes")),
    el("button", { type: "button", onclick: () => question.close() }, t("no"))));

async function reset() {
  await send("POST", "reset");
  exchanges.chosen = null;
  exchanges.detail.empty();
  tell(t("resetDone"));
  open(now);
}

const KEYS = [["j / k, ↓ / ↑", "keyMove"], ["Enter", "keyOpen"], ["Esc", "keyClose"], ["/", "keySearch"], ["1 – 4", "keyViews"], ["← / →", "keyTabs"], ["?", "keyHelp"]];
const help = el("dialog", { "aria-label": t("keysTitle") }, el("h2", {}, t("keysTitle")),
  el("dl", {}, KEYS.map(([key, name]) => [el("dt", {}, el("kbd", {}, key)), el("dd", {}, t(name))])),
  el("button", { type: "button", onclick: () => help.close() }, t("close")));

function typing(target) {
  return target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement;
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || question.open || help.open) return;
  if (event.key === "Escape") {
    if (typing(event.target)) event.target.blur();
    if (now === "exchanges") exchanges.back();
    return;
  }
  if (typing(event.target)) return;
  const at = Number(event.key) - 1;
  if (views[at]) {
    open(views[at][0]);
    buttons[at].focus();
  } else if (event.key === "/") {
    open("exchanges");
    exchanges.search.focus();
  } else if (event.key === "?") help.showModal();
  else if (event.key === "j" || event.key === "k") {
    open("exchanges");
    exchanges.step(event.key === "j" ? 1 : -1);
  } else return;
  event.preventDefault();
});

dress();
const dressed = el("button", { type: "button", onclick: () => {
  localStorage.setItem(THEME, THEMES[(THEMES.indexOf(theme()) + 1) % THEMES.length]);
  dress();
  put(dressed, t(`theme.${theme()}`));
} }, t(`theme.${theme()}`));

document.body.append(
  el("a", { class: "skip", href: "#content", onclick: (event) => { event.preventDefault(); main.focus(); } }, t("skip")),
  el("header", {},
    el("h1", {}, el("img", { src: "page/icon.svg", alt: "" }), "dashscope-mock"),
    el("nav", { "aria-label": t("views") }, buttons),
    el("span", { class: "space" }),
    el("button", { type: "button", class: "keys", onclick: () => help.showModal() }, `${t("help")} (?)`),
    dressed,
    el("button", { type: "button", lang: language() === "zh" ? "en" : "zh-Hans", onclick: () => { setLanguage(language() === "zh" ? "en" : "zh"); location.reload(); } }, t("language")),
    el("button", { type: "button", class: "danger", title: t("resetTitle"), onclick: () => question.showModal() }, t("reset"))),
  trouble, main, question, help);
open(location.hash.slice(1));
