// The shop's tests with node:test: `node --test`.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { start } from "dashscope-mock";

/** The shop itself, as far as it is shown here. */
async function shop(world, text) {
  const answer = await fetch(`${world.env.OPENAI_BASE_URL}/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${world.key}`, "content-type": "application/json" },
    body: JSON.stringify({ model: "qwen-plus", messages: [{ role: "user", content: text }] }),
  });
  return (await answer.json()).choices[0].message.content;
}

describe("the shop", { concurrency: true }, () => {
  let mock;
  before(async () => { mock = await start(); });
  after(() => mock.stop());

  for (const size of ["small", "large"]) {
    it(`sells a ${size} phone in two turns, beside the other test`, async () => {
      const world = mock.world(); // a key of its own
      await world.when({ last_user: { contains: "phone" } }, "Which size?");
      await world.when({ last_user: { contains: size } }, `One ${size} phone.`);
      assert.equal(await shop(world, "I would like a phone."), "Which size?");
      assert.equal(await shop(world, `The ${size} one.`), `One ${size} phone.`);
      assert.equal((await world.requests()).length, 2);
    });
  }
});
