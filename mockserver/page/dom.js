// What the page is built of. Every text becomes a text node: nothing that a client or a model says is markup.

/** An element: properties, `on…` listeners, `data`, `aria` and the rest as attributes; then its children. */
export function el(name, given = {}, ...children) {
  return filled(document.createElement(name), given, children);
}

/** The same within an SVG picture. */
export function svg(name, given = {}, ...children) {
  return filled(document.createElementNS("http://www.w3.org/2000/svg", name), given, children);
}

function filled(node, given, children) {
  for (const [key, value] of Object.entries(given)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (key === "value") node.value = value;
    else node.setAttribute(key, value === true ? "" : String(value));
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/** Puts these in the place of all that a node holds. */
export function put(node, ...children) {
  node.replaceChildren(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

const FIRST = 5000;
const MORE = 200000;

/** A text of any length: its beginning, and a button that shows more of it. */
export function long(text, more, tag = "div", look = "said-text") {
  const node = el(tag, { class: look });
  let shown = FIRST;
  const show = () => {
    put(node, text.slice(0, shown));
    if (text.length > shown) {
      const left = (text.length - shown).toLocaleString();
      node.append(" ", el("button", { type: "button", onclick: () => { shown += MORE; show(); } }, more(left)));
    }
  };
  show();
  return node;
}

/** The heads of a table's columns; one without a name heads nothing. */
export function heads(names) {
  return el("thead", {}, el("tr", {}, names.map((name) => (name ? el("th", { scope: "col" }, name) : el("td")))));
}

/** JSON as people read it. */
export function pretty(value) {
  return typeof value === "string" ? value : JSON.stringify(value, null, 2);
}

const told = el("div", { id: "told", role: "status", "aria-live": "polite" });
let silence = 0;

/** Says something for a few seconds. */
export function tell(text) {
  if (!told.isConnected) document.body.append(told);
  put(told, text);
  clearTimeout(silence);
  silence = setTimeout(() => put(told), 4000);
}
