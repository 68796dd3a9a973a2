// Starts dashscope-mock beside the tests of a Node project, and speaks with its control API.

import { spawn, spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";

const VERSION = "0.1.0";
const WAYS = [
  ["dashscope-mock"],
  ["uvx", `dashscope-mock@${VERSION}`],
  ["pipx", "run", `dashscope-mock==${VERSION}`],
  ["python3", "-m", "mockserver"],
];

/** The command that runs the server here: DASHSCOPE_MOCK, what is installed, or what uv and pipx bring. */
export function command() {
  if (process.env.DASHSCOPE_MOCK) return [process.env.DASHSCOPE_MOCK];
  for (const way of WAYS) {
    const asked = way[0] === "python3" ? [...way, "--version"] : [way[0], "--version"];
    if (spawnSync(asked[0], asked.slice(1), { stdio: "ignore" }).status === 0) return way;
  }
  throw new Error("dashscope-mock is not installed: pip install it, install uv, or name it in DASHSCOPE_MOCK");
}

/** What one API key is asked and answered: no other sees it, so tests may run at the same time. */
class World {
  constructor(server, key) {
    this.server = server;
    this.key = key;
  }

  /** What an SDK reads from its environment. */
  get env() {
    const { openaiUrl, nativeUrl } = this.server;
    return { OPENAI_BASE_URL: openaiUrl, OPENAI_API_KEY: this.key, DASHSCOPE_HTTP_BASE_URL: nativeUrl, DASHSCOPE_API_KEY: this.key };
  }

  /** Says this when that is asked: conditions and a reply of the control API; a text is its content. */
  async when(match, reply, times) {
    const said = typeof reply === "string" ? { content: reply } : reply;
    const { id } = await this.server.call("POST", "replies", { match: { ...match, key: this.key }, reply: said, ...(times ? { times } : {}) });
    return id;
  }

  reply(reply, times) {
    return this.when({}, reply, times);
  }

  fault(fault, times) {
    return this.server.call("POST", "faults", { match: { key: this.key }, fault, ...(times ? { times } : {}) });
  }

  /** What was asked and answered, the newest last. */
  async requests() {
    return (await this.server.call("GET", `requests?key=${encodeURIComponent(this.key)}`)).requests;
  }

  reset() {
    return this.server.call("POST", `reset?key=${encodeURIComponent(this.key)}`);
  }
}

class Server {
  constructor(child, folder, ready) {
    this.child = child;
    this.folder = folder;
    this.url = ready.url;
    this.openaiUrl = ready.openai_url;
    this.nativeUrl = ready.native_url;
  }

  /** A world that nobody else knows, or that of a key. */
  world(key = `sk-${randomUUID().replaceAll("-", "")}`) {
    return new World(this, key);
  }

  async call(method, path, body) {
    const answer = await fetch(`${this.url}/_mock/${path}`, {
      method,
      headers: body === undefined ? {} : { "content-type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(JSON.parse(text).error.message);
    return text ? JSON.parse(text) : undefined;
  }

  async stop() {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      this.child.ref(); // it was none that Node waits for
      const ended = new Promise((resolve) => this.child.once("exit", resolve));
      this.child.kill();
      await ended;
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Starts a server on a free port. `args` are options of `dashscope-mock serve`; it ends with this process. */
export async function start({ args = [], timeout = 30000 } = {}) {
  const folder = mkdtempSync(join(tmpdir(), "dashscope-mock-"));
  const ready = join(folder, "ready.json");
  const [name, ...words] = command();
  const child = spawn(name, [...words, "serve", "--port", "0", "--quiet", "--ready-file", ready, ...args], { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text) => { said = (said + text).slice(-4000); });
  child.stderr.unref?.();
  child.unref();
  const end = () => child.kill();
  process.once("exit", end);
  child.once("exit", () => process.removeListener("exit", end));
  const until = Date.now() + timeout;
  while (!existsSync(ready)) {
    if (child.exitCode !== null) throw new Error(`dashscope-mock ended with ${child.exitCode}: ${said.trim()}`);
    if (Date.now() > until) {
      child.kill();
      throw new Error(`dashscope-mock was not ready within ${timeout} ms: ${said.trim()}`);
    }
    await wait(20);
  }
  return new Server(child, folder, JSON.parse(readFileSync(ready, "utf8")));
}
