// Real recorders of Node: each records the same exchanges and writes them in its own form.
//
// `driver.cjs JOB` reads {"tool", "base", "out", "exchanges": [{"method", "target", "headers", "body"}]}.
"use strict";

const fs = require("node:fs");
const http = require("node:http");
const path = require("node:path");

// What Node has since 22 and nock 15 stands on.
Promise.withResolvers ??= function withResolvers() {
  const held = {};
  held.promise = new this((resolve, reject) => Object.assign(held, { resolve, reject }));
  return held;
};

const job = JSON.parse(fs.readFileSync(process.argv[2], "utf-8"));

/** One request over node:http; whatever is answered is read to its end. */
function ask(base, exchange) {
  return new Promise((resolve, reject) => {
    const body = Buffer.from(exchange.body, "utf-8");
    const headers = { ...exchange.headers, "content-length": body.length };
    const request = http.request(base + exchange.target, { method: exchange.method, headers }, (answer) => {
      answer.on("data", () => undefined);
      answer.on("end", resolve);
      answer.on("error", reject);
    });
    request.on("error", reject);
    request.end(body);
  });
}

/** One JSON file of nock.back. */
async function byNock() {
  const loaded = require("nock");
  const nock = loaded.default ?? loaded; // since 15 a module that has a default
  nock.back.fixtures = job.out;
  nock.back.setMode("update");
  const { nockDone } = await nock.back("exchanges.json");
  for (const exchange of job.exchanges) await ask(job.base, exchange);
  nockDone();
}

/** One HTTP archive of Polly.js, in the place that it chooses. */
async function byPolly() {
  const { Polly } = require("@pollyjs/core");
  Polly.register(require("@pollyjs/adapter-node-http"));
  Polly.register(require("@pollyjs/persister-fs"));
  const polly = new Polly("exchanges", {
    adapters: ["node-http"],
    persister: "fs",
    persisterOptions: { fs: { recordingsDir: job.out } },
    mode: "record",
    logLevel: "silent",
    recordFailedRequests: true,
  });
  for (const exchange of job.exchanges) await ask(job.base, exchange);
  await polly.stop();
}

/** The fixtures of aimock, which proxies to a provider and keeps what it understood. */
async function byAimock() {
  const { LLMock } = require("@copilotkit/aimock");
  const mock = new LLMock({
    port: 0,
    logLevel: "silent",
    record: { providers: { openai: `${job.base}/compatible-mode` }, fixturePath: job.out },
  });
  const url = await mock.start();
  const chats = job.exchanges.filter((exchange) => exchange.target.startsWith("/compatible-mode/v1/"));
  for (const exchange of chats) {
    await ask(url, { ...exchange, target: exchange.target.slice("/compatible-mode".length) });
  }
  await mock.stop();
}

const tools = { nock: byNock, polly: byPolly, aimock: byAimock };
fs.mkdirSync(path.resolve(job.out), { recursive: true });
tools[job.tool]().then(
  () => process.exit(0),
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
