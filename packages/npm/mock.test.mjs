import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { after, before, describe, it } from "node:test";
import { start } from "./index.mjs";

const CHAT = "/chat/completions";

async function ask(world, text) {
  const answer = await fetch(world.env.OPENAI_BASE_URL + CHAT, {
    method: "POST",
    headers: { authorization: `Bearer ${world.key}`, "content-type": "application/json" },
    body: JSON.stringify({ model: "qwen-plus", messages: [{ role: "user", content: text }] }),
  });
  return { status: answer.status, said: (await answer.json()).choices?.[0].message.content };
}

describe("a server beside the tests", () => {
  let server;
  before(async () => { server = await start(); });
  after(() => server.stop());

  it("says in each world what was scripted there", async () => {
    const [one, other] = [server.world(), server.world()];
    await one.when({ last_user: { contains: "Tea" } }, "Oolong.");
    await other.reply([{ content: "First." }, { content: "Second." }]);
    assert.equal((await ask(one, "Tea?")).said, "Oolong.");
    assert.equal((await ask(other, "Tea?")).said, "First.");
    assert.equal((await ask(other, "Tea?")).said, "Second.");
    assert.equal((await one.requests()).length, 1);
    await one.reset();
    assert.equal((await one.requests()).length, 0);
  });

  it("strikes a fault, so often", async () => {
    const world = server.world();
    await world.fault("Throttling.RateQuota", 1);
    assert.equal((await ask(world, "Tea?")).status, 429);
    assert.equal((await ask(world, "Tea?")).status, 200);
  });

  it("hands on what the control API refuses", async () => {
    await assert.rejects(server.world().reply({ contents: "tea" }), /'contents'/);
  });

  it("says why it did not start", async () => {
    await assert.rejects(start({ args: ["--rules", "tea"] }), /invalid choice: 'tea'/);
  });
});

it("is a command as well", () => {
  const done = spawnSync(process.execPath, [new URL("bin.mjs", import.meta.url).pathname, "--version"], { encoding: "utf8" });
  assert.match(done.stdout, /^dashscope-mock \d/);
});
