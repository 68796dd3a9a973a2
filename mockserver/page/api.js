// The control API, from this server only. A token is kept for this tab, and sent as a header.

const TOKEN = "dashscope-mock-token";

/** What the server refused, in its own words. */
export class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

export function setToken(token) {
  sessionStorage.setItem(TOKEN, token);
}

async function call(method, path, body) {
  const headers = {};
  const token = sessionStorage.getItem(TOKEN);
  if (token) headers["X-Mock-Token"] = token;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const answer = await fetch(path, {
    method, headers, body: body === undefined ? undefined : JSON.stringify(body), cache: "no-store",
  });
  if (answer.ok) return answer;
  let message = `${answer.status}`;
  try {
    message = (await answer.json()).error.message;
  } catch { /* the status says all there is */ }
  throw new Refused(answer.status, message);
}

export async function get(path, query = {}) {
  const pairs = Object.entries(query).filter(([, value]) => value !== "" && value !== undefined);
  const answer = await call("GET", pairs.length ? `${path}?${new URLSearchParams(pairs)}` : path);
  return (answer.headers.get("content-type") ?? "").startsWith("application/json") ? answer.json() : answer.text();
}

export async function send(method, path, body) {
  const answer = await call(method, path, body);
  return answer.status === 204 ? null : answer.json();
}
