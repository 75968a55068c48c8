/** JSON that is deeper than the code behind it can follow, wherever clients send some. */
import fc from "fast-check";
import { afterAll, describe, expect, it, onTestFinished } from "vitest";
import { checkJsonLevels, MOST_JSON_LEVELS } from "../../gateway/http/messages/json.ts";
import { ask } from "../support/servers/ask.ts";
import { planner, startReferenceServer } from "../support/servers/http.ts";
import { TestSocket } from "../support/servers/socket.ts";

const server = await startReferenceServer({
  bodyLimit: 1_000_000,
  apis: [
    {
      url: "/graphql",
      playgroundUrl: null,
      subscriptionsUrl: null,
      planner: () => planner,
      explain: () => Promise.reject(new Error("nothing is to be explained")),
    },
  ],
});
afterAll(() => server.close());

const arrays = (levels: number) => `${"[".repeat(levels)}${"]".repeat(levels)}`;
const objects = (levels: number) => `${'{"a":'.repeat(levels)}1${"}".repeat(levels)}`;
const hello = encodeURIComponent("{ hello }");

describe("JSON that is nested too deep", () => {
  it.each([
    ["variables of arrays", `{"query":"{ hello }","variables":{"a":${arrays(3500)}}}`],
    ["variables of objects", `{"query":"{ hello }","variables":${objects(3500)}}`],
    ["extensions", `{"query":"{ hello }","extensions":${objects(300)}}`],
    ["other members", `{"query":"{ hello }","more":${arrays(100_000)}}`],
    ["what never ends", `{"query":"{ hello }","variables":{"a":${"[".repeat(20_000)}`],
    ["a body that is not an object", arrays(20_000)],
  ])("is refused in a body: %s", async (_, body) => {
    const answer = await ask(server, {
      method: "POST",
      body,
      headers: { "content-type": "application/json", accept: "application/graphql-response+json" },
    });
    expect(answer.status).toBe(400);
    expect(answer.body).toContain("PUFF_JSON_TOO_DEEP");
  });

  it.each([
    ["variables", `{"query":"{ hello }","variables":{"a":${arrays(3500)}}}`],
    ["what never ends", `{"query":"{ hello }","variables":${'{"a":'.repeat(20_000)}`],
    ["a body that is not an object", arrays(20_000)],
  ])("is refused where an operation is to be explained: %s", async (_, body) => {
    const headers = { "content-type": "application/json" };
    const answer = await ask(server, { url: "/graphql/explain", method: "POST", body, headers });
    expect([answer.status, answer.body]).toEqual([400, expect.stringContaining("PUFF_JSON_TOO_DEEP")]);
  });

  it.each(["variables", "extensions"])("is refused in a URL: %s", async (name) => {
    const value = encodeURIComponent(objects(300));
    const answer = await ask(server, {
      url: `/graphql?query=${hello}&${name}=${value}`,
      headers: { accept: "application/graphql-response+json" },
    });
    expect(answer.status).toBe(400);
    expect(answer.body).toContain("PUFF_JSON_TOO_DEEP");
  });

  it.each([
    ["what connects", `{"type":"connection_init","payload":${objects(3500)}}`],
    ["what subscribes", `{"type":"subscribe","id":"1","payload":{"query":"{ hello }","variables":${objects(3500)}}}`],
    ["what pings", `{"type":"ping","payload":${objects(3500)}}`],
  ])("ends a WebSocket: %s", async (_, message) => {
    const socket = await new TestSocket(`${server.url}/graphql`).connected();
    onTestFinished(() => socket.socket.terminate());
    socket.send(message);
    await socket.until(({ closed }) => closed !== null);
    expect(socket.closed).toEqual([4400, "PUFF_JSON_TOO_DEEP: the JSON is nested deeper than 200 levels"]);
  });
});

describe("The depth of JSON", () => {
  const levelsOf = (value: unknown): number =>
    typeof value === "object" && value !== null ? 1 + Math.max(0, ...Object.values(value).map(levelsOf)) : 0;

  it("may be as large as the limit, and counts no brackets within texts", () => {
    checkJsonLevels(objects(MOST_JSON_LEVELS));
    checkJsonLevels(JSON.stringify({ text: arrays(1000), ['"]}[\\']: `\\"${"{".repeat(1000)}` }));
    expect(() => checkJsonLevels(objects(MOST_JSON_LEVELS + 1))).toThrow("deeper than 200 levels");
  });

  it("is that of the value, whatever is in its texts", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 20 }), fc.integer({ min: 150, max: 220 }), (value, levels) => {
        const deep = `${"[".repeat(levels)}${JSON.stringify(value)}${"]".repeat(levels)}`;
        const expected = levels + levelsOf(value) > MOST_JSON_LEVELS;
        expect(isRefused(deep)).toBe(expected);
      }),
      { numRuns: 500, seed: 20261130 },
    );
  });
});

function isRefused(text: string): boolean {
  try {
    checkJsonLevels(text);
    return false;
  } catch {
    return true;
  }
}
