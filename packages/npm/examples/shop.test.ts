// The shop's tests with vitest (`vitest run`), and the whole control API by its types: openapi-fetch knows every path of it.

import createClient from "openapi-fetch";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { start, type Server, type World } from "dashscope-mock";
import type { paths } from "dashscope-mock/control";

let mock: Server;
beforeAll(async () => { mock = await start(); });
afterAll(() => mock.stop());

/** The shop itself, as far as it is shown here. */
async function shop(world: World, text: string, parameters = {}): Promise<string> {
  const answer = await fetch(`${world.env.OPENAI_BASE_URL}/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${world.key}`, "content-type": "application/json" },
    body: JSON.stringify({ model: "qwen-plus", messages: [{ role: "user", content: text }], ...parameters }),
  });
  return (await answer.json()).choices?.[0].message.content ?? String(answer.status);
}

describe.concurrent("the shop", () => {
  it.for(["small", "large"])("sells a %s phone in two turns, beside the other test", async (size) => {
    const world = mock.world(); // a key of its own
    await world.when({ last_user: { contains: "phone" } }, "Which size?");
    await world.when({ last_user: { contains: size } }, { content: `One ${size} phone.` });
    expect(await shop(world, "I would like a phone.")).toBe("Which size?");
    expect(await shop(world, `The ${size} one.`)).toBe(`One ${size} phone.`);
    expect((await world.requests()).map((request) => request.status)).toEqual([200, 200]);
  });

  it("hears of a limit that a quota sets", async () => {
    const world = mock.world();
    const control = createClient<paths>({ baseUrl: mock.url });
    await control.PUT("/_mock/quotas", { body: { key: world.key, model: "qwen-plus", rpm: 1 } });
    expect(await shop(world, "Tea?")).not.toBe("429");
    expect(await shop(world, "Tea?")).toBe("429");
    expect((await world.requests()).map((request) => request.status)).toEqual([200, 429]);
  });

  it("sees which scripts were used", async () => {
    const world = mock.world();
    const control = createClient<paths>({ baseUrl: mock.url });
    await control.POST("/_mock/replies", { body: { match: { key: world.key }, reply: { content: "Oolong." } } });
    expect(await shop(world, "Tea?")).toBe("Oolong.");
    const { data } = await control.GET("/_mock/replies", { params: { query: { key: world.key } } });
    expect(data?.replies.map((reply) => reply.used)).toEqual([1]);
  });

  it("is throttled once, when it asks for this temperature", async () => {
    const world = mock.world();
    const control = createClient<paths>({ baseUrl: mock.url });
    const match = { key: world.key, parameters: { temperature: 0.5 } };
    const { data } = await control.POST("/_mock/faults", { body: { match, fault: "Throttling.RateQuota", times: 1 } });
    expect(await shop(world, "Tea?")).not.toBe("429");
    expect(await shop(world, "Tea?", { temperature: 0.5 })).toBe("429");
    const faults = (await control.GET("/_mock/faults")).data?.faults;
    expect(faults?.find((fault) => fault.id === data?.id)?.used).toBe(1);
  });

  it("is told what the control API refuses", async () => {
    const control = createClient<paths>({ baseUrl: mock.url });
    const { error, response } = await control.POST("/_mock/replies", { body: { reply: { content: "" }, times: 0 } });
    expect(response.status).toBe(400);
    expect(error?.error.message).toContain("times");
  });
});
